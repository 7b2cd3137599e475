"""Writing an appointment into a calendar and finding it there: the same for Google and CalDAV, over real sockets, with
conditions that fail, answers that are lost and grants that end (K5)."""

from __future__ import annotations

import pytest

from sandbox.calendars import Fault, RunningCalendars
from services.calendar_sync.clients.remote import WritableCalendar
from services.calendar_sync.core.events import ForeignEvent, Mark, Version
from services.calendar_sync.core.failures import BadRequest, CalendarAway, Changed, GrantLost, Refused
from services.calendar_sync.core.merging import Unseen
from tests.services.calendar_sync.remote import CONNECTION, OURS, UID, WINDOW, at, dav, google, written

TEN, ELEVEN = at(10), at(11)


@pytest.fixture(params=["google", "caldav"])
def calendar(request: pytest.FixtureRequest, world: RunningCalendars) -> WritableCalendar:
    return google(world) if request.param == "google" else dav(world)


def seen(calendar: WritableCalendar) -> ForeignEvent:
    found = calendar.look(OURS)
    assert isinstance(found, ForeignEvent)
    return found


def test_an_appointment_is_there_with_its_mark(calendar: WritableCalendar) -> None:
    etag = calendar.write(OURS, written(0, TEN), "")
    found = seen(calendar)
    assert (found.id, found.span, found.etag) == (OURS, TEN, etag)
    assert found.mark == Mark(UID, CONNECTION, Version(0, TEN))
    assert found.busy
    assert found.followable
    assert not found.cancelled


def test_a_repeat_does_not_make_a_second_event(calendar: WritableCalendar) -> None:
    calendar.write(OURS, written(0, TEN), "")
    with pytest.raises(Changed):
        calendar.write(OURS, written(0, TEN), "")
    assert [event.id for event in calendar.changes("", WINDOW).events] == [OURS]


def test_a_move_replaces_the_version_it_knows_and_no_other(calendar: WritableCalendar) -> None:
    first = calendar.write(OURS, written(0, TEN), "")
    second = calendar.write(OURS, written(1, ELEVEN), first)
    assert second != first
    assert (seen(calendar).span, seen(calendar).mark) == (ELEVEN, Mark(UID, CONNECTION, Version(1, ELEVEN)))
    with pytest.raises(Changed):
        calendar.write(OURS, written(2, TEN), first)
    with pytest.raises(Changed):
        calendar.remove(OURS, first)
    assert seen(calendar).span == ELEVEN


def test_a_deleted_event_is_told_as_deleted_and_can_be_deleted_twice(calendar: WritableCalendar) -> None:
    token = calendar.changes("", WINDOW).token
    etag = calendar.write(OURS, written(0, TEN), "")
    token = calendar.changes(token, WINDOW).token
    calendar.remove(OURS, etag)
    calendar.remove(OURS, "")
    changes = calendar.changes(token, WINDOW)
    told = {event.id for event in changes.events if event.cancelled} | set(changes.gone)
    assert told == {OURS}


def test_a_deleted_event_can_be_brought_back(calendar: WritableCalendar) -> None:
    calendar.remove(OURS, calendar.write(OURS, written(0, TEN), ""))
    found = calendar.look(OURS)
    etag = found.etag if isinstance(found, ForeignEvent) else ""
    calendar.write(OURS, written(2, ELEVEN), etag)
    assert (seen(calendar).span, seen(calendar).cancelled) == (ELEVEN, False)


def test_what_never_was_there_is_missing(calendar: WritableCalendar) -> None:
    assert calendar.look(OURS) is Unseen.MISSING


def test_a_lost_answer_is_found_in_the_event(calendar: WritableCalendar, world: RunningCalendars) -> None:
    calendar.look(OURS)  # Google's token is asked for before
    world.fault(Fault("lost_answer", where="^(POST|PUT)"))
    with pytest.raises(CalendarAway):
        calendar.write(OURS, written(0, TEN), "")
    assert seen(calendar).mark == Mark(UID, CONNECTION, Version(0, TEN))


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_cannot_just_now_is_tried_later(
    calendar: WritableCalendar, world: RunningCalendars, status: int
) -> None:
    calendar.look(OURS)
    world.fault(Fault(status=status, retry_after_s=120))
    with pytest.raises(CalendarAway) as raised:
        calendar.changes("", WINDOW)
    assert raised.value.retry_after is not None
    assert raised.value.retry_after.total_seconds() == 120


def test_what_may_not_be_done_is_the_owners_to_allow(calendar: WritableCalendar, world: RunningCalendars) -> None:
    calendar.look(OURS)
    world.fault(Fault(status=403))
    with pytest.raises(Refused):
        calendar.write(OURS, written(0, TEN), "")


def test_googles_quota_is_no_refusal(world: RunningCalendars) -> None:
    calendar = google(world)
    calendar.look(OURS)
    for reason in ("rateLimitExceeded", "quotaExceeded"):
        world.fault(Fault(status=403, reason=reason))
        with pytest.raises(CalendarAway):
            calendar.write(OURS, written(0, TEN), "")


def test_what_is_not_taken_is_said_so(world: RunningCalendars) -> None:
    calendar = google(world)
    calendar.look(OURS)
    world.fault(Fault(status=400, reason="invalid"))
    with pytest.raises(BadRequest):
        calendar.write(OURS, written(0, TEN), "")


def test_an_access_token_that_ended_early_is_renewed_once(world: RunningCalendars) -> None:
    calendar = google(world)
    calendar.look(OURS)
    world.do(lambda server: server.oauth.end_access_tokens())
    calendar.write(OURS, written(0, TEN), "")
    assert seen(calendar).span == TEN


def test_a_withdrawn_grant_is_told_from_a_fault(world: RunningCalendars) -> None:
    calendar = google(world)
    calendar.look(OURS)
    world.do(lambda server: server.oauth.withdraw())
    with pytest.raises(GrantLost):
        calendar.changes("", WINDOW)


def test_a_changed_password_is_a_lost_grant(world: RunningCalendars) -> None:
    with pytest.raises(GrantLost):
        dav(world, "not it").changes("", WINDOW)


def test_a_server_that_never_answers_costs_its_deadline_and_no_more(world: RunningCalendars) -> None:
    calendar = google(world, deadline_s=0.5)
    calendar.look(OURS)
    world.fault(Fault("dead"))
    with pytest.raises(CalendarAway, match="it took too long"):
        calendar.look(OURS)


def test_what_the_owner_wrote_into_an_event_stays_there(world: RunningCalendars) -> None:
    calendar = google(world)
    calendar.write(OURS, written(0, TEN), "")
    world.patch(OURS, description="bring the X-ray", location="room 2")
    calendar.write(OURS, written(1, ELEVEN), seen(calendar).etag)
    stored = world.event(OURS)
    assert stored is not None
    assert (stored.body["description"], stored.body["location"]) == ("bring the X-ray", "room 2")

    on_dav = dav(world)
    on_dav.write(OURS, written(0, TEN), "")
    edited = world.do(lambda server: server.dav.texts()[f"{OURS}.ics"]).replace(
        "BEGIN:VEVENT", "BEGIN:VEVENT\r\nLOCATION:room 2"
    )
    world.do(lambda server: server.dav.put(f"{OURS}.ics", edited))
    on_dav.write(OURS, written(1, ELEVEN), seen(on_dav).etag)
    assert "LOCATION:room 2" in world.do(lambda server: server.dav.texts()[f"{OURS}.ics"])
    assert seen(on_dav).span == ELEVEN


def test_an_event_made_recurring_or_a_whole_day_is_not_followed_and_is_put_right(world: RunningCalendars) -> None:
    calendar = google(world)
    calendar.write(OURS, written(0, TEN), "")
    world.patch(OURS, start={"date": "2027-03-02", "dateTime": None}, end={"date": "2027-03-03", "dateTime": None})
    assert not seen(calendar).followable
    calendar.write(OURS, written(0, TEN), seen(calendar).etag)
    assert (seen(calendar).span, seen(calendar).followable) == (TEN, True)
    world.patch(OURS, recurrence=["RRULE:FREQ=DAILY"])
    assert not seen(calendar).followable
    calendar.write(OURS, written(0, TEN), seen(calendar).etag)
    assert seen(calendar).followable


def test_a_server_that_does_not_name_the_new_etag_is_asked_again(world: RunningCalendars) -> None:
    world.do(lambda server: setattr(server.dav, "tells_etags", False))
    calendar = dav(world)
    assert calendar.write(OURS, written(0, TEN), "") == ""
    with pytest.raises(Changed):
        calendar.write(OURS, written(1, ELEVEN), "")
    calendar.write(OURS, written(1, ELEVEN), seen(calendar).etag)
    assert seen(calendar).span == ELEVEN
