"""L15, L8: what a caller laid down, took back or asked again, turn by turn on a real database."""

from __future__ import annotations

from datetime import datetime

import pytest

from services.db.database import Database
from tests.services.booking.played_dialogue import PlayedDialogue, make_business

TUESDAY_TEN = datetime(2027, 3, 2, 10, 0)  # it is Monday 09:00
PHONE = "+972501234567"
OWN = "+972501112233"


@pytest.fixture
def clinic(database: Database) -> int:
    return make_business(database, "+97231110001", "he")


@pytest.fixture
def trusting(database: Database) -> int:
    """A business to which the calling number is enough."""
    return make_business(database, "+97231110001", "he", caller_id_allowed=True, caller_id_trust="open")


@pytest.fixture
def hebrew(database: Database, clinic: int) -> PlayedDialogue:
    return PlayedDialogue(database, clinic)


@pytest.fixture
def with_permission(database: Database) -> PlayedDialogue:
    return PlayedDialogue(database, make_business(database, "+97231110003", "he", caller_id_allowed=True))


def offered(talk: PlayedDialogue) -> str:
    return talk.last.split("להציע:")[1] if "להציע:" in talk.last else ""


def book(talk: PlayedDialogue) -> None:
    talk.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן")
    assert talk.keys("0501234567") == ["appointment_created"]


def test_a_denied_day_is_replaced_at_once_with_the_slot_that_was_held(
    hebrew: PlayedDialogue, database: Database, clinic: int
) -> None:
    hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר")
    assert hebrew.say("לא, לא שלישי, חמישי") == ["slot_available", "need_name"]
    assert "4 במרץ בשעה 10:00" in hebrew.texts[-2]
    other = PlayedDialogue(database, clinic, sid="CA-other", caller="+972522222222")
    assert other.say("אפשר לקבוע תור מחר בעשר בבוקר?")[0] == "slot_available"


def test_a_refusal_stops_the_booking_until_it_is_wished_again(hebrew: PlayedDialogue) -> None:
    hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר")
    assert hebrew.say("לא תודה, לא רוצה לקבוע, רק שאלתי") == []
    assert hebrew.say("ואיפה אתם נמצאים?") == []
    assert hebrew.keys("0501234567") == ["phone_noted"]
    assert hebrew.booked() == []
    assert hebrew.say("טוב, אז תקבעי לי מחר באחת עשרה בבוקר") == ["slot_available", "need_name"]


def test_a_mere_question_about_prices_asks_for_no_day(hebrew: PlayedDialogue) -> None:
    assert hebrew.say("כמה עולה אצלכם סתימה?") == []
    assert hebrew.say("ומה הכתובת?") == []


def test_conditions_of_earlier_turns_shape_every_offer(hebrew: PlayedDialogue) -> None:
    assert hebrew.say("אני רוצה תור השבוע, רק לא בבוקר") == ["need_datetime"]
    assert not {"09:", "10:", "11:"} & {word[:3] for word in offered(hebrew).split()}
    assert hebrew.say("ולא ביום שלישי") == ["need_datetime"]
    assert "שלישי" not in offered(hebrew)
    assert hebrew.say("רביעי")[0] == "slot_available"  # the one Wednesday that was offered
    assert "3 במרץ" in hebrew.texts[-2]
    assert not {"09:", "10:", "11:"} & {word[:3] for word in hebrew.texts[-2].split()}


def test_the_alternatives_to_a_refused_time_keep_the_conditions(hebrew: PlayedDialogue) -> None:
    hebrew.say("אני רוצה תור אחרי שתיים בצהריים, אבל לא ברביעי")
    assert hebrew.say("מחר בשמונה בערב") == ["slot_unavailable"]
    assert "רביעי" not in offered(hebrew)
    assert "בשעה 1" in offered(hebrew)


def test_conditions_survive_a_lost_socket(hebrew: PlayedDialogue) -> None:
    hebrew.say("אני רוצה תור, אבל לא ביום שלישי ולא ברביעי")
    hebrew.booking = hebrew.new_booking()
    hebrew.say("מה התור הכי מוקדם אחרי היום?")
    assert "שלישי" not in offered(hebrew)
    assert "רביעי" not in offered(hebrew)


def test_either_of_two_days_is_offered_and_no_other(hebrew: PlayedDialogue) -> None:
    assert hebrew.say("אני רוצה תור או רביעי או חמישי בצהריים") == ["need_datetime"]
    assert "3 במרץ" in offered(hebrew)
    assert "4 במרץ" in offered(hebrew)
    assert "2 במרץ" not in offered(hebrew)


def test_about_three_gets_the_nearest_free_time_and_a_question(hebrew: PlayedDialogue) -> None:
    assert hebrew.say("אני רוצה תור מחר בסביבות שלוש אחר הצהריים") == ["slot_available", "confirm_booking"]
    assert "15:00" in hebrew.texts[-2]
    assert hebrew.say("כן") == ["need_name"]


def test_the_last_time_of_a_morning_is_found(hebrew: PlayedDialogue) -> None:
    assert hebrew.say("אני רוצה לקבוע את התור האחרון שיש מחר בבוקר") == ["slot_available", "confirm_booking"]
    assert "11:30" in hebrew.texts[-2] or "12:00" in hebrew.texts[-2]


def test_a_bare_answer_is_the_name_although_the_agent_asked_in_other_words(hebrew: PlayedDialogue) -> None:
    assert hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר")[-1] == "need_name"
    hebrew.agent("יופי, נמשיך.")
    assert hebrew.say("טל") == ["need_name"], "the full name, once"
    assert hebrew.keys("0501234567") == ["appointment_created"]
    assert hebrew.booked() == [(TUESDAY_TEN, "טל", PHONE)]


def test_name_and_consent_to_this_number_in_one_answer_book(with_permission: PlayedDialogue) -> None:
    with_permission.say("אני רוצה לקבוע תור מחר בעשר בבוקר")
    assert with_permission.say("רות לביא, ואפשר להשתמש במספר הזה") == ["appointment_created"]
    assert with_permission.booked() == [(TUESDAY_TEN, "רות לביא", OWN)]


def test_a_no_to_a_day_is_no_refusal_of_the_number(with_permission: PlayedDialogue) -> None:
    with_permission.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי רות לביא")
    with_permission.say("רגע, לא מחר, חמישי")
    assert "שממנו מתקשרים" in with_permission.last
    assert with_permission.say("כן") == ["appointment_created"]


def test_a_number_that_is_spoken_again_is_the_number(hebrew: PlayedDialogue) -> None:
    hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן")
    assert hebrew.say("אפס חמש אפס אחת שתיים שלוש ארבע חמש שש שבע") == ["need_phone"]
    assert hebrew.say("אין לי מקשים. אפס חמש אפס אחת שתיים שלוש ארבע חמש שש שבע") == ["appointment_created"]
    assert hebrew.booked() == [(TUESDAY_TEN, "דנה כהן", PHONE)]


def test_a_cancel_that_is_repeated_gets_its_result_again(hebrew: PlayedDialogue) -> None:
    book(hebrew)
    hebrew.say("אני רוצה לבטל את התור")
    assert hebrew.say("כן, לבטל") == ["appointment_cancelled"]
    assert hebrew.say("כן כן, תבטלי אותו") == ["appointment_cancelled"]
    assert hebrew.booked() == []


def test_a_booking_that_is_repeated_gets_its_result_again(hebrew: PlayedDialogue) -> None:
    book(hebrew)
    assert hebrew.say("תקבעי לי מחר בעשר בבוקר") == ["appointment_created"]
    assert len(hebrew.booked()) == 1


def test_the_other_one_of_two_appointments_is_cancelled(database: Database, trusting: int) -> None:
    talk = PlayedDialogue(database, trusting)
    book(talk)
    talk.say("אני רוצה לקבוע עוד תור, ביום רביעי בשתים עשרה בצהריים")
    again = PlayedDialogue(database, trusting, sid="CA-again", caller=PHONE)
    assert again.say("אני צריכה לבטל תור") == ["confirm_cancel"]
    assert "2 במרץ" in again.last
    assert again.say("לא, את השני") == ["confirm_cancel"]
    assert "3 במרץ" in again.last
    assert again.say("כן") == ["appointment_cancelled"]
    assert [start for start, *_ in again.booked()] == [TUESDAY_TEN]


def test_a_caller_is_told_of_the_own_appointment_and_nobody_else_is(database: Database, trusting: int) -> None:
    book(PlayedDialogue(database, trusting))
    again = PlayedDialogue(database, trusting, sid="CA-again", caller=PHONE)
    assert again.say("מתי התור שלי?") == ["existing_appointment"]
    assert "2 במרץ בשעה 10:00" in again.last
    assert again.say("לא שמעתי, מתי התור שלי?") == ["existing_appointment"]
    other_name = PlayedDialogue(database, trusting, sid="CA-ex", caller=PHONE)
    assert other_name.say("קוראים לי עופר גל, מתי יש לי תור?") == ["error"]
    stranger = PlayedDialogue(database, trusting, sid="CA-stranger", caller="+972529999999")
    assert stranger.say("מתי התור שלי?") == ["error"]


def test_two_people_are_booked_one_after_the_other(hebrew: PlayedDialogue) -> None:
    hebrew.say("אני רוצה לקבוע תור לי ולבעלי, מחר בעשר בבוקר, קוראים לי דנה כהן")
    assert hebrew.keys("0501234567") == ["appointment_created", "need_name"]
    assert hebrew.say("יוסי כהן") == ["need_datetime"]
    hebrew.say("תקבעי לו מחר בעשר וחצי בבוקר")
    assert hebrew.booked() == [(TUESDAY_TEN, "דנה כהן", PHONE), (datetime(2027, 3, 2, 10, 30), "יוסי כהן", PHONE)]


def test_a_message_is_recorded_with_name_number_and_what_it_is_about(with_permission: PlayedDialogue) -> None:
    assert with_permission.say("תמסרי בבקשה לרופאה שהכאב חזר, ושתתקשר אליי מחר") == ["need_name"]
    lead = with_permission.lead()
    assert lead is not None
    assert (lead.phone, "הכאב חזר" in lead.notes) == (OWN, True)
    assert with_permission.say("נגה צור") == ["need_phone"]
    assert with_permission.keys("0501234567") == ["lead_noted"]
    lead = with_permission.lead()
    assert lead is not None
    assert (lead.name, lead.phone) == ("נגה צור", PHONE)
    assert with_permission.booked() == []


def test_a_spoken_number_is_enough_for_a_call_back(database: Database, clinic: int) -> None:
    talk = PlayedDialogue(database, clinic, caller="")
    talk.say("שיחזרו אליי בבקשה, קוראים לי נגה צור")
    assert talk.say("אפס חמש אפס אחת שתיים שלוש ארבע חמש שש שבע") == ["lead_noted"]
    lead = talk.lead()
    assert lead is not None
    assert lead.phone == PHONE


def test_details_that_the_caller_will_not_leave_are_not_recorded(with_permission: PlayedDialogue) -> None:
    with_permission.say("לא רוצה להשאיר פרטים, סתם שואלת")
    assert with_permission.lead() is None


@pytest.mark.parametrize(
    ("turns", "name"),
    [
        (("хочу записаться завтра в десять утра", "Зоя Левина", "да, с которого звоню"), "Зоя Левина"),
        (("بدي احجز دور بكرا الساعة عشرة الصبح", "سلمى حداد", "اه هاد الرقم"), "سلمى حداد"),
    ],
)
def test_a_caller_books_in_the_own_language(with_permission: PlayedDialogue, turns: tuple[str, ...], name: str) -> None:
    for words in turns:
        with_permission.say(words)
    assert with_permission.booked() == [(TUESDAY_TEN, name, OWN)]


def test_an_answer_that_names_the_other_appointment_asks_about_that_one(trusting: int, database: Database) -> None:
    first = PlayedDialogue(database, trusting, sid="CA-first", caller=OWN)
    first.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן, כן המספר הזה")
    first.say("אפשר לקבוע עוד תור ביום חמישי בעשר בבוקר")
    first.say("כן")
    assert [start for start, *_ in first.booked()] == [TUESDAY_TEN, datetime(2027, 3, 4, 10, 0)]
    talk = PlayedDialogue(database, trusting, caller=OWN)
    assert talk.say("צריך לבטל תור, מדברת דנה כהן") == ["confirm_cancel"]
    assert "2 במרץ" in talk.last
    assert talk.say("כן, את של חמישי תבטלי") == ["confirm_cancel"]
    assert "4 במרץ" in talk.last
    assert talk.say("כן") == ["appointment_cancelled"]
    assert [start for start, *_ in talk.booked()] == [TUESDAY_TEN]


def test_a_time_that_is_named_after_a_message_was_offered_is_no_yes_to_the_message(hebrew: PlayedDialogue) -> None:
    hebrew.say("אפשר לקבוע תור היום")
    hebrew.agent("לצערי אין. להשאיר הודעה?")
    assert hebrew.say("טוב אז מחר בעשר בבוקר") == ["slot_available", "need_name"]


def test_a_yes_to_the_offer_of_a_message_is_still_one(hebrew: PlayedDialogue) -> None:
    hebrew.say("אפשר לקבוע תור היום")
    hebrew.agent("לצערי אין. להשאיר הודעה?")
    assert hebrew.say("טוב") == ["need_name"]
    assert "לרישום הפנייה" in hebrew.last
