"""Whether a name that was said can be the name on file, in whatever script either was written (S5). Pure.

Recognisers write names by ear, so names of different scripts are compared by the consonants they are heard with, and
names of one script may differ by a letter. What is said must not contradict: every word of it fits a word on file, and
a single word has to fit the given name, which stands first. A given name alone is enough.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from services.language.text import plain_text

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_TITLES = frozenset(
    (
        *("dr", "doctor", "mr", "mrs", "ms", "miss", "prof", "sir", "madam", "גברת", "מר", "דר", "פרופ", "אדון"),
        *("доктор", "господин", "госпожа", "دكتور", "دكتورة", "السيد", "السيدة"),
    )
)
# Letters by the consonant they are heard as; those left out (most vowels, h, y) say nothing. The last three are heard
# by some and not by others: Hebrew ו may be a vowel, ח an "h", and J a "y".
_HEARD = {
    "b": "bבбب",
    "d": "dדдدذض",
    "g": "gגгжجغ",
    "k": "kcqכךקкхكقخ",
    "l": "lלлل",
    "m": "mםמмم",
    "n": "nןנнن",
    "p": "pfפףпфف",
    "r": "rרрر",
    "s": "szשסזצץсзшщцчسصزشظ",
    "t": "tטתтتطثة",
    "v": "vwוвو",
    "h": "ח",
    "j": "j",
}
_SOUND = {letter: sound for sound, letters in _HEARD.items() for letter in letters}
_UNSURE = {"v": "b", "h": "k", "j": "g"}
_PAIRS = (
    ("sh", "s"),
    ("ch", "k"),
    ("kh", "k"),
    ("ph", "f"),
    ("th", "t"),
    ("tz", "s"),
    ("ts", "s"),
    ("ck", "k"),
    ("x", "ks"),
)
_SIMILAR = 0.8
_LETTERS = 12  # of a word are compared by ear; each unsure one doubles the ways


def name_fits(said: str, known: str) -> bool:
    """Whether `said` may be the person on file as `known`; False when either is empty."""
    spoken, filed = _words(said), _words(known)
    if not spoken or not filed:
        return False
    if len(spoken) == 1 or len(filed) == 1:
        return _alike(spoken[0], filed[0])
    left = list(filed)
    for word in spoken:
        found = next((each for each in left if _alike(word, each)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def names_person(text: str, known: str) -> bool:
    """Whether a text holds the full name on file, word beside word; a first name alone is not enough here."""
    filed, spoken = len(_words(known)), _words(text)
    return filed > 1 and any(
        name_fits(" ".join(spoken[at : at + filed]), known) for at in range(len(spoken) - filed + 1)
    )


def _words(name: str) -> list[str]:
    words = _WORD.findall(plain_text(name).replace("׳", "'").replace('"', "").replace("״", "").replace("ё", "е"))
    return [word for word in words if word not in _TITLES]


def _alike(first: str, second: str) -> bool:
    if first == second:
        return True
    if _script(first) == _script(second):
        close = SequenceMatcher(None, first, second).ratio() >= _SIMILAR
        return close and bool(_heard(first) & _heard(second))
    return bool((_heard(first) & _heard(second)) - {""})


def _heard(word: str) -> set[str]:
    """The consonants of a word, in every way it may be heard."""
    for pair, sound in _PAIRS:
        word = word.replace(pair, sound)
    heard = {""}
    for letter in word[:_LETTERS]:
        sound = _SOUND.get(letter, "")
        ways = (_UNSURE[sound], "") if sound in _UNSURE else (sound,)
        heard = {before if before.endswith(way) else before + way for before in heard for way in ways}
    return heard


def _script(word: str) -> str:
    letter = word[0]
    return (
        "latin"
        if letter.isascii()
        else "hebrew"
        if "א" <= letter <= "ת"
        else "cyrillic"
        if "а" <= letter <= "я"
        else "arabic"
    )
