"""Delays in hours and minutes: "בעוד חצי שעה", "in two hours" (A1). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.nlp_tokens import Token
from services.nlp_types import DateOption, TimeOption, one_day


def find_delay(tokens: Sequence[Token], now: datetime) -> tuple[tuple[DateOption, ...], tuple[TimeOption, ...]] | None:
    """The day and the time around which a delay from `now` (wall-clock) ends; None when none is said."""
    for at, token in enumerate(tokens):
        minutes = _minutes(tokens[at + 1 : at + 6]) if token.has("in") and not token.prefix else None
        if minutes:
            then = (now + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
            return (one_day(then.date()),), (TimeOption("around", then.time()),)
    return None


def _minutes(tokens: Sequence[Token]) -> int | None:
    """Minutes of "חצי שעה", "שעתיים", "שעה וחצי", "an hour", "20 minutes"."""
    rest = [token for token in tokens if token.text not in ("a", "an", "of")]
    if not rest:
        return None
    first, second = rest[0], rest[1] if len(rest) > 1 else Token("", "")
    extra = next(
        (t.get("half") or t.get("quarter") for t in rest[1:3] if t.prefix == "ו" and t.has("half", "quarter")), 0
    )
    if first.get("dual") == "hour":
        return 120 + extra
    if first.get("unit") == "hour" and not first.prefix:
        return 60 + extra
    if first.has("half", "quarter") and second.get("unit") == "hour":
        return int(first.get("half") or first.get("quarter"))
    if first.has("num") and second.get("unit") in ("hour", "minute"):
        return int(first.get("num")) * (60 if second.get("unit") == "hour" else 1) + extra
    return None
