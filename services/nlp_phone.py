"""Phone numbers in what a caller says: digit by digit, in pairs, with "double" and "plus" (A1). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services import nlp_lexicon_en, nlp_lexicon_he
from services.nlp_tokens import Found, Token
from services.phone_numbers import valid_number

_MIN_PHONE_DIGITS = 7
_TIMES = {"double": 2, "triple": 3, "כפול": 2}
_NUMBERS = {**nlp_lexicon_he.NUMBER_WORDS, **nlp_lexicon_en.NUMBER_WORDS, "oh": 0, "o": 0}
_JOINERS = frozenset(("פלוס", "plus", "מקף", "dash", "ואז", "and", "then", "יעני", "אה", "um", "uh"))
_DIGIT = re.compile(r"\d")


def find_phone(words: Sequence[Token], region: str = "IL") -> tuple[Found, Found]:
    """(a valid number in E.164, digits that were said but make no number), each with the words it was read from."""
    partial = Found("")
    for run in _runs(words):
        digits, plus = _digits_of([words[index] for index in run])
        if len(digits) < _MIN_PHONE_DIGITS:
            continue
        number = valid_number(("+" if plus else "") + digits, region)
        if number:
            return Found(number, frozenset(run)), Found("")
        partial = Found(digits, frozenset(run))
    return Found(""), partial


def _runs(words: Sequence[Token]) -> list[list[int]]:
    """Stretches of number words, commas between them allowed."""
    runs: list[list[int]] = []
    current: list[int] = []
    for index, word in enumerate(words):
        if _says_digits(word) or word.raw in _JOINERS or word.raw in _TIMES:
            current.append(index)
        elif not (current and word.has("comma")):
            runs.append(current)
            current = []
    return [run for run in [*runs, current] if run]


def _says_digits(word: Token) -> bool:
    return word.has("num", "long", "dmy") or word.raw in _NUMBERS


def _digits_of(words: Sequence[Token]) -> tuple[str, bool]:
    """Digits as a keypad would get them: "חמישים ושלוש" is 53, "double five" 55, "מאה עשרים" 120."""
    digits, repeat, open_value = "", 1, 0
    plus = any(word.raw in ("פלוס", "plus") for word in words)
    for word in words:
        if word.raw in _TIMES:
            repeat = _TIMES[word.raw]
            continue
        if word.has("long", "dmy") or word.has("digits"):
            digits, open_value = digits + "".join(_DIGIT.findall(word.raw)) * repeat, 0
        elif word.raw in _NUMBERS or word.has("num"):
            value = int(word.get("num") if word.has("num") else _NUMBERS[word.raw])
            digits, open_value = _appended(
                digits, open_value, value, repeat, joined=word.prefix == "ו" or word.raw.isascii()
            )
        repeat = 1
    return digits, plus


def _appended(digits: str, open_value: int, value: int, repeat: int, *, joined: bool) -> tuple[str, int]:
    """Adds a number word; a unit after "fifty" fills its zero. Returns (digits, what may still be filled)."""
    if open_value and value and value < open_value and joined:
        width = len(str(open_value))
        return digits[:-width] + str(open_value + value), 10 if open_value == 100 and value >= 20 else 0
    return digits + str(value) * repeat, value if value >= 20 and value % 10 == 0 else 0
