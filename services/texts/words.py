"""What a customer's message is answered with, in Hebrew and English. Pure."""

from __future__ import annotations

from enum import StrEnum


class Reply(StrEnum):
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    CANCELLED_BEFORE = "cancelled_before"
    ASKED_AGAIN = "asked_again"
    OVER = "over"
    # The business lets nobody cancel but itself.
    NOT_BY_MESSAGE = "not_by_message"
    PASSED_ON = "passed_on"
    # … while an answer of 1 or 2 is still possible.
    PASSED_ON_STILL_ASKED = "passed_on_still_asked"
    STOPPED = "stopped"
    ALLOWED = "allowed"


_TEXTS = {
    Reply.CONFIRMED: (
        "תודה. התור ב{business}, {slot}, אושר.",
        "Thank you. Your appointment at {business}, {slot}, is confirmed.",
    ),
    Reply.CANCELLED: (
        "התור ב{business}, {slot}, בוטל. לקביעת תור חדש אפשר להתקשר אלינו.",
        "Your appointment at {business}, {slot}, is cancelled. To make another one, please call us.",
    ),
    Reply.CANCELLED_BEFORE: (
        "התור ב{business}, {slot}, כבר היה מבוטל. לקביעת תור חדש אפשר להתקשר אלינו.",
        "Your appointment at {business}, {slot}, was cancelled before. To make another one, please call us.",
    ),
    Reply.ASKED_AGAIN: (
        "התור ב{business} הועבר בינתיים: {slot}. {ask}",
        "Your appointment at {business} was moved meanwhile: {slot}. {ask}",
    ),
    Reply.OVER: (
        "התור ב{business}, {slot}, כבר התחיל או עבר, ולכן לא שינינו דבר. העברנו את ההודעה.",
        "Your appointment at {business}, {slot}, has begun or is over, so nothing was changed. We passed it on.",
    ),
    Reply.NOT_BY_MESSAGE: (
        "את התור ב{business}, {slot}, אי אפשר לבטל בהודעה. העברנו את הבקשה.",
        "Your appointment at {business}, {slot}, cannot be cancelled by message. We passed it on.",
    ),
    Reply.PASSED_ON: ("תודה, העברנו את ההודעה ל{business}.", "Thank you, we passed your message on to {business}."),
    Reply.PASSED_ON_STILL_ASKED: (
        "תודה, העברנו את ההודעה ל{business}. לתור {slot}: {ask}",
        "Thank you, we passed your message on to {business}. For {slot}: {ask}",
    ),
    Reply.STOPPED: (
        "לא נשלח אליך יותר הודעות מ{business}. לחידוש: להשיב התחל.",
        "You will get no more messages from {business}. To get them again, reply START.",
    ),
    Reply.ALLOWED: (
        "מעכשיו נשלח אליך שוב הודעות מ{business}.",
        "You will get messages from {business} again.",
    ),
}


# Whether an answer of 2 is possible → Hebrew, English.
_ASK = {
    True: ("לאישור להשיב 1, לביטול 2.", "Reply 1 to confirm, 2 to cancel."),
    False: ("לאישור להשיב 1.", "Reply 1 to confirm."),
}


def reply_words(reply: Reply, language: str, *, business: str, slot: str = "", may_cancel: bool = True) -> str:
    """slot: the appointment's time in words, where the reply tells one."""
    which = 0 if language == "he" else 1
    return _TEXTS[reply][which].format(business=business, slot=slot, ask=_ASK[may_cancel][which])
