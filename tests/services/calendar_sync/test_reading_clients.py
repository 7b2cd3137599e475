"""Reading calendars over real sockets: by sync tokens that are forgotten, recurring events with exceptions, other
zones, whole days, what takes no time, and ICS addresses that mean harm (K5)."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.calendars import Fault, RunningCalendars
from sandbox.calendars.dav import PASSWORD
from sandbox.calendars.google_store import GoogleCalendarStore, timed
from services.calendar_sync.clients.dav_discovery import find_calendars
from services.calendar_sync.clients.google import calendars, stop_channel
from services.calendar_sync.clients.reader import IcalReader
from services.calendar_sync.clients.subscription import IcsSubscription
from services.calendar_sync.core.events import Changes, Span
from services.calendar_sync.core.failures import CalendarAway, GrantLost, Refused, TokenGone
from services.outbox.bounded_http import BoundedHttp
from tests.services.calendar_sync.remote import WINDOW, at, dav, dav_http, google, google_http, ics

JERUSALEM_IS_AHEAD = timedelta(hours=2)


def busy(changes: Changes) -> list[Span]:
    return sorted(event.span for event in changes.events if event.busy and not event.cancelled)


def calendar_of(*events: str, head: str = "") -> str:
    inside = "\n".join(f"BEGIN:VEVENT\n{textwrap.dedent(event).strip()}\nEND:VEVENT" for event in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Test//EN\n{head}{inside}\nEND:VCALENDAR\n"
    return text.replace("\n", "\r\n")


def one(uid: str, start: str, end: str, *more: str) -> str:
    return "\n".join([f"UID:{uid}", "DTSTAMP:20270101T000000Z", f"DTSTART{start}", f"DTEND{end}", *more])


# -- Google -------------------------------------------------------------------------------------------------------


def test_after_a_full_reading_only_changes_come(world: RunningCalendars) -> None:
    calendar, first = google(world), world.add(at(10).start, at(10).end, summary="Lunch")
    full = calendar.changes("", WINDOW)
    assert (full.is_full, busy(full), full.events[0].title) == (True, [at(10)], "Lunch")
    assert not calendar.changes(full.token, WINDOW).events
    world.move(first, at(12).start, at(12).end)
    moved = calendar.changes(full.token, WINDOW)
    assert (moved.is_full, busy(moved)) == (False, [at(12)])
    world.delete(first)
    (gone,) = calendar.changes(moved.token, WINDOW).events
    assert (gone.id, gone.cancelled) == (first, True)


def test_a_token_that_google_has_forgotten_is_told(world: RunningCalendars) -> None:
    calendar = google(world)
    token = calendar.changes("", WINDOW).token
    world.do(lambda server: server.google.calendars[world.account].forget_tokens())
    with pytest.raises(TokenGone):
        calendar.changes(token, WINDOW)


def test_all_pages_of_a_list_are_read(world: RunningCalendars) -> None:
    world.do(lambda server: setattr(server.google, "page_size", 3))
    spans = [at(hour) for hour in range(8, 18)]
    for span in spans:
        world.add(span.start, span.end)
    assert busy(google(world).changes("", WINDOW)) == spans


def test_only_what_takes_time_does(world: RunningCalendars) -> None:
    def add(hour: int, **fields: object) -> None:
        world.add(at(hour).start, at(hour).end, **fields)

    add(8, transparency="transparent")
    add(9, status="tentative")
    add(10, attendees=[{"self": True, "responseStatus": "declined"}])
    add(11, attendees=[{"self": True, "responseStatus": "tentative"}])
    add(12, eventType="workingLocation")
    add(13, eventType="outOfOffice")
    assert busy(google(world).changes("", WINDOW)) == [at(9), at(11), at(13)]


def test_a_private_event_takes_its_time_and_leaves_no_title(world: RunningCalendars) -> None:
    world.add(at(10).start, at(10).end, summary="Doctor", visibility="private")
    (event,) = google(world).changes("", WINDOW).events
    assert (event.busy, event.title) == (True, "")


def test_a_whole_day_and_a_time_of_another_zone_are_instants(world: RunningCalendars) -> None:
    world.patch(
        world.add(at(10).start, at(10).end),
        start={"date": "2027-03-04", "dateTime": None},
        end={"date": "2027-03-05", "dateTime": None},
    )
    world.patch(
        world.add(at(10).start, at(10).end),
        start={"dateTime": "2027-03-02T09:00:00", "timeZone": "America/New_York"},
        end={"dateTime": "2027-03-02T10:00:00-05:00"},
    )
    midnight = datetime(2027, 3, 4, tzinfo=UTC) - JERUSALEM_IS_AHEAD
    wanted = [at(14, minutes=60), Span(midnight, midnight + timedelta(days=1))]
    assert busy(google(world).changes("", WINDOW)) == wanted


def test_an_occurrence_that_was_moved_or_cancelled_counts_by_itself(world: RunningCalendars) -> None:
    series = world.add(at(10).start, at(10).end, recurrence=["RRULE:FREQ=DAILY;COUNT=4"])

    def stamp(day: int) -> str:
        return f"{series}_{at(10, day=day).start:%Y%m%dT%H%M%SZ}"

    def exception(day: int, **fields: object) -> None:
        original = timed(at(10, day=day).start)
        body = {"recurringEventId": series, "originalStartTime": original, **fields, "id": stamp(day)}
        world.do(lambda server: server.google.calendars[world.account].put(body))

    exception(3, status="cancelled", start=timed(at(10, day=3).start), end=timed(at(10, day=3).end))
    exception(4, status="confirmed", start=timed(at(15, day=4).start), end=timed(at(15, day=4).end))
    assert busy(google(world).changes("", WINDOW)) == [at(10), at(15, day=4), at(10, day=5)]


def test_an_event_that_cannot_be_understood_holds_up_no_other(world: RunningCalendars) -> None:
    calendar = google(world)
    token = calendar.changes("", WINDOW).token
    world.patch(world.add(at(9).start, at(9).end), start={"dateTime": "soon"})
    good = world.add(at(10).start, at(10).end)
    changes = calendar.changes(token, WINDOW)
    assert ([event.id for event in changes.events], changes.unreadable) == ([good], 1)


def test_the_calendars_of_an_account_are_offered_its_own_first(world: RunningCalendars) -> None:
    other = GoogleCalendarStore("team@sandbox.example", "A team", is_primary=False)
    world.do(lambda server: server.google.calendars.update({other.id: other}))
    offered = calendars(google_http(world))
    assert [(each.id, each.is_usual) for each in offered] == [(world.account, True), (other.id, False)]


def test_a_channel_is_opened_and_closed(world: RunningCalendars) -> None:
    channel = google(world).watch("channel-1", "secret", "http://127.0.0.1:9/nobody")
    assert channel.expires_at > datetime.now(UTC) + timedelta(days=6)
    for _ in range(2):  # one that has ended is fine
        stop_channel(google_http(world), "channel-1", channel.resource_id)
    assert not world.do(lambda server: list(server.google.channels))


# -- CalDAV -------------------------------------------------------------------------------------------------------


def test_a_calendar_is_found_from_the_address_of_its_server(world: RunningCalendars) -> None:
    for address in (world.url, f"{world.url}/dav/", world.dav_url):
        (choice,) = find_calendars(dav_http(), address)
        assert (choice.id, choice.name) == (world.dav_url, "Work")


def test_discovery_tells_a_wrong_password_from_what_is_no_server(world: RunningCalendars) -> None:
    with pytest.raises(GrantLost):
        find_calendars(dav_http("wrong"), world.url)
    world.fault(Fault(where="^PROPFIND", status=405, times=2))
    with pytest.raises(Refused):
        find_calendars(dav_http(PASSWORD), world.url)


@pytest.mark.parametrize("has_sync", [True, False])
def test_a_caldav_calendar_is_read_and_then_what_changed(world: RunningCalendars, has_sync: bool) -> None:
    world.do(lambda server: setattr(server.dav, "has_sync", has_sync))
    calendar = dav(world)
    put(world, "a", one("a", ":20270302T100000Z", ":20270302T103000Z", "SUMMARY:Lunch"))
    full = calendar.changes("", WINDOW)
    assert (full.is_full, busy(full), full.events[0].title) == (True, [at(10)], "Lunch")
    same = calendar.changes(full.token, WINDOW)
    assert (same.events, same.gone, same.is_full) == ((), (), False)
    put(world, "a", one("a", ":20270302T120000Z", ":20270302T123000Z"))
    put(world, "b", one("b", ":20270302T140000Z", ":20270302T143000Z"))
    changed = calendar.changes(full.token, WINDOW)
    assert busy(changed) == [at(12), at(14)]
    world.do(lambda server: server.dav.delete("a.ics"))
    after = calendar.changes(changed.token, WINDOW)
    assert after.gone == ("a",) if has_sync else busy(after) == [at(14)]


def put(world: RunningCalendars, name: str, *events: str, head: str = "") -> None:
    world.do(lambda server: server.dav.put(f"{name}.ics", calendar_of(*events, head=head)))


def test_a_caldav_token_that_is_forgotten_is_told(world: RunningCalendars) -> None:
    calendar = dav(world)
    token = calendar.changes("", WINDOW).token
    world.do(lambda server: server.dav.forget_tokens())
    with pytest.raises(TokenGone):
        calendar.changes(token, WINDOW)


def test_a_series_that_became_shorter_leaves_nothing_behind(world: RunningCalendars) -> None:
    calendar = dav(world)
    put(world, "s", one("s", ":20270302T100000Z", ":20270302T103000Z", "RRULE:FREQ=DAILY;COUNT=3"))
    full = calendar.changes("", WINDOW)
    assert len(busy(full)) == 3
    put(world, "s", one("s", ":20270302T100000Z", ":20270302T103000Z", "RRULE:FREQ=DAILY;COUNT=2"))
    changed = calendar.changes(full.token, WINDOW)
    assert (len(busy(changed)), changed.replaced) == (2, ("s",))


def test_a_server_that_speaks_no_webdav_is_told_so(world: RunningCalendars) -> None:
    world.fault(Fault(status=207, where="^PROPFIND"))
    with pytest.raises(CalendarAway):
        dav(world).changes("", WINDOW)


# -- ICS addresses ------------------------------------------------------------------------------------------------


def serve(world: RunningCalendars, text: str) -> None:
    world.do(lambda server: setattr(server.ics, "text", text))


def read(world: RunningCalendars, *events: str, head: str = "") -> Changes:
    serve(world, calendar_of(*events, head=head))
    return ics(world).changes("", WINDOW)


@pytest.mark.parametrize("has_etags", [True, False])
def test_an_address_is_read_again_only_when_it_changed(world: RunningCalendars, has_etags: bool) -> None:
    world.do(lambda server: setattr(server.ics, "has_etags", has_etags))
    full = read(world, one("a", ":20270302T100000Z", ":20270302T103000Z"))
    assert (full.is_full, busy(full)) == (True, [at(10)])
    same = ics(world).changes(full.token, WINDOW)
    assert (same.is_full, same.events) == (False, ())
    assert world.do(lambda server: server.ics.unchanged) == int(has_etags)
    serve(world, calendar_of(one("a", ":20270302T120000Z", ":20270302T123000Z")))
    assert busy(ics(world).changes(same.token, WINDOW)) == [at(12)]


def test_a_series_with_a_moved_a_cancelled_and_a_left_out_occurrence(world: RunningCalendars) -> None:
    series = one(
        "s", ";TZID=Europe/Paris:20270302T110000", ";TZID=Europe/Paris:20270302T113000",
        "RRULE:FREQ=DAILY;COUNT=5", "EXDATE;TZID=Europe/Paris:20270304T110000",
    )  # fmt: skip
    moved = one("s", ":20270303T150000Z", ":20270303T153000Z", "RECURRENCE-ID;TZID=Europe/Paris:20270303T110000")
    cancelled = one(
        "s", ":20270305T100000Z", ":20270305T103000Z",
        "RECURRENCE-ID;TZID=Europe/Paris:20270305T110000", "STATUS:CANCELLED",
    )  # fmt: skip
    found = read(world, series, moved, cancelled)
    assert busy(found) == [at(10), at(15, day=3), at(10, day=6)]
    assert len({event.instance for event in found.events}) == len(found.events)


def test_a_series_keeps_its_wall_clock_over_a_change_of_the_clocks(world: RunningCalendars) -> None:
    """Israel's clocks went forward on 26 March 2027."""
    zone = ";TZID=Asia/Jerusalem:"
    found = read(world, one("s", f"{zone}20270324T100000", f"{zone}20270324T103000", "RRULE:FREQ=DAILY;COUNT=4"))
    assert [span.start.hour for span in busy(found)] == [8, 8, 7, 7]


def test_times_without_a_zone_and_whole_days_are_the_businesss(world: RunningCalendars) -> None:
    found = read(
        world,
        one("floating", ":20270302T100000", ":20270302T103000"),
        one("day", ";VALUE=DATE:20270304", ";VALUE=DATE:20270305"),
    )
    midnight = datetime(2027, 3, 4, tzinfo=UTC) - JERUSALEM_IS_AHEAD
    assert busy(found) == [at(8), Span(midnight, midnight + timedelta(days=1))]


def test_a_calendar_may_name_its_own_zone(world: RunningCalendars) -> None:
    floating = one("floating", ":20270302T100000", ":20270302T103000")
    assert busy(read(world, floating, head="X-WR-TIMEZONE:Europe/London\n")) == [at(10)]


def test_free_tentative_private_and_empty_events(world: RunningCalendars) -> None:
    found = read(
        world,
        one("free", ":20270302T080000Z", ":20270302T083000Z", "TRANSP:TRANSPARENT"),
        one("outlook", ":20270302T090000Z", ":20270302T093000Z", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"),
        one("maybe", ":20270302T100000Z", ":20270302T103000Z", "STATUS:TENTATIVE"),
        one("secret", ":20270302T110000Z", ":20270302T113000Z", "CLASS:PRIVATE", "SUMMARY:Doctor"),
        one("empty", ":20270302T120000Z", ":20270302T120000Z"),
    )
    assert busy(found) == [at(10), at(11)]
    assert {event.title for event in found.events} == {""}


def test_a_broken_event_holds_up_no_other(world: RunningCalendars) -> None:
    found = read(
        world,
        "UID:broken\nDTSTART:tomorrow\nDTEND:later",
        one("rule", ":20270302T080000Z", ":20270302T083000Z", "RRULE:FREQ=SOMETIMES"),
        one("good", ":20270302T100000Z", ":20270302T103000Z"),
    )
    assert at(10) in busy(found)
    assert found.unreadable >= 1


@pytest.mark.parametrize("name", ["huge.ics", "endless.ics"])
def test_a_file_of_two_gigabytes_is_refused_early(world: RunningCalendars, name: str) -> None:
    with pytest.raises(CalendarAway, match="the answer is too long"):
        ics(world, name).changes("", WINDOW)
    assert world.do(lambda server: server.ics.sent_bytes) < 50_000_000


def test_an_address_that_never_ends_its_answer_costs_its_deadline(world: RunningCalendars) -> None:
    with pytest.raises(CalendarAway, match="it took too long"):
        ics(world, "dripping.ics", deadline_s=0.5).changes("", WINDOW)


def test_redirects_are_followed_and_looked_at_one_by_one(world: RunningCalendars) -> None:
    serve(world, calendar_of(one("a", ":20270302T100000Z", ":20270302T103000Z")))
    assert busy(ics(world, "moved.ics").changes("", WINDOW)) == [at(10)]
    with pytest.raises(Refused):
        ics(world, "circle.ics").changes("", WINDOW)


@pytest.mark.parametrize("url", ["https://127.0.0.1/a.ics", "https://[::1]/a.ics", "webcal://localhost/a.ics"])
def test_private_addresses_are_refused(url: str) -> None:
    subscription = IcsSubscription(BoundedHttp(deadline_s=2.0), IcalReader(), url)
    with pytest.raises(CalendarAway, match="private_address"):
        subscription.changes("", WINDOW)


def test_what_is_no_calendar_is_refused(world: RunningCalendars) -> None:
    serve(world, "<html>log in first</html>")
    with pytest.raises(Refused):
        ics(world).changes("", WINDOW)


def test_a_rule_that_never_comes_true_costs_its_reading_and_nothing_else(world: RunningCalendars) -> None:
    """The 30th of February, looked for day by day until the end of time."""
    never = one("x", ":20270302T100000Z", ":20270302T103000Z", "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30")
    serve(world, calendar_of(never))
    with pytest.raises(CalendarAway):
        IcsSubscription(
            BoundedHttp(deadline_s=5.0, allow_private=True), IcalReader(deadline_s=1.0), f"{world.url}/ics/calendar.ics"
        ).changes("", WINDOW)
