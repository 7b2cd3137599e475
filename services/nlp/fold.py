"""From mentions to a wish: corrections replace, "or" adds, "not" removes, what agrees narrows (A1). Pure.

Whatever cannot be brought together stays side by side as several options, so that the caller is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Protocol, TypeVar

from services.nlp.calendar import Calendar
from services.nlp.dates import DateMention
from services.nlp.times import PART_SPANS, TimeMention
from services.nlp.tokens import Token
from services.nlp.types import DateOption, TimeOption, one_day


class _Located(Protocol):
    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


_M = TypeVar("_M", bound=_Located)
_WAKING = time(7)  # "not at two" speaks of the day
_BREAKS = ("comma", "stop", "or", "neutral")
_BUT = frozenset(("אבל", "but", "אז", "then", "רק", "only", "אולי", "maybe", "עדיף", "so", "אלא", "بل"))


def not_of_denied_days(
    tokens: Sequence[Token], dates: Sequence[DateMention], times: Sequence[TimeMention]
) -> list[TimeMention]:
    """The times without those said with a day that is not wished: "I can't do Wednesday at ten"."""
    denied = [day.end for day in dates if is_denied(tokens, day, dates)]
    return [each for each in times if each.kind != "at" or not any(0 <= each.start - end <= 1 for end in denied)]


def is_denied(tokens: Sequence[Token], mention: _Located, others: Sequence[_Located]) -> bool:
    """Not wished: "לא מחר", "מחר אני לא יכולה", "tomorrow won't work", "אני מסיימת בחמש"."""
    starts, ends = frozenset(each.start for each in others), frozenset(each.end for each in others)
    return _denied_before(tokens, mention.start, ends) or _denied_after(tokens, mention.end, starts)


def _denied_before(tokens: Sequence[Token], start: int, ends: frozenset[int]) -> bool:
    index, can, other_words = start - 1, False, False
    while index >= 0 and start - index <= 6:
        token = tokens[index]
        can = can or token.has("can")
        if token.has("busy", "engaged") and _said_of_day_before(tokens, index) and _names_day(tokens, index + 1, start):
            return False  # "Thursday I work, let's say Friday at ten"
        if token.has("busy"):  # "I work, and I can come after four"; "it comes to Tuesday"
            return not (can or (index > 0 and tokens[index - 1].raw in ("זה", "it")))
        if token.has("no"):  # "no, on Tuesday" takes back what was said before it
            return False
        if token.text in _EXCEPT and any(each.has("weekday", "rel", "month") for each in tokens[index + 1 : start]):
            return False  # "except Monday, after four"
        if token.has("neg") and not other_words:  # "היום אי אפשר, מחר כן": said of the day before it
            return not (can and _just_after(tokens, index, ends))
        if token.has(*_BREAKS) or token.text in _BUT:
            return False
        other_words |= (
            not token.has("can", "skip", "at", "to", "in", "before", "after", "until", "around")
            and token.text not in _FILL
        )
        index -= 1
    return False


_OF_A_DAY = ("weekday", "rel", "month", "of_month", "next", "this")
_NOT_AWAY = frozenset(("מהבית", "קרוב", "ליד", "לידכם", "from", "near", "nearby", "из", "рядом", "من", "قريب"))
_ONLY_PART_OF_IT = ("until", "before", "after", "num", "clock", "part", "half", "said_clock", "between", "from")


def _said_of_day_before(tokens: Sequence[Token], index: int) -> bool:
    """Whether a day stands right before these words of being engaged: "on Thursday I work"."""
    at = index - 1
    while at >= 0 and index - at <= 4 and not tokens[at].has(*_OF_A_DAY) and _says_nothing(tokens[at]):
        at -= 1
    return at >= 0 and tokens[at].has(*_OF_A_DAY)


def _says_nothing(token: Token) -> bool:
    return token.has("skip", "at", "comma") or token.raw in _PRONOUNS


def _names_day(tokens: Sequence[Token], first: int, start: int) -> bool:
    """Whether the mention that starts there is a day, or an hour with a day of its own."""
    return any(token.has("weekday", "rel", "month") for token in tokens[first : start + 1])


def _engaged_after(tokens: Sequence[Token], end: int) -> bool:
    """ "Thursday I work", and not only until four, nor from home."""
    index = end
    while index < len(tokens) and index - end < 4 and not tokens[index].has("engaged") and _says_nothing(tokens[index]):
        index += 1
    if index >= len(tokens) or not tokens[index].has("engaged"):
        return False
    following = next((token for token in tokens[index + 1 : index + 3] if not token.has("skip", "at")), None)
    if following is None:
        return True
    return not (following.has(*_ONLY_PART_OF_IT) or following.preposition == "מ" or following.raw in _NOT_AWAY)


_PRONOUNS = frozenset(("we", "we're", "i've", "i", "you", "меня", "нас", "у", "انا", "بكون", "אהיה", "אנחנו"))
_EXCEPT = frozenset(("חוץ", "מלבד", "except", "кроме", "غير", "ماعدا", "الا"))
_FILL = frozenset(("לבוא", "להגיע", "come", "it", "מיום", "יום", "on", "to"))


def _just_after(tokens: Sequence[Token], index: int, ends: frozenset[int]) -> bool:
    while index > 0 and index not in ends and tokens[index - 1].has("skip"):
        index -= 1
    return index in ends


def _denied_after(tokens: Sequence[Token], end: int, starts: frozenset[int]) -> bool:
    index = end
    while index < len(tokens) and tokens[index].has("skip", "part") and tokens[index].text not in _BUT:
        index += 1
    if index < len(tokens) and tokens[index].has("too_late", "too_early"):
        return True
    if _engaged_after(tokens, end):
        return True
    if index >= len(tokens) or not tokens[index].has("neg"):
        return False
    if tokens[index].prefix == "ו":  # "after four, and not on Friday"
        return False
    after, can = index + 1, tokens[index].has("can")
    if after < len(tokens) and tokens[after].has("correction"):  # "Thursday, no, sorry, Friday" rules nothing out
        return False
    while after < len(tokens) and tokens[after].has("skip", "to", "at", "can"):
        can = can or tokens[after].has("can")
        after += 1
    return can or after not in starts  # otherwise it denies what follows: "ביום שלישי לא ברביעי"


def denied_dates(
    tokens: Sequence[Token], mentions: Sequence[DateMention], cal: Calendar
) -> tuple[tuple[DateOption, ...], frozenset[int]]:
    """Days and weekdays (0 Monday) that are not wished: a weekday without a date is denied for every week, but for
    "not this Thursday"."""
    denied = [mention for mention in mentions if is_denied(tokens, mention, mentions)]
    every = [mention for mention in denied if mention.weekday is not None and mention.modifier != "this"]
    weekdays = frozenset(mention.weekday for mention in every if mention.weekday is not None)
    dated = [mention for mention in denied if mention not in every]
    return tuple(option for mention in dated for option in _options_of(mention, (), cal, has_weekday=False)), weekdays


def denied_times(tokens: Sequence[Token], mentions: Sequence[TimeMention]) -> tuple[TimeOption, ...]:
    """Times and parts of the day that are not wished; "two is too late" denies two and all that is later."""
    found: list[TimeOption] = []
    for mention in mentions:
        if not is_denied(tokens, mention, mentions):
            continue
        bound = next(
            (token for token in tokens[mention.end : mention.end + 4] if token.has("too_late", "too_early")), None
        )
        options = mention.options()
        waking = [option for option in options if option.start >= _WAKING] if len(options) > 1 else []
        if mention.kind in ("before", "after"):  # "before ten I can't": in the morning, else nothing is left of the day
            waking = waking[:1]
        for option in waking or options:
            late = bound is not None and bound.has("too_late")
            found.append(option if bound is None else TimeOption("after" if late else "before", option.start))
    return tuple(found)


def joins(tokens: Sequence[Token], before: _Located, after: _Located) -> str:
    """How two neighbouring mentions hang together: "or", "correction" or ""."""
    between = tokens[before.end : after.start]
    if any(token.has("correction") for token in between):
        return "correction"
    for index, token in enumerate(between[:-1]):
        if token.text in ("לא", "no") and between[index + 1].is_punctuation:
            return "correction"
    if any(token.has("no") for token in between):
        return "correction"
    return "or" if any(token.has("or") for token in between) else ""


def grouped(tokens: Sequence[Token], mentions: Sequence[_M]) -> list[tuple[str, _M]]:
    """The wished mentions in order, each with how it joins the one before; corrected ones are gone."""
    kept: list[tuple[str, _M]] = []
    previous: _M | None = None
    for mention in mentions:
        how = joins(tokens, previous, mention) if previous else ""
        previous = mention
        if is_denied(tokens, mention, mentions):
            kept = [each for each in kept if not _means_the_same(each[1], mention)]  # "today — no, not today"
            continue
        if how == "correction":
            kept = [each for each in kept if not _same_kind(each[1], mention)]
        kept.append((how, mention))
    return kept


def _means_the_same(first: _Located, second: _Located) -> bool:
    if isinstance(first, DateMention) and isinstance(second, DateMention):
        return (first.days, first.weekday, first.span) == (second.days, second.weekday, second.span)
    if isinstance(first, TimeMention) and isinstance(second, TimeMention):
        return bool(first.clocks) and first.clocks == second.clocks
    return False


def _same_kind(first: _Located, second: _Located) -> bool:
    """A corrected day replaces days, not the week that was named with them."""
    if isinstance(first, DateMention) and isinstance(second, DateMention):
        return (first.span is None) == (second.span is None) or second.span is not None
    return True


def fold_dates(tokens: Sequence[Token], mentions: Sequence[DateMention], cal: Calendar) -> tuple[DateOption, ...]:
    """The readings of the wished day."""
    kept = grouped(tokens, mentions)
    spans = _spans([mention for _, mention in kept], cal)
    has_weekday = any(mention.weekday is not None for _, mention in kept)
    days = [day for how, mention in kept if how != "or" for day in mention.days]
    options: list[DateOption] = []
    for how, mention in kept:
        found = _options_of(mention, spans, cal, has_weekday)
        if mention.weekday is not None and how != "or":  # "יום שלישי ה-26": the date is one of those days
            found = [one_day(day) for day in days if day.weekday() == mention.weekday] or found
        options = found if not options else _combined(options, found, how)
    return tuple(sorted(set(options)))


def _spans(mentions: Sequence[DateMention], cal: Calendar) -> list[tuple[date, date]]:
    """Weeks and months within which weekdays of the same utterance lie."""
    named = [mention.span for mention in mentions if mention.span is not None]
    weeks = [cal.week(0, of=mention.week_of) for mention in mentions if mention.week_of is not None]
    return named + weeks


def _options_of(
    mention: DateMention, spans: Sequence[tuple[date, date]], cal: Calendar, has_weekday: bool
) -> list[DateOption]:
    if mention.weekday is not None:
        inside = [day for first, last in spans for day in _days(first, last) if day.weekday() == mention.weekday]
        return [one_day(day) for day in inside or cal.weekday_options(mention.weekday, mention.modifier)]
    if mention.span is not None:
        return [DateOption(*mention.span)]
    if mention.week_of is not None and has_weekday:
        return [DateOption(*cal.week(0, of=mention.week_of))]
    return [one_day(day) for day in mention.days]


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def _combined(old: list[DateOption], new: list[DateOption], how: str) -> list[DateOption]:
    """With "or" both; else what both allow; else both, because they contradict each other."""
    narrowed = [
        DateOption(max(a.first, b.first), min(a.last, b.last))
        for a in old
        for b in new
        if max(a.first, b.first) <= min(a.last, b.last)
    ]
    if narrowed and (how != "or" or any(not option.is_day for option in old + new)):
        extra = [option for option in old if how == "or" and not any(_inside(n, option) for n in narrowed)]
        return narrowed + extra
    return old + new


def _inside(inner: DateOption, outer: DateOption) -> bool:
    return outer.first <= inner.first and inner.last <= outer.last


def fold_times(tokens: Sequence[Token], mentions: Sequence[TimeMention]) -> tuple[TimeOption, ...]:
    """The readings of the wished time. A part of the day said elsewhere decides the half of a bare hour."""
    kept = grouped(tokens, mentions)
    parts = [mention.part for _, mention in kept if not mention.clocks and mention.part in PART_SPANS]
    clocks = [(how, mention) for how, mention in kept if mention.clocks or mention.part not in PART_SPANS]
    options: list[TimeOption] = []
    for how, mention in clocks or kept:
        found = list(_with_part(mention, parts))
        same = [option for option in found if option in options]
        if options and same and how != "or":
            options = same
        else:
            options += [option for option in found if option not in options]
    return tuple(sorted(options, key=TimeOption.sort_key))


def _with_part(mention: TimeMention, parts: Sequence[str]) -> tuple[TimeOption, ...]:
    options = mention.options()
    if len(options) == 1 or not mention.clocks or mention.part or not parts:
        return options
    decided = TimeMention(mention.start, mention.end, mention.kind, mention.clocks, parts[-1]).options()
    return decided if len(decided) == 1 else options


def drop_past(options: tuple[TimeOption, ...], dates: tuple[DateOption, ...], now: datetime) -> tuple[TimeOption, ...]:
    """Readings of today's time that lie behind `now` (wall-clock) fall away, unless all do."""
    if dates != (one_day(now.date()),):
        return options
    left = tuple(option for option in options if not _is_past(option, now.time()))
    return left or options


def _is_past(option: TimeOption, now: time) -> bool:
    if option.kind == "between":
        return option.end is not None and option.end <= now
    return option.start < now
