"""Which free times are offered: a few, and only such as the caller's conditions allow (A4, L15, K4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from services.appointments.taken import diaries_between
from services.booking.conditions import Conditions
from services.booking.slot import Slot, slot_of
from services.policy.catalogue import ANYTHING, Catalogue, Plan, Want
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
    ) -> list[Slot]:
        """Bookable times the conditions allow: of one day, or of the first MAX_OFFERS days that have any, which is
        enough for every offer. `clock`: only at that hour."""
        days = [day] if day is not None else self._days(limits, now)
        found: list[Slot] = []
        with_any = 0
        for _, slots in self._by_day(session, limits, now, days, self.catalogue.plan(want)):
            fitting = [slot for slot in slots if clock is None or slot.start.time() == clock]
            found += fitting
            with_any += bool(fitting)
            if with_any == MAX_OFFERS:
                break
        return found

    def nearest(
        self, session: Session, limits: Conditions, wish: datetime, now: datetime, want: Want = ANYTHING
    ) -> list[Slot]:
        """The allowed times nearest to a wall-clock moment."""
        return self._nearest(session, limits, wish, now, self.catalogue.plan(want))

    def instead(
        self, session: Session, limits: Conditions, wish: datetime, now: datetime, want: Want, wide: Want
    ) -> list[Slot]:
        """The allowed times nearest to one that cannot be had: with whoever is free, and at least one of them with who
        was wished. `wide`: the wish without the person."""
        theirs = self._nearest(session, limits, wish, now, self.catalogue.plan(want))
        if want == wide:
            return theirs
        plan = replace(self.catalogue.plan(wide), prefer=want.resource_id)
        others = self._nearest(session, limits, wish, now, plan)
        if not theirs or not others or any(slot in theirs for slot in others):
            return others or theirs
        target = _aware(wish, self.catalogue)
        nearest = sorted(others, key=lambda slot: abs(slot.start - target))[: MAX_OFFERS - 1]
        return sorted([*nearest, min(theirs, key=lambda slot: abs(slot.start - target))], key=_start)

    def _nearest(self, session: Session, limits: Conditions, wish: datetime, now: datetime, plan: Plan) -> list[Slot]:
        target = _aware(wish, self.catalogue)
        days = sorted(self._days(limits, now), key=lambda day: abs(day - target.date()))
        found: list[Slot] = []
        last_day_away: timedelta | None = None  # no day further away can be nearer than what is found
        for day, slots in self._by_day(session, limits, now, days, plan):
            away = abs(day - target.date())
            if last_day_away is not None and away > last_day_away:
                break
            found += slots
            if last_day_away is None and len(found) >= MAX_OFFERS:
                last_day_away = away + _DAY
        return sorted(sorted(found, key=lambda slot: abs(slot.start - target))[:MAX_OFFERS], key=_start)

    def _by_day(
        self, session: Session, limits: Conditions, now: datetime, days: Sequence[date], plan: Plan
    ) -> Iterator[tuple[date, list[Slot]]]:
        if not days or not plan.givers:
            return
        first = datetime.combine(min(days), time(), plan.policy.zone) - _DAY
        last = datetime.combine(max(days), time(), plan.policy.zone) + 2 * _DAY
        diaries = diaries_between(session, first, last, now, plan.need, except_call=self.call_id)
        for day, found in openings_by_day(plan, [day for day in days if limits.allows_day(day)], now, diaries):
            fitting = [each for each in found if limits.allows_clock(each.start)]
            yield day, [slot_of(self.catalogue, each.start, plan.need.service_id, each.resource_id) for each in fitting]

    def _days(self, limits: Conditions, now: datetime) -> list[date]:
        policy = self.catalogue.policy
        today = now.astimezone(policy.zone).date()
        window = [today + _DAY * offset for offset in range(policy.booking_window_days + 1)]
        spans = limits.days
        return [day for day in window if not spans or any(first <= day <= last for first, last in spans)]


def _aware(wish: datetime, catalogue: Catalogue) -> datetime:
    return wish.replace(tzinfo=catalogue.policy.zone) if wish.tzinfo is None else wish


def _start(slot: Slot) -> datetime:
    return slot.start


def spread(free: Sequence[Slot]) -> list[Slot]:
    """A few of them: the first of each of several days, or over the one day."""
    firsts = list({slot.start.date(): slot for slot in reversed(free)}.values())[::-1]
    if len(firsts) >= 2:
        return sorted([*firsts[:MAX_OFFERS], *_second(free, firsts)], key=_start)[:MAX_OFFERS]
    step = max(1, len(free) // MAX_OFFERS)
    return list(free[::step][:MAX_OFFERS])


def _second(free: Sequence[Slot], firsts: Sequence[Slot]) -> list[Slot]:
    """Of two days the first has another one."""
    later = [slot for slot in free if slot not in firsts and slot.start.date() == firsts[0].start.date()]
    return later[:1] if len(firsts) < MAX_OFFERS else []
