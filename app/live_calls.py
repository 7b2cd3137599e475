"""The calls this worker carries: how many, and whether it takes one more (W11)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app import prometheus


class Slot:
    """One open media socket. It counts as a call from `take` on: a stranger's socket takes nobody's place."""

    def __init__(self) -> None:
        self.taken = False

    def take(self) -> None:
        self.taken = True
        prometheus.LIVE_CALLS.inc()


class LiveCalls:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._slots: set[Slot] = set()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return sum(slot.taken for slot in self._slots)

    @property
    def full(self) -> bool:
        return len(self) >= self._limit

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
