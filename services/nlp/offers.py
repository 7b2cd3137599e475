"""Answers to an offer: "כן", "השני", "בחמש וחצי", "the later one" (A1). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from services.nlp.calendar import Calendar
from services.nlp.dates import DateMention, find_dates
from services.nlp.fold import drop_past
from services.nlp.times import TimeMention, find_times
from services.nlp.tokens import Token
from services.nlp.types import DateOption, TimeOption, one_day

_ORDINALS = (
    re.compile(r"(?<!\w)(?:ה?ראשו(?:ן|נה)|first|перв\w+|(?:ال)?اول(?:ي|ه)?)(?!\w)"),
    re.compile(r"(?<!\w)(?:ה?שני(?:י?ה)?|second|втор\w+|ال(?:تاني|ثاني)ه?)(?!\w)"),
    re.compile(r"(?<!\w)(?:ה?שלישית?|third|трет\w+|ال(?:تالت|ثالث)ه?)(?!\w)"),
)
_LAST = re.compile(r"(?<!\w)(?:ה?אחרו(?:ן|נה)|last|последн\w+|(?:ال)?(?:اخير|اخر)ه?)(?!\w)")
_MIDDLE = re.compile(r"(?<!\w)(?:ה?אמצעית?|middle)(?!\w)")
_LATER = re.compile(r"(?<!\w)(?:ש?ה?מאוחרת?|later|latter|latest|попозже|позже|поздн\w+)(?!\w)")
_EARLIER = re.compile(r"(?<!\w)(?:ש?ה?מוקדמת|ש?ה?מוקדם|earlier|earliest|former|пораньше|раньше|ранн\w+)(?!\w)")


_BRIEF_WORDS = 5


@dataclass(frozen=True, slots=True)
class Offer:
    """One concrete time the agent named; `date` is None when only the time was said, `times` are its readings."""

    date: DateOption | None
    times: tuple[TimeOption, ...]

    def same_as(self, other: Offer) -> bool:
        """The same time, of the same day unless the other names none."""
        return self.times == other.times and other.date in (None, self.date)


def as_offer(start: datetime) -> Offer:
    """A wall-clock start as the server offered it."""
    return Offer(one_day(start.date()), (TimeOption("at", start.time()),))


def offers_in(tokens: Sequence[Token], cal: Calendar, now: datetime) -> tuple[Offer, ...]:
    """Each exact time in the agent's words, with the last day named before it, in the order they were said."""
    dates = find_dates(tokens, cal)
    offers: list[Offer] = []
    for mention in find_times(tokens, [(mention.start, mention.end) for mention in dates]):
        options = tuple(option for option in mention.options() if option.kind == "at")
        if not options or not mention.clocks:
            continue
        if tokens[mention.start].has("clock"):  # digits in the agent's words are the server's 24-hour clock
            hour, minute, _ = tokens[mention.start].get("clock")
            options = (TimeOption("at", time(hour % 24, minute)),) if not mention.part else options
        day = _day_for(mention, dates, cal)
        offers.append(Offer(day, drop_past(options, (day,) if day else (), now)))
    return tuple(dict.fromkeys(offers))


def _day_for(mention: TimeMention, dates: Sequence[DateMention], cal: Calendar) -> DateOption | None:
    """The day an offered time belongs to: the last one named before it, else the first after it."""
    before = [each for each in dates if each.end <= mention.start]
    nearest = before[-2:] if before else [each for each in dates if each.start >= mention.end][:1]
    if not nearest:
        return None
    together = before and len(nearest) == 2 and nearest[1].start - nearest[0].end <= 1
    named = [each for each in (nearest if together else nearest[-1:]) if each.days]
    if named:  # "יום רביעי, 18 באוגוסט": the date decides
        return one_day(named[-1].days[0])
    weekday = nearest[-1].weekday
    return one_day(cal.coming(weekday)) if weekday is not None else None


def choose(
    text: str, dates: Sequence[DateOption], times: Sequence[TimeOption], offers: Sequence[Offer], *, agreed: bool
) -> Offer | None:
    """The one offer an utterance picks, None when it picks none or could mean several."""
    if times:
        return _only([offer for offer in offers if set(offer.times) & set(times) and _on(offer, dates)])
    if chosen := _by_position(text, offers):
        return chosen
    if dates:
        return _only([offer for offer in offers if offer.date in dates])
    return _only(offers) if agreed else None


def picks_in_brief(text: str) -> bool:
    """ "The first one, the earliest": a short answer that says which."""
    return len(text.split()) <= _BRIEF_WORDS and any(pattern.search(text) for pattern in _ORDINALS)


def _on(offer: Offer, dates: Sequence[DateOption]) -> bool:
    return not dates or offer.date is None or offer.date in dates


def _by_position(text: str, offers: Sequence[Offer]) -> Offer | None:
    if len(offers) < 2:
        return None
    for index, pattern in enumerate(_ORDINALS):
        if index < len(offers) and pattern.search(text):
            return offers[index]
    if len(offers) == 3 and _MIDDLE.search(text):
        return offers[1]
    if _LAST.search(text):
        return offers[-1]
    ordered = sorted(offers, key=_moment)
    if _LATER.search(text):
        return ordered[-1]
    return ordered[0] if _EARLIER.search(text) else None


def _moment(offer: Offer) -> tuple[date, time]:
    return (offer.date.first if offer.date else date.min, offer.times[0].start)


def _only(offers: Sequence[Offer]) -> Offer | None:
    return offers[0] if len(offers) == 1 else None
