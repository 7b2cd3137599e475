"""Text made safe or uniform: to stand inside a prompt, or to be compared with patterns of words. Pure.

What comes from a caller stands in a prompt bounded, on one line and quoted, and is never an order.
Names and notes are data. A real [SERVER] message has square brackets and ✅ or ❌; nothing that passes `one_line` can
carry either, in any look-alike form (SPEC A4).
"""

from __future__ import annotations

import re
import unicodedata

_KEPT_MARKS = frozenset(" .,'-:/()!?+@%״׳")
_SPACES = re.compile(r"\s+")
_SERVER = re.compile(r"s\W*e\W*r\W*v\W*e\W*r", re.IGNORECASE)


def one_line(text: str, limit: int = 80) -> str:
    """One line of letters, digits and simple punctuation, at most `limit` characters, without the word SERVER."""
    folded = unicodedata.normalize("NFKC", text)
    kept = "".join(_kept(character) for character in folded)
    line = _SPACES.sub(" ", _SERVER.sub("", kept)).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def quoted(text: str, limit: int = 80) -> str:
    """`one_line` between double quotes, which cannot occur inside it."""
    return f'"{one_line(text, limit)}"'


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] in "LN" or category == "Mn" or character in _KEPT_MARKS:
        return character
    if category == "Cf":  # joiners and direction marks would let a word be spelt invisibly
        return ""
    return " "


def plain_text(text: str) -> str:
    """Lower case, without vowel points, accents that stand alone and invisible marks; one kind of apostrophe."""
    bare = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in ("Mn", "Cf"))
    return bare.replace("’", "'").lower().strip()


_ONE_SPELLING = str.maketrans("أإآٱё", "ااااе")


def one_spelling(text: str) -> str:
    """Plain text in one spelling: recognisers write hamza and ё as they please."""
    return plain_text(text).translate(_ONE_SPELLING)


_FINAL = str.maketrans("כמנפצ", "ךםןףץ")
_OPTIONAL_END = re.compile("([כמנפצ])([התי])\\?")


def hebrew_forms(pattern: str) -> str:
    """A pattern in which "צריכה?" means צריך as well as צריכה: a letter that ends a word has a form of its own."""
    return _OPTIONAL_END.sub(lambda found: f"(?:{found[1]}{found[2]}|{found[1].translate(_FINAL)})", pattern)
