"""An agent's words as sentences and clauses, in the lexicon of the language that each of them is in. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from services.claims import arabic, english, hebrew, russian
from services.claims.lexicon import Lexicon, Moods
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
FIRST_WEEKDAY = 6
_ANY_DAY = Calendar(date(2027, 1, 3), FIRST_WEEKDAY)  # only whether a time is named counts, not which

_REGRET = re.compile(  # after it, a time that is booked is booked by others
    r"(?:i'm |i am |we're |very )*(?:sorry|unfortunately|afraid)|לצערי|מצטערת?|סליחה|к сожалению|извините|простите|"
    r"жаль|"
    r"للاسف|اسفه?|عذرا"
)


@dataclass(frozen=True, slots=True)
class Sentence:
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


def read(text: str) -> list[Sentence]:
    """Every sentence, in order."""
    plain = _QUOTES.sub(" ", _ABBREVIATED.sub("", plain_text(text))).translate(_FOLD)
    return [_sentence(one) for one in _SENTENCE_END.split(_TITLE.sub(r"\1 ", plain)) if one.strip(" .!?؟,")]


def _sentence(text: str) -> Sentence:
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
    return Sentence(lexicon, marked, asked, nods)


def tells_time(text: str) -> bool:
    """Whether a day or an hour is named."""
    days, hours, _ = _times_in(text)
    return bool(days or hours)


def tells_day_and_hour(text: str) -> bool:
    """Whether both are named, as an appointment has them."""
    days, hours, _ = _times_in(text)
    return bool(days and hours)


def names_a_time_alone(text: str) -> bool:
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


@lru_cache(maxsize=256)
def words_with_times(text: str) -> tuple[str, ...]:
    """The words, every day as one "<day>", every hour as one "<hour>" and every number as "0"."""
    tokens = tokenise(split(text))
    days = find_dates(tokens, _ANY_DAY)
    hours = find_times(tokens, [(day.start, day.end) for day in days])
    spans = [(one.start, one.end) for one in days] + [(one.start, one.end) for one in hours]
    marks = {at: "" for start, end in spans for at in range(start, end)}
    marks |= {day.start: "<day>" for day in days} | {hour.start: "<hour>" for hour in hours}
    words = (
        marks.get(at, "0" if token.raw.isdigit() else "_".join(token.raw.split())) for at, token in enumerate(tokens)
    )
    return tuple(word for word in words if word)
