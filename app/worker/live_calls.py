"""The calls this worker carries: how many, whether it takes one more (W11), and what the live view asks of them.

Whoever watches a call may end it or hand it over. The page writes the wish into the call's row; each worker, on
whichever machine, looks for wishes with one short query, and only while it carries calls.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import structlog

from app.telemetry import prometheus
from app.worker.drain import Drain
from app.worker.loop_lag import LoopLag
from media.media_ws_ai import QueueSizes
from services.calls.events import asked_calls, take_requested_action
from services.db.database import Database, DatabaseUnavailable

log = structlog.get_logger(__name__)
EVERY_S = 1.0


# A call's row, and which of its streams.
Carried = tuple[int, int]


class Slot:
    """One open media socket. It counts as a call from `LiveCalls.take` on: a stranger's takes nobody's place."""

    def __init__(self) -> None:
        self.taken = False
        self.queue_sizes: Callable[[], QueueSizes] | None = None
        self.call: Carried | None = None
        self.asked: Callable[[str], None] | None = None

    def free(self) -> None:
        if self.taken:
            self.taken = False
            prometheus.LIVE_CALLS.dec()


class LiveCalls:
    def __init__(self, limit: int, lag: LoopLag) -> None:
        self.limit = limit
        self._lag = lag
        self._slots: set[Slot] = set()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return sum(slot.taken for slot in self._slots)

    @property
    def too_late(self) -> bool:
        """Whether the calls that are here already come too late for one more."""
        return self._lag.too_late

    def take(self, slot: Slot) -> bool:
        """Count this socket as a call; False when there are as many as may be. A loop that is late refuses nobody here:
        the call was admitted, and to turn it away helps nobody."""
        with self._lock:
            if sum(each.taken for each in self._slots) >= self.limit:
                return False
            slot.taken = True
        prometheus.LIVE_CALLS.inc()
        return True

    def show(self) -> None:
        """Put what waits in the calls' queues where /metrics finds it."""
        with self._lock:
            queue_sizes = [slot.queue_sizes() for slot in self._slots if slot.queue_sizes is not None]
        prometheus.JOURNAL_RECORDS.set(sum(one.journal_records for one in queue_sizes))
        prometheus.BOOKING_JOBS.set(sum(one.booking_jobs for one in queue_sizes))
        prometheus.SOUND_QUEUED.set(sum(one.sound_ms for one in queue_sizes))
        prometheus.THREADS.set(threading.active_count())

    def reachable(self) -> dict[Carried, Callable[[str], None]]:
        """Streams in progress, and where a request from outside is brought to each."""
        with self._lock:
            return {slot.call: slot.asked for slot in self._slots if slot.call is not None and slot.asked is not None}

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
            slot.free()


def start_taking_requests(database: Database, live_calls: LiveCalls, drain: Drain) -> None:
    """A look every second until the worker drains: then its calls, and wishes for them, go to another one."""

    def loop() -> None:
        while not drain.wait(EVERY_S):
            try:
                _look(database, live_calls)
            except DatabaseUnavailable:
                pass  # the next look finds it
            except Exception:  # the thread's outermost level: one bad row must not end every later look
                log.exception("live requests failed")

    threading.Thread(target=loop, name="live_requests", daemon=True).start()


def _look(database: Database, live_calls: LiveCalls) -> None:
    reachable = live_calls.reachable()
    if not reachable:
        return
    for call_id, generation in database.read(asked_calls):
        if (call_id, generation) not in reachable:
            continue
        action = database.write(partial(take_requested_action, call_id=call_id, generation=generation))
        if action is not None:
            log.info("asked in the live view", call_id=call_id, action=action)
            reachable[call_id, generation](action)
