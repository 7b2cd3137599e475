"""Dates, hours and refusals in words, Hebrew and English. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

HEBREW_DAYS = ("שני", "שלישי", "רביעי", "חמישי", "שישי", "שבת", "ראשון")  # the order of date.weekday()
ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HEBREW_MONTHS = (
    "ינואר", "פברואר", "מרץ", "אפריל", "מאי", "יוני",
    "יולי", "אוגוסט", "ספטמבר", "אוקטובר", "נובמבר", "דצמבר",
)  # fmt: skip
ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
SUNDAY_FIRST = (6, 0, 1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class RefusalFacts:
    """What a refusal may have to name. `wall` is the wall-clock time asked for; `hours` are "HH:MM" pairs."""

    wall: datetime = datetime(1970, 1, 1)
    hours: tuple[tuple[str, str], ...] = ()
    holiday: str = ""
    holiday_english: str = ""
    slot_size_min: int = 0
    min_notice_min: int = 0
    booking_window_days: int = 0


def clock(minutes: int) -> str:
    """The clock at minutes after midnight: the end of the day is 24:00, later is the next day's clock."""
    return "24:00" if minutes == 1440 else f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def weekday_words(day: date, language: str) -> str:
    """ "יום שלישי", "שבת", "Tuesday"."""
    if language != "he":
        return ENGLISH_DAYS[day.weekday()]
    name = HEBREW_DAYS[day.weekday()]
    return name if day.weekday() == 5 else f"יום {name}"


def date_words(day: date, language: str, *, year: bool = False) -> str:
    """ "יום שלישי, 3 במרץ" / "Tuesday, 3 March"."""
    tail = f" {day.year}" if year else ""
    if language == "he":
        return f"{weekday_words(day, 'he')}, {day.day} ב{HEBREW_MONTHS[day.month - 1]}{tail}"
    return f"{weekday_words(day, 'en')}, {day.day} {ENGLISH_MONTHS[day.month - 1]}{tail}"


def slot_words(start: datetime, language: str) -> str:
    """A slot as it is told to the caller: "יום שלישי, 3 במרץ בשעה 16:30"."""
    joiner = "בשעה" if language == "he" else "at"
    return f"{date_words(start.date(), language)} {joiner} {start:%H:%M}"


def ranges_words(ranges: Sequence[tuple[str, str]], language: str) -> str:
    """ "09:00–13:00, 16:00–19:00", or the word for closed."""
    if not ranges:
        return "סגור" if language == "he" else "closed"
    return ", ".join(f"{opens}–{closes}" for opens, closes in ranges)


def span_words(minutes: int, language: str) -> str:
    """A length of time: "45 דקות", "שעתיים", "2 hours", "1 day"."""
    he = language == "he"
    for size, names in _SIZES:
        if minutes >= size and minutes % size == 0:
            count = minutes // size
            hebrew_one, hebrew_two, hebrew_many, english = names
            if he:
                return {1: hebrew_one, 2: hebrew_two}.get(count, f"{count} {hebrew_many}")
            return f"{count} {english}{'' if count == 1 else 's'}"
    return f"{minutes} דקות" if he else f"{minutes} minutes"


_SIZES = (
    (1440, ("יום אחד", "יומיים", "ימים", "day")),
    (60, ("שעה אחת", "שעתיים", "שעות", "hour")),
    (1, ("דקה אחת", "שתי דקות", "דקות", "minute")),
)


def refusal_words(rule: str, facts: RefusalFacts, language: str) -> str:
    """The sentence for a refused slot; `rule` as in SlotVerdict."""
    he = language == "he"
    values = {
        "time": f"{facts.wall:%H:%M}",
        "day": date_words(facts.wall.date(), language),
        "weekday": weekday_words(facts.wall.date(), language),
        "hours": ranges_words(facts.hours, language),
        "holiday": facts.holiday if he else facts.holiday_english,
        "slot": span_words(facts.slot_size_min, language),
        "notice": span_words(facts.min_notice_min, language),
        "window": span_words(facts.booking_window_days * 1440, language),
    }
    return _REFUSALS[rule][0 if he else 1].format(**values)


_REFUSALS = {
    "no_such_time": (
        "השעה {time} לא קיימת ב{day}: באותו לילה השעון מוזז קדימה.",
        "{time} does not exist on {day}: the clocks go forward that night.",
    ),
    "ambiguous_time": (
        "השעה {time} מופיעה פעמיים ב{day}: באותו לילה השעון מוזז אחורה.",
        "{time} happens twice on {day}: the clocks go back that night.",
    ),
    "in_the_past": ("המועד {day} {time} כבר עבר.", "{day} at {time} is already over."),
    "min_notice": (
        "אפשר לקבוע לכל המוקדם {notice} מראש.",
        "An appointment needs at least {notice} notice.",
    ),
    "booking_window": (
        "אפשר לקבוע עד {window} קדימה בלבד.",
        "Appointments can be made at most {window} ahead.",
    ),
    "closed_date": ("ב{day} העסק סגור.", "The business is closed on {day}."),
    "holiday": ("ב{day} העסק סגור, {holiday}.", "The business is closed on {day}, {holiday}."),
    "holiday_eve": (
        "ב{day} העסק סגור, ערב {holiday}.",
        "The business is closed on {day}, the eve of {holiday}.",
    ),
    "closed_weekday": ("ב{weekday} העסק סגור.", "The business is closed on {weekday}s."),
    "outside_hours": (
        "השעה {time} מחוץ לשעות הפעילות ב{day}: {hours}.",
        "{time} is outside the opening hours on {day}: {hours}.",
    ),
    "off_grid": (
        "תורים מתחילים כל {slot}, והשעה {time} לא מתאימה.",
        "Appointments start every {slot}; {time} does not fit.",
    ),
    "busy": ("המועד {day} {time} כבר תפוס.", "{day} at {time} is already taken."),
}
