"""What a language's file says about claims: families of words, put together to acts. Pure.

An act is a pattern inside one clause. Patterns meet text that `reading` has folded: lower case, no vowel points, one
apostrophe, and in Russian and Arabic one spelling for letters that writers mix.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

BEGIN, END = r"(?<![\w'])(?:[וو](?=\w))?", r"(?![\w'])"  # "and" is joined to the next word in Hebrew and Arabic
NOTHING_JOINED = re.compile(r"(?!)")


class ClaimKind(StrEnum):
    """What is said to be done. DONE: something, without saying what."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    MESSAGE = "message"
    TRANSFER = "transfer"
    DONE = "done"


class Strength(StrEnum):
    """How a clause says it, which decides what undoes it.

    DID: somebody did it; a condition elsewhere in the sentence leaves it done.
    STATE: it is so; a condition before it makes it a plan.
    PROMISE: it will be so; any condition or question in its sentence makes it an offer.
    TIMED: as PROMISE, and a claim only with a day or an hour in its clause.
    """

    DID = "did"
    STATE = "state"
    PROMISE = "promise"
    TIMED = "timed"


@dataclass(frozen=True, slots=True)
class Act:
    """`pattern` found in a clause is a claim of this kind."""

    kind: ClaimKind
    strength: Strength
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Moods:
    """What makes a clause that names an act no claim, in one language.

    `joined`: the first word of an act carries a conjunction that belongs to what stands before it.
    `empty`: courtesy that says nothing. `undone`: before an act it is denied, wished, offered or tried.
    `condition`: the rest of the sentence is a plan. `question`: a clause that begins so asks. `tag`: asks only for a
    nod. `reports`: the caller's own words or wish. `meanwhile`: a time is kept for minutes only, which the server does.
    `particulars`: what an agent may note by itself, a name or a number. `details`: a code, which the server sends.
    `open_times`: times are offered, or told of opening hours. `affirms`: takes what was said for settled.
    `addressed`: speaks to the caller. `invites`: asked when all is done. `wants_more`: a detail is still asked for.
    `reasons`: a clause that begins so says why or what for, not what was done. `voided`: anywhere in a clause, what
    it tells as so failed, or is a rule for everybody.
    """

    joined: re.Pattern[str]
    empty: re.Pattern[str]
    undone: re.Pattern[str]
    condition: re.Pattern[str]
    question: re.Pattern[str]
    tag: re.Pattern[str]
    reports: re.Pattern[str]
    meanwhile: re.Pattern[str]
    particulars: re.Pattern[str]
    details: re.Pattern[str]
    open_times: re.Pattern[str]
    affirms: re.Pattern[str]
    addressed: re.Pattern[str]
    invites: re.Pattern[str]
    wants_more: re.Pattern[str]
    reasons: re.Pattern[str]
    voided: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language: its acts, and the moods that undo them.

    `connecting`: those of the acts that a conversation keeps by itself, by putting the caller through; `puts_through`:
    the same in any mood. `innocent`: verbs that change nothing, where the verb of an act may be any. `matter`: the
    caller's own appointment. `passed_on`: the caller's own message.
    """

    acts: tuple[Act, ...]
    connecting: tuple[Act, ...]
    puts_through: re.Pattern[str]
    innocent: re.Pattern[str]
    matter: re.Pattern[str]
    passed_on: re.Pattern[str]
    moods: Moods


def whole(*alternatives: str) -> re.Pattern[str]:
    """Whole words only."""
    return re.compile(f"{BEGIN}(?:{'|'.join(alternatives)}){END}")


def some(*alternatives: str) -> str:
    """One of them, as a part of a pattern."""
    return f"(?:{'|'.join(alternatives)})"


def acts(kind: ClaimKind, strength: Strength, *patterns: str) -> tuple[Act, ...]:
    """Acts of one kind and strength."""
    return tuple(Act(kind, strength, whole(pattern)) for pattern in patterns)
