"""Does the caller ask for a human, or does the agent promise one? (W7). Pure, Hebrew, English, Russian, Arabic."""

from __future__ import annotations

import re
import unicodedata

_CALLER = re.compile(
    r"(?<!\w)(?:"
    r"(?:לדבר|לשוחח) עם (?:בן[ -]?אדם|בנאדם|אדם|מישהו(?: אמיתי| אנושי| אחר)?|נציג\w*|ה?מזכיר\w*|"
    r"ה?מנהל\w*|בעל\w* העסק|הרופא\w*)|"
    r"(?:תעביר\w*|להעביר|העבירו|תנתב\w*) (?:אותי|אליי?|ל(?:נציג|מזכיר|מנהל|בן))\S*|נציג אנושי|מענה אנושי|"
    r"(?:speak|talk) (?:to|with) (?:a |an |the )?(?:real |actual |live |human )?(?:person|human|someone|somebody|agent|"
    r"representative|manager|operator|receptionist|secretary|owner|doctor)|"
    r"(?:transfer|connect|put) me (?:to|through|with)\b|(?:real|human) (?:person|being) please|"
    r"(?:поговорить|соедините|переключите|переведите)\s(?:меня\s)?(?:со?|на)\s\S*\s?(?:человеком|человека|оператор\w*|"
    r"менеджер\w*|сотрудник\w*|кем-?нибудь)|живой человек|"
    r"(?:التحدث|اتكلم|أتكلم|احكي|أحكي) (?:مع|إلى) (?:شخص|إنسان|انسان|موظف|حدا|المدير)\w*|حولني|حوّلني"
    r")"
)
_CALLER_NOT = re.compile(
    r"(?<!\w)(?:לא (?:רוצה|צריך|צריכה) לדבר|(?:do not|don't|no need to) (?:want|need|transfer|speak))"
)
_AGENT = re.compile(
    r"(?<!\w)(?:(?:אני |אז |כבר |מיד |עכשיו )*(?:מעבירה?|אעביר|מקשרת?) אותך|"
    r"(?:i'm|i am|i will|i'll|let me) (?:now )?(?:transfer(?:ring)?|connect(?:ing)?|put(?:ting)?) you|"
    r"(?:я )?(?:соединяю|перевожу|переключаю) вас|سأحولك|أحولك الآن)"
)


def wants_human(text: str) -> bool:
    """Whether the caller asks to be put through to a person."""
    plain = _plain(text)
    return _CALLER.search(plain) is not None and _CALLER_NOT.search(plain) is None


def promises_transfer(text: str) -> bool:
    """Whether the agent states (not asks) that it puts the caller through now."""
    plain = _plain(text)
    return any(
        _AGENT.search(sentence) and not sentence.rstrip().endswith(("?", "؟"))
        for sentence in re.findall(r"[^.!?؟\n]+[.!?؟]*", plain)
    )


def _plain(text: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in ("Mn", "Cf"))
    return bare.replace("’", "'").lower().strip()
