"""A business's booking rules as a typed value, built from what the owner saved, or refused in words (A2).

Pure: settings come in as a mapping, problems come out as values that can be said in Hebrew and in English.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

DAY_KEYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")  # the order of date.weekday()
DAY_MINUTES = 24 * 60
EVE_RULES = ("closed", "friday", "normal")
SLOT_SIZE_LIMITS = (5, 480)
MIN_NOTICE_LIMITS = (0, 60 * 24 * 60)
WINDOW_LIMITS = (1, 730)
# More are no calendar of a business, and every reading of the rules pays for each.
MOST_CLOSED_DATES = 400
MOST_RANGES_A_DAY = 12

_CLOCK = re.compile(r"^(\d{1,2}):([0-5]\d)$")


@dataclass(frozen=True, slots=True, order=True)
class OpenRange:
    """Wall-clock minutes after the midnight of the day it opens on; `end_min` may run past 1440."""

    start_min: int
    end_min: int


@dataclass(frozen=True, slots=True)
class Policy:
    """`weekly[date.weekday()]` holds that day's ranges in order. Times are wall-clock in `zone`."""

    zone: ZoneInfo
    weekly: tuple[tuple[OpenRange, ...], ...]
    closed_dates: frozenset[date] = frozenset()
    # Of one person or room: first and last day of each absence (K2).
    days_off: tuple[tuple[date, date], ...] = ()
    observe_holidays: bool = True
    holiday_eves: str = "friday"
    slot_size_min: int = 30
    min_notice_min: int = 120
    booking_window_days: int = 60


def owners_policy(policy: Policy) -> Policy:
    """The rules for what the owner enters by hand: without notice, as far ahead as any window reaches."""
    return replace(policy, min_notice_min=0, booking_window_days=WINDOW_LIMITS[1])


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """One refused setting: `code` selects the sentence, `value` is what was found."""

    setting: str
    code: str
    value: str = ""

    def words(self, language: str = "en") -> str:
        """The sentence shown beside the field; Hebrew for "he", English otherwise."""
        sentence = _PROBLEMS[self.code][0 if language == "he" else 1]
        return f"{self.setting}: {sentence}" + (f" ({self.value})" if self.value else "")


_PROBLEMS = {
    "not_json": ("אי אפשר לקרוא את הערך", "cannot be read as JSON"),
    "not_a_mapping": ("צריך רשימת ימים", "must map days to ranges"),
    "unknown_day": ("יום לא מוכר; הימים הם sun עד sat", "unknown day; days are sun to sat"),
    "not_a_range": (
        "טווח צריך שעת פתיחה ושעת סגירה, למשל 09:00 ו-13:00",
        "a range is an opening and a closing time",
    ),
    "bad_clock": ("שעה לא תקינה; צריך HH:MM", "not a time; write HH:MM"),
    "empty_range": ("שעת הפתיחה והסגירה זהות", "opens and closes at the same time"),
    "overlap": ("שני טווחים חופפים", "two ranges overlap"),
    "ends_first": ("היום האחרון לפני הראשון", "the last day is before the first"),
    "bad_date": ("תאריך לא תקין; צריך YYYY-MM-DD", "not a date; write YYYY-MM-DD"),
    "unknown_zone": ("אזור זמן לא מוכר", "unknown time zone"),
    "not_a_number": ("צריך מספר שלם", "must be a whole number"),
    "out_of_range": ("הערך מחוץ לתחום המותר", "is outside the accepted limits"),
    "not_a_switch": ("צריך כן או לא", "must be true or false"),
    "too_many": ("יותר מדי", "too many"),
    "unknown_choice": ("בחירה לא מוכרת", "is not one of the choices"),
}


class PolicyError(ValueError):
    """The settings cannot make a policy; `problems` holds everything that is wrong."""

    def __init__(self, problems: Sequence[SettingProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.words("en") for problem in problems))

    def words(self, language: str) -> list[str]:
        return [problem.words(language) for problem in self.problems]


@dataclass(slots=True)
class _Reader:
    """Reads one settings mapping and collects problems instead of stopping at the first."""

    settings: Mapping[str, Any]
    problems: list[SettingProblem] = field(default_factory=list)

    def refuse(self, setting: str, code: str, value: object = "") -> None:
        self.problems.append(SettingProblem(setting, code, str(value)[:60]))

    def number(self, setting: str, default: int, limits: tuple[int, int]) -> int:
        value = self.settings.get(setting, default)
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(setting, "not_a_number", value)
            return default
        if not limits[0] <= value <= limits[1]:
            self.refuse(setting, "out_of_range", f"{value}; {limits[0]}–{limits[1]}")
            return default
        return value

    def switch(self, setting: str, default: bool) -> bool:
        value = self.settings.get(setting, default)
        if isinstance(value, bool):
            return value
        self.refuse(setting, "not_a_switch", value)
        return default

    def choice(self, setting: str, default: str, choices: Sequence[str]) -> str:
        value = self.settings.get(setting, default)
        if value in choices:
            return str(value)
        self.refuse(setting, "unknown_choice", f"{value}; {', '.join(choices)}")
        return default

    def zone(self, setting: str, default: str) -> ZoneInfo:
        value = self.settings.get(setting) or default
        try:
            return ZoneInfo(str(value))
        except (ValueError, OSError, KeyError):  # KeyError: ZoneInfoNotFoundError
            self.refuse(setting, "unknown_zone", value)
            return ZoneInfo(default)

    def dates(self, setting: str) -> frozenset[date]:
        value = _from_json(self.settings.get(setting) or [])
        if not isinstance(value, (list, tuple, set, frozenset)):
            self.refuse(setting, "not_json" if value is None else "bad_date", value)
            return frozenset()
        if len(value) > MOST_CLOSED_DATES:
            self.refuse(setting, "too_many", f"{len(value)}; {MOST_CLOSED_DATES}")
            return frozenset()
        return frozenset(found for found in (self._date(setting, one) for one in value) if found)

    def _date(self, setting: str, value: object) -> date | None:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.refuse(setting, "bad_date", value)
            return None

    def absences(self, setting: str) -> tuple[tuple[date, date], ...]:
        value = _from_json(self.settings.get(setting) or [])
        if not isinstance(value, (list, tuple)):
            self.refuse(setting, "bad_date", value)
            return ()
        if len(value) > MOST_CLOSED_DATES:
            self.refuse(setting, "too_many", f"{len(value)}; {MOST_CLOSED_DATES}")
            return ()
        return tuple(sorted(found for found in (self._absence(setting, one) for one in value) if found))

    def _absence(self, setting: str, value: object) -> tuple[date, date] | None:
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            self.refuse(setting, "bad_date", value)
            return None
        first, last = (self._date(setting, one) for one in value)
        if first is not None and last is not None and last < first:
            self.refuse(setting, "ends_first", f"{first}; {last}")
        return (first, last) if first is not None and last is not None else None

    def weekly(self, setting: str) -> tuple[tuple[OpenRange, ...], ...]:
        value = _from_json(self.settings.get(setting) or {})
        days: list[tuple[OpenRange, ...]] = [()] * 7
        if not isinstance(value, Mapping):
            self.refuse(setting, "not_json" if value is None else "not_a_mapping")
            return tuple(days)
        for key, ranges in value.items():
            if key not in DAY_KEYS:
                self.refuse(setting, "unknown_day", key)
                continue
            days[DAY_KEYS.index(key)] = self._ranges(f"{setting}.{key}", ranges)
        self._refuse_overlaps(setting, days)
        return tuple(days)

    def _ranges(self, setting: str, ranges: object) -> tuple[OpenRange, ...]:
        if not isinstance(ranges, (list, tuple)):
            self.refuse(setting, "not_a_range", ranges)
            return ()
        if len(ranges) > MOST_RANGES_A_DAY:
            self.refuse(setting, "too_many", f"{len(ranges)}; {MOST_RANGES_A_DAY}")
            return ()
        return tuple(sorted(found for found in (self._range(setting, one) for one in ranges) if found))

    def _range(self, setting: str, value: object) -> OpenRange | None:
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            self.refuse(setting, "not_a_range", value)
            return None
        start, end = (_clock_minutes(part) for part in value)
        if start is None or end is None or start == DAY_MINUTES:
            self.refuse(setting, "bad_clock", value)
            return None
        if start == end:
            self.refuse(setting, "empty_range", value)
            return None
        return OpenRange(start, end if end > start else end + DAY_MINUTES)

    def _refuse_overlaps(self, setting: str, days: Sequence[Sequence[OpenRange]]) -> None:
        """Ranges of one day, and a night that runs into the next day's first range."""
        for index, ranges in enumerate(days):
            tomorrow = [
                OpenRange(each.start_min + DAY_MINUTES, each.end_min + DAY_MINUTES) for each in days[(index + 1) % 7]
            ]
            ahead = sorted([*ranges, *tomorrow])
            for earlier, later in pairwise(ahead):
                if earlier in ranges and later.start_min < earlier.end_min:
                    self.refuse(f"{setting}.{DAY_KEYS[index]}", "overlap")
                    break


def build_policy(settings: Mapping[str, Any]) -> Policy:
    """Policy from a business's settings.

    Keys: `opening_hours_json` ({"sun": [["09:00", "13:00"], ["16:00", "19:00"]], "thu": [["20:00", "02:00"]]},
    as a mapping or its JSON text; a missing day is closed), `closed_dates` (ISO dates), `days_off` (pairs of ISO
    dates, first and last day), `observe_holidays`, `holiday_eves` (closed | friday | normal), `slot_size_min`,
    `min_notice_min`, `booking_window_days`, `timezone`. A missing key takes the default of `Policy`. Raises PolicyError
    with every problem found.
    """
    reader = _Reader(settings)
    policy = Policy(
        zone=reader.zone("timezone", "Asia/Jerusalem"),
        weekly=reader.weekly("opening_hours_json"),
        closed_dates=reader.dates("closed_dates"),
        days_off=reader.absences("days_off"),
        observe_holidays=reader.switch("observe_holidays", True),
        holiday_eves=reader.choice("holiday_eves", "friday", EVE_RULES),
        slot_size_min=reader.number("slot_size_min", 30, SLOT_SIZE_LIMITS),
        min_notice_min=reader.number("min_notice_min", 120, MIN_NOTICE_LIMITS),
        booking_window_days=reader.number("booking_window_days", 60, WINDOW_LIMITS),
    )
    if reader.problems:
        raise PolicyError(reader.problems)
    return policy


def _from_json(value: Any) -> Any:
    """Text is parsed as JSON, None when it is not; anything else passes through."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


def _clock_minutes(value: object) -> int | None:
    """Minutes of "HH:MM", 0 to 1440; None when it is not a time."""
    found = _CLOCK.match(value) if isinstance(value, str) else None
    if found is None:
        return None
    minutes = int(found[1]) * 60 + int(found[2])
    return minutes if minutes <= DAY_MINUTES else None
