"""The booking dialogue turn by turn (A1–A7): what callers say and key, what the model is told, which rows exist."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from services import tools_calendar
from services.booking.dialogue import RETRY_MS
from services.calls.lifecycle import finish_call
from services.db.database import CommitUncertain, Database, DatabaseUnavailable
from tests.services.booking.played_dialogue import PlayedDialogue, make_business

TUESDAY_TEN = datetime(2027, 3, 2, 10, 0)  # it is Monday 09:00
PHONE = "+972501234567"


@pytest.fixture
def clinic(database: Database) -> int:
    return make_business(database, "+97231110001", "he")


@pytest.fixture
def trusting(database: Database) -> int:
    """A business to which the calling number is enough."""
    return make_business(database, "+97231110001", "he", caller_id_allowed=True, caller_id_trust="open")


@pytest.fixture
def office(database: Database) -> int:
    return make_business(database, "+97231110002", "en")


@pytest.fixture
def hebrew(database: Database, clinic: int) -> PlayedDialogue:
    return PlayedDialogue(database, clinic)


@pytest.fixture
def english(database: Database, office: int) -> PlayedDialogue:
    return PlayedDialogue(database, office)


def book_by_voice_and_keys(talk: PlayedDialogue) -> None:
    talk.say("אני רוצה לקבוע תור לשיננית מחר בעשר בבוקר")
    talk.say("קוראים לי דנה כהן")
    talk.keys("0501234567")


def test_a_hebrew_caller_books_by_voice_and_keypad_and_hears_of_it_after_the_row(hebrew: PlayedDialogue) -> None:
    assert hebrew.say("שלום, אני רוצה לקבוע תור") == ["need_datetime"]
    assert hebrew.say("מחר בעשר בבוקר") == ["slot_available", "need_name"]
    assert hebrew.booked() == []
    assert hebrew.say("קוראים לי דנה כהן") == ["need_phone"]
    assert hebrew.booked() == []
    assert hebrew.keys("050123456") == []
    assert hebrew.keys("7") == ["appointment_created"]
    assert hebrew.booked() == [(TUESDAY_TEN, "דנה כהן", PHONE)]
    assert "יום שלישי, 2 במרץ בשעה 10:00" in hebrew.last
    assert hebrew.last.startswith("[SERVER] ✅ appointment_created")


def test_an_english_caller_books_all_in_one_sentence_and_keys(english: PlayedDialogue) -> None:
    said = "My name is Dana Cohen, I would like to book a meeting on Tuesday at ten in the morning"
    assert english.say(said) == ["slot_available", "need_phone"]
    assert english.keys("0501234567#") == ["appointment_created"]
    assert english.booked() == [(TUESDAY_TEN, "Dana Cohen", PHONE)]


def test_only_the_last_of_several_messages_asks_for_an_answer(hebrew: PlayedDialogue) -> None:
    hebrew.booking.heard("caller", "אפשר לקבוע תור מחר בעשר בבוקר?", "1", 0)
    assert [(one.message.kind, one.message.speak) for one in hebrew.booking.tick(1000)] == [
        ("slot_available", False),
        ("need_name", True),
    ]


def test_a_refused_time_comes_with_its_reason_and_alternatives_to_choose_from(hebrew: PlayedDialogue) -> None:
    assert hebrew.say("אפשר תור מחר בשמונה בערב?") == ["slot_unavailable"]
    assert "09:00–17:00" in hebrew.last
    assert "16:30" in hebrew.last
    hebrew.agent("בשמונה בערב סגור. אפשר מחר בארבע וחצי אחר הצהריים, מתאים?")
    assert hebrew.say("כן, מצוין") == ["slot_available", "need_name"]
    assert "16:30" in hebrew.texts[-2]


def test_a_closed_day_is_refused_with_days_that_are_open(hebrew: PlayedDialogue) -> None:
    assert hebrew.say("יש לכם תור פנוי בשבת?") == ["slot_unavailable"]
    assert "שבת" in hebrew.last
    assert "אפשר להציע" in hebrew.last


def test_a_free_day_gets_times_spread_over_the_wished_part_of_it(hebrew: PlayedDialogue) -> None:
    assert hebrew.say("אני רוצה תור מחר אחר הצהריים") == ["need_datetime"]
    offered = hebrew.last.split("להציע:")[1]
    assert offered.count("בשעה") == 3
    assert "בשעה 09" not in offered
    assert "בשעה 10" not in offered


def test_the_earliest_time_is_offered_when_asked_for(hebrew: PlayedDialogue) -> None:
    assert hebrew.say("מה התור הכי מוקדם שיש לכם?") == ["need_datetime"]
    assert "1 במרץ בשעה 10:30" in hebrew.last


def test_what_is_ambiguous_is_asked_and_holds_nothing(english: PlayedDialogue) -> None:
    english.say("I want an appointment on Wednesday")
    assert english.say("maybe Tuesday or Thursday at ten in the morning") == ["need_datetime"]
    assert "unclear which day" in english.last
    assert english.booking._draft.start == ""


def test_a_question_about_a_time_is_answered_and_books_only_after_a_yes(hebrew: PlayedDialogue) -> None:
    assert hebrew.say("יש לכם תור פנוי מחר בעשר בבוקר?") == ["slot_available", "confirm_booking"]
    assert hebrew.keys("0501234567") == ["phone_noted"]
    assert hebrew.say("כן בבקשה") == ["need_name"]
    assert hebrew.say("דנה כהן, קוראים לי דנה כהן") == ["appointment_created"]


def test_a_no_to_a_free_time_gives_it_back(hebrew: PlayedDialogue, database: Database, clinic: int) -> None:
    hebrew.say("יש לכם תור פנוי מחר בעשר בבוקר?")
    assert hebrew.say("לא") == []
    other = PlayedDialogue(database, clinic, sid="CA-other")
    assert other.say("אפשר לקבוע תור מחר בעשר בבוקר?") == ["slot_available", "need_name"]


def test_a_time_that_is_only_mentioned_is_confirmed_when_all_else_is_known(hebrew: PlayedDialogue) -> None:
    hebrew.say("קוראים לי דנה כהן ואני רוצה לקבוע תור")
    hebrew.keys("0501234567")
    assert hebrew.say("מחר בעשר בבוקר") == ["slot_available", "confirm_booking"]
    assert hebrew.booked() == []
    assert hebrew.say("כן") == ["appointment_created"]


def test_a_spoken_number_is_asked_for_again_by_keypad(hebrew: PlayedDialogue) -> None:
    hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן")
    assert hebrew.say("המספר שלי אפס חמש אפס אחת שתיים שלוש ארבע חמש שש שבע") == ["need_phone"]
    assert "נאמר בעל פה" in hebrew.last
    assert hebrew.booked() == []


def test_a_wrong_number_is_refused_in_words_and_keyed_again(hebrew: PlayedDialogue) -> None:
    hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן")
    assert hebrew.keys("0501#") == ["error"]
    assert "קצר מדי" in hebrew.last
    assert hebrew.keys("0501234567") == ["appointment_created"]


def test_a_number_ends_with_a_pause_too(hebrew: PlayedDialogue) -> None:
    hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן")
    hebrew.keys("031234567")
    assert hebrew.booking.wait_ms(hebrew.at_ms) == 4000
    assert hebrew.tick(4000) == ["appointment_created"]
    assert hebrew.booked()[0][2] == "+97231234567"


@pytest.mark.parametrize("words", ["כן, בטח", "אפס חמש אפס אחת אחת אחת שתיים שתיים שלוש שלוש"])
def test_the_callers_own_number_is_used_by_permission(database: Database, words: str) -> None:
    talk = PlayedDialogue(database, make_business(database, "+97231110003", "he", caller_id_allowed=True))
    talk.say("אני רוצה לקבוע תור מחר בעשר בבוקר")
    assert talk.say("קוראים לי דנה כהן") == ["need_phone"]
    assert "המספר שממנו" in talk.last or "שממנו מתקשרים" in talk.last
    assert talk.booked() == []
    assert talk.say(words) == ["appointment_created"]
    assert talk.booked() == [(TUESDAY_TEN, "דנה כהן", "+972501112233")]


def test_a_caller_who_wants_another_number_keys_it(database: Database) -> None:
    talk = PlayedDialogue(database, make_business(database, "+97231110003", "he", caller_id_allowed=True))
    talk.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן")
    assert talk.say("לא, מספר אחר") == ["need_phone"]
    assert "להקיש" in talk.last
    assert talk.keys("0501234567") == ["appointment_created"]
    assert talk.booked()[0][2] == PHONE


def test_a_withheld_number_is_never_offered(database: Database) -> None:
    business = make_business(database, "+97231110003", "he", caller_id_allowed=True)
    talk = PlayedDialogue(database, business, caller="")
    talk.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן")
    assert "להקיש" in talk.last


def test_nothing_new_tells_nothing(hebrew: PlayedDialogue) -> None:
    hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר")
    assert hebrew.say("רגע אחד, אני מחפשת משהו") == []
    assert hebrew.say("אהה") == []


def test_another_day_replaces_the_day_and_keeps_the_time(hebrew: PlayedDialogue) -> None:
    hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר")
    assert hebrew.say("בעצם עדיף ביום רביעי") == ["slot_available", "need_name"]
    assert "יום רביעי, 3 במרץ בשעה 10:00" in hebrew.texts[-2]


def test_a_booking_is_moved_after_a_yes_and_the_old_time_is_free(
    hebrew: PlayedDialogue, database: Database, clinic: int
) -> None:
    book_by_voice_and_keys(hebrew)
    assert hebrew.say("רגע, אפשר להעביר את התור ליום רביעי בשעה אחת עשרה בבוקר?") == ["confirm_move"]
    assert hebrew.booked()[0][0] == TUESDAY_TEN
    assert hebrew.say("כן, תעבירי") == ["appointment_moved"]
    assert [start for start, *_ in hebrew.booked()] == [datetime(2027, 3, 3, 11, 0)]
    other = PlayedDialogue(database, clinic, sid="CA-other")
    assert other.say("אפשר לקבוע תור מחר בעשר בבוקר?")[0] == "slot_available"


def test_a_day_mentioned_after_a_booking_moves_nothing_by_itself(hebrew: PlayedDialogue) -> None:
    book_by_voice_and_keys(hebrew)
    assert hebrew.say("יופי, כי ביום רביעי בעשר בבוקר אני בעבודה") in ([], ["confirm_move"])
    assert hebrew.say("לא לא, תשאירי") == []
    assert [start for start, *_ in hebrew.booked()] == [TUESDAY_TEN]


def test_another_appointment_is_booked_beside_the_first(hebrew: PlayedDialogue) -> None:
    book_by_voice_and_keys(hebrew)
    assert hebrew.say("אני רוצה לקבוע עוד תור, ביום רביעי בשתים עשרה בצהריים") == ["appointment_created"]
    assert [start for start, *_ in hebrew.booked()] == [TUESDAY_TEN, datetime(2027, 3, 3, 12, 0)]


def test_an_appointment_of_an_earlier_call_is_moved_from_the_same_number(database: Database, trusting: int) -> None:
    book_by_voice_and_keys(PlayedDialogue(database, trusting))
    again = PlayedDialogue(database, trusting, sid="CA-again", caller=PHONE)
    assert again.say("אני רוצה להזיז את התור שלי") == ["need_datetime"]
    assert "2 במרץ בשעה 10:00" in again.last
    assert again.say("ליום רביעי בעשר בבוקר") == ["confirm_move"]
    assert again.say("כן") == ["appointment_moved"]
    assert [start for start, *_ in again.booked()] == [datetime(2027, 3, 3, 10, 0)]


def test_a_stranger_can_neither_move_nor_cancel(database: Database, trusting: int) -> None:
    talk = PlayedDialogue(database, trusting)
    book_by_voice_and_keys(talk)
    stranger = PlayedDialogue(database, trusting, sid="CA-stranger", caller="+972529999999")
    assert stranger.say("אני רוצה לבטל את התור של דנה כהן מחר") == ["error"]
    assert stranger.say("אז להזיז את התור של דנה ליום רביעי") in ([], ["error"])
    assert [start for start, *_ in talk.booked()] == [TUESDAY_TEN]


def test_a_booking_is_cancelled_only_after_a_yes(hebrew: PlayedDialogue) -> None:
    book_by_voice_and_keys(hebrew)
    assert hebrew.say("אני רוצה לבטל את התור") == ["confirm_cancel"]
    assert len(hebrew.booked()) == 1
    assert hebrew.say("כן, לבטל בבקשה") == ["appointment_cancelled"]
    assert hebrew.booked() == []
    hebrew.agent("התור ליום שלישי בעשר בבוקר בוטל. אפשר לעזור בעוד משהו?")
    assert hebrew.say("כן, מה הכתובת שלכם?") == []
    assert hebrew.booked() == []


def test_a_no_keeps_the_appointment(hebrew: PlayedDialogue) -> None:
    book_by_voice_and_keys(hebrew)
    hebrew.say("אני רוצה לבטל את התור")
    assert hebrew.say("לא, תשאירי אותו") == []
    assert hebrew.say("תודה") == []
    assert len(hebrew.booked()) == 1


def test_the_draft_survives_a_lost_socket(hebrew: PlayedDialogue) -> None:
    hebrew.say("אני רוצה לקבוע תור לשיננית מחר בעשר בבוקר")
    hebrew.say("קוראים לי דנה כהן")
    hebrew.booking = hebrew.new_booking()
    assert hebrew.keys("0501234567") == ["appointment_created"]
    assert hebrew.booked() == [(TUESDAY_TEN, "דנה כהן", PHONE)]
    hebrew.booking = hebrew.new_booking()
    assert hebrew.keys("0501234567") == ["phone_noted"]
    assert hebrew.agent("התור שלך נקבע למחר בעשר בבוקר.") == []
    assert len(hebrew.booked()) == 1


class Broken:
    """A database that fails the next writes: before the work, or in the COMMIT after it."""

    def __init__(self, database: Database, *, after_commit: bool, times: int = 1) -> None:
        self._database, self._after_commit, self.left = database, after_commit, times

    def write(self, fn: Any, **_: Any) -> Any:
        if not self.left:
            return self._database.write(fn)
        self.left -= 1
        if not self._after_commit:
            raise DatabaseUnavailable("away")
        self._database.write(fn)
        raise CommitUncertain("the connection was lost during COMMIT")

    def read(self, fn: Any, **_: Any) -> Any:
        return self._database.read(fn)


def test_a_database_that_is_away_is_told_honestly_once_and_tried_again(
    hebrew: PlayedDialogue, database: Database
) -> None:
    hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן")
    hebrew.booking._database = Broken(database, after_commit=False, times=2)  # type: ignore[assignment]
    assert hebrew.keys("0501234567") == ["error"]
    assert "לא נקבע שום תור" in hebrew.last
    assert hebrew.booking.wait_ms(hebrew.at_ms) == RETRY_MS
    assert hebrew.tick(3000) == []
    assert hebrew.tick(3000) == ["appointment_created"]
    assert len(hebrew.booked()) == 1


def test_small_talk_while_the_database_is_away_does_not_undo_the_wish(
    hebrew: PlayedDialogue, database: Database
) -> None:
    hebrew.booking._database = Broken(database, after_commit=False, times=4)  # type: ignore[assignment]
    assert hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן") == ["error"]
    assert hebrew.say("חבל. ואיך מזג האוויר אצלכם?") == []
    assert hebrew.keys("0501234567") == []
    assert "appointment_created" in hebrew.tick(3000)
    assert hebrew.booked() == [(TUESDAY_TEN, "דנה כהן", PHONE)]


def test_a_booking_whose_commit_was_uncertain_is_found_again(hebrew: PlayedDialogue, database: Database) -> None:
    hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן")
    hebrew.booking._database = Broken(database, after_commit=True)  # type: ignore[assignment]
    assert hebrew.keys("0501234567") == ["error"]
    assert hebrew.tick(3000) == ["appointment_created"]
    assert hebrew.booked() == [(TUESDAY_TEN, "דנה כהן", PHONE)]


def test_an_uncertain_commit_before_a_crash_is_found_by_the_successor(
    hebrew: PlayedDialogue, database: Database
) -> None:
    hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן")
    hebrew.booking._database = Broken(database, after_commit=True)  # type: ignore[assignment]
    hebrew.keys("0501234567")
    hebrew.booking = hebrew.new_booking()
    pending = hebrew.booking._context.resume.pending_server
    assert any("✅ appointment_created" in text for text in pending)
    assert len(hebrew.booked()) == 1


def test_what_was_told_is_stored_and_marked_as_delivered(hebrew: PlayedDialogue) -> None:
    hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר")
    assert hebrew.stored() == [("slot_available", True), ("need_name", True)]


def test_a_slot_held_for_one_caller_is_refused_to_another_with_alternatives(
    hebrew: PlayedDialogue, database: Database, clinic: int
) -> None:
    hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר")
    second = PlayedDialogue(database, clinic, sid="CA-second", caller="+972522222222")
    assert second.say("אפשר לקבוע תור מחר בעשר בבוקר?") == ["slot_unavailable"]
    assert "כבר תפוס" in second.last
    assert "10:30" in second.last
    hebrew.say("קוראים לי דנה כהן")
    assert hebrew.keys("0501234567") == ["appointment_created"]


def test_a_hold_that_ran_out_and_was_taken_ends_in_alternatives(
    hebrew: PlayedDialogue, database: Database, clinic: int
) -> None:
    hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן")
    second = PlayedDialogue(database, clinic, sid="CA-second", caller="+972522222222")
    second.now = hebrew.now + tools_calendar.HOLD
    second.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי רון לוי")
    assert second.keys("0522222222") == ["appointment_created"]
    hebrew.now = second.now
    assert hebrew.keys("0501234567") == ["slot_unavailable"]
    assert [name for _, name, _ in hebrew.booked()] == ["רון לוי"]


def test_the_hold_of_a_caller_who_hung_up_is_free(hebrew: PlayedDialogue, database: Database, clinic: int) -> None:
    hebrew.say("אני רוצה לקבוע תור מחר בעשר בבוקר")

    def hang_up(session: Session) -> None:
        finish_call(session, hebrew.call_id, end_reason="caller_hangup", metrics={}, now=hebrew.now)

    database.write(hang_up)
    second = PlayedDialogue(database, clinic, sid="CA-second")
    assert second.say("אפשר לקבוע תור מחר בעשר בבוקר?")[0] == "slot_available"


def test_a_lead_holds_what_was_said_from_the_first_detail_on(hebrew: PlayedDialogue) -> None:
    assert hebrew.lead() is None
    hebrew.say("שלום, קוראים לי דנה כהן")
    lead = hebrew.lead()
    assert lead is not None
    assert (lead.name, lead.status.value) == ("דנה כהן", "new")
    hebrew.say("אני רוצה לקבוע תור לשיננית מחר בעשר בבוקר")
    hebrew.keys("0501234567")
    lead = hebrew.lead()
    assert lead is not None
    assert (lead.phone, lead.service, lead.status.value) == (PHONE, "שיננית", "booked")


@pytest.mark.parametrize(
    "claim", ["קבעתי לך תור למחר בעשר", "You're booked for tomorrow at ten.", "התור שלך נקבע", "вы записаны на завтра"]
)
def test_a_claim_without_a_booking_is_corrected_and_counted(hebrew: PlayedDialogue, claim: str) -> None:
    assert hebrew.agent(claim) == ["false_claim"]
    assert "❌" in hebrew.last
    assert hebrew.agent(claim) == ["false_claim"]
    assert hebrew.booking.false_claims == 2


def test_a_claim_of_another_time_than_the_booked_one_is_corrected(hebrew: PlayedDialogue) -> None:
    book_by_voice_and_keys(hebrew)
    assert hebrew.agent("מעולה, קבעתי לך תור ליום שלישי בעשר בבוקר.") == []
    assert hebrew.agent("קבעתי לך תור.") == []
    assert hebrew.agent("התור נקבע ליום רביעי בשעה שלוש אחר הצהריים.") == ["error"]
    assert "2 במרץ בשעה 10:00" in hebrew.last


def test_an_older_appointment_does_not_cover_a_new_claim(database: Database, trusting: int) -> None:
    book_by_voice_and_keys(PlayedDialogue(database, trusting))
    again = PlayedDialogue(database, trusting, sid="CA-again", caller=PHONE)
    assert again.agent("יש לך תור ליום שלישי בעשר בבוקר.") == []
    assert again.agent("קבעתי לך תור.") == ["false_claim"]
    assert again.agent("קבעתי לך תור ליום רביעי בחמש.") == ["false_claim"]


def test_a_claim_is_corrected_while_the_database_is_away(hebrew: PlayedDialogue, database: Database) -> None:
    hebrew.booking._database = Broken(database, after_commit=False)  # type: ignore[assignment]
    assert hebrew.agent("קבעתי לך תור למחר בעשר") == ["error"]
    assert hebrew.booking.false_claims == 1
