"""What a reminder says: the owner's words or the usual ones, and then what may be answered (K6). Pure.

The answers stand in every reminder, whatever the owner writes: they are what incoming messages are read by, and nobody
may be written to without being told how to end it.
"""

from __future__ import annotations

import re

# What an owner may write in braces.
NAMES = ("name", "business", "slot")
LONGEST = 300
_USUAL = {
    "he": "תזכורת: תור ב{business}, {slot}.",
    "en": "Reminder: your appointment at {business}, {slot}.",
}
# By whether an answer of 2 is possible: where the business lets nobody cancel but itself, it is not.
_ASK = {
    True: {
        "he": "לאישור להשיב 1, לביטול 2. להפסקת הודעות: הסר.",
        "en": "Reply 1 to confirm, 2 to cancel, STOP for no more SMS.",
    },
    False: {
        "he": "לאישור להשיב 1. להפסקת הודעות: הסר.",
        "en": "Reply 1 to confirm, STOP for no more SMS.",
    },
}
_IN_BRACES = re.compile(r"{([^{}]*)}")
_KNOWN = re.compile(r"{{(" + "|".join(NAMES) + r")}}")
# What an SMS holds: alone, and as one of several.
_GSM, _UCS2 = (160, 153), (70, 67)


def reminder_words(own: str | None, language: str, *, may_cancel: bool) -> str:
    """For str.format with `NAMES`; nothing else that the owner wrote means anything to it. language: "he" or "en"."""
    begins = _KNOWN.sub(r"{\1}", own.replace("{", "{{").replace("}", "}}")) if own else _USUAL[language]
    stop = "." if own and (own[-1].isalnum() or own.endswith(tuple(f"{{{each}}}" for each in NAMES))) else ""
    return f"{begins}{stop} {_ASK[may_cancel][language]}"


def usual_words(language: str) -> str:
    """The usual beginning, as an owner would write it."""
    return _USUAL[language]


def unknown_names(own: str) -> list[str]:
    """What stands in braces and means nothing; lone braces are text."""
    return [each for each in _IN_BRACES.findall(own) if each not in NAMES]


def sms_parts(text: str) -> int:
    """How many SMS a text is sent and paid as, counted carefully: one letter beyond ASCII makes all of it wide."""
    alone, joined = _GSM if text.isascii() else _UCS2
    length = len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
    return 1 if length <= alone else -(-length // joined)
