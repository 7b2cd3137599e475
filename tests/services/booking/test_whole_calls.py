"""L15: whole calls as people lead them: what is said in passing, corrected, left half said or said in odd places."""

from __future__ import annotations

from datetime import datetime

import pytest

from services.db.database import Database
from tests.services.booking.played_dialogue import PlayedDialogue, make_business

OWN = "+972501112233"
TUESDAY_TEN = datetime(2027, 3, 2, 10, 0)  # it is Monday 09:00


def call(database: Database, language: str = "en", **settings: object) -> PlayedDialogue:
    return PlayedDialogue(
        database, make_business(database, "+97231110001", language, **{"caller_id_allowed": True, **settings})
    )


def with_appointment(database: Database, language: str = "en", name: str = "Dana Cohen") -> PlayedDialogue:
    """A later call of somebody who has an appointment on Tuesday at ten, from the same number."""
    first = call(database, language)
    first.say("I would like to book an appointment tomorrow at ten in the morning")
    first.say(f"my name is {name}")
    first.say("yes, use this number")
    assert first.booked() == [(TUESDAY_TEN, name, OWN)]
    return PlayedDialogue(database, first.business_id, sid="CA-later")


# -- names ---------------------------------------------------------------------------------------------------------


def test_a_first_name_alone_is_asked_to_be_completed_once_and_then_the_booking_goes_on(database: Database) -> None:
    talk = call(database)
    talk.say("I want to book an appointment tomorrow at ten in the morning")
    assert talk.say("Tom") == ["need_name"]
    assert talk.say("just Tom please") == ["need_phone"]
    assert talk.say("yes, this number") == ["appointment_created"]
    assert talk.booked() == [(TUESDAY_TEN, "Tom", OWN)]


def test_first_name_and_surname_said_apart_are_one_name(database: Database) -> None:
    talk = call(database, "he")
    talk.say("אני רוצה לקבוע תור מחר בעשר בבוקר")
    talk.agent("מה השם הפרטי?")
    talk.say("רוני")
    talk.agent("ומה שם המשפחה?")
    talk.say("שגיא")
    talk.agent("להשתמש במספר שממנו מתקשרים?")
    talk.say("כן")
    assert talk.booked() == [(TUESDAY_TEN, "רוני שגיא", OWN)]


def test_the_appointment_is_in_the_name_of_who_comes_whoever_rings(database: Database) -> None:
    talk = call(database)
    talk.say("hi I'm Peter, I'd like to book an appointment for my wife tomorrow at ten in the morning")
    talk.say("her name is Nina Petrova")
    talk.agent("And what is your own name?")
    talk.say("I'm Peter but put it under my wife's name")
    talk.say("yes, this number")
    assert [name for _, name, _ in talk.booked()] == ["Nina Petrova"]


def test_two_people_are_booked_one_after_the_other_on_the_same_day(database: Database) -> None:
    talk = call(database)
    talk.say("I need two appointments, the first for me, Ella Stern, tomorrow at ten in the morning")
    talk.agent("May I use the number you are calling from?")
    assert talk.say("yes") == ["appointment_created", "need_name"]
    talk.say("and one for my husband Adam Stern on the same day at eleven in the morning")
    talk.say("yes")
    assert [(start.hour, name) for start, name, _ in talk.booked()] == [(10, "Ella Stern"), (11, "Adam Stern")]


# -- an appointment that exists ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "this is Dana Cohen, I have an appointment on Tuesday at ten and I need to move it to Wednesday, same time",
        "this is Dana Cohen, I'm booked for Tuesday at ten but I need Wednesday",
        "Dana Cohen here, could you postpone my appointment from tomorrow to Wednesday",
    ],
)
def test_a_move_that_tells_the_old_time_too_is_understood_at_once(database: Database, said: str) -> None:
    talk = with_appointment(database)
    assert talk.say(said) == ["confirm_move"]
    assert talk.say("yes please") == ["appointment_moved"]
    assert [start for start, _, _ in talk.booked()] == [datetime(2027, 3, 3, 10, 0)]


def test_a_taken_time_is_followed_by_another_of_the_same_day(database: Database) -> None:
    talk = with_appointment(database)
    PlayedDialogue(database, talk.business_id, sid="CA-other", caller="+972502223344").say("x")
    talk.say("this is Dana Cohen, I have an appointment on Tuesday at ten, can you move it to Saturday at noon")
    assert talk.say("all right, then Wednesday at eleven in the morning") == ["confirm_move"]


def test_a_name_that_fits_nothing_is_asked_for_once_more_and_then_the_call_goes_on(database: Database) -> None:
    talk = with_appointment(database)
    assert talk.say("please cancel my appointment, this is Boris Katz") == ["need_name"]
    assert talk.say("Boris Katz") == ["error"]
    assert talk.say("then book me a new one on Wednesday at ten in the morning") == ["slot_available", "need_phone"]


def test_who_gives_up_looking_for_an_appointment_may_book_one_at_once(database: Database) -> None:
    talk = with_appointment(database)
    assert talk.say("when is my appointment? this is Boris Katz") == ["need_name"]
    assert talk.say("never mind, book me a new one on Wednesday at ten in the morning") == [
        "slot_available",
        "need_phone",
    ]


def test_nobody_who_says_goodbye_is_asked_one_more_thing(database: Database) -> None:
    talk = with_appointment(database)
    assert talk.say("please cancel my appointment, this is Boris Katz") == ["need_name"]
    assert talk.say("oh never mind, it does not matter, goodbye") == []


# -- times ---------------------------------------------------------------------------------------------------------


def test_a_held_time_is_shifted(database: Database) -> None:
    talk = call(database)
    talk.say("I want to book an appointment tomorrow at ten in the morning, my name is Tom Levy")
    talk.say("could you make it half an hour later")
    talk.say("yes, this number")
    assert [start for start, _, _ in talk.booked()] == [datetime(2027, 3, 2, 10, 30)]


def test_something_earlier_is_offered_from_before_what_was_spoken_of(database: Database) -> None:
    talk = call(database)
    talk.say("I want to book an appointment tomorrow at two pm, my name is Tom Levy")
    assert talk.say("do you have anything earlier") == ["need_datetime"]
    assert "14:00" not in talk.last
    assert talk.booked() == []


# -- messages and honesty ------------------------------------------------------------------------------------------


def test_a_promise_to_note_what_is_being_noted_is_no_false_claim(database: Database) -> None:
    talk = call(database)
    talk.say("please ask the accountant to call me back")
    assert talk.agent("I'll pass that on. May I have your full name?") == []
    assert talk.agent("I have passed it on to her.") == ["false_claim"]


@pytest.mark.parametrize(
    "put",
    [
        "An appointment on Wednesday, 3 March, at 16:00, in your name. Shall I book it?",
        "תור ביום רביעי, 3 במרץ, בשעה 16:00, על שמך. לקבוע?",
    ],
)
def test_a_time_put_forward_with_the_question_whether_to_book_it_claims_nothing(database: Database, put: str) -> None:
    assert call(database).agent(put) == []


def test_details_are_noted_for_nobody_who_refuses_to_leave_any(database: Database) -> None:
    talk = call(database, "he", may_book=False, may_change=False)
    assert talk.say("אני לא צריך שיחזרו אליי ולא רוצה להשאיר פרטים, רק תגידי לי מה השעות שלכם") == []
    assert talk.lead() is None
