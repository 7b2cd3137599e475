"""Somebody leaves whose diary is not empty: moved or kept, and nothing lost, on both databases (K2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services import tools_calendar as calendar
from services.appointments.team import set_givers
from services.db.models import Appointment, AppointmentStatus
from services.db.tenancy import bind_business
from services.team.leaving import LastResource, Left, come_back, coming_with, leave
from services.tools_calendar import Booking, BookingResult, Want
from tests.services.appointments.clinic_team import Team, hire
from tests.services.db.fixtures import NOW, Cast, MakeCall

TEN = datetime(2027, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Jerusalem"))
HOUR = timedelta(hours=1)
T = TypeVar("T")


@pytest.fixture
def team(cast: Cast) -> Team:
    return hire(cast)


def in_clinic(cast: Cast, fn: Callable[[Session], T]) -> T:
    return cast.database.write(lambda session: fn(bind_business(session, cast.clinic.id)))


def book(cast: Cast, call_id: int, want: Want, start: datetime = TEN) -> Booking:
    def run(session: Session) -> BookingResult:
        return calendar.create_appointment_from_realtime(
            session, call_id=call_id, start=start, phone="+972501234567", name="Dana", now=NOW, want=want
        )

    booking = cast.database.write(run).booking
    assert booking is not None
    return booking


def with_whom(cast: Cast) -> dict[int, tuple[datetime, str, AppointmentStatus]]:
    def read(session: Session) -> dict[int, tuple[datetime, str, AppointmentStatus]]:
        rows = session.scalars(select(Appointment))
        return {row.id: (row.starts_at, row.resource.name, row.status) for row in rows}

    return in_clinic(cast, read)


def test_who_leaves_hands_on_what_others_can_take_and_keeps_the_rest(
    cast: Cast, team: Team, make_call: MakeCall
) -> None:
    call, other = cast.clinic_call.id, make_call(cast.clinic, "CA-2").id
    free = book(cast, call, Want(team.check_up, team.haddad), TEN)
    canal = book(cast, call, Want(team.root_canal), TEN + HOUR)  # only Haddad gives it
    taken = book(cast, call, Want(team.check_up, team.haddad), TEN + 4 * HOUR)
    in_the_way = book(cast, other, Want(team.check_up, team.levi), TEN + 4 * HOUR)
    assert [row.id for row in in_clinic(cast, lambda s: coming_with(s, team.haddad, NOW))] == [
        free.id,
        canal.id,
        taken.id,
    ]
    left = in_clinic(cast, lambda s: leave(s, team.haddad, NOW, moves=True))
    assert [(each.id, each.resource, each.start) for each in left.moved] == [(free.id, "Levi", TEN)]
    assert list(left.kept) == [canal.id, taken.id]
    booked = AppointmentStatus.BOOKED
    assert with_whom(cast) == {
        free.id: (TEN, "Levi", booked),
        canal.id: (TEN + HOUR, "Haddad", booked),
        taken.id: (TEN + 4 * HOUR, "Haddad", booked),
        in_the_way.id: (TEN + 4 * HOUR, "Levi", booked),
    }
    refused = cast.database.read(
        lambda s: calendar.check_slot(s, call_id=call, start=TEN, now=NOW, want=Want(team.check_up, team.haddad))
    )
    assert refused.verdict.rule == "no_such_person"
    assert {each.resource_id for each in refused.alternatives} == {team.levi}


def test_what_is_kept_stands_until_somebody_moves_or_cancels_it(cast: Cast, team: Team) -> None:
    booking = book(cast, cast.clinic_call.id, Want(team.check_up, team.haddad))
    left: Left = in_clinic(cast, lambda s: leave(s, team.haddad, NOW, moves=False))
    assert (list(left.moved), list(left.kept)) == ([], [booking.id])
    assert with_whom(cast)[booking.id][1] == "Haddad"
    moved = in_clinic(
        cast, lambda s: calendar.move_appointment(s, appointment_id=booking.id, start=TEN + HOUR, now=NOW)
    )
    assert moved.booking is not None
    assert moved.booking.resource == "Levi", "whoever gives it, since the own person has left"


def test_who_comes_back_has_what_was_kept(cast: Cast, team: Team) -> None:
    booking = book(cast, cast.clinic_call.id, Want(team.cleaning))
    in_clinic(cast, lambda s: leave(s, team.bar, NOW, moves=True))
    in_clinic(cast, lambda s: come_back(s, team.bar))
    assert with_whom(cast)[booking.id][1] == "Bar"
    assert book(cast, cast.clinic_call.id, Want(team.cleaning), TEN + HOUR).resource == "Bar"


def test_a_whole_class_goes_to_one_other_person(cast: Cast, team: Team, make_call: MakeCall) -> None:
    in_clinic(cast, lambda s: set_givers(s, team.yoga, [team.bar, team.levi, team.haddad]))
    calls = [make_call(cast.clinic, f"CA-{number}").id for number in range(3)]
    bookings = [book(cast, call, Want(team.yoga, team.bar)) for call in calls]
    left = in_clinic(cast, lambda s: leave(s, team.bar, NOW, moves=True))
    assert [each.id for each in left.moved] == [each.id for each in bookings]
    assert {each.resource for each in left.moved} == {"Levi"}


def test_somebody_is_always_left(cast: Cast, team: Team) -> None:
    for resource in (team.levi, team.haddad):
        in_clinic(cast, lambda s, resource=resource: leave(s, resource, NOW, moves=False))
    with pytest.raises(LastResource):
        in_clinic(cast, lambda s: leave(s, team.bar, NOW, moves=False))
