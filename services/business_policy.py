"""May this appointment be made, and if not, which rule says so and what is near (A2).

Pure: settings, the present moment and the busy spans are arguments. Instants are aware datetimes; a naive
datetime is a wall-clock time of the business. Slots start on a grid of `slot_size_min` from the opening of their
range, counted in elapsed minutes, so that it stays even when the clocks change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from services.policy_calendar import (
    DayState,
    Span,
    day_state,
    holiday_name,
    instants_of,
    local_date,
    open_spans,
    spans_around,
)
from services.policy_settings import OpenRange, Policy, PolicyError, SettingProblem, build_policy
from services.policy_words import RefusalFacts, clock, refusal_words

__all__ = [
    "DayState",
    "OpenRange",
    "Policy",
    "PolicyError",
    "SettingProblem",
    "SlotVerdict",
    "Span",
    "build_policy",
    "day_state",
    "free_slots",
    "holiday_name",
    "is_open",
    "nearest_alternatives",
    "next_opening",
    "open_spans",
    "validate_appointment_slot",
]

Busy = Iterable[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True)
class SlotVerdict:
    """`rule` is "ok", or the rule that refused:

    no_such_time, ambiguous_time (clock changes), in_the_past, min_notice, booking_window, closed_date,
    holiday, holiday_eve, closed_weekday, outside_hours, off_grid, busy. `start` and `end` are in the business's
    zone and None when the wall-clock time names no single instant.
    """

    rule: str
    start: datetime | None = None
    end: datetime | None = None
    facts: RefusalFacts = field(default_factory=RefusalFacts)

    @property
    def ok(self) -> bool:
        return self.rule == "ok"

    def words(self, language: str = "he") -> str:
        """One sentence that says why, for the caller and for the owner; "" when nothing refused."""
        return "" if self.ok else refusal_words(self.rule, self.facts, language)


def validate_appointment_slot(
    policy: Policy, start: datetime, now: datetime, busy: Busy = (), *, duration_min: int | None = None
) -> SlotVerdict:
    """The verdict on one slot. `busy` are the spans already taken; `duration_min` defaults to one slot."""
    wall = start.replace(tzinfo=None) if start.tzinfo is None else start.astimezone(policy.zone).replace(tzinfo=None)
    facts = _facts(policy, wall)
    instants = instants_of(policy.zone, wall) if start.tzinfo is None else (start.astimezone(UTC),)
    if len(instants) != 1:
        return SlotVerdict("ambiguous_time" if instants else "no_such_time", facts=facts)
    span = Span(instants[0], instants[0] + timedelta(minutes=duration_min or policy.slot_size_min))
    rule = _time_rule(policy, span, now) or _hours_rule(policy, span) or _busy_rule(span, _spans(busy)) or "ok"
    return SlotVerdict(rule, span.start.astimezone(policy.zone), span.end.astimezone(policy.zone), facts)


def is_open(policy: Policy, at: datetime) -> bool:
    """Whether the business is open at an instant."""
    return any(span.start <= at < span.end for span in spans_around(policy, local_date(policy, at)))


def next_opening(policy: Policy, at: datetime) -> datetime | None:
    """When the business opens next, `at` itself when it is open; None when it stays closed for a year."""
    day = local_date(policy, at)
    for offset in range(-1, 366):
        for span in open_spans(policy, day + timedelta(days=offset)):
            if span.end > at:
                return max(span.start, at.astimezone(UTC)).astimezone(policy.zone)
    return None


def free_slots(
    policy: Policy,
    day: date,
    now: datetime,
    busy: Busy = (),
    *,
    after: time | None = None,
    before: time | None = None,
    duration_min: int | None = None,
) -> list[datetime]:
    """Starts of every bookable slot whose local date is `day`, in order, in the business's zone.

    `after` (inclusive) and `before` (exclusive) bound the wall-clock start.
    """
    length = timedelta(minutes=duration_min or policy.slot_size_min)
    taken = _spans(busy)
    found = []
    for start in _grid(policy, day, length):
        wall = start.astimezone(policy.zone)
        fits = (after is None or wall.time() >= after) and (before is None or wall.time() < before)
        span = Span(start, start + length)
        if wall.date() == day and fits and not _time_rule(policy, span, now) and not _busy_rule(span, taken):
            found.append(wall)
    return found


def nearest_alternatives(
    policy: Policy,
    wanted: datetime,
    now: datetime,
    busy: Busy = (),
    *,
    limit: int = 3,
    duration_min: int | None = None,
) -> list[datetime]:
    """Up to `limit` bookable starts nearest to `wanted` (naive: wall-clock), in the order of the clock."""
    taken = tuple(_spans(busy))
    target = (wanted.replace(tzinfo=policy.zone) if wanted.tzinfo is None else wanted).astimezone(UTC)
    first, last = (
        local_date(policy, now),
        local_date(policy, now) + timedelta(days=policy.booking_window_days),
    )
    centre = min(max(local_date(policy, target), first), last)
    found: list[datetime] = []
    rings_after_enough = 0
    for ring in range((last - first).days + 1):
        for day in sorted({centre - timedelta(days=ring), centre + timedelta(days=ring)}):
            if first <= day <= last:
                found += free_slots(policy, day, now, taken, duration_min=duration_min)
        rings_after_enough += len(found) >= limit
        if rings_after_enough == 2:  # a day further out cannot be nearer than what is already found
            break
    nearest = sorted(found, key=lambda start: (abs(start.astimezone(UTC) - target), start.timestamp()))[:limit]
    return sorted(nearest, key=datetime.timestamp)


def _grid(policy: Policy, day: date, length: timedelta) -> Iterable[datetime]:
    step = timedelta(minutes=policy.slot_size_min)
    for span in spans_around(policy, day):
        start = span.start
        while start + length <= span.end:
            yield start
            start += step


def _time_rule(policy: Policy, span: Span, now: datetime) -> str:
    """The rules that only look at the clock."""
    if span.start < now:
        return "in_the_past"
    if span.start < now + timedelta(minutes=policy.min_notice_min):
        return "min_notice"
    latest = local_date(policy, now) + timedelta(days=policy.booking_window_days)
    return "booking_window" if local_date(policy, span.start) > latest else ""


def _hours_rule(policy: Policy, span: Span) -> str:
    """The rules of opening hours: a slot lies wholly inside one range, on the range's grid."""
    day = local_date(policy, span.start)
    for opening in spans_around(policy, day):
        if opening.start <= span.start and span.end <= opening.end:
            offset_min = (span.start - opening.start) / timedelta(minutes=1)
            return "off_grid" if offset_min % policy.slot_size_min else ""
    state = day_state(policy, day)
    return state.rule if state.rule and not (state.rule == "holiday_eve" and state.ranges) else "outside_hours"


def _busy_rule(span: Span, taken: Iterable[Span]) -> str:
    return "busy" if any(span.overlaps(other) for other in taken) else ""


def _spans(busy: Busy) -> Sequence[Span]:
    return [Span(start.astimezone(UTC), end.astimezone(UTC)) for start, end in busy]


def _facts(policy: Policy, wall: datetime) -> RefusalFacts:
    state = day_state(policy, wall.date())
    return RefusalFacts(
        wall=wall,
        hours=tuple((clock(each.start_min), clock(each.end_min)) for each in state.ranges),
        holiday=state.name,
        holiday_english=_english_name(wall.date(), state),
        slot_size_min=policy.slot_size_min,
        min_notice_min=policy.min_notice_min,
        booking_window_days=policy.booking_window_days,
    )


def _english_name(day: date, state: DayState) -> str:
    if not state.name:
        return ""
    return holiday_name(day + timedelta(days=state.rule == "holiday_eve"), "en")
