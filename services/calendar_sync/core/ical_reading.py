"""iCalendar text, read into events: recurring ones expanded with their exceptions, whole days, other zones. Pure.

Runs in a process of its own (clients/reader.py): nobody can say beforehand how long somebody else's text takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Component

from services.calendar_sync.core.events import ForeignEvent, Mark, Span, mark_of_uid, short_title
from services.calendar_sync.core.ical_writing import WRITTEN

_ID_LIMIT = 200
_MOST_EVENTS = 10_000
_PRIVATE = {"PRIVATE", "CONFIDENTIAL"}
# What the libraries raise at text that is no calendar, or a rule that makes no sense.
_BROKEN = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)


class NoCalendar(ValueError):
    """It is no calendar at all, or too much of one. The message says which."""


@dataclass(frozen=True, slots=True)
class Document:
    """One text. id: what its events are known by, where they are known by the text's own name; etag: its version."""

    text: str
    id: str = ""
    etag: str = ""


@dataclass(slots=True)
class Reading:
    """unreadable: how many events could not be understood."""

    events: list[ForeignEvent] = field(default_factory=list)
    unreadable: int = 0


def read_documents(documents: Iterable[Document], window: Span, zone: str) -> Reading:
    """Every event of the documents that touches the window, and those of ours wherever they are.

    zone: in which times without one, and whole days, lie. Raises NoCalendar when there are too many events. A document
    that is no calendar counts as one unreadable event.
    """
    reading = Reading()
    for document in documents:
        try:
            _read(document, window, zone, reading)
        except _BROKEN:
            reading.unreadable += 1
        if len(reading.events) > _MOST_EVENTS:
            raise NoCalendar("too many events")
    return reading


def _read(document: Document, window: Span, zone: str, reading: Reading) -> None:
    calendar = Calendar.from_ical(document.text)
    local = _zone_of(calendar, zone)
    for uid, events in _by_uid(calendar).items():
        mark = _mark(uid, events)
        try:
            if mark is not None:
                reading.events.append(_ours(document, uid, events[0], mark, local))
                continue
            for found in _occurrences(calendar, events, window, local):
                reading.events.append(_event(document, uid, found, local, recurs=_recurs(events)))
                if len(reading.events) > _MOST_EVENTS:
                    return
        except _BROKEN:
            reading.unreadable += 1


def _by_uid(calendar: Calendar) -> dict[str, list[Component]]:
    """A recurring event and its exceptions have one UID; some programs give none."""
    found: dict[str, list[Component]] = {}
    for number, event in enumerate(calendar.walk("VEVENT")):
        found.setdefault(str(event.get("UID", f"without {number}")), []).append(event)
    return found


def _occurrences(calendar: Calendar, events: list[Component], window: Span, zone: ZoneInfo) -> Iterator[Component]:
    alone = Calendar()
    for name in ("CALSCALE", "X-WR-TIMEZONE"):
        if name in calendar:
            alone[name] = calendar[name]
    for event in events:
        alone.add_component(event)
    query = recurring_ical_events.of(alone, keep_recurrence_attributes=True)
    # A day more on each side: times without a zone are compared as if they had the window's.
    day = timedelta(days=1)
    for found in query.between(window.start - day, window.end + day):
        if _span(found, zone).overlaps(window):
            yield found


def _ours(document: Document, uid: str, event: Component, mark: Mark, zone: ZoneInfo) -> ForeignEvent:
    """An appointment of ours: wherever it was moved to, and not followed if it was made to recur."""
    found = _event(document, uid, event, zone, recurs=False)
    followable = not _recurs([event]) and isinstance(event.decoded("DTSTART"), datetime)
    return ForeignEvent(found.id, found.span, found.etag, "", found.busy, found.cancelled, followable, "", mark)


def _event(document: Document, uid: str, event: Component, zone: ZoneInfo, *, recurs: bool) -> ForeignEvent:
    span = _span(event, zone)
    cancelled = str(event.get("STATUS", "")).upper() == "CANCELLED"
    return ForeignEvent(
        id=document.id or _short_id(uid),
        span=span,
        etag=document.etag,
        instance=_instance(event, zone) if recurs else "",
        busy=_is_busy(event) and span.end > span.start,
        cancelled=cancelled,
        followable=False,
        title=short_title(str(event.get("SUMMARY", "")), is_private=str(event.get("CLASS", "")).upper() in _PRIVATE),
    )


def _is_busy(event: Component) -> bool:
    """Tentative ones take their time too. Outlook says in a word of its own that somebody is free."""
    is_free = str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() == "FREE"
    return not is_free and str(event.get("TRANSP", "")).upper() != "TRANSPARENT"


def _recurs(events: list[Component]) -> bool:
    return len(events) > 1 or any(name in events[0] for name in ("RRULE", "RDATE", "RECURRENCE-ID"))


def _instance(event: Component, zone: ZoneInfo) -> str:
    """Which occurrence it is, by the time it would have by its rule."""
    which = event.decoded("RECURRENCE-ID") if "RECURRENCE-ID" in event else event.decoded("DTSTART")
    return _instant(which, zone).strftime("%Y%m%dT%H%M%SZ")


def _span(event: Component, zone: ZoneInfo) -> Span:
    begins = event.decoded("DTSTART")
    start = _instant(begins, zone)
    if "DTEND" in event:
        end = _instant(event.decoded("DTEND"), zone)
    elif "DURATION" in event:
        end = _instant(begins + event.decoded("DURATION"), zone)
    else:  # as RFC 5545 has it: a whole day, or no time at all
        end = start if isinstance(begins, datetime) else _instant(begins + timedelta(days=1), zone)
    return Span(start, max(start, end))


def _instant(moment: date | datetime, zone: ZoneInfo) -> datetime:
    """An aware UTC instant; a date is its midnight in the zone."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _zone_of(calendar: Calendar, usual: str) -> ZoneInfo:
    """The calendar's own zone, where it names one that there is."""
    for name in (str(calendar.get("X-WR-TIMEZONE", "")), usual):
        try:
            return ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            continue
    return ZoneInfo("UTC")


def _mark(uid: str, events: list[Component]) -> Mark | None:
    return mark_of_uid(uid, str(events[0].get(WRITTEN, "")))


def _short_id(uid: str) -> str:
    return uid if len(uid) <= _ID_LIMIT else sha256(uid.encode()).hexdigest()
