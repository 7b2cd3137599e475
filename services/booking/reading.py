"""What one step of the booking dialogue goes by. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.language.hums import hums_yes
from services.nlp.intent import is_yes
from services.nlp.types import Parsed


@dataclass(frozen=True, slots=True)
class Reading:
    """What a step goes by: the latest reading, the caller's last words ("" for a key), the time (aware).

    `code`: six digits that were keyed or said, "" when none were.
    """

    parsed: Parsed
    words: str
    now: datetime
    code: str = ""

    @property
    def hums(self) -> bool:
        """The words are a hum that agrees: a yes that is to be confirmed (L1)."""
        return hums_yes(self.words)

    @property
    def agrees(self) -> bool:
        """A yes, in words or as a hum."""
        return is_yes(self.words) or self.hums
