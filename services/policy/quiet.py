"""When nobody is written to unasked: nights, Shabbat and Israeli holidays, by the clock of the business (K6). Pure.

A day of rest is quiet from its eve's afternoon, before the earliest candles of the year, until its night is over. So
nothing depends on where in the country the sun sets. An owner chooses the hours of other days, within limits; days of
rest and nights are quiet whatever is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.policy.hours import Span, first_instant_at_or_after, holiday_name

DAY_BEGINS, DAY_ENDS = time(8), time(21)
EVE_ENDS = time(15)
# What is due in quiet time goes out so long before it, and has that long to be sent.
AHEAD_OF_QUIET = timedelta(minutes=30)
# What an owner may choose of a day, in minutes after midnight.
EARLIEST_MIN, LATEST_BEGIN_MIN = 6 * 60, 12 * 60
EARLIEST_END_MIN, LATEST_MIN = 16 * 60, 22 * 60
_SATURDAY = 5
_DAY = timedelta(days=1)
# More days of rest in a row than any calendar has.
_LOOK_BACK_DAYS = 14


@dataclass(frozen=True, slots=True)
class Waking:
    """The hours of an ordinary day in which people may be written to."""

    begins: time = DAY_BEGINS
    ends: time = DAY_ENDS


USUAL = Waking()


def waking_of(begins_min: int, ends_min: int) -> Waking:
    """From minutes after midnight, kept within what anybody may choose."""
    begins = min(max(begins_min, EARLIEST_MIN), LATEST_BEGIN_MIN)
    ends = min(max(ends_min, EARLIEST_END_MIN), LATEST_MIN)
    return Waking(time(begins // 60, begins % 60), time(ends // 60, ends % 60))


def is_quiet(zone: ZoneInfo, at: datetime, waking: Waking = USUAL) -> bool:
    """Whether nobody is to be written to at an instant."""
    loud = loud_span(zone, at.astimezone(zone).date(), waking)
    return loud is None or not loud.start <= at < loud.end


def loud_span(zone: ZoneInfo, day: date, waking: Waking = USUAL) -> Span | None:
    """The part of a date in which people may be written to; None on a day of rest."""
    if is_day_of_rest(day):
        return None
    ends = min(EVE_ENDS, waking.ends) if is_day_of_rest(day + _DAY) else waking.ends
    return Span(*(first_instant_at_or_after(zone, datetime.combine(day, clock)) for clock in (waking.begins, ends)))


def is_day_of_rest(day: date) -> bool:
    return day.weekday() == _SATURDAY or bool(holiday_name(day))


def loud_at_or_before(zone: ZoneInfo, at: datetime, waking: Waking = USUAL) -> tuple[datetime, datetime]:
    """`at` itself when people may be written to then, else a moment before the quiet time it falls into; and when the
    quiet time after that moment begins."""
    day = at.astimezone(zone).date()
    for back in range(_LOOK_BACK_DAYS):
        loud = loud_span(zone, day - back * _DAY, waking)
        if loud is not None and loud.start <= at:
            return (at if at < loud.end else loud.end - AHEAD_OF_QUIET), loud.end
    raise ValueError("no day on which anybody may be written to")
