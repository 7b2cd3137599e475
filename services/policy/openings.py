"""Who is free, and when: one wish over the diaries of all who can have it (K3).

Pure. "Whoever is free" is who has the fewest appointments that day, then who stands first in the business; a class
that has begun to fill is filled first. Starts are aware, in the business's zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from services.policy.catalogue import Plan, ResourceRules
from services.policy.diary import EMPTY, Diary
from services.policy.hours import first_instant_at_or_after, local_date
from services.policy.settings import Policy
from services.policy.slots import SlotVerdict, free_starts, last_day, slot_facts, slot_verdict, wall_of

Diaries = Mapping[int, Diary]

# How far from the wish an alternative is still one, and how far a search looks (S1).
ALTERNATIVES_WITHIN = timedelta(days=60)
_DAY = timedelta(days=1)
# Of several who refuse, the one whose rule says most is told: a time that is taken says more than a day off.
_TELLING = ("busy", "off_grid", "outside_hours", "day_off", "closed_weekday", "holiday_eve", "holiday", "closed_date")


@dataclass(frozen=True, slots=True)
class Opening:
    """A time that can be booked, and with whom."""

    start: datetime
    resource_id: int


def judge(plan: Plan, start: datetime, now: datetime, diaries: Diaries) -> SlotVerdict:
    """The verdict on one start (naive: wall-clock)."""
    if plan.refusal:
        facts = slot_facts([plan.policy], wall_of(plan.policy, start), plan.who, plan.service)
        return SlotVerdict(plan.refusal, facts=facts)
    verdicts = {each.id: _of_one(plan, each, start, now, diaries) for each in plan.givers}
    free = [resource for resource, verdict in verdicts.items() if verdict.ok]
    if free:
        return verdicts[_chosen(plan, free, verdicts[free[0]], diaries)]
    told = list(verdicts.values())
    return told[0] if len(told) == 1 else _of_all(plan, told, wall_of(plan.policy, start))


def _chosen(plan: Plan, free: list[int], verdict: SlotVerdict, diaries: Diaries) -> int:
    """Which of those who are free then."""
    start = verdict.start
    if len(free) == 1 or start is None:
        return free[0]
    loads = _loads(plan, start.date(), diaries)
    return min(free, key=lambda resource: _rank(plan, resource, start, diaries, loads))


def _rank(
    plan: Plan, resource: int, start: datetime, diaries: Diaries, loads: Mapping[int, int]
) -> tuple[bool, bool, int]:
    begun = diaries.get(resource, EMPTY).class_at(plan.need, start)
    return resource != plan.prefer, begun is None, loads[resource]


def _of_one(plan: Plan, giver: ResourceRules, start: datetime, now: datetime, diaries: Diaries) -> SlotVerdict:
    verdict = slot_verdict(giver.policy, plan.need, start, now, diaries.get(giver.id, EMPTY))
    return replace(verdict, resource=giver.id, facts=replace(verdict.facts, who=giver.name, service=plan.service))


def _of_all(plan: Plan, verdicts: list[SlotVerdict], wall: datetime) -> SlotVerdict:
    """Nobody of several is free: no name, and the hours of all of them together."""
    most = min(verdicts, key=lambda each: _TELLING.index(each.rule) if each.rule in _TELLING else len(_TELLING))
    facts = slot_facts([each.policy for each in plan.givers], wall, service=plan.service)
    told = replace(facts, holiday=most.facts.holiday, holiday_english=most.facts.holiday_english)
    return replace(most, resource=None, facts=told)


def openings_on(
    plan: Plan, day: date, now: datetime, diaries: Diaries, *, after: time = time.min, before: time | None = None
) -> list[Opening]:
    """Every bookable start whose local date is `day`, once, in order, each with whom it would be. `after` (inclusive)
    and `before` (exclusive) bound the wall-clock start."""
    starts = {
        each.id: free_starts(each.policy, plan.need, day, now, diaries.get(each.id, EMPTY), after, before)
        for each in plan.givers
    }
    if len(starts) == 1:
        return [Opening(start, resource) for resource, found in starts.items() for start in found]
    loads = _loads(plan, day, diaries)
    chosen: dict[float, tuple[tuple[bool, bool, int], Opening]] = {}
    for resource, found in starts.items():
        for start in found:
            rank = _rank(plan, resource, start, diaries, loads)
            at = start.timestamp()  # of an hour that the clock shows twice, both have the same wall-clock start
            if at not in chosen or rank < chosen[at][0]:
                chosen[at] = rank, Opening(start, resource)
    return [chosen[at][1] for at in sorted(chosen)]


def _loads(plan: Plan, day: date, diaries: Diaries) -> dict[int, int]:
    """How many appointments each has that day."""
    midnight = datetime.combine(day, time())
    start, end = (first_instant_at_or_after(plan.policy.zone, midnight + n * _DAY) for n in (0, 1))
    return {each.id: diaries.get(each.id, EMPTY).begun_in(start, end) for each in plan.givers}


def openings_by_day(
    plan: Plan, days: Iterable[date], now: datetime, diaries: Diaries
) -> Iterator[tuple[date, list[Opening]]]:
    """As `openings_on`, day after day in the order given; stop asking when enough are found."""
    return ((day, openings_on(plan, day, now, diaries)) for day in days)


def nearest_openings(plan: Plan, wanted: datetime, now: datetime, diaries: Diaries, *, limit: int = 3) -> list[Opening]:
    """Up to `limit` bookable starts nearest to `wanted` (naive: wall-clock), in the order of the clock; none further
    away than ALTERNATIVES_WITHIN. `diaries`: at least of `search_span`."""
    target = _instant(plan.policy, wanted)
    first, last, centre = _search(plan.policy, target, now)
    found: list[Opening] = []
    rings_after_enough = 0
    for ring in range((last - first).days + 1):
        for day in sorted({centre - ring * _DAY, centre + ring * _DAY}):
            if first <= day <= last:
                found += openings_on(plan, day, now, diaries)
        rings_after_enough += len(found) >= limit
        if rings_after_enough == 2:  # a day further out cannot be nearer than what is already found
            break
    nearest = sorted(found, key=lambda each: (abs(each.start.astimezone(UTC) - target), each.start.timestamp()))
    return sorted(nearest[:limit], key=lambda each: each.start.timestamp())


def search_span(policy: Policy, wanted: datetime, now: datetime) -> tuple[datetime, datetime]:
    """The span of which `nearest_openings` has to know what is busy; wide enough for any zone and any slot."""
    first, last, _ = _search(policy, _instant(policy, wanted), now)
    margin = 2 * _DAY
    return datetime.combine(first, time(), UTC) - margin, datetime.combine(last, time(), UTC) + margin


def _instant(policy: Policy, wanted: datetime) -> datetime:
    return (wanted.replace(tzinfo=policy.zone) if wanted.tzinfo is None else wanted).astimezone(UTC)


def _search(policy: Policy, target: datetime, now: datetime) -> tuple[date, date, date]:
    """The first and last day to look at for a slot near `target`, and the one to begin with."""
    today, end = local_date(policy, now), last_day(policy, now)
    centre = min(max(local_date(policy, target), today), end)
    return max(today, centre - ALTERNATIVES_WITHIN), min(end, centre + ALTERNATIVES_WITHIN), centre
