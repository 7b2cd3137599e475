"""Which free times are offered: a few, and only such as the caller's conditions allow (A4, L15)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from services.appointments.taken import diaries_between
from services.booking.conditions import Conditions
from services.policy.catalogue import ANYTHING, Catalogue, Want
from services.policy.openings import openings_by_day

MAX_OFFERS = 3
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Openings:
    """What one call may be offered. Starts are aware, in the business's zone, in the order of the clock."""

    catalogue: Catalogue
    call_id: int

    def free(
        self,
        session: Session,
        limits: Conditions,
        now: datetime,
        *,
        day: date | None = None,
        clock: time | None = None,
        want: Want = ANYTHING,
    ) -> list[datetime]:
        """Bookable starts the conditions allow: of one day, or of the first MAX_OFFERS days that have any, which is
        enough for every offer. `clock`: only at that hour."""
        days = [day] if day is not None else self._days(limits, now)
        found: list[datetime] = []
        with_any = 0
        for _, starts in self._by_day(session, limits, now, days, want):
            fitting = [start for start in starts if clock is None or start.time() == clock]
            found += fitting
            with_any += bool(fitting)
            if with_any == MAX_OFFERS:
                break
        return found

    def nearest(
        self, session: Session, limits: Conditions, wish: datetime, now: datetime, want: Want = ANYTHING
    ) -> list[datetime]:
        """The allowed starts nearest to a wall-clock moment."""
        target = wish.replace(tzinfo=self.catalogue.policy.zone) if wish.tzinfo is None else wish
        days = sorted(self._days(limits, now), key=lambda day: abs(day - target.date()))
        found: list[datetime] = []
        last_day_away: timedelta | None = None  # no day further away can be nearer than what is found
        for day, starts in self._by_day(session, limits, now, days, want):
            away = abs(day - target.date())
            if last_day_away is not None and away > last_day_away:
                break
            found += starts
            if last_day_away is None and len(found) >= MAX_OFFERS:
                last_day_away = away + _DAY
        return sorted(sorted(found, key=lambda start: abs(start - target))[:MAX_OFFERS])

    def _by_day(
        self, session: Session, limits: Conditions, now: datetime, days: Sequence[date], want: Want
    ) -> Iterator[tuple[date, list[datetime]]]:
        if not days:
            return
        plan = self.catalogue.plan(want)
        first = datetime.combine(min(days), time(), plan.policy.zone) - _DAY
        last = datetime.combine(max(days), time(), plan.policy.zone) + 2 * _DAY
        diaries = diaries_between(session, first, last, now, plan.need, except_call=self.call_id)
        for day, found in openings_by_day(plan, [day for day in days if limits.allows_day(day)], now, diaries):
            yield day, [each.start for each in found if limits.allows_clock(each.start)]

    def _days(self, limits: Conditions, now: datetime) -> list[date]:
        policy = self.catalogue.policy
        today = now.astimezone(policy.zone).date()
        window = [today + _DAY * offset for offset in range(policy.booking_window_days + 1)]
        spans = limits.days
        return [day for day in window if not spans or any(first <= day <= last for first, last in spans)]


def spread(free: Sequence[datetime]) -> list[datetime]:
    """A few of them: the first of each of several days, or over the one day."""
    firsts = list({start.date(): start for start in reversed(free)}.values())[::-1]
    if len(firsts) >= 2:
        return sorted([*firsts[:MAX_OFFERS], *_second(free, firsts)])[:MAX_OFFERS]
    step = max(1, len(free) // MAX_OFFERS)
    return list(free[::step][:MAX_OFFERS])


def _second(free: Sequence[datetime], firsts: Sequence[datetime]) -> list[datetime]:
    """Of two days the first has another one."""
    later = [start for start in free if start not in firsts and start.date() == firsts[0].date()]
    return later[:1] if len(firsts) < MAX_OFFERS else []
