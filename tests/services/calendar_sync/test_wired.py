"""Our calendar and those of others, over their real protocols, kept in step (K5)."""

from __future__ import annotations

from datetime import datetime

import pytest

from sandbox.calendars import RunningCalendars
from services.calendar_sync.core.events import event_id
from services.db.models import AppointmentStatus
from services.tools_calendar import Outcome
from tests.services.calendar_sync.wired import HALF, TEN, Wired
from tests.services.db.fixtures import Cast

ELEVEN = TEN + 2 * HALF
NOON = TEN + 4 * HALF


@pytest.fixture
def wired(cast: Cast, world: RunningCalendars) -> Wired:
    return Wired(cast, world)


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
