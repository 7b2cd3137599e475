"""How much a sentence of the agent sounds like a claim, by all of its words together. Pure.

A second opinion beside the acts and moods of `reading`, which know a claim by one phrase and undo it by another: here
every word, ending and pair of words of a sentence weighs a little for or against. The weights are learned from the
material of `bench.claims` by `bench.train_claims`. What is weighed are `signs`: days and hours count as such whichever
they are, and the moods that the lexicon knows weigh in every language alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from services.claims.lexicon import Moods
from services.claims.sentences import Sentence, words_with_times
from services.claims.weights import BIAS, ONE, WEIGHTS

_MOODS = (
    "undone",
    "condition",
    "reports",
    "open_times",
    "addressed",
    "wants_more",
    "meanwhile",
    "particulars",
    "details",
    "invites",
    "voided",
)
_LONG, _STEP = 6, 3  # lengths are told apart in steps of three words, up to eighteen
_PIECES = (3, 4, 5)  # letters: what a word's stem and ending are is not known here
_WORD = re.compile(r"[\w']+")


@lru_cache(maxsize=1)
def _weights() -> dict[str, int]:
    pairs = (pair.rsplit("=", 1) for pair in WEIGHTS.split())
    return {sign: int(weight) for sign, weight in pairs}


def weigh(sentences: Sequence[Sentence], at: int) -> float:
    """The logarithm of the odds that the sentence there is a claim; a sign that was never learned weighs nothing."""
    known = _weights()
    weights = [known[sign] for sign in signs(sentences, at) if sign in known]
    return BIAS + sum(weights) / ONE / (len(weights) + 1) ** 0.5


def signs(sentences: Sequence[Sentence], at: int) -> frozenset[str]:
    """What is weighed of a sentence and of what stands around it."""
    sentence, after = sentences[at], sentences[at + 1 :]
    return frozenset(
        (
            *_of_mood(sentence),
            *_of_context(sentences[:at], after),
            *_of_clauses(sentence),
            *_of_words(words_with_times(sentence.text)),
        )
    )


def _of_mood(sentence: Sentence) -> Iterator[str]:
    moods: Moods = sentence.moods
    text = sentence.text
    yield from (f"S:{name}" for name in _MOODS if getattr(moods, name).search(text))
    told = {
        "asked": sentence.asked,
        "nods": sentence.nods,
        "asks": any(asks for _, asks in sentence.clauses),
        "affirms": moods.affirms.match(text) is not None,
        "matter": sentence.lexicon.matter.search(text) is not None,
        "passed_on": sentence.lexicon.passed_on.search(text) is not None,
    }
    yield from (f"S:{name}" for name, so in told.items() if so)


def _of_context(before: Sequence[Sentence], after: Sequence[Sentence]) -> Iterator[str]:
    if any(one.asks_for_more for one in after):
        yield "N:asks"
    if any(one.invites for one in after):
        yield "N:invites"
    if any(one.moods.wants_more.search(one.text) for one in after):
        yield "N:wants_more"
    if any(one.moods.affirms.match(one.text) for one in before):
        yield "P:affirms"


def _of_clauses(sentence: Sentence) -> Iterator[str]:
    """How each clause begins, where its verb or its question often stands."""
    for clause, _ in sentence.clauses:
        words = _WORD.findall(clause)
        yield from (f"^{'_'.join(words[:many])}" for many in (1, 2) if len(words) >= many)


def _of_words(words: Sequence[str]) -> Iterator[str]:
    yield f"L:{min(_LONG, len(words) // _STEP)}"
    if words:
        yield f"${words[-1]}"
    for at, word in enumerate(words):
        yield f"w:{word}"
        yield from (f"{name}:{words[at - back]}_{word}" for name, back in (("b", 1), ("k", 2)) if at >= back)
        if not word.startswith("<"):
            whole = f"<{word}>"
            yield from (
                f"c:{whole[start : start + size]}" for size in _PIECES for start in range(len(whole) - size + 1)
            )
