"""Messages of customers, in the words of the business's owner."""

from __future__ import annotations

from app.admin.text.words import t
from services.db.models import Channel, TextOutcome


def outcome_words(outcome: TextOutcome) -> str:
    """What came of a message."""
    return {
        TextOutcome.CONFIRMED: t("אישר את התור", "confirmed"),
        TextOutcome.CANCELLED: t("ביטל את התור", "cancelled"),
        TextOutcome.ALREADY: t("כבר היה כך", "was so already"),
        TextOutcome.ASKED_AGAIN: t("נשאל שוב: התור זז", "asked again: it had moved"),
        TextOutcome.OVER: t("אחרי שהתור התחיל", "after it had begun"),
        TextOutcome.GONE: t("התור כבר בוטל", "it was cancelled before"),
        TextOutcome.PASSED_ON: t("נמסר לכם", "passed on to you"),
        TextOutcome.STOPPED: t("בלי הודעות יותר", "no more messages"),
        TextOutcome.ALLOWED: t("שוב אפשר לכתוב", "may be written to again"),
    }[outcome]


def outcome_kind(outcome: TextOutcome) -> str:
    """The colour of its badge."""
    return {
        TextOutcome.CONFIRMED: "good",
        TextOutcome.CANCELLED: "bad",
        TextOutcome.STOPPED: "warn",
        TextOutcome.PASSED_ON: "info",
        TextOutcome.OVER: "info",
        TextOutcome.GONE: "info",
    }.get(outcome, "plain")


def channel_words(channel: Channel) -> str:
    return "WhatsApp" if channel is Channel.WHATSAPP else "SMS"
