"""Log lines as values: pure code says what should be logged, whoever owns a logger logs it."""

from __future__ import annotations

from typing import Literal, NamedTuple

LogLevel = Literal["debug", "info", "warning"]


class LogLine(NamedTuple):
    """A line for the caller's logger: `getattr(log, line.level)(line.text)`."""

    level: LogLevel
    text: str


class Throttle:
    """Lets one line through per `every_ms` of audio."""

    __slots__ = ("_every_ms", "_next_ms")

    def __init__(self, every_ms: float, first_ms: float = 0.0) -> None:
        self._every_ms = every_ms
        self._next_ms = first_ms

    def due(self, now_ms: float) -> bool:
        """`now_ms` is audio time; true at most once per interval."""
        if now_ms < self._next_ms:
            return False
        self._next_ms = now_ms + self._every_ms
        return True
