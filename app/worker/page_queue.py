"""Pages one after another: between two of them everything else in the worker has had its turn (S1).

Under gevent what is ready at the same moment runs in a row, and a page that asks SQLite gives up the loop nowhere in
between: fifty pages at once would be one gap in the sound of every call. Here only one is ready at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app.worker.native_thread import Busy

# The loop looks once at every socket and timer.
YIELD_S = 0.001
WAITING = 64
WAIT_S = 10.0


class PageQueue:
    def __init__(self, waiting: int = WAITING, wait_s: float = WAIT_S) -> None:
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(waiting)
        self._wait_s = wait_s

    @contextmanager
    def one(self) -> Iterator[None]:
        """Around a piece of work. Raises Busy when too many wait, or one has waited too long."""
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            if not self._lock.acquire(timeout=self._wait_s):
                raise Busy
        finally:
            self._places.release()
        try:
            time.sleep(YIELD_S)
            yield
        finally:
            self._lock.release()


PAGES = PageQueue()
