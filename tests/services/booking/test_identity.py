"""A number that anyone can fake opens nothing by itself (S5): what a spoofed caller tries, what a customer needs."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.booking.identity import CODES_A_CALL, NAMES_A_DAY
from services.db.database import Database
from tests.services.booking.played_dialogue import PlayedDialogue, make_business

VICTIM = "+972501234567"
TUESDAY_TEN = datetime(2027, 3, 2, 10, 0)  # it is Monday 09:00
SECRETS = ("10:00", "2 במרץ", "דנה", "כהן", "שלישי")


def business(database: Database, **settings: Any) -> int:
    """A business that uses the calling number, with an appointment of Dana Cohen's under the victim's number."""
    ours = make_business(database, "+97231110001", "he", **{"caller_id_allowed": True, **settings})
    customer = PlayedDialogue(database, ours, sid="CA-customer", caller=VICTIM)
    customer.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן")
    customer.say("כן")
    assert customer.booked() == [(TUESDAY_TEN, "דנה כהן", VICTIM)]
    return ours


@pytest.fixture
def clinic(database: Database) -> int:
    return business(database)


@pytest.fixture
def by_code(database: Database) -> int:
    return business(database, caller_id_trust="code")


def spoofed(database: Database, ours: int, sid: str = "CA-spoofed", **more: Any) -> PlayedDialogue:
    """A call that pretends to come from the victim's number."""
    return PlayedDialogue(database, ours, sid=sid, caller=VICTIM, **more)


TRIES = [
    ["מתי התור שלי?", "נו, מתי?", "רק תגידי אם יש לי תור מחר"],
    ["יש לי תור מחר?", "קוראים לי רון לוי", "אז קוראים לי מיכל לוי", "ומה עם יעל?"],
    ["תבטלי את התור שלי", "כן", "כן, תבטלי"],
    ["אני רוצה לבטל את התור של מחר", "רון לוי", "כן", "כן לבטל"],
    ["אני רוצה להזיז את התור שלי ליום רביעי בעשר בבוקר", "כן", "יעל", "כן, תעבירי", "שירה", "כן"],
    ["אני דן כהן, מתי התור שלי?", "דנית כהן", "דני"],
    ["אני רוצה לבטל את התור", "זה התור של אשתי", "כן"],
    ["קוראים לי רון לוי ואני רוצה לבטל את התור", "כן", "קוראים לי שירה לוי", "אוקיי תבטלי", "Dana"],
]


@pytest.mark.parametrize("words", TRIES)
def test_whoever_fakes_the_number_and_knows_no_name_hears_and_changes_nothing(
    database: Database, clinic: int, words: list[str]
) -> None:
    talk = spoofed(database, clinic)
    told = [kind for one in words for kind in talk.say(one)]
    assert set(told) <= {"need_name", "error"}
    assert not any(secret in text for text in talk.texts for secret in SECRETS)
    assert talk.booked() == [(TUESDAY_TEN, "דנה כהן", VICTIM)]


def test_the_words_are_the_same_whether_an_appointment_stands_or_not(database: Database, clinic: int) -> None:
    known, unknown = spoofed(database, clinic), PlayedDialogue(database, clinic, sid="CA-x", caller="+972509999999")
    for words in ("תבטלי את התור שלי", "רון לוי", "שירה לוי", "תבטלי את התור שלי"):
        assert known.say(words) == unknown.say(words)
        assert known.texts == unknown.texts


def test_after_two_wrong_names_a_person_or_a_message_is_offered_and_the_right_name_is_too_late(
    database: Database, clinic: int
) -> None:
    talk = spoofed(database, clinic)
    assert talk.say("מתי התור שלי?") == ["need_name"]
    assert talk.say("רון לוי") == ["need_name"]
    assert talk.say("שירה לוי") == ["error"]
    assert "להשאיר הודעה" in talk.last
    assert talk.say("דנה כהן, מתי התור שלי?") == ["error"]


def test_names_cannot_be_tried_call_after_call(database: Database, clinic: int) -> None:
    for number in range(NAMES_A_DAY // 2):
        talk = spoofed(database, clinic, sid=f"CA-{number}")
        talk.say("מתי התור שלי?")
        talk.say("רון לוי")
        assert talk.say("שירה לוי") == ["error"]
    late = spoofed(database, clinic, sid="CA-late")
    assert late.say("אני דנה כהן, מתי התור שלי?") == ["error"]
    late.now += timedelta(days=1, minutes=1)


def test_a_customer_who_has_said_the_first_name_is_told_and_may_change(database: Database, clinic: int) -> None:
    talk = spoofed(database, clinic)
    assert talk.say("שלום, מדברת דנה") == []
    assert talk.say("מתי התור שלי?") == ["existing_appointment"]
    assert "2 במרץ בשעה 10:00" in talk.last
    assert talk.say("אני רוצה להזיז אותו ליום רביעי בעשר בבוקר") == ["confirm_move"]
    assert talk.say("כן") == ["appointment_moved"]


def test_a_wish_to_cancel_goes_on_once_the_name_fits(database: Database, clinic: int) -> None:
    talk = spoofed(database, clinic)
    assert talk.say("אני רוצה לבטל את התור של מחר") == ["need_name"]
    assert talk.say("דנה כהן") == ["confirm_cancel"]
    assert talk.say("כן") == ["appointment_cancelled"]
    assert talk.booked() == []


def test_a_name_in_another_script_is_compared_by_ear(database: Database, clinic: int) -> None:
    assert spoofed(database, clinic).say("I am Dana Cohen, when is my appointment?") == ["existing_appointment"]
    other = spoofed(database, clinic, sid="CA-other")
    assert other.say("I am Michael Cohen, when is my appointment?") == ["need_name"]


def test_what_was_asked_survives_a_lost_socket(database: Database, clinic: int) -> None:
    talk = spoofed(database, clinic)
    talk.say("אני רוצה לבטל את התור של מחר")
    talk.say("רון לוי")
    talk.booking = talk.new_booking()
    assert talk.say("שירה לוי") == ["error"]
    again = spoofed(database, clinic, sid="CA-again")
    again.say("אני רוצה לבטל את התור של מחר")
    again.booking = again.new_booking()
    assert again.say("דנה כהן") == ["confirm_cancel"]


def test_an_attested_number_is_enough_to_hear_and_not_to_change(database: Database, clinic: int) -> None:
    talk = spoofed(database, clinic, attested=True)
    assert talk.say("מתי התור שלי?") == ["existing_appointment"]
    assert talk.say("אז תבטלי אותו, את התור") == ["need_name"]
    assert len(talk.booked()) == 1


def test_where_the_calling_number_is_not_used_it_opens_nothing(database: Database) -> None:
    ours = business(database)
    off = make_business(database, "+97231110009", "he", caller_id_allowed=False, caller_id_trust="open")
    customer = PlayedDialogue(database, off, sid="CA-off", caller="+972501112233")
    customer.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן")
    assert customer.keys("0501234567") == ["appointment_created"]
    talk = spoofed(database, off)
    assert talk.say("תבטלי את התור שלי") == ["need_phone"]
    assert talk.keys("0501234567") == ["need_name"]
    assert talk.say("רון לוי") == ["need_name"]
    assert talk.say("דנה") == ["confirm_cancel"]
    assert ours != off


def test_an_appointment_of_the_same_call_needs_no_check(database: Database, clinic: int) -> None:
    talk = PlayedDialogue(database, clinic, sid="CA-new", caller="+972507777777")
    talk.say("אני רוצה לקבוע תור ביום רביעי בעשר בבוקר, קוראים לי יעל בר")
    talk.say("כן")
    assert talk.say("בעצם תבטלי את התור") == ["confirm_cancel"]


def test_the_agent_may_not_confirm_to_a_faked_number_what_the_caller_guessed(database: Database, clinic: int) -> None:
    talk = spoofed(database, clinic)
    assert talk.agent("כן, יש לך תור ביום שלישי בעשר בבוקר.") == ["false_claim"]
    assert talk.agent("כן, יש לך תור ביום רביעי בעשר בבוקר.") == ["false_claim"]


# -- by code ---------------------------------------------------------------------------------------------------------


def code_of(talk: PlayedDialogue) -> str:
    """The code that was sent last."""
    return [found[0] for _, body in talk.written() if (found := re.findall(r"\d{6}", body))][-1]


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_a_code_by_sms_opens_the_appointment_keyed_or_spoken(database: Database, by_code: int) -> None:
    talk = spoofed(database, by_code)
    assert talk.say("אני דנה כהן ואני רוצה לבטל את התור שלי") == ["need_code"]
    assert [number for number, _ in talk.written()] == [VICTIM]
    assert talk.keys(f"{code_of(talk)}#") == ["confirm_cancel"]
    spoken = spoofed(database, by_code, sid="CA-spoken")
    assert spoken.say("מתי התור שלי?") == ["need_code"]
    assert spoken.say(" ".join(code_of(spoken))) == ["existing_appointment"]


def test_guessing_the_code_ends_after_three_tries(database: Database, by_code: int) -> None:
    talk = spoofed(database, by_code)
    assert talk.say("תבטלי את התור שלי") == ["need_code"]
    code = code_of(talk)
    for _ in range(CODES_A_CALL - 1):
        assert talk.keys(f"{other_than(code)}#") == ["need_code"]
    assert talk.keys(f"{other_than(code)}#") == ["error"]
    talk.keys(f"{code}#")
    assert talk.say("תבטלי את התור שלי") == ["error"]
    assert len(talk.booked()) == 1
    assert len(talk.written()) == 1


def test_a_code_is_worth_nothing_after_ten_minutes_or_in_another_call(database: Database, by_code: int) -> None:
    talk = spoofed(database, by_code)
    talk.say("תבטלי את התור שלי")
    code = code_of(talk)
    other = spoofed(database, by_code, sid="CA-other")
    other.say("תבטלי את התור שלי")
    assert other.keys(f"{code if code != code_of(other) else other_than(code)}#") == ["need_code"]
    talk.now += timedelta(minutes=11)
    assert talk.keys(f"{code}#") == ["need_code"]


def test_no_code_is_sent_where_nothing_stands_and_the_words_are_the_same(database: Database, by_code: int) -> None:
    known = spoofed(database, by_code)
    unknown = PlayedDialogue(database, by_code, sid="CA-x", caller="+972509999999")
    for words in ("תבטלי את התור שלי", "123456", "תבטלי את התור שלי"):
        assert known.say(words) == unknown.say(words)
    assert known.texts == unknown.texts
    assert [number for number, _ in known.written()] == [VICTIM]


def test_the_code_is_stored_as_a_hash(database: Database, by_code: int) -> None:
    talk = spoofed(database, by_code)
    talk.say("תבטלי את התור שלי")
    assert code_of(talk) not in str(talk.booking._draft.as_dict())


def test_a_number_is_sent_few_codes_a_day(database: Database, by_code: int) -> None:
    for number in range(8):
        spoofed(database, by_code, sid=f"CA-{number}").say("תבטלי את התור שלי")
    assert len(spoofed(database, by_code, sid="CA-last").written()) == 5


# -- the customer is told ------------------------------------------------------------------------------------------


def test_after_a_move_and_a_cancellation_the_customer_gets_one_sms_each(database: Database, clinic: int) -> None:
    talk = spoofed(database, clinic)
    talk.say("מדברת דנה, אני רוצה להזיז את התור ליום רביעי בעשר בבוקר")
    talk.say("כן")
    ((number, body),) = talk.written()
    assert number == VICTIM
    assert "הועבר" in body
    assert "3 במרץ" in body
    talk.say("אז לבטל את התור")
    talk.say("כן")
    assert [("בוטל" in body) for _, body in talk.written()] == [False, True]


@pytest.mark.parametrize("off", [{"sms_per_day": 0}, {"dial_countries": ["US"]}])
def test_no_sms_is_queued_where_none_can_go(database: Database, off: dict[str, Any]) -> None:
    talk = spoofed(database, business(database, **off))
    talk.say("מדברת דנה, אני רוצה לבטל את התור")
    assert talk.say("כן") == ["appointment_cancelled"]
    assert talk.written() == []


# -- a hum is a yes to be confirmed (L1) ---------------------------------------------------------------------------


@pytest.mark.parametrize("hum", ["אהה", "mhm", "ага"])
def test_nothing_is_cancelled_on_the_first_hum(database: Database, clinic: int, hum: str) -> None:
    talk = spoofed(database, clinic)
    talk.say("מדברת דנה, אני רוצה לבטל את התור")
    assert talk.say(hum) == ["confirm_cancel"]
    assert len(talk.booked()) == 1
    assert talk.say(hum) == ["appointment_cancelled"]


def test_nothing_is_moved_on_the_first_hum_and_a_no_after_it_counts(database: Database, clinic: int) -> None:
    talk = spoofed(database, clinic)
    talk.say("מדברת דנה, אני רוצה להזיז את התור ליום רביעי בעשר בבוקר")
    assert talk.say("אהה") == ["confirm_move"]
    assert talk.say("לא") == []
    assert talk.booked()[0][0] == TUESDAY_TEN


def test_nothing_is_booked_on_the_first_hum(database: Database, clinic: int) -> None:
    talk = PlayedDialogue(database, clinic, sid="CA-hum", caller="+972507777777")
    talk.say("יש לכם משהו פנוי ביום רביעי בעשר בבוקר? קוראים לי יעל בר")
    assert talk.say("אהה") == ["confirm_booking"]
    assert "3 במרץ בשעה 10:00" in talk.last
    assert len(talk.booked()) == 1
    assert talk.say("אהה")[-1] in ("need_phone", "appointment_created")


def test_a_hum_is_enough_for_the_number_the_call_comes_from(database: Database, clinic: int) -> None:
    talk = PlayedDialogue(database, clinic, sid="CA-hum", caller="+972507777777")
    assert talk.say("אני רוצה לקבוע תור ביום רביעי בעשר בבוקר, קוראים לי יעל בר")[-1] == "need_phone"
    assert talk.say("mhm") == ["appointment_created"]
