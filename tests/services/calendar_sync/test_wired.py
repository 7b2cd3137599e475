"""Our calendar and those of others, over their real protocols, kept in step (K5)."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select

from sandbox.calendars import Fault, RunningCalendars
from services.calendar_sync.core.events import event_id
from services.calendar_sync.reading import due, read_connection
from services.db.models import AppointmentStatus, CalendarState, OutboxKind, TakenTime
from services.db.tenancy import bind_business
from services.tools_calendar import Outcome, Want
from tests.services.appointments.clinic_team import Team, hire
from tests.services.calendar_sync.wired import HALF, TEN, Wired
from tests.services.db.fixtures import Cast

ELEVEN = TEN + 2 * HALF
NOON = TEN + 4 * HALF


@pytest.fixture
def wired(cast: Cast, world: RunningCalendars) -> Wired:
    return Wired(cast, world)


@pytest.fixture
def team(cast: Cast) -> Team:
    return hire(cast)


def starts(wired: Wired) -> list[datetime]:
    """Of all events that stand in the Google calendar."""
    return sorted(datetime.fromisoformat(event["start"]["dateTime"]) for event in wired.world.live_events())


def test_a_booking_appears_as_an_event_and_follows_moves_and_cancels(wired: Wired) -> None:
    connection = wired.connect_google()
    booking = wired.book()
    assert wired.write() == 1
    (event,) = wired.world.live_events()
    assert event["id"] == event_id(booking.uid, connection)
    assert event["summary"] == "Tal Levi – check-up"
    assert wired.move(booking, ELEVEN) is Outcome.DONE
    wired.write()
    assert starts(wired) == [ELEVEN]
    wired.cancel(booking)
    wired.write()
    assert wired.world.live_events() == []


def test_a_foreign_event_blocks_its_time_and_frees_it_when_it_goes(wired: Wired) -> None:
    wired.connect_google()
    theirs = wired.world.add(TEN, TEN + HALF, summary="Dentist of the dentist")
    wired.sync()
    assert wired.blocked() == [(TEN, TEN + HALF)]
    assert wired.ask().outcome is Outcome.REFUSED
    wired.world.move(theirs, ELEVEN, ELEVEN + HALF)
    wired.sync()
    assert wired.blocked() == [(ELEVEN, ELEVEN + HALF)]
    wired.world.delete(theirs)
    wired.sync()
    assert wired.blocked() == []
    assert wired.ask(ELEVEN).outcome is Outcome.DONE


def test_moves_and_deletions_there_come_back(wired: Wired) -> None:
    connection = wired.connect_google()
    booking = wired.book()
    wired.sync()
    name = event_id(booking.uid, connection)
    wired.world.move(name, ELEVEN, ELEVEN + HALF)
    wired.sync()
    assert wired.appointment(booking).starts_at == ELEVEN
    wired.world.delete(name)
    wired.sync()
    assert wired.appointment(booking).status is AppointmentStatus.CANCELLED
    wired.world.patch(name, status="confirmed")
    wired.sync()
    assert wired.appointment(booking).status is AppointmentStatus.BOOKED


def test_where_both_changed_the_callers_time_stays_and_the_owner_is_told(wired: Wired) -> None:
    connection = wired.connect_google()
    wired.notify_by_email()
    booking = wired.book()
    wired.sync()
    wired.world.move(event_id(booking.uid, connection), NOON, NOON + HALF)
    assert wired.move(booking, ELEVEN) is Outcome.DONE
    wired.sync()
    wired.sync()
    assert wired.appointment(booking).starts_at == ELEVEN
    assert starts(wired) == [ELEVEN]
    assert ["Tal Levi" in str(mail.payload["body"]) for mail in wired.outbox(OutboxKind.EMAIL)] == [True]


def test_an_event_that_is_moved_onto_a_taken_time_is_put_back(wired: Wired) -> None:
    connection = wired.connect_google()
    booking, other = wired.book(), wired.book(ELEVEN)
    wired.sync()
    wired.world.move(event_id(booking.uid, connection), ELEVEN, ELEVEN + HALF)
    wired.sync()
    assert [wired.appointment(each).starts_at for each in (booking, other)] == [TEN, ELEVEN]
    assert starts(wired) == [TEN, ELEVEN]


def test_what_an_appointment_hid_of_a_foreign_event_is_taken_once_it_is_gone(wired: Wired) -> None:
    wired.connect_google()
    booking = wired.book()
    wired.world.add(TEN - HALF, TEN + 2 * HALF)
    wired.sync()
    assert wired.blocked() == [(TEN - HALF, TEN), (TEN + HALF, TEN + 2 * HALF)]
    wired.cancel(booking)
    assert wired.blocked() == [(TEN - HALF, TEN + 2 * HALF)]


def test_a_caldav_calendar_is_kept_in_step_both_ways(wired: Wired) -> None:
    connection = wired.connect_dav()
    booking = wired.book()
    wired.sync()
    name = f"{event_id(booking.uid, connection)}.ics"
    (text,) = wired.world.do(lambda server: server.dav.texts()).values()
    assert f"{TEN:%Y%m%dT%H%M%SZ}" in text
    moved = text.replace(f"DTSTART:{TEN:%Y%m%dT%H%M%SZ}", f"DTSTART:{ELEVEN:%Y%m%dT%H%M%SZ}")
    moved = moved.replace(f"DTEND:{TEN + HALF:%Y%m%dT%H%M%SZ}", f"DTEND:{ELEVEN + HALF:%Y%m%dT%H%M%SZ}")
    wired.world.do(lambda server: server.dav.put(name, moved))
    wired.world.do(lambda server: server.dav.put("theirs.ics", theirs(NOON)))
    wired.sync()
    assert wired.appointment(booking).starts_at == ELEVEN
    assert wired.blocked() == [(NOON, NOON + HALF)]
    wired.world.do(lambda server: server.dav.delete(name))
    wired.world.do(lambda server: server.dav.delete("theirs.ics"))
    wired.sync()
    assert wired.appointment(booking).status is AppointmentStatus.CANCELLED
    assert wired.blocked() == []


def theirs(start: datetime) -> str:
    span = f"DTSTART:{start:%Y%m%dT%H%M%SZ}\r\nDTEND:{start + HALF:%Y%m%dT%H%M%SZ}"
    event = f"BEGIN:VEVENT\r\nUID:theirs@example.com\r\nDTSTAMP:20270301T000000Z\r\n{span}\r\nEND:VEVENT"
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n{event}\r\nEND:VCALENDAR\r\n"


def test_an_ics_address_blocks_and_is_written_to_by_nobody(wired: Wired) -> None:
    wired.world.do(lambda server: setattr(server.ics, "text", theirs(TEN)))
    wired.connect_ics()
    wired.sync()
    assert wired.blocked() == [(TEN, TEN + HALF)]
    wired.book(ELEVEN)
    assert wired.outbox(OutboxKind.CALENDAR) == []
    wired.world.do(lambda server: setattr(server.ics, "text", theirs(NOON)))
    wired.sync()
    assert wired.blocked() == [(NOON, NOON + HALF)]


def test_a_lost_grant_is_told_once_and_booking_goes_on(wired: Wired) -> None:
    connection = wired.connect_google()
    wired.notify_by_email()
    theirs_id = wired.world.add(NOON, NOON + HALF)
    wired.sync()
    wired.world.do(lambda server: server.oauth.withdraw())
    booking = wired.book()
    for _ in range(3):
        wired.sync()
    assert wired.state(connection) is CalendarState.LOST
    assert len(wired.outbox(OutboxKind.EMAIL)) == 1
    assert wired.ask(ELEVEN).outcome is Outcome.DONE
    assert wired.blocked() == [(NOON, NOON + HALF)]  # what was known there is not booked over
    wired.world.delete(theirs_id)
    wired.grant_again(connection)
    wired.read()
    assert wired.state(connection) is CalendarState.ACTIVE
    assert starts(wired) == [TEN, ELEVEN]
    assert wired.blocked() == []
    assert wired.appointment(booking).starts_at == TEN


@pytest.mark.parametrize("kind", ["refuse", "lost_answer"])
def test_a_server_in_trouble_costs_time_and_nothing_else(wired: Wired, kind: str) -> None:
    connection = wired.connect_google()
    booking = wired.book()
    wired.world.fault(Fault(kind, "POST .*/events", times=2, status=503))
    wired.world.fault(Fault(kind, "GET .*/events", times=1, status=500))
    for _ in range(6):
        wired.sync()
    assert wired.state(connection) is CalendarState.ACTIVE
    assert starts(wired) == [TEN]
    assert wired.appointment(booking).sequence == 0


def test_a_forgotten_sync_token_is_read_anew_without_harm(wired: Wired) -> None:
    connection = wired.connect_google()
    booking = wired.book()
    gone, stays = wired.world.add(NOON, NOON + HALF), wired.world.add(ELEVEN, ELEVEN + HALF)
    wired.sync()
    wired.world.delete(gone)
    wired.world.do(lambda server: server.google.calendars[wired.world.account].forget_tokens())
    wired.sync()
    assert wired.blocked() == [(ELEVEN, ELEVEN + HALF)]
    assert wired.appointment(booking).status is AppointmentStatus.BOOKED
    wired.world.delete(event_id(booking.uid, connection))
    wired.world.do(lambda server: server.google.calendars[wired.world.account].forget_tokens())
    wired.sync()
    assert wired.appointment(booking).status is AppointmentStatus.CANCELLED
    assert stays in {event["id"] for event in wired.world.live_events()}


def test_a_connection_is_read_once_over_all_machines(wired: Wired) -> None:
    wired.connect_google()
    turns = wired.cast.database.read(lambda s: due(s, wired.now))
    read = [read_connection(wired.cast.database, wired.remotes, turns[0], wired.clock) for _ in range(3)]
    assert read == [True, False, False]


def test_another_business_sees_nothing_of_it(wired: Wired) -> None:
    wired.connect_google()
    wired.world.add(TEN, TEN + HALF)
    wired.sync()
    office = wired.cast.office.id
    rows = wired.cast.database.read(lambda s: bind_business(s, office).scalars(select(TakenTime)).all())
    assert rows == []


def test_a_persons_calendar_gets_that_persons_appointments(wired: Wired, team: Team) -> None:
    levi, haddad = wired.connect_google(team.levi), wired.connect_dav(team.haddad)
    booking = wired.book(want=Want(team.check_up, team.levi))
    wired.sync()
    assert starts(wired) == [TEN]
    assert wired.world.do(lambda server: server.dav.texts()) == {}
    moved = wired.move(booking, TEN, Want(team.check_up, team.haddad))
    assert moved is Outcome.DONE
    wired.sync()
    assert starts(wired) == []
    assert list(wired.world.do(lambda server: server.dav.texts())) == [f"{event_id(booking.uid, haddad)}.ics"]
    wired.world.add(ELEVEN, ELEVEN + HALF)
    wired.sync()
    assert wired.ask(ELEVEN, want=Want(team.check_up, team.levi)).outcome is Outcome.REFUSED
    assert wired.ask(ELEVEN, want=Want(team.check_up, team.haddad)).outcome is Outcome.DONE
    assert wired.state(levi) is CalendarState.ACTIVE
