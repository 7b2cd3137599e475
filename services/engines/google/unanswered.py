"""When a recogniser that says nothing is given up (C9). Pure.

A loud noise is a voice to a level, so that nothing is said about it proves nothing. A turn that our own listening has
ended was speech: after some of those without a single word the service is alive and deaf, and the caller, who was asked
to repeat, goes on with whoever comes next.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

REPLACED_AFTER_MS = 5_000  # of voice without a word: another stream may hear it
REPLACED_AFTER_TURNS = 2
GIVEN_UP_AFTER_TURNS = 3
SPOKEN_MS = 400  # a turn with so much of a voice was plainly spoken


class Verdict(Enum):
    WAIT = "wait"
    REPLACE = "replace"
    GIVE_UP = "give up"


@dataclass(slots=True)
class Unanswered:
    """One per call: the caller's voice since the recogniser last said a word."""

    _voice_ms: int = 0
    _turns: int = 0
    _was_replaced: bool = False

    def answered(self) -> None:
        """It said something."""
        self._voice_ms, self._turns, self._was_replaced = 0, 0, False

    def voice(self, ms: int) -> Verdict:
        """More of a voice, by its level. The next stream is not asked again: it may be a noise."""
        self._voice_ms += ms
        if self._was_replaced or self._voice_ms < REPLACED_AFTER_MS:
            return Verdict.WAIT
        self._was_replaced = True
        return Verdict.REPLACE

    def turn(self, voice_ms: int) -> Verdict:
        """A turn with so much of a voice is over, and no word of it is known."""
        if voice_ms < SPOKEN_MS:
            return Verdict.WAIT
        self._turns += 1
        if self._turns >= GIVEN_UP_AFTER_TURNS:
            return Verdict.GIVE_UP
        if self._was_replaced or self._turns < REPLACED_AFTER_TURNS:
            return Verdict.WAIT
        self._was_replaced = True
        return Verdict.REPLACE
