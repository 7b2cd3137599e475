"""May this time be had of one resource, and if not, which rule says so (A2, K3).

Pure: rules, the present moment and the diary are arguments. Instants are aware datetimes; a naive datetime is a
wall-clock time of the business. Slots start on a grid of `slot_size_min` from the opening of their range, counted in
elapsed minutes, so that it stays even when the clocks change.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from services.policy.diary import Diary, Need
from services.policy.hours import DayState, Span, day_state, holiday_name, instants_of, local_date, spans_around
from services.policy.settings import OpenRange, Policy
from services.policy.words import RefusalFacts, clock, refusal_words


@dataclass(frozen=True, slots=True)
class SlotVerdict:
    """`rule` is "ok", or the rule that refused:

    no_such_time, ambiguous_time (clock changes), in_the_past, min_notice, booking_window, closed_date,
    holiday, day_off, holiday_eve, closed_weekday, outside_hours, off_grid, busy; or what the catalogue cannot give:
    no_such_service, on_request, nobody_gives, no_such_person, does_not_give. `start` and `end` are in the business's
    zone and None when the wall-clock time names no single instant. resource: who is free, or whose rule refused; None
    when nobody of several is free. taken: `start` to `end` with the time before and after.
    """

    rule: str
    start: datetime | None = None
    end: datetime | None = None
    facts: RefusalFacts = field(default_factory=RefusalFacts)
    resource: int | None = None
    taken: Span | None = None

    @property
    def ok(self) -> bool:
        return self.rule == "ok"

    def words(self, language: str = "he") -> str:
        """One sentence that says why, for the caller and for the owner; "" when nothing refused."""
        return "" if self.ok else refusal_words(self.rule, self.facts, language)


def wall_of(policy: Policy, start: datetime) -> datetime:
    """What the clock on the business's wall shows at `start`; naive."""
    return start.replace(tzinfo=None) if start.tzinfo is None else start.astimezone(policy.zone).replace(tzinfo=None)


def slot_verdict(policy: Policy, need: Need, start: datetime, now: datetime, diary: Diary) -> SlotVerdict:
    """The verdict on one start. A class that others have begun is joined as it was booked."""
    wall = wall_of(policy, start)
    facts = slot_facts([policy], wall)
    instants = instants_of(policy.zone, wall) if start.tzinfo is None else (start.astimezone(UTC),)
    if len(instants) != 1:
        return SlotVerdict("ambiguous_time" if instants else "no_such_time", facts=facts)
    begun = diary.class_at(need, instants[0])
    span = begun.told if begun else Span(instants[0], instants[0] + need.length)
    taken = begun.taken if begun else need.around(span)
    rule = _time_rule(policy, span, now) or _hours_rule(policy, span)
    if begun and rule == "off_grid":
        rule = ""
    rule = rule or ("busy" if not begun and diary.until(taken) else "ok")
    zone = policy.zone
    return SlotVerdict(rule, span.start.astimezone(zone), span.end.astimezone(zone), facts, taken=taken)


def free_starts(
    policy: Policy,
    need: Need,
    day: date,
    now: datetime,
    diary: Diary,
    after: time = time.min,
    before: time | None = None,
) -> list[datetime]:
    """Starts of every bookable slot whose local date is `day`, in order, in the business's zone. `after` (inclusive)
    and `before` (exclusive) bound the wall-clock start."""
    if day > last_day(policy, now):
        return []
    grid = _grid(policy, day)
    found = []
    at = bisect_left(grid, now + timedelta(minutes=policy.min_notice_min), key=_start_of)
    while at < len(grid):
        start, wall, closes = grid[at]
        span = Span(start, start + need.length)
        until = diary.until(need.around(span))
        if until is not None:  # on to the first slot behind what stands in the way
            at = bisect_left(grid, until + need.before, lo=at + 1, key=_start_of)
            continue
        if span.end <= closes:
            found.append(wall)
        at += 1
    if need.seats > 1:
        found = sorted([*found, *_begun(policy, need, day, now, diary)], key=datetime.timestamp)
    return [wall for wall in found if wall.time() >= after and (before is None or wall.time() < before)]


def _begun(policy: Policy, need: Need, day: date, now: datetime, diary: Diary) -> list[datetime]:
    """Starts of the classes on `day` that have begun to fill."""
    starts = [each.told.start.astimezone(policy.zone) for each in diary.with_seats(need)]
    return [start for start in starts if start.date() == day and slot_verdict(policy, need, start, now, diary).ok]


def _start_of(slot: tuple[datetime, datetime, datetime]) -> datetime:
    return slot[0]


@lru_cache(maxsize=1000)
def _grid(policy: Policy, day: date) -> tuple[tuple[datetime, datetime, datetime], ...]:
    """Every start whose local date is `day`: as an instant, on the local clock, and when that opening closes. The same
    for all callers, services and resources of the same hours, and dear: a whole window of days costs 10 ms that every
    call of the worker would hear."""
    step = timedelta(minutes=policy.slot_size_min)
    found = []
    for opening in spans_around(policy, day):
        start = opening.start
        while start < opening.end:
            wall = start.astimezone(policy.zone)
            if wall.date() == day:
                found.append((start, wall, opening.end))
            start += step
    return tuple(found)


def _time_rule(policy: Policy, span: Span, now: datetime) -> str:
    """The rules that only look at the clock."""
    if span.start < now:
        return "in_the_past"
    if span.start < now + timedelta(minutes=policy.min_notice_min):
        return "min_notice"
    return "booking_window" if local_date(policy, span.start) > last_day(policy, now) else ""


def last_day(policy: Policy, now: datetime) -> date:
    """The last one of the booking window."""
    return local_date(policy, now) + timedelta(days=policy.booking_window_days)


def _hours_rule(policy: Policy, span: Span) -> str:
    """The rules of opening hours: a slot lies wholly inside one range, on the range's grid. The time before and after
    it may reach out of them."""
    day = local_date(policy, span.start)
    for opening in spans_around(policy, day):
        if opening.start <= span.start and span.end <= opening.end:
            offset_min = (span.start - opening.start) / timedelta(minutes=1)
            return "off_grid" if offset_min % policy.slot_size_min else ""
    state = day_state(policy, day)
    return state.rule if state.rule and not (state.rule == "holiday_eve" and state.ranges) else "outside_hours"


def slot_facts(policies: Sequence[Policy], wall: datetime, who: str = "", service: str = "") -> RefusalFacts:
    """What a refusal of `wall` may have to name; the hours are those in which any of `policies` works that day."""
    day = wall.date()
    states = [day_state(policy, day) for policy in policies]
    ranges = states[0].ranges if len(states) == 1 else _joined([each for state in states for each in state.ranges])
    rules = policies[0]
    return RefusalFacts(
        wall=wall,
        hours=tuple((clock(each.start_min), clock(each.end_min)) for each in ranges),
        holiday=states[0].name,
        holiday_english=_english_name(day, states[0]),
        slot_size_min=rules.slot_size_min,
        min_notice_min=rules.min_notice_min,
        booking_window_days=rules.booking_window_days,
        who=who,
        service=service,
    )


def _joined(ranges: Sequence[OpenRange]) -> list[OpenRange]:
    """In order, those that touch made one."""
    found: list[OpenRange] = []
    for each in sorted(ranges):
        if found and each.start_min <= found[-1].end_min:
            found[-1] = OpenRange(found[-1].start_min, max(found[-1].end_min, each.end_min))
        else:
            found.append(each)
    return found


def _english_name(day: date, state: DayState) -> str:
    if not state.name:
        return ""
    return holiday_name(day + timedelta(days=state.rule == "holiday_eve"), "en")
