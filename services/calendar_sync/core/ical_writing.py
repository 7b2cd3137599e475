"""An appointment as an iCalendar object, new or within what the owner's program has made of it. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from icalendar import Calendar, Component, Event

from services.calendar_sync.core.events import Written, ical_uid, version_text

WRITTEN = "X-ASSISTANT-WRITTEN"
# What would make one appointment several, or another one.
_OF_SERIES = ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "DURATION", "STATUS")


def new_object(written: Written, now: datetime) -> bytes:
    """The whole object of an appointment."""
    calendar = Calendar()
    calendar.add("PRODID", "-//AI Call Assistant//Appointments//EN")
    calendar.add("VERSION", "2.0")
    event = Event()
    event.add("UID", ical_uid(written.uid, written.connection_id))
    event.add("DESCRIPTION", written.details)
    _say(event, written, now)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def changed_object(text: str, written: Written, now: datetime) -> bytes:
    """The object as it is, with our part brought up to date; anew when there is no such event in it. Raises
    ValueError for what is no calendar."""
    calendar = Calendar.from_ical(text)
    uid = ical_uid(written.uid, written.connection_id)
    events = [event for event in calendar.walk("VEVENT") if str(event.get("UID", "")) == uid]
    if not events:
        return new_object(written, now)
    event = next((one for one in events if "RECURRENCE-ID" not in one), events[0])
    for name in _OF_SERIES:
        event.pop(name, None)
    _say(event, written, now)
    calendar.subcomponents = [event]
    return bytes(calendar.to_ical())


def _say(event: Component, written: Written, now: datetime) -> None:
    said = {
        "SUMMARY": written.title,
        # As instants: what shows them knows its own zone, and no rules of a zone have to come along.
        "DTSTART": written.span.start.astimezone(UTC),
        "DTEND": written.span.end.astimezone(UTC),
        "DTSTAMP": now.astimezone(UTC),
        "LAST-MODIFIED": now.astimezone(UTC),
        "SEQUENCE": max(written.version.sequence, int(event.get("SEQUENCE", 0)) + 1),
        "TRANSP": "OPAQUE",
        "STATUS": "CONFIRMED",
        WRITTEN: version_text(written.version),
    }
    for name, value in said.items():
        event.pop(name, None)
        event.add(name, value)
