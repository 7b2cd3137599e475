"""When nobody is written to unasked: nights, Shabbat and Israeli holidays, by the clock of the business (K6). Pure.

A day of rest is quiet from its eve's afternoon, before the earliest candles of the year, until its night is over. So
nothing depends on where in the country the sun sets.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.policy.hours import Span, first_instant_at_or_after, holiday_name

DAY_BEGINS, DAY_ENDS = time(8), time(21)
EVE_ENDS = time(15)
# What is due in quiet time goes out so long before it, and has that long to be sent.
AHEAD_OF_QUIET = timedelta(minutes=30)
_SATURDAY = 5
_DAY = timedelta(days=1)
# More days of rest in a row than any calendar has.
_LOOK_BACK_DAYS = 14


def is_quiet(zone: ZoneInfo, at: datetime) -> bool:
    """Whether nobody is to be written to at an instant."""
    loud = loud_span(zone, at.astimezone(zone).date())
    return loud is None or not loud.start <= at < loud.end


def loud_span(zone: ZoneInfo, day: date) -> Span | None:
    """The part of a date in which people may be written to; None on a day of rest."""
    if is_day_of_rest(day):
        return None
    ends = EVE_ENDS if is_day_of_rest(day + _DAY) else DAY_ENDS
    return Span(*(first_instant_at_or_after(zone, datetime.combine(day, clock)) for clock in (DAY_BEGINS, ends)))


def is_day_of_rest(day: date) -> bool:
    return day.weekday() == _SATURDAY or bool(holiday_name(day))


def loud_at_or_before(zone: ZoneInfo, at: datetime) -> tuple[datetime, datetime]:
    """`at` itself when people may be written to then, else a moment before the quiet time it falls into; and when the
    quiet time after that moment begins."""
    day = at.astimezone(zone).date()
    for back in range(_LOOK_BACK_DAYS):
        loud = loud_span(zone, day - back * _DAY)
        if loud is not None and loud.start <= at:
            return (at if at < loud.end else loud.end - AHEAD_OF_QUIET), loud.end
    raise ValueError("no day on which anybody may be written to")
