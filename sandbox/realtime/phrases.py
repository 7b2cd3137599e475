"""What the rule-based responder says and listens for, in Hebrew and English. No business fact stands here."""

from __future__ import annotations

import re

SAY = {
    "en": {
        "start": "Hello, how can I help you?",
        "again": "Sorry, I did not catch that. Could you say it again?",
        "unknown": "I do not know that, but I can take a message. May I help with anything else?",
        "more": "Is there anything else I can help with?",
        "bye": "Thank you for calling, goodbye.",
        "open": "{day} we are open {hours}.",
        "closed": "{day} we are closed.",
        "no_hours": "I do not have the opening hours here. Shall I take a message?",
        "from_to": "from {opens} to {closes}",
        "and": " and ",
        "today": "Today",
        "tomorrow": "Tomorrow",
        "on": "On {day}",
        "or": " or ",
        "ask_when": "Gladly. Which day and time would suit you?",
        "ask_time": "At what time would you like to come?",
        "ask_day": "On which day would you like to come?",
        "checking": "One moment, I am checking.",
        "need_name": "May I have your full name, please?",
        "need_phone": "Please key in your phone number and press the pound key.",
        "may_use_number": "May I use the number you are calling from?",
        "need_datetime": "Which day and time would suit you?",
        "need_service": "What is the appointment for?",
        "need_person": "With whom would you like it, or does it not matter?",
        "available": "{when} is free.",
        "available_bare": "That time is free.",
        "unavailable": "That time is not possible.",
        "offer": "I can offer {options}. Which suits you?",
        "message": "Nothing near it is free. Shall I take a message?",
        "appointment_created": "Your appointment is set for {when}.",
        "appointment_moved": "Your appointment was moved to {when}.",
        "appointment_cancelled": "Your appointment on {when} is cancelled.",
        "done": "That is done.",
        "confirm_cancel": "There is an appointment on {when}. Shall I cancel it?",
        "confirm_move": "Shall I move your appointment to it?",
        "confirm_booking": "Shall I book it?",
        "confirm_transfer": "Would you like me to transfer you?",
        "key_again": "That number is not complete. Please key it in again and press pound.",
        "no_appointment": "I found no appointment for this number. Shall I take a message?",
        "calendar_away": "I am sorry, I cannot reach the calendar, so nothing is booked. Shall I take a message?",
        "error": "I am sorry, nothing has been booked yet.",
        "wait": "Thank you, one moment.",
        "person": "I can pass you on to a colleague or take a message. Which do you prefer?",
        "address": "We are at {address}.",
        "noted": "Thank you.",
        "alright": "All right. Which other time would suit you?",
        "not_offered": "Sorry, that cannot be done by telephone here.",
        "leave_details": "Shall I take your details, so that somebody calls you back?",
    },
    "he": {
        "start": "שלום, במה אפשר לעזור?",
        "again": "סליחה, לא הבנתי. אפשר לחזור על זה?",
        "unknown": "את זה אני לא יודעת, אבל אפשר להשאיר הודעה. אפשר לעזור בעוד משהו?",
        "more": "אפשר לעזור בעוד משהו?",
        "bye": "תודה שהתקשרת, להתראות.",
        "open": "{day} פתוח {hours}.",
        "closed": "{day} סגור.",
        "no_hours": "אין לי כאן את שעות הפתיחה. להשאיר הודעה?",
        "from_to": "מ{opens} עד {closes}",
        "and": " ו",
        "today": "היום",
        "tomorrow": "מחר",
        "on": "ביום {day}",
        "or": " או ",
        "ask_when": "בשמחה. לאיזה יום ובאיזו שעה?",
        "ask_time": "באיזו שעה נוח?",
        "ask_day": "באיזה יום נוח?",
        "checking": "רגע, אני בודקת.",
        "need_name": "מה השם המלא בבקשה?",
        "need_phone": "אפשר להקיש את מספר הטלפון ובסוף סולמית?",
        "may_use_number": "להשתמש במספר שממנו מתקשרים?",
        "need_datetime": "לאיזה יום ובאיזו שעה?",
        "need_service": "לאיזה טיפול התור?",
        "need_person": "אצל מי, או שזה לא משנה?",
        "available": "{when} פנוי.",
        "available_bare": "המועד פנוי.",
        "unavailable": "המועד הזה לא אפשרי.",
        "offer": "אפשר {options}. מה מתאים?",
        "message": "אין מועד קרוב פנוי. להשאיר הודעה?",
        "appointment_created": "התור נקבע ל{when}.",
        "appointment_moved": "התור הועבר ל{when}.",
        "appointment_cancelled": "התור ל{when} בוטל.",
        "done": "זה בוצע.",
        "confirm_cancel": "יש תור ל{when}. לבטל אותו?",
        "confirm_move": "להעביר אליו את התור?",
        "confirm_booking": "לקבוע אותו?",
        "confirm_transfer": "להעביר אותך לנציג?",
        "key_again": "המספר לא שלם. אפשר להקיש שוב ובסוף סולמית?",
        "no_appointment": "לא מצאתי תור למספר הזה. להשאיר הודעה?",
        "calendar_away": "סליחה, היומן לא זמין, ולכן אין תור. להשאיר הודעה?",
        "error": "סליחה, עדיין אין תור.",
        "wait": "תודה, רגע.",
        "person": "אפשר להעביר לאיש צוות או להשאיר הודעה. מה עדיף?",
        "address": "אנחנו {address}.",
        "noted": "תודה.",
        "alright": "בסדר. איזה מועד אחר מתאים?",
        "not_offered": "סליחה, את זה אי אפשר לעשות כאן בטלפון.",
        "leave_details": "לקחת פרטים כדי שיחזרו אליך?",
    },
}


def _words(*hebrew_and_english: str) -> re.Pattern[str]:
    return re.compile("|".join(hebrew_and_english), re.I)


# fmt: off
HEAR = {
    "bye": _words(r"\bbye\b", "goodbye", "that'?s all", "that is all", "להתראות", r"\bביי\b", "זה הכל", "זה הכול"),
    "hours": _words(
        r"\bhours\b", r"\bopen(?:ed|ing)?\b", r"\bclosed?\b", r"\bclosing\b", "שעות", "פתוח", "סגור", "סוגרים", "פותחים"
    ),
    "book": _words("appointment", r"\bbook\b", "schedule", "meeting", "תור", "פגישה", "לקבוע"),
    "change": _words(
        r"\bcancel", r"\breschedule", r"\bmove (?:my|the|it)", "לבטל את", "לבטל תור", "להזיז", "להעביר את התור"
    ),
    "person": _words("person", "human", "representative", "somebody", "נציג", "בן אדם", "מישהו", "אדם אמיתי"),
    "where": _words(r"\bwhere\b", "address", "איפה", "כתובת", "לאן"),
    "yes": _words(
        r"^\W*(?:yes|yeah|sure|ok(?:ay)?|please do|fine|great)\b", r"^\W*(?:כן|בטח|בסדר|סבבה|מתאים|מצוין)(?!\w)"
    ),
    "no": _words(r"^\W*(?:no|nope|not)\b", r"^\W*לא(?!\w)"),
    "name": _words(r"my name is", r"\bi am [A-Z]", r"\bthis is [A-Z]", "קוראים לי", "שמי", r"השם שלי"),
    "day": _words(
        "today", "tomorrow", "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "next week",
        "היום", "מחר", "מחרתיים", "ראשון", "שני", "שלישי", "רביעי", "חמישי", "שישי", "שבוע הבא", r"ב-?\d{1,2} ל",
    ),
    "time": _words(
        r"\bat (?:\d|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon)", r"\d{1,2}:\d{2}",
        r"\b\d{1,2} ?(?:am|pm|o'?clock)", "o'?clock", "thirty", "morning", "afternoon", "evening",
        "בשעה", "בבוקר", "בצהריים", "אחר הצהריים", "בערב", "וחצי", "ורבע",
        r"ב(?:אחת|שתיים|שלוש|ארבע|חמש|שש|שבע|שמונה|תשע|עשר)",
    ),
}
# fmt: on

# Words too common to say what a question is about.
COMMON = frozenset(
    re.findall(
        r"\S+",
        "the a an is are do does you your we i it to of in on at for and or how what when where which can could would "
        "there have has my me any much many please like want about with that this "
        "של על את אני אתם אתה את הוא היא זה זאת יש אין כמה מה מתי איפה איך אפשר רוצה לי לכם שלכם עם גם או לא כן",
    )
)
