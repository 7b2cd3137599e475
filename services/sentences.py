"""The few fixed sentences the assistant says on its own, per language. Pure. Nothing about any business."""

from __future__ import annotations

from typing import Final

STILL_HERE: Final = {
    "he": "אני כאן אם צריך, אפשר לשאול אותי כל דבר.",
    "en": "I'm here if you need me, you can ask me anything.",
}
ASK_AGAIN: Final = {
    "he": "סליחה, לא שמעתי טוב. אפשר לחזור על זה?",
    "en": "Sorry, I didn't catch that. Could you say it again?",
}
GOODBYE_SILENT: Final = {
    "he": "אני לא שומעת אותך, אז נסיים כאן. תודה שהתקשרת ולהתראות.",
    "en": "I can't hear you, so let's stop here. Thank you for calling, goodbye.",
}
GOODBYE_LENGTH: Final = {
    "he": "הגענו לסוף הזמן של השיחה הזאת. תודה שהתקשרת ולהתראות.",
    "en": "We have reached the end of this call's time. Thank you for calling, goodbye.",
}
# Recorded (media/clips, app/render_clips.py): what is heard while no model can speak.
ONE_MOMENT: Final = {"he": "רק רגע.", "en": "One moment."}
TROUBLE: Final = {"he": "סליחה, יש לנו תקלה. רק רגע.", "en": "Sorry, we have a problem. One moment."}
# True inside opening hours, when a person is dialled, and outside, when a message is taken.
HANDING_OVER: Final = {
    "he": "בטח, רק רגע בבקשה.",
    "en": "Of course, one moment please.",
}


def sentence(table: dict[str, str], language: str) -> str:
    """The sentence in the business's language; English for a language that has none of its own."""
    return table.get(language, table["en"])
