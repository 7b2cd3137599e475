"""Dates in tokens: "יום ראשון הבא", "בעוד שבועיים", "ב-15 לחודש", "the 3rd of May", "next week" (A1). Pure.

Finding is one step, resolving another: "שבוע הבא ביום שלישי" is a week and a weekday that only together are a day.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from services.nlp.calendar import Calendar
from services.nlp.lexicons.hebrew import DAY_LETTERS
from services.nlp.tokens import Token

# Every date begins with a word of one of these kinds.
DATE_OPENERS = frozenset(
    (
        "rel", "rel_part", "dmy", "num", "ord", "weekday", "unit", "dual", "article", "next", "this", "last", "in",
        "within", "this_week", "week_offset", "one_after", "weekend", "start_of", "middle_of", "end_of", "month",
        "of_month",
    )
)  # fmt: skip
_DAY = timedelta(days=1)
_MONTH = relativedelta(months=1)  # the same day of the month, or its last
_UNITS = {"day": _DAY, "week": timedelta(weeks=1), "month": _MONTH}
_WEEK = timedelta(days=7)
_MONTHS = 12
_AHEAD = timedelta(days=30)
_NOT_BEFORE = frozenset(("not before", "no earlier than", "לא לפני", "לא מוקדם", "не раньше", "مش قبل"))


@dataclass(frozen=True, slots=True)
class DateMention:
    """Tokens [start, end) speak of a date.

    One of: `days` (readings of one day), `weekday` with `modifier` ("", "this", "next"), or `span` (first, last day).
    `week_of`: a day that also stands for its week ("in two weeks"). `past`: speaks of what was. `from_`: "from …".
    """

    start: int
    end: int
    days: tuple[date, ...] = ()
    weekday: int | None = None
    modifier: str = ""
    span: tuple[date, date] | None = None
    week_of: date | None = None
    past: bool = False
    from_: bool = False


def find_dates(tokens: Sequence[Token], cal: Calendar) -> list[DateMention]:
    """Every date in the utterance, in order."""
    found: list[DateMention] = []
    at = 0
    while at < len(tokens):
        if tokens[at].senses.keys().isdisjoint(DATE_OPENERS):
            at += 1
            continue
        mention = next((m for matcher in _MATCHERS if (m := matcher(tokens, at, cal)) is not None), None)
        if mention is None:
            at += 1
            continue
        whole = _one_after(tokens, _marked_from(tokens, at, mention), found, cal)
        found.append(_bounded(tokens, at, whole, cal))
        at = found[-1].end
    return found


def _one_after(
    tokens: Sequence[Token], mention: DateMention, before: Sequence[DateMention], cal: Calendar
) -> DateMention:
    """ "The Sunday after next"; "not this Thursday, the one after": a week after the coming one."""
    weekday = mention.weekday
    if tokens[mention.start].has("one_after"):
        weekday = next((each.weekday for each in reversed(before) if each.weekday is not None), None)
        return replace(mention, days=(cal.coming(weekday) + _WEEK,)) if weekday is not None else mention
    if weekday is None or mention.modifier:
        return mention
    if _at(tokens, mention.end).has("after", "before") and not _at(tokens, mention.end).has("from"):
        return _beside_another_day(tokens, mention, weekday, cal)
    if not _at(tokens, mention.end).has("one_after"):
        return mention
    dated = [each.days[0] for each in before if len(each.days) == 1]
    if dated and tokens[mention.end].text != "אחרי" and tokens[mention.end].raw != "after next":
        after = dated[-1] + _DAY  # "from the third to the Sunday after it"
        day = after + _DAY * ((weekday - after.weekday()) % 7)
    else:
        day = cal.coming(weekday) + _WEEK
    return replace(mention, end=mention.end + 1, weekday=None, days=(day,))


def _bounded(tokens: Sequence[Token], at: int, mention: DateMention, cal: Calendar) -> DateMention:
    """ "After the twentieth", "before Friday", "I'm away until the fifth": the days on one side of it."""
    index = at - 1
    while _at(tokens, index).has("skip") and not _at(tokens, index).has("after", "before", "until") and at - index < 3:
        index -= 1
    link = _at(tokens, index)
    if mention.past or mention.modifier == "last" or not link.has("after", "before", "until") or link.has("from", "in"):
        return mention
    if _at(tokens, index - 1).get("unit") == "day":  # "יום אחרי, חמישי": the day after, which is Thursday
        return mention
    day = mention.days[0] if len(mention.days) == 1 else None
    if day is None and mention.weekday is not None:
        day = cal.coming(mention.weekday)
    if day is None:
        return mention
    away = any(token.has("away") for token in tokens[max(0, index - 4) : index])
    if link.has("after") or away:
        first = day if link.raw in _NOT_BEFORE or away else day + _DAY
        span = (first, first + _AHEAD)
    else:
        span = (cal.today, max(cal.today, day - _DAY if link.has("before") else day))
    return DateMention(index, mention.end, span=span)


def _beside_another_day(tokens: Sequence[Token], mention: DateMention, weekday: int, cal: Calendar) -> DateMention:
    """ "The Monday after Christmas", "ביום שני אחרי ה-10". After a feast without a date of its own it is no day at all:
    it has to be asked."""
    later = _at(tokens, mention.end).has("after")
    at = mention.end + 1
    while _at(tokens, at).text in ("the", "ال") or _at(tokens, at).raw in ("חג", "عيد"):
        at += 1
    if at >= len(tokens):
        return mention
    feast = tokens[at].get("feast")
    if feast is not None:
        days = [day] if feast and (day := cal.next_day_of_month(feast[1], feast[0])) else []
        end = at + 1
    elif tokens[at].has("unit", "num") and not tokens[at].has("digits"):
        return mention  # "on Monday after four"
    else:
        other = _day_of_month(tokens, at, cal) or _written(tokens, at, cal)
        if other is None or len(other.days) != 1:
            return mention
        days, end = list(other.days), other.end
    if not days:
        return replace(mention, end=end, weekday=None)
    step = _DAY if later else -_DAY
    day = days[0] + step
    while day.weekday() != weekday:
        day += step
    return replace(mention, end=end, weekday=None, days=(day,))


def _that_one_after(tokens: Sequence[Token], at: int, cal: Calendar) -> DateMention | None:
    """Its day is known from the weekday that was named before."""
    return DateMention(at, at + 1) if tokens[at].has("one_after") else None


def _marked_from(tokens: Sequence[Token], at: int, mention: DateMention) -> DateMention:
    """Marks "from Wednesday", "מרביעי": where something is moved from."""
    before = _at(tokens, at - 1)
    moved = tokens[at].preposition == "מ" or before.has("from") or before.text in ("של", "تبع", "my")
    if not moved:
        return mention
    return DateMention(
        mention.start, mention.end, mention.days, mention.weekday, mention.modifier, mention.span, mention.week_of,
        mention.past, from_=True,
    )  # fmt: skip


def _at(tokens: Sequence[Token], index: int) -> Token:
    return tokens[index] if 0 <= index < len(tokens) else _NOTHING


_NOTHING = Token("", "", {"stop": 1})


def _relative(tokens: Sequence[Token], at: int, cal: Calendar) -> DateMention | None:
    """Today, tomorrow, tonight; yesterday is the past."""
    token = tokens[at]
    offset = token.get("rel") if token.has("rel") else (token.get("rel_part") or (None,))[0]
    if offset is None or (token.has("rel_part") and token.prefix.startswith("מ")):  # "מהבוקר": since the morning
        return None
    day = cal.today + _DAY * offset
    return DateMention(at, at + 1, (day,), past=offset < 0)


def _written(tokens: Sequence[Token], at: int, cal: Calendar) -> DateMention | None:
    """15.12, 15/12/2026, 2026-12-15. A slash between two possible months is ambiguous in English."""
    if not tokens[at].has("dmy"):
        return None
    raw = str(tokens[at].get("dmy"))
    pieces = [int(piece) for piece in raw.replace("/", ".").replace("-", ".").split(".")]
    if pieces[0] > 31:
        orders: list[tuple[int, int, int | None]] = [(pieces[2], pieces[1], pieces[0])] if len(pieces) == 3 else []
    elif "-" in raw and len(pieces) == 2:
        return None  # 4-6 is rather a range of hours
    else:
        year = pieces[2] + 2000 * (pieces[2] < 100) if len(pieces) == 3 else None
        orders = [(pieces[0], pieces[1], year)]
        if "/" in raw and (cal.week_start == 0 or pieces[1] > 12):
            orders.append((pieces[1], pieces[0], year))
    days = [day for order in orders if (day := _valid(cal, *order))]
    return DateMention(at, at + 1, tuple(sorted(set(days)))) if days else None


def _valid(cal: Calendar, day: int, month: int, year: int | None) -> date | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    if year is None:
        return cal.next_day_of_month(day, month)
    return date(year, month, day) if 2000 <= year <= 2100 and day <= calendar.monthrange(year, month)[1] else None


def _weekday(tokens: Sequence[Token], at: int, cal: Calendar) -> DateMention | None:
    """ "יום ראשון", "ברביעי", "יום ה'", "next Tuesday"."""
    start, modifier = at, ""
    if tokens[at].has("next", "this", "last") and _at(tokens, at + 1).has("certain"):
        modifier = _modifier(tokens[at])
        at += 1
    named_day = tokens[at].text == "יום"
    if named_day and (letter := _at(tokens, at + 1)).text in DAY_LETTERS and letter.raw.rstrip("'") in DAY_LETTERS:
        return _weekday_mention(tokens, start, at + 2, DAY_LETTERS[letter.text], modifier)
    if named_day:
        at += 1
    token = _at(tokens, at)
    if not token.has("weekday") or (token.has("ord") and not (named_day or _is_weekday_here(tokens, at))):
        return None
    if tokens[start].has("unit") and tokens[start].get("unit") == "days":
        return None  # "בימי שישי": every Friday
    if token.has("ord") and (_at(tokens, at + 1).has("of_month", "month") and not named_day):
        return None
    if token.raw == "לשבת" and _at(tokens, at + 1).raw in _SAT_WITH:  # "to sit with you", not "for Saturday"
        return None
    return _weekday_mention(tokens, start, at + 1, int(token.get("weekday")), modifier)


def _weekday_mention(tokens: Sequence[Token], start: int, end: int, weekday: int, modifier: str) -> DateMention:
    following = _at(tokens, end)
    names_a_week = following.text in ("next", "this") and _at(tokens, end + 1).has("unit")  # "Thursday next week"
    if following.has("next", "this", "last") and not modifier and not names_a_week:
        modifier, end = _modifier(following), end + 1
    return DateMention(start, end, weekday=weekday, modifier=modifier, past=modifier == "last")


def _modifier(token: Token) -> str:
    return next((name for name in ("next", "this", "last") if token.has(name)), "")


_SAT_WITH = frozenset(("איתכם", "איתך", "איתו", "איתה", "עם", "רגע", "אצלכם", "לדבר"))
_BEFORE_WEEKDAYS = frozenset(("אולי", "עדיף", "תעשי", "תעשה", "רק", "אם", "של", "את", "אז"))
_FREE = frozenset(("פנוי", "הפנוי", "שפנוי", "שיש", "אפשרי", "האפשרי", "שאפשר", "שמתפנה"))
_SAYS_NO_MORE = (
    "skip",
    "comma",
    "stop",
    "neg",
    "no",
    "or",
    "correction",
    "can",
    "weekday",
    "neutral",
    "too_late",
    "rel",
)


def _is_weekday_here(tokens: Sequence[Token], at: int) -> bool:
    """Whether a Hebrew ordinal without "יום" names a weekday: "בשלישי", "רביעי בבוקר", "שישי הבא", "אולי רביעי"."""
    token, previous, following = tokens[at], _at(tokens, at - 1), _at(tokens, at + 1)
    if following.has("thing"):  # "לשני אנשים"
        return False
    if following.has("neg") and following.text == "לא" and not token.prefix:  # "חמישי לא טוב"
        return True
    if previous.raw == "עם" and _at(tokens, at - 2).raw == "מה":  # "מה עם שישי"
        return True
    if following.raw in _FREE and not token.prefix:  # "תור ראשון פנוי": the first one that is free
        return False
    if token.preposition in ("ב", "ל", "מ"):
        return True
    if token.preposition == "ה" or _at(tokens, at - 1).get("unit") == "days":
        return False
    if following.has("next", "this", "part", "or", "this_week", "at") or following.preposition in ("ב", "ל"):
        return True
    if previous.has("or", "correction", "neg", "at") or previous.text in _BEFORE_WEEKDAYS:
        return True
    return all(index == at or other.has(*_SAYS_NO_MORE) for index, other in enumerate(tokens))


def _week(tokens: Sequence[Token], at: int, cal: Calendar) -> DateMention | None:
    """ "השבוע", "שבוע הבא", "next week", "תחילת השבוע הבא", the weekend."""
    start, edge = at, ""
    if tokens[at].has("start_of", "end_of", "middle_of"):
        edge = next(name for name in ("start_of", "end_of", "middle_of") if tokens[at].has(name))
        at += 1 + _at(tokens, at + 1).has("skip")
    token, following = _at(tokens, at), _at(tokens, at + 1)
    if token.has("weekend") or (token.has("next", "this") and following.has("weekend")):
        later = following if token.has("weekend") else token
        end = at + 1 + (later.has("next", "this") and (token.has("weekend") or following.has("weekend")))
        return DateMention(start, end, span=_weekend(cal, later.has("next")))
    offset, end = _week_offset(tokens, at)
    if offset is None:
        return None
    first, last = cal.week(offset)
    if edge:
        first, last = {"start_of": (first, first + _DAY), "middle_of": (first + _DAY * 2, first + _DAY * 4)}.get(
            edge, (first + _DAY * 4, last)
        )
    return DateMention(start, end, span=(max(first, cal.today), last), past=offset < 0)


def _week_offset(tokens: Sequence[Token], at: int) -> tuple[int | None, int]:
    token, following = _at(tokens, at), _at(tokens, at + 1)
    if token.has("week_offset"):
        return int(token.get("week_offset")), at + 1
    if token.has("this_week"):
        return (1, at + 2) if following.has("next") else (0, at + 1 + following.has("this"))
    if token.get("unit") == "week" and following.has("next", "this", "last") and token.text[0] >= "א":
        return {"next": 1, "this": 0, "last": -1}[_modifier(following)], at + 2
    if token.has("next", "this", "last") and following.get("unit") == "week":
        return {"next": 1, "this": 0, "last": -1}[_modifier(token)], at + 2
    return None, at


def _weekend(cal: Calendar, following: bool) -> tuple[date, date]:
    """Friday and Saturday where weeks begin on Sunday, else Saturday and Sunday; the running one counts as this one."""
    first_weekday = 4 if cal.week_start == 6 else 5
    first = cal.today + _DAY * ((first_weekday - cal.today.weekday()) % 7)
    if cal.today.weekday() == (first_weekday + 1) % 7:
        first = cal.today - _DAY
    first += _WEEK * following
    return max(first, cal.today), first + _DAY


def _ahead(tokens: Sequence[Token], at: int, cal: Calendar) -> DateMention | None:
    """ "בעוד שבועיים", "עוד שלושה ימים", "in two weeks", "a week from Monday", "שבועיים מהיום", "תוך שבוע"."""
    start, within = at, tokens[at].has("within")
    opened = tokens[at].has("in", "within") and not (tokens[at].has("in") and _at(tokens, at + 1).has("month"))
    at += opened
    at += opened and _at(tokens, at).has("around")
    amount, unit, at = _amount(tokens, at)
    if unit not in _UNITS:
        return None
    base, end = _base(tokens, at, cal)
    if not opened and base is None:
        return None
    origin = base or cal.today
    day = origin + amount * _UNITS[unit]
    if within:
        return DateMention(start, end, span=(cal.today, day))
    return DateMention(start, end, (day,), week_of=day if unit == "week" and base is None else None)


def _amount(tokens: Sequence[Token], at: int) -> tuple[int, str, int]:
    """(2, "week", end) of "שבועיים", "two weeks", "שבוע", "a week"; ("" unit when there is none)."""
    token = _at(tokens, at)
    if token.has("article") or token.text == "one":
        token, at = _at(tokens, at + 1), at + 1
    if token.has("dual") and not token.prefix:
        return 2, str(token.get("dual")), at + 1
    if token.get("unit") in ("day", "week", "month") and not token.prefix:
        return 1, str(token.get("unit")), at + 1
    if token.has("num") and _at(tokens, at + 1).has("unit"):
        return int(token.get("num")), str(_at(tokens, at + 1).get("unit")), at + 2
    return 0, "", at


def _base(tokens: Sequence[Token], at: int, cal: Calendar) -> tuple[date | None, int]:
    """What an amount is counted from: "from today", "מהיום", "from Monday", "on Thursday"; None when from now."""
    token = _at(tokens, at)
    if token.has("from_now"):
        return cal.today, at + 1
    linked = token.has("from") or token.text == "on"
    day = _at(tokens, at + 1) if linked else token
    if token.has("rel") and _at(tokens, at - 1).text in ("week", "weeks", "fortnight"):  # "a fortnight today"
        return cal.today + _DAY * token.get("rel"), at + 1
    if not (linked or token.preposition == "מ"):
        return None, at
    end = at + 1 + linked
    if day.has("rel"):
        return cal.today + _DAY * day.get("rel"), end
    if day.has("certain") and linked:
        return cal.coming(day.get("weekday")), end
    return None, at


def _day_of_month(tokens: Sequence[Token], at: int, cal: Calendar) -> DateMention | None:
    """ "ב-15 לחודש", "ה-3 בדצמבר", "חמישה עשר בדצמבר", "the 10th of December", "ה-5 לחמישי"."""
    number = _day_number(tokens[at])
    if number is None:
        return None
    after = at + 1 + _at(tokens, at + 1).has("skip")
    link = _at(tokens, after)
    if link.has("month") and link.prefix in ("", "ב", "ל"):
        return _month_day(tokens, at, after + 1, number, int(link.get("month")), cal)
    if link.has("of_month") or link.raw == "الشهر" or (link.text == "חודש" and link.preposition in ("ב", "ל")):
        return _of_month(tokens, at, after + 1, number, cal)
    if link.has("ord") and link.preposition == "ל" and tokens[at].preposition in ("ה", "ב", "ל"):
        return _month_day(tokens, at, after + 1, number, int(link.get("ord")), cal)
    later_ordinal = (
        tokens[at].has("ord") and not tokens[at].has("weekday") and tokens[at].preposition in ("ה", "ב", "ל")
    )
    if (
        later_ordinal and link.has("num") and link.preposition == "ל" and link.get("num") <= _MONTHS
    ):  # "לעשירי לשתים עשרה"
        return _month_day(tokens, at, after + 1, number, int(link.get("num")), cal)
    return _bare_day(tokens, at, number, cal)


def _day_number(token: Token) -> int | None:
    number = token.get("num") if token.has("num") else token.get("ord")
    return int(number) if number is not None and 1 <= number <= 31 else None


def _of_month(tokens: Sequence[Token], start: int, end: int, day: int, cal: Calendar) -> DateMention | None:
    if not _at(tokens, end).has("next"):
        found = cal.next_day_of_month(day)
        return DateMention(start, end, (found,)) if found else None
    first = cal.today.replace(day=1) + _MONTH
    fits = day <= calendar.monthrange(first.year, first.month)[1]
    return DateMention(start, end + 1, (first.replace(day=day),)) if fits else None


def _month_day(
    tokens: Sequence[Token], start: int, end: int, day: int, month: int, cal: Calendar
) -> DateMention | None:
    year = _at(tokens, end).get("num") if _at(tokens, end).has("digits") else None
    if year is not None and 2000 <= year <= 2100:
        found = _valid(cal, day, month, int(year))
        return DateMention(start, end + 1, (found,), past=found < cal.today) if found else None
    found = _valid(cal, day, month, None) if month <= 12 else None
    return DateMention(start, end, (found,)) if found else None


def _bare_day(tokens: Sequence[Token], at: int, day: int, cal: Calendar) -> DateMention | None:
    """ "ה-15", "the 15th", "on the fifteenth" without a month. "The second" alone is a choice, not a date."""
    token, previous, following = tokens[at], _at(tokens, at - 1), _at(tokens, at + 1)
    hebrew = token.has("digits") and token.prefix == "ה" and not following.has("unit", "thing")
    english = (token.has("ord") and not token.has("weekday") and "a" <= token.text[:1] <= "z") or token.has("suffix")
    if english:
        named = _at(tokens, at - 2).has("weekday")  # "Wednesday the second"
        english = previous.text == "the" and (day >= 4 or named or _at(tokens, at - 2).text in ("on", "to"))
        english = (english or previous.has("certain")) and following.text not in ("one", "time", "option")
    russian = token.has("ord") and token.text.endswith(("ого", "его", "ое")) and _is_date_here(tokens, at)
    found = cal.next_day_of_month(day) if hebrew or english or russian else None
    return DateMention(at, at + 1, (found,)) if found else None


def _is_date_here(tokens: Sequence[Token], at: int) -> bool:
    """Whether a Russian ordinal is a day of the month: "в воскресенье шестого", "на шестое", "шестого вечером"."""
    previous, following = _at(tokens, at - 1), _at(tokens, at + 1)
    if following.has("unit", "thing") or previous.text in _OF_AN_HOUR:
        return False
    if any(_at(tokens, near).has("certain") for near in (at - 1, at - 2, at + 1, at + 2)):
        return True
    linked = tokens[at].text.endswith("ое") and previous.text == "на"
    return linked or (not tokens[at].text.endswith("ое") and following.has("part", "at", "stop", "rel"))


_OF_AN_HOUR = frozenset(
    ("начале", "начало", "конце", "половине", "половину", "половина", "четверть", "пол", "без", "минут")
)


def _month_first(tokens: Sequence[Token], at: int, cal: Calendar) -> DateMention | None:
    """ "December 3rd", "march the fourth"; "במאי", "in May", "חודש הבא"; "סוף החודש", "end of August"."""
    start, edge = at, ""
    if tokens[at].has("start_of", "end_of", "middle_of"):
        edge = next(name for name in ("start_of", "middle_of", "end_of") if tokens[at].has(name))
        at += 1 + (_at(tokens, at + 1).has("skip"))
    token = _at(tokens, at)
    if token.has("month"):
        day = None if edge else _day_after_month(tokens, at)
        if day:
            return _month_day(tokens, start, day[1], day[0], int(token.get("month")), cal)
        if not (edge or token.preposition == "ב" or _at(tokens, at - 1).has("in", "next", "this")):
            return None
        month = int(token.get("month"))
        year = cal.today.year + (month < cal.today.month)
        return _part_of_month(cal, start, at + 1, year, month, edge)
    return _this_or_next_month(tokens, start, at, edge, cal)


def _day_after_month(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    after = at + 1 + (_at(tokens, at + 1).text == "the")
    token = _at(tokens, after)
    number = _day_number(token)
    if number is None or token.prefix or _at(tokens, after + 1).has("part", "oclock"):
        return None
    return number, after + 1


def _this_or_next_month(tokens: Sequence[Token], start: int, at: int, edge: str, cal: Calendar) -> DateMention | None:
    token, following = _at(tokens, at), _at(tokens, at + 1)
    here = (cal.today.year, cal.today.month)
    first_of_next = cal.today.replace(day=1) + _MONTH
    if token.has("next", "this", "last") and following.get("unit") == "month":
        token, following = following, token
    is_month = token.get("unit") == "month" or token.has("of_month")
    if is_month and following.has("last"):
        return DateMention(start, at + 2, past=True)
    if is_month and following.has("next"):
        return _part_of_month(cal, start, at + 2, first_of_next.year, first_of_next.month, edge)
    if is_month and (edge or following.has("this") or token.text == "החודש"):
        return _part_of_month(cal, start, at + 1 + following.has("this"), *here, edge)
    return None


def _part_of_month(cal: Calendar, start: int, end: int, year: int, month: int, edge: str) -> DateMention:
    first, last = cal.month(year, month)
    if edge:
        bounds = {"start_of": (1, 10), "middle_of": (11, 20), "end_of": (21, last.day)}[edge]
        first, last = first.replace(day=bounds[0]), first.replace(day=bounds[1])
        if last < cal.today:  # "in the middle of the month", said on the 24th
            following = first + _MONTH
            return _part_of_month(cal, start, end, following.year, following.month, edge)
    return DateMention(start, end, span=(max(first, min(cal.today, last)), last))


_MATCHERS: tuple[Callable[[Sequence[Token], int, Calendar], DateMention | None], ...] = (
    _that_one_after, _relative, _written, _day_of_month, _weekday, _week, _month_first, _ahead,
)  # fmt: skip
