"""The booking thread: turns and keys lead to bookings and facts; what is under way at the end is finished (A1–A6)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from openai import OpenAI

from media.record.booking import BookingThread
from sandbox.realtime.chat import ChatAnswer
from sandbox.realtime.running import RunningServer, running_server
from services.appointment_nlp import ModelParser
from services.calls.context import TurnRecord
from services.calls.lifecycle import claim_stream, find_call, renew_stream
from services.db.database import Database, DatabaseUnavailable
from tests.services.booking.played_dialogue import PlayedDialogue, make_business
from tests.serving import wait_until

WISH = "אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן"
PHONE = "0501234567"
TUESDAY_TEN = datetime(2027, 3, 2, 10, 0)
SLOW_MS = 1500  # what a reading takes while something else happens


class Away:
    """A database that cannot be reached."""

    def write(self, _fn: Any, **_: Any) -> Any:
        raise DatabaseUnavailable("away")

    read = write


class Running:
    """The booking side of a call in its thread, and what it told."""

    def __init__(self, dialogue: PlayedDialogue) -> None:
        self.dialogue = dialogue
        self.told: list[str] = []
        self.turns = 0
        self.listening = True
        self.news = threading.Condition()
        self.booking = BookingThread(dialogue.booking, self.tell)
        self.thread = threading.Thread(target=self.booking.loop, daemon=True)
        self.thread.start()

    def tell(self, text: str, speak: bool) -> bool:
        with self.news:
            if self.listening:
                self.told.append(text)
            self.news.notify_all()
            return self.listening

    def wait_told(self, part: str) -> None:
        with self.news:
            assert self.news.wait_for(lambda: any(part in text for text in self.told), 10), self.told

    def turn(self, role: Any, text: str) -> None:
        self.turns += 1
        self.booking.turn(TurnRecord(seq=self.turns, role=role, text=text))

    def keys(self, digits: str) -> None:
        for digit in digits:
            self.booking.key(digit)

    def hang_up(self) -> None:
        """Nobody hears any more."""
        with self.news:
            self.listening = False
        self.booking.close()

    def end(self) -> None:
        self.hang_up()
        self.thread.join(15)
        assert not self.thread.is_alive()


@pytest.fixture
def running(sqlite_url: str) -> Iterator[Callable[[], Running]]:
    """Calls that the built-in parser reads."""
    database = Database(sqlite_url)
    yield lambda: Running(PlayedDialogue(database, make_business(database, "+97231110001", "he")))
    database.dispose()


@pytest.fixture
def chat() -> Iterator[RunningServer]:
    with running_server(port=0) as server:
        yield server


@pytest.fixture
def slow(database: Database, chat: RunningServer) -> Iterator[Running]:
    """A call whose turns a slow chat model reads."""
    client = OpenAI(api_key="sandbox", base_url=chat.base_url)
    dialogue = PlayedDialogue(
        database, make_business(database, "+97231110001", "he"), model=ModelParser(client, "gpt-6-luna")
    )
    chat.add_chat(ChatAnswer(times=0, delay_ms=SLOW_MS))
    one = Running(dialogue)
    yield one
    if one.thread.is_alive():
        one.end()
    client.close()


def begin_to_read(one: Running, chat: RunningServer) -> None:
    """The caller wants an appointment; returns while the chat model is reading it."""
    one.turn("caller", WISH)
    wait_until(lambda: chat.chat_requests, what="the chat model reads")


def key_number(one: Running) -> None:
    one.keys(PHONE)
    one.wait_told("phone_noted")


def test_keys_and_words_lead_to_a_booking_that_is_told(running: Callable[[], Running]) -> None:
    one = running()
    one.turn("caller", WISH)
    one.wait_told("need_phone")
    one.keys(PHONE)
    one.wait_told("✅ appointment_created")
    one.end()
    assert len(one.dialogue.booked()) == 1
    assert [delivered for _, delivered in one.dialogue.stored()] == [True] * 3


def test_a_caller_is_told_that_the_calendar_is_away(running: Callable[[], Running]) -> None:
    one = running()
    one.dialogue.booking._database = Away()  # type: ignore[assignment]
    one.turn("caller", WISH)
    one.wait_told("לא נקבע שום תור")
    one.turn("agent", "קבעתי לך תור למחר בעשר.")
    one.dialogue.booking._database = one.dialogue.database
    one.wait_told("slot_available")
    one.end()
    assert one.booking.false_claims == 1


def test_a_sentence_that_breaks_the_reading_does_not_end_the_booking_side(
    running: Callable[[], Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = running()
    failed = threading.Event()

    def fails(*_: object) -> None:
        failed.set()
        raise TypeError("a sentence nobody thought of")

    with monkeypatch.context() as patch:
        patch.setattr("services.appointment_nlp.AppointmentNlp.read", fails)
        one.turn("caller", WISH)
        assert failed.wait(10)
    one.turn("agent", "קבעתי לך תור למחר בעשר.")
    one.turn("caller", WISH)
    one.wait_told("need_phone")
    one.end()
    assert one.booking.false_claims == 1


def test_a_booking_that_a_reading_leads_to_after_the_caller_hung_up_is_made_and_not_said_to_be_told(
    slow: Running, chat: RunningServer
) -> None:
    key_number(slow)
    begin_to_read(slow, chat)
    slow.end()
    assert [start for start, *_ in slow.dialogue.booked()] == [TUESDAY_TEN]
    assert slow.dialogue.stored()[-1] == ("appointment_created", False)


def test_keys_that_were_pressed_during_the_last_reading_still_count(slow: Running, chat: RunningServer) -> None:
    begin_to_read(slow, chat)
    slow.keys(PHONE)
    slow.end()
    assert [start for start, *_ in slow.dialogue.booked()] == [TUESDAY_TEN]


def test_nothing_is_booked_once_the_reading_was_given_up(slow: Running, chat: RunningServer) -> None:
    key_number(slow)
    begin_to_read(slow, chat)
    slow.hang_up()
    slow.booking.give_up()
    slow.end()
    assert slow.dialogue.booked() == []
    assert slow.dialogue.stored() == [("phone_noted", True)]


def test_a_reading_that_ends_after_the_next_stream_has_begun_changes_nothing_of_it(
    slow: Running, chat: RunningServer
) -> None:
    key_number(slow)
    begin_to_read(slow, chat)
    slow.hang_up()
    take_over(slow.dialogue)
    successor = slow.dialogue.new_booking()
    slow.thread.join(15)
    assert slow.dialogue.booked() == []
    assert slow.dialogue.stored() == [("phone_noted", True)]
    slow.dialogue.booking = successor
    assert slow.dialogue.say(WISH)[-1] == "appointment_created", "with the number that was keyed before"
    assert [start for start, *_ in slow.dialogue.booked()] == [TUESDAY_TEN]


def take_over(dialogue: PlayedDialogue) -> None:
    """The call's stream was lost, and another worker carries it."""

    def work(session: Any) -> None:
        call = find_call(session, "CA-talk")
        assert call is not None
        claim_stream(
            session, call_sid="CA-talk", business_id=dialogue.business_id, nonce=call.stream_nonce, now=dialogue.now
        )
        session.expire_all()
        renewed = renew_stream(session, call_sid="CA-talk", now=dialogue.now)
        assert renewed is not None
        assert renewed.stream_generation == 1

    dialogue.database.write(work)
