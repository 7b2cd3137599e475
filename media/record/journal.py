"""The journal: the call's thread for its rows, written in the order in which things happened, off the audio path.

Records come in through a bounded queue and nobody waits for them. While the database is away they are kept and written
when it is back (X7). No chat model is asked here: the call's last word is never behind a slow answer.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from services.calls.context import ResumeState, SoundChunk, TurnRecord
from services.db.database import DatabaseUnavailable
from services.deadlines import RETRY_S

log = structlog.get_logger("journal")

QUEUE_RECORDS = 2000
PROGRESS_EVERY_MS = 20_000  # of audio: what a killed worker may leave uncounted


class CallRecords(Protocol):
    """What the journal needs of the database, for one call. The journal's thread. Every method is one transaction that
    waits for the database and may be repeated; it raises DatabaseUnavailable when it should be. Times are milliseconds
    of the whole call's audio."""

    def add_turns(self, turns: Sequence[TurnRecord], measured: dict[str, object] | None = None) -> None:
        """`measured`: what the stream has counted so far."""

    def add_sound(self, chunk: SoundChunk) -> None:
        """A piece of both sides, where the business keeps recordings."""

    def greeting_done(self) -> None:
        """The greeting was heard to its end, or interrupted."""

    def answer_language(self, language: str) -> None:
        """The caller is answered in it ("he", "en", …)."""

    def notice(self, heard_ms: int, total_ms: int, ended_at_ms: int | None) -> None:
        """How much of the notice at the start was heard, and when it was over."""

    def event(self, kind: str, detail: str, at_ms: int) -> None:
        """A step for the call's time line."""

    def finish(self, reason: str, metrics: dict[str, object]) -> None:
        """The stream is over: why, what it measured, and what Twilio is told next."""

    def settle(self, reason: str, metrics: dict[str, object]) -> None:
        """The booking side has ended too: the call may be summed up."""


WriteJob = Callable[[], None]


class JournalThread:
    """One call's journal (media.conversation.shell.Journal). Start `loop` in a thread; `stop` ends it after a flush.

    `audio_ms`: the stream's audio time. `measured`: the stream's metrics so far. `on_turn` is given every turn, and
    `on_language` every change of the answers' language, once its row is in the queue; they must not wait.
    """

    def __init__(
        self,
        store: CallRecords,
        resume: ResumeState,
        audio_ms: Callable[[], int],
        measured: Callable[[], dict[str, object]],
        on_turn: Callable[[TurnRecord], None],
        on_language: Callable[[str], None],
    ) -> None:
        self._store = store
        self._generation, self._begins_ms = resume.generation, resume.begins_ms
        self._audio_ms = audio_ms
        self._measured = measured
        self._on_turn = on_turn
        self._on_language = on_language
        self._queue: queue.Queue[WriteJob | None] = queue.Queue(QUEUE_RECORDS)  # None ends the loop
        self._unwritten: deque[WriteJob] = deque()  # in order; the first one is what the database did not take yet
        self._retry_at = 0.0
        self._give_up_at = 0.0
        self._progress_at_ms = 0
        self.history: list[TurnRecord] = []  # this stream's turns, for re-creating the model's memory

    # -- any thread, never waits, raises nothing -----------------------------------------------------------------

    def turn(self, record: TurnRecord) -> None:
        """One side's turn. `record.started_ms` is audio time of this stream and becomes time of the call."""
        started_ms = self._begins_ms + record.started_ms
        record = replace(record, generation=self._generation, started_ms=started_ms)
        self.history.append(record)
        progress = record.role == "agent" and self._audio_ms() >= self._progress_at_ms
        if progress:
            self._progress_at_ms = self._audio_ms() + PROGRESS_EVERY_MS
        self.enqueue(lambda: self._store.add_turns([record], self._measured() if progress else None))
        self._on_turn(record)

    def greeting_done(self) -> None:
        """The greeting was heard; a later stream of the call does not speak it again."""
        self.enqueue(self._store.greeting_done)

    def language(self, language: str) -> None:
        """The caller is answered in this language; a later stream of the call goes on in it (L11)."""
        self.enqueue(lambda: self._store.answer_language(language))
        self._on_language(language)

    def notice(self, heard_ms: int, total_ms: int, ended: bool) -> None:
        """So much of the notice at the start was heard (D2). ended: to its end, at this moment of the call's audio."""
        ended_at_ms = self._begins_ms + self._audio_ms() if ended else None
        self.enqueue(lambda: self._store.notice(heard_ms, total_ms, ended_at_ms))

    def event(self, kind: str, detail: str) -> None:
        """A step for the call's time line, at this moment of its audio."""
        at_ms = self._begins_ms + self._audio_ms()
        self.enqueue(lambda: self._store.event(kind, detail, at_ms))

    def enqueue(self, write: WriteJob) -> None:
        """Something to write in its place among the records. `write` runs in the journal's thread, and again when it
        raised DatabaseUnavailable; whatever else it raises is logged and costs this record only."""
        try:
            self._queue.put_nowait(write)
        except queue.Full:
            log.error("journal is full, record lost")

    def write_end_of_stream(self, reason: str, metrics: dict[str, object]) -> threading.Event:
        """The stream's final record: why it ended, and with it what Twilio is told next. The returned event is set once
        that is in the database; wait for it up to FINAL_RECORD_S."""
        written = threading.Event()

        def write() -> None:
            self._store.finish(reason, metrics)
            written.set()

        self.enqueue(write)
        return written

    def bookings_are_final(self, reason: str, metrics: dict[str, object]) -> None:
        """After `write_end_of_stream`, when the booking side has ended: nothing else of this stream will be written."""
        self.enqueue(lambda: self._store.settle(reason, metrics))

    def stop(self, give_up_at: float) -> None:
        """No more records come. The loop ends when all is written, or at `give_up_at` (time.monotonic(), seconds):
        what is unwritten then is lost, and logged. May wait for a place in the queue."""
        self._give_up_at = give_up_at
        self._queue.put(None)

    @property
    def waiting(self) -> int:
        """How many records are not written yet."""
        return self._queue.qsize() + len(self._unwritten)

    # -- the thread --------------------------------------------------------------------------------------------

    def loop(self) -> None:
        """WriteJob after record, in order; between them the records that the database did not take."""
        while True:
            try:
                write = self._queue.get(timeout=self._wait_s())
            except queue.Empty:
                self._write()
                continue
            if write is None:
                self._flush()
                return
            if len(self._unwritten) < QUEUE_RECORDS:
                self._unwritten.append(write)
                self._write()
            else:
                log.error("database away, record lost")

    def _wait_s(self) -> float | None:
        """How long the queue may be waited for: until the next try, if one is due."""
        return max(0.0, self._retry_at - time.monotonic()) if self._unwritten else None

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
            except Exception:  # outermost level of one record: the database will never take it, and others come after
                log.exception("record refused")
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
