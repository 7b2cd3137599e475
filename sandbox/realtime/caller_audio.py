"""The input audio buffer: the caller's sound since the last commit, and the turns a detector finds in it.
Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.realtime.detector import WINDOW_MS, Decision, Detector
from sandbox.realtime.sound import InputSound
from services.audio.g711 import BYTES_PER_MS, rms

_WINDOW_BYTES = WINDOW_MS * BYTES_PER_MS
_KEPT_WHEN_IDLE = 2_000 * BYTES_PER_MS  # more than any prefix padding
_KEPT_AT_MOST = 60_000 * BYTES_PER_MS


@dataclass(slots=True)
class CallerAudio:
    """Times are milliseconds of sound appended since the session began, never a clock."""

    sound: InputSound = field(default_factory=InputSound)
    detector: Detector | None = None
    speaking: bool = False
    _buffer: bytearray = field(default_factory=bytearray, repr=False)
    _begins: int = 0  # the buffer's first byte, counted from the session's first
    _scanned: int = 0

    @property
    def now_ms(self) -> float:
        """How much sound was appended."""
        return (self._begins + len(self._buffer)) / BYTES_PER_MS

    @property
    def buffered_ms(self) -> float:
        """How much of it is not committed yet."""
        return len(self._buffer) / BYTES_PER_MS

    def append(self, data: bytes) -> None:
        """Take sound in the session's input format; `scan` then finds turns in it."""
        self._buffer += self.sound.to_mulaw(data)

    def scan(self) -> Decision | None:
        """The next decision in what was appended; None when all of it has been looked at."""
        end = self._begins + len(self._buffer)
        detector = self.detector
        if detector is None:
            self._scanned = end
            self._trim(_KEPT_AT_MOST)
            return None
        while self._scanned + _WINDOW_BYTES <= end:
            at = self._scanned - self._begins
            self._scanned += _WINDOW_BYTES
            decision = detector.feed(rms(self._buffer[at : at + _WINDOW_BYTES]))
            if decision:
                self.speaking = decision == "started"
                return decision
        self._trim(_KEPT_AT_MOST if self.speaking else _KEPT_WHEN_IDLE)
        return None

    def take(self, from_ms: float = 0.0) -> bytes:
        """Everything buffered from this time on (up to what was scanned), as mu-law; the buffer begins anew
        after it.
        """
        first = max(0, int(from_ms) * BYTES_PER_MS - self._begins)
        taken = bytes(self._buffer[first : self._scanned - self._begins])
        self.clear()
        return taken

    def clear(self) -> None:
        """Forget what was scanned and any unfinished turn; the clock goes on."""
        scanned = self._scanned - self._begins
        del self._buffer[:scanned]
        self._begins = self._scanned
        self.speaking = False
        if self.detector:
            self.detector.reset()

    def _trim(self, keep: int) -> None:
        # In large steps, so that the copying costs nothing for each frame.
        excess = len(self._buffer) - keep
        if excess > _KEPT_WHEN_IDLE:
            excess = min(excess, self._scanned - self._begins)
            del self._buffer[:excess]
            self._begins += excess
