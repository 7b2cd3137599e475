"""Messages that go out, in the words of their owner: what they are, how they stand, why they were set aside."""

from __future__ import annotations

from urllib.parse import urlsplit

from app.admin.text.formats import phone_text
from app.admin.text.words import t
from services.db.models import OutboxKind, OutboxMessage, OutboxStatus

_CODES_OF_OTHERS = ("HTTP ", "SMTP ", "Twilio error ")


def kind_words(kind: OutboxKind) -> str:
    return {
        OutboxKind.SMS: t("SMS", "SMS"),
        OutboxKind.WEBHOOK: t("סיכום למערכת אחרת", "Summary to another system"),
        OutboxKind.EMAIL: t("דואר אלקטרוני", "E-mail"),
        OutboxKind.RECORDING: t("הקלטת הודעה מ-Twilio", "A voice message, from Twilio"),
        OutboxKind.CLIPS: t("הקלטת הברכה", "The greeting's sound"),
        OutboxKind.CALENDAR: t("תור ליומן המחובר", "An appointment, to the connected calendar"),
    }[kind]


def status_words(status: OutboxStatus) -> str:
    return {
        OutboxStatus.PENDING: t("ממתינה", "waiting"),
        OutboxStatus.SENDING: t("נשלחת", "being sent"),
        OutboxStatus.SENT: t("נשלחה", "sent"),
        OutboxStatus.FAILED: t("הונחה בצד", "set aside"),
        OutboxStatus.DROPPED: t("כבר לא נכונה", "no longer true"),
    }[status]


def whom_words(message: OutboxMessage) -> str:
    """Where it goes, whatever stands in the row: a number, an address, the host of a web address."""
    payload = message.payload if isinstance(message.payload, dict) else {}
    if message.kind is OutboxKind.WEBHOOK:
        address = str(payload.get("url", ""))[:200]
        try:
            return urlsplit(address).hostname or address
        except ValueError:
            return address
    to = str(payload.get("to", ""))[:200]
    return phone_text(to) if message.kind is OutboxKind.SMS else to


def text_words(message: OutboxMessage) -> str:
    """The beginning of what it says; of a mail its subject."""
    payload = message.payload if isinstance(message.payload, dict) else {}
    return str(payload.get("subject" if message.kind is OutboxKind.EMAIL else "body", ""))[:160]


def reason_words(reason: str) -> str:
    """Why it was set aside, or why the last try failed; a reason of somebody else's is shown as it is."""
    known = {
        "too_old": t("היא חיכתה יותר מיממה", "it waited for more than a day"),
        "unknown_outcome": t("אי אפשר לדעת אם הגיעה", "whether it arrived cannot be known"),
        "sms_limit": t("נגמרו ה-SMS להיום", "today's SMS are used up"),
        "not_a_customer": t("המספר אינו של לקוח", "the number is no customer's"),
        "stopped": t("הלקוח ביקש לא לקבל הודעות", "the customer asked for no more messages"),
        "no_longer_true": t("התור השתנה בינתיים", "the appointment changed meanwhile"),
        "too_late": t("עבר הזמן שבו היה טעם לשלוח", "the time in which it made sense is over"),
        "not_our_number": t("המספר השולח כבר לא של העסק", "the sending number is not the business's any more"),
        "unusual_number": t("לא שולחים למספר מסוג זה", "numbers of this kind are not written to"),
        "foreign_number": t("המדינה אינה ברשימת המדינות", "the country is not on the list of countries"),
        "broken_address": t("הכתובת אינה תקינה", "the address cannot be one"),
        "not_https": t("הכתובת אינה https", "the address is not https"),
        "private_address": t("הכתובת אינה באינטרנט הפתוח", "the address is not on the open internet"),
        "it took too long": t("התשובה לא הגיעה בזמן", "the answer took too long"),
        "the answer is too long": t("התשובה ארוכה מדי", "the answer is too long"),
        "the name is not known": t("שם השרת לא נמצא", "the server's name was not found"),
        "no secure connection": t("אין חיבור מאובטח", "there is no secure connection"),
        "no sound that can be read": t("אי אפשר לקרוא את הקול", "the sound cannot be read"),
        "model_away": t("המודל לא היה זמין", "the model could not be reached"),
        "not_spoken": t("המודל לא אמר את המשפט", "the model did not say the sentence"),
        "Twilio cannot be reached": t("Twilio לא ענה", "Twilio cannot be reached"),
        "the address cannot be written to": t("אי אפשר לכתוב לכתובת הזו", "the address cannot be written to"),
    }
    if reason in known:
        return known[reason]
    if reason.startswith(_CODES_OF_OTHERS):
        return t("הצד השני סירב: {code}", "the other side refused: {code}", code=reason)
    return reason
