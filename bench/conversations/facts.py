"""Reads the [SERVER] facts that the model was told: what they ask for, which times they offer. Pure.

The wording is that of services/booking/messages.py, Hebrew and English. A time in an offer that cannot be read is
reported, never passed over: a judge that understands nothing finds nothing wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bench.conversations.dialogue import TODAY
from services.policy.words import ENGLISH_MONTHS, HEBREW_MONTHS

_FACT = re.compile(r"\[SERVER\]\s*(?P<sign>[✅❌])?\s*(?P<kind>\w+)")
_CLOCK = r"(?P<clock>\d{1,2}:\d{2})"
_MOMENTS = (
    (re.compile(rf"(?P<day>\d{{1,2}}) ב(?P<month>{'|'.join(HEBREW_MONTHS)}) בשעה {_CLOCK}"), HEBREW_MONTHS),
    (re.compile(rf"(?P<day>\d{{1,2}}) (?P<month>{'|'.join(ENGLISH_MONTHS)}) at {_CLOCK}"), ENGLISH_MONTHS),
)
_ANY_CLOCK = re.compile(_CLOCK)
_OFFER = re.compile(r"offer:|להציע:", re.I)
_OWN_NUMBER = re.compile(r"number they call from|מספר שממנו")
_KEY_AGAIN = re.compile(r"pound key|סולמית")
_MARKS = str.maketrans("", "", "\"'״׳`")


class Ask(StrEnum):
    """What the caller is asked for."""

    NAME = "name"
    PHONE = "phone"
    OWN_NUMBER = "own number"
    WHEN = "day and time"
    PICK = "one of several times"
    CONFIRM = "a yes"
    SERVICE = "which service"
    PERSON = "with whom"


@dataclass(frozen=True, slots=True)
class Fact:
    kind: str
    failed: bool
    text: str

    @property
    def moments(self) -> list[datetime]:
        """Every time it names, as the business's wall clock shows it."""
        return _moments(self.text)

    @property
    def offered(self) -> list[datetime]:
        """The times that the caller is told to be possible."""
        if self.kind in ("slot_available", "confirm_move", "confirm_booking"):
            return self.moments[:1]
        return _moments(self._offer)

    @property
    def is_unreadable(self) -> bool:
        """Whether it offers a time that `offered` misses."""
        if self.kind == "slot_available":
            return not self.moments
        return len(_ANY_CLOCK.findall(self._offer)) > len(_moments(self._offer))

    def names(self, name: str) -> bool:
        """Whether a service or person is named in it, in whatever quotation marks."""
        return _plain(name) in _plain(self.text)

    @property
    def ask(self) -> Ask | None:
        if self.kind in _ASKS:
            return _ASKS[self.kind]
        if self.kind == "need_phone":
            return Ask.OWN_NUMBER if _OWN_NUMBER.search(self.text) else Ask.PHONE
        if self.kind == "need_datetime":
            return Ask.PICK if self.offered else Ask.WHEN
        if self.kind == "slot_unavailable":
            return Ask.PICK if self.offered else None
        if self.failed:
            return Ask.PHONE if _KEY_AGAIN.search(self.text) else None
        return Ask.CONFIRM if self.kind.startswith(("confirm", "offer")) else None

    @property
    def _offer(self) -> str:
        parts = _OFFER.split(self.text, maxsplit=1)
        return parts[1] if len(parts) > 1 else ""


_ASKS = {
    "need_name": Ask.NAME,
    "slot_available": Ask.CONFIRM,
    "need_service": Ask.SERVICE,
    "need_person": Ask.PERSON,
}


def read_facts(texts: Iterable[str]) -> list[Fact]:
    """The facts among what the model was given, in order."""
    return [
        Fact(found["kind"], found["sign"] == "❌", text) for text in texts if (found := _FACT.search(text)) is not None
    ]


def open_ask(facts: Sequence[Fact]) -> int | None:
    """Position of the fact that asks for what is open now; None when nothing is. A result leaves nothing open; a number
    that was noted leaves open what else was asked for."""
    noted = False
    for position in range(len(facts) - 1, -1, -1):
        fact = facts[position]
        if fact.kind.startswith("appointment_"):
            return None
        noted = noted or fact.kind == "phone_noted"
        if fact.ask is not None and not (noted and fact.ask in (Ask.PHONE, Ask.OWN_NUMBER)):
            return position
    return None


def _plain(text: str) -> str:
    return text.translate(_MARKS)


def _moments(text: str) -> list[datetime]:
    found = []
    for pattern, months in _MOMENTS:
        for match in pattern.finditer(text):
            hour, minute = map(int, match["clock"].split(":"))
            month = months.index(match["month"]) + 1
            found.append((match.start(), _coming(month, int(match["day"])).replace(hour=hour, minute=minute)))
    return [start for _, start in sorted(found)]


def _coming(month: int, day: int) -> datetime:
    """The date without a year: of this year, or of the next when it is long over."""
    this_year = datetime(TODAY.year, month, day)
    return this_year if this_year > TODAY - timedelta(days=60) else this_year.replace(year=TODAY.year + 1)
