"""Delays in hours and minutes: "בעוד חצי שעה", "in two hours" (A1). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from services.nlp.tokens import Token
from services.nlp.types import DateOption, TimeOption, one_day


def find_delay(tokens: Sequence[Token], now: datetime) -> tuple[tuple[DateOption, ...], tuple[TimeOption, ...]] | None:
    """The day and the time around which a delay from `now` (wall-clock) ends; None when none is said."""
    for at, token in enumerate(tokens):
        minutes = _minutes(tokens[at + 1 : at + 6]) if token.has("in") and not token.prefix else None
        if minutes:
            then = (now + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
            return (one_day(then.date()),), (TimeOption("around", then.time()),)
    return None


_BACK = re.compile(
    r"(?:[שול]{0,2}(?:לדחות|דחות|תדחי|תדחה|נדחה)|back|later|postpone|отложить|отложите|[وانبت]{0,2}(?:جل|اجل)\w*)"
)
_FORWARD = re.compile(r"(?:[שול]{0,2}(?:להקדים|הקדים|תקדימי|תקדים|נקדים)|forward|earlier|prepone)")
_OF_A_DAY = {"minute": 1, "hour": 60}
_UNITS = {**_OF_A_DAY, "day": 24 * 60, "week": 7 * 24 * 60}
_MEASURES = frozenset(("a", "an", "one", "by", "на", "الموعد", "الدور", "موعدي", "دوري", "ב"))
_ANY_DAY = date(2027, 1, 3)
_LATER = frozenset(("later", "after", "מאוחר", "אחרי", "אחר-כך", "позже", "попозже", "بعد"))
_EARLIER = frozenset(("earlier", "before", "sooner", "מוקדם", "קודם", "לפני", "раньше", "пораньше", "ابكر", "قبل"))
_BESIDE = frozenset(("יותר", "a", "bit", "that", "than", "זה", "на"))


def find_shift(tokens: Sequence[Token]) -> int:
    """Minutes by which something shall be later, or earlier when negative: "half an hour later", "שעה קודם"; 0 when
    nothing is said of it."""
    way = 0
    for at, token in enumerate(tokens):
        way = 1 if _BACK.fullmatch(token.raw) else -1 if _FORWARD.fullmatch(token.raw) else way
        if way and token.raw == "בשעה" and at + 1 == len(tokens):  # "להקדים בשעה"
            return 60 * way
        if token.prefix not in ("", "ב") or not token.has("unit", "dual", "half", "quarter", "num"):
            continue
        minutes = _minutes([replace(token, prefix=""), *tokens[at + 1 : at + 5]], _UNITS)
        if not minutes:
            continue
        end = next(i for i in range(at, len(tokens)) if tokens[i].get("unit") in _UNITS or tokens[i].has("dual"))
        following = [each for each in tokens[end + 1 : end + 4] if each.text not in _BESIDE]
        if any(each.has("num", "clock") for each in following[1:2]):
            return 0  # "half an hour before two" is a time
        word = following[0].text if following else ""
        counted = token.prefix or not token.has("unit") or (at and tokens[at - 1].raw in _MEASURES)
        if way and not following and counted:
            return minutes * way
        return minutes if word in _LATER else -minutes if word in _EARLIER else 0
    return 0


def shifted(times: Sequence[TimeOption], minutes: int) -> tuple[TimeOption, ...]:
    """The same times so much later; what would leave the day stays."""
    found = []
    for option in times:
        moment = datetime.combine(_ANY_DAY, option.start) + timedelta(minutes=minutes)
        same_day = moment.date() == _ANY_DAY and option.kind != "between"
        found.append(replace(option, start=moment.time()) if same_day else option)
    return tuple(found)


def _minutes(tokens: Sequence[Token], units: Mapping[str, int] = _OF_A_DAY) -> int | None:
    """Minutes of "חצי שעה", "שעתיים", "שעה וחצי", "an hour", "20 minutes"."""
    rest = [token for token in tokens if token.text not in ("a", "an", "of")]
    if not rest:
        return None
    first, second = rest[0], rest[1] if len(rest) > 1 else Token("", "")
    extra = next(
        (t.get("half") or t.get("quarter") for t in rest[1:3] if t.prefix == "ו" and t.has("half", "quarter")), 0
    )
    if first.get("dual") in units:
        return 2 * units[first.get("dual")] + (extra if first.get("dual") == "hour" else 0)
    if first.get("unit") in units and first.get("unit") != "minute" and not first.prefix:
        return units[first.get("unit")] + (extra if first.get("unit") == "hour" else 0)
    if first.has("half", "quarter") and second.get("unit") == "hour":
        return int(first.get("half") or first.get("quarter"))
    if first.has("num") and second.get("unit") in units:
        return int(first.get("num")) * units[second.get("unit")] + extra
    return None
