"""Services and people on the telephone (K4): what is asked, held, offered, booked and told, turn by turn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services import tools_calendar
from services.accounts.demo_team import Offered, Person, seed_team
from services.appointments.customers import upsert_customer
from services.appointments.taken import Place, occupy
from services.booking.choice import offering_of
from services.business_policy import Span
from services.db.database import Database
from services.db.models import Appointment, AppointmentStatus, Resource, Service
from services.db.tenancy import bind_business
from tests.services.booking.played_dialogue import PlayedDialogue, make_business
from tests.services.db.fixtures import NOW

LEVI, HADDAD, SHIRA = 'ד"ר מיכל לוי', 'ד"ר אמיר חדאד', "שירה כהן"
CALLER = "+972501112233"
TUESDAY = datetime(2027, 3, 2)  # it is Monday 09:00
DAYS = ("sun", "mon", "tue", "wed", "thu")
PEOPLE = (
    Person(LEVI, ('ד"ר לוי', "Dr Levi"), {day: [["09:00", "15:00"]] for day in DAYS}),
    Person(HADDAD, ('ד"ר חדאד', "Dr Haddad"), {day: [["12:00", "18:00"]] for day in DAYS}),
    Person(SHIRA, ("השיננית", "the hygienist"), {day: [["09:00", "18:00"]] for day in ("mon", "wed")}),
)
SERVICES = (
    Offered("בדיקה", 30, (LEVI, HADDAD), ("ביקורת", "check-up")),
    Offered("סתימה", 60, (LEVI, HADDAD), ("filling",)),
    Offered("טיפול שורש", 90, (HADDAD,), ("root canal",), after_min=30),
    Offered("ניקוי שיניים", 30, (SHIRA,), ("שיננית", "cleaning")),
    Offered("הלבנה", 60, (LEVI,), ("whitening",), on_request=True),
)


def at(hour: int, minute: int = 0, day: datetime = TUESDAY) -> datetime:
    return day.replace(hour=hour, minute=minute)


@pytest.fixture
def clinic(database: Database) -> int:
    business = make_business(
        database,
        "+97231110001",
        "he",
        caller_id_allowed=True,
        opening_hours_json={day: [["09:00", "18:00"]] for day in DAYS},
    )

    def hire(session: Session) -> None:
        bind_business(session, business)
        seed_team(session, PEOPLE, SERVICES)

    database.write(hire)
    return business


@pytest.fixture
def talk(database: Database, clinic: int) -> PlayedDialogue:
    return PlayedDialogue(database, clinic, caller=CALLER)


def stands(talk: PlayedDialogue) -> list[tuple[datetime, str, str, str]]:
    """(wall-clock start, name, service, with whom) of what is booked and to come."""

    def find(session: Session) -> list[tuple[datetime, str, str, str]]:
        bind_business(session, talk.business_id)
        rows = session.scalars(
            select(Appointment).where(Appointment.status == AppointmentStatus.BOOKED, Appointment.starts_at > NOW)
        )
        zone = talk.booking._context.policy.zone
        return [
            (row.starts_at.astimezone(zone).replace(tzinfo=None), row.name, row.service, row.resource.name)
            for row in rows
        ]

    return sorted(talk.database.read(find))


def put(
    talk: PlayedDialogue, start: datetime, service: str, who: str, *, hours: float = 0.5, phone: str = "+972529998877"
) -> None:
    """An appointment that stands, at a wall-clock time."""
    zone = talk.booking._context.policy.zone

    def add(session: Session) -> None:
        bind_business(session, talk.business_id)
        customer = upsert_customer(session, phone=phone, name="דנה כהן", now=NOW)
        begins = start.replace(tzinfo=zone).astimezone(UTC)
        span = Span(begins, begins + timedelta(hours=hours))
        with_whom = session.scalars(select(Resource).where(Resource.name == who)).one()
        what = session.scalars(select(Service).where(Service.name == service)).one()
        row = Appointment(
            uid=f"uid-{start.isoformat()}-{who}",
            request_key=f"key-{start.isoformat()}-{who}",
            customer_id=customer.id,
            name="דנה כהן",
            service=service,
            created_at=NOW,
            updated_at=NOW,
        )
        occupy(session, row, Place(with_whom.id, span, span, what.id))

    talk.database.write(add)


def finish(talk: PlayedDialogue, name: str = "קוראים לי רון מור") -> list[str]:
    """Name and number, as they are asked for."""
    talk.say(name)
    return talk.say("כן, המספר הזה")


def test_the_service_is_asked_for_when_none_was_named_and_the_time_is_not_asked_again(talk: PlayedDialogue) -> None:
    assert talk.say("אני רוצה לקבוע תור מחר בעשר בבוקר") == ["need_service"]
    assert "בדיקה, סתימה, טיפול שורש, ניקוי שיניים" in talk.last
    assert "הלבנה" not in talk.last
    assert talk.say("סתימה") == ["slot_available", "need_name"]
    assert "(סתימה, אצל ד״ר מיכל לוי)" in talk.texts[-2]
    assert finish(talk) == ["appointment_created"]
    assert stands(talk) == [(at(10), "רון מור", "סתימה", LEVI)]
    assert "ד״ר מיכל לוי" in talk.last


def test_who_gives_one_service_only_is_asked_for_that(talk: PlayedDialogue) -> None:
    assert talk.say("אני רוצה תור לשירה כהן ביום רביעי בעשר בבוקר") == ["slot_available", "need_name"]
    assert finish(talk) == ["appointment_created"]
    assert stands(talk) == [(at(10, day=datetime(2027, 3, 3)), "רון מור", "ניקוי שיניים", SHIRA)]


def test_a_wished_person_is_held_and_booked_although_another_is_free(talk: PlayedDialogue) -> None:
    talk.say('אני רוצה בדיקה מחר באחת בצהריים אצל ד"ר חדאד')
    assert "אצל ד״ר אמיר חדאד" in talk.texts[-2]
    finish(talk)
    assert stands(talk) == [(at(13), "רון מור", "בדיקה", HADDAD)]


def test_a_person_who_is_not_in_then_is_said_so_and_others_are_offered_with_their_names(talk: PlayedDialogue) -> None:
    assert talk.say('אני רוצה בדיקה אצל ד"ר לוי מחר בארבע אחר הצהריים') == ["slot_unavailable"]
    assert "09:00–15:00" in talk.last
    assert "16:00 (בדיקה, אצל ד״ר אמיר חדאד)" in talk.last
    assert "14:30 (בדיקה, אצל ד״ר מיכל לוי)" in talk.last
    talk.agent("בארבע אפשר אצל ד״ר חדאד, או בשתיים וחצי אצל ד״ר לוי")
    assert talk.say("אז בארבע") == ["slot_available", "need_name"]
    finish(talk)
    assert stands(talk) == [(at(16), "רון מור", "בדיקה", HADDAD)]


def test_only_one_person_means_no_offer_of_anybody_else(talk: PlayedDialogue) -> None:
    put(talk, at(9), "בדיקה", LEVI, hours=6)
    assert talk.say('אני רוצה בדיקה מחר בשתים עשרה, רק אצל ד"ר לוי') == ["slot_unavailable"]
    assert "חדאד" not in talk.last


def test_not_with_somebody_takes_another(talk: PlayedDialogue) -> None:
    talk.say('אני רוצה סתימה מחר בשתיים בצהריים, רק לא אצל ד"ר לוי')
    finish(talk)
    assert stands(talk) == [(at(14), "רון מור", "סתימה", HADDAD)]


def test_who_does_not_give_a_service_is_said_with_who_does(talk: PlayedDialogue) -> None:
    assert talk.say('אני רוצה טיפול שורש אצל ד"ר לוי מחר באחת בצהריים') == ["slot_unavailable"]
    assert "ד״ר אמיר חדאד" in talk.last
    assert talk.say("טוב אז אצלו, מחר באחת בצהריים")[0] == "slot_available"
    finish(talk)
    assert stands(talk) == [(at(13), "רון מור", "טיפול שורש", HADDAD)]


def test_a_strangers_name_is_said_not_to_be_here_with_who_is(talk: PlayedDialogue) -> None:
    assert talk.say('אני רוצה בדיקה אצל ד"ר רוזנברג מחר בעשר בבוקר') == ["need_person"]
    assert "רוזנברג" in talk.last
    assert "ד״ר מיכל לוי, ד״ר אמיר חדאד" in talk.last
    assert talk.say("אז אצל מי שפנוי") == ["slot_available", "need_name"]


def test_a_corrected_service_lets_go_of_what_was_held_for_the_other(talk: PlayedDialogue) -> None:
    talk.say("אני רוצה בדיקה מחר בעשר בבוקר")
    assert talk.say("סליחה, לא בדיקה, סתימה") == ["slot_available", "need_name"]
    finish(talk)
    assert [row[2] for row in stands(talk)] == ["סתימה"]


def test_what_is_only_on_request_becomes_a_lead_and_is_said(talk: PlayedDialogue) -> None:
    assert talk.say("אני רוצה הלבנה מחר בעשר") == ["not_offered", "need_name"]
    assert "הלבנה" in talk.texts[-2]
    assert finish(talk) == ["lead_noted"]
    assert stands(talk) == []
    lead = talk.lead()
    assert lead is not None
    assert (lead.name, lead.service) == ("רון מור", "הלבנה")


def test_an_answer_that_names_no_service_twice_becomes_a_lead(talk: PlayedDialogue) -> None:
    assert talk.say("אני רוצה לקבוע תור") == ["need_service"]
    assert talk.say("משהו עם הלסת") == ["need_service"]
    assert talk.say("הלסת כואבת") == ["not_offered", "need_name"]


def test_two_appointments_one_after_the_other(talk: PlayedDialogue) -> None:
    wednesday = datetime(2027, 3, 3)
    talk.say('אני רוצה בדיקה אצל ד"ר לוי ביום רביעי בעשר בבוקר ומיד אחרי זה ניקוי שיניים')
    assert finish(talk) == ["appointment_created", "need_datetime"]
    assert "10:30 (ניקוי שיניים, אצל שירה כהן)" in talk.last
    assert talk.say("כן") == ["appointment_created"]
    assert [(row[0], row[3]) for row in stands(talk)] == [(at(10, 0, wednesday), LEVI), (at(10, 30, wednesday), SHIRA)]


def test_two_people_at_the_same_hour_each_with_another_person(talk: PlayedDialogue) -> None:
    talk.say('אני רוצה בדיקה לי ולבעלי מחר באחת בצהריים, באותה שעה, אני אצל ד"ר לוי והוא אצל ד"ר חדאד')
    talk.say("אני רותם שגיא ובעלי אלון שגיא")
    assert talk.say("כן, המספר הזה") == ["appointment_created", "need_datetime"]
    assert "אלון שגיא" in talk.last
    assert talk.say("כן") == ["appointment_created"]
    assert stands(talk) == [(at(13), "אלון שגיא", "בדיקה", HADDAD), (at(13), "רותם שגיא", "בדיקה", LEVI)]


def test_the_same_as_last_time_is_looked_up_for_a_caller_whose_name_fits(talk: PlayedDialogue) -> None:
    put(talk, datetime(2027, 2, 15, 10), "ניקוי שיניים", SHIRA, phone=CALLER)
    assert talk.say("תקבעי לי אותו דבר כמו בפעם הקודמת, ביום רביעי בעשר בבוקר") == ["need_name"]
    assert "שירה" not in talk.last
    assert talk.say("דנה כהן") == ["slot_available", "need_phone"]
    talk.say("כן, המספר הזה")
    assert stands(talk) == [(at(10, day=datetime(2027, 3, 3)), "דנה כהן", "ניקוי שיניים", SHIRA)]


def test_the_same_as_last_time_says_nothing_to_somebody_else(talk: PlayedDialogue) -> None:
    put(talk, datetime(2027, 2, 15, 10), "ניקוי שיניים", SHIRA, phone=CALLER)
    talk.say("תקבעי לי אותו דבר כמו בפעם הקודמת, ביום רביעי בעשר בבוקר")
    talk.say("יוסי לוין")
    talk.say("יוסי לוינזון")
    assert not any("שירה" in text for text in talk.texts)
    assert stands(talk) == []


def test_a_moved_appointment_stays_with_its_person_until_another_is_named(talk: PlayedDialogue) -> None:
    put(talk, at(10), "בדיקה", LEVI, phone=CALLER)
    talk.say("קוראים לי דנה כהן, אני רוצה להזיז את התור שלי")
    assert talk.say("למחר בארבע אחר הצהריים") == ["slot_unavailable"]
    assert talk.say('אז אצל ד"ר חדאד מחר בארבע אחר הצהריים') == ["confirm_move"]
    assert talk.say("כן") == ["appointment_moved"]
    assert stands(talk) == [(at(16), "דנה כהן", "בדיקה", HADDAD)]


def test_of_two_appointments_the_one_is_cancelled_that_was_named(talk: PlayedDialogue) -> None:
    put(talk, at(10), "בדיקה", LEVI, phone=CALLER)
    put(talk, at(14), "סתימה", HADDAD, hours=1, phone=CALLER)
    assert talk.say("קוראים לי דנה כהן, אני רוצה לבטל את הסתימה") == ["confirm_cancel"]
    assert "סתימה, אצל ד״ר אמיר חדאד" in talk.last
    talk.say("כן")
    assert [row[2] for row in stands(talk)] == ["בדיקה"]


def test_the_earliest_and_an_evening_are_found_with_who_is_there(talk: PlayedDialogue) -> None:
    assert talk.say("מה הכי מוקדם שיש לכם לטיפול שורש?") == ["need_datetime"]
    assert "1 במרץ בשעה 12:00 (טיפול שורש, אצל ד״ר אמיר חדאד)" in talk.last
    assert talk.say("עדיף באיזה ערב") == ["need_datetime"]
    assert "בשעה 16:00" in talk.last
    assert "בשעה 12:00" not in talk.last


def test_what_another_caller_is_being_asked_about_is_held_with_that_person_only(
    database: Database, clinic: int, talk: PlayedDialogue
) -> None:
    talk.say('אני רוצה בדיקה מחר באחת בצהריים אצל ד"ר לוי')
    other = PlayedDialogue(database, clinic, sid="CA-other", caller="+972503334455")
    other.say("אני רוצה בדיקה מחר באחת בצהריים")
    assert "אצל ד״ר אמיר חדאד" in other.texts[-2]


def test_a_resumed_call_knows_service_and_person(talk: PlayedDialogue) -> None:
    talk.say('אני רוצה סתימה אצל ד"ר חדאד מחר באחת בצהריים')
    talk.booking = talk.new_booking()
    finish(talk)
    assert stands(talk) == [(at(13), "רון מור", "סתימה", HADDAD)]


def test_in_a_business_without_services_and_people_nothing_is_looked_for(database: Database) -> None:
    plain = PlayedDialogue(database, make_business(database, "+97231110003", "he"), sid="CA-plain")
    assert not offering_of(plain.booking._context.catalogue)
    assert plain.say("אני רוצה תור לשיננית מחר בעשר בבוקר") == ["slot_available", "need_name"]
    assert "(" not in plain.texts[0]


def test_the_calendar_refuses_a_service_on_request_to_a_call_whatever_it_is_asked(talk: PlayedDialogue) -> None:
    whitening = next(each for each in talk.booking._context.catalogue.services if each.on_request)

    def hold(session: Session) -> str:
        bind_business(session, talk.business_id)
        want = tools_calendar.Want(whitening.id)
        return tools_calendar.hold_slot(session, call_id=talk.call_id, start=at(10), now=NOW, want=want).verdict.rule

    assert talk.database.write(hold) == "on_request"
