"""What is kept of a person, in words; and the receipt of an erasure as a text."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from app.admin.text.formats import moment_text
from app.admin.text.words import t
from services.db.models import Erasure
from services.privacy.person import Kind


def kind_words(kind: str) -> str:
    """What kind of rows these are."""
    known = {
        Kind.CALLS: t("שיחות", "calls"),
        Kind.TURNS: t("משפטים שנאמרו", "sentences said"),
        Kind.EVENTS: t("אירועים בשיחות", "events in calls"),
        Kind.RECORDINGS: t("שיחות מוקלטות", "recorded calls"),
        Kind.MESSAGES: t("הודעות קוליות", "voice messages"),
        Kind.LEADS: t("פניות", "leads"),
        Kind.CUSTOMERS: t("כרטיס לקוח", "customer card"),
        Kind.APPOINTMENTS: t("תורים שעברו או בוטלו", "appointments that are over or cancelled"),
        Kind.COMING: t("תורים שעוד יבואו", "appointments that are coming"),
        Kind.OUTBOX: t("הודעות יוצאות", "outgoing messages"),
        Kind.TEXTS: t("הודעות שכתבו", "messages they wrote"),
        Kind.STOPS: t("בקשה לא לקבל הודעות", "wish for no more messages"),
    }
    return known.get(Kind(kind), kind) if kind in set(Kind) else kind


def receipt_text(receipt: Erasure, business: str, zone: ZoneInfo) -> str:
    """What was erased, how much, when and by whom. Nothing in it says whose data it was."""
    lines = [
        t("אישור מחיקה מספר {n}", "Receipt of erasure no. {n}", n=receipt.id),
        business,
        "",
        f"{t('מתי', 'When')}: {moment_text(receipt.erased_at, zone)}",
        f"{t('על ידי', 'By')}: {receipt.actor}",
        "",
        *(f"{kind_words(kind)}: {rows}" for kind, rows in receipt.counts.items()),
    ]
    if not receipt.counts:
        lines.append(t("לא היה מה למחוק.", "There was nothing to erase."))
    if receipt.keeps_coming:
        lines += [
            "",
            t("תורים שעוד יבואו נשמרו, עם השם והמספר.", "Coming appointments were kept, with name and number."),
        ]
    calls = t(
        "שיחות נשארו בלי מספר ובלי מילים, תורים שעברו בלי שם.",
        "Calls stay without number and words, past appointments without a name.",
    )
    others = t(
        "מה שיש אצל ספקים אחרים (Twilio, OpenAI) נמחק אצלם.",
        "What other providers have (Twilio, OpenAI) is deleted with them.",
    )
    return "\n".join([*lines, "", calls, others]) + "\n"
