"""Opening hours decide what words left open: "ארבע" at a business that opens at nine is 16:00 (A1). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from services.business_policy import Policy, is_open, open_spans
from services.nlp.types import DateOption, Parsed, TimeOption
from services.policy.hours import instants_of

_DAYS_LOOKED_AT = 14
_WAKING = (time(7), time(22, 59))


def resolve_with_hours(parsed: Parsed, policy: Policy, now: datetime) -> Parsed:
    """The same wish without the readings the business's hours rule out; `now` is aware.

    Where no reading is left, nothing is taken away, but of the two halves of the day the waking one stays: the policy
    then refuses it in words. What stays ambiguous has to be asked.
    """
    dates, times = parsed.dates, parsed.times
    if len(dates) > 1:
        dates = tuple(option for option in dates if _can_be_booked(option, policy, now)) or dates
    if len(times) > 1:
        days = _days(dates, policy, now)
        times = tuple(option for option in times if any(_is_open(option, day, policy, now) for day in days)) or times
    if len(times) > 1 and not _any_open(times, _days(dates, policy, now), policy, now):
        times = _waking_half(times)
    if len(dates) > 1 and len(times) == 1:
        dates = tuple(option for option in dates if _is_open(times[0], option.first, policy, now)) or dates
    return parsed.with_wish(dates, times)


def _days(dates: Sequence[DateOption], policy: Policy, now: datetime) -> list[date]:
    today = now.astimezone(policy.zone).date()
    ranges = [(option.first, option.last) for option in dates] or [(today, today + timedelta(days=_DAYS_LOOKED_AT))]
    return [
        first + timedelta(days=offset)
        for first, last in ranges
        for offset in range(min((last - first).days, _DAYS_LOOKED_AT) + 1)
    ]


def _can_be_booked(option: DateOption, policy: Policy, now: datetime) -> bool:
    """Whether the business is still open, notice included, on a day of the option."""
    earliest = now + timedelta(minutes=policy.min_notice_min)
    return any(span.end > earliest for day in _days((option,), policy, now) for span in open_spans(policy, day))


def _is_open(option: TimeOption, day: date, policy: Policy, now: datetime) -> bool:
    instants = instants_of(policy.zone, datetime.combine(day, _typical(option)))
    return any(at >= now and is_open(policy, at) for at in instants)


def _any_open(times: Sequence[TimeOption], days: Sequence[date], policy: Policy, now: datetime) -> bool:
    return any(_is_open(option, day, policy, now) for option in times for day in days)


def _typical(option: TimeOption) -> time:
    """A moment the option stands for: its start, just before it for "before", the middle of a range."""
    minutes = option.start.hour * 60 + option.start.minute
    if option.kind == "before":
        minutes -= 1
    if option.kind == "between":
        end = option.end.hour * 60 + option.end.minute if option.end else 24 * 60
        minutes = (minutes + end) // 2
    return time(minutes // 60 % 24, minutes % 60)


def _waking_half(times: tuple[TimeOption, ...]) -> tuple[TimeOption, ...]:
    """The one of two halves of the same hour that lies in the waking day; everything else stays as it is."""
    waking = tuple(option for option in times if _WAKING[0] <= option.start <= _WAKING[1])
    two_halves = len(times) == 2 and abs(times[0].start.hour - times[1].start.hour) == 12
    return waking if two_halves and len(waking) == 1 else times
