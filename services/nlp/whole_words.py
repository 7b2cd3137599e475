"""Patterns of whole words over `tokens.folded` text, as the tables of `lexicons` write them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.language.text import hebrew_forms

BEGINS, ENDS = r"(?<![\w'])", r"(?![\w'])"


def any_of(entries: Sequence[str]) -> re.Pattern[str]:
    """One pattern of several tables' entries."""
    return one_of(*map(whole, entries))


def one_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def whole(text: str) -> str:
    """One alternative of whole words; "~" stands for any Hebrew prefix letters."""
    return f"{BEGINS}(?:{hebrew_forms(text).replace('~', '[ושהכלבמ]{0,3}')}){ENDS}"
