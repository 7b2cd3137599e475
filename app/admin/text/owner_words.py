"""What rows and settings hold as a code, in the words of their owner: why a call ended, its steps, server messages,
states of appointments and leads, the end of a model."""

from __future__ import annotations

from datetime import date

from app.admin.text.formats import day_text
from app.admin.text.words import t
from services.calls import end_reasons
from services.calls.kinds import CallEventKind, ServerEventKind
from services.db.models import AppointmentStatus, LeadStatus
from services.engines.catalogue import CATALOGUE, ModelKind
from services.engines.realtime.protocol import USUAL_TOKENS_RANGE


def end_words(reason: str | None) -> str:
    """Why a call ended; a reason without words of its own is shown as it is."""
    if not reason:
        return t("עדיין נמשכת", "still going on")
    known = {
        end_reasons.CALLER_HANGUP: t("המתקשר ניתק", "the caller hung up"),
        end_reasons.GOODBYE: t("נפרדו", "they said goodbye"),
        end_reasons.MAX_LENGTH: t("הגיעה לאורך המרבי", "it reached the longest length"),
        end_reasons.SILENCE: t("המתקשר שתק", "the caller was silent"),
        end_reasons.HAND_OVER: t("ביקשו אדם", "a person was asked for"),
        end_reasons.RECORD_MESSAGE: t("ביקשו להקליט הודעה", "a message was to be recorded"),
        end_reasons.NO_VOICE: t("לא נשמע אף אחד", "nobody was heard"),
        end_reasons.ENDED_BY_STAFF: t("סיימו אותה מכאן", "ended from these pages"),
        end_reasons.CALLER_LIMIT: t("יותר מדי שיחות מהמספר הזה", "too many calls from this number"),
        end_reasons.CALLS_LIMIT: t("יותר מדי שיחות בבת אחת", "too many calls at once"),
        end_reasons.MINUTES_LIMIT: t("נגמרו הדקות להיום", "today's minutes were used up"),
        end_reasons.MODEL_UNREACHABLE: t("המודל לא היה זמין", "the model could not be reached"),
        end_reasons.OVERLOAD: t("היה עומס", "too many calls at once"),
        end_reasons.STREAM_LOST: t("הקו נפל", "the line was lost"),
        end_reasons.LOST: t("הקו נפל", "the line was lost"),
        end_reasons.BUSY: t("תפוס", "busy"),
        end_reasons.NO_ANSWER: t("אין מענה", "no answer"),
        end_reasons.CARRIER_FAILED: t("תקלה אצל ספק הטלפון", "the carrier failed"),
    }
    return known.get(reason, reason.replace("_", " "))


def transfer_words(status: str | None) -> str:
    """How a transfer went, from Twilio's word for it."""
    known = {
        "completed": t("נענתה", "answered"),
        "answered": t("נענתה", "answered"),
        "busy": t("תפוס", "busy"),
        "no-answer": t("אין מענה", "no answer"),
        "canceled": t("המתקשר ניתק לפני המענה", "the caller hung up before an answer"),
        "failed": t("החיוג נכשל", "it could not be dialled"),
        "refused": t("לא מחייגים למספר הזה", "this number is not dialled"),
        "awaited": t("לא ידוע", "not known"),
    }
    return known.get(status or "", status or t("לא חויג", "nobody was dialled"))


def event_words(kind: str) -> str:
    """A step on the time line; one without words of its own is shown as it is."""
    known: dict[str, str] = {
        CallEventKind.BARGE_IN_CANDIDATE: t(
            "נשמע קול: העוזר השתתק והמתין", "A sound: the assistant fell silent and waited"
        ),
        CallEventKind.KEYS: t("המתקשר הקיש בטלפון", "The caller pressed keys"),
        CallEventKind.BARGE_IN_RESUMED: t("זה לא היה דיבור: העוזר המשיך", "It was not speech: the assistant went on"),
        CallEventKind.BARGE_IN: t("המתקשר קטע את העוזר", "The caller interrupted the assistant"),
        CallEventKind.FALLBACK: t("נשלחה למענה חלופי", "Sent to the fallback"),
        CallEventKind.DIAL_ENDED: t("החיוג לאדם הסתיים", "The call to a person ended"),
        CallEventKind.TRANSFER_REFUSED: t("לא מחייגים למספר ההעברה", "The transfer number is not one that is dialled"),
        CallEventKind.VOICEMAIL: t("נשארה הודעה", "A message was left"),
        CallEventKind.STREAM_STARTED: t("הקו נפתח", "The line opened"),
        CallEventKind.STREAM_STOPPED: t("הקו נסגר", "The line closed"),
        CallEventKind.STREAM_ERROR: t("תקלה בקו", "A fault on the line"),
        CallEventKind.HAND_OVER: t("ביקשו אדם", "A person was asked for"),
        CallEventKind.NO_TRANSFER: t(
            "ביקשו אדם; הוצע דבר אחר",
            "A person was asked for; something else was offered",
        ),
        CallEventKind.LANGUAGE: t("מכאן עונים בשפה של המתקשר", "Answers are in the caller's language from here on"),
        CallEventKind.TURNED_AWAY: t("השעה שביקשו תפוסה", "The time that was asked for is taken"),
        CallEventKind.ONE_MOMENT: t("נאמר ״רק רגע״", "“One moment” was said"),
    }
    return known.get(kind, kind.replace("_", " ").replace("-", " "))


def server_words(kind: str) -> str:
    """What the server told the model."""
    known: dict[str, str] = {
        ServerEventKind.SLOT_AVAILABLE: t("השעה פנויה", "the time is free"),
        ServerEventKind.SLOT_UNAVAILABLE: t("השעה לא מוצעת", "the time is not offered"),
        ServerEventKind.NEED_PHONE: t("חסר טלפון", "the phone number is missing"),
        ServerEventKind.NEED_NAME: t("חסר שם", "the name is missing"),
        ServerEventKind.NEED_DATETIME: t("חסר מועד", "day and time are missing"),
        ServerEventKind.NEED_SERVICE: t("חסר השירות", "the service is missing"),
        ServerEventKind.NEED_PERSON: t("לברר אצל מי", "with whom is to be cleared up"),
        ServerEventKind.NEED_CODE: t("ביקשו קוד מה-SMS", "asked for the code of the SMS"),
        ServerEventKind.PHONE_NOTED: t("המספר נרשם", "the number was noted"),
        ServerEventKind.EXISTING_APPOINTMENT: t("נאמר מתי התור הקיים", "told when the appointment is"),
        ServerEventKind.LEAD_NOTED: t("הפרטים וההודעה נרשמו", "details and message were noted"),
        ServerEventKind.NOT_OFFERED: t("לא נעשה בטלפון", "not done by telephone"),
        ServerEventKind.CONFIRM_TRANSFER: t("לשאול אם להעביר לאדם", "ask whether to transfer the call"),
        ServerEventKind.CONFIRM_BOOKING: t("לשאול אם לקבוע", "ask whether to book"),
        ServerEventKind.CONFIRM_MOVE: t("לשאול אם להעביר", "ask whether to move it"),
        ServerEventKind.CONFIRM_CANCEL: t("לשאול אם לבטל", "ask whether to cancel it"),
        ServerEventKind.APPOINTMENT_CREATED: t("נקבע תור", "an appointment was booked"),
        ServerEventKind.APPOINTMENT_MOVED: t("התור הוזז", "the appointment was moved"),
        ServerEventKind.APPOINTMENT_CANCELLED: t("התור בוטל", "the appointment was cancelled"),
        ServerEventKind.ERROR: t("תקלה", "an error"),
        ServerEventKind.FALSE_CLAIM: t(
            "העוזר אמר שמשהו נעשה, ולא נעשה: תוקן", "it claimed what had not been done: corrected"
        ),
    }
    return known.get(kind, kind.replace("_", " "))


def latency_words(part: str) -> str:
    """A part of the time to an answer."""
    known = {
        "endpointing": t("לוודא שסיים לדבר", "making sure the caller finished"),
        "model": t("המודל חושב", "the model thinks"),
        "ours": t("אצלנו", "ours"),
        "total": t("סך הכול", "in all"),
    }
    return known.get(part, part)


def status_words(status: AppointmentStatus) -> str:
    return {
        AppointmentStatus.BOOKED: t("נקבע", "booked"),
        AppointmentStatus.CANCELLED: t("בוטל", "cancelled"),
        AppointmentStatus.DONE: t("התקיים", "done"),
        AppointmentStatus.NO_SHOW: t("לא הגיע", "no show"),
    }[status]


def lead_words(status: LeadStatus) -> str:
    return {
        LeadStatus.NEW: t("חדש", "new"),
        LeadStatus.CONTACTED: t("חזרנו אליו", "contacted"),
        LeadStatus.BOOKED: t("נקבע תור", "booked"),
        LeadStatus.WON: t("לקוח", "won"),
        LeadStatus.LOST: t("לא רלוונטי", "lost"),
    }[status]


def model_warning(name: str, kind: ModelKind, today: date) -> str:
    """A sentence about a configured model's end; "" when there is nothing to say."""
    info = CATALOGUE.get(name)
    if info is None:
        return t(
            "המודל {name} אינו מוכר לנו; ישתמשו בו כמו שהוא.",
            "The model {name} is not known here; it is used as it is.",
            name=name,
        )
    if info.kind != kind:
        return t("{name} הוא מודל מסוג אחר.", "{name} is a model of another kind.", name=name)
    if info.ends is None:
        return ""
    values = {"name": name, "day": day_text(info.ends), "next": info.successor}
    if info.ends <= today:
        return t(
            "המודל {name} הופסק ב-{day}; במקומו משתמשים ב-{next}.",
            "The model {name} was retired on {day}; {next} is used instead.",
            **values,
        )
    return t(
        "המודל {name} יופסק ב-{day}. כדאי לעבור ל-{next}.",
        "The model {name} ends on {day}. Better change to {next}.",
        **values,
    )


def tokens_warning(limit: int) -> str:
    """A sentence about an unusual length of answers; "" for a usual one."""
    low, high = USUAL_TOKENS_RANGE
    if limit < low:
        return t(
            "עם {n} טוקנים לתשובה הרבה תשובות ייחתכו ויושלמו בהמשך. מומלץ {low} עד {high}.",
            "With {n} tokens many answers are cut and finished in a second go. {low} to {high} is recommended.",
            n=limit,
            low=low,
            high=high,
        )
    if limit > high:
        return t(
            "עם {n} טוקנים לתשובה העוזר עלול לדבר זמן רב. מומלץ {low} עד {high}.",
            "With {n} tokens an answer may go on for long. {low} to {high} is recommended.",
            n=limit,
            low=low,
            high=high,
        )
    return ""
