"""Database work that a webhook leaves behind: a bounded queue and one thread per worker (SPEC W2).

Jobs must be idempotent: one that finds the database away is tried again until its time is up.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from app.telemetry.prometheus import JOBS_FAILED, JOBS_PENDING

log = structlog.get_logger(__name__)

QUEUE_JOBS = 2000
PATIENCE_S = 60.0
PAUSE_S = 0.5

Job = Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    job: Job
    give_up_at: float  # monotonic seconds


class BackgroundWorker:
    """Runs jobs in the order they came. `retry_on` are the errors that mean "not now"."""

    def __init__(self, retry_on: tuple[type[Exception], ...], capacity: int = QUEUE_JOBS) -> None:
        self._retry_on = retry_on
        self._entries: queue.Queue[_Entry | None] = queue.Queue(capacity)
        self._thread = threading.Thread(target=self._run, name="background", daemon=True)
        self._thread.start()

    def submit(self, name: str, job: Job) -> bool:
        """Queue `job`; False when the queue is full, so that the sender hears of it instead of believing us."""
        try:
            self._entries.put_nowait(_Entry(name, job, time.monotonic() + PATIENCE_S))
        except queue.Full:
            JOBS_FAILED.inc()
            log.error("background queue full", job=name)
            return False
        JOBS_PENDING.inc()
        return True

    def stop(self, timeout_s: float) -> None:
        """Finish what is queued, within `timeout_s`."""
        with suppress(queue.Full):
            self._entries.put(None, timeout=timeout_s)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (entry := self._entries.get()) is not None:
            try:
                self._attempt(entry)
            except Exception:  # outermost level of this thread: one bad job must not stop those behind it
                JOBS_FAILED.inc()
                log.exception("background job failed", job=entry.name)
            finally:
                JOBS_PENDING.dec()

    def _attempt(self, entry: _Entry) -> None:
        while True:
            try:
                return entry.job()
            except self._retry_on:
                if time.monotonic() >= entry.give_up_at:
                    raise
                time.sleep(PAUSE_S)
