"""How late this worker's loop is: a thread that wants to wake every 50 ms and measures when it does (SPEC W11).

Under gevent that is the loop every call of the worker depends on; with plain threads it is the interpreter's lock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from app.telemetry.prometheus import LOOP_LAG

EVERY_S = 0.05
STARTING_S = 2.0  # a worker that is still loading is late, and carries nobody
SMOOTHING = 0.025  # a time constant of two seconds: one hiccup is no overload
# A lead of about 100 ms at Twilio hides lateness up to that; at twice as much, all the time, every caller hears gaps.
TOO_LATE_MS = 200.0


class LoopLag:
    """`smoothed_ms` is the recent mean, as admission looks at it."""

    def __init__(self, too_late_ms: float = TOO_LATE_MS) -> None:
        self.smoothed_ms = 0.0
        self._too_late_ms = too_late_ms

    @property
    def too_late(self) -> bool:
        return self.smoothed_ms > self._too_late_ms

    def add(self, lag_s: float) -> None:
        """One measurement."""
        LOOP_LAG.observe(lag_s)
        self.smoothed_ms += SMOOTHING * (lag_s * 1000 - self.smoothed_ms)

    def start(self, every_second: Callable[[], None]) -> None:
        """Measure for ever in a thread of its own; `every_second` is called from it."""

        def loop() -> None:
            since_s = 0.0
            time.sleep(STARTING_S)
            while True:
                before = time.monotonic()
                time.sleep(EVERY_S)
                self.add(max(0.0, time.monotonic() - before - EVERY_S))
                since_s += EVERY_S
                if since_s >= 1.0:
                    since_s = 0.0
                    every_second()

        threading.Thread(target=loop, name="loop_lag", daemon=True).start()
