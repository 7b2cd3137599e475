"""The desk's thread: records in order, kept while the database is away; the booking side never waits for them (X7)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from media.desk import Desk
from services.call_context import ResumeState, SoundChunk, TurnRecord
from services.database import Database, DatabaseUnavailable
from tests.booking_talk import Talk, make_business


class Store:
    """Rows in memory; `away` while the database cannot be reached."""

    def __init__(self) -> None:
        self.away = threading.Event()
        self.tried = threading.Event()
        self.rows: list[str] = []

    def _write(self, row: str) -> None:
        self.tried.set()
        if self.away.is_set():
            raise DatabaseUnavailable("away")
        self.rows.append(row)

    def add_turns(self, turns: Sequence[TurnRecord], measured: dict[str, object] | None = None) -> None:
        self._write(turns[0].text)

    def add_sound(self, chunk: SoundChunk) -> None:
        self._write(f"sound {chunk.seq}")

    def greeting_done(self) -> None:
        self._write("greeting")

    def event(self, kind: str, detail: str, at_ms: int) -> None:
        self._write(kind)

    def finish(self, reason: str, metrics: dict[str, object]) -> None:
        self._write(reason)


class Away:
    """A database of the booking side that cannot be reached either."""

    def write(self, _fn: Any, **_: Any) -> Any:
        raise DatabaseUnavailable("away")

    read = write


class Running:
    """A desk in its thread, and what it told."""

    def __init__(self, talk: Talk) -> None:
        self.talk, self.store = talk, Store()
        self.told: list[str] = []
        self.news = threading.Condition()
        self.desk = Desk(self.store, talk.desk, ResumeState(), lambda: 0, self.tell, dict)
        self.thread = threading.Thread(target=self.desk.loop, daemon=True)
        self.thread.start()

    def tell(self, text: str, speak: bool) -> bool:
        with self.news:
            self.told.append(text)
            self.news.notify_all()
        return True

    def wait_told(self, part: str) -> None:
        with self.news:
            assert self.news.wait_for(lambda: any(part in text for text in self.told), 10), self.told

    def turn(self, role: Any, text: str) -> None:
        seq = len(self.desk.history)
        self.desk.turn(TurnRecord(seq=seq, role=role, text=text))

    def end(self) -> None:
        self.desk.close()
        self.thread.join(15)
        assert not self.thread.is_alive()


@pytest.fixture
def running(sqlite_url: str) -> Iterator[Callable[[], Running]]:
    database = Database(sqlite_url)
    yield lambda: Running(Talk(database, make_business(database, "+97231110001", "he")))
    database.dispose()


def test_records_are_written_in_order_once_the_database_is_back(running: Callable[[], Running]) -> None:
    one = running()
    one.store.away.set()
    one.turn("caller", "first")
    one.desk.event("barge_in", "")
    assert one.store.tried.wait(10)
    one.turn("agent", "second")
    written = one.desk.finish("goodbye", {})
    one.store.away.clear()
    assert written.wait(10)
    one.end()
    assert one.store.rows == ["first", "barge_in", "second", "goodbye"]


def test_a_caller_is_told_that_the_calendar_is_away_while_records_wait(running: Callable[[], Running]) -> None:
    one = running()
    one.talk.desk._database = Away()  # type: ignore[assignment]
    one.store.away.set()
    one.turn("caller", "אני רוצה לקבוע תור מחר בעשר בבוקר")
    one.wait_told("לא נקבע שום תור")
    assert one.store.rows == []
    one.turn("agent", "קבעתי לך תור למחר בעשר.")
    one.talk.desk._database = one.talk.database
    one.wait_told("slot_available")
    one.store.away.clear()
    one.end()
    assert one.store.rows[0].startswith("אני רוצה")
    assert one.desk.false_claims == 1


def test_what_cannot_be_written_after_the_call_is_given_up_in_time(
    running: Callable[[], Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media.desk.FLUSH_S", 0.2)
    one = running()
    one.store.away.set()
    one.turn("caller", "שלום")
    one.end()
    assert one.desk.waiting == 1


def test_a_fault_of_the_booking_side_costs_the_call_none_of_its_records(
    running: Callable[[], Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = running()
    failed = threading.Event()

    def fails(*_: object) -> None:
        failed.set()
        raise TypeError("a sentence nobody thought of")

    monkeypatch.setattr("services.appointment_nlp.AppointmentNlp.read", fails)
    one.turn("caller", "אני רוצה לקבוע תור מחר בעשר בבוקר")
    one.turn("agent", "רגע")
    assert failed.wait(10)
    one.turn("agent", "קבעתי לך תור למחר בעשר.")
    assert one.desk.finish("goodbye", {}).wait(10)
    one.end()
    assert [row[:4] for row in one.store.rows] == ["אני ", "רגע", "קבעת", "good"]
    assert one.desk.false_claims == 1


def test_keys_and_words_lead_to_a_booking_that_is_told(running: Callable[[], Running]) -> None:
    one = running()
    one.turn("caller", "אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן")
    one.wait_told("need_phone")
    for digit in "0501234567":
        one.desk.key(digit)
    one.wait_told("✅ appointment_created")
    one.end()
    assert len(one.talk.booked()) == 1
    assert [delivered for _, delivered in one.talk.stored()] == [True] * 3
