"""Text that came from a caller, made safe to stand inside a prompt: bounded, on one line, quoted, never an order.

Names and notes are data. A real [SERVER] message has square brackets and ✅ or ❌; nothing that passes through here
can carry either, in any look-alike form (SPEC A4).
"""

from __future__ import annotations

import re
import unicodedata

_KEPT_MARKS = frozenset(" .,'-:/()!?+@%״׳")
_SPACES = re.compile(r"\s+")
_SERVER = re.compile(r"s\W*e\W*r\W*v\W*e\W*r", re.IGNORECASE)


def plain(text: str, limit: int = 80) -> str:
    """One line of letters, digits and simple punctuation, at most `limit` characters, without the word SERVER."""
    folded = unicodedata.normalize("NFKC", text)
    kept = "".join(_kept(character) for character in folded)
    one_line = _SPACES.sub(" ", _SERVER.sub("", kept)).strip()
    return one_line if len(one_line) <= limit else one_line[: limit - 1].rstrip() + "…"


def quoted(text: str, limit: int = 80) -> str:
    """`plain` between double quotes, which cannot occur inside it."""
    return f'"{plain(text, limit)}"'


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] in "LN" or category == "Mn" or character in _KEPT_MARKS:
        return character
    if category == "Cf":  # joiners and direction marks would let a word be spelt invisibly
        return ""
    return " "
