"""The pacing clock: one per process, shared by every sender, the only user of the wall clock on the audio path.

A sleeper of its own for each call means a timer started, fired and thrown away 50 times a second and call. Here one
ticker sleeps from point to point of a 10 ms grid and sets the events of all senders that are due. 20 ms is a multiple
of the grid, so a call whose frames are 20 ms apart is always late by the same bit of it: rounding costs a constant,
never jitter. Per wake-up with 10, 50 and 300 senders (`python -m bench.hot_path`): an event with a time-out each
46, 18 and 11 us; this 24, 7 and 4 us. A grid of 5 ms costs a third more at few senders; 20 ms costs the same as 10.
"""

from __future__ import annotations

import math
import threading
import time
from time import monotonic
from typing import Protocol

GRID_MS = 10
_PER_S = 1000 // GRID_MS


class Clock(Protocol):
    def now(self) -> float:
        """Monotonic seconds."""

    def wait_until(self, deadline: float | None, wake: threading.Event) -> bool:
        """Sleep until `deadline` (for ever when None) or until `wake` is set; True when it was woken early.

        Leaves `wake` set or not as it is: the caller clears it before it looks at its queue again.
        """


class PaceClock:
    """The real clock. Under gevent or plain threads: it is made of nothing but `threading` and `time`.

    Each sender needs an event of its own. The ticker's thread starts with the first wait, so that a clock made
    before a fork works in every child; while nobody waits for a deadline it sleeps.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: dict[int, set[threading.Event]] = {}  # grid point -> who is due there
        self._wanted = threading.Event()
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
            was_idle = not self._due
            due = self._due.get(point)
            if due is None:
                self._due[point] = {wake}
            else:
                due.add(wake)
            if self._ticker is None:
                self._ticker = threading.Thread(target=self._run, name="pace-clock", daemon=True)
                self._ticker.start()
        if was_idle:
            self._wanted.set()

    def _withdraw(self, point: int, wake: threading.Event) -> None:
        with self._lock:
            if point in self._due:
                self._due[point].discard(wake)

    def _run(self) -> None:
        """The ticker: from one grid point to the next as long as anybody waits."""
        while True:
            self._wanted.clear()
            if not self._due:
                self._wanted.wait()
            now = monotonic()
            time.sleep(math.ceil(now * _PER_S) / _PER_S - now)
            self._wake(math.floor(monotonic() * _PER_S))

    def _wake(self, reached: int) -> None:
        with self._lock:
            over = [self._due.pop(point) for point in tuple(self._due) if point <= reached]
        for sleepers in over:
            for wake in sleepers:
                wake.set()
