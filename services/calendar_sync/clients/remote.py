"""What the rest of this room asks of a calendar, whatever protocol it speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from services.calendar_sync.core.events import Changes, Span, Written
from services.calendar_sync.core.merging import Seen


@dataclass(frozen=True, slots=True)
class Window:
    """What of a calendar is looked at: events that touch the span. zone: the business's, for times without one."""

    span: Span
    zone: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A calendar of an account that we could write into. id: Google's, or the address of the collection."""

    id: str
    name: str
    is_usual: bool = False


class RemoteCalendar(Protocol):
    """One calendar. Every method waits for the network, within a deadline, and raises CalendarFailure."""

    def changes(self, token: str, window: Window) -> Changes:
        """What has changed since `token`; everything for "". Raises TokenGone."""


class WritableCalendar(RemoteCalendar, Protocol):
    def look(self, event_id: str) -> Seen:
        """An event of ours as it is now."""

    def write(self, event_id: str, written: Written, etag: str) -> str:
        """Put an appointment there over the version `etag`, or as a new event for ""; its new ETag, "" where the server
        tells none. Raises Changed."""

    def remove(self, event_id: str, etag: str) -> None:
        """Delete it, in that version if one is named. What is not there is deleted. Raises Changed."""
