"""A week on a grid: which day, which row, how many rows, and where the business is open. Reads no database.

Rows are five minutes of wall-clock time, counted from the first hour shown; the stylesheet has a class for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.db.models import Appointment
from services.policy.hours import day_state
from services.policy.settings import Policy

ROW_MIN = 5
_USUAL_HOURS = (8, 18)


@dataclass(frozen=True, slots=True)
class Block:
    """An appointment or an opening on its day: first row, and how many. `is_second`: beside another one."""

    row: int
    rows: int
    appointment: Appointment | None = None
    is_second: bool = False


@dataclass(frozen=True, slots=True)
class WeekDay:
    """`note`: why the day's hours differ (holiday's name, or "closed")."""

    day: date
    open: Sequence[Block]
    blocks: Sequence[Block]
    note: str


@dataclass(frozen=True, slots=True)
class Week:
    """Sunday first. `first_hour`: the hour of row 0; `hours`: how many are shown."""

    days: Sequence[WeekDay]
    first_hour: int
    hours: int


def sunday_of(day: date) -> date:
    """The Sunday its week begins with."""
    return day - timedelta(days=(day.weekday() + 1) % 7)


def lay_out(policy: Policy, sunday: date, appointments: Sequence[Appointment]) -> Week:
    """The week that begins on `sunday`. `appointments`: all that touch it, in order."""
    days = [sunday + timedelta(days=n) for n in range(7)]
    spans = {day: _spans_on(policy, day, appointments) for day in days}
    first, last = _hours_shown(policy, days, spans)
    laid = [_day(policy, day, spans[day], first, last) for day in days]
    return Week(laid, first, last - first)


_Span = tuple[int, int, Appointment]


def _spans_on(policy: Policy, day: date, appointments: Sequence[Appointment]) -> list[_Span]:
    """(start, end, appointment) in minutes of the day's wall clock, cut at midnight."""
    found = []
    for each in appointments:
        start, end = each.starts_at.astimezone(policy.zone), each.ends_at.astimezone(policy.zone)
        if start.date() <= day <= end.date():
            begin = 0 if start.date() < day else _minutes(start)
            finish = 1440 if end.date() > day else _minutes(end)
            if finish > begin:
                found.append((begin, finish, each))
    return found


def _minutes(at: datetime) -> int:
    return at.hour * 60 + at.minute


def _hours_shown(policy: Policy, days: Sequence[date], spans: dict[date, list[_Span]]) -> tuple[int, int]:
    starts, ends = [], []
    for day in days:
        ranges = day_state(policy, day).ranges
        starts += [r.start_min for r in ranges] + [begin for begin, _, _ in spans[day]]
        ends += [min(r.end_min, 1440) for r in ranges] + [finish for _, finish, _ in spans[day]]
    if not starts:
        return _USUAL_HOURS
    return min(starts) // 60, max(-(-max(ends) // 60), min(starts) // 60 + 4)


def _day(policy: Policy, day: date, spans: Sequence[_Span], first_hour: int, last_hour: int) -> WeekDay:
    state = day_state(policy, day)
    origin, limit = first_hour * 60, last_hour * 60
    blocks, busy_until = [], -1
    for begin, finish, each in spans:
        is_second, busy_until = begin < busy_until, max(busy_until, finish)
        blocks.append(_block(begin, finish, origin, limit, each, is_second))
    shown = [_block(r.start_min, r.end_min, origin, limit) for r in state.ranges]
    return WeekDay(day, shown, blocks, state.name or ("" if state.ranges else "closed"))


def _block(
    start: int, end: int, origin: int, limit: int, appointment: Appointment | None = None, is_second: bool = False
) -> Block:
    row = (start - origin) // ROW_MIN
    return Block(row, max(1, -(-(min(end, limit) - origin) // ROW_MIN) - row), appointment, is_second)
