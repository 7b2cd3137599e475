"""What the bench reads of [SERVER] facts, and when it takes two names for one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from bench.conversations.dialogue import Answers
from bench.conversations.facts import Ask, open_ask, read_facts
from bench.conversations.live import answer_to
from bench.conversations.names import same_name
from services.booking.messages import ServerMessages

SAY = {language: ServerMessages(language) for language in ("he", "en")}
NOVEMBER, JANUARY = datetime(2026, 11, 29, 9, 30), datetime(2027, 1, 5, 17, 0)


@pytest.mark.parametrize("language", ["he", "en"])
def test_times_are_read_in_order_with_the_year_that_is_meant(language: str) -> None:
    say = SAY[language]
    (fact,) = read_facts([say.slot_unavailable(NOVEMBER, "09:00–13:00", [JANUARY, NOVEMBER]).text])
    assert fact.offered == [JANUARY, NOVEMBER]
    assert fact.moments == [NOVEMBER, JANUARY, NOVEMBER]
    assert not fact.is_unreadable


def test_an_offer_that_cannot_be_read_is_told() -> None:
    for text in ("[SERVER] need_datetime: Offer: tomorrow 10:00.", "[SERVER] slot_available: מחר בעשר פנוי."):
        (fact,) = read_facts([text])
        assert fact.is_unreadable
    (refused,) = read_facts(["[SERVER] slot_unavailable: not possible: open 09:00–13:00. No time near it is free."])
    assert not refused.is_unreadable


@pytest.mark.parametrize(
    ("message", "ask"),
    [
        (SAY["he"].need_name(), Ask.NAME),
        (SAY["he"].need_phone(), Ask.PHONE),
        (SAY["en"].need_phone(spoken=True), Ask.PHONE),
        (SAY["he"].need_permission(), Ask.OWN_NUMBER),
        (SAY["en"].need_permission(), Ask.OWN_NUMBER),
        (SAY["he"].bad_number("קצר."), Ask.PHONE),
        (SAY["en"].bad_number("Short."), Ask.PHONE),
        (SAY["he"].need_datetime(), Ask.WHEN),
        (SAY["he"].where_to(NOVEMBER), Ask.WHEN),
        (SAY["en"].need_datetime([NOVEMBER]), Ask.PICK),
        (SAY["en"].slot_unavailable(NOVEMBER, "Taken.", [JANUARY]), Ask.PICK),
        (SAY["he"].slot_unavailable(NOVEMBER, "תפוס.", []), None),
        (SAY["he"].ask_to_book(), Ask.CONFIRM),
        (SAY["en"].confirm_move(NOVEMBER, JANUARY), Ask.CONFIRM),
        (SAY["he"].confirm_cancel(NOVEMBER), Ask.CONFIRM),
        (SAY["en"].no_appointment(), None),
        (SAY["en"].calendar_away(), None),
    ],
)
def test_every_message_asks_for_what_it_says(message: Any, ask: Ask | None) -> None:
    (fact,) = read_facts([message.text])
    assert fact.ask is ask


def test_only_the_last_question_is_open_and_none_after_a_result() -> None:
    say = SAY["he"]
    asked = [say.slot_available(NOVEMBER).text, say.need_name().text]
    assert open_ask(read_facts(asked)) == 1
    assert open_ask(read_facts([*asked, say.created(NOVEMBER, "טל").text])) is None
    assert open_ask([]) is None


def test_a_noted_number_leaves_open_what_else_was_asked_for() -> None:
    say = SAY["he"]
    noted = say.phone_noted().text
    assert open_ask(read_facts([say.need_name().text, noted])) == 0
    assert open_ask(read_facts([say.need_phone().text, noted])) is None
    assert open_ask(read_facts([say.need_name().text, say.need_phone().text, noted])) == 0
    assert open_ask(read_facts([say.need_phone().text, noted, say.need_name().text])) == 2


@pytest.mark.parametrize(
    ("message", "answers", "answer"),
    [
        (SAY["he"].need_permission(), {"use_this_number": "כן", "phone_keys": "05#"}, "כן"),
        (SAY["he"].need_permission(), {"phone_keys": "05#", "phone": "אפס חמש"}, "05#"),
        (SAY["he"].need_phone(), {"phone_keys": "05#", "use_this_number": "כן"}, "05#"),
        (SAY["he"].need_phone(), {"phone": "אפס חמש"}, "אפס חמש"),
        (SAY["he"].need_datetime([NOVEMBER, JANUARY]), {"confirm": "כן", "pick": "הראשון"}, "הראשון"),
        (SAY["he"].need_datetime([NOVEMBER]), {"confirm": "כן", "pick": "הראשון"}, "כן"),
        (SAY["he"].ask_to_book(), {"name": "טל"}, None),
    ],
)
def test_the_caller_answers_what_is_asked_or_nothing(message: Any, answers: dict[str, str], answer: str | None) -> None:
    (fact,) = read_facts([message.text])
    turn = answer_to(fact, Answers(**answers))
    assert (turn and (turn.says or turn.keys)) == answer


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("טל לוי", "לוי טל"),
        ("סילביה מרקוביץ'", "סילביה מרקוביץ"),
        ("שָׁלוֹם שבזי", "שלום שבזי"),
        ("Dana Cohen", "Ms. DANA cohen"),
        ("אסתר רוזנבלום", "גב' אסתר רוזנבלום"),
        ("Семён", "семен"),
        ("سهى عودة", "سهى عوده"),
        ("דנה כהן", "Dana Cohen"),
        ("Роман Вайсман", "רומן וייסמן"),
    ],
)
def test_one_person_however_written(expected: str, found: str) -> None:
    assert same_name(expected, found)


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("טל לוי", "טל"),
        ("טל לוי", "טל כהן"),
        ("גד", "גל"),
        ("Jo", ""),
        ("", ""),
        ("דנה כהן", "Dana Levi"),
        ("נועם ביטון", "של הילד נועם ביטון"),
    ],
)
def test_two_people(expected: str, found: str) -> None:
    assert not same_name(expected, found)
