"""The calendar as callers speak of it: the coming weekday, this week and the next, the 15th to come. Pure."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The day it is and the day weeks begin with (6: Sunday, in Hebrew; 0: Monday, in English)."""

    today: date
    week_start: int

    def week(self, offset: int, of: date | None = None) -> tuple[date, date]:
        """First and last day of the week `offset` weeks from that of a day."""
        day = of or self.today
        first = day - _DAY * ((day.weekday() - self.week_start) % 7) + _WEEK * offset
        return first, first + _DAY * 6

    def month(self, year: int, month: int) -> tuple[date, date]:
        return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])

    def coming(self, weekday: int) -> date:
        """The next such weekday after today."""
        return self.today + _DAY * ((weekday - self.today.weekday() - 1) % 7 + 1)

    def weekday_options(self, weekday: int, modifier: str) -> tuple[date, ...]:
        """Readings of a weekday's name. "Next" within the same week can mean this one or the one after."""
        coming, is_today = self.coming(weekday), weekday == self.today.weekday()
        if modifier == "next" and not is_today and coming <= self.week(0)[1]:
            return (coming, coming + _WEEK)
        return (self.today, coming) if is_today and not modifier else (coming,)

    def next_day_of_month(self, day: int, month: int | None = None, year: int | None = None) -> date | None:
        """The next date with this day (and month); None when there is none within four years."""
        for offset in range(49):
            total = self.today.year * 12 + self.today.month - 1 + offset
            at_year, at_month = divmod(total, 12)
            fits = (month is None or at_month + 1 == month) and (year is None or at_year == year)
            if fits and day <= calendar.monthrange(at_year, at_month + 1)[1]:
                found = date(at_year, at_month + 1, day)
                if found >= self.today:
                    return found
        return None
