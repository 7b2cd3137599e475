"""When a business is open, as instants: holidays and eves, nights over midnight, both DST changes (A2).

Pure. All instants are aware datetimes in UTC; wall-clock values belong to the policy's zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.policy.settings import OpenRange, Policy

FRIDAY = 4
_DAY = timedelta(days=1)


class Span(NamedTuple):
    """Half-open: [start, end), both aware, UTC when made here."""

    start: datetime
    end: datetime

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end


class DayState(NamedTuple):
    """What a date is for the business: `rule` is "" on a normal day, else why its hours differ.

    rule: closed_date, holiday, day_off, holiday_eve or closed_weekday; `name` is the holiday's Hebrew name.
    """

    ranges: tuple[OpenRange, ...]
    rule: str = ""
    name: str = ""


@lru_cache(maxsize=64)
def _holidays_of(year: int, language: str) -> dict[date, str]:
    import holidays  # a large package: loaded when the first business that observes holidays is asked about

    return dict(holidays.country_holidays("IL", years=[year], language=language).items())


def holiday_name(day: date, language: str = "he") -> str:
    """The Israeli public holiday on `day`, "" when it is none."""
    return _holidays_of(day.year, "he" if language == "he" else "en_US").get(day, "")


def day_state(policy: Policy, day: date) -> DayState:
    """The ranges that open on `day`, and the rule that changed or closed them."""
    if day in policy.closed_dates:
        return DayState((), "closed_date")
    if policy.observe_holidays and (name := holiday_name(day)):
        return DayState((), "holiday", name)
    if any(first <= day <= last for first, last in policy.days_off):
        return DayState((), "day_off")
    if policy.observe_holidays and policy.holiday_eves != "normal" and (name := holiday_name(day + _DAY)):
        return DayState(_eve_ranges(policy, day), "holiday_eve", name)
    normal = policy.weekly[day.weekday()]
    return DayState(normal, "" if normal else "closed_weekday")


def _eve_ranges(policy: Policy, day: date) -> tuple[OpenRange, ...]:
    """Friday's hours where the eve is a working day at all, nothing where eves are closed."""
    closed = policy.holiday_eves == "closed" or not policy.weekly[day.weekday()]
    return () if closed else policy.weekly[FRIDAY]


def instants_of(zone: ZoneInfo, wall: datetime) -> tuple[datetime, ...]:
    """The UTC instants at which a clock in `zone` shows `wall` (naive): none in the spring gap, two in autumn."""
    both = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    real = [at for at in both if at.astimezone(zone).replace(tzinfo=None) == wall]
    return tuple(dict.fromkeys(real))


def first_instant_at_or_after(zone: ZoneInfo, wall: datetime) -> datetime:
    """The first UTC instant at which the clock shows `wall`, or has just jumped over it."""
    found = instants_of(zone, wall)
    if found:
        return found[0]
    low, high = sorted(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    while high - low > timedelta(seconds=1):  # the jump lies between the two readings
        middle = low + (high - low) / 2
        before = middle.astimezone(zone).replace(tzinfo=None) < wall
        low, high = (middle, high) if before else (low, middle)
    return high.replace(microsecond=0)


def open_spans(policy: Policy, day: date) -> tuple[Span, ...]:
    """The spans that open on `day`, in order; one may end on the next day, one eaten by a clock jump is left out."""
    midnight = datetime.combine(day, time())
    spans = []
    for each in day_state(policy, day).ranges:
        start = first_instant_at_or_after(policy.zone, midnight + timedelta(minutes=each.start_min))
        end = first_instant_at_or_after(policy.zone, midnight + timedelta(minutes=each.end_min))
        if start < end:
            spans.append(Span(start, end))
    return tuple(spans)


def spans_around(policy: Policy, day: date) -> tuple[Span, ...]:
    """Every span that touches `day`: last night's as well as its own."""
    return (*open_spans(policy, day - _DAY), *open_spans(policy, day))


def local_date(policy: Policy, at: datetime) -> date:
    return at.astimezone(policy.zone).date()


def load_holidays(today: date) -> None:
    """Load the holiday tables now, at a worker's start, and not while the first call waits for its prompt."""
    for year in (today.year, today.year + 1):
        for language in ("he", "en_US"):
            _holidays_of(year, language)
