"""The chat model slow, failing, refusing, misshapen or lying, over HTTP: the call goes on, nothing is guessed (A1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from openai import OpenAI

from sandbox.realtime.chat import ChatAnswer
from sandbox.realtime.running import RunningServer, running_server
from services.appointment_nlp import ModelParser
from services.db.database import Database
from tests.services.booking.played_dialogue import PlayedDialogue, make_business

TUESDAY_TEN = datetime(2027, 3, 2, 10, 0)


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with running_server(port=0) as running:
        yield running


@pytest.fixture
def talk(server: RunningServer, sqlite_url: str) -> Iterator[PlayedDialogue]:
    """A call read by a model that has 400 ms to answer."""
    database = Database(sqlite_url)
    client = OpenAI(api_key="sandbox", base_url=server.base_url)
    yield PlayedDialogue(
        database,
        make_business(database, "+97231110001", "he"),
        model=ModelParser(client, "gpt-6-luna", timeout_s=0.4),
    )
    client.close()
    database.dispose()


def reading(**fields: Any) -> dict[str, Any]:
    empty = {"intent": "none", "date": None, "time": None, "name": None, "phone": None, "service": None, "city": None}
    return {**empty, "confidence": 1.0, **fields}


FAULTS = {
    "slow": ChatAnswer(times=0, delay_ms=1500),
    "server error": ChatAnswer(times=0, status=500),
    "rate limit": ChatAnswer(times=0, status=429),
    "wrong key": ChatAnswer(times=0, status=401),
    "refusal": ChatAnswer(times=0, refusal="I cannot help with that."),
    "no JSON": ChatAnswer(times=0, content="Sure! The caller wants Tuesday."),
    "another shape": ChatAnswer(times=0, content={"booked": True, "slot": "2027-03-02T10:00"}),
    "wrong types": ChatAnswer(times=0, content=reading(intent="appointment_created", confidence="very")),
    "cut by length": ChatAnswer(times=0, content=reading(), finish_reason="length"),
    "filtered": ChatAnswer(times=0, content=reading(), finish_reason="content_filter"),
    "impossible values": ChatAnswer(times=0, content=reading(intent="book", date="2027-02-30", time="25:99")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_call_goes_on_without_the_model(server: RunningServer, talk: PlayedDialogue, fault: str) -> None:
    server.add_chat(FAULTS[fault])
    assert talk.say("אני רוצה לקבוע תור מחר בעשר בבוקר") == ["slot_available", "need_name"]
    assert talk.say("קוראים לי דנה כהן") == ["need_phone"]
    assert talk.keys("0501234567") == ["appointment_created"]
    assert [start for start, *_ in talk.booked()] == [TUESDAY_TEN]


def test_a_wish_for_a_person_that_only_the_model_reads_is_asked_about_once(
    server: RunningServer, talk: PlayedDialogue
) -> None:
    server.add_chat(ChatAnswer(times=0, content=reading(wants_human=True)))
    assert talk.say("המכונה הזאת לא בשבילי") == ["confirm_transfer"]
    assert talk.say("נו באמת") == []
    assert talk.booked() == []


def test_where_nobody_is_transferred_such_a_wish_is_told_so(server: RunningServer, sqlite_url: str) -> None:
    with OpenAI(api_key="sandbox", base_url=server.base_url) as client:
        database = Database(sqlite_url)
        business = make_business(database, "+97231110001", "he", may_transfer=False)
        talk = PlayedDialogue(database, business, model=ModelParser(client, "gpt-6-luna", timeout_s=0.4))
        server.add_chat(ChatAnswer(times=0, content=reading(wants_human=True)))
        assert talk.say("המכונה הזאת לא בשבילי") == ["not_offered"]
        database.dispose()


def test_a_model_that_names_another_time_than_the_caller_is_asked_about(
    server: RunningServer, talk: PlayedDialogue
) -> None:
    server.add_chat(ChatAnswer(times=0, content=reading(intent="book", date="2027-03-03", time="15:00")))
    assert talk.say("קוראים לי דנה כהן ואני רוצה לקבוע תור מחר בעשר בבוקר") == ["need_datetime"]
    assert talk.keys("0501234567") == ["phone_noted"]
    assert talk.say("מחר בעשר בבוקר") == ["need_datetime"]
    assert talk.booked() == []


def test_a_time_only_the_model_found_is_confirmed_before_anything_else(
    server: RunningServer, talk: PlayedDialogue
) -> None:
    server.add_chat(ChatAnswer(times=0, content=reading(intent="book", date="2027-03-03", time="15:00")))
    talk.keys("0501234567")
    assert talk.say("קוראים לי דנה כהן, אני רוצה לקבוע תור כשהסבתא יוצאת מהמועדון") == [
        "slot_available",
        "confirm_booking",
    ]
    assert talk.booked() == []
    assert talk.say("לא, לא התכוונתי לזה") == []
    assert talk.say("רגע") == []
    assert talk.booked() == []


def test_a_confirmed_reading_of_the_model_is_booked(server: RunningServer, talk: PlayedDialogue) -> None:
    server.add_chat(ChatAnswer(times=0, content=reading(intent="book", date="2027-03-03", time="15:00", city="חולון")))
    talk.keys("0501234567")
    talk.say("קוראים לי דנה כהן מחולון, אני רוצה לקבוע תור כשהסבתא יוצאת מהמועדון")
    assert talk.say("כן, נכון") == ["appointment_created"]
    assert [start for start, *_ in talk.booked()] == [datetime(2027, 3, 3, 15, 0)]
    lead = talk.lead()
    assert lead is not None
    assert lead.city == "חולון"


def test_a_model_that_invents_a_booking_out_of_small_talk_holds_nothing_unasked(
    server: RunningServer, talk: PlayedDialogue
) -> None:
    server.add_chat(ChatAnswer(times=0, content=reading(intent="book", date="2027-03-03", time="15:00", name="Moshe")))
    assert talk.say("שלום, מה שלומך?") == ["slot_available", "confirm_booking"]
    assert talk.say("לא, מה פתאום") == []
    assert talk.booked() == []
    lead = talk.lead()
    assert lead is None or not lead.name


def test_words_that_come_while_the_model_thinks_overtake_its_reading(
    server: RunningServer, talk: PlayedDialogue
) -> None:
    server.add_chat(ChatAnswer(content=reading(), delay_ms=300))
    talk.booking.heard("caller", "אני רוצה לקבוע תור מחר בעשר בבוקר", "1", 0)
    exchange = talk.booking._nlp.take(1000)
    assert exchange is not None
    talk.booking.heard("caller", "בעצם לא, מחר באחת עשרה בבוקר", "2", 1100)
    assert talk.booking._nlp.read(exchange, talk.now) is None
    told = talk.booking.tick(3000)
    assert [one.message.kind for one in told] == ["slot_available", "need_name"]
    assert "11:00" in told[0].message.text
