"""What a caller has laid down about days and hours: it holds for the whole call and for every offer (L15). Pure.

Kept in the draft as plain JSON. Days are ISO dates, hours "HH:MM" of the wall clock; a window's end is "" for midnight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, Self

from services.nlp.types import DateOption, Parsed, TimeOption

_MIDNIGHT = time(0)
_EVENING = ("17:00", "22:00")  # as services/nlp/times.py reads it


@dataclass(frozen=True, slots=True)
class Conditions:
    """`spans`: one of these days or weeks. `window`: the start lies in it. `not_…`: what is excluded."""

    spans: tuple[tuple[str, str], ...] = ()
    window: tuple[str, str] = ("", "")
    not_days: tuple[tuple[str, str], ...] = ()
    not_weekdays: tuple[int, ...] = ()
    not_windows: tuple[tuple[str, str], ...] = field(default=())

    def allows(self, start: datetime) -> bool:
        """Whether a start, aware or wall-clock, may be offered."""
        return self.allows_day(start.date()) and self.allows_clock(start)

    def allows_day(self, day: date) -> bool:
        text = day.isoformat()
        if self.spans and not any(first <= text <= last for first, last in self.spans):
            return False
        return day.weekday() not in self.not_weekdays and not any(
            first <= text <= last for first, last in self.not_days
        )

    def allows_clock(self, start: datetime) -> bool:
        """Whether the hour is allowed, on whatever day."""
        if not self.not_windows and self.window == ("", ""):
            return True
        clock = start.isoformat()[11:16]
        return _within(clock, self.window) and not any(_inside(clock, window) for window in self.not_windows)

    def taking(self, parsed: Parsed) -> Self:
        """With what was said now: later words replace what they contradict, the rest stands."""
        wished = {option.first.weekday() for option in parsed.dates if option.is_day}
        kept_days = [each for each in self.not_days if not any(_meets(option, each) for option in parsed.dates)]
        return replace(
            self,
            spans=self._spans(parsed.dates),
            window=self._window(parsed.times),
            not_days=_union(kept_days, [(o.first.isoformat(), o.last.isoformat()) for o in parsed.not_dates]),
            not_weekdays=tuple(sorted((set(self.not_weekdays) - wished) | set(parsed.not_weekdays))),
            not_windows=_union(self._not_windows(parsed.times), [_span_of(option) for option in parsed.not_times]),
        )

    def _spans(self, dates: Sequence[DateOption]) -> tuple[tuple[str, str], ...]:
        said = tuple((option.first.isoformat(), option.last.isoformat()) for option in dates)
        if len(said) != 1 or not dates[0].is_day:
            return said or self.spans
        inside = any(first <= said[0][0] <= last for first, last in self.spans)
        return self.spans if inside else ()

    def _window(self, times: Sequence[TimeOption]) -> tuple[str, str]:
        if len(times) != 1:
            return self.window
        option = times[0]
        if option.kind in ("at", "around"):
            return self.window if _within(f"{option.start:%H:%M}", self.window) else ("", "")
        return _narrowed(self.window, _span_of(option))

    def _not_windows(self, times: Sequence[TimeOption]) -> list[tuple[str, str]]:
        """An hour that is wished after all is excluded no more."""
        clock = f"{times[0].start:%H:%M}" if len(times) == 1 and times[0].kind == "at" else ""
        return [window for window in self.not_windows if not (clock and _inside(clock, window))]

    def as_dict(self) -> dict[str, Any]:
        """Only what was laid down."""
        return {name: value for name, value in asdict(self).items() if value not in ((), ("", ""))}

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Self:
        """From `as_dict`, also after JSON made lists of the tuples."""
        return cls(
            spans=_pairs(stored.get("spans", ())),
            window=_pairs([stored["window"]])[0] if stored.get("window") else ("", ""),
            not_days=_pairs(stored.get("not_days", ())),
            not_weekdays=tuple(int(day) for day in stored.get("not_weekdays", ())),
            not_windows=_pairs(stored.get("not_windows", ())),
        )

    @property
    def is_evening(self) -> bool:
        """An evening, no hour of it."""
        return self.window == _EVENING

    @property
    def from_four(self) -> Self:
        """The evening of a business that closes early."""
        return replace(self, window=("16:00", self.window[1]))

    @property
    def days(self) -> tuple[tuple[date, date], ...]:
        """The spans as dates."""
        return tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in self.spans)


def _pairs(stored: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(first), str(last)) for first, last in stored)


def _union(old: Sequence[tuple[str, str]], new: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys([*old, *new]))


def _meets(option: DateOption, span: tuple[str, str]) -> bool:
    return option.is_day and span[0] <= option.first.isoformat() <= span[1]


def _span_of(option: TimeOption) -> tuple[str, str]:
    """The window of starts that a time stands for; "at" is the minute itself."""
    start = f"{option.start:%H:%M}"
    if option.kind == "before":
        return "00:00", start
    if option.kind == "after":
        return start, ""
    if option.kind == "between":
        return start, "" if option.end in (None, _MIDNIGHT) else f"{option.end:%H:%M}"
    return start, start


def _within(clock: str, window: tuple[str, str]) -> bool:
    """Both ends belong to it."""
    return clock >= window[0] and (not window[1] or clock <= window[1])


def _inside(clock: str, window: tuple[str, str]) -> bool:
    """As `_within`, without the end of a window that has a length: "not in the morning" leaves noon."""
    first, last = window
    return clock == first if first == last else clock >= first and (not last or clock < last)


def _narrowed(old: tuple[str, str], new: tuple[str, str]) -> tuple[str, str]:
    """What both leave: "in the evening", "from half past five". The new one alone where they leave nothing."""
    first = max(old[0], new[0])
    last = min(end for end in (old[1], new[1]) if end) if old[1] or new[1] else ""
    return new if last and first > last else (first, last)
