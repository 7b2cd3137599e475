"""Days and people on a grid: which lane, which row, how many rows, and where somebody works. Reads no database.

A lane is one person, room or chair on one day. Rows are five minutes of wall-clock time, counted from the first hour
shown; the stylesheet has a class for each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.db.models import Appointment, TakenKind, TakenTime
from services.policy.catalogue import ResourceRules
from services.policy.hours import day_state, holiday_name, spans_around

ROW_MIN = 5
_USUAL_HOURS = (8, 18)
_FEWEST_HOURS = 4
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Block:
    """Something on its lane: first row, and how many. `is_second`: beside another one."""

    row: int
    rows: int
    appointments: tuple[Appointment, ...] = ()
    is_second: bool = False

    @property
    def first(self) -> Appointment:
        return self.appointments[0]

    @property
    def seats(self) -> int:
        """How many callers the time has room for: more than one is a class."""
        return self.first.capacity or 1


@dataclass(frozen=True, slots=True)
class Lane:
    """`open`: when somebody works; `around`: kept free before and after; `busy`: events of other calendars. `note`: why
    the hours of this day differ: "closed", "day_off", or the holiday's name, in Hebrew and in English."""

    who: ResourceRules
    day: date
    open: Sequence[Block]
    around: Sequence[Block]
    busy: Sequence[Block]
    blocks: Sequence[Block]
    note: tuple[str, str]

    @property
    def in_order(self) -> list[Block]:
        """What is booked, and the events of other calendars between."""
        return sorted([*self.blocks, *self.busy], key=lambda each: each.row)

    @property
    def opens(self) -> str:
        """Rows from which and to which it is open, for scripts: "24-72 96-144"."""
        return " ".join(f"{each.row}-{each.row + each.rows}" for each in self.open)


@dataclass(frozen=True, slots=True)
class Day:
    """`note`: of all its lanes, when they agree."""

    day: date
    lanes: Sequence[Lane]
    note: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Diary:
    """`first_hour`: the hour of row 0; `hours`: how many are shown."""

    days: Sequence[Day]
    first_hour: int
    hours: int


def sunday_of(day: date) -> date:
    """The Sunday its week begins with."""
    return day - timedelta(days=(day.weekday() + 1) % 7)


def lay_out(
    people: Sequence[ResourceRules],
    days: Sequence[date],
    appointments: Sequence[Appointment],
    taken: Sequence[TakenTime] = (),
) -> Diary:
    """`appointments` and `taken`: all that touch these days, in order."""
    things = {(who.id, day): _Things(who, day) for day in days for who in people}
    for each in _seated(appointments):
        _put(things, days, each[0].resource_id, "booked", each[0].starts_at, each[0].ends_at, each)
    told: defaultdict[int, list[Appointment]] = defaultdict(list)
    for one in appointments:
        if one.taken_id is not None:
            told[one.taken_id].append(one)
    for row in taken:
        if row.kind is TakenKind.FOREIGN:
            _put(things, days, row.resource_id, "foreign", row.starts_at, row.ends_at)
        elif row.id in told:
            starts_at, ends_at = told[row.id][0].starts_at, told[row.id][0].ends_at
            _put(things, days, row.resource_id, "kept", row.starts_at, starts_at)
            _put(things, days, row.resource_id, "kept", ends_at, row.ends_at)
    first, last = _hours_shown(things.values())
    laid = [_day(day, [things[who.id, day].lane(first, last) for who in people]) for day in days]
    return Diary(laid, first, last - first)


def _seated(appointments: Iterable[Appointment]) -> list[tuple[Appointment, ...]]:
    """One by one, those of one class together."""
    found: dict[object, tuple[Appointment, ...]] = {}
    for each in appointments:
        is_seated = (each.capacity or 1) > 1 and each.taken_id is not None
        key: object = each.taken_id if is_seated else each
        found[key] = (*found.get(key, ()), each)
    return list(found.values())


class _Things:
    """What is on one lane, in minutes of its day's wall clock, cut at midnight."""

    def __init__(self, who: ResourceRules, day: date) -> None:
        self.who, self.day = who, day
        self.booked: list[tuple[int, int, tuple[Appointment, ...]]] = []
        self.foreign: list[tuple[int, int, tuple[Appointment, ...]]] = []
        self.kept: list[tuple[int, int, tuple[Appointment, ...]]] = []

    def minutes(self, start: datetime, end: datetime) -> tuple[int, int] | None:
        """None where nothing of it is on this day."""
        zone = self.who.policy.zone
        begins, ends = start.astimezone(zone), end.astimezone(zone)
        if not begins.date() <= self.day <= ends.date():
            return None
        first = 0 if begins.date() < self.day else begins.hour * 60 + begins.minute
        last = 1440 if ends.date() > self.day else ends.hour * 60 + ends.minute
        return (first, last) if last > first else None

    def edges(self) -> list[int]:
        """What has to be seen: the hours that open on this day, and what is booked."""
        ranges = day_state(self.who.policy, self.day).ranges
        edges = [minute for each in ranges for minute in (each.start_min, min(each.end_min, 1440))]
        return edges + [minute for begin, finish, _ in self.booked for minute in (begin, finish)]

    def lane(self, first_hour: int, last_hour: int) -> Lane:
        open_ = [cut for each in spans_around(self.who.policy, self.day) if (cut := self.minutes(*each)) is not None]
        shown = first_hour * 60, last_hour * 60
        blocks, busy_until = [], -1
        for begin, finish, who in sorted(self.booked, key=lambda each: each[:2]):
            is_second, busy_until = begin < busy_until, max(busy_until, finish)
            blocks += _cut(begin, finish, *shown, who, is_second)
        return Lane(
            self.who,
            self.day,
            [block for each in open_ for block in _cut(*each, *shown)],
            [block for each in self.kept for block in _cut(*each[:2], *shown)],
            [block for each in self.foreign for block in _cut(*each[:2], *shown)],
            blocks,
            _note(self.who, self.day),
        )


def _put(
    things: dict[tuple[int, date], _Things],
    days: Sequence[date],
    resource_id: int,
    where: str,
    start: datetime,
    end: datetime,
    what: tuple[Appointment, ...] = (),
) -> None:
    for day in days:
        lane = things.get((resource_id, day))
        cut = lane.minutes(start, end) if lane else None
        if cut is not None:
            getattr(lane, where).append((*cut, what))


def _hours_shown(things: Iterable[_Things]) -> tuple[int, int]:
    edges = [minute for each in things for minute in each.edges()]
    if not edges:
        return _USUAL_HOURS
    first = min(min(edges) // 60, 24 - _FEWEST_HOURS)
    return first, max(-(-max(edges) // 60), first + _FEWEST_HOURS)


def _cut(
    start: int, end: int, first: int, last: int, what: tuple[Appointment, ...] = (), is_second: bool = False
) -> list[Block]:
    """The part of it that is shown; [] when none is."""
    start, end = max(start, first), min(end, last)
    if end <= start:
        return []
    row = (start - first) // ROW_MIN
    return [Block(row, max(1, -(-(end - first) // ROW_MIN) - row), what, is_second)]


def _note(who: ResourceRules, day: date) -> tuple[str, str]:
    state = day_state(who.policy, day)
    if state.name:
        return state.name, holiday_name(day + _DAY * (state.rule == "holiday_eve"), "en")
    note = "day_off" if state.rule == "day_off" else "" if state.ranges else "closed"
    return note, note


def _day(day: date, lanes: Sequence[Lane]) -> Day:
    notes = {each.note for each in lanes}
    return Day(day, lanes, notes.pop() if len(notes) == 1 else ("", ""))
