"""What was understood of a caller's words. Ambiguity is a value: several options mean "ask", never "pick one"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Literal

Intent = Literal["none", "hours_info", "ask", "book"]
TimeKind = Literal["at", "around", "after", "before", "between"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One side's words; role is "caller" or "agent"."""

    role: str
    text: str


@dataclass(frozen=True, slots=True, order=True)
class DateOption:
    """One reading of a date: a day (first == last) or every day from first to last."""

    first: date
    last: date

    @property
    def is_day(self) -> bool:
        return self.first == self.last


@dataclass(frozen=True, slots=True)
class TimeOption:
    """One reading of a time, on the wall clock. `end` is set for "between" only; None there means midnight.

    kind: at (exactly), around, after (at or after start), before (at or before start), between (start to end).
    """

    kind: TimeKind
    start: time
    end: time | None = None

    def sort_key(self) -> tuple[time, str]:
        return (self.start, self.kind)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the caller wants.

    `dates` and `times`: no option = not said, one = clear, several = ambiguous. `change` is "cancel" or "move" when
    the caller speaks of an appointment that exists. `phone` is E.164 and valid; `phone_partial` are digits that were
    said but make no valid number. `service` and `city` as the caller said them. `accepted`: the caller agreed to what
    the agent had offered; `rejected`: refused.
    `filled`: a day or a time is the model's reading of words that we could not read: to be confirmed.
    `confidence` 0 to 1: how directly the words said it.
    """

    intent: Intent = "none"
    dates: tuple[DateOption, ...] = ()
    times: tuple[TimeOption, ...] = ()
    name: str = ""
    phone: str = ""
    phone_partial: str = ""
    change: str = ""
    service: str = ""
    city: str = ""
    accepted: bool = False
    rejected: bool = False
    filled: bool = False
    confidence: float = 0.0
    unsure: frozenset[str] = field(default_factory=frozenset)

    @property
    def day(self) -> date | None:
        """The one day that was said, None when none, several or a range was."""
        return self.dates[0].first if len(self.dates) == 1 and self.dates[0].is_day else None

    @property
    def clock(self) -> time | None:
        """The one exact time that was said; "around four" is not exact."""
        return self.times[0].start if len(self.times) == 1 and self.times[0].kind == "at" else None

    @property
    def wall(self) -> datetime | None:
        """Day and time together, when both are clear: the wall-clock start to validate."""
        return datetime.combine(self.day, self.clock) if self.day and self.clock is not None else None

    @property
    def ambiguous(self) -> tuple[str, ...]:
        """Which of "date" and "time" must be asked again."""
        found = [name for name, options in (("date", self.dates), ("time", self.times)) if len(options) > 1]
        return tuple(dict.fromkeys([*found, *sorted(self.unsure)]))

    @property
    def asks_nothing(self) -> bool:
        """Small talk, or a question the agent answers by itself: nothing to look up, to change or to keep."""
        details = self.change or self.name or self.phone or self.phone_partial or self.service or self.city
        return self.intent not in ("ask", "book") and not details

    def with_wish(self, dates: Sequence[DateOption], times: Sequence[TimeOption]) -> Parsed:
        """The same with other dates and times, in order and without repeats."""
        ordered = sorted(dict.fromkeys(times), key=TimeOption.sort_key)
        return replace(self, dates=tuple(sorted(set(dates))), times=tuple(ordered))


def one_day(day: date) -> DateOption:
    return DateOption(day, day)
