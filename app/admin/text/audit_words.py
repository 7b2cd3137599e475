"""Acts of the audit trail in words."""

from __future__ import annotations

from collections.abc import Mapping

from app.admin.text.words import t
from services.db.models import AuditKind

K = AuditKind
_WORDS: Mapping[AuditKind, tuple[str, str]] = {
    K.LOG_IN: ("כניסה", "Logged in"),
    K.LOG_IN_REFUSED: ("כניסה נדחתה", "Log-in refused"),
    K.CODE_REFUSED: ("קוד אימות נדחה", "Second factor refused"),
    K.LOG_OUT: ("יציאה", "Logged out"),
    K.SESSION_ENDED: ("ניתוק מכשירים", "Devices logged out"),
    K.PASSWORD_CHANGED: ("החלפת סיסמה", "Password changed"),
    K.PASSWORD_REFUSED: ("הסיסמה הנוכחית נדחתה", "Current password refused"),
    K.RESET_ASKED: ("בקשה לסיסמה חדשה", "New password asked for"),
    K.RESET_LINK_MADE: ("נוצר קישור לסיסמה חדשה", "Link for a new password made"),
    K.PASSWORD_RESET: ("סיסמה חדשה בקישור", "New password by link"),
    K.FACTOR_ON: ("אימות נוסף הופעל", "Second factor on"),
    K.FACTOR_OFF: ("אימות נוסף הוסר", "Second factor off"),
    K.FACTOR_REMOVED: ("מנהל הסיר אימות נוסף", "Second factor removed by an administrator"),
    K.CODES_RENEWED: ("קודי שחזור חדשים", "New recovery codes"),
    K.ACCOUNT_MADE: ("חשבון נוצר", "Account made"),
    K.NAME_SAVED: ("שינוי שם", "Name changed"),
    K.INVITED: ("הזמנה", "Invited"),
    K.INVITATION_WITHDRAWN: ("הזמנה בוטלה", "Invitation withdrawn"),
    K.INVITATION_ACCEPTED: ("הזמנה התקבלה", "Invitation accepted"),
    K.INVITATION_REFUSED: ("ניסיון להצטרף נדחה", "Joining refused"),
    K.ROLE_CHANGED: ("שינוי תפקיד", "Role changed"),
    K.USER_REMOVED: ("הסרת גישה", "Access removed"),
    K.BUSINESS_MADE: ("עסק נוצר", "Business made"),
    K.NUMBER_ADDED: ("מספר נוסף", "Number added"),
    K.NUMBER_REMOVED: ("מספר הוסר", "Number removed"),
    K.PROMPT_SAVED: ("מה העוזר יודע נשמר, גרסה", "What it knows saved, version"),
    K.SETTINGS_SAVED: ("הגדרות נשמרו", "Settings saved"),
    K.RESOURCE_SAVED: ("איש צוות או חדר נשמר, מספר", "Person or room saved, number"),
    K.SERVICE_SAVED: ("שירות נשמר, מספר", "Service saved, number"),
    K.CALENDAR_CONNECTED: ("יומן חובר", "Calendar connected"),
    K.CALENDAR_DISCONNECTED: ("יומן נותק", "Calendar disconnected"),
    K.SECRET_RENEWED: ("מפתח הוחלף", "Secret replaced"),
    K.EXPORTED: ("ייצוא", "Exported"),
    K.RECORDING_HEARD: ("הקלטה הושמעה, שיחה", "Recording heard, call"),
    K.RECORDING_DELETED: ("הקלטה נמחקה, שיחה", "Recording deleted, call"),
    K.CUSTOMER_SAVED: ("לקוח נשמר, מספר", "Customer saved, number"),
    K.LEAD_SAVED: ("פנייה עודכנה, מספר", "Lead updated, number"),
    K.APPOINTMENTS_IMPORTED: ("תורים יובאו מקובץ", "Appointments imported from a file"),
    K.APPOINTMENT_BOOKED: ("תור נקבע ביד, מספר", "Appointment booked by hand, number"),
    K.APPOINTMENT_MOVED: ("תור הוזז, מספר", "Appointment moved, number"),
    K.APPOINTMENT_STATUS: ("מצב תור שונה, מספר", "Appointment's state changed, number"),
    K.APPOINTMENT_CONFIRMED: ("הלקוח אישר תור, מספר", "Appointment confirmed by its customer, number"),
    K.TEXTS_STOPPED: ("לקוח ביקש לא לקבל הודעות", "A customer wants no more messages"),
    K.TEXTS_ALLOWED: ("לקוח ביקש שוב לקבל הודעות", "A customer wants messages again"),
    K.CALL_ACTION: ("התערבות בשיחה", "Call ended or handed over"),
    K.TEST_CALL: ("שיחת ניסיון", "Test call"),
    K.DATA_DELETED: ("נמחק מידע שעבר זמנו", "Data over its time deleted"),
    K.PERSON_LOOKED_UP: ("חיפוש אדם לפי מספר", "Person looked up by number"),
    K.PERSON_EXPORTED: ("ייצוא המידע על אדם", "A person's data exported"),
    K.PERSON_ERASED: ("אדם נמחק, אישור", "Person erased, receipt"),
    K.ERASURES_REPEATED: ("מחיקות חזרו אחרי שחזור", "Erasures repeated after a restore"),
}
_REFUSALS = frozenset({K.LOG_IN_REFUSED, K.CODE_REFUSED, K.PASSWORD_REFUSED, K.INVITATION_REFUSED})


# What an act's detail names: settings of a business by their columns, and the few words of other acts.
_NAMES: Mapping[str, tuple[str, str]] = {
    "how": ("איך", "how"),
    "role": ("תפקיד", "role"),
    "fields": ("שדות", "fields"),
    "status": ("מצב", "state"),
    "start": ("מתחיל", "starts"),
    "person": ("אצל, מספר", "with, number"),
    "action": ("פעולה", "act"),
    "number": ("מספר", "number"),
    "mailed": ("נשלח בדואר", "mailed"),
    "is_admin": ("מנהל התקנה", "administrator"),
    "business": ("עסק", "business"),
    "q": ("חיפוש", "search"),
    "kind": ("סוג", "kind"),
    "result": ("מה יצא", "result"),
    "since": ("מיום", "from"),
    "until": ("עד יום", "to"),
    "name": ("שם", "name"),
    "timezone": ("אזור זמן", "time zone"),
    "language": ("שפה", "language"),
    "answer_languages": ("שפות נוספות לתשובות", "further answer languages"),
    "persona_gender": ("לשון הדיבור", "grammatical gender"),
    "enable_greeting": ("ברכת פתיחה", "greeting"),
    "greeting_text": ("נוסח הברכה", "greeting's words"),
    "greeting_clip": ("קול הברכה", "greeting's sound"),
    "one_moment_clip": ("קול ההמתנה", "sound for waiting"),
    "trouble_clip": ("קול התקלה", "sound for trouble"),
    "clips_made_of": ("מה הוקלט", "what was recorded"),
    "voice": ("קול", "voice"),
    "engine": ("מנוע", "engine"),
    "cascade_voice": ("קול של Google", "voice of Google's"),
    "speaking_rate_pct": ("קצב הדיבור באחוזים", "pace of speech in percent"),
    "model": ("מודל", "model"),
    "transcription_model": ("מודל תמלול", "transcription model"),
    "transcription_language": ("שפת תמלול", "transcription language"),
    "transcription_keywords": ("מילים לתמלול", "words for transcription"),
    "opening_hours_json": ("שעות פתיחה", "opening hours"),
    "closed_dates": ("ימים סגורים", "closed dates"),
    "observe_holidays": ("חגים", "holidays"),
    "holiday_eves": ("ערבי חג", "holiday eves"),
    "slot_size_min": ("אורך תור בדקות", "minutes of a slot"),
    "min_notice_min": ("התראה מראש בדקות", "minutes of notice"),
    "booking_window_days": ("ימים קדימה", "days ahead"),
    "barge_in": ("קטיעה", "interruption"),
    "barge_in_action": ("בזמן קטיעה", "while interrupted"),
    "vad_preset": ("זיהוי דיבור", "speech detection"),
    "line_mode": ("סוג קו", "kind of line"),
    "soft_preprocess": ("טיפול עדין בקול", "gentle care for the sound"),
    "endpointing": ("סוף תור", "end of a turn"),
    "transfer_numbers": ("מספרים להעברה", "numbers to transfer to"),
    "use_second_engine": ("מנוע שני כשהראשון אינו זמין", "second engine when the first is away"),
    "fallback": ("כשאין מענה", "when it cannot answer"),
    "max_call_minutes": ("דקות לשיחה", "minutes of a call"),
    "max_calls_at_once": ("שיחות בו זמנית", "calls at once"),
    "max_calls_per_caller_hour": ("שיחות למתקשר בשעה", "calls of one caller an hour"),
    "daily_minutes": ("דקות ביום", "minutes a day"),
    "silence_prompt_s": ("שניות עד תזכורת", "seconds until a reminder"),
    "max_silence_prompts": ("תזכורות", "reminders"),
    "may_book": ("קביעת תורים", "books appointments"),
    "may_change": ("הזזה וביטול תורים", "moves and cancels appointments"),
    "may_take_leads": ("לקיחת פרטים", "takes details"),
    "may_take_messages": ("לקיחת הודעות", "takes messages"),
    "may_transfer": ("העברה לאדם", "transfers to a person"),
    "may_send_sms": ("שליחת SMS", "sends SMS"),
    "greet_known_callers": ("היכרות עם מתקשרים חוזרים", "knows who calls again"),
    "max_output_tokens": ("טוקנים לתשובה", "tokens of an answer"),
    "eagerness": ("המתנה לסוף משפט", "wait for a sentence's end"),
    "noise_reduction": ("סינון רעש במודל", "the model's noise reduction"),
    "caller_id_allowed": ("שימוש במספר המתקשר", "use of the caller's number"),
    "caller_id_trust": ("מה פותח תור קיים", "what opens an appointment on file"),
    "dial_countries": ("מדינות שמותר לחייג אליהן", "countries that may be dialled"),
    "sms_per_day": ("הודעות SMS ביום", "SMS a day"),
    "notify_by": ("איך מודיעים לבעלים", "how the owner is told"),
    "notify_phone": ("טלפון להודעות לבעלים", "the owner's telephone for notices"),
    "notify_email": ("דוא״ל להודעות לבעלים", "the owner's e-mail for notices"),
    "sms_confirmation": ("אישור ב-SMS", "confirmation by SMS"),
    "reminders": ("תזכורות לתורים, בדקות לפני", "reminders of appointments, minutes before"),
    "booked": ("נקבעו", "booked"),
    "repeated": ("היו כבר", "there before"),
    "refused": ("לא נקבעו", "not booked"),
    "reminder_text": ("נוסח התזכורת", "words of a reminder"),
    "reminders_from_min": ("תחילת שעות התזכורות, בדקות מחצות", "hours of reminders begin, minutes after midnight"),
    "reminders_until_min": ("סוף שעות התזכורות, בדקות מחצות", "hours of reminders end, minutes after midnight"),
    "customer_link": ("קישור לתור בהודעות", "link to the appointment in messages"),
    "whatsapp_sender": ("מספר WhatsApp", "WhatsApp number"),
    "whatsapp_template": ("תבנית WhatsApp", "WhatsApp template"),
    "keep_recordings": ("שמירת הקלטות", "recordings kept"),
    "recording_retention_days": ("ימים לשמירת הקלטה", "days a recording is kept"),
    "message_retention_days": ("ימים לשמירת הודעה קולית", "days a voice message is kept"),
    "transcript_retention_days": ("ימים לשמירת תמלול", "days a transcript is kept"),
    "lead_retention_days": ("ימים לשמירת פנייה", "days a lead is kept"),
    "customer_retention_days": ("ימים לשמירת לקוח בלי תורים", "days a customer without appointments is kept"),
    "outbox_retention_days": ("ימים לשמירת הודעה יוצאת", "days an outgoing message is kept"),
    "text_retention_days": ("ימים לשמירת הודעה מלקוח", "days a customer's message is kept"),
    "retention_begins_at": ("תחילת המחיקה", "beginning of deletion"),
    "speak_notice": ("הודעה בתחילת שיחה", "notice at the start of a call"),
    "notice_text": ("נוסח ההודעה", "notice's words"),
    "recording_notice_text": ("נוסח ההודעה על הקלטה", "words of the notice on recording"),
    "notice_clip": ("קול ההודעה", "notice's sound"),
    "recording": ("קטעי הקלטה", "pieces of recordings"),
    "message": ("הודעות קוליות", "voice messages"),
    "transcript": ("תמלולים", "transcripts"),
    "lead": ("פניות", "leads"),
    "customer": ("לקוחות", "customers"),
    "outbox": ("הודעות יוצאות", "outgoing messages"),
    "text": ("הודעות מלקוחות", "messages of customers"),
    "texts": ("הודעות מלקוחות", "messages of customers"),
    "stops": ("בקשה לא לקבל הודעות", "wish for no more messages"),
    "calls": ("שיחות", "calls"),
    "turns": ("משפטים שנאמרו", "sentences said"),
    "events": ("אירועים", "events"),
    "recordings": ("שיחות מוקלטות", "recorded calls"),
    "messages": ("הודעות קוליות", "voice messages"),
    "leads": ("פניות", "leads"),
    "customers": ("כרטיס לקוח", "customer card"),
    "appointments": ("תורים שעברו", "past appointments"),
    "coming": ("תורים שעוד יבואו", "coming appointments"),
    "webhook_url": ("כתובת לסיכומים", "address for summaries"),
    "webhook_secret": ("מפתח החתימה", "signing key"),
    "ics_secret": ("כתובת היומן", "calendar's address"),
}
_VALUES: Mapping[str, tuple[str, str]] = {
    "owner": ("בעלים", "owner"),
    "viewer": ("צפייה בלבד", "read only"),
    "password": ("סיסמה", "password"),
    "password and code": ("סיסמה וקוד", "password and code"),
    "new password": ("סיסמה חדשה", "new password"),
    "invitation": ("הזמנה", "invitation"),
    "changed": ("הוחלף", "changed"),
    "name": ("שם", "a name"),
    "code": ("קוד ב-SMS", "a code by SMS"),
    "open": ("המספר לבדו", "the number alone"),
}


def detail_name(name: str) -> str:
    """What a value of an act's detail is, in the page's language; a name without words as it is."""
    return t(*_NAMES[name]) if name in _NAMES else name


def kind_words(kind: AuditKind) -> str:
    """What was done, in the page's language."""
    return t(*_WORDS[kind])


def is_refusal(kind: AuditKind) -> bool:
    """Whether somebody tried something and was not let."""
    return kind in _REFUSALS


def detail_words(value: object) -> str:
    """A value of an act's detail: [before, after] with an arrow."""
    if isinstance(value, list) and len(value) == 2:
        return f"{_plain(value[0])} → {_plain(value[1])}"
    return _plain(value)


def _plain(value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return t("כן", "yes") if value else t("לא", "no")
    text = str(value)
    return t(*_VALUES[text]) if text in _VALUES else text
