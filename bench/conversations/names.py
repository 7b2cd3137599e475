"""Whether two names are the same person's, whoever wrote them down. Pure.

Compared word by word in any order, without case, vowel points, punctuation, titles, and spellings that do not matter
(ё/е, أ/ا, ة/ه). Names in the same script must then be equal. Names in two scripts (a Hebrew row for a Latin name) are
compared by their consonants; h, b, v and the glides count for nothing, since they are written too differently.
"""

from __future__ import annotations

import re
import unicodedata

_TITLES = frozenset({
    "mr", "mrs", "ms", "miss", "dr", "doctor", "מר", "גב", "גברת", "דר", "דוקטור", "פרופ", "господин", "госпожа",
    "доктор", "السيد", "السيدة", "الدكتور", "الدكتورة", "دكتور", "دكتورة",
})  # fmt: skip
_SAME_LETTER = str.maketrans("ёأإآةى", "еاااهي")
_MARKS = re.compile(r"[\"'’׳״`´.]")
_WORD = re.compile(r"[^\W\d_]+")
_DIGRAPHS = (("tch", "h"), ("sh", "s"), ("ch", "h"), ("kh", "h"), ("ph", "p"), ("tz", "ts"), ("ck", "k"))
# Each letter with its sound behind it; a letter that is missing has none.
_SOUNDS = (
    "ck dd fp gg jg kk ll mm nn pp qk rr ss tt xks zz "
    "גg דd זz טt כk ךk לl מm םm נn ןn סs פp ףp צts ץts קk רr שs תt "
    "гg дd жg зz кk лl мm нn пp рr сs тt фp цts чts шs щs "
    "تt ثt جg دd ذd رr زz سs شs صs ضd طt ظz غg فp قk كk لl مm نn "
)
_CONSONANTS = {pair[0]: pair[1:] for pair in re.findall(r"\S+", _SOUNDS)}


def same_name(expected: str, found: str) -> bool:
    wanted, given = _words(expected), _words(found)
    if not wanted or not given:
        return False
    if _script(wanted) == _script(given):
        return sorted(wanted) == sorted(given)
    skeletons = sorted(map(_skeleton, wanted))
    return all(skeletons) and skeletons == sorted(map(_skeleton, given))


def _words(name: str) -> list[str]:
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if unicodedata.category(c) not in ("Mn", "Cf"))
    plain = _MARKS.sub("", unicodedata.normalize("NFC", bare).casefold().translate(_SAME_LETTER))
    return [word for word in _WORD.findall(plain) if word not in _TITLES]


def _script(words: list[str]) -> str:
    return unicodedata.name(words[0][0], "").partition(" ")[0]


def _skeleton(word: str) -> str:
    for written, sound in _DIGRAPHS:
        word = word.replace(written, sound)
    letters = "".join(_CONSONANTS.get(letter, "") for letter in word)
    return re.sub(r"(.)\1", r"\1", letters)
