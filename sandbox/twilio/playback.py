"""Twilio's playback buffer as a pure class: media in, 20 ms frames out on the caller's clock, marks and clear.

Source: Twilio "Media Streams - WebSocket messages" and error 31931. No clock here: every `tick` is 20 ms.
"""

from __future__ import annotations

from collections import deque

from services.audio.g711 import BYTES_PER_MS, FRAME_BYTES, SILENCE_FRAME

CAPACITY_BYTES = 10 * 60 * 1000 * BYTES_PER_MS  # ten minutes; beyond it Twilio discards new audio


class PlaybackBuffer:
    """A FIFO of mu-law bytes played at 8 bytes a millisecond, in frames of 20 ms.

    A frame that can only be filled in part is padded with silence: what arrives meanwhile starts with the next one.
    """

    def __init__(self, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._capacity = capacity_bytes
        self._fifo = bytearray()
        self._taken = 0  # bytes handed out in frames, the last of which may still be sounding
        self._sounded = 0  # bytes whose sound is over
        self._marks: deque[tuple[int, str]] = deque()
        self.overflowed_bytes = 0
        self.cleared_bytes = 0

    @property
    def buffered_bytes(self) -> int:
        """Bytes waiting to be played, without the frame that is sounding now."""
        return len(self._fifo)

    @property
    def outstanding_marks(self) -> list[str]:
        return [name for _, name in self._marks]

    def append(self, audio: bytes) -> bool:
        """Queue one media message. False when it would not fit and was discarded (31931)."""
        if len(self._fifo) + len(audio) > self._capacity:
            self.overflowed_bytes += len(audio)
            return False
        self._fifo += audio
        return True

    def mark(self, name: str) -> list[str]:
        """Queue a mark behind everything appended so far; returns the names to echo at once (nothing left to play)."""
        end = self._taken + len(self._fifo)
        if end <= self._sounded:
            return [name]
        self._marks.append((end, name))
        return []

    def clear(self) -> list[str]:
        """Drop what is not sounding yet; returns every outstanding mark, all to be echoed now."""
        self.cleared_bytes += len(self._fifo)
        self._fifo.clear()
        names = self.outstanding_marks
        self._marks.clear()
        return names

    def tick(self) -> tuple[bytes, list[str]]:
        """The frame to be heard during the next 20 ms, and the marks whose sound ended with the previous one."""
        self._sounded = self._taken
        passed: list[str] = []
        while self._marks and self._marks[0][0] <= self._sounded:
            passed.append(self._marks.popleft()[1])
        if not self._fifo:
            return SILENCE_FRAME, passed
        frame = bytes(self._fifo[:FRAME_BYTES])
        del self._fifo[:FRAME_BYTES]
        self._taken += len(frame)
        return (frame if len(frame) == FRAME_BYTES else frame + SILENCE_FRAME[len(frame) :]), passed
