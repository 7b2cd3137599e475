"""When the customer of an appointment is reminded of it (K6). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services.policy.quiet import USUAL, Waking, loud_at_or_before

# What an owner may choose, in minutes before the appointment.
OFFERED_MIN = (7 * 1440, 3 * 1440, 2 * 1440, 1440, 720, 240, 120, 60)
LONGEST_MIN = 30 * 1440
# Two that come closer together, because quiet time moved one of them, are one.
APART = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Reminder:
    """minutes: how long before the appointment its owner chose it. at: when it goes out; not_after: from when on it is
    not sent any more, because the appointment or a quiet time begins."""

    minutes: int
    at: datetime
    not_after: datetime


def planned(
    zone: ZoneInfo, starts_at: datetime, chosen: Iterable[int], since: datetime, waking: Waking = USUAL
) -> list[Reminder]:
    """The reminders of an appointment that go out at `since` or later, in their order.

    chosen: minutes before it. One that falls into quiet time goes out before that; one whose moment was before
    `since` does not go out at all: nobody is reminded of what they have just been told.
    """
    # In UTC: a length of time is one of the clock on no wall.
    starts_at = starts_at.astimezone(UTC)
    found: list[Reminder] = []
    for minutes in sorted({*chosen}, reverse=True):
        at, quiet_begins = loud_at_or_before(zone, starts_at - timedelta(minutes=minutes), waking)
        if at >= since and (not found or at - found[-1].at >= APART):
            found.append(Reminder(minutes, at, min(quiet_begins, starts_at)))
    return found


def due(reminders: Iterable[Reminder], now: datetime) -> Reminder | None:
    """The one to be sent now: of several that were not sent in time only the last, and none whose time is over."""
    ready = [each for each in reminders if each.at <= now < each.not_after]
    return ready[-1] if ready else None


def next_moment(reminders: Iterable[Reminder], now: datetime) -> datetime | None:
    """When the next one goes out; None when none does any more."""
    return next((each.at for each in reminders if each.at > now), None)
