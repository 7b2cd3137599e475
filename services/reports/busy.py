"""How full the diary is by weekday and hour, and what callers wanted when nobody was free (K7).

Every function runs in a read transaction bound to one business. Hours are those of the business's clock.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.catalogue import catalogue_of
from services.calls.kinds import CallEventKind
from services.db.models import ACTIVE_APPOINTMENT, Appointment, Call, CallEvent
from services.db.slow_reads import READS_MUCH
from services.policy.catalogue import ResourceRules
from services.policy.hours import open_spans

# More rows than a small business has in the weeks that are shown; more would only slow the page.
_MOST_APPOINTMENTS, _MOST_EVENTS = 5000, 2000
_HOUR = timedelta(hours=1)


class Cell(NamedTuple):
    """weekday as date.weekday() has it."""

    weekday: int
    hour: int


@dataclass(frozen=True, slots=True)
class Heat:
    """One person's hours that are open in the span: the share of each that is booked, 0 to 1, and of all of them."""

    name: str
    shares: Mapping[Cell, float]
    share: float


@dataclass(frozen=True, slots=True)
class Turned:
    """Times that callers asked for and nobody had free: how often, by when, by service ("" where none was named)."""

    total: int
    by_cell: Mapping[Cell, int]
    by_service: Sequence[tuple[str, int]]


def heats(session: Session, first: date, days: int) -> list[Heat]:
    """Of everybody who can be booked, in the order of the business."""
    team = catalogue_of(session).team
    zone = team[0].policy.zone if team else ZoneInfo("UTC")
    start = datetime(first.year, first.month, first.day, tzinfo=zone)
    end = start + timedelta(days=days)
    rows = session.execute(
        select(Appointment.resource_id, Appointment.starts_at, Appointment.ends_at)
        .where(
            Appointment.status.in_(ACTIVE_APPOINTMENT),
            Appointment.starts_at < end.astimezone(UTC),
            Appointment.ends_at > start.astimezone(UTC),
        )
        .limit(_MOST_APPOINTMENTS)
        .execution_options(**READS_MUCH)
    ).all()
    taken: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for resource_id, begins, ends in rows:
        taken[resource_id].append((begins, ends))
    return [_heat(each, taken[each.id], [first + timedelta(days=n) for n in range(days)]) for each in team]


def turned_away(session: Session, since: datetime) -> Turned:
    """Each time once for each call, however often it was asked for; test calls are left out."""
    rows = session.execute(
        select(CallEvent.call_id, CallEvent.detail)
        .join(Call, Call.id == CallEvent.call_id)
        .where(CallEvent.kind == CallEventKind.TURNED_AWAY, CallEvent.created_at >= since, Call.is_test.is_(False))
        .order_by(CallEvent.id.desc())
        .limit(_MOST_EVENTS)
        .execution_options(**READS_MUCH)
    ).all()
    wanted = {(call_id, str(detail.get("start", "")), detail.get("service")) for call_id, detail in rows}
    names = {each.id: each.name for each in catalogue_of(session).services}
    cells: Counter[Cell] = Counter()
    services: Counter[str] = Counter()
    for _, start, service_id in wanted:
        try:
            at = datetime.fromisoformat(start)
        except ValueError:
            continue
        cells[Cell(at.weekday(), at.hour)] += 1
        services[names.get(service_id, "")] += 1
    return Turned(cells.total(), cells, services.most_common())


def _heat(who: ResourceRules, taken: Iterable[tuple[datetime, datetime]], days: Sequence[date]) -> Heat:
    policy = who.policy
    opened = [(span.start, span.end) for day in days for span in open_spans(policy, day)]
    open_in, busy_in = _minutes(opened, policy.zone), _minutes(_within(taken, opened), policy.zone)
    shares = {cell: min(busy_in[cell] / minutes, 1.0) for cell, minutes in open_in.items() if minutes}
    total = sum(open_in.values())
    return Heat(who.name, shares, min(sum(busy_in.values()) / total, 1.0) if total else 0.0)


def _within(
    taken: Iterable[tuple[datetime, datetime]], opened: Sequence[tuple[datetime, datetime]]
) -> Iterator[tuple[datetime, datetime]]:
    """What of the taken times lies in open ones, and each minute of a class once."""
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted(taken):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    for start, end in merged:
        for opens, closes in opened:
            if start < closes and end > opens:
                yield max(start, opens), min(end, closes)


def _minutes(spans: Iterable[tuple[datetime, datetime]], zone: ZoneInfo) -> Counter[Cell]:
    """How many minutes of the spans lie in each hour of the week."""
    found: Counter[Cell] = Counter()
    for start, end in spans:
        at, end = start.astimezone(UTC), end.astimezone(UTC)
        while at < end:
            local = at.astimezone(zone)
            next_hour = at + _HOUR - timedelta(minutes=local.minute, seconds=local.second, microseconds=at.microsecond)
            until = min(next_hour, end)
            found[Cell(local.weekday(), local.hour)] += int((until - at).total_seconds() // 60)
            at = until
    return found
