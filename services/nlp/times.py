"""Times of day in tokens: "ארבע וחצי", "רבע לשש בערב", "half past four", "בין ארבע לשש", "אחרי שלוש" (A1). Pure.

A bare number is a time only with evidence beside it (a preposition, "o'clock", a part of the day, minutes), or when
nothing else was said. Which half of the day is meant stays open unless the words say it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import time

from services.nlp.tokens import Token
from services.nlp.types import TimeKind, TimeOption

# Every time of day begins with a word of one of these kinds.
TIME_OPENERS = frozenset(("rel_part", "part", "clock", "dmy", "num", "half", "quarter", "said_clock"))
MINUTES_TO = frozenset((5, 10, 20, 25))
PART_SPANS: dict[str, tuple[int, int]] = {
    "morning": (6, 12), "noon": (12, 15), "afternoon": (12, 18), "evening": (17, 22), "night": (20, 24),
    "dawn": (3, 6),
}  # fmt: skip
_EXACT_PARTS = {"noon_exact": time(12), "midnight": time(0)}
_FORENOON = {"morning": range(1, 12), "dawn": range(1, 7), "before_noon": range(1, 12), "noon": range(10, 12)}
_AFTERNOON = {"noon": range(1, 5), "afternoon": range(1, 8), "evening": range(3, 12), "night": range(7, 12)}
_ENGLISH_PARTS = frozenset(("morning", "afternoon", "evening", "night"))
_THAT_ONE = frozenset(("that", "this", "the", "which", "another", "other", "new", "any", "only", "each", "my", "later"))
_SHIFTED = frozenset(("позже", "попозже", "раньше", "пораньше", "назад", "вперед"))
_NIGHT_HOURS = range(1, 6)
_LEFT_KINDS: tuple[tuple[str, TimeKind], ...] = (
    ("around", "around"), ("until", "before"), ("before", "before"), ("after", "after"), ("between", "between"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clock:
    """An hour and minute as said; `exact` when the 24-hour form leaves no choice of half."""

    hour: int
    minute: int = 0
    exact: bool = False

    def halves(self, part: str = "") -> tuple[time, ...]:
        """The times of day this can be, given the part of the day ("" when it was not said)."""
        if self.exact or self.hour == 0 or self.hour > 12:
            return (time(self.hour % 24, self.minute),)
        early, late = time(self.hour % 12, self.minute), time(self.hour % 12 + 12, self.minute)
        half = _half_of(part, self.hour)
        return (early, late) if half is None else ((early,) if half == 0 else (late,))


@dataclass(frozen=True, slots=True)
class TimeMention:
    """Tokens [start, end) speak of a time. `clocks`: one, or two for a range; none for a part of the day alone."""

    start: int
    end: int
    kind: TimeKind = "at"
    clocks: tuple[Clock, ...] = ()
    part: str = ""

    def options(self) -> tuple[TimeOption, ...]:
        if not self.clocks:
            return _part_options(self.part, self.kind)
        if self.kind == "between":
            return _range_options(self.clocks[0], self.clocks[-1], self.part)
        return tuple(TimeOption(self.kind, at) for at in self.clocks[0].halves(self.part))


def find_times(tokens: Sequence[Token], dates: Sequence[tuple[int, int]], *, asked: bool = False) -> list[TimeMention]:
    """Every time in the utterance, in order. `dates` are token ranges that already are dates. `asked`: it is the answer
    to the question for a time, so that a bare number is one."""
    taken = {index for start, end in dates for index in range(start, end)}
    bare: bool | None = None  # looked at once something may be a time
    found: list[TimeMention] = []
    at = 0
    while at < len(tokens):
        if tokens[at].senses.keys().isdisjoint(TIME_OPENERS):
            at += 1
            continue
        bare = (asked or _nothing_else_said(tokens, taken)) if bare is None else bare
        if tokens[at].has("rel_part") and not tokens[at].prefix:  # "tonight" is a date and a part of the day
            mention: TimeMention | None = TimeMention(at, at + 1, part=tokens[at].get("rel_part")[1])
        else:
            mention = None if at in taken else _mention_at(tokens, at, taken, found, bare)
        if mention:
            found.append(mention)
            at = mention.end
        else:
            at += 1
    return _share_parts(found, tokens)


def _mention_at(
    tokens: Sequence[Token], at: int, taken: set[int], found: Sequence[TimeMention], bare: bool
) -> TimeMention | None:
    part = tokens[at].get("part")
    if part and tokens[at].prefix.startswith("מ"):  # "מהבוקר": since the morning
        return None
    if part and part not in ("am", "pm"):
        return TimeMention(at, at + 1, _left_kind(tokens, at) if part in _EXACT_PARTS else "at", (), part)
    read = read_clock(tokens, at, taken)
    if read is None:
        return None
    clock, end, certain = read
    part, after_part = _part_after(tokens, end, taken)
    if clock.hour == 1 and bare and not _nothing_else_said(tokens, taken):  # "احجزيلي واحد": one of them
        bare = False
    counted = end < len(tokens) and tokens[end].has("thing", "unit", "month", "of_month")
    if not (certain or part or (bare and not counted) or _has_evidence(tokens, at, end, found)):
        return None
    start_kind = _left_kind(tokens, at)
    ranged = _range_end(tokens, after_part, taken, start_kind, tokens[at])
    if ranged:
        second, end, second_part = ranged
        return TimeMention(at, end, "between", (clock, second), second_part or part)
    kind: TimeKind = "after" if start_kind == "between" else start_kind
    if after_part < len(tokens) and tokens[after_part].has("or_later", "or_earlier"):  # "three thirty or later"
        kind = "after" if tokens[after_part].has("or_later") else "before"
        after_part += 1
    return TimeMention(at, after_part, kind, (clock,), part)


def read_clock(tokens: Sequence[Token], at: int, taken: set[int] = frozenset()) -> tuple[Clock, int, bool] | None:  # type: ignore[assignment]
    """The clock time that starts at a token: (clock, end, certain). Certain: needs no evidence beside it."""
    token = tokens[at]
    if token.has("clock"):
        hour, minute, exact = token.get("clock")
        return (Clock(hour, minute, exact or hour == 0), at + 1, True) if hour <= 24 else None
    if token.has("said_clock"):
        return Clock(*token.get("said_clock")), at + 1, True
    if token.has("dmy"):
        return _dotted(token, at)
    return (
        _span_before(tokens, at, taken)
        or _minutes_to(tokens, at, taken)
        or _half_before(tokens, at, taken)
        or _hour_with_minutes(tokens, at, taken)
    )


def _dotted(token: Token, at: int) -> tuple[Clock, int, bool] | None:
    """ "8.30": a time when it cannot be a day and month."""
    pieces = str(token.get("dmy")).split(".")
    if len(pieces) != 2 or len(pieces[1]) != 2:
        return None
    hour, minute = map(int, pieces)
    if hour <= 24 and 12 < minute < 60:
        return Clock(hour, minute, pieces[0].startswith("0")), at + 1, True
    return None


def _hour_at(tokens: Sequence[Token], at: int, taken: set[int]) -> int | None:
    """The hour a token says, None when it says none. Hebrew counts hours in the feminine."""
    if at >= len(tokens) or at in taken:
        return None
    token = tokens[at]
    hour = token.get("num")
    if hour is None or hour > 24 or token.has("masculine"):
        return None
    following = tokens[at + 1] if at + 1 < len(tokens) and at + 1 not in taken else None
    if token.raw in ("час", "часик") and following is not None and following.raw in _SHIFTED:  # "an hour later"
        return None
    if following is not None and following.has("thing", "unit", "dual") and not following.has("half", "oclock"):
        return None
    if token.text == "one" and following is not None and following.raw in _ENGLISH_PARTS:  # "one evening next week"
        return None
    if token.text == "one" and at and (tokens[at - 1].raw in _THAT_ONE or tokens[at - 1].has("ord", "weekday", "part")):
        return None
    return int(hour)


def _minutes_to(tokens: Sequence[Token], at: int, taken: set[int]) -> tuple[Clock, int, bool] | None:
    """ "רבע לשש", "עשרה לחמש", "quarter to six", "twenty past eight"."""
    token = tokens[at]
    minutes = token.get("quarter") or (token.get("num") if token.get("num") in MINUTES_TO else None)
    left = _left(tokens, at)
    ranges = left is not None and left.has("between", "from") and not token.has("quarter")  # "between ten to twelve"
    if minutes is None or token.prefix == "ו" or ranges:
        return None
    after = at + 1
    if after < len(tokens) and tokens[after].get("unit") == "minute":
        after += 1
    if after >= len(tokens):
        return None
    link = tokens[after]
    # "a quarter after four"; "ten after four" only in digits of no hour of its own.
    around = token.has("quarter") and link.has("before", "after") and not link.has("from", "in")
    if link.has("to", "past") or around:
        hour = _hour_at(tokens, after + 1, taken)
        if hour:
            return (_before(hour, minutes) if link.has("to", "before") else Clock(hour, minutes)), after + 2, True
    hour = _hour_at(tokens, after, taken)
    if hour and link.preposition == "ל" and tokens[at].preposition != "מ":
        return _before(hour, minutes), after + 1, True
    return None


def _span_before(tokens: Sequence[Token], at: int, taken: set[int]) -> tuple[Clock, int, bool] | None:
    """ "חצי שעה לפני שתיים", "half an hour before two", "ten minutes after four"."""
    token, after = tokens[at], at + 1
    minutes = token.get("half") or token.get("quarter") or token.get("num")
    while after < len(tokens) and tokens[after].has("article", "skip") and not tokens[after].is_punctuation:
        after += 1
    unit = tokens[after].get("unit") if after < len(tokens) and not tokens[after].prefix else None
    if token.text == "полчаса":  # half an hour in one word
        unit, after = "hour", at
    if not minutes or minutes >= 60 or unit != ("minute" if token.has("num") else "hour"):
        return None
    link = tokens[after + 1] if after + 1 < len(tokens) else None
    hour = _hour_at(tokens, after + 2, taken)
    if link is None or not hour or not link.has("before", "after") or link.has("from"):
        return None
    return (_before(hour, minutes) if link.has("before") else Clock(hour, minutes)), after + 3, True


def _before(hour: int, minutes: int) -> Clock:
    return Clock(12 if hour == 1 else hour - 1, 60 - minutes)


def _half_before(tokens: Sequence[Token], at: int, taken: set[int]) -> tuple[Clock, int, bool] | None:
    """ "half past four" and the British "half four"; "quarter past" is read with the minutes."""
    if not tokens[at].has("half") or tokens[at].text != "half":
        return None
    after = at + 1
    if after < len(tokens) and tokens[after].has("past"):
        after += 1
    hour = _hour_at(tokens, after, taken)
    return (Clock(hour, 30), after + 1, True) if hour else None


def _hour_with_minutes(tokens: Sequence[Token], at: int, taken: set[int]) -> tuple[Clock, int, bool] | None:
    """ "ארבע וחצי", "חמש ועשרה", "four thirty", "עשרים אפס אפס", or the hour alone (not certain)."""
    hour = _hour_at(tokens, at, taken)
    if hour is None:
        return None
    after = at + 1
    if after < len(tokens) and tokens[after].has("oclock"):
        return Clock(hour), after + 1, True
    if less := _less(tokens, after, taken):  # "وحدة الا ربع"
        return _before(hour, less), after + 2, True
    if after < len(tokens) and after not in taken:
        token = tokens[after]
        if token.has("third") and token.prefix == "ו":
            return Clock(hour, token.get("third")), after + 1, True
        if token.has("half", "quarter") and (token.prefix == "ו" or "א" <= token.text[:1] <= "ת"):
            follows_hour = _hour_at(tokens, after + 1, taken) is not None and not token.prefix
            if not follows_hour:  # "שבע רבע לשמונה": two times, not 7:15
                return Clock(hour, token.get("half") or token.get("quarter")), after + 1, True
        minutes, end = _minutes_after(tokens, after, taken)
        if minutes is not None:
            return Clock(hour, minutes, exact=hour > 12 or hour == 0), end, True
    return Clock(hour), after, False


def _less(tokens: Sequence[Token], at: int, taken: set[int]) -> int:
    """Minutes of "less a quarter" after an hour, 0 when there are none."""
    if at + 1 >= len(tokens) or at + 1 in taken or not tokens[at].has("less"):
        return 0
    token = tokens[at + 1]
    minutes = token.get("quarter") or token.get("third") or token.get("num")
    return int(minutes) if minutes in (5, 10, 15, 20) else 0


def _minutes_after(tokens: Sequence[Token], at: int, taken: set[int]) -> tuple[int | None, int]:
    """Minutes said after an hour: "שלושים", "ועשרה", "ועשרים דקות", "אפס אפס", "oh five"."""
    token = tokens[at]
    value = token.get("num")
    unit = at + 1 < len(tokens) and tokens[at + 1].get("unit") == "minute"
    end = at + 2 if unit else at + 1
    if value == 0 or token.text == "oh":
        following = tokens[at + 1].get("num") if at + 1 < len(tokens) else None
        return (following, at + 2) if following is not None and following <= 9 else (None, at)
    if value is None or value >= 60 or token.preposition:
        return None, at
    other_unit = at + 1 < len(tokens) and tokens[at + 1].has("unit", "thing", "month", "of_month", "to") and not unit
    if other_unit or (at + 1 < len(tokens) and _hour_follows_to(tokens, at + 1)):
        return None, at
    if token.prefix == "ו":
        return (value, end) if unit or value >= 10 or token.has("masculine") else (None, at)
    return (value, end) if value >= 13 or (value == 10 and unit) else (None, at)


def _hour_follows_to(tokens: Sequence[Token], at: int) -> bool:
    """ "שבע, עשרה לשמונה": the number belongs to what follows."""
    return tokens[at].preposition == "ל" and tokens[at].has("num") and not tokens[at].has("digits")


def _part_after(tokens: Sequence[Token], at: int, taken: set[int]) -> tuple[str, int]:
    """The part of the day right after a time: ("evening", end)."""
    here = at
    while here < len(tokens) and tokens[here].has("skip") and here - at < 1:
        here += 1
    for index in (at, here):
        if index < len(tokens) and index not in taken and tokens[index].has("part"):
            part = tokens[index].get("part")
            if part not in _EXACT_PARTS and tokens[index].preposition != "מ":
                return str(part), index + 1
    return "", at


def _left(tokens: Sequence[Token], at: int) -> Token | None:
    """The nearest token before `at` that says something, over "at" and empty words; None at a pause."""
    for index in range(at - 1, -1, -1):
        token = tokens[index]
        if token.is_punctuation:
            return None
        if not token.has("skip", "at") or token.has(*(kind for kind, _ in _LEFT_KINDS)):
            return token
    return None


def _left_kind(tokens: Sequence[Token], at: int) -> TimeKind:
    token, before = tokens[at], _left(tokens, at)
    if token.preposition == "כ":
        return "around"
    if before is not None:
        for sense, kind in _LEFT_KINDS:
            if before.has(sense):
                return kind
    return "after" if token.preposition == "מ" else "at"


def _has_evidence(tokens: Sequence[Token], at: int, end: int, found: Sequence[TimeMention]) -> bool:
    """Whether a bare number beside these words is a time."""
    token = tokens[at]
    following = tokens[end] if end < len(tokens) else None
    if following is not None and following.has("thing", "unit", "month", "of_month"):
        return False
    if token.preposition in ("ב", "ל", "מ", "כ"):
        return True
    previous = tokens[at - 1] if at else None
    if previous is not None and (previous.has("at", "to") or previous.get("unit") == "hour"):
        return True
    left = _left(tokens, at)
    if left is not None and left.has("after", "before", "until", "between", "around", "from", "correction"):
        return True
    if following is not None and following.text in ("יותר", "better") and not token.has("digits"):
        return True  # "שש יותר טוב לי"
    if left is not None and left.has("neg") and found:
        return True
    if following is not None and following.has("correction") and found:  # "can't do three, could we do four instead"
        return True
    joined = left is not None and left.has("or") and bool(found)
    if following is not None and following.has("or") and end + 1 < len(tokens):  # "six or half past six"
        other = read_clock(tokens, end + 1)
        joined = joined or (other is not None and (other[2] or bool(_part_after(tokens, other[1], set())[0])))
    return joined or (bool(found) and found[-1].end == at and bool(found[-1].clocks))


def _range_end(
    tokens: Sequence[Token], at: int, taken: set[int], kind: TimeKind, first: Token
) -> tuple[Clock, int, str] | None:
    """The second time of "between a and b", "from a to b", "a-b": (clock, end, part)."""
    opened = kind == "between" or first.preposition == "מ" or kind == "after"
    index = at
    linked = False
    while index < len(tokens) and tokens[index].has("until", "to", "and", "at") and index - at < 2:
        linked, index = True, index + 1
    if index >= len(tokens) or index in taken:
        return None
    if not linked and tokens[index].preposition not in ("ל",) and tokens[index].prefix not in ("ו", "וע"):
        return None
    if not (opened or linked):
        return None
    if linked and not opened and not any(tokens[i].has("until", "to") for i in range(at, index)):
        return None
    read = read_clock(tokens, index, taken)
    if read is None:
        return None
    part, end = _part_after(tokens, read[1], taken)
    return read[0], end, part


def _nothing_else_said(tokens: Sequence[Token], taken: set[int]) -> bool:
    """True when the utterance is only numbers, dates and empty words."""
    known = (
        "num",
        "half",
        "quarter",
        "skip",
        "part",
        "comma",
        "stop",
        "or",
        "at",
        "neutral",
        "oclock",
        "neg",
        "correction",
    )
    return all(index in taken or token.has(*known) for index, token in enumerate(tokens))


def _share_parts(found: Sequence[TimeMention], tokens: Sequence[Token]) -> list[TimeMention]:
    """ "ארבע או חמש אחר הצהריים": times without a part take the one said right after them, or said alone."""
    mentions = list(found)
    for index in range(len(mentions) - 2, -1, -1):
        here, later = mentions[index], mentions[index + 1]
        between = tokens[here.end : later.start]
        close = all(token.has("or", "comma", "skip", "at", "around") for token in between)
        if here.clocks and later.clocks and later.part and not here.part and close:
            mentions[index] = here = replace(here, part=later.part)
        if here.kind == "around" and here.end == later.start and later.kind == "at":  # "בסביבות ארבע ארבע וחצי"
            mentions[index + 1] = replace(later, kind="around")
    return mentions


def _half_of(part: str, hour: int) -> int | None:
    """0 for the half before noon, 1 for the half after, None when the part does not decide."""
    if part in ("am", "pm"):
        return 0 if part == "am" else 1
    if hour == 12:
        return {"noon": 1, "afternoon": 1, "before_noon": 1, "night": 0, "evening": 0}.get(part)
    if hour in _FORENOON.get(part, ()) or (part == "night" and hour in _NIGHT_HOURS):
        return 0
    return 1 if hour in _AFTERNOON.get(part, ()) else None


def _part_options(part: str, kind: TimeKind) -> tuple[TimeOption, ...]:
    if part in _EXACT_PARTS:
        return (TimeOption(kind, _EXACT_PARTS[part]),)
    if part == "before_noon":
        return (TimeOption("before", time(12)),)
    first, last = PART_SPANS[part]
    return (TimeOption("between", time(first), time(last) if last < 24 else None),)


def _range_options(first: Clock, last: Clock, part: str) -> tuple[TimeOption, ...]:
    """Readings of a range: both ends in the same half unless that runs backwards."""
    ends = last.halves(part)
    starts = (
        first.halves(part) if not part else (first.halves(part) if len(first.halves(part)) == 1 else first.halves())
    )
    pairs = [(start, end) for start in starts for end in ends if start < end]
    if len(starts) == 2 and len(ends) == 2:  # 2–5: 02–05 or 14–17, not 02–17
        pairs = [(start, end) for start, end in pairs if _minutes(end) - _minutes(start) < 12 * 60]
    elif len(starts) == 2 and pairs:  # the end decides: the nearer start
        pairs = [min(pairs, key=lambda pair: _minutes(pair[1]) - _minutes(pair[0]))]
    return tuple(TimeOption("between", start, end) for start, end in pairs) or (TimeOption("after", starts[0]),)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
