"""How far two spellings of a name are from sounding alike, in whatever scripts they are written. Pure.

Recognisers write names by ear: one person is Levi, לוי, Леви and ليفي. Consonants must agree; vowels, which two of the
scripts mostly leave out, cost little. 0 is the same sound, a consonant that differs costs 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from services.language.text import one_spelling

# Letters by the sounds they may stand for: small letters are consonants but for the vowels a e i o u; S is "sh", C is
# "ch", T is "ts", J is "j" or "zh", x is the sound of ח. A capital V is a vowel that may be any.
_LETTERS = {
    "b": "b", "c": "ks", "d": "d", "f": "f", "g": "gJ", "h": "hx", "j": "Jyx", "k": "k", "l": "l", "m": "m", "n": "n",
    "p": "p", "q": "k", "r": "r", "s": "sz", "t": "t", "v": "v", "w": "vw", "z": "zsT", "a": "a", "e": "e", "i": "i",
    "o": "o", "u": "u", "y": "yi",
    "א": "V", "ב": "bv", "ג": "gJ", "ד": "d", "ה": "hVx", "ו": "vouw", "ז": "zJ", "ח": "xh", "ט": "t", "י": "yi",
    "כ": "kx", "ך": "kx", "ל": "l", "מ": "m", "ם": "m", "נ": "n", "ן": "n", "ס": "s", "ע": "V", "פ": "pf", "ף": "pf",
    "צ": "TCs", "ץ": "TCs", "ק": "k", "ר": "r", "ש": "Ss", "ת": "t",
    "а": "a", "б": "b", "в": "v", "г": "gh", "д": "d", "е": "e", "ж": "J", "з": "z", "и": "i", "й": "yi", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "oa", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "xh",
    "ц": "Ts", "ч": "C", "ш": "S", "щ": "S", "ы": "i", "э": "e", "ю": "u", "я": "a",
    "ا": "V", "ب": "bp", "ت": "t", "ث": "ts", "ج": "Jg", "ح": "hx", "خ": "x", "د": "d", "ذ": "dz", "ر": "r", "ز": "z",
    "س": "s", "ش": "SC", "ص": "sT", "ض": "d", "ط": "t", "ظ": "zd", "ع": "V", "غ": "gr", "ف": "fv", "ق": "kg", "ك": "kg",
    "ل": "l", "م": "m", "ن": "n", "ه": "hV", "و": "wouv", "ي": "yie", "ة": "V", "ى": "V", "ئ": "yV", "ؤ": "ouV",
}  # fmt: skip
_PAIRS = {
    "sh": "S", "ch": "xCk", "kh": "x", "ph": "f", "th": "t", "tz": "T", "ts": "T", "ck": "k", "zh": "J", "tch": "C",
    "sch": "S", "дж": "J", "تس": "T", "تش": "C", "ג'": "J", "צ'": "C", "ז'": "J", "ץ'": "C",
}  # fmt: skip
_VOWELS = frozenset("aeiouV")
_LONGEST = 16  # letters of a word that are compared
# What it costs to hear a sound that the other spelling does not have.
_SILENT = {"V": 0.05, "a": 0.05, "e": 0.05, "o": 0.1, "u": 0.15, "i": 0.15, "y": 0.2, "h": 0.15}
_NEAR_VOWEL, _THROATY, _LAST_VOWEL, _OTHER = 0.15, 0.5, 0.4, 1.0


def unlike(first: str, second: str) -> float:
    """The distance of two words; 1 and more: different names. Prefixes and endings are the caller's matter."""
    return _distance(_sounds(first), _sounds(second))


def consonants(word: str) -> int:
    """How many sounds of a word are certainly consonants: with fewer than two it sounds like too many others."""
    return sum(_VOWELS.isdisjoint(sound) for sound in _sounds(word))


@lru_cache(maxsize=4096)
def _sounds(word: str) -> tuple[frozenset[str], ...]:
    plain, found, at = one_spelling(word)[:_LONGEST], [], 0
    while at < len(plain):
        length = next((size for size in (3, 2) if plain[at : at + size] in _PAIRS), 1)
        letters = plain[at : at + length]
        sounds = frozenset(_PAIRS.get(letters) or _LETTERS.get(letters, ""))
        doubled = at > 0 and plain[at - 1] == letters and not "א" <= letters <= "ي"  # sounds as one
        if sounds and not doubled:
            found.append(sounds)
        at += length
    return tuple(found)


def _distance(first: Sequence[frozenset[str]], second: Sequence[frozenset[str]]) -> float:
    """Edit distance over sounds."""
    row = [0.0]
    for at in range(len(second)):
        row.append(row[-1] + _lost(second, at))
    for place, one in enumerate(first):
        lost = _lost(first, place)
        following = [row[0] + lost]
        for at, other in enumerate(second):
            following.append(min(row[at] + _differ(one, other), row[at + 1] + lost, following[at] + _lost(second, at)))
        row = following
    return row[-1]


def _lost(sounds: Sequence[frozenset[str]], at: int) -> float:
    """What it costs to leave one out; a last vowel is written everywhere."""
    sound = sounds[at]
    if "x" in sound and "V" not in sound:
        return _THROATY
    cost = min(_SILENT.get(one, _OTHER) for one in sound)
    return max(cost, _LAST_VOWEL) if at and at + 1 == len(sounds) else cost


def _differ(one: frozenset[str], other: frozenset[str]) -> float:
    if one & other:
        return 0.0
    vowels, others = one & _VOWELS, other & _VOWELS
    if vowels and others:
        return 0.0 if "V" in vowels | others else _NEAR_VOWEL
    return _OTHER
