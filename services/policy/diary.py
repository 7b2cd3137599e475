"""What of one resource's time is taken: by appointments, by other calendars, by callers who are still being asked (K3).

Pure. Instants are aware datetimes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.policy.hours import Span

Busy = Iterable[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class Need:
    """What one appointment takes of a diary. `before` and `after` are kept free around it; `seats`: how many callers
    the same time can have. service_id: None where the business has no services."""

    length: timedelta
    before: timedelta = timedelta()
    after: timedelta = timedelta()
    seats: int = 1
    service_id: int | None = None

    def around(self, span: Span) -> Span:
        """With the time before and after."""
        return Span(span.start - self.before, span.end + self.after)


@dataclass(frozen=True, slots=True)
class ClassTime:
    """A class that somebody has booked. `told`: as callers hear it; `taken`: with the time before and after; `seats`:
    how many of them are gone."""

    service_id: int
    told: Span
    taken: Span
    seats: int


class Diary:
    """Busy spans, in order and joined: whether a slot is free is found as fast in a full year as in a full day.

    classes: those that may still have seats; their spans are among `busy` too. begun: when its appointments start.
    """

    def __init__(self, busy: Busy = (), classes: Iterable[ClassTime] = (), begun: Iterable[datetime] = ()) -> None:
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        self._classes = tuple(classes)
        self._begun = sorted(begun)
        for start, end in sorted((start.astimezone(UTC), end.astimezone(UTC)) for start, end in busy):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def until(self, span: Span) -> datetime | None:
        """When what stands in the way of `span` is over; None when it is free."""
        before = bisect_left(self._starts, span.end)
        return self._ends[before - 1] if before > 0 and self._ends[before - 1] > span.start else None

    def with_seats(self, need: Need) -> Iterator[ClassTime]:
        """Classes of this service that somebody else can still join."""
        for each in self._classes:
            if each.service_id == need.service_id and each.seats < need.seats:
                yield each

    def class_at(self, need: Need, start: datetime) -> ClassTime | None:
        """The one that starts then."""
        at = start.astimezone(UTC)  # local times that a clock shows twice are equal to nothing
        return next((each for each in self.with_seats(need) if each.told.start == at), None)

    def begun_in(self, start: datetime, end: datetime) -> int:
        """How many appointments begin in [start, end)."""
        return bisect_left(self._begun, end) - bisect_left(self._begun, start)


EMPTY = Diary()
