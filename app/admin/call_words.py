"""What happened in a call, in the words of its owner: why it ended, steps, server messages."""

from __future__ import annotations

from app.admin.words import t
from services.models import AppointmentStatus, LeadStatus


def end_words(reason: str | None) -> str:
    """Why a call ended; a reason without words of its own is shown as it is."""
    if not reason:
        return t("עדיין נמשכת", "still going on")
    known = {
        "caller_hangup": t("המתקשר ניתק", "the caller hung up"),
        "goodbye": t("נפרדו", "they said goodbye"),
        "max_length": t("הגיעה לאורך המרבי", "it reached the longest length"),
        "silence": t("המתקשר שתק", "the caller was silent"),
        "hand_over": t("הועברה לאדם", "handed over to a person"),
        "ended_by_staff": t("סיימו אותה מכאן", "ended from these pages"),
        "caller_limit": t("יותר מדי שיחות מהמספר הזה", "too many calls from this number"),
        "calls_limit": t("יותר מדי שיחות בבת אחת", "too many calls at once"),
        "minutes_limit": t("נגמרו הדקות להיום", "today's minutes were used up"),
        "model_unreachable": t("המודל לא היה זמין", "the model could not be reached"),
        "overload": t("היה עומס", "too many calls at once"),
        "stream_lost": t("הקו נפל", "the line was lost"),
        "lost": t("הקו נפל", "the line was lost"),
        "busy": t("תפוס", "busy"),
        "no_answer": t("אין מענה", "no answer"),
        "carrier_failed": t("תקלה אצל ספק הטלפון", "the carrier failed"),
        "database": t("מסד הנתונים לא היה זמין", "the database was not available"),
    }
    return known.get(reason, reason.replace("_", " "))


def event_words(kind: str) -> str:
    """A step on the time line; one without words of its own is shown as it is."""
    known = {
        "barge_in_candidate": t("נשמע קול: העוזר השתתק והמתין", "A sound: the assistant fell silent and waited"),
        "barge_in_resumed": t("זה לא היה דיבור: העוזר המשיך", "It was not speech: the assistant went on"),
        "barge_in": t("המתקשר קטע את העוזר", "The caller interrupted the assistant"),
        "key": t("הקשה על מקש", "A key was pressed"),
        "fallback": t("נשלחה למענה חלופי", "Sent to the fallback"),
        "dial_ended": t("החיוג לאדם הסתיים", "The call to a person ended"),
        "voicemail": t("נשארה הודעה", "A message was left"),
        "stream-started": t("הקו נפתח", "The line opened"),
        "stream-stopped": t("הקו נסגר", "The line closed"),
        "stream-error": t("תקלה בקו", "A fault on the line"),
        "hand_over": t("ביקשו אדם", "A person was asked for"),
        "one_moment": t("נאמר ״רק רגע״", "“One moment” was said"),
    }
    return known.get(kind, kind.replace("_", " ").replace("-", " "))


def server_words(kind: str) -> str:
    """What the server told the model."""
    known = {
        "slot_available": t("השעה פנויה", "the time is free"),
        "slot_unavailable": t("השעה לא מוצעת", "the time is not offered"),
        "need_phone": t("חסר טלפון", "the phone number is missing"),
        "need_name": t("חסר שם", "the name is missing"),
        "need_datetime": t("חסר מועד", "day and time are missing"),
        "phone_noted": t("המספר נרשם", "the number was noted"),
        "confirm_booking": t("לשאול אם לקבוע", "ask whether to book"),
        "confirm_move": t("לשאול אם להעביר", "ask whether to move it"),
        "confirm_cancel": t("לשאול אם לבטל", "ask whether to cancel it"),
        "appointment_created": t("נקבע תור", "an appointment was booked"),
        "appointment_moved": t("התור הוזז", "the appointment was moved"),
        "appointment_cancelled": t("התור בוטל", "the appointment was cancelled"),
        "error": t("תקלה", "an error"),
        "false_claim": t("העוזר אמר שקבע, ולא נקבע: תוקן", "it claimed a booking there was not: corrected"),
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
