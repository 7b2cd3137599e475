"""The times to which a customer may move an appointment, by the rules for callers (K6).

Runs in the transaction of the calling code, bound to the business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from services.accounts.catalogue import catalogue_of
from services.appointments.places import plan_to_move
from services.appointments.taken import diaries_between
from services.db.models import Appointment
from services.policy.openings import ALTERNATIVES_WITHIN, openings_on

_DAYS_SHOWN = 10
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Choices:
    """days: the next ones with a free time; times: those of `day`, in the business's zone."""

    days: Sequence[date]
    day: date | None
    times: Sequence[datetime]


def choices(session: Session, appointment: Appointment, now: datetime, wanted: date | None = None) -> Choices:
    """wanted: the day to show; the first one with a free time when it is None, or none that can be had."""
    plan = plan_to_move(session, catalogue_of(session), appointment, None)
    policy = plan.policy
    today = now.astimezone(policy.zone).date()
    last = today + min(timedelta(days=policy.booking_window_days), ALTERNATIVES_WITHIN)

    def times(day: date) -> list[datetime]:
        midnight = datetime.combine(day, time(), policy.zone)
        diaries = diaries_between(
            session, midnight - _DAY, midnight + 2 * _DAY, now, plan.need, except_appointment=appointment.id
        )
        found = (each.start for each in openings_on(plan, day, now, diaries))
        return [start for start in found if start != appointment.starts_at]

    days: list[date] = []
    day = today
    while day <= last and len(days) < _DAYS_SHOWN:
        if times(day):
            days.append(day)
        day += _DAY
    shown = wanted if wanted is not None and today <= wanted <= last else next(iter(days), None)
    return Choices(days, shown, times(shown) if shown is not None else [])
