"""The worker's way out. A signal handler may only set a flag; loops look at it and act (SPEC W10)."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


class Drain:
    """Set once, never cleared: readiness answers 503, no call is taken, live calls hand over."""

    def __init__(self) -> None:
        self._event = threading.Event()

    @property
    def begun(self) -> bool:
        return self._event.is_set()

    def begin(self) -> None:
        self._event.set()

    def wait(self, timeout_s: float) -> bool:
        """Whether it has begun, after at most `timeout_s`."""
        return self._event.wait(timeout_s)


def begin_at_sigterm(drain: Drain) -> None:
    """Set `drain` at SIGTERM, then do what was installed before (gunicorn stops accepting and waits)."""
    previous = signal.getsignal(signal.SIGTERM)

    def on_sigterm(number: int, frame: FrameType | None) -> Any:
        drain.begin()
        if callable(previous):
            previous(number, frame)

    signal.signal(signal.SIGTERM, on_sigterm)
    signal.siginterrupt(signal.SIGTERM, False)
