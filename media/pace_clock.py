"""The pacing clock: one per process, shared by every sender, the only user of the wall clock on the audio path.

A sleeper of its own for each call means a timer started, fired and thrown away 50 times a second and call, and
300 of them wake the loop 300 times in 20 ms. Here one ticker sleeps, on a grid of GRID_MS, and sets the events of
all senders that are due at that point. 20 ms is a multiple of the grid, so a call whose frames are 20 ms apart is
always late by the same bit of it: the rounding costs a constant, never jitter.
"""

from __future__ import annotations

import math
import threading
from time import monotonic
from typing import Protocol

GRID_MS = 5
_PER_S = 1000 // GRID_MS


class Clock(Protocol):
    def now(self) -> float:
        """Monotonic seconds."""

    def wait_until(self, deadline: float | None, wake: threading.Event) -> bool:
        """Sleep until `deadline` (for ever when None) or until `wake` is set; True when it was woken early.

        Leaves `wake` set or not as it is: the caller clears it before it looks at its queue again.
        """


class PaceClock:
    """The real clock. Under gevent or plain threads: it is made of nothing but `threading`.

    Each sender needs an event of its own. The ticker's thread starts with the first wait, so that a clock made
    before a fork works in every child.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: dict[int, set[threading.Event]] = {}  # grid point -> who is due there
        self._target: int | None = None  # what the ticker sleeps for
        self._kick = threading.Event()
        self._ticker: threading.Thread | None = None

    def now(self) -> float:
        return monotonic()

    def wait_until(self, deadline: float | None, wake: threading.Event) -> bool:
        if deadline is None:
            wake.wait()
            return True
        if monotonic() >= deadline:
            return False
        point = math.ceil(deadline * _PER_S)
        self._register(point, wake)
        wake.wait()
        if monotonic() >= deadline:
            return False
        self._withdraw(point, wake)
        return True

    def _register(self, point: int, wake: threading.Event) -> None:
        with self._lock:
            due = self._due.get(point)
            if due is None:
                self._due[point] = {wake}
            else:
                due.add(wake)
            sooner = self._target is None or point < self._target
            if self._ticker is None:
                self._ticker = threading.Thread(target=self._run, name="pace-clock", daemon=True)
                self._ticker.start()
        if sooner:
            self._kick.set()

    def _withdraw(self, point: int, wake: threading.Event) -> None:
        with self._lock:
            if point in self._due:
                self._due[point].discard(wake)

    def _run(self) -> None:
        """The ticker: sleep to the next grid point at which somebody is due, wake them all, again."""
        while True:
            self._kick.clear()
            with self._lock:
                target = self._target = min(self._due, default=None)
            wait_s = None if target is None else target / _PER_S - monotonic()
            if target is None or wait_s is None or wait_s > 0:
                self._kick.wait(wait_s)
                continue  # look again: it is time, or somebody else is due sooner, or the timer was early
            with self._lock:
                sleepers = self._due.pop(target)
            for wake in sleepers:
                wake.set()
