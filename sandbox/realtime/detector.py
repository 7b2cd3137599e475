"""Where a caller's speech begins and ends, on audio time. Pure: levels of 20 ms windows in, decisions out.

Energy against a floor that follows the quietest moment of the last second and a half. It is the stand-in for
the service's detector, good enough for clean telephone speech; steady noise raises the floor and so stops
being speech.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

WINDOW_MS = 20
Decision = Literal["started", "stopped"]

_ONSET_WINDOWS = 3  # 60 ms of sound make speech, a click does not
_FLOOR_BUCKET_WINDOWS = 12
_FLOOR_BUCKETS = 6
_FLOOR_FACTOR = 3.0
_RELEASE = 0.6  # speech goes on above this part of the level that began it


class Detector(Protocol):
    """Finds turns. `onset_ms` says where the sound of the current one began."""

    onset_ms: float

    def feed(self, rms: float) -> Decision | None:
        """Take the level (linear 16-bit RMS) of the next 20 ms window."""

    def reset(self) -> None:
        """Forget an unfinished turn; the clock goes on."""


@dataclass(slots=True)
class EnergyDetector:
    """`threshold` 0..1 as in the session's turn detection; `silence_ms` ends a turn."""

    threshold: float
    silence_ms: float
    onset_ms: float = 0.0
    _windows: int = 0
    _speaking: bool = False
    _active: int = 0
    _silent: int = 0
    _level: float = 0.0
    _bucket: float = float("inf")
    _floor: float = float("inf")
    _buckets: tuple[float, ...] = ()

    @property
    def is_speaking(self) -> bool:
        """Between a start and its stop."""
        return self._speaking

    def feed(self, rms: float) -> Decision | None:
        """See Detector."""
        self._windows += 1
        self._follow_floor(rms)
        return self._while_speaking(rms) if self._speaking else self._while_silent(rms)

    def reset(self) -> None:
        """See Detector."""
        self._speaking, self._active, self._silent = False, 0, 0

    def _while_silent(self, rms: float) -> Decision | None:
        self._level = self._threshold_rms()
        if rms < self._level:
            self._active = 0
            return None
        self._active += 1
        if self._active < _ONSET_WINDOWS:
            return None
        self._speaking, self._silent = True, 0
        self.onset_ms = (self._windows - self._active) * WINDOW_MS
        return "started"

    def _while_speaking(self, rms: float) -> Decision | None:
        needed = max(self._level, self._threshold_rms()) * _RELEASE
        self._silent = 0 if rms >= needed else self._silent + 1
        if self._silent * WINDOW_MS < self.silence_ms:
            return None
        self.reset()
        return "stopped"

    def _threshold_rms(self) -> float:
        fixed = 60.0 + 280.0 * self.threshold
        known = len(self._buckets) * _FLOOR_BUCKET_WINDOWS * WINDOW_MS >= 960
        return max(fixed, self._floor * _FLOOR_FACTOR) if known else fixed

    def _follow_floor(self, rms: float) -> None:
        self._bucket = min(self._bucket, rms)
        if self._windows % _FLOOR_BUCKET_WINDOWS == 0:
            self._buckets = (*self._buckets, self._bucket)[-_FLOOR_BUCKETS:]
            self._floor = min(self._buckets)
            self._bucket = float("inf")


@dataclass(slots=True)
class ScheduledDetector:
    """Turns at given milliseconds of audio, whatever it sounds like."""

    turns: list[tuple[float, float]]
    onset_ms: float = 0.0
    _ms: float = 0.0
    _next: int = 0
    _speaking: bool = False

    def feed(self, rms: float) -> Decision | None:
        """See Detector."""
        self._ms += WINDOW_MS
        if self._next >= len(self.turns):
            return None
        start_ms, end_ms = self.turns[self._next]
        if not self._speaking and self._ms > start_ms:
            self._speaking, self.onset_ms = True, start_ms
            return "started"
        if self._speaking and self._ms >= end_ms:
            self._speaking = False
            self._next += 1
            return "stopped"
        return None

    def reset(self) -> None:
        """See Detector."""
        if self._speaking:
            self._speaking = False
            self._next += 1
