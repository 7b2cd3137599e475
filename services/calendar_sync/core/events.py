"""An event of somebody's calendar, whatever protocol it came by, and the mark that ours carry there. Pure.

An appointment is written under an id that is made of its uid, so that a repeat is an update. The event itself says
which state of the appointment was written into it: that survives every answer that gets lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

UID_HOST = "ai-call-assistant"
TITLE_LIMIT = 120
_STAMP = "%Y%m%dT%H%M%SZ"
_WRITTEN = re.compile(r"^(\d{1,9});(\d{8}T\d{6}Z)/(\d{8}T\d{6}Z)$")
_UID = re.compile(rf"^(?P<uid>[^@\s]{{1,64}}?)(?:\.(?P<connection>\d{{1,18}}))?@{re.escape(UID_HOST)}$")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """[start, end) as aware instants."""

    start: datetime
    end: datetime

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Version:
    """A state of an appointment: its sequence, and its time; None where it takes none in this calendar."""

    sequence: int
    span: Span | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What an event says of the appointment it stands for. written: None when somebody's program dropped that part."""

    uid: str
    connection_id: int | None
    written: Version | None = None


@dataclass(frozen=True, slots=True)
class ForeignEvent:
    """One event, or one occurrence of a recurring one. Of a private one no title is kept.

    id: as its calendar names it. instance: which occurrence, "" where the id says that too. busy: whether it takes
    time at all. cancelled: the calendar still tells of it, but it is deleted. followable: whether an appointment could
    have such a time: not all day, not one of many.
    """

    id: str
    span: Span
    etag: str = ""
    instance: str = ""
    busy: bool = True
    cancelled: bool = False
    followable: bool = True
    title: str = ""
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What one reading of a calendar brought. is_full: `events` are all there are in the window.

    gone: ids of what was deleted, with proof; that something is missing in a full reading proves nothing. replaced: ids
    of which `events` has all there is now. token: what the next reading begins from. unreadable: how many events could
    not be understood.
    """

    events: tuple[ForeignEvent, ...] = ()
    gone: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    token: str = ""
    is_full: bool = False
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """An appointment as it is written into a calendar. version.span is never None here."""

    uid: str
    connection_id: int
    version: Version
    title: str
    details: str
    zone: str

    @property
    def span(self) -> Span:
        if self.version.span is None:
            raise ValueError("an appointment without a time is not written")
        return self.version.span


def event_id(uid: str, connection_id: int) -> str:
    """The id of an appointment's event: letters and digits that Google takes, 36 of them.

    Another one in each connection: an appointment that goes from one person to another is deleted there and written
    here, and both may look into the same calendar.
    """
    return "acal" + sha256(f"{uid}/{connection_id}".encode()).hexdigest()[:32]


def ical_uid(uid: str, connection_id: int) -> str:
    """The UID of an appointment's event where events are iCalendar objects."""
    return f"{uid}.{connection_id}@{UID_HOST}"


def mark_of_uid(ical: str, written: str = "") -> Mark | None:
    """The mark in an iCalendar UID of ours, also that of our feed; None for anybody else's."""
    found = _UID.match(ical)
    if found is None:
        return None
    connection = found["connection"]
    return Mark(found["uid"], int(connection) if connection else None, read_version(written))


def version_text(version: Version) -> str:
    """How an event says which state was written into it."""
    if version.span is None:
        raise ValueError("nothing is written of an appointment without a time")
    start, end = (moment.astimezone(UTC).strftime(_STAMP) for moment in (version.span.start, version.span.end))
    return f"{version.sequence};{start}/{end}"


def read_version(text: str) -> Version | None:
    """What `version_text` wrote; None for anything else."""
    found = _WRITTEN.match(text)
    if found is None:
        return None
    try:
        start, end = (datetime.strptime(found[part], _STAMP).replace(tzinfo=UTC) for part in (2, 3))
    except ValueError:
        return None
    return Version(int(found[1]), Span(start, end))


def short_title(text: str, *, is_private: bool) -> str:
    """A title as it is kept: one line; nothing of a private event."""
    return "" if is_private else " ".join(text.split())[:TITLE_LIMIT]
