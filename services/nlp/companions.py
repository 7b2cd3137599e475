"""The name of somebody who comes with the caller: "and my husband Alon Sagi", "his name is Noam" (K4). Pure."""

from __future__ import annotations

import re

from services.nlp.lexicons import wishes
from services.nlp.names import find_name
from services.nlp.tokens import normalise, split_plain
from services.nlp.whole_words import BEGINS, any_of

_RELATIVE = any_of(wishes.RELATIVE)
_NAMED = re.compile(
    rf"{BEGINS}(?:לו קוראים|לה קוראים|קוראים (?:לו|לה)|שמו|שמה|(?:his|her) name is|(?:его|ее|её) зовут|اسمه|اسمها)"
    r"(?!\w)"
)
_THE_CALLER = re.compile(r"[,.;!?]|(?<!\w)(?:ואני|אני|and i|and me|i'm|а я|и я|я|وانا|انا)(?!\w)", re.I)
_FILL = re.compile(r"^\s*(?:שלי|שלנו|קוראים לו|קוראים לה|is|is called|зовут|اسم\w*)(?!\w)", re.I)
_NAME_WORDS = 3


def name_of_companion(text: str) -> str:
    """The name, "" when none is said."""
    lowered = text.lower()
    for found in (*_NAMED.finditer(lowered), *_RELATIVE.finditer(lowered)):
        rest = _THE_CALLER.split(_FILL.sub("", text[found.end() :]), maxsplit=1)[0]
        words = split_plain(normalise(rest))
        name = find_name(words, asked=True).value if 1 <= len(words) <= _NAME_WORDS else ""
        if name:
            return name
    return ""
