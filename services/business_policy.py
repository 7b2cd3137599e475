"""The calendar's rules for one diary: may this appointment be made, what is free, when is the business open (A2).

Pure: settings, the present moment and the busy spans are arguments. Instants are aware datetimes; a naive datetime is a
wall-clock time of the business. Several diaries and services: services/policy/openings.py.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from services.policy.diary import Busy, Diary, Need
from services.policy.hours import DayState, Span, day_state, holiday_name, local_date, open_spans, spans_around
from services.policy.settings import OpenRange, Policy, PolicyError, SettingProblem, build_policy
from services.policy.slots import SlotVerdict, free_starts, slot_verdict

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
    "next_opening",
    "open_spans",
    "validate_appointment_slot",
]


def validate_appointment_slot(
    policy: Policy, start: datetime, now: datetime, busy: Busy = (), *, duration_min: int | None = None
) -> SlotVerdict:
    """The verdict on one slot. `busy` are the spans already taken; `duration_min` defaults to one slot."""
    return slot_verdict(policy, _need(policy, duration_min), start, now, Diary(busy))


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
    return free_starts(policy, _need(policy, duration_min), day, now, Diary(busy), after or time.min, before)


def _need(policy: Policy, duration_min: int | None) -> Need:
    return Need(timedelta(minutes=duration_min or policy.slot_size_min))
