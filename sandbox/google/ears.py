"""What is heard in an utterance: by script, from coded sound, or really. The recogniser asks again as it grows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from sandbox import coded_audio
from sandbox.google.script import GoogleConduct, Recognised
from sandbox.google.utterances import StreamSound, Utterance
from sandbox.realtime.brain import Hearing
from sandbox.realtime.script import Script, Transcript
from services.audio.g711 import BYTES_PER_MS

T = TypeVar("T")

_MS_PER_WORD = 280.0  # while it is not known how long an utterance will be
_LATE_MS = 300  # a transcript that is later than this is told in one piece
_NEEDLE_BYTES = 60 * BYTES_PER_MS
_LIVE_MS = 200.0
_REMEMBERED_STREAMS = 3
_SURE_CONFIDENCE = 0.92
_WORD_BEGINS_BEFORE_MS = 120  # a coded word belongs to the stream that hears its beginning
_WORD_LASTS_MS = 150


@dataclass(frozen=True, slots=True)
class Word:
    """A word and when it was said, in milliseconds of the stream."""

    text: str
    start_ms: float
    end_ms: float


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Words that may have been said. `whole`: told in one piece, as heard after a pause."""

    words: tuple[Word, ...]
    confidence: float = _SURE_CONFIDENCE
    whole: bool = False
    delay_ms: float = 0.0
    times: int = 1


class Ears(Protocol):
    """One stream's ears; None as an answer: nothing is told of the utterance."""

    def began(self, utterance: Utterance) -> None:
        """Somebody begins to speak."""

    async def partial(self, utterance: Utterance, paused: bool) -> Hypothesis | None:
        """What seems to be said so far."""

    async def final(self, utterance: Utterance) -> Hypothesis | None:
        """What was said."""


def spread(texts: Sequence[str], start_ms: float, end_ms: float) -> tuple[Word, ...]:
    """Words over a stretch of sound, each with the same part of it."""
    each = (end_ms - start_ms) / max(1, len(texts))
    return tuple(Word(text, start_ms + n * each, start_ms + (n + 1) * each) for n, text in enumerate(texts))


# -- by script


@dataclass(slots=True)
class _Assigned:
    """An utterance of the call: the number of its transcript, and how many of its words another stream had told."""

    number: int
    skipped: int = 0
    partials: int = 0


@dataclass(slots=True)
class _Stream:
    sound: StreamSound
    assigned: dict[Utterance, _Assigned] = field(default_factory=dict)


class ScriptedHearing:
    """The transcripts of a script, one for each utterance of the call, however many streams hear it.

    What a new stream hears again of an older one's sound is found by its bytes, and is the same utterance: as a
    recogniser would, it hears the words that lie in the repeated part.
    """

    def __init__(self, script: Script, conduct: GoogleConduct) -> None:
        self._script, self._conduct = script, conduct
        self._streams: list[_Stream] = []
        self._next = 0

    def ears(self, sound: StreamSound) -> ScriptedEars:
        """Those of a new stream."""
        self._streams = [*self._streams[-_REMEMBERED_STREAMS:], _Stream(sound)]
        return ScriptedEars(self, self._streams[-1])

    def assign(self, stream: _Stream, utterance: Utterance) -> _Assigned:
        """Which transcript an utterance gets."""
        assigned = self._again(stream, utterance)
        if assigned is None:
            assigned = _Assigned(self._next)
            self._next += 1
        stream.assigned[utterance] = assigned
        return assigned

    def transcript(self, number: int) -> Transcript:
        said = self._script.transcripts
        return said[number] if number < len(said) else Transcript()

    def recognised(self, number: int) -> Recognised:
        heard = self._conduct.heard
        return heard[number] if number < len(heard) else Recognised()

    def _again(self, stream: _Stream, utterance: Utterance) -> _Assigned | None:
        """The part of an older stream's utterance that this one is; None when it is new."""
        if utterance.start_ms > stream.sound.ahead_ms + _LIVE_MS:
            return None  # it was sent when it was said: it only may sound like an older one
        first = int(utterance.start_ms) * BYTES_PER_MS
        needle = bytes(stream.sound.data[first : first + _NEEDLE_BYTES])
        for older in reversed(self._streams):
            at = older.sound.data.rfind(needle) if older is not stream else -1
            if at < 0:
                continue
            for known, assigned in older.assigned.items():
                if known.start_ms - 100 <= at / BYTES_PER_MS <= known.end_ms + 100:
                    return self._rest(known, assigned, at / BYTES_PER_MS)
        return None

    def _rest(self, known: Utterance, assigned: _Assigned, at_ms: float) -> _Assigned:
        words = self.transcript(assigned.number).text.split()[assigned.skipped :]
        timed = spread(words, known.start_ms, known.end_ms)
        missed = sum((word.start_ms + word.end_ms) / 2 < at_ms for word in timed) if known.is_over else 0
        return _Assigned(assigned.number, assigned.skipped + missed)


class ScriptedEars:
    """See Ears."""

    def __init__(self, hearing: ScriptedHearing, stream: _Stream) -> None:
        self._hearing, self._stream = hearing, stream

    def began(self, utterance: Utterance) -> None:
        self._hearing.assign(self._stream, utterance)

    async def partial(self, utterance: Utterance, paused: bool) -> Hypothesis | None:
        assigned = self._stream.assigned[utterance]
        said, guessed = self._hearing.transcript(assigned.number), self._hearing.recognised(assigned.number)
        if said.never or said.failed or not said.deltas or said.delay_ms > _LATE_MS:
            return None
        if guessed.partials is not None:
            at = min(assigned.partials, len(guessed.partials) - 1)
            assigned.partials += 1
            texts = guessed.partials[at].split() if guessed.partials else []
            return Hypothesis(spread(texts, utterance.start_ms, utterance.end_ms), whole=True) if texts else None
        texts = said.text.split()[assigned.skipped :]
        if paused:
            words = spread(texts, utterance.start_ms, utterance.end_ms)
            return Hypothesis(words, whole=True) if words else None
        count = min(int((utterance.end_ms - utterance.start_ms) / _MS_PER_WORD), len(texts) - 1)
        ends_ms = utterance.start_ms + count * _MS_PER_WORD
        return Hypothesis(spread(texts[:count], utterance.start_ms, ends_ms)) if count > 0 else None

    async def final(self, utterance: Utterance) -> Hypothesis | None:
        assigned = self._stream.assigned[utterance]
        said, guessed = self._hearing.transcript(assigned.number), self._hearing.recognised(assigned.number)
        if said.never or guessed.no_final:
            return None
        texts = [] if said.failed else said.text.split()[assigned.skipped :]
        if not texts and assigned.skipped:
            return None
        return Hypothesis(
            spread(texts, utterance.start_ms, utterance.end_ms),
            confidence=guessed.confidence,
            whole=True,
            delay_ms=said.delay_ms,
            times=2 if said.twice else 1,
        )


# -- from coded sound


class CodedEars:
    """Hears sandbox.coded_audio: code number n is word n, in the stream that hears its beginning."""

    def __init__(self, sound: StreamSound, words: Sequence[str]) -> None:
        self._sound, self._words = sound, words

    def began(self, utterance: Utterance) -> None:
        """See Ears."""

    async def partial(self, utterance: Utterance, paused: bool) -> Hypothesis | None:
        heard = self._heard(utterance)
        return Hypothesis(heard, whole=paused) if heard else None

    async def final(self, utterance: Utterance) -> Hypothesis | None:
        heard = self._heard(utterance)
        return Hypothesis(heard, whole=True) if heard else None

    def _heard(self, utterance: Utterance) -> tuple[Word, ...]:
        first = max(0, int(utterance.start_ms) - 60) * BYTES_PER_MS
        data = bytes(self._sound.data[first : int(utterance.end_ms) * BYTES_PER_MS])
        found = []
        for run in coded_audio.runs(data):
            if run.start_ms <= _WORD_BEGINS_BEFORE_MS and run.end_ms >= _WORD_LASTS_MS:
                start_ms = (first + run.at) / BYTES_PER_MS
                found.append(Word(self._word(run.answer), start_ms, start_ms + run.end_ms - run.start_ms))
        return tuple(found)

    def _word(self, number: int) -> str:
        return self._words[number] if number < len(self._words) else str(number)


# -- really


class Hears(Protocol):
    """sandbox.realtime.conversation_brain.Recogniser."""

    @property
    def pool(self) -> Executor: ...

    def guess(self, sound: bytes, language: str) -> str: ...
    def hear(self, sound: bytes, language: str) -> Hearing: ...


class RealEars:
    """Moonshine and the known clips, asked again and again as an utterance grows, in worker threads."""

    def __init__(self, recogniser: Hears, sound: StreamSound, language: str) -> None:
        self._recogniser, self._sound, self._language = recogniser, sound, language
        self._heard: tuple[Utterance, float, Hypothesis | None] | None = None

    def began(self, utterance: Utterance) -> None:
        """See Ears."""

    async def partial(self, utterance: Utterance, paused: bool) -> Hypothesis | None:
        if paused:
            return await self._whole(utterance)
        sound, start_ms, end_ms = self._sound.of(utterance), utterance.start_ms, utterance.end_ms
        text = await self._ask(self._recogniser.guess, sound)
        return Hypothesis(spread(text.split(), start_ms, end_ms)) if text else None

    async def final(self, utterance: Utterance) -> Hypothesis | None:
        return await self._whole(utterance)

    async def _whole(self, utterance: Utterance) -> Hypothesis | None:
        """What was said up to a pause. The end of the utterance is its last pause: it is listened to only once."""
        if self._heard and self._heard[:2] == (utterance, utterance.end_ms):
            return self._heard[2]
        sound, start_ms, end_ms = self._sound.of(utterance), utterance.start_ms, utterance.end_ms
        heard = await self._ask(self._recogniser.hear, sound)
        words = spread(heard.text.split(), start_ms, end_ms)
        self._heard = (utterance, end_ms, Hypothesis(words, whole=True) if words else None)
        return self._heard[2]

    async def _ask(self, how: Callable[[bytes, str], T], sound: bytes) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._recogniser.pool, how, sound, self._language)
