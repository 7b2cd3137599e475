"""Hebrew and English, side by side where they are used: `t("שיחות", "Calls")`.

The language of a page is the account's; before log-in the browser's, or what was chosen on the log-in page.
"""

from __future__ import annotations

from flask import g, request, session

LANGUAGES = ("he", "en")
LANGUAGE_NAMES = {"he": "עברית", "en": "English"}
# What calls may be answered in (services/language/persona.py), each in its own script.
ANSWER_LANGUAGE_NAMES = {**LANGUAGE_NAMES, "ar": "العربية", "ru": "Русский"}
_KEY = "language"


def language() -> str:
    """Of the page being made: "he" or "en"."""
    if "language" not in g:
        chosen = session.get(_KEY) or request.accept_languages.best_match(LANGUAGES, default="he")
        g.language = chosen if chosen in LANGUAGES else "he"
    found: str = g.language
    return found


def choose_language(code: str) -> None:
    """Keep `code` for this browser; an unknown one changes nothing."""
    if code in LANGUAGES:
        session[_KEY] = code
        g.language = code


def t(hebrew: str, english: str, **values: object) -> str:
    """The sentence in the page's language, its {names} filled."""
    text = hebrew if language() == "he" else english
    return text.format(**values) if values else text


def count_words(n: int, hebrew_one: str, hebrew_many: str, english_one: str, english_many: str) -> str:
    """The sentence for one, or for {n}."""
    if n == 1:
        return t(hebrew_one, english_one)
    return t(hebrew_many, english_many, n=f"{n:,}")


def direction() -> str:
    """The way the page is read: "rtl" or "ltr"."""
    return "rtl" if language() == "he" else "ltr"
