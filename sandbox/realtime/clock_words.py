"""Times of day as people say them, so that the sandbox's voice can speak them. Pure."""

from __future__ import annotations

import re

_HEBREW_HOURS = (
    "שתים עשרה", "אחת", "שתיים", "שלוש", "ארבע", "חמש", "שש", "שבע", "שמונה", "תשע", "עשר", "אחת עשרה",
)  # fmt: skip
_HEBREW_TENS = ("", "עשר", "עשרים", "שלושים", "ארבעים", "חמישים")
_CLOCK = re.compile(r"(?<!\d)([01]?\d|2[0-4]):([0-5]\d)(?!\d)")


def clock_words(clock: str, language: str) -> str:
    """ "16:30" -> "ארבע וחצי אחר הצהריים" or "4:30 PM"."""
    hour, minute = (int(part) for part in clock.split(":"))
    return _hebrew(hour, minute) if language == "he" else _english(hour, minute)


def in_words(text: str, language: str) -> str:
    """The text with every HH:MM in it said in words."""
    return _CLOCK.sub(lambda match: clock_words(match.group(), language), text)


def _english(hour: int, minute: int) -> str:
    half = "AM" if hour % 24 < 12 else "PM"
    return f"{hour % 12 or 12}:{minute:02d} {half}" if minute else f"{hour % 12 or 12} {half}"


def _hebrew(hour: int, minute: int) -> str:
    return f"{_HEBREW_HOURS[hour % 12]}{_hebrew_minutes(minute)} {_part_of_day(hour % 24)}"


def _hebrew_minutes(minute: int) -> str:
    if minute in (0, 15, 30):
        return {0: "", 15: " ורבע", 30: " וחצי"}[minute]
    tens, ones = divmod(minute, 10)
    if tens == 0 or minute < 20:
        return f" ו{minute} דקות"
    return f" {_HEBREW_TENS[tens]}" + (f" ו{_HEBREW_HOURS[ones]}" if ones else "")


def _part_of_day(hour: int) -> str:
    if hour < 5:
        return "בלילה"
    if hour < 12:
        return "בבוקר"
    if hour < 16:
        return "בצהריים"
    return "אחר הצהריים" if hour < 18 else "בערב"
