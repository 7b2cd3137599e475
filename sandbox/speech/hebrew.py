"""Unpointed Hebrew as phonemes for espeak-ng: a table of common words, prefixes, numbers, and a guess for the
rest. Pure.

The guess puts vowels where a Hebrew word is likely to have some; it is understandable more often than espeak-
ng's own reading, which has none. Names and rare words still come out wrong.
"""

from __future__ import annotations

import re

from sandbox.speech.hebrew_words import WORDS

_NIQQUD = re.compile(r"[\u0591-\u05c7]")
_TOKEN = re.compile(r"[א-ת]+(?:[\"״'׳][א-ת]+)*|[0-9][0-9,]*|[A-Za-z]+|[.,!?;:–-]")
_PREFIXES = {"ו": "ve", "ה": "ha", "ב": "be", "ל": "le", "מ": "mi", "ש": "Se", "כ": "ke"}
_LETTERS = {
    "ב": "v", "ג": "g", "ד": "d", "ה": "h", "ז": "z", "ח": "X", "ט": "t", "כ": "X", "ך": "X",
    "ל": "l", "מ": "m", "ם": "m", "נ": "n", "ן": "n", "ס": "s", "פ": "f", "ף": "f", "צ": "ts", "ץ": "ts",
    "ק": "k", "ר": "R", "ש": "S", "ת": "t",
}  # fmt: skip
_AT_START = {"ב": "b", "כ": "k", "פ": "p", "ו": "v", "י": "j"}
_VOWELS = frozenset("aeiou")
_UNITS = ("אפס", "אחת", "שתיים", "שלוש", "ארבע", "חמש", "שש", "שבע", "שמונה", "תשע")
_TEENS = ("עשר", "אחת עשרה", "שתים עשרה", *(f"{unit} עשרה" for unit in _UNITS[3:]))
_TENS = ("", "", "עשרים", "שלושים", "ארבעים", "חמישים", "שישים", "שבעים", "שמונים", "תשעים")


def phonemes(text: str) -> str:
    """The text for espeak-ng: Hebrew words and numbers as phonemes in [[ ]], other scripts and punctuation as
    they are.
    """
    spoken = []
    for token in _TOKEN.findall(_NIQQUD.sub("", text)):
        if token[0].isdigit():
            words = _digits_words(token.replace(",", "")).split()
            spoken.append(f"[[{' '.join(word_sound(word) for word in words)}]]")
        elif "א" <= token[0] <= "ת":
            spoken.append(f"[[{word_sound(re.sub(r'[^א-ת]', '', token))}]]")
        elif token.isalpha():
            spoken.append(token)
        elif spoken:
            spoken[-1] += "," if token in "–-:;" else token
    return " ".join(spoken)


def word_sound(word: str) -> str:
    """One word's phonemes: from the table, with up to two prefixes taken off, or guessed."""
    for taken in range(3):
        prefix, rest = word[:taken], word[taken:]
        if rest in WORDS and all(letter in _PREFIXES for letter in prefix):
            return "".join(_PREFIXES[letter] for letter in prefix) + WORDS[rest]
    return _guessed(word)


def number_words(number: int) -> str:
    """A number below a million in words, feminine as in counting."""
    if number >= 1000:
        thousands, rest = divmod(number, 1000)
        head = {1: "אלף", 2: "אלפיים"}.get(thousands, f"{number_words(thousands)} אלפים")
        return f"{head} {number_words(rest)}" if rest else head
    if number >= 100:
        hundreds, rest = divmod(number, 100)
        head = {1: "מאה", 2: "מאתיים"}.get(hundreds, f"{_UNITS[hundreds]} מאות")
        return f"{head} {number_words(rest)}" if rest else head
    if number >= 20:
        tens, units = divmod(number, 10)
        return f"{_TENS[tens]} ו{_UNITS[units]}" if units else _TENS[tens]
    return _TEENS[number - 10] if number >= 10 else _UNITS[number]


def _digits_words(digits: str) -> str:
    """A number in words; a long one, or one that begins with zero, digit by digit."""
    if len(digits) > 6 or (digits[0] == "0" and len(digits) > 1):
        return " ".join(_UNITS[int(digit)] for digit in digits)
    return number_words(int(digits))


def _guessed(word: str) -> str:
    """Letters as sounds, vowels put between consonants that would clash, the stress on the last vowel."""
    sounds: list[str] = []
    for at, letter in enumerate(word):
        sounds += _letter_sounds(word, at, letter)
    voiced = _with_vowels(sounds)
    vowels = [at for at, sound in enumerate(voiced) if sound in _VOWELS]
    if vowels:
        voiced.insert(vowels[-1], "'")
    return "".join(voiced)


def _letter_sounds(word: str, at: int, letter: str) -> list[str]:
    is_first, is_last = at == 0, at == len(word) - 1
    if letter in "אע":
        return ["a"]
    if letter == "ה" and is_last and not is_first:
        return ["a"]
    if is_first and letter in _AT_START:
        return [_AT_START[letter]]
    if letter == "ו":
        return ["o"]
    if letter == "י":
        return ["i"]
    return [_LETTERS[letter]]


def _with_vowels(sounds: list[str]) -> list[str]:
    """No syllable begins with two consonants or ends with two."""
    voiced: list[str] = []
    for at, sound in enumerate(sounds):
        is_last = at == len(sounds) - 1
        if sound in _VOWELS:
            if not (voiced and voiced[-1] == sound):
                voiced.append(sound)
            continue
        clashes = bool(voiced) and voiced[-1] not in _VOWELS
        opens_word = clashes and len(voiced) == 1
        closes_word = clashes and is_last
        third = clashes and len(voiced) > 1 and voiced[-2] not in _VOWELS
        if opens_word or third:
            voiced.append("a")
        elif closes_word:
            voiced.append("e")
        voiced.append(sound)
    return voiced
