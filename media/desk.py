"""The desk: the call's one thread for slow work. The database and the appointment NLP live here, off the audio path.

Everything comes in through a bounded queue and nobody waits for it. While the database is away records are kept and
written when it is back (X7); the booking side goes on meanwhile, so that the caller is told. What it has to say goes
back as [SERVER] facts.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple, Protocol

import structlog

from services.booking_desk import BookingDesk, Told
from services.call_context import ResumeState, SoundChunk, TurnRecord
from services.database import DatabaseUnavailable

log = structlog.get_logger("desk")

QUEUE_RECORDS = 2000
RETRY_S = 0.5
PROGRESS_EVERY_MS = 20_000  # of audio: what a killed worker may leave uncounted
FLUSH_S = 8.0  # after the call: how long to wait for a database that is away


class CallStore(Protocol):
    """What the desk needs of the database, for one call. Every method is one transaction and may be repeated."""

    def add_turns(self, turns: Sequence[TurnRecord], measured: dict[str, object] | None = None) -> None: ...
    def add_sound(self, chunk: SoundChunk) -> None: ...
    def greeting_done(self) -> None: ...
    def event(self, kind: str, detail: str, at_ms: int) -> None: ...
    def finish(self, reason: str, metrics: dict[str, object]) -> None: ...


Job = Callable[[], None]


class _Item(NamedTuple):
    """What stands in the queue: a record to be written in its place, or something to do; no job ends the loop."""

    job: Job | None
    is_record: bool = True


class Desk:
    """The journal of one call (media.turn_log.Journal). Start `loop` in a thread; `close` ends it after a flush.

    `tell` hands a [SERVER] fact to the conversation: (text, speak) → whether a model was told. `measured` gives the
    stream's metrics so far.
    """

    def __init__(
        self,
        store: CallStore,
        booking: BookingDesk,
        resume: ResumeState,
        audio_ms: Callable[[], int],
        tell: Callable[[str, bool], bool],
        measured: Callable[[], dict[str, object]],
    ) -> None:
        self._store = store
        self._booking = booking
        self._generation, self._begins_ms = resume.generation, resume.begins_ms
        self._audio_ms = audio_ms
        self._tell = tell
        self._measured = measured
        self._jobs: queue.Queue[_Item] = queue.Queue(QUEUE_RECORDS)
        self._unwritten: deque[Job] = deque()  # records in order, the first of which the database did not take yet
        self._retry_at = 0.0
        self._booking_rests_until = 0.0
        self._give_up_at = 0.0
        self._progress_at_ms = 0
        self.history: list[TurnRecord] = []  # this stream's turns, for re-creating the model's memory

    @property
    def false_claims(self) -> int:
        """Booking claims of the agent that had to be corrected (A5)."""
        return self._booking.false_claims

    # -- from the conversation, any thread ---------------------------------------------------------------------

    def turn(self, record: TurnRecord) -> None:
        started_ms = self._begins_ms + record.started_ms
        record = replace(record, generation=self._generation, started_ms=started_ms)
        self.history.append(record)
        self._booking.heard(record.role, record.text, f"{record.generation}.{record.seq}", _ms())
        progress = record.role == "agent" and self._audio_ms() >= self._progress_at_ms
        if progress:
            self._progress_at_ms = self._audio_ms() + PROGRESS_EVERY_MS
        self._put(lambda: self._store.add_turns([record], self._measured() if progress else None))
        if record.role == "agent":
            self._put(lambda: self._step(partial(self._booking.agent_said, record.text)), is_record=False)

    def key(self, digit: str) -> None:
        """One key of the keypad."""
        self._put(lambda: self._step(partial(self._booking.key, digit)), is_record=False)

    def greeting_done(self) -> None:
        self._put(self._store.greeting_done)

    def event(self, kind: str, detail: str) -> None:
        at_ms = self._begins_ms + self._audio_ms()
        self._put(lambda: self._store.event(kind, detail, at_ms))

    def record(self, job: Job) -> None:
        """Something to write in its place among the records; run again when the database was away."""
        self._put(job)

    def finish(self, reason: str, metrics: dict[str, object]) -> threading.Event:
        """The call's last word; the returned event is set once it is in the database."""
        written = threading.Event()

        def job() -> None:
            self._store.finish(reason, metrics)
            written.set()

        self._put(job)
        return written

    def close(self) -> None:
        """No more records will come; the loop ends when all is written or the flush deadline is over."""
        self._give_up_at = time.monotonic() + FLUSH_S
        self._jobs.put(_Item(None))

    @property
    def waiting(self) -> int:
        return self._jobs.qsize() + len(self._unwritten)

    def _put(self, job: Job, *, is_record: bool = True) -> None:
        try:
            self._jobs.put_nowait(_Item(job, is_record))
        except queue.Full:
            log.error("desk queue is full, record lost")

    # -- the thread --------------------------------------------------------------------------------------------

    def loop(self) -> None:
        """Item after item, in order; between them what the booking side has due, and records the database missed."""
        while True:
            try:
                job, is_record = self._jobs.get(timeout=self._wait_s())
            except queue.Empty:
                self._step(self._booking.tick)
                self._write()
                continue
            if job is None:
                self._flush()
                return
            if not is_record:
                job()
            elif len(self._unwritten) < QUEUE_RECORDS:
                self._unwritten.append(job)
                self._write()
            else:
                log.error("database away, record lost")

    def _wait_s(self) -> float | None:
        """How long the queue may be waited for: until the next retry or the booking side's next step."""
        due_ms = self._booking.wait_ms(_ms())
        waits = [] if due_ms is None else [max(due_ms / 1000, self._booking_rests_until - time.monotonic())]
        if self._unwritten:
            waits.append(max(0.0, self._retry_at - time.monotonic()))
        return min(waits, default=None)

    def _write(self) -> None:
        """Write what is unwritten, in order, as far as the database takes it."""
        while self._unwritten and time.monotonic() >= self._retry_at:
            try:
                self._unwritten[0]()
            except DatabaseUnavailable as away:
                if not self._retry_at:
                    log.warning("database away, records wait", error=str(away), records=len(self._unwritten))
                self._retry_at = time.monotonic() + RETRY_S
                return
            self._retry_at = 0.0
            self._unwritten.popleft()

    def _flush(self) -> None:
        """After the call: until all is written or the deadline is over."""
        self._write()
        while self._unwritten and time.monotonic() < self._give_up_at:
            time.sleep(RETRY_S)
            self._write()
        if self._unwritten:
            log.error("database away, records lost", records=len(self._unwritten))

    def _step(self, work: Callable[[int], list[Told]]) -> None:
        """Work of the booking side: put its messages before the model, and note that it has them."""
        try:
            told = work(_ms())
            reached = [one for one in told if self._tell(one.message.text, one.message.speak)]
            self._booking.delivered(reached)
        except Exception:  # the outermost level of the booking side: its faults must not cost the call its records
            log.exception("booking side failed")
            self._booking_rests_until = time.monotonic() + RETRY_S


def _ms() -> int:
    return int(time.monotonic() * 1000)
