"""The few fixed sentences the assistant says on its own, per language. Pure. Nothing about any business.

Where the speaker's gender shows, both forms stand there: <feminine|masculine> (services/language/persona.py). Towards
the caller every sentence is neutral.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.language.persona import Persona, in_gender

Sentence = Mapping[str, str]

# What a new business begins with; its owner changes it.
FIRST_GREETING: Final = {
    "he": "שלום, הגעתם אל {business}. במה אפשר לעזור?",
    "en": "Hello, you have reached {business}. How can I help you?",
}
STILL_HERE: Final = {
    "he": "אני כאן אם צריך, אפשר לשאול אותי כל דבר.",
    "en": "I'm here if you need me, you can ask me anything.",
    "ar": "أنا هنا للمساعدة، وكل سؤال مرحّب به.",
    "ru": "Я на линии. Если что-то нужно, спрашивайте.",
}
ASK_AGAIN: Final = {
    "he": "סליחה, לא שמעתי טוב. אפשר לחזור על זה?",
    "en": "Sorry, I didn't catch that. Could you say it again?",
    "ar": "عذرًا، لم أسمع جيدًا. هل يمكن إعادة ذلك؟",
    "ru": "Извините, я не <расслышала|расслышал>. Повторите, пожалуйста.",
}
GOODBYE_SILENT: Final = {
    "he": "אני לא <שומעת|שומע> אותך, אז נסיים כאן. תודה שהתקשרת ולהתראות.",
    "en": "I can't hear you, so let's stop here. Thank you for calling, goodbye.",
    "ar": "لا أسمع أحدًا على الخط، لذلك ننهي المكالمة هنا. شكرًا على الاتصال، مع السلامة.",
    "ru": "Я вас не слышу, поэтому закончим на этом. Спасибо за звонок, до свидания.",
}
GOODBYE_LENGTH: Final = {
    "he": "הגענו לסוף הזמן של השיחה הזאת. תודה שהתקשרת ולהתראות.",
    "en": "We have reached the end of this call's time. Thank you for calling, goodbye.",
    "ar": "وصلنا إلى نهاية الوقت المخصّص لهذه المكالمة. شكرًا على الاتصال، مع السلامة.",
    "ru": "Время этого разговора подошло к концу. Спасибо за звонок, до свидания.",
}
# True inside opening hours, when a person is dialled, and outside, when a message is taken.
HANDING_OVER: Final = {
    "he": "בטח, רק רגע בבקשה.",
    "en": "Of course, one moment please.",
    "ar": "بالتأكيد، لحظة واحدة من فضلك.",
    "ru": "Конечно, одну минуту, пожалуйста.",
}

# Recorded (media/playout/clips): what is heard while no model can speak, or outside a media stream.
ONE_MOMENT: Final = {"he": "רק רגע.", "en": "One moment.", "ar": "لحظة واحدة.", "ru": "Одну минуту."}
TROUBLE: Final = {
    "he": "סליחה, יש לנו תקלה. רק רגע.",
    "en": "Sorry, we have a problem. One moment.",
    "ar": "عذرًا، لدينا عطل. لحظة واحدة.",
    "ru": "Извините, у нас неполадка. Одну минуту.",
}
CONNECTING: Final = {
    "he": "רק רגע, אני <מעבירה|מעביר> את השיחה.",
    "en": "One moment please, I am connecting you.",
    "ar": "لحظة واحدة من فضلك، أحوّل المكالمة الآن.",
    "ru": "Одну минуту, соединяю вас.",
}
UNAVAILABLE: Final = {
    "he": "סליחה, אין באפשרותנו לענות כרגע. אנא נסו שוב מאוחר יותר. תודה ולהתראות.",
    "en": "Sorry, we cannot take your call right now. Please try again later. Goodbye.",
    "ar": "عذرًا، لا يمكننا الرد الآن. يُرجى الاتصال لاحقًا. شكرًا، مع السلامة.",
    "ru": "Извините, сейчас мы не можем ответить. Пожалуйста, позвоните позже. До свидания.",
}
LEAVE_MESSAGE: Final = {
    "he": "סליחה, אין באפשרותנו לענות כרגע. אפשר להשאיר הודעה אחרי הצליל ונחזור אליכם.",
    "en": "Sorry, we cannot take your call right now. Please leave a message after the tone.",
    "ar": "عذرًا، لا يمكننا الرد الآن. يمكن ترك رسالة بعد الصافرة وسنعاود الاتصال.",
    "ru": "Извините, сейчас мы не можем ответить. Оставьте сообщение после сигнала, и мы вам перезвоним.",
}
THANKS: Final = {
    "he": "תודה, ההודעה נקלטה. להתראות.",
    "en": "Thank you, your message was received. Goodbye.",
    "ar": "شكرًا، تم تسجيل الرسالة. مع السلامة.",
    "ru": "Спасибо, сообщение записано. До свидания.",
}
# Nobody's number belongs to no business, and so to no language but Hebrew (W1).
UNKNOWN_NUMBER: Final = {"he": "שלום, המספר שחייגתם אינו פעיל כרגע. אנא בדקו את המספר ונסו שוב. תודה ולהתראות."}

# The name of its clip → the sentence.
RECORDED: Final[Mapping[str, Sentence]] = {
    "one_moment": ONE_MOMENT,
    "trouble": TROUBLE,
    "connecting": CONNECTING,
    "unavailable": UNAVAILABLE,
    "leave_message": LEAVE_MESSAGE,
    "thanks": THANKS,
    "unknown_number": UNKNOWN_NUMBER,
}


def sentence(table: Sentence, persona: Persona) -> str:
    """The sentence as this persona says it; English for a language that has none of its own."""
    return in_gender(table.get(persona.language) or table["en"], persona.gender)
