"""What was understood of a caller's words. Ambiguity is a value: several options mean "ask", never "pick one"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Literal

from services.nlp.offering import NOTHING_CHOSEN, Chosen

Intent = Literal["none", "hours_info", "ask", "book"]
TimeKind = Literal["at", "around", "after", "before", "between"]


# "message": whether name, number and what it is about shall be written down.
# "surname": the full name, of which the first is known.
# "service", "person": what the appointment is for, and with whom (K4).
Asked = Literal[
    "", "name", "surname", "phone", "permission", "datetime", "confirm", "message", "code", "service", "person"
]


@dataclass(frozen=True, slots=True)
class Turn:
    """One side's words; role is "caller" or "agent".

    `asked`: what the server had asked for last when the caller spoke; `offered`: wall-clock starts it had offered then.
    """

    role: str
    text: str
    asked: str = ""
    offered: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Cues:
    """What else the chat model read in the caller's latest words: for the conversation, not for the calendar.

    `answer`: to what was asked last, "yes", "no" or "". `language`: a two-letter code, "" when unsure.
    """

    human: bool = False
    goodbye: bool = False
    answer: str = ""
    language: str = ""
    urgent: bool = False


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
    `not_dates`, `not_weekdays` (0 Monday) and `not_times` are not wished; they hold for the whole call.
    `of_dates`: the day of the appointment that is to be moved. `declines`: no appointment is wished, or not now.
    `message`: somebody shall be told something or call back. `leaves`: agreed that name and number are written down.
    `own`: asks when the own appointment is. `keeps`: an appointment shall stay. `two`: for a second person as well.
    `lost_times`: said with a day that is over. `by_weekday`: the day was said as a weekday alone.
    `surname`: said alone, as an answer to the question for it. `same_day`, `same_time`: of what was spoken of last.
    `shift_min`: so much later, or earlier, than what was spoken of last. `than`: "earlier" or "later" than that.
    `explicit`: said in so many words, not inferred from a bare day or hour. `own_number`: the answer to the agent's
    question whether the number the call comes from will do, "yes", "no" or "".
    `chosen`: which of the business's services, and with whom.
    `news`: what of all this the caller's latest words said: "name", "phone", "date", "time", "wish" (to book),
    "change", "service" and "person".
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
    not_dates: tuple[DateOption, ...] = ()
    not_weekdays: frozenset[int] = frozenset()
    not_times: tuple[TimeOption, ...] = ()
    of_dates: tuple[DateOption, ...] = ()
    lost_times: tuple[TimeOption, ...] = ()
    by_weekday: bool = False
    declines: bool = False
    message: bool = False
    leaves: bool = False
    own: bool = False
    keeps: bool = False
    two: bool = False
    surname: str = ""
    same_day: bool = False
    same_time: bool = False
    shift_min: int = 0
    than: str = ""
    explicit: bool = False
    own_number: str = ""
    chosen: Chosen = NOTHING_CHOSEN
    news: frozenset[str] = frozenset()
    cues: Cues = Cues()
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
        said = (self.change, self.name, self.surname, self.phone, self.phone_partial, self.service, self.city)
        laid_down = (self.not_dates, self.not_weekdays, self.not_times)
        asks = self.shift_min or self.than or self.declines or self.message or self.leaves or self.own
        chooses = not self.chosen.says_nothing
        return self.intent not in ("ask", "book") and not (any(said) or any(laid_down) or asks or chooses)

    def with_wish(self, dates: Sequence[DateOption], times: Sequence[TimeOption]) -> Parsed:
        """The same with other dates and times, in order and without repeats."""
        ordered = sorted(dict.fromkeys(times), key=TimeOption.sort_key)
        return replace(self, dates=tuple(sorted(set(dates))), times=tuple(ordered))


def one_day(day: date) -> DateOption:
    return DateOption(day, day)
