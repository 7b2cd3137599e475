"""The desk: the call's one thread for slow work. What happened is written to the database here, off the audio path.

Everything comes in through a bounded queue and nobody waits for it. While the database is away records are kept and
written when it is back (X7).
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from services.call_context import TurnRecord
from services.database import DatabaseUnavailable

log = structlog.get_logger("desk")

QUEUE_RECORDS = 2000
RETRY_S = 0.5
FLUSH_S = 8.0  # after the call: how long to wait for a database that is away


class CallStore(Protocol):
    """What the desk needs of the database, for one call. Every method is one transaction and may be repeated."""

    def add_turns(self, turns: Sequence[TurnRecord]) -> None: ...
    def greeting_done(self) -> None: ...
    def event(self, kind: str, detail: str, at_ms: int) -> None: ...
    def finish(self, reason: str, metrics: dict[str, object]) -> None: ...


Job = Callable[[], None]


class Desk:
    """The journal of one call (media.turn_log.Journal). Start `loop` in a thread; `close` ends it after a flush."""

    def __init__(self, store: CallStore, generation: int, audio_ms: Callable[[], int]) -> None:
        self._store = store
        self._generation = generation
        self._audio_ms = audio_ms
        self._jobs: queue.Queue[Job | None] = queue.Queue(QUEUE_RECORDS)
        self._lost = 0
        self.history: list[TurnRecord] = []  # this stream's turns, for re-creating the model's memory

    # -- journal ---------------------------------------------------------------------------------------------

    def turn(self, record: TurnRecord) -> None:
        record = replace(record, generation=self._generation)
        self.history.append(record)
        self._put(lambda: self._store.add_turns([record]))

    def greeting_done(self) -> None:
        self._put(self._store.greeting_done)

    def event(self, kind: str, detail: str) -> None:
        at_ms = self._audio_ms()
        self._put(lambda: self._store.event(kind, detail, at_ms))

    def finish(self, reason: str, metrics: dict[str, object]) -> threading.Event:
        """The call's last word; the returned event is set once it is in the database."""
        written = threading.Event()

        def job() -> None:
            self._store.finish(reason, metrics)
            written.set()

        self._put(job)
        return written

    def _put(self, job: Job) -> None:
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            self._lost += 1
            log.error("desk queue is full, record lost", lost=self._lost)

    # -- the thread --------------------------------------------------------------------------------------------

    def close(self) -> None:
        """No more records will come; the loop ends when all is written or the flush deadline is over."""
        self._jobs.put(None)

    def loop(self) -> None:
        """Write record after record, in order, for as long as it takes."""
        give_up_at: float | None = None
        while (job := self._jobs.get()) is not None:
            while True:
                try:
                    job()
                    break
                except DatabaseUnavailable as away:
                    closing = not self._jobs.empty() and self._jobs.queue[-1] is None
                    if closing and give_up_at is None:
                        give_up_at = time.monotonic() + FLUSH_S
                    if give_up_at is not None and time.monotonic() > give_up_at:
                        log.error("database away, record lost", error=str(away))
                        break
                    time.sleep(RETRY_S)
