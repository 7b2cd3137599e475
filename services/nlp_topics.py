"""What an appointment is about, by the business's own words: "לשיננית", "payroll" (A7). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.nlp_tokens import normalise
from services.nlp_types import Turn


def topics_of(keywords: Sequence[str], business_name: str) -> tuple[str, ...]:
    """The keywords of a business that can be a topic: all but its own name."""
    name = normalise(business_name).lower()
    return tuple(word for word in keywords if word.strip() and normalise(word).lower() not in name)


def topic_said(turns: Sequence[Turn], topics: Sequence[str]) -> str:
    """The topic the caller named last, "" when none was."""
    for turn in reversed(turns):
        said = normalise(turn.text).lower() if turn.role == "caller" else ""
        found = [topic for topic in topics if said and _pattern(topic).search(said)]
        if found:
            return max(found, key=len)
    return ""


def _pattern(topic: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)[ושהכלבמ]{0,3}" + re.escape(normalise(topic).lower()) + r"(?!\w)")
