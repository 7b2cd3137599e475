"""What an agent's words state as done, clause by clause (A5, S7), in Hebrew, English, Russian and Arabic. Pure.

Structure decides, not whole sentences. A clause that holds an act is a claim unless its mood undoes it: a question, a
condition, a denial, a wish, an offer, a try, or the caller's own words told again. A clause that only says why undoes
nothing. And a day or an hour that is taken for settled, with nothing left to ask, is a claim to have booked it, unless
its words together (`weighing`) sound honest. Where no act is known, a sentence that leaves nothing open is a claim when
all of its words together surely sound like one. When in doubt about an act it is a claim: a needless correction costs a
sentence, a missed one costs a caller standing before a closed door.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.claims.lexicon import Act, ClaimKind, Lexicon, Moods, Strength
from services.claims.sentences import (
    FIRST_WEEKDAY,
    Sentence,
    names_a_time_alone,
    read,
    tells_day_and_hour,
    tells_time,
)
from services.claims.weighing import weigh
from services.nlp.calendar import Calendar
from services.nlp.dates import find_dates
from services.nlp.tokens import split, tokenise

_OF_WHAT_IS_BOOKED = (ClaimKind.CANCELLED, ClaimKind.MESSAGE)
_ENOUGH = 3  # words: fewer are not weighed
_SURELY, _EVEN, _SURELY_HONEST = 2.5, -0.5, -5.0  # logarithms of the odds that a sentence is a claim
_DONE_ALREADY = (Strength.DID, Strength.STATE)
# The last question asks for the very act.
_ASKS_TO_BOOK = re.compile(
    r"(?<!\w)(?:(?:לקבוע|שאקבע|לרשום|שארשום|לשריין|לאשר|לסגור)(?: (?:אותו|אותה|את זה|לך|לכם|את התור|בבקשה))*|"
    r"(?:shall|should|may|can) i (?:book|reserve|confirm|take|put)(?: (?:it|that|this|you|down|in|for you))*|"
    r"(?:записать|записываю|забронировать|записываем)(?: вас| его)?|(?:ا|ن|ب)?حجز(?:لك|لكم|ه|ها|لك اياه)?)$"
)
_IMPOSSIBLE = re.compile(r"(?<!\w)(?:לא|אין|אי אפשר|can't|cannot|couldn't|not|unable|не|нельзя|لا|لن|ما)(?!\w)")


@dataclass(frozen=True, slots=True)
class Claim:
    """`words`: the clause that makes it, as it was folded."""

    kind: ClaimKind
    words: str
    strength: Strength = Strength.STATE


def claims_in(text: str) -> tuple[Claim, ...]:
    """Every claim in the agent's words, in order; one clause may make several."""
    sentences = read(text)
    found = [
        claim
        for at, sentence in enumerate(sentences)
        for claim in _acts_of(sentence, sentence.lexicon.acts)
        if weigh(sentences, at) > _SURELY_HONEST
        and not (_is_put_forward(claim) and _ASKS_TO_BOOK.search(" ".join(one.text for one in sentences[at + 1 :])))
    ]
    return tuple(found or _settled(sentences) or _weighed(sentences))


def _is_put_forward(claim: Claim) -> bool:
    """ "An appointment on Thursday at four, in your name. Shall I book it?": told without anybody having done it."""
    return claim.kind is ClaimKind.BOOKED and claim.strength is not Strength.DID


def kinds_in(text: str) -> frozenset[ClaimKind]:
    """What is claimed, without where."""
    return frozenset(claim.kind for claim in claims_in(text))


def states_passed_on(text: str) -> bool:
    """Whether a message is said to have been passed on or noted already, not only to be."""
    return any(one.kind is ClaimKind.MESSAGE and one.strength is not Strength.PROMISE for one in claims_in(text))


def promises_transfer(text: str) -> bool:
    """Whether the agent states that it puts the caller through, now or at once (L3)."""
    return any(True for sentence in read(text) for _ in _acts_of(sentence, sentence.lexicon.connecting))


def offers_transfer(text: str) -> bool:
    """Whether the agent offers to put the caller through: asked, under a condition, or as something possible that a
    question follows ("I can put you through. Would you like that?", L3)."""
    sentences = read(text)
    speaking_of_it = [one for one in sentences if one.lexicon.puts_through.search(one.text) is not None]
    if any(one.asked or one.moods.condition.search(one.text) is not None for one in speaking_of_it):
        return True
    possible = any(_IMPOSSIBLE.search(one.text) is None for one in speaking_of_it)
    return possible and any(one.asked for one in sentences) and not promises_transfer(text)


def days_named(text: str, now: datetime) -> frozenset[date]:
    """The single days that are named, as seen from `now` (wall clock); a weekday is the coming one and that after."""
    cal = Calendar(now.date(), FIRST_WEEKDAY)
    days: set[date] = set()
    for mention in find_dates(tokenise(split(text)), cal):
        days |= set(mention.days)
        if mention.weekday is not None:
            ahead = (mention.weekday - now.weekday()) % 7
            days |= {now.date() + timedelta(days=ahead), now.date() + timedelta(days=ahead + 7)}
    return frozenset(days)


# -- acts and their moods ---------------------------------------------------------------------------------------------


def _acts_of(sentence: Sentence, acts: tuple[Act, ...]) -> Iterator[Claim]:
    planned = False  # by a condition at the beginning of this clause or of one before
    for clause, asks in sentence.clauses:
        planned = planned or sentence.moods.condition.match(clause) is not None
        if not asks:
            found = [
                act
                for act in acts
                if _may_claim(act, clause, sentence, planned=planned) and _claims(act, clause, sentence)
            ]
            yield from (Claim(act.kind, clause, act.strength) for act in _told_apart(found))


def _told_apart(found: Sequence[Act]) -> list[Act]:
    """Those of a clause's acts that say what was done. "I cancelled your appointment on Monday" books none, though it
    names one."""
    if any(act.kind in _OF_WHAT_IS_BOOKED and act.strength in _DONE_ALREADY for act in found):
        return [act for act in found if act.kind is not ClaimKind.BOOKED or act.strength is Strength.DID]
    return list(found)


def _may_claim(act: Act, clause: str, sentence: Sentence, *, planned: bool) -> bool:
    """Whether clause and sentence leave room for this act, wherever in the clause it stands."""
    moods = sentence.moods
    if act.strength is Strength.DID:
        return True
    if planned or act.strength is Strength.STATE:
        of_nobody = act.kind is ClaimKind.BOOKED and sentence.regrets
        return not planned and not of_nobody and moods.voided.search(clause) is None
    if sentence.asks_for_more or moods.condition.search(sentence.text):
        return False
    return act.strength is not Strength.TIMED or (moods.open_times.search(clause) is None and tells_time(sentence.text))


def _claims(act: Act, clause: str, sentence: Sentence) -> bool:
    moods = sentence.moods
    for found in act.pattern.finditer(clause):
        joined = moods.joined.match(found.group())
        before = clause[: found.start() + (joined.end() if joined else 0)]
        undone = moods.undone.search(before) or moods.reports.search(before)
        if not undone and not _is_harmless(act, found.group(), clause, sentence.lexicon):
            return True
    return False


def _is_harmless(act: Act, words: str, clause: str, lexicon: Lexicon) -> bool:
    """A slot kept for minutes, a code that was sent, or a verb that changes nothing."""
    if act.kind is ClaimKind.BOOKED:
        return lexicon.moods.meanwhile.search(clause) is not None
    if act.kind in (ClaimKind.MESSAGE, ClaimKind.DONE) and lexicon.moods.details.search(clause):
        return True
    if act.kind is not ClaimKind.DONE:
        return False
    return lexicon.innocent.search(words) is not None or lexicon.moods.particulars.search(clause) is not None


# -- told as settled, in whatever words -------------------------------------------------------------------------------


def _settled(sentences: Sequence[Sentence]) -> tuple[Claim, ...]:
    """What is told of the caller's own appointment or message, or of a time, while nothing is asked for any more.

    "Perfect, Monday at ten.", "Your table has been given up.", "The note is on her desk."
    """
    if any(one.asks_for_more or (one.moods.wants_more.search(one.text) and not one.invites) for one in sentences):
        return ()
    found: list[Claim] = []
    affirmed = False  # by a sentence before this one
    for at, sentence in enumerate(sentences):
        affirms = sentence.moods.affirms.match(sentence.told) is not None
        kind = _settles(sentence, affirms=affirms, affirmed=affirmed)
        affirmed = affirmed or affirms
        if kind is not None and weigh(sentences, at) > _EVEN:
            found.append(Claim(kind, sentence.told))
    return tuple(found)


def _settles(sentence: Sentence, *, affirms: bool, affirmed: bool) -> ClaimKind | None:
    lexicon, moods, text = sentence.lexicon, sentence.moods, sentence.told
    if sentence.asked or sentence.nods or any(mood.search(text) for mood in _unsettling(moods)):
        return None
    if lexicon.passed_on.search(text):
        return ClaimKind.MESSAGE
    if tells_time(text) and (
        (affirms and names_a_time_alone(text))
        or ((affirms or affirmed) and tells_day_and_hour(text))
        or moods.addressed.search(text)
        or lexicon.matter.search(text)
    ):
        return ClaimKind.BOOKED
    return ClaimKind.DONE if lexicon.matter.search(text) else None


def _unsettling(moods: Moods) -> tuple[re.Pattern[str], ...]:
    """Moods that leave anything open, wherever they stand in the sentence."""
    told = (moods.reports, moods.open_times, moods.meanwhile, moods.details)
    return (moods.undone, moods.condition, *told)


# -- by all of their words together -----------------------------------------------------------------------------------


def _weighed(sentences: Sequence[Sentence]) -> tuple[Claim, ...]:
    """Sentences that leave nothing open and surely sound like a claim, whatever act it may be."""
    found: list[Claim] = []
    for at, sentence in enumerate(sentences):
        open_still = any(one.asks_for_more for one in sentences[at:])
        if not open_still and not _leaves_open(sentence) and weigh(sentences, at) > _SURELY:
            passed_on = sentence.lexicon.passed_on.search(sentence.text) is not None
            found.append(Claim(ClaimKind.MESSAGE if passed_on else ClaimKind.DONE, sentence.text))
    return tuple(found)


def _leaves_open(sentence: Sentence) -> bool:
    moods = sentence.moods
    if len(sentence.text.split()) < _ENOUGH:
        return True
    return any(mood.search(sentence.text) for mood in (moods.condition, moods.voided, moods.reports, moods.particulars))
