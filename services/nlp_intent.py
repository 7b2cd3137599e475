"""What a caller is after: hours, a question about times, an appointment, a change, a yes or a no (A1). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IntentFound:
    """`intent` as in Parsed; `explicit` when a phrase said it rather than a bare date or time; `change` or ""."""

    intent: str
    explicit: bool
    change: str = ""


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_B, _E = r"(?<![\w'])", r"(?![\w'])"


def _words(text: str) -> str:
    """One alternative of whole words; "~" stands for any Hebrew prefix letters."""
    return f"{_B}(?:{text.replace('~', '[ושהכבלמ]{0,3}')}){_E}"


_CANCEL = _any(
    _words("~לבטל|~תבטלי?|~בטלי?|~תבטלו|~מבטלת?|ביטול|~נבטל"),
    _words("לא (?:אוכל|יכול|יכולה|נוכל|אגיע|מגיע|מגיעה) (?:\\S+ ){0,2}?(?:לתור|לפגישה)"),
    _words(
        "cancel|cancelling|cancellation|call off|(?:can't|cannot|won't|"
        "not) (?:be able to )?make (?:it to )?my appointment"
    ),
)  # fmt: skip
_MOVE = _any(
    _words("~להזיז|~תזיזי?|~לדחות|~תדחי|~תדחה|~להקדים|~להעביר את התור.*|~לשנות את (?:ה)?(?:תור|שעה|מועד|פגישה).*"),
    _words("~להחליף את (?:ה)?(?:תור|מועד|שעה).*|לשנות תור"),
    _words("reschedule|postpone|push back|(?:move|change|shift) (?:my|the|our|it).*"),
)  # fmt: skip
_HOURS = _any(
    _words("~שעות (?:ה)?(?:פתיחה|פעילות|קבלה|עבודה)(?: שלכם)?"),
    _words(
        "(?:אתם|העסק|המרפאה|המספרה|המשרד|החנות|הקליניקה|אצלכם|תהיו) (?:מקבלים|כבר |עוד |גם |"
        "עדיין )?(?:פתוחי?ם?|פתוחה|סגורי?ם?|סגורה|עובדים)"
    ),
    _words("(?:פתוחים|סגורים|עובדים|נפתחים|נסגרים|סוגרים|פותחים)"),
    _words("(?:עד|מ)(?: )?(?:מתי|איזו שעה|איזה שעה) (?:אתם|העסק|המרפאה|אתה|את|יש|אפשר).*"),
    _words("~איזו שעה (?:אפשר|אתם).*"),
    _words("opening hours|business hours|office hours|your hours|working hours"),
    _words(
        "(?:are|do|will) (?:you|you guys|they) (?:open|close|still open|be open|be closed|work|"
        "closed)(?! for me).*"
    ),
    _words(
        "(?:when|what time|how late|how early|until when|till when) (?:do|are|will|does).*(?:open|close|"
        "closing|opened|closed).*"
    ),
    _words("are you open|you open|is (?:the|your) \\w+ (?:open|closed)"),
)  # fmt: skip
_ASK = _any(
    _words(
        "יש (?:לך |לכם |אצלכם |אצלך |עוד |אולי |בכלל |מחר |היום )*(?:איזה |איזשהו |איזו )?(?:תור|תורים|"
        "מקום|משהו|פנוי|חור|שעה|מועד|מצב)"
    ),
    _words("(?:מה|איזה|אילו|איזו|מתי) (?:\\S+ ){0,4}(?:פנוי|פנויים|פנויה|נשארו|התור|הזמין)"),
    _words("(?:תור|תורים|מקום|משהו) (?:פנוי|פנויים)|מתפנה"),
    _words("הכי (?:מוקדם|קרוב|מהר)|התור הקרוב"),
    _words("(?:לבדוק|תבדקי|תבדוק|לברר|לדעת|לשאול|לוודא) (?:\\S+ ){0,3}?(?:אם|האם|מתי|שהוא|את התור|לגבי התור).*"),
    _words("~מתי (?:ה)?תור שלי|מתי יש לי תור|קבעתי (?:כבר )?(?:תור|פגישה)|יש לי (?:כבר )?תור"),
    _words("מתי (?:אתה|את|אתם) (?:יכול|יכולה|יכולים) לקבל.*|שכחתי מתי.*"),
    _words("אם (?:\\S+ ){1,4}פנוי|(?!אם )\\S+ יש\\??$"),
    _words(
        "(?:do|would) you (?:guys )?have|have you got|you've got|you got|is there|are there|"
        "any (?:openings?|slots?|availability|spots?)"
    ),
    _words("what's (?:the )?(?:earliest|soonest|next|available|free)|what is (?:the )?(?:earliest|soonest|next)"),
    _words(
        "when(?:'s| is| was) my|do i have (?:an?|any|anything).*|is .* (?:free|available|open)|"
        "what times|which (?:days|slots|times)|anything (?:on|for|left)|my appointment is|"
        "tell me the time|earliest .*got"
    ),
)  # fmt: skip
_BOOK = _any(
    _words(
        "~(?:לקבוע|תקבעי?|תקבעו|קבעו?|קבעי|נקבע|להזמין|תזמין|תזמיני|לתאם|תתאמי?|נתאם|תרשמי?|תרשום|תרשמו|"
        "רשמי|רשום|תשריין|תשרייני|לשריין|לתפוס|תכניסי?|תשימי?)|שימי|שים"
    ),
    _words(
        "(?:אני |אנחנו |היא |הוא |הם )?(?:רוצה|רוצים|צריך|צריכה|צריכים|מבקש|מבקשת|מעוניין|מעוניינת|"
        "רציתי|אשמח|אפשר|בא לי|מחפשת?|חייבת?) (?:\\S+ ){0,3}?(?:~תור|~פגישה|~מקום|~טיפול|~ייעוץ|~בדיקה|"
        "לבוא|להגיע|להיכנס|משהו)"
    ),
    _words("(?:תור|פגישה) (?:דחופה?|בבקשה)|~אפשר תור"),
    _words("(?:book|schedule|reserve|arrange|set up|put me down|squeeze me in|fit me in|pencil me in)(?: .*)?"),
    _words(
        "(?:need|want|like|make|get|have|wondering if) (?:\\S+ ){0,4}?(?:appointment|booking|"
        "reservation|slot|checkup|check-up|haircut|consultation)"
    ),
    _words("(?:come|get|drop|pop) in|see (?:the|a|dr) ?(?:doctor|dentist|\\w+)"),
)  # fmt: skip
_PAST = _any(
    _words("הייתי|היינו|היה לי|היתה לי|הייתה לי|קיבלתי|קיבלנו|הזמנתי|הגעתי|הגענו|התקשרתי|שעבר|שעברה|אתמול"),
    _words("דברו איתי|תתקשרו|תחזרו אלי|תחזרי אלי|תחזור אלי"),
    _words("was(?! wondering| hoping| thinking| looking)|were|had|yesterday|got your|received|i came|call me|ring me"),
)  # fmt: skip
_YES = _any(
    _words(
        "כן|בטח|בסדר|סבבה|מעולה|מצוין|מצויין|אוקיי|אוקי|או קיי|יופי|מתאים|מתאימה|נהדר|אחלה|לך על זה|"
        "לכי על זה|סגור|קבעי|תקבעי?|מושלם|טוב|ברור|יאללה|הולך|מסכים|מסכימה|אישור|מאשרת?|קבענו|נכון|בדיוק"
    ),
    _words(
        "yes|yeah|yep|yup|sure|ok|okay|perfect|great|fine|sounds good|go ahead|works|that works|good|"
        "please do|absolutely|of course|deal|alright|correct|right|exactly"
    ),
)  # fmt: skip
_NO = _any(
    _words("לא|אף אחד|אף אחת|אי אפשר|אין"),
    _words("no|nope|not|neither|none|don't|doesn't|won't|can't|nah"),
)  # fmt: skip
_NO_MATTER = _any(_words("לא משנה|לא נורא|אין בעיה|למה לא|no problem|why not|doesn't matter|don't mind"))


def find_intent(text: str) -> IntentFound | None:
    """The intent that the words of one utterance in lower case say; None: a date or a time in it is a wish to book."""
    change = "cancel" if _CANCEL.search(text) else "move" if _MOVE.search(text) else ""
    if change:
        return IntentFound("ask", True, change)
    if _HOURS.search(text):
        return IntentFound("hours_info", True)
    if _ASK.search(text):
        return IntentFound("ask", True)
    if _PAST.search(text):
        return IntentFound("none", False)
    return IntentFound("book", True) if _BOOK.search(text) else None


def is_yes(text: str) -> bool:
    """Agreement without a refusal beside it."""
    return bool(_YES.search(text.lower())) and not is_no(text)


def is_no(text: str) -> bool:
    return bool(_NO.search(_NO_MATTER.sub(" ", text.lower())))


_EARLIEST = _any(
    _words("~הכי (?:מוקדם|קרוב|מהר)|התור הקרוב|התור הפנוי|מתי (?:\\S+ ){0,3}(?:תור|פנוי|מקום)|כמה שיותר מהר"),
    _words("earliest|soonest|as soon as possible|next (?:available|free|slot|appointment|opening)"),
    _words("when (?:can|could) i"),
)  # fmt: skip
_ANOTHER = _any(
    _words("עוד (?:תור|פגישה|אחד|אחת)|(?:תור|פגישה) (?:נוסף|נוספת|שני|שנייה)|גם (?:תור|פגישה)|גם ל\\S+ (?:תור|פגישה)"),
    _words("(?:another|a second|one more|an additional) (?:appointment|meeting|booking|one|slot)"),
)  # fmt: skip


def asks_for_earliest(text: str) -> bool:
    """Whether the caller asks which time comes first, naming none."""
    return bool(_EARLIEST.search(text.lower()))


def wants_another(text: str) -> bool:
    """Whether the caller asks for an appointment beside the one there is."""
    return bool(_ANOTHER.search(text.lower()))


_NAME_ASKED = _any(
    _words("(?:ה)?שם(?: (?:ה)?(?:מלא|פרטי))?|שמך|קוראים לך|מי מדברת?|עם מי אני (?:מדברת?|משוחחת?)"),
    _words("your (?:full |first )?name|what name|who am i speaking|who is calling|under what name"),
)  # fmt: skip
_SENTENCE_END = re.compile(r"(?<=[.!])\s+")


def asks_for_name(agent_text: str) -> bool:
    """Whether the agent's last sentence asks for the caller's name, so that a bare answer can be understood."""
    return bool(_NAME_ASKED.search(_SENTENCE_END.split(agent_text.strip().lower())[-1]))
