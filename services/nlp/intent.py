"""What a caller is after: hours, a question about times, an appointment, a change, a yes or a no (A1). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.language.text import hebrew_forms
from services.nlp.lexicons import wishes
from services.nlp.tokens import folded
from services.nlp.whole_words import BEGINS, any_of, one_of, whole


@dataclass(frozen=True, slots=True)
class IntentFound:
    """`intent` as in Parsed; `explicit` when a phrase said it rather than a bare date or time; `change` or "".

    `drops_wish`: a day or an hour in the same words is none of an appointment that is wished.
    """

    intent: str
    explicit: bool
    change: str = ""
    drops_wish: bool = False


_CANCEL = one_of(
    *map(whole, wishes.CANCEL),
    whole("~לבטל|~תבטלי?|~בטלי?|~תבטלו|~מבטלת?|ביטול|~נבטל"),
    whole("לא (?:אוכל|יכול|יכולה|נוכל|אגיע|מגיע|מגיעה|אצליח|נצליח) (?:\\S+ ){0,3}?(?:לתור|לפגישה)"),
    whole(
        "cancel\\w*|call off|(?:can't|cannot|won't|not|unable)(?: \\S+){0,4}? (?:make|come|attend|"
        "get)(?: it)?(?: to| for)? "
        "(?:my|our|the) (?:\\S+ )?(?:appointment|meeting|visit)"
    ),
)  # fmt: skip
_MOVE = one_of(
    *map(whole, wishes.MOVE),
    whole("~להזיז|~תזיזי?|~לדחות|~תדחי|~תדחה|~להקדים|~להעביר את התור.*|~לשנות את (?:ה)?(?:תור|שעה|מועד|פגישה).*"),
    whole("~להחליף את (?:ה)?(?:תור|מועד|שעה).*|לשנות תור"),
    whole(
        "reschedule|postpone|prepone|push (?:back|it|my|the|our|\\w+day(?:'s)?)|"
        "(?:move|change|shift|swap|switch) (?:my|the|our|it|me|"
        "\\w+day).*|(?:bring|put) (?:it|my|the|our) (?:\\S+ ){0,2}(?:forward|earlier|back|off|later)"
    ),
)  # fmt: skip
_HOURS = one_of(
    *map(whole, wishes.HOURS),
    whole("~שעות (?:ה)?(?:פתיחה|פעילות|קבלה|עבודה)(?: שלכם)?"),
    whole(
        "(?:אתם|העסק|המרפאה|המספרה|המשרד|החנות|הקליניקה|אצלכם|תהיו) (?:מקבלים|כבר |עוד |גם |"
        "עדיין )?(?:פתוחי?ם?|פתוחה|סגורי?ם?|סגורה|עובדים)"
    ),
    whole("(?:פתוחים|סגורים|עובדים|נפתחים|נסגרים|סוגרים|פותחים)"),
    whole("(?:עד|מ)(?: )?(?:מתי|איזו שעה|איזה שעה) (?:אתם|העסק|המרפאה|אתה|את|יש|אפשר).*"),
    whole("~איזו שעה (?:אפשר|אתם).*"),
    whole("opening hours|business hours|office hours|your hours|working hours"),
    whole(
        "(?:are|do|will) (?:you|you guys|they) (?:open|close|still open|be open|be closed|work|"
        "closed)(?! for me).*"
    ),
    whole(
        "(?:when|what time|how late|how early|until when|till when) (?:do|are|will|does).*(?:open|close|"
        "closing|opened|closed).*"
    ),
    whole("are you open|you open|is (?:the|your) \\w+ (?:open|closed)"),
)  # fmt: skip
_ASK = one_of(
    *map(whole, wishes.ASK),
    *map(whole, wishes.OWN),
    whole(
        "יש (?:לך |לכם |אצלכם |אצלך |עוד |אולי |בכלל |מחר |היום )*(?:איזה |איזשהו |איזו )?(?:תור|תורים|"
        "מקום|משהו|פנוי|חור|שעה|מועד|מצב)"
    ),
    whole("(?:מה|איזה|אילו|איזו|מתי) (?:\\S+ ){0,4}(?:פנוי|פנויים|פנויה|נשארו|התור|הזמין)"),
    whole("(?:תור|תורים|מקום|משהו) (?:פנוי|פנויים)|מתפנה"),
    whole("הכי (?:מוקדם|קרוב|מהר)|התור הקרוב"),
    whole("(?:לבדוק|תבדקי|תבדוק|לברר|לדעת|לשאול|לוודא) (?:\\S+ ){0,3}?(?:אם|האם|מתי|שהוא|את התור|לגבי התור).*"),
    whole("~מתי (?:ה)?תור שלי|מתי יש לי תור|קבעתי (?:כבר )?(?:תור|פגישה)|יש לי (?:כבר )?תור"),
    whole("מתי (?:אתה|את|אתם) (?:יכול|יכולה|יכולים) לקבל.*|שכחתי מתי.*"),
    whole("אם (?:\\S+ ){1,4}פנוי|(?!אם )\\S+ יש\\??$"),
    whole(
        "(?:do|would) you (?:guys )?have|have you got|you've got|you got|is there|are there|"
        "any (?:openings?|slots?|availability|spots?)"
    ),
    whole("what's (?:the )?(?:earliest|soonest|next|available|free)|what is (?:the )?(?:earliest|soonest|next)"),
    whole(
        "when(?:'s| is| was) my|do i have (?:an?|any|anything).*|is .* (?:free|available|open)|"
        "what times|which (?:days|slots|times)|anything (?:on|for|left)|my appointment is|"
        "tell me the time|earliest .*got"
    ),
)  # fmt: skip
# Verbs of booking: whatever else was told, who says one of them wants it.
_BOOK_VERB = one_of(
    *map(whole, wishes.BOOK_VERBS),
    whole("~(?:לקבוע|תקבעי?|תקבעו|קבעו?|קבעי|להזמין|תזמין|תזמיני|לתאם|תתאמי?|לשריין|תשרייני?)"),
    whole("book|schedule|reserve|arrange|set up|make an? appointment"),
)
_BOOK = one_of(
    *map(whole, wishes.BOOK),
    whole(
        "~(?:לקבוע|תקבעי?|תקבעו|קבעו?|קבעי|נקבע|להזמין|תזמין|תזמיני|לתאם|תתאמי?|נתאם|תרשמי?|תרשום|תרשמו|"
        "רשמי|רשום|תשריין|תשרייני|לשריין|לתפוס|תכניסי?|תשימי?)|שימי|שים"
    ),
    whole(
        "(?:אני |אנחנו |היא |הוא |הם )?(?:רוצה|רוצים|צריך|צריכה|צריכים|מבקש|מבקשת|מעוניין|מעוניינת|"
        "רציתי|אשמח|אפשר|בא לי|מחפשת?|חייבת?) (?:\\S+ ){0,3}?(?:~תור|~פגישה|~מקום|~טיפול|~ייעוץ|~בדיקה|"
        "לבוא|להגיע|להיכנס|משהו)"
    ),
    whole("(?:תור|פגישה) (?:דחופה?|בבקשה)|~אפשר תור"),
    whole("(?:book|schedule|reserve|arrange|set up|put me down|squeeze me in|fit me in|pencil me in)(?: .*)?"),
    whole(
        "(?:need|want|like|make|get|have|wondering if) (?:\\S+ ){0,4}?(?:appointment|booking|"
        "reservation|slot|checkup|check-up|haircut|consultation)"
    ),
    whole("(?:come|get|drop|pop) in|see (?:the|a|dr) ?(?:doctor|dentist|\\w+)"),
)  # fmt: skip
# "I have an appointment" is no wish for one; "can I have an appointment" is.
_HAS_ONE = one_of(
    whole(
        "(?<!can )(?<!could )(?<!may )(?<!might )(?<!should )i(?:'ve| have| am having|'m having| got)(?: got)? "
        "(?:already |still )?(?:an?|one|my|the)? ?(?:\\S+ )?(?:appointment|meeting|booking|slot|visit)"
    )
)
_PAST = one_of(
    *map(whole, wishes.PAST),
    whole("הייתי|היינו|היה לי|היתה לי|הייתה לי|קיבלתי|קיבלנו|הזמנתי|הגעתי|הגענו|התקשרתי|שעבר|שעברה|אתמול"),
    whole("דברו איתי|תתקשרו|תחזרו אלי|תחזרי אלי|תחזור אלי"),
    whole("was(?! wondering| hoping| thinking| looking)|were|had|yesterday|got your|received|i came|call me|ring me"),
)  # fmt: skip
_YES = one_of(
    *map(whole, wishes.YES),
    whole(
        "כן|בטח|בסדר|סבבה|מעולה|מצוין|מצויין|אוקיי|אוקי|או קיי|יופי|מתאים|מתאימה|נהדר|אחלה|לך על זה|"
        "לכי על זה|סגור|קבעי|תקבעי?|מושלם|טוב|ברור|יאללה|הולך|מסכים|מסכימה|אישור|מאשרת?|קבענו|נכון|בדיוק"
    ),
    whole(
        "yes|yeah|yep|yup|sure|ok|okay|perfect|great|fine|sounds good|go ahead|works|that works|good|"
        "please do|absolutely|of course|deal|alright|correct|right|exactly"
    ),
)  # fmt: skip
_NO = one_of(
    *map(whole, wishes.NO),
    whole("לא|אף אחד|אף אחת|אי אפשר|אין"),
    whole("no|nope|not|neither|none|don't|doesn't|won't|can't|nah"),
)  # fmt: skip
_NO_MATTER = one_of(
    *map(whole, wishes.NO_MATTER),
    whole("לא משנה|לא נורא|אין בעיה|למה לא|no problem|why not|doesn't matter|don't mind"),
)


_NO_LONGER, _ABSENT = any_of(wishes.NO_LONGER), any_of(wishes.ABSENT)
_DECLINES, _ONLY_ASKING = any_of(wishes.DECLINES), any_of(wishes.ONLY_ASKING)
_MESSAGE, _OWN, _KEEP, _PRICE = map(any_of, (wishes.MESSAGE, wishes.OWN, wishes.KEEP, wishes.PRICE))
_NOT_SO, _OWN_DEED = (re.compile(f"{BEGINS}(?:{hebrew_forms(words)}) *$") for words in (wishes.NOT_SO, wishes.OWN_DEED))
_TELLS = ("tell", "let", "call", "ring", "phone", "pass")
_TWO_PEOPLE, _LATEST, _OTHER_ONE = map(any_of, (wishes.TWO_PEOPLE, wishes.LATEST, wishes.OTHER_ONE))
_NO_MESSAGE, _OFFERS_MESSAGE = map(any_of, (wishes.NO_MESSAGE, wishes.OFFERS_MESSAGE))
_HAVING = re.compile(rf"{BEGINS}(?:יש לי|יש לנו|i have|i've got|we have|у меня|у нас|عندي|عنا)(?: \\S+){{0,2}} *$")
_REQUEST, _LATE = any_of(wishes.REQUEST), any_of(wishes.LATE)
_THIS_NUMBER, _RELATIVE, _APPOINTMENT = map(any_of, (wishes.THIS_NUMBER, wishes.RELATIVE, wishes.APPOINTMENT))


def find_intent(text: str) -> IntentFound | None:
    """The intent that the folded words of one utterance say; None: a date or a time in it is a wish to book."""
    text = _KEEP.sub(" ", text)
    bare = _MESSAGE.sub(" ", _NO_MESSAGE.sub(" ", _DECLINES.sub(" ", text)))
    change = "cancel" if _CANCEL.search(bare) or _NO_LONGER.search(text) else "move" if _MOVE.search(bare) else ""
    if change:
        return IntentFound("ask", True, change)
    if bare != text:  # "tell her to call me tomorrow", "I don't want to book": what else is said counts
        wish = _BOOK.search(bare) is not None and not _DECLINES.search(text)
        return IntentFound("book", True) if wish else IntentFound("none", True, drops_wish=True)
    if _HOURS.search(text):
        return IntentFound("hours_info", True)
    if _ASK.search(text):
        return IntentFound("ask", True)
    if _LATE.search(text) and not requests(text):
        return IntentFound("none", True, drops_wish=True)
    past = [found.end() for found in _PAST.finditer(text)]
    if past and not _BOOK_VERB.search(text) and not _BOOK.search(text, past[-1]):
        return IntentFound("none", False)  # a story; a wish after it, or a verb of booking anywhere, is a wish
    if _BOOK.search(_HAS_ONE.sub(" ", text)):
        return IntentFound("book", True)
    return IntentFound("none", True, drops_wish=True) if _PRICE.search(text) else None


def says_absent(text: str) -> bool:
    """ "I won't make it on Thursday"."""
    return bool(_ABSENT.search(text))


def declines(text: str, *, wishes_time: bool) -> bool:
    """Whether the caller wants no appointment, or not now. `wishes_time`: a day or an hour is said as well."""
    return bool(_DECLINES.search(text)) or (not wishes_time and bool(_ONLY_ASKING.search(text)))


def wants_message(text: str) -> bool:
    """Whether somebody shall be told something, or call the caller back; "and nobody need call me" is no such wish."""
    plain = _NO_MESSAGE.sub(" ", text)
    return any(_is_wished(found, plain[: found.start()]) for found in _MESSAGE.finditer(plain))


def _is_wished(found: re.Match[str], before: str) -> bool:
    own_deed = found.group().startswith(_TELLS) and _OWN_DEED.search(before)
    return not own_deed and not _NOT_SO.search(before)


def offers_message(agent_text: str) -> bool:
    """Whether the agent's last sentence asks if name and number shall be written down, or somebody call back."""
    last = _SENTENCE_END.split(folded(agent_text).strip())[-1]
    return last.endswith(("?", "؟")) and bool(_OFFERS_MESSAGE.search(last))


def asks_for_own(text: str) -> bool:
    """Whether callers ask when their own appointment is."""
    return bool(_OWN.search(text))


def keeps(text: str) -> bool:
    """ "Leave it as it is", "don't cancel it"."""
    return bool(_KEEP.search(text))


def for_two(text: str) -> bool:
    """Whether an appointment is wished for a second person as well; who has two wishes none."""
    found = _TWO_PEOPLE.search(text)
    return found is not None and not _HAVING.search(text[: found.start()])


def requests(text: str) -> bool:
    """Whether something is asked for, whatever it is."""
    return bool(_REQUEST.search(text))


def names_relative(text: str) -> bool:
    """Whether somebody of the caller's family is spoken of."""
    return bool(_RELATIVE.search(folded(text)))


def names_appointment(text: str) -> bool:
    """Whether an appointment is spoken of by a word for it."""
    return bool(_APPOINTMENT.search(folded(text)))


def asks_for_latest(text: str) -> bool:
    return bool(_LATEST.search(folded(text)))


def means_the_other(text: str) -> bool:
    """ "No, the other one"."""
    return bool(_OTHER_ONE.search(folded(text)))


def agrees_to_this_number(text: str) -> bool:
    """ "The number I'm calling from"."""
    return bool(_THIS_NUMBER.search(folded(text))) and not is_no(text)


def is_yes(text: str) -> bool:
    """Agreement without a refusal beside it."""
    plain = folded(text)
    return bool(_YES.search(plain)) and not is_no(plain)


def is_no(text: str) -> bool:
    return bool(_NO.search(_NO_MATTER.sub(" ", folded(text)))) or keeps(folded(text))


_EARLIEST = one_of(
    *map(whole, wishes.EARLIEST),
    whole("~הכי (?:מוקדם|קרוב|מהר)|התור הקרוב|התור הפנוי|מתי (?:\\S+ ){0,3}(?:תור|פנוי|מקום)|כמה שיותר מהר"),
    whole("earliest|soonest|as soon as possible|next (?:available|free|slot|appointment|opening)"),
    whole("when (?:can|could) i"),
)  # fmt: skip
_ANOTHER = one_of(
    *map(whole, wishes.ANOTHER),
    whole("עוד (?:תור|פגישה|אחד|אחת)|(?:תור|פגישה) (?:נוסף|נוספת|שני|שנייה)|גם (?:תור|פגישה)|גם ל\\S+ (?:תור|פגישה)"),
    whole("(?:another|a second|one more|an additional) (?:appointment|meeting|booking|one|slot)"),
)  # fmt: skip


_SAME_DAY, _SAME_TIME, _SURNAME_ASKED = map(any_of, (wishes.SAME_DAY, wishes.SAME_TIME, wishes.SURNAME_ASKED))


def same_day(text: str) -> bool:
    """ "On the same day": whatever day was spoken of last."""
    return bool(_SAME_DAY.search(text))


def same_time(text: str) -> bool:
    return bool(_SAME_TIME.search(text))


_EARLIER, _LATER = map(any_of, (wishes.EARLIER, wishes.LATER))


def earlier_or_later(text: str) -> str:
    """ "Is there anything earlier?": "earlier", "later" or ""."""
    return "earlier" if _EARLIER.search(text) else "later" if _LATER.search(text) else ""


def asks_for_earliest(text: str) -> bool:
    """Whether the caller asks which time comes first, naming none."""
    return bool(_EARLIEST.search(folded(text)))


_ONLY_PERSON = one_of(
    whole("(?:רק|אך ורק) (?:אצל|עם|אליה|אליו|איתה|איתו|אצלה|אצלו|ל?ד(?:''|\"|״)?ר|ל?דוקטור|ל?הרופאה?|היא|הוא).*"),
    whole("(?:only|just) (?:with|to|by|see|want|dr|doctor|her|him)|(?:no|any)(?:body|one| one) else"),
    whole("только (?:к|ко|у|с|со)|ни к кому другому"),
    whole("(?:بس|فقط) (?:عند|مع|الدكتور|الدكتوره|د)"),
)  # fmt: skip


def insists_on_person(text: str) -> bool:
    """Whether nobody but the one who is named will do."""
    return bool(_ONLY_PERSON.search(folded(text)))


def wants_another(text: str) -> bool:
    """Whether the caller asks for an appointment beside the one there is."""
    return bool(_ANOTHER.search(folded(text)))


_NAME_ASKED = one_of(
    whole("(?:ה)?שם(?: (?:ה)?(?:מלא|פרטי))?|שמך|קוראים לך|מי מדברת?|עם מי אני (?:מדברת?|משוחחת?)"),
    whole("your (?:full |first )?name|(?:what|which|whose|the) name.*|who am i speaking"),
    whole("who(?:'s| is) (?:calling|it for)"),
    whole("על (?:איזה |שם )?(?:שם|מי)(?: .*)?|איך קוראים .*|מי (?:זה|זאת|על הקו)"),
    whole("как вас зовут|ваше имя|на (?:чье|какое) имя.*|кого записать|шу исмак"),
    whole("شو اسم\\w*.*|ما اسم\\w*.*|(?:علي )?(?:اي|شو) اسم.*|مين معي"),
)  # fmt: skip
_SENTENCE_END = re.compile(r"(?<=[.!])\s+")


def asks_for_name(agent_text: str) -> bool:
    """Whether the agent's last sentence asks for the caller's name, so that a bare answer can be understood."""
    return bool(_NAME_ASKED.search(_SENTENCE_END.split(folded(agent_text).strip())[-1]))


def asks_for_surname(agent_text: str) -> bool:
    """Whether the agent's last sentence asks for the family name alone."""
    return bool(_SURNAME_ASKED.search(_SENTENCE_END.split(folded(agent_text).strip())[-1]))


_FOR_SOMEBODY, _OWN_NUMBER_ASKED = map(any_of, (wishes.FOR_SOMEBODY, wishes.OWN_NUMBER_ASKED))


def books_for_somebody(text: str) -> bool:
    """Whether an appointment is wished for a relative or a friend."""
    return bool(_FOR_SOMEBODY.search(text))


def asks_for_own_number(agent_text: str) -> bool:
    """Whether the agent's last sentence asks if the number the call comes from may be used."""
    last = _SENTENCE_END.split(folded(agent_text).strip())[-1]
    return last.endswith(("?", "؟")) and bool(_OWN_NUMBER_ASKED.search(last))
