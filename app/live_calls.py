"""How many calls this worker carries, and whether it takes one more (SPEC W11)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app import prometheus


class LiveCalls:
    """Counts open media sockets of this worker."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._count = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._count

    @property
    def full(self) -> bool:
        return self._count >= self.limit

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Around the life of one media socket."""
        with self._lock:
            self._count += 1
        prometheus.LIVE_CALLS.inc()
        try:
            yield
        finally:
            with self._lock:
                self._count -= 1
            prometheus.LIVE_CALLS.dec()
