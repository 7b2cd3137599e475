"""The built-in parser: one utterance, or the last turns of a call, into what the caller wants (A1). Pure.

Needs no key and no network. It never guesses: what can be read in two ways comes out as two options.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.language.hums import hums_yes
from services.nlp.calendar import Calendar
from services.nlp.cancelling import cancelled_of
from services.nlp.choosing import asks_for_person, choices_in
from services.nlp.dates import DATE_OPENERS, DateMention, find_dates
from services.nlp.existing import told_of_existing
from services.nlp.fold import denied_dates, denied_times, drop_past, fold_dates, fold_times, not_of_denied_days
from services.nlp.intent import (
    IntentFound,
    asks_for_earliest,
    asks_for_latest,
    asks_for_name,
    asks_for_own,
    asks_for_own_number,
    asks_for_surname,
    books_for_somebody,
    declines,
    earlier_or_later,
    find_intent,
    for_two,
    is_no,
    is_yes,
    keeps,
    names_appointment,
    offers_message,
    requests,
    same_day,
    same_time,
    says_absent,
    wants_another,
    wants_message,
)
from services.nlp.names import find_name, find_surname
from services.nlp.offering import NOTHING_OFFERED, Chosen, Offering, chosen_by_now
from services.nlp.offers import Offer, as_offer, choose, offers_in, picks_in_brief
from services.nlp.phone import find_phone
from services.nlp.relative import find_delay, find_shift, shifted
from services.nlp.times import TIME_OPENERS, find_times
from services.nlp.tokens import NUMBER_KINDS, Found, Token, folded, normalise, split, split_plain, tokenise
from services.nlp.topics import topic_said
from services.nlp.types import DateOption, Parsed, TimeOption, Turn, one_day

_SUNDAY_FIRST = re.compile("[א-תء-ي]")
_CLAUSE = re.compile(r"(?<!\d)[.,;!?]|[.,;!?](?!\d)")
_NOT_POSSIBLE = re.compile(
    r"(?<!\w)(?:כבר תפוסה?|תפוסה?|סגורה?|סגורים|לא (?:אפשרי|פנוי|פנויה|זמין|ניתן)|אי אפשר|אין|מחוץ|"
    r"taken|closed|unavailable|booked up|not (?:possible|available|free|open)|isn't|can't|outside)(?!\w)"
)
_WHAT = re.compile(r"(?<!\w)(?:מה|מתי|איזה|what|what's|which|when|какое|какой|когда|شو|ايش|ايمتي)(?!\w)")
_TELLS_TIME = (DATE_OPENERS | TIME_OPENERS) - {"article"}  # "a week" is told by its second word
SUNDAY, MONDAY = 6, 0


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is wished of days and hours, what is not, and what was said of a day that is over."""

    dates: tuple[DateOption, ...]
    times: tuple[TimeOption, ...]
    not_dates: tuple[DateOption, ...] = ()
    not_weekdays: frozenset[int] = frozenset()
    not_times: tuple[TimeOption, ...] = ()
    of_dates: tuple[DateOption, ...] = ()
    lost_times: tuple[TimeOption, ...] = ()
    by_weekday: bool = False


_NO_WISH = _Wish((), ())


def parse_utterance(
    text: str,
    now: datetime,
    agent_text: str = "",
    *,
    region: str = "IL",
    topics: Sequence[str] = (),
    offering: Offering = NOTHING_OFFERED,
) -> Parsed:
    """What one utterance says. `now` is wall-clock in the business's zone; `agent_text` is what the agent said before.

    `region` is the country whose phone numbers may be said without a country code; `topics` are what appointments can
    be about, `offering` which services there are, and who gives them.
    """
    return _read(Turn("caller", text), now.replace(tzinfo=None), agent_text, _Known(region, topics, offering)).parsed


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the business whose callers are read."""

    region: str
    topics: Sequence[str]
    offering: Offering


@dataclass(frozen=True, slots=True)
class _Reading:
    """`minute`: when it was read; None when neither side spoke of a time, so that it is the same at any time."""

    parsed: Parsed
    minute: datetime | None


def _read(turn: Turn, now: datetime, agent_text: str, known: _Known) -> _Reading:
    text = turn.text
    plain = normalise(text)
    lowered = folded(plain)
    words: Sequence[Token] = split_plain(plain)
    for_surname = turn.asked == "surname" or asks_for_surname(agent_text)
    asked_name = for_surname or turn.asked == "name" or asks_for_name(agent_text)
    chosen, named = choices_in(words, lowered, known.offering, _asked_who(turn, agent_text, asked_name))
    words = _without(words, Found("", named))
    phone, partial = find_phone(words, known.region)
    surname = find_surname(words)
    name = find_name(
        _without(_without(words, phone), surname), asked=asked_name, for_somebody=books_for_somebody(lowered)
    )
    if for_surname and name.value and " " not in name.value and not surname.value:
        name, surname = Found(""), name
    tokens = tokenise(_without(_without(_without(_without(words, phone), partial), name), surname))
    said = find_intent(lowered)
    if (said is None or said == _STORY) and not turn.asked and not turn.offered and says_absent(lowered):
        said = _absent(tokens, text, now)
    timeless = all(token.senses.keys().isdisjoint(_TELLS_TIME) for token in tokens)
    wish = (
        _NO_WISH
        if timeless
        else _wish(tokens, _calendar(text, now), now, said.change if said else "", asked=turn.asked == "datetime")
    )
    refuses = declines(lowered, wishes_time=bool(wish.dates or wish.times))
    told = (
        said is not None and said.intent == "none" and not said.explicit and wish.by_weekday
    )  # "I was in on Thursday"
    if refuses or told or (said is not None and said.drops_wish):
        wish = _NO_WISH
    story = said is not None and said.intent == "none" and not said.explicit
    found = (
        (None if story and chosen.wishes else said)
        or _of_service(chosen, words, lowered)
        or _inferred(wish, len(words), turn.asked or requests(lowered), another=wants_another(lowered))
    )
    if said is None and found.intent == "none" and asks_for_earliest(lowered):
        found = IntentFound("ask", True)
    parsed = Parsed(
        intent="none" if refuses and not found.change else found.intent,  # type: ignore[arg-type]
        name=name.value,
        surname=surname.value,
        phone=phone.value,
        phone_partial=partial.value,
        change=found.change,
        service=topic_said(lowered, known.topics),
        chosen=chosen,
        rejected=is_no(lowered) and wish == _NO_WISH and not found.explicit,
        not_dates=wish.not_dates,
        not_weekdays=wish.not_weekdays,
        not_times=wish.not_times,
        of_dates=wish.of_dates,
        lost_times=wish.lost_times,
        by_weekday=wish.by_weekday,
        declines=refuses,
        message=wants_message(lowered),
        leaves=is_yes(lowered) and not found.change and _message_offered(turn, agent_text),
        own=asks_for_own(lowered),
        keeps=keeps(lowered),
        two=for_two(lowered),
        same_day=same_day(lowered),
        same_time=same_time(lowered),
        shift_min=0 if timeless or wish.times else find_shift(tokens),
        than="" if wish.times else earlier_or_later(lowered),
        explicit=found.explicit,
        own_number=_own_number(lowered, agent_text),
        confidence=_confidence(found, wish),
    ).with_wish(wish.dates, wish.times)
    offers = offers_of(agent_text, now) or tuple(as_offer(start) for start in turn.offered)
    return _Reading(_with_offers(parsed, lowered, offers), None if timeless and not offers else now)


_STORY = IntentFound("none", False)


def _absent(tokens: Sequence[Token], text: str, now: datetime) -> IntentFound | None:
    """Who will not come cancels, unless another day or hour is wished in the same breath."""
    wish = _wish(tokens, _calendar(text, now), now, "")
    denied = {option.first for option in wish.not_dates} | wish.not_weekdays
    wished = wish.times or wish.not_times or (wish.dates and (denied or wish.of_dates))
    return None if wished or requests(folded(text)) else IntentFound("ask", True, "cancel")


def _asked_who(turn: Turn, agent_text: str, asked_name: bool) -> str:
    """Whose name was asked for: "name" the caller's, "person" that of whoever gives the service."""
    if turn.asked == "person" or (asks_for_person(agent_text) and turn.asked != "name"):
        return "person"
    return "name" if asked_name else ""


def _own_number(lowered: str, agent_text: str) -> str:
    if not asks_for_own_number(agent_text):
        return ""
    return "no" if is_no(lowered) else "yes" if is_yes(lowered) or hums_yes(lowered) else ""


def _message_offered(turn: Turn, agent_text: str) -> bool:
    return turn.asked == "message" or offers_message(agent_text)


def _of_service(chosen: Chosen, words: Sequence[Token], lowered: str) -> IntentFound | None:
    """ "I need a filling" wishes an appointment, "a filling, please" and "a time with Dr Levi" do too; a long story
    does not."""
    if chosen.told or not (chosen.first.services or (chosen.first.persons and names_appointment(lowered))):
        return None
    if chosen.wishes:
        return IntentFound("book", True)
    if _IS_THERE.search(lowered):
        return IntentFound("ask", False)
    return IntentFound("book", False) if len(words) <= _ANSWER_WORDS else None


_IS_THERE = re.compile(r"(?:^|\bו\S+ \S+ )(?:ו?(?:יש|האם|מי|is there|are there|do you|does|есть ли|а есть|في|مين)\b)")
_STORY_WORDS = 14
_ANSWER_WORDS = 10


def _inferred(wish: _Wish, words: int, asked: str | bool, *, another: bool) -> IntentFound:
    """What is meant by words that only name a day or an hour: an appointment, unless a long story names a day; and a
    change when they tell of one that exists and name another time."""
    if wish.of_dates and (wish.dates or wish.times) and not another:
        return IntentFound("ask", False, "move")
    if words > _STORY_WORDS and not wish.times and not asked:
        return IntentFound("none", False)
    return IntentFound("book" if wish.dates or wish.times else "none", False)


def read_turns(
    turns: Sequence[Turn],
    now: datetime,
    *,
    region: str = "IL",
    topics: Sequence[str] = (),
    offering: Offering = NOTHING_OFFERED,
) -> Parsed:
    """What the caller wants after these turns: later words replace earlier ones, details add up."""
    return TurnReader(region, topics, offering).read(turns, now)


class TurnReader:
    """Reads one call's turns again after each exchange; those it knows from the last time cost nothing.

    What callers said stays with their call and goes with it.
    """

    def __init__(self, region: str = "IL", topics: Sequence[str] = (), offering: Offering = NOTHING_OFFERED) -> None:
        self._known = _Known(region, tuple(topics), offering)
        self._readings: dict[tuple[Turn, str], _Reading] = {}

    def read(self, turns: Sequence[Turn], now: datetime) -> Parsed:
        """See read_turns."""
        known, agent_text = Parsed(), ""
        minute = now.replace(second=0, microsecond=0, tzinfo=None)
        before, self._readings = self._readings, {}
        for turn in turns:
            if turn.role == "agent":
                agent_text = turn.text
                continue
            key = (turn, agent_text)
            reading = before.get(key)
            if reading is None or reading.minute not in (None, minute):
                reading = _read(turn, minute, agent_text, self._known)
            self._readings[key] = reading
            known = merged(known, reading.parsed)
            agent_text = ""
        return known


def merged(known: Parsed, latest: Parsed) -> Parsed:
    """The latest exchange on top of what was known. A bare detail goes on with what the caller was after."""
    if latest.shift_min and known.times and not latest.times:
        latest = replace(latest, times=shifted(known.times, latest.shift_min), shift_min=0)
    chooses = not latest.chosen.says_nothing
    details = (latest.dates, latest.times, latest.name, latest.phone, latest.phone_partial, latest.accepted, chooses)
    adds = any(details) or any((latest.not_dates, latest.not_weekdays, latest.not_times))
    carried = latest.intent == "none" and known.intent != "none" and adds and not latest.declines
    refused = latest.rejected and not latest.accepted
    if latest.declines:  # what was wished until then is wished no more
        known = replace(known, dates=(), times=(), not_dates=(), not_weekdays=frozenset(), not_times=(), change="")
    kept_times = () if refused else known.times
    if latest.dates and not kept_times:
        kept_times = known.lost_times  # "yesterday at ten" … "sorry, tomorrow"
    return replace(
        latest,
        news=_news(latest),
        surname=latest.surname or ("" if latest.name else known.surname),
        same_day=latest.same_day or (known.same_day and not latest.dates),
        same_time=latest.same_time or (known.same_time and not latest.times),
        intent=known.intent if carried else latest.intent,
        change=latest.change or (known.change if carried or latest.intent == known.intent else ""),
        dates=known.dates if _names_its_weekday(known, latest) else _inside(known, latest) or known.dates,
        times=latest.times or kept_times,
        not_dates=_still_denied(known.not_dates, latest),
        not_weekdays=(known.not_weekdays - _weekdays(latest)) | latest.not_weekdays,
        not_times=(*(each for each in known.not_times if each not in latest.not_times), *latest.not_times),
        of_dates=latest.of_dates or known.of_dates,
        lost_times=latest.lost_times or (() if latest.times else known.lost_times),
        shift_min=latest.shift_min or (known.shift_min if carried and not (latest.dates or latest.times) else 0),
        name=latest.name or known.name,
        service=latest.service or known.service,
        city=latest.city or known.city,
        phone=latest.phone or ("" if latest.phone_partial else known.phone),
        chosen=chosen_by_now(known.chosen, latest.chosen),
        declines=latest.declines or (known.declines and latest.intent != "book"),
        message=latest.message or known.message,
        two=latest.two or known.two,
        confidence=max(latest.confidence, known.confidence) if carried else latest.confidence,
    )


def _news(latest: Parsed) -> frozenset[str]:
    said = {
        "name": latest.name or latest.surname,
        "phone": latest.phone or latest.phone_partial,
        "date": latest.dates or latest.same_day,
        "time": latest.times or latest.same_time,
        "wish": latest.intent == "book" and latest.explicit,
        "change": latest.change or latest.own,
        "service": latest.chosen.names_service and not latest.chosen.told,
        "person": latest.chosen.names_person,
    }
    return frozenset(what for what, value in said.items() if value)


def _names_its_weekday(known: Parsed, latest: Parsed) -> bool:
    """ "The fourth of December" … "that's a Friday, isn't it": the day that was named, not the coming Friday."""
    day = known.day
    return bool(latest.by_weekday and latest.dates and day and day.weekday() in _weekdays(latest))


def _inside(known: Parsed, latest: Parsed) -> tuple[DateOption, ...]:
    """ "Next week" … "Tuesday, then": the first one of the days that were named before."""
    span = known.dates[0] if len(known.dates) == 1 else None
    if not latest.by_weekday or span is None or span.is_day or known.intent == "none":  # a story's month is no wish
        return latest.dates
    days = [span.first + timedelta(days=offset) for offset in range((span.last - span.first).days + 1)]
    fitting = [next((day for day in days if day.weekday() == weekday), None) for weekday in sorted(_weekdays(latest))]
    return tuple(one_day(day) for day in fitting if day is not None) or latest.dates


def _still_denied(known: tuple[DateOption, ...], latest: Parsed) -> tuple[DateOption, ...]:
    kept = [each for each in known if each not in latest.dates and each not in latest.not_dates]
    return (*kept, *latest.not_dates)


def _weekdays(parsed: Parsed) -> frozenset[int]:
    """Weekdays of the single days that are wished."""
    return frozenset(option.first.weekday() for option in parsed.dates if option.is_day)


def offers_of(agent_text: str, now: datetime) -> tuple[Offer, ...]:
    """The concrete times in the agent's words, without those it said are not possible."""
    words = split(agent_text)
    if not any(word.has(*NUMBER_KINDS) for word in words):
        return ()
    cal = _calendar(agent_text, now)
    found = offers_in(tokenise(words), cal, now)
    clauses = [clause for clause in _CLAUSE.split(agent_text.lower()) if _NOT_POSSIBLE.search(clause)]
    refused = [offer for clause in clauses for offer in offers_in(tokenise(split(clause)), cal, now)]
    return tuple(offer for offer in found if not any(offer.same_as(other) for other in refused))


def _calendar(text: str, now: datetime) -> Calendar:
    return Calendar(now.date(), SUNDAY if _SUNDAY_FIRST.search(text) else MONDAY)


def _without(words: Sequence[Token], found: Found) -> Sequence[Token]:
    """The words with those of a name or number made meaningless, so that "שני" in a name is no Monday."""
    if not found.used:
        return words
    return [
        Token(word.raw, "", {"data": 1}, written=word.written) if index in found.used else word
        for index, word in enumerate(words)
    ]


def _wish(tokens: Sequence[Token], cal: Calendar, now: datetime, change: str, *, asked: bool = False) -> _Wish:
    delay = find_delay(tokens, now)
    if delay:
        return _Wish(*delay)
    mentions = find_dates(tokens, cal)
    brief = asked and len(tokens) <= _ANSWER_WORDS
    clocks = find_times(tokens, [(mention.start, mention.end) for mention in mentions], asked=brief)
    existing = told_of_existing(tokens, mentions, clocks, moves=change == "move")
    if change == "cancel":  # "I have one on Thursday, please cancel it" is about Thursday
        existing = replace(existing, dates=(), times=())
    clocks = [clock for clock in clocks if clock not in existing.times]
    current = [mention for mention in mentions if not mention.past and mention not in existing.dates]
    if change == "cancel":
        current = cancelled_of(tokens, current, cal)
    dates = fold_dates(tokens, current, cal)
    if not dates and change == "cancel":  # "I can't come tomorrow, please cancel" is about tomorrow
        dates = fold_dates([], [replace(mention, start=0, end=0) for mention in current], cal)
    clocks_of_days = not_of_denied_days(tokens, current, clocks)
    times = fold_times(tokens, clocks_of_days)
    if _only_past(mentions):
        return _Wish((), (), lost_times=times)
    not_dates, not_weekdays = denied_dates(tokens, current, cal)
    if current and not clocks and _ends_in_denial(tokens):  # "on Sunday we have a meeting, so it doesn't work"
        days = {mention.weekday for mention in current if mention.weekday is not None}
        return _Wish((), (), not_dates, not_weekdays | days)
    return _Wish(
        dates,
        drop_past(times, dates, now),
        tuple(option for option in not_dates if option not in dates),
        not_weekdays - {option.first.weekday() for option in dates if option.is_day},
        tuple(option for option in denied_times(tokens, clocks_of_days) if option not in times),
        fold_dates([], [replace(mention, start=0, end=0) for mention in existing.dates if not mention.past], cal),
        by_weekday=bool(current) and all(each.weekday is not None and not each.modifier for each in current),
    )


def _ends_in_denial(tokens: Sequence[Token]) -> bool:
    """Whether the last words are "doesn't work", "לא מסתדר", "ما بزبط"."""
    last = [token for token in tokens if not token.is_punctuation][-2:]
    return len(last) == 2 and last[0].has("neg") and last[1].has("can")


def _only_past(mentions: Sequence[DateMention]) -> bool:
    return bool(mentions) and all(mention.past for mention in mentions)


def _with_offers(parsed: Parsed, lowered: str, offers: Sequence[Offer]) -> Parsed:
    """Reads the utterance as an answer to what the agent had offered."""
    if not offers:
        return parsed
    if (parsed.not_times or parsed.not_dates or parsed.not_weekdays) and not (parsed.dates or parsed.times):
        return parsed  # "two is too late for me" picks none
    # "Is there anything earlier?", "what is the latest you have?" pick none.
    asks = (parsed.explicit and parsed.intent == "ask" and not picks_in_brief(lowered)) or (
        asks_for_latest(lowered) and _WHAT.search(lowered) is not None
    )
    chosen = (
        None
        if asks and not parsed.times
        else choose(lowered, parsed.dates, parsed.times, offers, agreed=is_yes(lowered))
    )
    if chosen is None:
        days = {offer.date for offer in offers}
        common = days.pop() if len(days) == 1 else None
        if parsed.times and not parsed.dates and common:  # "כן, אבל בחמש": of the day they speak of
            return parsed.with_wish((common,), parsed.times)
        return parsed
    accepted = replace(parsed, intent="book", accepted=True, rejected=False, confidence=0.9)
    return accepted.with_wish((chosen.date,) if chosen.date else parsed.dates, chosen.times)


def _confidence(found: IntentFound, wish: _Wish) -> float:
    """0.9 said in so many words, 0.7 inferred from a bare date or time, less when it can be read in two ways."""
    if found.intent == "none":
        return 0.3 if wish.dates or wish.times else 0.0
    certainty = 0.9 if found.explicit else 0.7
    return certainty * (0.6 if len(wish.dates) > 1 or len(wish.times) > 1 else 1.0)
