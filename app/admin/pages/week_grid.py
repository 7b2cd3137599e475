"""The grid of opening hours, as two pages show it: the business's and a person's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from app.admin.pages.why import read_clock
from app.admin.text.words import language
from services.policy.settings import DAY_KEYS
from services.policy.words import ENGLISH_DAYS, HEBREW_DAYS, SUNDAY_FIRST


@dataclass(frozen=True, slots=True)
class GridDay:
    """One line of the grid: its ranges as they are shown, and what is wrong with them."""

    key: str
    name: str
    ranges: tuple[tuple[str, str], ...]
    problem: str = ""


def weekday_name(weekday: int) -> str:
    """The day's name in the page's language; `weekday` as date.weekday()."""
    return (HEBREW_DAYS if language() == "he" else ENGLISH_DAYS)[weekday]


def read_week(form: MultiDict[str, str]) -> dict[str, list[list[str]]]:
    """The grid as settings hold it: empty rows left out."""
    week = {}
    for key in DAY_KEYS:
        pairs = zip(form.getlist(f"{key}-open"), form.getlist(f"{key}-close"), strict=False)
        week[key] = sorted([read_clock(opens), read_clock(closes)] for opens, closes in pairs if opens or closes)
    return week


def grid_of(week: Mapping[str, Any], problems: Mapping[str, str]) -> list[GridDay]:
    """The lines of the grid; problems: words by setting ("opening_hours_json.sun")."""
    grid = []
    for weekday in SUNDAY_FIRST:
        key = DAY_KEYS[weekday]
        ranges = tuple((str(pair[0]), str(pair[1])) for pair in week.get(key, []) if len(pair) == 2)
        grid.append(GridDay(key, weekday_name(weekday), ranges, problems.get(f"opening_hours_json.{key}", "")))
    return grid
