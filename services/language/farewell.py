"""Goodbyes, in Hebrew, English, Russian and Arabic (W12, L4). Pure. In doubt it is none: the call stays on the line."""

from __future__ import annotations

import re

from services.language.questions import CLAUSE, WORD, asks
from services.language.text import one_spelling

_REPORT_WORDS = 2  # between who said it and the goodbye that was said
_LONG_CLAUSE = 8  # words: in more of them "but" and "first" belong to what was told before the goodbye
_STRANGE_WORDS = 2  # beside a goodbye in its clause (a name, a place); more, and it stands inside a sentence

GOODBYE = re.compile(
    r"(?<![\w'])(?:ביי+(?:[ -]ביי+)*|ו?להתראות|היה נעים|(?:שיהיה|שתהיה|יהיה)(?: לך| לכם| לכולם)? \w+ \w+|"
    r"(?:יום|ערב|סוף שבוע) (?:נעים|מקסים|נפלא)|כל טוב|"
    r"good ?bye|bye+(?:[ -]bye+)*|see you(?: \w+)?|talk to you later|have a (?:\w+ )?(?:day|evening|one|night|weekend)|"
    r"take care(?! of)|(?:talk|speak) soon|catch you later|cheerio|ta-?ra|ta-?ta|до свидан[иь]я|до встречи|"
    r"до (?:скорого|связи)|счастливо|всех благ|נתראה (?:אז )?(?:מחר|ביום \w+|ב\w+)|להשתמע|увидимся (?:в |во "
    r")?\w+|بشوف(?:ك|كم|كن) \w+|"
    r"الله معك\w*|بخاطرك\w*|"
    r"всего (?:доброго|хорошего)|хорошего (?:дня|вечера)|"
    r"مع السلامة|وداعا|الى اللقاء|في امان الله|يومك سعيد|باي(?: باي)*)(?![\w'])"
)
# Nobody ends a sentence about something else with these words.
FINAL_GOODBYE = re.compile(
    r"(?<![\w'])(?:ביי+(?:[ -]ביי+)*|ו?להתראות|שלום שלום|"
    r"(?:תודה|סליחה|מצטערת?) (?:ו?יום טוב|ו?ערב טוב|ו?שבוע טוב|שלום)|"
    r"(?:שיהיה|שתהיה|יהיה)(?: לך| לכם| לכולם)? (?:יום|ערב|שבוע|סוף שבוע|לילה) \w+|good ?bye|bye+(?:[ -]bye+)*|"
    r"have a (?:\w+ )?(?:day|evening|one|night|weekend)|до свидан[иь]я|всего (?:доброго|хорошего)|пока[ -]пока|"
    r"مع السلامة|وداعا|باي(?: باي)*)(?![\w'])"
)
# They close only a clause that holds nothing else: everyday words, and thanks that may be a greeting.
GOODBYE_ALONE = re.compile(
    r"(?<![\w'])(?:נתראה(?: אז)?(?: (?:מחר|ביום \w+|ב\w+)){0,2}|זה הכו?ל|זהו(?: זה)?|אין צורך(?: ב\w+)? "
    r"(?:יותר|נוסף)|תודה שהתקשרת\w*|"
    r"that's (?:all|everything|it)|that is (?:all|everything)|that(?:'ll| will) be all|nothing else|thank(?:s|"
    r" you) for (?:calling|your call)|"
    r"до (?:понедельника|вторника|среды|четверга|пятницы|воскресенья|завтра)|נתראה (?:אז )?(?:מחר|ב\w+)(?: \w+)?|"
    r"пока(?:[ -]пока)?|это все|спасибо за звонок|هذا كل شيء|شكرا لاتصالك\w*)(?![\w'])"
)
# A greeting as well as a goodbye: only after thanks in the same turn.
GREETING = re.compile(
    r"(?<![\w'])(?:ו?(?:יום|ערב|לילה|שבוע) טוב|שבת שלום|חג שמח|good night|доброй ночи|спокойной ночи|يوم سعيد|"
    r"تصبح على خير)(?![\w'])"
)
THANKS = re.compile(r"(?<![\w'])(?:ו?תודה|thanks|thank you|спасибо|شكرا)(?![\w'])")
OPENS = re.compile(r"(?:היי|הי|שלום(?! ותודה)|הלו|hi|hello|hey|алло|здравствуйте|привет|مرحبا|السلام|الو)(?!\w)")
COURTESY = frozenset(
    word
    for line in (
        "תודה ותודה רבה המון לך לכם על העזרה הכל הכול טוב אוקיי אוקי או קיי אז סבבה יופי מעולה",
        "מצוין בסדר לא כן שלום אחלה נהדר מושלם cheers a lot lovely brilliant perfect wonderful thanks thank you "
        "so much very ok okay alright well no yes great fine",
        "then for now and your help everything спасибо ну ладно хорошо большое нет да всё все тогда",
        "вам за помощь شكرا جزيلا طيب حسنا اوكي لا نعم تمام ماشي لك",
    )
    for word in line.split()
)
THANKING = frozenset(
    word
    for line in ("תודה רבה לך לכם thanks thank you very so much a lot спасибо вам большое شكرا جزيلا كتير",)
    for word in line.split()
)
REPORTS = re.compile(
    r"(?<!\w)(?:אמר\w*|להגיד|לומר|אומר\w*|הגיד\w*|said|says?|told|tell|сказал\w*|говор\w+|قال\w*|قلت)(?!\w)"
)
STILL_TALKING = re.compile(
    r"(?<![\w'])(?:לפני ש\S*|רגע|עוד (?:שאלה|דבר|משהו)|אבל|שנייה|רק ש\w+|before|wait|one more|but|also|first|"
    r"подождите|еще вопрос|но|قبل|لحظة|سؤال|لكن)(?![\w'])"
)


def says_goodbye(text: str) -> bool:
    """Whether a turn closes the conversation: its last clause is a goodbye, and nothing is asked or left open (L4)."""
    plain = one_spelling(text)
    if asks(text):
        return False
    if _last_words_are_goodbye(plain):
        return True
    if STILL_TALKING.search(plain):
        return False
    clauses = [clause.strip() for clause in CLAUSE.findall(plain) if WORD.search(clause)]
    while len(clauses) > 1 and not _strange(clauses[-1]):  # "that's all, thanks"
        clauses.pop()
    last = clauses[-1] if clauses else ""
    if REPORTS.search(last):
        return False
    if GREETING.search(last) and not GOODBYE.search(last):
        thanked = THANKS.search(plain) is not None and not OPENS.match(plain)
        return thanked and not _strange(GREETING.sub(" ", last))
    alone = GOODBYE_ALONE.search(last)
    if alone is not None:
        after = GOODBYE.sub(" ", last[alone.end() :])
        return not _strange(last[: alone.start()]) and set(WORD.findall(after)) <= THANKING
    return GOODBYE.search(last) is not None and _strange(GOODBYE.sub(" ", last)) <= _STRANGE_WORDS


def _last_words_are_goodbye(plain: str) -> bool:
    """However long the sentence before it: recognisers write no full stops ("sorry wrong number bye")."""
    final = None
    for final in FINAL_GOODBYE.finditer(plain):  # noqa: B007  (the last one)
        pass
    if final is None or _strange(plain[final.end() :]):
        return False
    before = WORD.findall(plain[: final.start()])[-_REPORT_WORDS:]
    if any(REPORTS.search(word) for word in before):  # "I only said bye"
        return False
    clause = CLAUSE.findall(plain[: final.end()])[-1]
    return STILL_TALKING.search(clause) is None or len(WORD.findall(clause)) > _LONG_CLAUSE


def _strange(clause: str) -> int:
    """How many words of it are no courtesy."""
    return sum(word not in COURTESY for word in WORD.findall(clause))
