"""The calls this worker carries: how many, and whether it takes one more (W11)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app import prometheus
from app.loop_lag import LoopLag
from media.media_ws_ai import Depths


class Slot:
    """One open media socket. It counts as a call from `take` on: a stranger's socket takes nobody's place."""

    def __init__(self) -> None:
        self.taken = False
        self.depths: Callable[[], Depths] | None = None
        self.call_id = 0
        self.asked: Callable[[str], None] | None = None

    def take(self) -> None:
        self.taken = True
        prometheus.LIVE_CALLS.inc()


class LiveCalls:
    def __init__(self, limit: int, lag: LoopLag) -> None:
        self._limit = limit
        self._lag = lag
        self._slots: set[Slot] = set()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return sum(slot.taken for slot in self._slots)

    @property
    def full(self) -> bool:
        """By count, or because the calls that are here already come too late."""
        return len(self) >= self._limit or self._lag.too_late

    def show(self) -> None:
        """Put what waits in the calls' queues where /metrics finds it."""
        with self._lock:
            depths = [slot.depths() for slot in self._slots if slot.depths is not None]
        prometheus.DESK_RECORDS.set(sum(one.desk_records for one in depths))
        prometheus.SOUND_QUEUED.set(sum(one.sound_ms for one in depths))
        prometheus.THREADS.set(threading.active_count())

    def reachable(self) -> dict[int, Callable[[str], None]]:
        """Calls in progress by their row's id, and where a request from outside is brought to each."""
        with self._lock:
            return {slot.call_id: slot.asked for slot in self._slots if slot.asked is not None}

    @contextmanager
    def slot(self) -> Iterator[Slot]:
        """Around the life of one media socket."""
        slot = Slot()
        with self._lock:
            self._slots.add(slot)
        try:
            yield slot
        finally:
            with self._lock:
                self._slots.remove(slot)
            if slot.taken:
                prometheus.LIVE_CALLS.dec()
