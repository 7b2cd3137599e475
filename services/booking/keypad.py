"""Digits keyed during a call become a phone number (A6). Pure: time is a number of milliseconds passed in.

A number ends with '#', with the tenth digit of an Israeli mobile (05…), or with a pause. '*' starts over.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.language.phone_numbers import valid_number

PAUSE_MS = 4000
MOBILE_DIGITS = 10
MIN_DIGITS = 7
MAX_DIGITS = 18  # 00, a country code and the longest number of the international plan

_REASONS = {
    "too_short": {
        "he": "המספר קצר מדי.",
        "en": "The number is too short.",
        "ar": "الرقم قصير جدًا.",
        "ru": "Номер слишком короткий.",
    },
    "invalid": {
        "he": "זה לא מספר טלפון תקין.",
        "en": "That is not a valid phone number.",
        "ar": "هذا ليس رقم هاتف صحيحًا.",
        "ru": "Это не действительный номер телефона.",
    },
}


@dataclass(frozen=True, slots=True)
class KeyedNumber:
    """What was keyed. `number` is E.164, "" when refused; `reason` is then too_short or invalid."""

    digits: str
    number: str
    reason: str = ""

    @property
    def ok(self) -> bool:
        return bool(self.number)

    def words(self, language: str = "he") -> str:
        """Why it was refused, "" when it was not."""
        if not self.reason:
            return ""
        words = _REASONS[self.reason]
        return words.get(language, words["en"])


class Keypad:
    """Collects one caller's keys, one number after the other."""

    def __init__(self, *, region: str = "IL", pause_ms: int = PAUSE_MS) -> None:
        self._region = region
        self._pause_ms = pause_ms
        self._digits = ""
        self._last_ms = 0

    @property
    def digits(self) -> str:
        """What was keyed so far."""
        return self._digits

    def press(self, key: str, at_ms: int) -> KeyedNumber | None:
        """One key; the number when this key ended it. A key that is no digit, '*' or '#' is ignored."""
        if key == "*":
            self._digits = ""
        elif key == "#":
            return self._finish()
        elif len(key) == 1 and key in "0123456789":
            self._digits += key
            self._last_ms = at_ms
            if self._is_complete():
                return self._finish()
        return None

    def wait_ms(self, at_ms: int) -> int | None:
        """Milliseconds until the pause ends the number, None when nothing was keyed."""
        return max(0, self._last_ms + self._pause_ms - at_ms) if self._digits else None

    def tick(self, at_ms: int) -> KeyedNumber | None:
        """The number when a pause has ended it by now."""
        return self._finish() if self.wait_ms(at_ms) == 0 else None

    def _is_complete(self) -> bool:
        is_mobile = self._digits.startswith("05") and len(self._digits) == MOBILE_DIGITS
        return is_mobile or len(self._digits) == MAX_DIGITS

    def _finish(self) -> KeyedNumber | None:
        """The number keyed so far; None when there is none, as with the '#' after a number that ended by itself."""
        digits, self._digits = self._digits, ""
        if not digits:
            return None
        number = valid_number(digits, self._region)
        if number:
            return KeyedNumber(digits, number)
        return KeyedNumber(digits, "", "too_short" if len(digits) < MIN_DIGITS else "invalid")
