"""L9: what the assistant may do is the business's choice. Whole calls with the booking dialogue, on both databases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.db.database import Database
from services.db.models import BusinessSettings, OutboxMessage
from services.db.tenancy import bind_business
from tests.services.booking.played_dialogue import PlayedDialogue, make_business

TUESDAY_TEN = datetime(2027, 3, 2, 10, 0)  # it is Monday 09:00, and the business is open
PHONE = "+972501234567"
OWN = "+972501112233"
DETAILS_ONLY = {"may_book": False, "may_change": False, "may_transfer": False}
NOTHING = {**DETAILS_ONLY, "may_take_leads": False, "may_take_messages": False, "may_send_sms": False}


def call(database: Database, language: str = "he", sid: str = "CA-talk", **settings: Any) -> PlayedDialogue:
    return PlayedDialogue(database, make_business(database, "+97231110001", language, **settings), sid=sid)


def book(talk: PlayedDialogue) -> None:
    talk.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן")
    assert talk.keys("0501234567") == ["appointment_created"]


@pytest.mark.parametrize(
    ("language", "wish", "yes", "name"),
    [
        ("he", "אני רוצה לקבוע תור ליום ראשון בארבע", "כן בבקשה", "נגה צור"),
        ("en", "can you book me an appointment on Sunday at four", "yes please", "Noga Tsur"),
        ("he", "хочу записаться на завтра в десять утра", "да, конечно", "Нога Цур"),
        ("he", "بدي احجز دور بكرا الساعة عشرة", "اه طيب", "نغم حداد"),
    ],
)
def test_where_nothing_is_booked_name_and_number_are_taken_and_no_day_is_asked_for(
    database: Database, language: str, wish: str, yes: str, name: str
) -> None:
    talk = call(database, language, **DETAILS_ONLY)
    assert talk.say(wish) == ["not_offered"]
    assert talk.say(yes) == ["need_name"]
    assert talk.say(name) == ["need_phone"]
    assert talk.keys("0501234567") == ["lead_noted"]
    lead = talk.lead()
    assert lead is not None
    assert (lead.name, lead.phone, wish in lead.notes) == (name, PHONE, True)
    assert talk.booked() == []
    assert not {kind for kind, _ in talk.stored()} & {"need_datetime", "slot_available", "slot_unavailable"}


def test_a_name_answers_the_offer_as_well_as_a_yes(database: Database) -> None:
    talk = call(database, **DETAILS_ONLY)
    talk.say("יש לכם תור פנוי מחר?")
    talk.agent("תורים נקבעים אצלנו רק בחזרה אליך. איך קוראים לך?")
    assert talk.say("קוראים לי נגה צור") == ["need_phone"]


def test_the_agents_own_offer_is_accepted_with_a_yes(database: Database) -> None:
    talk = call(database, **DETAILS_ONLY)
    assert talk.say("כמה עולים צילומי הריון?") == []
    talk.agent("אין לי כאן מחיר. רוצה להשאיר פרטים ושיחזרו אליך?")
    assert talk.say("כן") == ["need_name"]


def test_an_offer_that_is_declined_leaves_nothing_and_is_not_pressed(database: Database) -> None:
    talk = call(database, **DETAILS_ONLY)
    assert talk.say("אני רוצה לקבוע תור למחר") == ["not_offered"]
    assert talk.say("לא תודה") == []
    assert talk.say("כן, הבנתי, תודה רבה") == []
    assert talk.lead() is None


def test_a_wish_that_is_repeated_while_details_are_taken_belongs_to_them(database: Database) -> None:
    talk = call(database, **DETAILS_ONLY)
    talk.say("אני רוצה לקבוע תור")
    talk.say("טוב, אז שיחזרו אליי")
    talk.say("ותגידי להם שאני רוצה תור ליום ראשון בבוקר, קוראים לי נגה צור")
    assert talk.keys("0501234567") == ["lead_noted"]
    lead = talk.lead()
    assert lead is not None
    assert "ראשון" in lead.notes
    assert talk.say("אז אני רוצה לקבוע תור למחר בעשר") == ["lead_noted"]
    assert talk.booked() == []


def test_the_alternative_is_what_the_switches_allow(database: Database) -> None:
    transfers = {**NOTHING, "may_transfer": True, "transfer_numbers": ["+97239990011"]}
    told = {}
    for number, (name, switches) in enumerate(
        {"details": DETAILS_ONLY, "transfer": transfers, "hours": NOTHING}.items()
    ):
        business = make_business(database, f"+9723111000{number}", "en", **switches)
        talk = PlayedDialogue(database, business, sid=f"CA-{name}")
        assert talk.say("I would like to book an appointment tomorrow at ten") == ["not_offered"]
        told[name] = talk.last
    assert "somebody calls back" in told["details"]
    assert "put the caller through" in told["transfer"]
    assert "at what hours to call again" in told["hours"]


def test_where_messages_are_not_taken_the_caller_hears_so_and_nothing_is_kept(database: Database) -> None:
    talk = call(database, **{**NOTHING, "may_book": True})
    assert talk.say("תמסרי לרופאה שתתקשר אליי בבקשה, קוראים לי נגה צור") == ["not_offered"]
    assert "להציע לקבוע תור" in talk.last
    assert talk.lead() is None


def test_an_appointment_is_booked_and_then_stands_where_nothing_is_changed(database: Database) -> None:
    talk = call(database, may_change=False)
    book(talk)
    assert talk.say("רגע, אפשר להעביר את התור ליום רביעי בשעה אחת עשרה בבוקר?") == ["not_offered"]
    assert talk.say("אז אולי ברביעי בשתים עשרה בצהריים?") in (["not_offered"], [])
    assert talk.say("אני רוצה לבטל את התור") in (["not_offered"], [])
    assert [start for start, *_ in talk.booked()] == [TUESDAY_TEN]
    assert talk.say("אני רוצה לקבוע עוד תור, ביום רביעי בשתים עשרה בצהריים") == ["appointment_created"]


def test_an_appointment_is_moved_where_none_are_made(database: Database) -> None:
    business = make_business(database, "+97231110001", "he")
    book(PlayedDialogue(database, business))
    database.write(lambda s: _switch(s, business, may_book=False, caller_id_allowed=True, caller_id_trust="open"))
    again = PlayedDialogue(database, business, sid="CA-again", caller=PHONE)
    assert again.say("אני רוצה להזיז את התור שלי") == ["need_datetime"]
    assert again.say("ליום רביעי בעשר בבוקר") == ["confirm_move"]
    assert again.say("כן") == ["appointment_moved"]
    assert again.say("ואני רוצה לקבוע עוד תור ביום חמישי בעשר") == ["not_offered"]
    assert [start for start, *_ in again.booked()] == [datetime(2027, 3, 3, 10, 0)]


def test_a_booking_leaves_no_lead_and_no_sms_where_the_business_wants_none(database: Database) -> None:
    talk = call(database, may_take_leads=False, may_send_sms=False, sms_confirmation=True)
    book(talk)
    assert talk.lead() is None
    assert database.read(lambda s: bind_business(s, talk.business_id).scalars(select(OutboxMessage)).all()) == []


def test_the_confirmation_is_sent_where_both_switches_are_on(database: Database) -> None:
    talk = call(database, sms_confirmation=True)
    book(talk)
    (message,) = database.read(lambda s: bind_business(s, talk.business_id).scalars(select(OutboxMessage)).all())
    assert message.payload["to"] == PHONE


def test_a_claim_to_have_booked_is_taken_back_where_nothing_is_booked(database: Database) -> None:
    talk = call(database, **DETAILS_ONLY)
    assert talk.agent("קבעתי לך תור למחר בעשר") == ["false_claim"]
    assert "לא קובעים" in talk.last
    assert talk.say("כן") == ["need_name"]


def test_no_free_time_ends_in_an_offer_that_a_yes_accepts(database: Database) -> None:
    talk = call(database, opening_hours_json={"mon": [["09:00", "09:30"]]}, booking_window_days=1)
    talk.say("אני רוצה לקבוע תור מחר בעשר בבוקר")
    talk.agent("אין מועד פנוי. להשאיר הודעה?")
    assert talk.say("כן") == ["need_name"]


# -- who calls again (L8) ---------------------------------------------------------------------------------------------


def known(database: Database, **settings: Any) -> PlayedDialogue:
    """Dana Cohen has called before, from this number."""
    business = make_business(database, "+97231110001", "he", caller_id_allowed=True, **settings)
    first = PlayedDialogue(database, business, sid="CA-first", caller=OWN)
    first.say("אני רוצה לקבוע תור מחר בעשר בבוקר, קוראים לי דנה כהן")
    assert first.say("כן, המספר הזה") == ["appointment_created"]
    return PlayedDialogue(database, business, caller=OWN)


def test_the_name_on_file_is_asked_about_and_never_taken_for_granted(database: Database) -> None:
    talk = known(database)
    assert talk.say("אני רוצה לקבוע עוד תור, ביום רביעי בעשר בבוקר") == ["slot_available", "need_name"]
    assert '"דנה כהן"' in talk.last
    assert talk.say("כן, על השם הזה") == ["need_phone"]
    assert talk.say("כן") == ["appointment_created"]
    assert [name for _, name, _ in talk.booked()] == ["דנה כהן", "דנה כהן"]


def test_somebody_else_on_the_same_telephone_gives_the_own_name(database: Database) -> None:
    talk = known(database)
    talk.say("אני רוצה לקבוע תור ביום רביעי בעשר בבוקר")
    assert talk.say("לא") == ["need_name"]
    assert "דנה" not in talk.last
    talk.say("קוראים לי יוסי לוי")
    talk.keys("0529876543")
    assert sorted(name for _, name, _ in talk.booked()) == ["דנה כהן", "יוסי לוי"]


def test_nothing_is_known_of_a_caller_where_the_business_does_not_want_it(database: Database) -> None:
    talk = known(database, greet_known_callers=False)
    talk.say("אני רוצה לקבוע תור ביום רביעי בעשר בבוקר")
    assert "דנה" not in talk.last


def _switch(session: Session, business_id: int, **switches: bool) -> None:
    row = bind_business(session, business_id).scalars(select(BusinessSettings)).one()
    for name, value in switches.items():
        setattr(row, name, value)
