"""How full the diary is, and what callers asked for when nobody was free (K7)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.slots import hold_slot
from services.appointments.team import add_service
from services.db.models import Call, Resource
from services.db.tenancy import bind_business
from services.policy.catalogue import Want
from services.reports.busy import Cell, Turned, heats, turned_away
from services.tools_calendar import Wish, cancel_appointment, create_appointment_by_owner
from tests.services.db.fixtures import NOW, Cast

PHONE = "+972501234567"
SUNDAY = date(2027, 3, 7)
TEN = datetime(2027, 3, 9, 10, 0)  # a Tuesday


def book(cast: Cast, start: datetime, minutes: int = 30) -> int:
    def work(s: Session) -> int:
        wish = Wish(start, PHONE, "Dana", duration_min=minutes)
        done = create_appointment_by_owner(bind_business(s, cast.clinic.id), wish, request_key=f"{start}", now=NOW)
        assert done.booking is not None, done
        return done.booking.id

    return cast.database.write(work)


def turned(cast: Cast) -> Turned:
    return cast.database.read(lambda s: turned_away(bind_business(s, cast.clinic.id), NOW - timedelta(days=28)))


def ask(cast: Cast, start: datetime, want: Want, minutes: int = 0) -> bool:
    """A caller asks for a time; whether it was held for them."""
    now = NOW + timedelta(minutes=minutes)
    call = cast.clinic_call.id
    return cast.database.write(lambda s: hold_slot(s, call_id=call, start=start, now=now, want=want)).verdict.ok


def test_the_share_of_each_open_hour_that_is_booked(cast: Cast) -> None:
    book(cast, TEN)
    book(cast, TEN + timedelta(hours=1), 90)
    gone = book(cast, TEN + timedelta(hours=4))
    cast.database.write(lambda s: cancel_appointment(bind_business(s, cast.clinic.id), appointment_id=gone, now=NOW))
    (one,) = cast.database.read(lambda s: heats(bind_business(s, cast.clinic.id), SUNDAY, 7))
    tuesday = {cell.hour: share for cell, share in one.shares.items() if cell.weekday == 1}
    assert tuesday == {9: 0, 10: 0.5, 11: 1, 12: 0.5, 13: 0, 14: 0, 15: 0, 16: 0}
    assert {cell.weekday for cell in one.shares} == {6, 0, 1, 2, 3, 4}, "closed on Saturday"
    assert one.share == pytest.approx(2 / 43)
    (two_weeks,) = cast.database.read(lambda s: heats(bind_business(s, cast.clinic.id), SUNDAY, 14))
    assert two_weeks.shares[Cell(1, 11)] == 0.5


def test_each_person_has_their_own(cast: Cast) -> None:
    book(cast, TEN)

    def second(s: Session) -> None:
        first = bind_business(s, cast.clinic.id).scalars(select(Resource)).one()
        first.name = "Bar"
        hours = {"tue": [["10:00", "11:00"]]}
        s.add(Resource(name="Levi", position=2, opening_hours_json=hours))

    cast.database.write(second)
    bar, levi = cast.database.read(lambda s: heats(bind_business(s, cast.clinic.id), SUNDAY, 7))
    assert (bar.name, bar.shares[Cell(1, 10)]) == ("Bar", 0.5)
    assert (levi.name, dict(levi.shares)) == ("Levi", {Cell(1, 10): 0})
    (office,) = cast.database.read(lambda s: heats(bind_business(s, cast.office.id), SUNDAY, 7))
    assert not any(office.shares.values())


def test_a_time_that_nobody_has_free_is_counted_once_for_a_call_by_hour_and_service(cast: Cast) -> None:
    book(cast, TEN)

    def cleaning(s: Session) -> int:
        who = bind_business(s, cast.clinic.id).scalars(select(Resource.id)).one()
        return add_service(s, name="Cleaning", length_min=30, given_by=[who]).id

    want = Want(cast.database.write(cleaning))
    assert not ask(cast, TEN, want)
    assert not ask(cast, TEN, want, minutes=1), "asked for again"
    assert not ask(cast, TEN, Want())
    assert not ask(cast, TEN.replace(hour=3), want), "closed: nobody was too busy"
    assert ask(cast, TEN + timedelta(hours=2), want)
    found = turned(cast)
    assert (found.total, found.by_cell) == (2, {Cell(1, 10): 2})
    assert sorted(found.by_service) == [("", 1), ("Cleaning", 1)]


def test_test_calls_and_other_businesses_do_not_count(cast: Cast) -> None:
    book(cast, TEN)
    ask(cast, TEN, Want())

    def test_call(s: Session) -> None:
        bind_business(s, cast.clinic.id).get_one(Call, cast.clinic_call.id).is_test = True

    assert turned(cast).total == 1
    office = cast.office.id
    assert cast.database.read(lambda s: turned_away(bind_business(s, office), NOW - timedelta(days=28))).total == 0
    cast.database.write(test_call)
    assert turned(cast).total == 0
