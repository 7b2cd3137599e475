"""Two calendars, many callers, one hour: nobody is booked over an event or over somebody else, and whatever is changed
on whichever side, in any order, all of them end up with the same (K5)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.calendars import Fault, RunningCalendars
from services.calendar_sync.core.events import event_id
from services.calendar_sync.reading import due, read_connection
from services.db.database import DatabaseUnavailable
from services.db.models import Appointment, AppointmentStatus, TakenKind, TakenTime
from services.tools_calendar import Booking, NoSuchAppointment, Outcome
from tests.services.appointments.racing import RACERS, ROUNDS, race
from tests.services.calendar_sync.wired import HALF, TEN, Wired
from tests.services.db.fixtures import Cast

HOURS = [TEN + HALF * number for number in range(5)]


@pytest.fixture
def wired(cast: Cast, world: RunningCalendars) -> Wired:
    return Wired(cast, world)


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(RACERS) as pool:
        yield pool


def check_diary(wired: Wired) -> set[int]:
    """Nothing overlaps, and every active appointment has its own time; which are active."""

    def read(session: Session) -> set[int]:
        taken = session.scalars(select(TakenTime).order_by(TakenTime.resource_id, TakenTime.starts_at)).all()
        for earlier, later in pairwise(taken):
            assert earlier.resource_id != later.resource_id or earlier.ends_at <= later.starts_at
        rows = session.scalars(select(Appointment).where(Appointment.taken_id.is_not(None))).all()
        assert {row.taken_id for row in rows} == {row.id for row in taken if row.kind is TakenKind.APPOINTMENT}
        return {row.id for row in rows}

    return wired.in_clinic(read)


def google_starts(wired: Wired, *, ours: bool) -> list[datetime]:
    """Of what stands in the Google calendar, of us or of its owner."""
    return sorted(
        datetime.fromisoformat(event["start"]["dateTime"])
        for event in wired.world.live_events()
        if event["id"].startswith("acal") is ours
    )


def settle(wired: Wired) -> None:
    for _ in range(4):
        wired.sync()


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_an_hour_that_callers_and_a_foreign_event_race_for_is_never_double(
    wired: Wired, threads: ThreadPoolExecutor, round_: int
) -> None:
    google, dav = wired.connect_google(), wired.connect_dav()
    wired.read()
    dice = random.Random(round_)
    at = dice.randrange(RACERS)

    def run(number: int) -> Outcome | None:
        if number == at:
            wired.world.add(TEN, TEN + HALF, summary="theirs")
        if number % 8 == 0:  # several machines read and write at the same moment
            later = wired.now + timedelta(minutes=2)
            for turn in wired.cast.database.read(lambda s: due(s, later)):
                try:
                    read_connection(wired.cast.database, wired.remotes, turn, lambda: later)
                except DatabaseUnavailable:
                    pass  # the next one reads
            return None
        return wired.ask(HOURS[number % 2]).outcome

    outcomes = [each for each in race(threads, run) if each is not None]
    assert outcomes.count(Outcome.DONE) <= 2
    wired.now += timedelta(minutes=10)
    settle(wired)
    active = check_diary(wired)
    assert len(active) == outcomes.count(Outcome.DONE)
    assert google_starts(wired, ours=False) == [TEN]
    booked = {wired.in_clinic(lambda s, each=each: s.get_one(Appointment, each).starts_at) for each in active}  # type: ignore[misc]
    assert set(google_starts(wired, ours=True)) == booked
    texts = wired.world.do(lambda server: server.dav.texts())
    assert len(texts) == len(active)
    assert wired.state(google) is wired.state(dav)


def test_two_calendars_that_move_one_appointment_apart_end_up_with_the_same(wired: Wired) -> None:
    google, dav = wired.connect_google(), wired.connect_dav()
    booking = wired.book()
    wired.sync()
    wired.world.move(event_id(booking.uid, google), HOURS[2], HOURS[2] + HALF)
    name = f"{event_id(booking.uid, dav)}.ics"
    text = wired.world.do(lambda server: server.dav.texts()[name])
    for old, new in ((TEN, HOURS[4]), (TEN + HALF, HOURS[4] + HALF)):
        text = text.replace(f":{old:%Y%m%dT%H%M%SZ}\r\n", f":{new:%Y%m%dT%H%M%SZ}\r\n")
    wired.world.do(lambda server: server.dav.put(name, text))
    settle(wired)
    start = wired.appointment(booking).starts_at
    assert start in (HOURS[2], HOURS[4])
    assert google_starts(wired, ours=True) == [start]
    assert f"DTSTART:{start:%Y%m%dT%H%M%SZ}" in wired.world.do(lambda server: server.dav.texts()[name])
    check_diary(wired)


# Whatever happens on either side, in any order, with answers that are lost and readings that fail.
STEPS = st.one_of(
    st.tuples(st.sampled_from(["we move", "they move", "they add"]), st.sampled_from(HOURS)),
    st.tuples(st.sampled_from(["we cancel", "they delete", "write", "read", "lose an answer", "fail"]), st.just(TEN)),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=3, max_size=14))
def test_any_interleaving_ends_with_both_sides_the_same(wired: Wired, steps: list[tuple[str, datetime]]) -> None:
    if not wired.has_connections():
        wired.connect_google()
        wired.read()
    connection = 1
    booking = wired.book()
    name = event_id(booking.uid, connection)
    for what, start in steps:
        carry_out(wired, booking, name, what, start)
    wired.world.do(lambda server: server.faults.waiting.clear())
    wired.now += timedelta(minutes=20)  # pauses of what failed are over
    settle(wired)
    row = wired.appointment(booking)
    is_booked = row.status is AppointmentStatus.BOOKED
    assert google_starts(wired, ours=True) == ([row.starts_at] if is_booked else [])
    check_diary(wired)
    tidy_up(wired, booking)


def carry_out(wired: Wired, booking: Booking, name: str, what: str, start: datetime) -> None:
    there = wired.world.event(name)
    is_there = there is not None and not there.is_deleted
    if what == "we move":
        try:
            wired.move(booking, start)
        except NoSuchAppointment:
            pass  # it is cancelled
    elif what == "we cancel":
        wired.cancel(booking)
    elif what == "they move" and is_there:
        wired.world.move(name, start, start + HALF)
    elif what == "they delete" and is_there:
        wired.world.delete(name)
    elif what == "they add":
        wired.world.add(start, start + HALF)
    elif what == "write":
        wired.write()
    elif what == "read":
        wired.read()
    elif what == "lose an answer":
        wired.world.fault(Fault("lost_answer", "(POST|PATCH|DELETE) .*/events"))
    elif what == "fail":
        wired.world.fault(Fault("refuse", "/events", status=503))


def tidy_up(wired: Wired, booking: Booking) -> None:
    """For the next example: an empty calendar on both sides, on the first day again."""
    wired.cancel(booking)
    for event in wired.world.live_events():
        wired.world.delete(event["id"])
    settle(wired)
    assert wired.blocked() == []
    assert wired.world.live_events() == []
    wired.start_again()
