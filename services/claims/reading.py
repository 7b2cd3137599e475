"""What an agent's words state as done, clause by clause (A5, S7), in Hebrew, English, Russian and Arabic. Pure.

Structure decides, not whole sentences. A clause that holds an act is a claim unless its mood undoes it: a question, a
condition, a denial, a wish, an offer, a try, or the caller's own words told again. A clause that only says why undoes
nothing. And a day or an hour that is taken for settled, with nothing left to ask, is a claim to have booked it. When in
doubt it is a claim: a needless correction costs a sentence, a missed one costs a caller standing before a closed door.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from services.claims import arabic, english, hebrew, russian
from services.claims.lexicon import Act, ClaimKind, Lexicon, Moods, Strength
from services.language.text import plain_text
from services.nlp.calendar import Calendar
from services.nlp.dates import find_dates
from services.nlp.times import find_times
from services.nlp.tokens import split, tokenise

_SENTENCE_END = re.compile(r"(?<=[.!?؟…\n])\s+|\n")
_CLAUSE_END = re.compile(r"[,;:،؛–—]\s*|\s-\s|[.!?؟…]+\s*")
_SUBORDINATE = re.compile(r",(?= (?:что|чтобы|котор\w+)(?![\w-]))")  # Russian writes a comma inside a clause
_TITLE = re.compile(r"(?<!\w)(dr|mr|mrs|ms|prof|др)\. ")
_SPACES = re.compile(r"[ \t]+")
_QUOTES = re.compile(r"[\"“”„«»*ـ\[\]_✅❌]")
_ABBREVIATED = re.compile(r"(?<=[א-ת])[\"״”](?=[א-ת])")
_FOLD = str.maketrans(
    {**dict.fromkeys("أإآٱ", "ا"), "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ё": "е", "׳": "'", "ײ": "יי"}
)
_SCRIPTS: tuple[tuple[re.Pattern[str], Lexicon], ...] = (
    (re.compile("[א-ת]"), hebrew.LEXICON),
    (re.compile("[а-я]"), russian.LEXICON),
    (re.compile("[ء-ي]"), arabic.LEXICON),
    (re.compile("[a-z]"), english.LEXICON),
)
_FEW_WORDS = 2
_OF_WHAT_IS_BOOKED = (ClaimKind.CANCELLED, ClaimKind.MESSAGE)
_DONE_ALREADY = (Strength.DID, Strength.STATE)
_FIRST_WEEKDAY = 6
_ANY_DAY = Calendar(date(2027, 1, 3), _FIRST_WEEKDAY)  # only whether a time is named counts, not which

_REGRET = re.compile(  # after it, a time that is booked is booked by others
    r"(?:i'm |i am |we're |very )*(?:sorry|unfortunately|afraid)|לצערי|מצטערת?|סליחה|к сожалению|извините|простите|"
    r"жаль|"
    r"للاسف|اسفه?|عذرا"
)
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


@dataclass(frozen=True, slots=True)
class _Sentence:
    """Clauses, each with whether it asks. `asked`: the sentence ends in a question that is more than a nod."""

    lexicon: Lexicon
    clauses: tuple[tuple[str, bool], ...]
    asked: bool
    nods: bool  # it asks for no more than a nod: "…, okay?"

    @property
    def moods(self) -> Moods:
        return self.lexicon.moods

    @property
    def text(self) -> str:
        return " ".join(clause for clause, _ in self.clauses)

    @property
    def regrets(self) -> bool:
        """It begins with no more than a word of regret."""
        return len(self.clauses) > 1 and _REGRET.fullmatch(self.clauses[0][0]) is not None

    @property
    def told(self) -> str:
        """The sentence without the clauses that only say why."""
        return " ".join(clause for clause, _ in self.clauses if self.moods.reasons.match(clause) is None)

    @property
    def asks_for_more(self) -> bool:
        """It asks, and not only whether there is anything else."""
        return self.asked and not self.invites

    @property
    def invites(self) -> bool:
        """It asks whether there is anything else."""
        return self.asked and bool(self.clauses) and self.moods.invites.search(self.clauses[-1][0]) is not None


def claims_in(text: str) -> tuple[Claim, ...]:
    """Every claim in the agent's words, in order; one clause may make several."""
    sentences = _read(text)
    found = [
        claim
        for at, sentence in enumerate(sentences)
        for claim in _acts_of(sentence, sentence.lexicon.acts)
        if not (_is_put_forward(claim) and _ASKS_TO_BOOK.search(" ".join(one.text for one in sentences[at + 1 :])))
    ]
    return tuple(found or _settled(sentences))


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
    return any(True for sentence in _read(text) for _ in _acts_of(sentence, sentence.lexicon.connecting))


def offers_transfer(text: str) -> bool:
    """Whether the agent offers to put the caller through: asked, under a condition, or as something possible that a
    question follows ("I can put you through. Would you like that?", L3)."""
    sentences = _read(text)
    speaking_of_it = [one for one in sentences if one.lexicon.puts_through.search(one.text) is not None]
    if any(one.asked or one.moods.condition.search(one.text) is not None for one in speaking_of_it):
        return True
    possible = any(_IMPOSSIBLE.search(one.text) is None for one in speaking_of_it)
    return possible and any(one.asked for one in sentences) and not promises_transfer(text)


def days_named(text: str, now: datetime) -> frozenset[date]:
    """The single days that are named, as seen from `now` (wall clock); a weekday is the coming one and that after."""
    cal = Calendar(now.date(), _FIRST_WEEKDAY)
    days: set[date] = set()
    for mention in find_dates(tokenise(split(text)), cal):
        days |= set(mention.days)
        if mention.weekday is not None:
            ahead = (mention.weekday - now.weekday()) % 7
            days |= {now.date() + timedelta(days=ahead), now.date() + timedelta(days=ahead + 7)}
    return frozenset(days)


# -- text into clauses ------------------------------------------------------------------------------------------------


def _read(text: str) -> list[_Sentence]:
    plain = _QUOTES.sub(" ", _ABBREVIATED.sub("", plain_text(text))).translate(_FOLD)
    return [_sentence(one) for one in _SENTENCE_END.split(_TITLE.sub(r"\1 ", plain)) if one.strip(" .!?؟,")]


def _sentence(text: str) -> _Sentence:
    """One sentence in the lexicon that most of its letters belong to, without courtesy that says nothing."""
    lexicon = max(_SCRIPTS, key=lambda script: len(script[0].findall(text)))[1]
    moods = lexicon.moods
    text = _SPACES.sub(" ", moods.empty.sub(" ", _SUBORDINATE.sub("", text))).strip()
    clauses = [clause.strip() for clause in _CLAUSE_END.split(text) if clause.strip(" .!?؟'")]
    asked = text.endswith(("?", "؟"))
    nods = asked and len(clauses) > 1 and moods.tag.fullmatch(clauses[-1]) is not None
    if nods:
        asked, clauses = False, clauses[:-1]
    last = len(clauses) - 1
    marked = tuple(
        (clause, moods.question.match(clause) is not None or (asked and at == last))
        for at, clause in enumerate(clauses)
    )
    return _Sentence(lexicon, marked, asked, nods)


# -- acts and their moods ---------------------------------------------------------------------------------------------


def _acts_of(sentence: _Sentence, acts: tuple[Act, ...]) -> Iterator[Claim]:
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


def _may_claim(act: Act, clause: str, sentence: _Sentence, *, planned: bool) -> bool:
    """Whether clause and sentence leave room for this act, wherever in the clause it stands."""
    moods = sentence.moods
    if act.strength is Strength.DID:
        return True
    if planned or act.strength is Strength.STATE:
        of_nobody = act.kind is ClaimKind.BOOKED and sentence.regrets
        return not planned and not of_nobody and moods.voided.search(clause) is None
    if sentence.asks_for_more or moods.condition.search(sentence.text):
        return False
    return act.strength is not Strength.TIMED or (
        moods.open_times.search(clause) is None and _tells_time(sentence.text)
    )


def _claims(act: Act, clause: str, sentence: _Sentence) -> bool:
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


def _settled(sentences: Sequence[_Sentence]) -> Iterator[Claim]:
    """What is told of the caller's own appointment or message, or of a time, while nothing is asked for any more.

    "Perfect, Monday at ten.", "Your table has been given up.", "The note is on her desk."
    """
    if any(one.asks_for_more or (one.moods.wants_more.search(one.text) and not one.invites) for one in sentences):
        return
    affirmed = False  # by a sentence before this one
    for sentence in sentences:
        lexicon, moods, text = sentence.lexicon, sentence.moods, sentence.told
        before, affirms = affirmed, moods.affirms.match(text) is not None
        affirmed = before or affirms
        if sentence.asked or sentence.nods or any(mood.search(text) for mood in _unsettling(moods)):
            continue
        if lexicon.passed_on.search(text):
            yield Claim(ClaimKind.MESSAGE, text)
        elif _tells_time(text) and (
            (affirms and _names_a_time_alone(text))
            or ((affirms or before) and _tells_day_and_hour(text))
            or moods.addressed.search(text)
            or lexicon.matter.search(text)
        ):
            yield Claim(ClaimKind.BOOKED, text)
        elif lexicon.matter.search(text):
            yield Claim(ClaimKind.DONE, text)


def _unsettling(moods: Moods) -> tuple[re.Pattern[str], ...]:
    """Moods that leave anything open, wherever they stand in the sentence."""
    told = (moods.reports, moods.open_times, moods.meanwhile, moods.details)
    return (moods.undone, moods.condition, *told)


def _tells_time(text: str) -> bool:
    """Whether a day or an hour is named."""
    days, hours, _ = _times_in(text)
    return bool(days or hours)


def _tells_day_and_hour(text: str) -> bool:
    """Whether both are named, as an appointment has them."""
    days, hours, _ = _times_in(text)
    return bool(days and hours)


def _names_a_time_alone(text: str) -> bool:
    """Whether hardly anything is said but a day or an hour: "Okay, noon with Dana"."""
    days, hours, others = _times_in(text)
    return bool(days or hours) and others <= _FEW_WORDS


@lru_cache(maxsize=256)
def _times_in(text: str) -> tuple[int, int, int]:
    """How many days are named, how many hours, and how many words are no part of either."""
    tokens = tokenise(split(text))
    days = find_dates(tokens, _ANY_DAY)
    hours = find_times(tokens, [(day.start, day.end) for day in days])
    of_days, of_hours = sum(day.end - day.start for day in days), sum(hour.end - hour.start for hour in hours)
    return len(days), len(hours), len(tokens) - of_days - of_hours
