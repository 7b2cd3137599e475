"""What an appointment is about, by the business's own words: "לשיננית", "payroll" (A7). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from services.nlp.tokens import normalise


def topics_of(keywords: Sequence[str], business_name: str) -> tuple[str, ...]:
    """The keywords of a business that can be a topic: all but its own name."""
    name = normalise(business_name).lower()
    return tuple(word for word in keywords if word.strip() and normalise(word).lower() not in name)


def topic_said(text: str, topics: Sequence[str]) -> str:
    """The topic that is named in a normalised text in lower case, "" when none is; of several the longest."""
    return max((topic for topic in topics if _pattern(topic).search(text)), key=len, default="")


@lru_cache(maxsize=1024)
def _pattern(topic: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)[ושהכלבמ]{0,3}" + re.escape(normalise(topic).lower()) + r"(?!\w)")
