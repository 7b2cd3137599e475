"""The built-in parser: one utterance, or the last turns of a call, into what the caller wants (A1). Pure.

Needs no key and no network. It never guesses: what can be read in two ways comes out as two options.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.nlp_calendar import Calendar
from services.nlp_dates import DATE_OPENERS, DateMention, find_dates
from services.nlp_fold import drop_past, fold_dates, fold_times, not_of_denied_days
from services.nlp_intent import IntentFound, asks_for_name, find_intent, is_no, is_yes
from services.nlp_offers import Offer, choose, offers_in
from services.nlp_people import find_name
from services.nlp_phone import find_phone
from services.nlp_relative import find_delay
from services.nlp_times import TIME_OPENERS, find_times
from services.nlp_tokens import NUMBER_KINDS, Found, Token, normalise, split, split_plain, tokenise
from services.nlp_topics import topic_said
from services.nlp_types import DateOption, Parsed, TimeOption, Turn

_HEBREW = re.compile("[א-ת]")
_CLAUSE = re.compile(r"(?<!\d)[.,;!?]|[.,;!?](?!\d)")
_NOT_POSSIBLE = re.compile(
    r"(?<!\w)(?:כבר תפוסה?|תפוסה?|סגורה?|סגורים|לא (?:אפשרי|פנוי|פנויה|זמין|ניתן)|אי אפשר|אין|"
    r"taken|closed|unavailable|booked up|not (?:possible|available|free|open)|isn't|can't|outside)(?!\w)"
)
_TELLS_TIME = (DATE_OPENERS | TIME_OPENERS) - {"article"}  # "a week" is told by its second word
SUNDAY, MONDAY = 6, 0


@dataclass(frozen=True, slots=True)
class _Wish:
    dates: tuple[DateOption, ...]
    times: tuple[TimeOption, ...]


_NO_WISH = _Wish((), ())


def parse_utterance(
    text: str, now: datetime, agent_text: str = "", *, region: str = "IL", topics: Sequence[str] = ()
) -> Parsed:
    """What one utterance says. `now` is wall-clock in the business's zone; `agent_text` is what the agent said before.

    `region` is the country whose phone numbers may be said without a country code; `topics` are what appointments can
    be about.
    """
    return _read(text, now.replace(tzinfo=None), agent_text, region, topics).parsed


@dataclass(frozen=True, slots=True)
class _Reading:
    """`minute`: when it was read; None when neither side spoke of a time, so that it is the same at any time."""

    parsed: Parsed
    minute: datetime | None


def _read(text: str, now: datetime, agent_text: str, region: str, topics: Sequence[str]) -> _Reading:
    plain = normalise(text)
    lowered = plain.lower()
    words = split_plain(plain)
    phone, partial = find_phone(words, region)
    name = find_name(_without(words, phone), asked=asks_for_name(agent_text))
    tokens = tokenise(_without(_without(_without(words, phone), partial), name))
    said = find_intent(lowered)
    timeless = all(token.senses.keys().isdisjoint(_TELLS_TIME) for token in tokens)
    wish = _NO_WISH if timeless else _wish(tokens, _calendar(text, now), now, said.change if said else "")
    found = said or IntentFound("book" if wish.dates or wish.times else "none", False)
    parsed = Parsed(
        intent=found.intent,  # type: ignore[arg-type]
        name=name.value,
        phone=phone.value,
        phone_partial=partial.value,
        change=found.change,
        service=topic_said(lowered, topics),
        rejected=is_no(lowered) and not wish.dates and not wish.times and not found.explicit,
        confidence=_confidence(found, wish),
    ).with_wish(wish.dates, wish.times)
    offers = offers_of(agent_text, now)
    return _Reading(_with_offers(parsed, lowered, offers), None if timeless and not offers else now)


def read_turns(turns: Sequence[Turn], now: datetime, *, region: str = "IL", topics: Sequence[str] = ()) -> Parsed:
    """What the caller wants after these turns: later words replace earlier ones, details add up."""
    return TurnReader(region, topics).read(turns, now)


class TurnReader:
    """Reads one call's turns again after each exchange; those it knows from the last time cost nothing.

    What callers said stays with their call and goes with it.
    """

    def __init__(self, region: str = "IL", topics: Sequence[str] = ()) -> None:
        self._region, self._topics = region, tuple(topics)
        self._readings: dict[tuple[str, str], _Reading] = {}

    def read(self, turns: Sequence[Turn], now: datetime) -> Parsed:
        """See read_turns."""
        known, agent_text = Parsed(), ""
        minute = now.replace(second=0, microsecond=0, tzinfo=None)
        before, self._readings = self._readings, {}
        for turn in turns:
            if turn.role == "agent":
                agent_text = turn.text
                continue
            key = (turn.text, agent_text)
            reading = before.get(key)
            if reading is None or reading.minute not in (None, minute):
                reading = _read(turn.text, minute, agent_text, self._region, self._topics)
            self._readings[key] = reading
            known = merged(known, reading.parsed)
            agent_text = ""
        return known


def merged(known: Parsed, latest: Parsed) -> Parsed:
    """The latest exchange on top of what was known. A bare detail goes on with what the caller was after."""
    adds = latest.dates or latest.times or latest.name or latest.phone or latest.phone_partial or latest.accepted
    carried = latest.intent == "none" and known.intent != "none" and bool(adds)
    refused = latest.rejected and not latest.accepted
    return replace(
        latest,
        intent=known.intent if carried else latest.intent,
        change=latest.change or (known.change if carried or latest.intent == known.intent else ""),
        dates=latest.dates or known.dates,
        times=latest.times or (() if refused else known.times),
        name=latest.name or known.name,
        service=latest.service or known.service,
        city=latest.city or known.city,
        phone=latest.phone or ("" if latest.phone_partial else known.phone),
        confidence=max(latest.confidence, known.confidence) if carried else latest.confidence,
    )


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
    return Calendar(now.date(), SUNDAY if _HEBREW.search(text) else MONDAY)


def _without(words: Sequence[Token], found: Found) -> Sequence[Token]:
    """The words with those of a name or number made meaningless, so that "שני" in a name is no Monday."""
    if not found.used:
        return words
    return [
        Token(word.raw, "", {"data": 1}, written=word.written) if index in found.used else word
        for index, word in enumerate(words)
    ]


def _wish(tokens: Sequence[Token], cal: Calendar, now: datetime, change: str) -> _Wish:
    delay = find_delay(tokens, now)
    if delay:
        return _Wish(*delay)
    mentions = find_dates(tokens, cal)
    current = [mention for mention in mentions if not mention.past and not (change == "move" and mention.from_)]
    dates = fold_dates(tokens, current, cal)
    if not dates and change == "cancel":  # "I can't come tomorrow, please cancel" is about tomorrow
        dates = fold_dates([], [replace(mention, start=0, end=0) for mention in current], cal)
    clocks = find_times(tokens, [(mention.start, mention.end) for mention in mentions])
    times = fold_times(tokens, not_of_denied_days(tokens, current, clocks))
    return _Wish(dates, drop_past(times, dates, now)) if not _only_past(mentions) else _Wish((), ())


def _only_past(mentions: Sequence[DateMention]) -> bool:
    return bool(mentions) and all(mention.past for mention in mentions)


def _with_offers(parsed: Parsed, lowered: str, offers: Sequence[Offer]) -> Parsed:
    """Reads the utterance as an answer to what the agent had offered."""
    if not offers:
        return parsed
    chosen = choose(lowered, parsed.dates, parsed.times, offers, agreed=is_yes(lowered))
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
