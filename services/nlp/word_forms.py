"""In which forms a word of a name may be said: prefixes, plurals, cases, short and full spelling (K4). Pure.

A word of a name has `forms`, a word that was said has `keys`; they mean the same when one of these is one of those.
Words are as `tokens.folded` leaves them.
"""

from __future__ import annotations

import re
from functools import lru_cache

_HEBREW_PREFIX = re.compile(r"(ו?(?:כש|לכש|מש|ש)?)(מה|לה|בה|[בלמכה])?")
_INNER_PREFIX = re.compile(r"(?:וה|[הולב])")
_HEBREW_ENDS = (("ה", "ת", "ות"), ("ת", "ות"), ("", "ים", "י", "ות"), ("י", "יים"))
_RUSSIAN_END = re.compile(
    r"(?:иями|ями|ами|ого|его|ому|ему|ыми|ими|ией|ой|ей|ий|ый|ая|яя|ую|юю|ое|ее|ые|ие|ом|ем|ым|им|ам|ям|ах|ях|ов|ев|"
    r"ия|ию|ии|а|я|у|ю|ы|и|е|о|ь|й)$"
)
_ARABIC_PREFIXES = ("وال", "بال", "فال", "كال", "عال", "ولل", "ال", "لل", "هال", "و", "ل", "ب", "ع", "ه", "ف")
_ARABIC_END = re.compile(r"(?:ات|ين|ه|ت|ي)$")
_STEM = 3  # letters a stem must have at least
_INNER_LETTERS = str.maketrans("ךםןףץ", "כמנפצ")
_FULL_SPELLING = re.compile("(?<=.)[וי]")
_SHORT = 4  # letters that are left of a Hebrew word without its ו and י


@lru_cache(maxsize=4096)
def forms(word: str) -> frozenset[str]:
    """Keys under which a word of a name is known."""
    script = script_of(word)
    if script == "hebrew":
        plain = _hebrew_forms(word)
        return plain | {_short(one) for one in plain if _short(one)}
    if script == "latin":
        return _english_forms(word)
    return frozenset((word, _stem(word, script)))


@lru_cache(maxsize=8192)
def keys(word: str, *, first: bool = True) -> frozenset[str]:
    """Keys of a word that was said; the first of several may have any prefix, the others an article."""
    script = script_of(word)
    if script == "hebrew":
        plain = _without_prefix(word) if first else frozenset((word, _INNER_PREFIX.sub("", word, count=1)))
        return plain | {_short(one) for one in plain if _short(one)}
    if script == "latin":
        return frozenset((word, word.removesuffix("'s")))
    bare = frozenset((word, *_without_arabic_prefix(word))) if script == "arabic" else frozenset((word,))
    return bare | {_stem(one, script) for one in bare}


def without_prefix(word: str) -> tuple[tuple[str, str], ...]:
    """(prefix, rest) in every way a Hebrew or Arabic word may have one, the whole word first."""
    script = script_of(word)
    if script == "hebrew":
        return (("", word), *_hebrew_splits(word))
    if script == "arabic":
        return (("", word), *((one, word[len(one) :]) for one in _ARABIC_PREFIXES if _carries(word, one)))
    return (("", word),)


def without_case(word: str) -> tuple[str, ...]:
    """A Russian name in every case it may stand in, as it is first."""
    if script_of(word) != "cyrillic":
        return (word,)
    bare = _RUSSIAN_END.sub("", word)
    return (word, bare, *(f"{bare}{end}" for end in "аяь")) if bare != word and len(bare) >= 2 else (word,)


def script_of(word: str) -> str:
    letter = next((letter for letter in word if letter.isalpha()), "")
    if "א" <= letter <= "ת":
        return "hebrew"
    if "ء" <= letter <= "ي":
        return "arabic"
    return "cyrillic" if "а" <= letter <= "я" else "latin"


def _hebrew_forms(word: str) -> frozenset[str]:
    """The word, its plural, its singular and the form before another noun."""
    found = {word}
    for ends in _HEBREW_ENDS:
        for end in ends:
            stem = (word[: len(word) - len(end)] if end else word).translate(_INNER_LETTERS)
            # A word without an ending takes one; of one that ends in ה or ת no bare stem is made.
            if word.endswith(end) and len(stem) >= _STEM - (not end) and _fits_ending(word, end):
                found |= {stem + other for other in ends if other}
                found |= {stem} if end and "" in ends else set()
    return frozenset(found)


def _fits_ending(word: str, end: str) -> bool:
    return bool(end) or not word.endswith(("ה", "ת", "ים"))


def _without_prefix(word: str) -> frozenset[str]:
    found = {word}
    for prefix, rest in _hebrew_splits(word):
        found.add(rest)
        if prefix[-1] in "בלכ":  # the article is swallowed
            found.add(f"ה{rest}")
    return frozenset(found)


def _hebrew_splits(word: str) -> list[tuple[str, str]]:
    lengths = range(1, min(4, len(word) - 1))
    return [(word[:size], word[size:]) for size in lengths if _HEBREW_PREFIX.fullmatch(word[:size])]


def _short(word: str) -> str:
    """A Hebrew word without the letters that are written or not, marked; "" when too little is left."""
    bare = _FULL_SPELLING.sub("", word)
    return f"~{bare}" if len(bare) >= _SHORT else ""


def _english_forms(word: str) -> frozenset[str]:
    single = word.removesuffix("s") if len(word) > _STEM and not word.endswith("ss") else word
    found = {word, single, f"{single}s", f"{single}es"}
    if single.endswith("ing") and len(single) > _STEM + 3:
        found.add(f"{single[:-3]}ed")
    if single.endswith("y"):
        found.add(f"{single[:-1]}ies")
    return frozenset(found)


def _stem(word: str, script: str) -> str:
    end = _RUSSIAN_END if script == "cyrillic" else _ARABIC_END
    bare = end.sub("", word)
    return f"~{bare}" if len(bare) >= _STEM else word


def _carries(word: str, prefix: str) -> bool:
    return word.startswith(prefix) and len(word) - len(prefix) >= 2


def _without_arabic_prefix(word: str) -> list[str]:
    return [word[len(one) :] for one in _ARABIC_PREFIXES if _carries(word, one)]
