"""The notice at the start of a call (D2): that an artificial intelligence speaks, and that the call is recorded. Pure.

No sentence says what the speaker is: man, woman or machine of a name. So all fit every persona.
"""

from __future__ import annotations

from typing import Final

_ARTIFICIAL: Final = {
    "he": "השיחה הזאת מתנהלת עם מערכת של בינה מלאכותית.",
    "en": "This call is answered by an artificial intelligence.",
    "ar": "تُجرى هذه المكالمة مع نظام ذكاء اصطناعي.",
    "ru": "На этот звонок отвечает искусственный интеллект.",
}
_RECORDED: Final = {
    "he": "השיחה מוקלטת.",
    "en": "The call is recorded.",
    "ar": "المكالمة مسجَّلة.",
    "ru": "Разговор записывается.",
}


def usual_notice(language: str) -> str:
    """That an artificial intelligence speaks; in English for a language that has no sentence of its own."""
    return _ARTIFICIAL.get(language, _ARTIFICIAL["en"])


def usual_recording_notice(language: str) -> str:
    """That the call is recorded, likewise."""
    return _RECORDED.get(language, _RECORDED["en"])


def notice_text(language: str, *, is_recorded: bool, own: str | None, own_recorded: str | None) -> str:
    """What is said before the greeting. own, own_recorded: a business's own words instead of the usual ones."""
    first = own or usual_notice(language)
    return f"{first} {own_recorded or usual_recording_notice(language)}" if is_recorded else first
