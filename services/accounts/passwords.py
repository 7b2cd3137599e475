"""Which passwords are taken: long enough, not too long, neither a common one nor made of one's own words. Pure.

How easily a password is guessed is estimated by zxcvbn: lists of common passwords, words and names, keyboard runs,
repeats, dates. Its search through all readings of "p@ssw0rd" is left out: text made for it keeps it busy for seconds,
and holds every call of the worker meanwhile. One reading of each sign is enough here, and the whole takes milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from zxcvbn import matching, scoring

SHORTEST = 10
LONGEST = 256
# Guesses that have to be expected: what zxcvbn calls "safely unguessable".
_FEWEST_GUESSES = 10**8
# The estimate's time grows with the square of the length; whatever follows only makes a password harder.
_LOOKED_AT = 20
_READ_AS = str.maketrans("4@8({[<3691!|70$5+%2", "aabcccceggiiitosstxz")
_SHORTEST_OWN_WORD = 4
# Characters that must be left without one's own words.
_FEWEST_OF_ITS_OWN = 6


class Weakness(StrEnum):
    SHORT = "short"
    LONG = "long"
    COMMON = "common"
    OWN_WORDS = "own_words"


def weakness_of(password: str, own_words: Iterable[str]) -> Weakness | None:
    """Why a password is refused. own_words: the person's address and name, names of businesses."""
    if len(password) > LONGEST:
        return Weakness.LONG
    if len(password) < SHORTEST:
        return Weakness.SHORT
    if _of_own_words(password.casefold(), own_words):
        return Weakness.OWN_WORDS
    return Weakness.COMMON if _guesses(password[:_LOOKED_AT]) < _FEWEST_GUESSES else None


def _of_own_words(password: str, own_words: Iterable[str]) -> bool:
    """Whether little is left when the words are taken out, each as a whole and in its parts."""
    parts = {part for word in own_words for part in (word.casefold(), *re.split(r"[\W_]+", word.casefold()))}
    left = password
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _SHORTEST_OWN_WORD:
            left = left.replace(part, " ")
    return left != password and len(re.sub(r"[\W_]+", "", left)) < _FEWEST_OF_ITS_OWN


def _guesses(password: str) -> int:
    """The fewer of two estimates: of the text as it is, and with its signs and digits read as letters."""
    lists = matching.RANKED_DICTIONARIES
    as_it_is: list[Any] = [
        *matching.dictionary_match(password, lists),
        *matching.reverse_dictionary_match(password, lists),
        *matching.spatial_match(password),
        *matching.sequence_match(password),
        *matching.regex_match(password),
        *matching.date_match(password),
    ]
    read = password.translate(_READ_AS)
    found = [(password, as_it_is), (read, matching.omnimatch(read))]
    return min(int(scoring.most_guessable_match_sequence(text, each)["guesses"]) for text, each in found)
