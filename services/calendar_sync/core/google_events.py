"""Google Calendar's JSON, read and written. Pure.

Recurring events are asked for expanded (`singleEvents`): Google knows its own rules best, and each occurrence comes
with an id, a time and a state of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.calendar_sync.core.events import (
    ForeignEvent,
    Mark,
    Span,
    Written,
    read_version,
    short_title,
    version_text,
)

# Nothing else is asked for: who is invited, where, and what about stays at Google.
FIELDS = (
    "id,etag,status,summary,visibility,transparency,eventType,start,end,recurrence,recurringEventId,"
    "extendedProperties/private,attendees(self,responseStatus)"
)
LIST_FIELDS = f"nextPageToken,nextSyncToken,timeZone,items({FIELDS})"

_UID, _CONNECTION, _WRITTEN = "assistantUid", "assistantConnection", "assistantWritten"
_PRIVATE = {"private", "confidential"}
# What says where somebody is, or whose birthday it is, and takes no time.
_NO_TIME = {"workingLocation", "birthday"}


class BadEvent(ValueError):
    """An event that cannot be understood."""


def read_event(event: Mapping[str, Any], zone: str) -> ForeignEvent:
    """One event of a list. zone: the calendar's, in which its whole days lie. Raises BadEvent.

    Google keeps only the id of some deleted events: such a one comes with a time of no length.
    """
    try:
        cancelled = event.get("status") == "cancelled"
        return ForeignEvent(
            id=str(event["id"]),
            span=_span(event, zone, may_be_empty=cancelled),
            etag=str(event.get("etag", "")),
            busy=_is_busy(event),
            cancelled=cancelled,
            followable="dateTime" in event.get("start", {}) and not event.get("recurrence"),
            title=short_title(str(event.get("summary", "")), is_private=event.get("visibility") in _PRIVATE),
            mark=_mark(event),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadEvent(type(error).__name__) from error


def _span(event: Mapping[str, Any], zone: str, *, may_be_empty: bool) -> Span:
    if may_be_empty and not (event.get("start") and event.get("end")):
        never = datetime(1970, 1, 1, tzinfo=UTC)
        return Span(never, never)
    start, end = _moment(event["start"], zone), _moment(event["end"], zone)
    if end < start:
        raise ValueError("it ends before it begins")
    return Span(start, end)


def _moment(value: Mapping[str, Any], zone: str) -> datetime:
    if "dateTime" not in value:
        midnight = datetime.combine(date.fromisoformat(value["date"]), time())
        return midnight.replace(tzinfo=_zone(zone)).astimezone(UTC)
    moment = datetime.fromisoformat(value["dateTime"])
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone(value.get("timeZone") or zone))
    return moment.astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def _is_busy(event: Mapping[str, Any]) -> bool:
    """Tentative ones take their time too; what was declined does not."""
    declined = any(one.get("self") and one.get("responseStatus") == "declined" for one in event.get("attendees", ()))
    return not declined and event.get("transparency") != "transparent" and event.get("eventType") not in _NO_TIME


def _mark(event: Mapping[str, Any]) -> Mark | None:
    private = event.get("extendedProperties", {}).get("private", {})
    if _UID not in private:
        return None
    connection = str(private.get(_CONNECTION, ""))
    return Mark(
        str(private[_UID]),
        int(connection) if connection.isascii() and connection.isdigit() else None,
        read_version(str(private.get(_WRITTEN, ""))),
    )


def new_event(event_id: str, written: Written) -> dict[str, Any]:
    """The body of an insert: the event under the id that we chose."""
    said = {name: _told(value) for name, value in changed_event(written).items() if value is not None}
    return {
        "id": event_id,
        **said,
        "description": written.details,
        "reminders": {"useDefault": True},
    }


def changed_event(written: Written) -> dict[str, Any]:
    """The body of a patch: what is ours to say. What the owner has written into the event besides stays."""
    start, end = written.span.start, written.span.end
    private = {
        _UID: written.uid,
        _CONNECTION: str(written.connection_id),
        _WRITTEN: version_text(written.version),
    }
    return {
        "status": "confirmed",
        "summary": written.title,
        "start": _written_moment(start, written.zone),
        "end": _written_moment(end, written.zone),
        "recurrence": None,
        "transparency": "opaque",
        "extendedProperties": {"private": private},
    }


def _told(value: Any) -> Any:
    """What is not None: a new event has nothing that could be taken away."""
    return {name: one for name, one in value.items() if one is not None} if isinstance(value, dict) else value


def _written_moment(moment: datetime, zone: str) -> dict[str, Any]:
    """`date` is taken away: the event may have become one of a whole day."""
    local = moment.astimezone(ZoneInfo(zone))
    return {"dateTime": local.isoformat(timespec="seconds"), "timeZone": zone, "date": None}


def error_reason(body: Mapping[str, Any]) -> str:
    """Google's word for what went wrong, "" when there is none: "rateLimitExceeded", "fullSyncRequired"."""
    error = body.get("error")
    if isinstance(error, str):  # of the token endpoint
        return error
    if not isinstance(error, Mapping):
        return ""
    first: object = next(iter(error.get("errors") or ()), {})
    return str(first.get("reason", "")) if isinstance(first, Mapping) else ""
