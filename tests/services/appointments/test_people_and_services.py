"""Services, people and rooms in the calendar: who is booked, and for how long, on both databases (K1, K2, K3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services import tools_calendar as calendar
from services.accounts.catalogue import catalogue_of
from services.appointments.taken import block_foreign
from services.appointments.team import add_resource, add_service, set_givers
from services.business_policy import PolicyError, Span
from services.calls.lifecycle import load_call_context
from services.db.models import (
    Appointment,
    AppointmentStatus,
    BusinessSettings,
    Call,
    Lead,
    OutboxMessage,
    OutboxStatus,
    Resource,
    Service,
    TakenKind,
    TakenTime,
)
from services.db.tenancy import bind_business
from services.tools_calendar import Booking, BookingResult, Outcome, Want, Wish
from tests.services.appointments.clinic_team import Team
from tests.services.db.fixtures import NOW, Cast, MakeCall

TEN = datetime(2027, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Jerusalem"))  # Tuesday
HOUR = timedelta(hours=1)
PHONE = "+972501234567"
T = TypeVar("T")


def in_clinic(cast: Cast, fn: Callable[[Session], T]) -> T:
    return cast.database.write(lambda session: fn(bind_business(session, cast.clinic.id)))


def book(cast: Cast, call: Call, want: Want, start: datetime = TEN, **more: Any) -> BookingResult:
    wish = {"phone": PHONE, "name": "Dana", "now": NOW, "want": want, **more}
    return cast.database.write(
        lambda s: calendar.create_appointment_from_realtime(s, call_id=call.id, start=start, **wish)
    )


def booked(cast: Cast, call: Call, want: Want, start: datetime = TEN, **more: Any) -> Booking:
    result = book(cast, call, want, start, **more)
    assert result.outcome is Outcome.DONE, result.verdict
    assert result.booking is not None
    return result.booking


def move(cast: Cast, booking: Booking, start: datetime, **more: Any) -> BookingResult:
    return in_clinic(
        cast, lambda s: calendar.move_appointment(s, appointment_id=booking.id, start=start, now=NOW, **more)
    )


def taken(cast: Cast) -> list[tuple[int, datetime, datetime, TakenKind]]:
    def read(session: Session) -> list[tuple[int, datetime, datetime, TakenKind]]:
        rows = session.scalars(select(TakenTime).order_by(TakenTime.starts_at, TakenTime.resource_id))
        return [(row.resource_id, row.starts_at, row.ends_at, row.kind) for row in rows]

    return in_clinic(cast, read)


# -- services and people ----------------------------------------------------------------------------------------------


def test_the_first_person_gets_what_was_booked_with_nobody(cast: Cast) -> None:
    before = booked(cast, cast.clinic_call, Want())
    assert (before.resource, before.service_id) == ("", None)
    levi = in_clinic(cast, lambda s: add_resource(s, name="Levi").id)
    assert levi == before.resource_id
    haddad = in_clinic(cast, lambda s: add_resource(s, name="Haddad").id)
    names = in_clinic(cast, lambda s: [each.name for each in catalogue_of(s).team])
    assert names == ["Levi", "Haddad"]
    assert book(cast, cast.clinic_call, Want(resource_id=levi), request="2").verdict.rule == "busy"
    assert book(cast, cast.clinic_call, Want(resource_id=haddad), request="2").outcome is Outcome.DONE


def test_a_business_that_is_made_has_one_resource_without_a_name(cast: Cast) -> None:
    catalogue = in_clinic(cast, catalogue_of)
    assert [(each.name, each.policy == catalogue.policy) for each in catalogue.team] == [("", True)]
    assert catalogue.services == ()
    context = cast.database.read(lambda s: load_call_context(s, cast.clinic_call.id))
    assert context.catalogue == catalogue


def test_a_service_is_booked_with_its_length_and_the_time_after_it(cast: Cast, team: Team) -> None:
    booking = booked(cast, cast.clinic_call, Want(team.root_canal), service="a terrible toothache")
    assert (booking.end, booking.service, booking.resource) == (TEN + HOUR, "root canal", "Haddad")
    assert taken(cast) == [(team.haddad, TEN, TEN + 1.5 * HOUR, TakenKind.APPOINTMENT)]
    check_up = Want(team.check_up, team.haddad)
    assert book(cast, cast.clinic_call, check_up, TEN + HOUR).verdict.rule == "busy", "the time after it"
    assert book(cast, cast.clinic_call, check_up, TEN + 1.5 * HOUR).outcome is Outcome.DONE
    too_near = Want(team.root_canal)
    assert book(cast, cast.clinic_call, too_near, TEN - HOUR).verdict.rule == "busy", "its own time after reaches in"
    assert in_clinic(cast, lambda s: s.scalars(select(Lead.service)).one()) == "check-up"


def test_two_people_are_booked_at_the_same_time_and_a_third_caller_is_told_of_both(
    cast: Cast, team: Team, make_call: MakeCall
) -> None:
    first, second = booked(cast, cast.clinic_call, Want(team.check_up)), make_call(cast.clinic, "CA-2")
    assert booked(cast, second, Want(team.check_up)).resource_id == team.haddad
    assert first.resource_id == team.levi
    third = make_call(cast.clinic, "CA-3")
    refused = book(cast, third, Want(team.check_up))
    assert (refused.verdict.rule, refused.verdict.resource) == ("busy", None)
    assert "Levi" not in refused.verdict.words("en")
    only = book(cast, third, Want(team.check_up, team.levi))
    assert (only.verdict.rule, only.verdict.resource) == ("busy", team.levi)
    assert "Levi" in only.verdict.words("en")


def test_alternatives_look_across_people_and_begin_with_the_one_who_was_wished(
    cast: Cast, team: Team, make_call: MakeCall
) -> None:
    booked(cast, cast.clinic_call, Want(team.check_up, team.levi))
    other = make_call(cast.clinic, "CA-2")
    check = cast.database.read(
        lambda s: calendar.check_slot(s, call_id=other.id, start=TEN, now=NOW, want=Want(team.check_up, team.levi))
    )
    half = timedelta(minutes=30)
    assert [(each.start, each.resource_id) for each in check.alternatives] == [
        (TEN - half, team.levi),
        (TEN, team.haddad),
        (TEN + half, team.levi),
    ]


@pytest.mark.parametrize(
    ("service", "person", "rule"),
    [("cleaning", "levi", "does_not_give"), ("whitening", None, "on_request"), ("whitening", "levi", "on_request")],
)
def test_what_somebody_does_not_do_is_refused_and_offers_nothing_wrong(
    cast: Cast, team: Team, service: str, person: str | None, rule: str
) -> None:
    want = Want(getattr(team, service), getattr(team, person) if person else None)
    assert book(cast, cast.clinic_call, want).verdict.rule == rule
    check = cast.database.read(
        lambda s: calendar.check_slot(s, call_id=cast.clinic_call.id, start=TEN, now=NOW, want=want)
    )
    assert {each.resource_id for each in check.alternatives} == ({team.bar} if service == "cleaning" else set())
    assert taken(cast) == []


def test_a_service_that_nobody_gives_is_refused_and_said_so(cast: Cast, team: Team) -> None:
    in_clinic(cast, lambda s: set_givers(s, team.cleaning, []))
    refused = book(cast, cast.clinic_call, Want(team.cleaning))
    assert (refused.outcome, refused.verdict.rule) == (Outcome.REFUSED, "nobody_gives")
    assert [each.name for each in in_clinic(cast, catalogue_of).given_by_nobody] == ["cleaning"]


def test_the_owner_books_what_is_on_request(cast: Cast, team: Team) -> None:
    wish = Wish(TEN, PHONE, "Dana", want=Want(team.whitening))
    done = in_clinic(cast, lambda s: calendar.create_appointment_by_owner(s, wish, request_key="1", now=NOW))
    assert done.booking is not None
    assert (done.booking.service, done.booking.resource) == ("whitening", "Levi")
    again = in_clinic(cast, lambda s: calendar.create_appointment_by_owner(s, wish, request_key="1", now=NOW))
    assert (again.outcome, again.booking) == (Outcome.REPEATED, done.booking)


def test_a_persons_own_hours_and_days_off_are_the_calendars(cast: Cast, team: Team) -> None:
    def change(session: Session) -> None:
        levi, haddad = session.get_one(Resource, team.levi), session.get_one(Resource, team.haddad)
        levi.days_off = [["2027-03-01", "2027-03-05"]]
        haddad.opening_hours_json = {"tue": [["13:00", "16:00"]]}

    in_clinic(cast, change)
    assert book(cast, cast.clinic_call, Want(team.check_up, team.levi)).verdict.rule == "day_off"
    haddad = book(cast, cast.clinic_call, Want(team.check_up, team.haddad)).verdict
    assert (haddad.rule, haddad.resource, haddad.facts.hours) == ("outside_hours", team.haddad, (("13:00", "16:00"),))
    assert booked(cast, cast.clinic_call, Want(team.check_up), TEN.replace(hour=13)).resource_id == team.haddad


def test_hours_that_overlap_are_refused_and_ones_that_cannot_be_read_book_nothing(cast: Cast, team: Team) -> None:
    with pytest.raises(PolicyError, match="overlap"):
        in_clinic(
            cast,
            lambda s: add_resource(s, name="Gal", opening_hours={"sun": [["09:00", "13:00"], ["12:00", "15:00"]]}),
        )

    def spoil(session: Session) -> None:
        session.get_one(Resource, team.bar).opening_hours_json = {"someday": []}

    in_clinic(cast, spoil)
    assert book(cast, cast.clinic_call, Want(team.cleaning)).verdict.rule == "closed_weekday"


# -- the same call, and holds -----------------------------------------------------------------------------------------


def test_who_was_held_for_a_caller_is_who_it_will_be(cast: Cast, team: Team, make_call: MakeCall) -> None:
    held = cast.database.write(
        lambda s: calendar.hold_slot(s, call_id=cast.clinic_call.id, start=TEN, now=NOW, want=Want(team.check_up))
    )
    assert held.verdict.resource == team.levi
    booked(cast, make_call(cast.clinic, "CA-2"), Want(team.check_up, team.levi), TEN + 2 * HOUR)
    again = cast.database.write(
        lambda s: calendar.hold_slot(s, call_id=cast.clinic_call.id, start=TEN, now=NOW, want=Want(team.check_up))
    )
    assert again.verdict.resource == team.levi, "although she has more appointments by now"
    assert booked(cast, cast.clinic_call, Want(team.check_up)).resource_id == team.levi


def test_a_hold_is_with_one_person_and_keeps_the_time_after_too(cast: Cast, team: Team, make_call: MakeCall) -> None:
    cast.database.write(
        lambda s: calendar.hold_slot(s, call_id=cast.clinic_call.id, start=TEN, now=NOW, want=Want(team.root_canal))
    )
    other = make_call(cast.clinic, "CA-2")
    assert book(cast, other, Want(team.check_up, team.haddad), TEN + HOUR).verdict.rule == "busy"
    assert booked(cast, other, Want(team.check_up)).resource_id == team.levi


def test_one_call_books_two_people_at_the_same_time_when_it_says_so(cast: Cast, team: Team) -> None:
    first = booked(cast, cast.clinic_call, Want(team.check_up))
    assert book(cast, cast.clinic_call, Want(team.check_up)).booking == first, "said twice"
    second = booked(cast, cast.clinic_call, Want(team.check_up), name="Avi", request="2")
    assert (first.resource, second.resource, second.start) == ("Levi", "Haddad", TEN)
    assert move(cast, second, TEN + HOUR, call_id=cast.clinic_call.id).outcome is Outcome.DONE
    assert move(cast, second, TEN, call_id=cast.clinic_call.id).outcome is Outcome.DONE, "beside the first again"


# -- moving -----------------------------------------------------------------------------------------------------------


def test_a_moved_appointment_stays_with_its_person_unless_another_is_wished(cast: Cast, team: Team) -> None:
    booking = booked(cast, cast.clinic_call, Want(team.check_up, team.haddad))
    moved = move(cast, booking, TEN + HOUR).booking
    assert moved is not None
    assert moved.resource_id == team.haddad
    across = move(cast, booking, TEN + HOUR, want=Want(resource_id=team.levi))
    assert across.outcome is Outcome.DONE
    assert across.booking is not None
    assert (across.booking.resource, across.booking.service) == ("Levi", "check-up")
    assert taken(cast) == [(team.levi, TEN + HOUR, TEN + 1.5 * HOUR, TakenKind.APPOINTMENT)]
    assert move(cast, booking, TEN, want=Want(resource_id=team.bar)).verdict.rule == "does_not_give"
    whoever = move(cast, booking, TEN, want=Want())
    assert whoever.booking is not None
    assert whoever.booking.resource == "Levi", "whoever is free is first who has it already"


def test_another_service_brings_its_own_length(cast: Cast, team: Team) -> None:
    booking = booked(cast, cast.clinic_call, Want(team.check_up))
    moved = move(cast, booking, TEN, want=Want(team.root_canal)).booking
    assert moved is not None
    assert (moved.end, moved.service, moved.resource) == (TEN + HOUR, "root canal", "Haddad")


def test_a_service_that_changed_leaves_what_was_booked_as_it_is(cast: Cast, team: Team) -> None:
    """Its length, the time around it, who gives it, whether it is offered at all (K1)."""
    booking = booked(cast, cast.clinic_call, Want(team.root_canal))

    def change(session: Session) -> None:
        service = session.get_one(Service, team.root_canal)
        service.length_min, service.after_min, service.active = 120, 0, False
        set_givers(session, team.root_canal, [team.levi])

    in_clinic(cast, change)
    assert taken(cast) == [(team.haddad, TEN, TEN + 1.5 * HOUR, TakenKind.APPOINTMENT)]
    moved = move(cast, booking, TEN + 2 * HOUR, call_id=cast.clinic_call.id)
    assert moved.outcome is Outcome.DONE
    assert moved.booking is not None
    assert (moved.booking.end - moved.booking.start, moved.booking.resource) == (HOUR, "Haddad")
    assert taken(cast) == [(team.haddad, TEN + 2 * HOUR, TEN + 3.5 * HOUR, TakenKind.APPOINTMENT)]
    assert book(cast, cast.clinic_call, Want(team.root_canal)).verdict.rule == "no_such_service"


def test_a_status_set_back_takes_the_time_around_it_again(cast: Cast, team: Team) -> None:
    def set_status(status: AppointmentStatus) -> BookingResult:
        return in_clinic(
            cast, lambda s: calendar.set_appointment_status(s, appointment_id=booking.id, status=status, now=NOW)
        )

    booking = booked(cast, cast.clinic_call, Want(team.root_canal))
    occupied = taken(cast)
    set_status(AppointmentStatus.NO_SHOW)
    assert taken(cast) == []
    set_status(AppointmentStatus.BOOKED)
    assert taken(cast) == occupied
    set_status(AppointmentStatus.CANCELLED)
    booked(cast, cast.clinic_call, Want(team.check_up, team.haddad), TEN + HOUR)
    assert set_status(AppointmentStatus.BOOKED).verdict.words("en") == "Tuesday, 2 March at 10:00 is already taken."


# -- a class ----------------------------------------------------------------------------------------------------------


def test_a_class_of_eight_takes_eight_and_the_last_to_leave_frees_the_time(
    cast: Cast, team: Team, make_call: MakeCall
) -> None:
    calls = [make_call(cast.clinic, f"CA-{number}") for number in range(9)]
    bookings = [booked(cast, call, Want(team.yoga)) for call in calls[:8]]
    assert {booking.resource_id for booking in bookings} == {team.bar}
    assert taken(cast) == [(team.bar, TEN, TEN + HOUR, TakenKind.APPOINTMENT)]
    assert book(cast, calls[8], Want(team.yoga)).verdict.rule == "busy"
    assert book(cast, calls[8], Want(team.cleaning)).verdict.rule == "busy", "its teacher is not free for others"
    assert book(cast, calls[8], Want(team.yoga), TEN + timedelta(minutes=30)).verdict.rule == "busy"

    def cancel(booking: Booking) -> None:
        in_clinic(cast, lambda s: calendar.cancel_appointment(s, appointment_id=booking.id, now=NOW))

    cancel(bookings[3])
    last = booked(cast, calls[8], Want(team.yoga))
    seats = in_clinic(
        cast, lambda s: sorted(s.scalars(select(Appointment.seat).where(Appointment.taken_id.is_not(None))))
    )
    assert seats == list(range(1, 9))
    for booking in (*bookings[:3], *bookings[4:], last):
        assert taken(cast), "as long as anybody is left"
        cancel(booking)
    assert taken(cast) == []


def test_held_seats_of_a_class_are_seats(cast: Cast, team: Team, make_call: MakeCall) -> None:
    calls = [make_call(cast.clinic, f"CA-{number}") for number in range(9)]

    def hold(call: Call) -> bool:
        held = cast.database.write(
            lambda s: calendar.hold_slot(s, call_id=call.id, start=TEN, now=NOW, want=Want(team.yoga))
        )
        return held.until is not None

    assert [hold(call) for call in calls[:5]] == [True] * 5
    for call in calls[5:8]:
        booked(cast, call, Want(team.yoga))
    assert not hold(calls[8])
    assert hold(calls[0]), "its own seat"
    assert [booked(cast, call, Want(team.yoga)).start for call in calls[:5]] == [TEN] * 5
    assert len(taken(cast)) == 1


def test_one_of_a_class_moves_and_the_others_stay(cast: Cast, team: Team, make_call: MakeCall) -> None:
    mine, other = booked(cast, cast.clinic_call, Want(team.yoga)), make_call(cast.clinic, "CA-2")
    theirs = booked(cast, other, Want(team.yoga))
    later = TEN + 2 * HOUR
    assert move(cast, mine, later).outcome is Outcome.DONE
    assert [start for _, start, _, _ in taken(cast)] == [TEN, later]
    assert move(cast, theirs, later).outcome is Outcome.DONE, "into the same class again"
    assert [start for _, start, _, _ in taken(cast)] == [later]
    assert move(cast, theirs, later + timedelta(minutes=30)).verdict.rule == "busy", "the class itself is in the way"
    assert move(cast, mine, later).outcome is Outcome.REPEATED


def test_a_class_whose_length_changed_is_joined_as_it_was_booked(cast: Cast, team: Team, make_call: MakeCall) -> None:
    booked(cast, cast.clinic_call, Want(team.yoga))

    def change(session: Session) -> None:
        yoga = session.get_one(Service, team.yoga)
        yoga.length_min, yoga.capacity = 90, 2

    in_clinic(cast, change)
    joins = booked(cast, make_call(cast.clinic, "CA-2"), Want(team.yoga))
    assert joins.end == TEN + HOUR
    assert book(cast, make_call(cast.clinic, "CA-3"), Want(team.yoga)).verdict.rule == "busy", "two seats by now"


# -- other calendars --------------------------------------------------------------------------------------------------


def test_events_of_other_calendars_block_and_never_push_out_an_appointment(cast: Cast, team: Team) -> None:
    """(K5)"""
    booking = booked(cast, cast.clinic_call, Want(team.check_up, team.levi))
    half = timedelta(minutes=30)
    events = [Span(TEN - HOUR, TEN + HOUR), Span(TEN + half, TEN + 2 * HOUR), Span(TEN + 4 * HOUR, TEN + 5 * HOUR)]

    def block(spans: list[Span]) -> list[tuple[datetime, datetime]]:
        in_clinic(cast, lambda s: block_foreign(s, team.levi, spans))
        return [(start, end) for _, start, end, kind in taken(cast) if kind is TakenKind.FOREIGN]

    around = [(TEN - HOUR, TEN), (TEN + half, TEN + 2 * HOUR), (TEN + 4 * HOUR, TEN + 5 * HOUR)]
    assert block(events) == [(start.astimezone(UTC), end.astimezone(UTC)) for start, end in around]
    assert block(events) == block(events)
    assert book(cast, cast.clinic_call, Want(team.check_up, team.levi), TEN + HOUR).verdict.rule == "busy"
    assert booked(cast, cast.clinic_call, Want(team.check_up), TEN + HOUR).resource_id == team.haddad
    in_clinic(cast, lambda s: calendar.cancel_appointment(s, appointment_id=booking.id, now=NOW))
    whole = [(TEN - HOUR, TEN + 2 * HOUR), (TEN + 4 * HOUR, TEN + 5 * HOUR)]
    assert block(events) == [(start.astimezone(UTC), end.astimezone(UTC)) for start, end in whole]
    assert block([]) == []


# -- zones and clocks -------------------------------------------------------------------------------------------------


def test_a_change_of_zone_leaves_what_was_booked_at_its_instant(cast: Cast, team: Team) -> None:
    booking = booked(cast, cast.clinic_call, Want(team.root_canal))

    def change(session: Session) -> None:
        session.scalars(select(BusinessSettings)).one().timezone = "Europe/London"

    in_clinic(cast, change)
    shown = in_clinic(cast, lambda s: calendar.callers_appointments(s, cast.clinic_call.id, NOW))
    assert [(each.start, f"{each.start:%H:%M}") for each in shown] == [(TEN, "08:00")]
    wall = datetime(2027, 3, 2, 9, 0)  # an instant at which root canal is still being cleaned up after
    assert book(cast, cast.clinic_call, Want(team.check_up, team.haddad), wall).verdict.rule == "busy"
    assert book(cast, cast.clinic_call, Want(team.check_up, team.levi), TEN).verdict.rule == "outside_hours"
    moved = move(cast, booking, wall).booking
    assert moved is not None
    assert (moved.start, moved.end - moved.start) == (wall.replace(tzinfo=ZoneInfo("Europe/London")), HOUR)


@pytest.mark.parametrize(
    ("now", "day", "skipped", "double"),
    [
        (NOW, datetime(2027, 3, 26), 2, None),
        (datetime(2027, 10, 25, 7, 0, tzinfo=UTC), datetime(2027, 10, 31), None, 1),
    ],
)
def test_on_the_days_of_the_clock_a_person_has_each_instant_once(
    cast: Cast, team: Team, now: datetime, day: datetime, skipped: int | None, double: int | None
) -> None:
    def at_night(session: Session) -> None:
        hours = {"fri": [["00:00", "06:00"]], "sun": [["00:00", "06:00"]]}
        session.get_one(Resource, team.levi).opening_hours_json = hours

    in_clinic(cast, at_night)
    want = Want(team.check_up, team.levi)
    if skipped is not None:
        start = day.replace(hour=skipped, minute=30)
        assert book(cast, cast.clinic_call, want, start, now=now).verdict.rule == "no_such_time"
    midnight = day.replace(tzinfo=TEN.tzinfo).astimezone(UTC)
    hours = 6 + (1 if double is not None else -1)
    starts = [midnight + timedelta(minutes=30 * number) for number in range(2 * hours)]
    told = [booked(cast, cast.clinic_call, want, start, now=now) for start in starts]
    assert [each.start.astimezone(UTC) for each in told] == starts
    assert [each.end.astimezone(UTC) for each in told] == [start + timedelta(minutes=30) for start in starts]
    if double is not None:
        start = day.replace(hour=double, minute=30)
        assert book(cast, cast.clinic_call, want, start, now=now).verdict.rule == "ambiguous_time"
        assert [f"{each.start:%H:%M}" for each in told].count("01:30") == 2
    late = midnight + timedelta(hours=hours)
    assert book(cast, cast.clinic_call, want, late, now=now).verdict.rule == "outside_hours"


def test_a_team_of_another_business_does_not_exist(cast: Cast, team: Team) -> None:
    office = cast.database.write(
        lambda s: add_service(bind_business(s, cast.office.id), name="tax return", given_by=[]).id
    )
    assert book(cast, cast.clinic_call, Want(office)).verdict.rule == "no_such_service"
    refused = book(cast, cast.office_call, Want(resource_id=team.levi))
    assert refused.verdict.rule == "no_such_person"


# -- by hand in the calendar ------------------------------------------------------------------------------------------


def test_a_change_asked_for_on_an_older_view_is_not_made(cast: Cast, team: Team) -> None:
    """(K7)"""
    booking = booked(cast, cast.clinic_call, Want(team.check_up, team.levi))
    moved = move(cast, booking, TEN + HOUR, seen=booking.sequence)
    assert moved.booking is not None
    with pytest.raises(calendar.ChangedMeanwhile):
        move(cast, booking, TEN + 2 * HOUR, seen=booking.sequence, want=Want(resource_id=team.haddad))
    again = move(cast, booking, TEN + 2 * HOUR, seen=moved.booking.sequence, want=Want(resource_id=team.haddad))
    assert again.booking is not None
    assert (again.booking.resource_id, again.booking.service_id) == (team.haddad, team.check_up)


def test_the_customer_is_not_told_of_a_move_that_the_owner_keeps_quiet(cast: Cast, team: Team) -> None:
    """(K7)"""

    def messages() -> list[OutboxStatus]:
        query = select(OutboxMessage.status).where(OutboxMessage.key.startswith("sms:"))
        return in_clinic(cast, lambda s: list(s.scalars(query.order_by(OutboxMessage.id))))

    def wants(s: Session) -> None:
        settings = s.scalars(select(BusinessSettings)).one()
        settings.sms_confirmation = settings.may_send_sms = True

    in_clinic(cast, wants)
    booking = booked(cast, cast.clinic_call, Want(team.check_up, team.levi))
    told = messages()
    assert move(cast, booking, TEN + HOUR, tells=False).outcome is Outcome.DONE
    assert len(messages()) == len(told)
    assert OutboxStatus.PENDING not in messages(), "what speaks of the older time is not sent"
    assert move(cast, booking, TEN + 2 * HOUR).outcome is Outcome.DONE
    assert messages()[len(told) :] == [OutboxStatus.PENDING]
