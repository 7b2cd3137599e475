"""The worker's way out. A signal handler may only set a flag; loops look at it and act (SPEC W10)."""

from __future__ import annotations

import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from services.deadlines import JOBS_END_S, LISTENER_CLOSES_S, SUCCESSOR_WITHIN_S, TELEMETRY_ENDS_S, WORKER_ENDS_S

__all__ = ["JOBS_END_S", "TELEMETRY_ENDS_S", "WORKER_ENDS_S", "Drain", "answers_at", "begin_at_sigterm"]

PROBE_S = 1.0


class Drain:
    """`begun`: readiness answers 503, no call is taken. `calls_leave`: live calls leave. Set once, never cleared."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._calls_leave = threading.Event()

    @property
    def begun(self) -> bool:
        return self._event.is_set()

    @property
    def calls_leave(self) -> bool:
        return self._calls_leave.is_set()

    def begin(self) -> None:
        self._event.set()

    def calls_leave_when(self, somebody_answers: Callable[[], bool]) -> None:
        """Once begun, let live calls go as soon as another worker would take them, or SUCCESSOR_WITHIN_S later: a
        worker that is being restarted leaves its callers nobody until the next one has loaded."""

        def wait() -> None:
            self._event.wait()
            time.sleep(LISTENER_CLOSES_S)  # until then a call could come back to this worker
            until_s = time.monotonic() + SUCCESSOR_WITHIN_S
            while time.monotonic() < until_s and not somebody_answers():
                time.sleep(0.1)
            self._calls_leave.set()

        threading.Thread(target=wait, name="drain", daemon=True).start()

    def wait(self, timeout_s: float) -> bool:
        """Whether it has begun, after at most `timeout_s`."""
        return self._event.wait(timeout_s)


def answers_at(urls: Sequence[str]) -> bool:
    """Whether a worker that is ready answers at one of the addresses (`/readyz`: one that drains says no)."""
    for url in urls:
        try:
            with urllib.request.urlopen(url, timeout=PROBE_S) as answer:
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            continue
    return False


def begin_at_sigterm(drain: Drain) -> None:
    """Set `drain` at SIGTERM, then do what was installed before (gunicorn stops accepting and waits)."""
    previous = signal.getsignal(signal.SIGTERM)

    def on_sigterm(number: int, frame: FrameType | None) -> Any:
        drain.begin()
        if callable(previous):
            previous(number, frame)

    signal.signal(signal.SIGTERM, on_sigterm)
    signal.siginterrupt(signal.SIGTERM, False)
