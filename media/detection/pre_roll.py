"""The beginning of a word, kept while a line is silenced: what was withheld last goes out with the word's first frame.

A detector is sure of a voice some frames after it began. Delaying all sound by as much would cost every turn that time;
instead the last frames that were withheld are kept, and sent at once before the frame that opens the line.

The first of a silence are undecided: a word that follows so soon brings them back as they were, and the model hears the
pause as long as it was. What follows later finds the turn over (X5), and its pre-roll comes on top of the silence that
was sent for it: as much is left out of the next long silence, so that the model's clock stays with the line. Pure.
"""

from __future__ import annotations

from collections import deque

from services.audio import g711
from services.audio.g711 import BYTES_PER_MS, FRAME_BYTES, SILENCE_FRAME

PRE_ROLL_BYTES = 300 * BYTES_PER_MS
# With the hangover before it nearly the silence that ends a turn at the model (500 ms). More, and turns would wait for
# it: at 260 ms none of 79 recorded sentences ends more than 80 ms later with the voice gate, 73 of them not at all.
# Less, and pauses of 400 ms, which are none to the model, would end turns.
UNDECIDED_BYTES = 260 * BYTES_PER_MS
# Silence that has lasted so long ended whatever turn it could end.
CATCH_UP_BYTES = 1000 * BYTES_PER_MS


class PreRoll:
    """`withheld` each frame that is silenced, `passing` each that is not, in order. All sound is mu-law."""

    __slots__ = ("_ahead", "_frames", "_kept", "_silent")

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._kept = 0  # bytes in them
        self._silent = 0  # bytes withheld since sound last passed
        self._ahead = 0  # bytes the model was sent beyond the time that has passed

    def withheld(self, sound: bytes) -> bytes:
        """What goes out instead: nothing yet, then all the silence so far, then as much silence each time, or nothing
        while the model is ahead."""
        length = len(sound)
        self._frames.append(sound)
        self._kept += length
        while self._kept > PRE_ROLL_BYTES:
            self._kept -= len(self._frames.popleft())
        before, self._silent = self._silent, self._silent + length
        if self._silent < UNDECIDED_BYTES:
            return b""
        if before < UNDECIDED_BYTES:
            return g711.silence(self._silent)
        if self._ahead >= length and before > CATCH_UP_BYTES:
            self._ahead -= length
            return b""
        return SILENCE_FRAME if length == FRAME_BYTES else g711.silence(length)

    def passing(self, sound: bytes) -> bytes:
        """What goes out with it: the very same object, but for the first after a silence."""
        if not self._silent:
            return sound
        if self._silent >= UNDECIDED_BYTES:
            self._ahead += self._kept
        sound = b"".join((*self._frames, sound))
        self._frames.clear()
        self._kept = self._silent = 0
        return sound

    def forget(self) -> None:
        """The model hears nothing of this line now: what was withheld is nobody's beginning."""
        self._frames.clear()
        self._kept = self._silent = self._ahead = 0
