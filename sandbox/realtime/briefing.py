"""What the rule-based responder takes from a session's instructions: language, hours, today, the business's
own sentences. Pure.

It looks for the blocks of `services/realtime_prompt_builder.py` but asks little of their form: what is
missing stays empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Sunday first, as the policy block lists them.
WEEKDAYS = {
    "he": ("ראשון", "שני", "שלישי", "רביעי", "חמישי", "שישי", "שבת"),
    "en": ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"),
}

_HEBREW = re.compile(r"[\u05d0-\u05ea]")
_LATIN = re.compile(r"[A-Za-z]")
_ALWAYS = {
    "he": re.compile(r"לענות תמיד בעברית|answer (?:only )?in hebrew", re.I),
    "en": re.compile(r"answer in english", re.I),
}
_LIST_LINE = re.compile(r"^\s*[-*•]\s*(?P<day>[^:]+):\s*(?P<hours>.+?)\s*$")
_RANGE = re.compile(r"(\d{1,2}:\d{2})\s*[-–—]\s*(\d{1,2}:\d{2})")
_CLOSED = re.compile(r"סגור|closed", re.I)
_NOW = re.compile(r"(?:עכשיו|now)\s*:\s*(.+)", re.I)
_NO_BOOKING = re.compile(r"לא נקבעים כאן בטלפון|not made by telephone", re.I)
_NO_TRANSFER = re.compile(r"אין כאן העברה לאדם|no transfer to a person", re.I)
_TAKES_DETAILS = re.compile(r"^- (?:אפשר לקחת|you can take) ", re.I | re.M)
_BUSINESS_TITLE = re.compile(r"הנחיות העסק|business instructions|business prompt", re.I)
_ADDRESS = re.compile(r"\bat (\d+ [A-Z][^.,\n]*(?:Street|Road|Avenue|Square)(?:, [A-Z]\w+)?)|(ברחוב [^.,\n]+)")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")

Ranges = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Briefing:
    """`hours`: opening ranges of each weekday, Sunday first, None where nothing is said; `today`: 0 for
    Sunday.
    """

    language: str
    hours: tuple[Ranges | None, ...]
    today: int | None
    facts: tuple[str, ...]
    """Sentences of the business's own text."""
    address: str
    books: bool
    transfers: bool
    takes_details: bool


def read_briefing(instructions: str) -> Briefing:
    """Read a session's instructions."""
    language = _language(instructions)
    lines = instructions.splitlines()
    now = _NOW.search(instructions)
    return Briefing(
        language=language,
        hours=_hours(lines, language),
        today=_weekday(now.group(1), language) if now else None,
        facts=_facts(instructions),
        address=_address(instructions),
        books=_NO_BOOKING.search(instructions) is None,
        transfers=_NO_TRANSFER.search(instructions) is None,
        takes_details=_TAKES_DETAILS.search(instructions) is not None,
    )


def _language(instructions: str) -> str:
    for language, rule in _ALWAYS.items():
        if rule.search(instructions):
            return language
    return "he" if len(_HEBREW.findall(instructions)) > len(_LATIN.findall(instructions)) else "en"


def _address(instructions: str) -> str:
    found = _ADDRESS.search(instructions)
    return (found.group(1) or found.group(2)).strip() if found else ""


def _weekday(text: str, language: str) -> int | None:
    """The first weekday named in a text."""
    lowered = text.lower()
    found = [(lowered.find(name), number) for number, name in enumerate(WEEKDAYS[language]) if name in lowered]
    return min(found)[1] if found else None


def _hours(lines: list[str], language: str) -> tuple[Ranges | None, ...]:
    """The first line of a list for each weekday that holds hours or says closed."""
    hours: list[Ranges | None] = [None] * 7
    for line in lines:
        match = _LIST_LINE.match(line)
        ranges = tuple(_RANGE.findall(match["hours"])) if match else ()
        if not match or not (ranges or _CLOSED.search(match["hours"])):
            continue
        day = _weekday(match["day"], language)
        if day is not None and hours[day] is None and not re.search(r"\d", match["day"]):
            hours[day] = ranges
    return tuple(hours)


def _facts(instructions: str) -> tuple[str, ...]:
    """The sentences under the business's heading; without headings, of everything."""
    sections = re.split(r"^#+ *", instructions, flags=re.M)
    mine = [part.partition("\n")[2] for part in sections if _BUSINESS_TITLE.search(part.partition("\n")[0])]
    text = mine[0] if mine else (instructions if len(sections) == 1 else "")
    return tuple(part.strip() for part in _SENTENCE_END.split(text) if part.strip())
