"""Who the caller hears: a language, and the gender in which the assistant speaks of itself (L11, L12). Pure.

A text that differs by gender holds both forms: "אני <שומעת|שומע> אותך". The first is the feminine one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# The languages in which the product has its own words.
LANGUAGES = ("he", "en", "ar", "ru")
GENDERS = ("female", "male")

_FORMS = re.compile(r"<([^<>|]*)\|([^<>|]*)>")


@dataclass(frozen=True, slots=True)
class Persona:
    """`language`: one of LANGUAGES; `gender`: one of GENDERS."""

    language: str = "he"
    gender: str = "female"


def in_gender(text: str, gender: str) -> str:
    """`text` with the forms of one gender."""
    return _FORMS.sub(r"\1" if gender == "female" else r"\2", text)


def languages_of(own: str, ticked: Iterable[str]) -> tuple[str, ...]:
    """What a business answers in: its own language first, then the others it ticked."""
    wanted = set(ticked)
    return (own, *(each for each in LANGUAGES if each in wanted and each != own))
