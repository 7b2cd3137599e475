"""The journal's thread: records in order, kept while the database is away, none lost through another (X7)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from media.record.journal import JournalThread
from services.calls.context import ResumeState, SoundChunk, TurnRecord
from services.db.database import DatabaseUnavailable


class Store:
    """Rows in memory; `away` while the database cannot be reached; it never takes a turn that is in `refused`."""

    def __init__(self) -> None:
        self.away = threading.Event()
        self.tried = threading.Event()
        self.refused: set[str] = set()
        self.rows: list[str] = []

    def _write(self, row: str) -> None:
        self.tried.set()
        if self.away.is_set():
            raise DatabaseUnavailable("away")
        if row in self.refused:
            raise ValueError(row)
        self.rows.append(row)

    def add_turns(self, turns: Sequence[TurnRecord], measured: dict[str, object] | None = None) -> None:
        self._write(turns[0].text)

    def add_sound(self, chunk: SoundChunk) -> None:
        self._write(f"sound {chunk.seq}")

    def greeting_done(self) -> None:
        self._write("greeting")

    def answer_language(self, language: str) -> None:
        self._write(f"language {language}")

    def notice(self, heard_ms: int, total_ms: int, ended_at_ms: int | None) -> None:
        self._write(f"notice {heard_ms}/{total_ms} {ended_at_ms}")

    def event(self, kind: str, detail: str, at_ms: int) -> None:
        self._write(kind)

    def finish(self, reason: str, metrics: dict[str, object]) -> None:
        self._write(reason)

    def settle(self, reason: str, metrics: dict[str, object]) -> None:
        self._write(f"settled {reason}")


class Running:
    """A journal in its thread, and what it passed on."""

    def __init__(self) -> None:
        self.store = Store()
        self.passed_on: list[TurnRecord] = []
        self.languages: list[str] = []
        resume = ResumeState(generation=2, begins_ms=1000)
        self.journal = JournalThread(self.store, resume, lambda: 0, dict, self.passed_on.append, self.languages.append)
        self.thread = threading.Thread(target=self.journal.loop, daemon=True)
        self.thread.start()

    def turn(self, role: Any, text: str) -> None:
        seq = len(self.journal.history)
        self.journal.turn(TurnRecord(seq=seq, role=role, text=text, started_ms=50))

    def end(self, within_s: float = 9.0) -> None:
        self.journal.stop(time.monotonic() + within_s)
        self.thread.join(15)
        assert not self.thread.is_alive()


@pytest.fixture
def running() -> Iterator[Running]:
    one = Running()
    yield one
    if one.thread.is_alive():
        one.end(0.0)


def test_records_are_written_in_order_once_the_database_is_back(running: Running) -> None:
    running.store.away.set()
    running.turn("caller", "first")
    running.journal.event("barge_in", "")
    assert running.store.tried.wait(10)
    running.turn("agent", "second")
    written = running.journal.write_end_of_stream("goodbye", {})
    running.journal.bookings_are_final("goodbye", {})
    running.store.away.clear()
    assert written.wait(10)
    running.end()
    assert running.store.rows == ["first", "barge_in", "second", "goodbye", "settled goodbye"]


def test_a_turn_is_passed_on_and_remembered_with_its_stream_and_its_time_in_the_call(running: Running) -> None:
    running.store.away.set()
    running.turn("caller", "שלום")
    assert [(one.generation, one.started_ms, one.text) for one in running.passed_on] == [(2, 1050, "שלום")]
    assert running.journal.history == running.passed_on


def test_what_cannot_be_written_after_the_call_is_given_up_in_time(running: Running) -> None:
    running.store.away.set()
    running.turn("caller", "שלום")
    running.end(0.2)
    assert running.journal.waiting == 1


def test_a_record_that_the_database_never_takes_costs_none_of_the_others(running: Running) -> None:
    running.store.refused.add("poison")
    for text in ("before", "poison", "after"):
        running.turn("agent", text)
    assert running.journal.write_end_of_stream("goodbye", {}).wait(10)
    running.end()
    assert running.store.rows == ["before", "after", "goodbye"]
