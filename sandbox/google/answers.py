"""The scripted side of a call's answers: which one a chat request gets, and which sound its sentences are.

A sentence that is spoken is looked for in the answers the chat gave; what is in none of them was to be said exactly,
and is the next answer of the script, as it would be in a Realtime session. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.realtime.brain import Plan
from sandbox.realtime.script import Script, ScriptedAnswer
from sandbox.realtime.scripted_brain import plan, speech
from services.audio.g711 import BYTES_PER_MS

_DEFAULT_ANSWER = ScriptedAnswer(length_ms=2000)


@dataclass(slots=True)
class Given:
    """An answer the chat gave, or a fixed sentence; `spoken`: how many of its characters were asked for as sound."""

    number: int
    answer: ScriptedAnswer
    plan: Plan = field(repr=False)
    text: str
    is_fixed: bool = False
    spoken: int = 0
    is_used: bool = False
    """It was spoken, or it failed: another request gets another answer."""
    is_done: bool = False
    """All of it was sent as sound: the same words later are another answer."""

    @property
    def sound(self) -> bytes:
        """All of it."""
        return b"".join(piece.sound for piece in self.plan.pieces)


@dataclass(frozen=True, slots=True)
class SpokenPart:
    """The sound of a sentence and the answer it belongs to."""

    given: Given
    sound: bytes = field(repr=False)
    is_last: bool = False

    def sent(self) -> None:
        """All of this sound was sent."""
        self.given.is_done = self.is_last


class ScriptedAnswers:
    """One call's answers, in the order they are asked for."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._taken = 0
        self._given: list[Given] = []

    def next(self) -> Given:
        """The answer to a chat request. It takes the place of one that was given and never spoken."""
        if self._given and not self._given[-1].is_used and not self._given[-1].is_fixed:
            self._given.pop()
            self._taken -= 1
        return self._take(None)

    def spoken(self, text: str) -> SpokenPart:
        """The sound of a sentence."""
        wanted = _plain(text)
        for given in (one for one in reversed(self._given) if not one.is_done):
            for begin in (given.spoken, 0):  # 0: it is asked for again
                at = given.text.find(wanted, begin)
                if at >= 0:
                    return self._part(given, begin, at + len(wanted))
        given = self._take(wanted)
        return self._part(given, 0, len(given.text))

    def _take(self, fixed: str | None) -> Given:
        answers = self._script.answers or [_DEFAULT_ANSWER]
        number = self._script.first_number + self._taken
        answer = answers[min(self._taken, len(answers) - 1)]
        self._taken += 1
        text = " ".join(part.text for part in (answer, *answer.also)) if fixed is None else fixed
        given = Given(number, answer, plan(answer, number), _plain(text), is_fixed=fixed is not None)
        self._given.append(given)
        return given

    def _part(self, given: Given, begin: int, end: int) -> SpokenPart:
        """Sound in proportion to the text; the last sentence has all that is left."""
        given.is_used = True
        given.spoken = end
        is_last = not given.text[end:].strip(" .,!?…\"'")
        if given.answer.audio == "speech":
            return SpokenPart(given, speech(given.text[begin:end].strip(), given.answer.language, None), is_last)
        whole = given.sound
        total_ms = len(whole) // BYTES_PER_MS
        first_ms = total_ms * begin // max(1, len(given.text))
        last_ms = total_ms if is_last else total_ms * end // max(1, len(given.text))
        return SpokenPart(given, whole[first_ms * BYTES_PER_MS : last_ms * BYTES_PER_MS], is_last)


def _plain(text: str) -> str:
    """Without line breaks and marks that are not spoken, so that what was cut out of an answer is found in it."""
    return " ".join(text.replace("*", "").replace("#", "").split())
