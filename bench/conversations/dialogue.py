"""The format of a dialogue file (README.md says it in words). Unknown keys are refused."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

DIRECTORY = Path(__file__).parent / "dialogues"
# "Now" in every dialogue: Tuesday, 10:00 in Israel.
TODAY = datetime(2026, 11, 24, 10, 0)

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}")
_NEVER_OFFERED = re.compile(
    r"(?:before|after) \d{2}:\d{2}|weekday (?:sun|mon|tue|wed|thu|fri|sat)|date \d{4}-\d{2}-\d{2}"
)


class DialogueError(Exception):
    """A dialogue file that cannot be used: which file, which dialogue, why."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Turn(_Table):
    """What the caller does: `says` (the recogniser's text) or `keys`."""

    says: str | None = None
    keys: str | None = Field(default=None, pattern=r"^[0-9*#]+$")
    keys_pause_s: float = Field(default=0.2, ge=0.1, le=10)
    agent_before: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.says is None) == (self.keys is None):
            raise ValueError("a turn has either says or keys")
        return self


class Answers(_Table):
    """What the caller answers when the server asks and the turns are used up; None: never given."""

    name: str | None = None
    phone_keys: str | None = None
    phone: str | None = None
    use_this_number: str | None = None
    confirm: str | None = None
    pick: str | None = None
    service: str | None = None
    person: str | None = None


class Standing(_Table):
    """An appointment that is there before the call, or what occupies somebody: then `at` may be a range."""

    at: str
    service: str = ""
    with_: str = Field(default="", alias="with")


class _About(_Table):
    """What for, and with whom, by their names in the system; None is not judged."""

    service: str | None = None
    with_: str | None = Field(default=None, alias="with")
    with_any: list[str] = []

    def fits_about(self, service: str, who: str) -> bool:
        people = [*self.with_any, *([self.with_] if self.with_ else [])]
        return self.service in (None, service) and (not people or who in people)

    def about(self) -> str:
        return ", ".join(filter(None, (self.service, self.with_ or " / ".join(self.with_any))))


class Booked(_About):
    """One new appointment: `at`, one of `at_any`, or a start on a day between two times (both included)."""

    at: str | None = None
    at_any: list[str] = []
    on: date | None = None
    from_: str = Field(default="00:00", alias="from")
    to: str = "23:59"
    name: str | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if sum((self.at is not None, bool(self.at_any), self.on is not None)) != 1:
            raise ValueError("give one of at, at_any, on")
        for text in (*self.at_any, *([self.at] if self.at else ())):
            moment(text)
        return self

    def fits(self, start: datetime) -> bool:
        if self.on is not None:
            first, last = time.fromisoformat(self.from_), time.fromisoformat(self.to)
            return start.date() == self.on and first <= start.time() <= last
        return start in [moment(text) for text in (self.at_any or [self.at or ""])]

    def words(self) -> str:
        when = self.at or " or ".join(self.at_any[:3]) or f"{self.on} {self.from_}–{self.to}"
        who = f" ({self.name})" if self.name else ""
        return f"{when}{' …' if len(self.at_any) > 3 else ''}{who}{f' {self.about()}' if self.about() else ''}"


class Moved(_About):
    from_: str = Field(alias="from")
    to: str


class Cancelled(_About):
    at: str


class LeadWanted(_Table):
    name: str | None = None
    phone: str | None = None


class Expect(_Table):
    """What must be true at the end; what is left out (None) is not judged."""

    call: Literal["open", "ended", "transferred", "message"] | None = None
    booked: list[Booked] | None = None
    cancelled: list[Cancelled] | None = None
    moved: list[Moved] | None = None
    lead: bool | LeadWanted | None = None
    never_asked: list[Literal["date", "name", "phone", "service", "person"]] = []
    never_offered: list[str] = []
    said_to_caller: list[str] = []
    not_told: list[str] = []

    @field_validator("cancelled", mode="before")
    @classmethod
    def _as_tables(cls, value: object) -> object:
        return _tables(value)

    @field_validator("never_offered", mode="before")
    @classmethod
    def _as_list(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _readable(self) -> Self:
        for text in (*(one.at for one in self.cancelled or ()), *self.said_times, *self.not_told):
            moment(text)
        for move in self.moved or ():
            moment(move.from_)
            moment(move.to)
        for form in self.never_offered:
            if not _NEVER_OFFERED.fullmatch(form):
                raise ValueError(f"never_offered: {form!r}")
        return self

    @property
    def said_times(self) -> list[str]:
        """What of `said_to_caller` is a time."""
        return [text for text in self.said_to_caller if text[:1].isdigit()]

    @property
    def said_names(self) -> list[str]:
        """… and what is the name of a service or a person."""
        return [text for text in self.said_to_caller if not text[:1].isdigit()]


class Dialogue(_Table):
    id: str
    title: str
    language: Literal["he", "en", "ru", "ar"]
    business: Literal["clinic", "office", "studio", "dental"]
    caller: Literal["new", "returning", "spoofed", "withheld"]
    customer: str = ""
    appointments: list[Standing] = []
    taken: list[Standing] = []
    last: list[Standing] = []
    turn: list[Turn] = Field(min_length=1)
    answers: Answers = Answers()
    expect: Expect
    set: str = ""
    """The folder it comes from: open, kept or later."""

    @field_validator("appointments", "taken", "last", mode="before")
    @classmethod
    def _as_tables(cls, value: object) -> object:
        return _tables(value)

    @model_validator(mode="after")
    def _readable(self) -> Self:
        for one in (*self.appointments, *self.last):
            moment(one.at)
        for one in self.taken:
            span(one.at)
        if self.caller == "returning" and self.answers.name is None and self.customer:
            # Somebody who rings from their own number says their own name when asked for it.
            object.__setattr__(self, "answers", self.answers.model_copy(update={"name": self.customer}))
        if (self.appointments or self.last) and self.caller not in ("returning", "spoofed"):
            raise ValueError("only a known customer has appointments")
        return self


def _tables(value: object) -> object:
    """A time alone as a table."""
    return [{"at": one} if isinstance(one, str) else one for one in value] if isinstance(value, list) else value


def moment(text: str) -> datetime:
    """A wall-clock time of the business: "2026-11-26 10:00". Raises ValueError."""
    if not _MOMENT.fullmatch(text):
        raise ValueError(f"not a time: {text!r}")
    return datetime.fromisoformat(text)


def span(text: str) -> tuple[datetime, datetime]:
    """What somebody else has: one slot, or "2026-11-25 09:00-12:00". Raises ValueError."""
    first, last = text[:16], text[17:]
    start = moment(first)
    if not last:
        return start, start + timedelta(minutes=30)
    end = datetime.combine(start.date(), time.fromisoformat(last))
    if end <= start:
        raise ValueError(f"ends before it begins: {text!r}")
    return start, end


def load(directory: Path) -> list[Dialogue]:
    """Every dialogue of the directory and its folders, by file. Raises DialogueError."""
    dialogues = [dialogue for path in sorted(directory.rglob("*.toml")) for dialogue in _read(path)]
    if not dialogues:
        raise DialogueError(f"{directory}: no dialogues")
    doubled = [name for name, count in Counter(one.id for one in dialogues).items() if count > 1]
    if doubled:
        raise DialogueError(f"{directory}: ids given twice: {', '.join(doubled)}")
    return dialogues


def _read(path: Path) -> list[Dialogue]:
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DialogueError(f"{path}: {error}") from error
    if tables.keys() != {"dialogue"}:
        raise DialogueError(f"{path}: only [[dialogue]] tables are read, found {', '.join(tables) or 'none'}")
    found = []
    for table in tables["dialogue"]:
        try:
            found.append(Dialogue.model_validate({**table, "set": path.parent.name}))
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise DialogueError(f"{path}: {table.get('id', '?')}: {faults}") from error
    return found
