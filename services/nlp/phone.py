"""Phone numbers in what a caller says: digit by digit, in pairs, with "double" and "plus" (A1). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from services.language.phone_numbers import valid_number
from services.nlp.lexicons import english, hebrew
from services.nlp.tokens import Found, Token, split

_MIN_PHONE_DIGITS = 7
_TIMES = {"double": 2, "triple": 3, "כפול": 2}
_NUMBERS = {**hebrew.NUMBER_WORDS, **english.NUMBER_WORDS, "oh": 0, "o": 0}
_HUNDREDS = frozenset(("מאות", "hundred"))
_JOINERS = frozenset(("פלוס", "plus", "מקף", "dash", "ואז", "and", "then", "יעני", "אה", "um", "uh"))
_DIGIT = re.compile(r"\d")


def find_phone(words: Sequence[Token], region: str = "IL") -> tuple[Found, Found]:
    """(a valid number in E.164, digits that were said but make no number), each with the words it was read from."""
    runs = _runs(words)
    if (corrected := _corrected(words, runs, region)).value:
        return corrected, Found("")
    partial = Found("")
    for run in runs:
        digits, plus = _digits_of([words[index] for index in run])
        if len(digits) < _MIN_PHONE_DIGITS:
            continue
        number = valid_number(("+" if plus else "") + digits, region)
        if not number and any(word.has("no", "correction") for word in words[: run[0]]):
            number = _said_again(digits, region)
        if number:
            return Found(number, frozenset(run)), Found("")
        partial = Found(digits, frozenset(run))
    return Found(""), partial


def _corrected(words: Sequence[Token], runs: Sequence[list[int]], region: str) -> Found:
    """ "… seven seven two, no, sorry, seven seven three one one nine eight": the last digits said again replace those
    from the place where they begin alike; a whole number said again replaces all."""
    said = [(run, _digits_of([words[index] for index in run])[0]) for run in runs]
    said = [(run, digits) for run, digits in said if digits]
    for (first_run, first), (last_run, last) in pairwise(said):
        between = words[first_run[-1] + 1 : last_run[0]]
        if not any(word.has("neg", "no", "correction") for word in between) or valid_number(first, region):
            continue
        starts = [last[at:] for at in range(len(last)) if last[at] == "0"]
        joined = [first[:at] + last for at in range(1, len(first) + 1) if first[at : at + 1] in ("", last[0])]
        numbers = {number for digits in (*starts, *joined) if (number := valid_number(digits, region))}
        if len(numbers) == 1:
            return Found(numbers.pop(), frozenset((*first_run, *last_run)))
    return Found("")


def _said_again(digits: str, region: str) -> str:
    """ "No, not that: sixty-seven at the end, zero five four …": the whole number that ends the digits, "" if none."""
    found = {valid_number(digits[at:], region) for at in range(1, len(digits)) if digits[at] == "0"} - {""}
    return found.pop() if len(found) == 1 else ""


def digits_said(text: str) -> str:
    """Every digit of an utterance, as a keypad would get them, "" when there are none."""
    words = split(text)
    return _digits_of([word for word in words if _says_digits(word) or word.raw in _TIMES])[0]


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
    return word.has("num", "long", "dmy") or word.raw in _NUMBERS or word.raw in _HUNDREDS


def _digits_of(words: Sequence[Token]) -> tuple[str, bool]:
    """Digits as a keypad would get them: "חמישים ושלוש" is 53, "double five" 55, "מאה עשרים" 120."""
    digits, repeat, open_value = "", 1, 0
    plus = any(word.raw in ("פלוס", "plus") for word in words)
    for word in words:
        if word.raw in _TIMES:
            repeat = _TIMES[word.raw]
            continue
        if word.raw in _HUNDREDS and digits and 1 <= int(digits[-1]) <= 9:  # "שלוש מאות": what follows fills it
            digits, open_value = digits + "00", int(digits[-1]) * 100
            continue
        if word.has("long", "dmy") or word.has("digits"):
            digits, open_value = digits + "".join(_DIGIT.findall(word.raw)) * repeat, 0
        elif word.raw in _NUMBERS or word.has("num"):
            value = int(word.get("num") if word.has("num") else _NUMBERS[word.raw])
            digits, open_value = _appended(
                digits, open_value, value, repeat, joined=word.prefix == "ו" or not "א" <= word.raw[0] <= "ת"
            )
        repeat = 1
    return digits, plus


def _appended(digits: str, open_value: int, value: int, repeat: int, *, joined: bool) -> tuple[str, int]:
    """Adds a number word; a unit after "fifty" fills its zero. Returns (digits, what may still be filled)."""
    if open_value and value and value < open_value and (joined or (open_value >= 100 and value >= 10)):
        width = len(str(open_value))
        return digits[:-width] + str(open_value + value), value if value >= 20 and value % 10 == 0 else 0
    return digits + str(value) * repeat, value if value >= 20 and value % 10 == 0 else 0
