"""Hums that agree: sounds and no words, which answer a question with something like a yes (L1). Pure."""

from __future__ import annotations

import re
import unicodedata

_AGREEING = re.compile(
    r"א+הה+|א+ה+א+|א+ה+[מם]+|m+ ?h+ ?m+|m+ h+m+|u+h+ ?h+u+h+|a+ ?h+a+|а+г+а+|у+г+у+|м+г+м+|ا+ه+(?: ا+ه+)*"
)
_LETTERS = re.compile(r"[^\W_]+")
# Recognisers' stage directions: "[cough]", "(laughs)", "*sigh*".
_SOUND_TAG = re.compile(r"[\[(*<][^\])*>\d]{0,40}[\])*>]")


def words_of(text: str) -> list[str]:
    """Lower-case words without vowel points, punctuation, or what stands in brackets."""
    decomposed = unicodedata.normalize("NFKD", _SOUND_TAG.sub(" ", text))
    plain = unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))
    return _LETTERS.findall(plain.lower())


def hums_yes(text: str) -> bool:
    """Whether a whole turn is a hum that agrees ("אהה", "mhm", "угу", "آه"), and holds no word."""
    return _AGREEING.fullmatch(" ".join(words_of(text))) is not None
