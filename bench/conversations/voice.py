"""What the bench's model says. It is cooperative and decides nothing: facts in the sandbox's words, fixed sentences as
told, and else a sentence that moves nothing. Pure.

No sentence is said three times nearly alike: the product breaks off a model that goes round in circles (W12), and this
one's few words must not look like that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sandbox.realtime.briefing import Briefing
from sandbox.realtime.server_facts import tell_facts

_SENTENCE = re.compile(r"[^.!?؟…\n]+[.!?؟…]*")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_ALIKE = 0.6  # stricter than the product's own measure
_REPEATS = 2

# Statements: after a goodbye of the caller's that the product has understood they do not keep the line open.
_NEUTRAL = {
    "he": (
        "אני מקשיבה.", "בסדר גמור, תודה.", "הבנתי אותך.", "כן, אני איתך.", "שמעתי, תודה שאמרת.", "בשמחה רבה.",
        "אוקיי, זה ברור לי.", "טוב, אני כאן בשבילך.", "נהדר, ממש תודה.", "מצוין, קיבלתי.", "אין שום בעיה.",
        "תודה על הסבלנות.", "אני לגמרי מבינה.", "יופי של דבר.",
    ),
    "en": (
        "I'm listening.", "All right, thank you.", "I understand you.", "Yes, I'm with you.", "Thanks for telling me.",
        "With pleasure.", "Okay, that is clear.", "Well, here I am for you.", "Great, thanks indeed.", "Got it.",
        "No problem at all.", "Thank you for your patience.", "That makes perfect sense.", "Very good.",
    ),
}  # fmt: skip
# Put before a sentence that was said before; none of them names a day, a time or a person.
_LEADS = {
    "he": (
        "סליחה שאני שואלת שוב,", "ברשותך עוד פעם כדי שלא תהיה טעות,", "רק כדי שאהיה לגמרי בטוחה שהבנתי נכון,",
        "תודה על הסבלנות ואני חוזרת על זה בקצרה,", "כדי שנוכל להמשיך הלאה ביחד בלי להתבלבל,",
    ),
    "en": (
        "Sorry to come back to this,", "Just so that nothing gets mixed up between us,",
        "To be really sure that I understood everything correctly,", "Thank you for bearing with me, once more,",
        "So that we can go on together without any confusion,",
    ),
}  # fmt: skip


def neutral(language: str, said: Sequence[str]) -> str:
    """A sentence that asks nothing, promises nothing and was not said yet while there are such."""
    choices = _NEUTRAL[language]
    return min(choices, key=lambda sentence: (said.count(sentence), choices.index(sentence)))


def voiced(briefing: Briefing, facts: Sequence[str], said: Sequence[str]) -> str:
    """The facts for the caller, worded anew where the same was said before."""
    return varied(tell_facts(briefing, facts), briefing.language, said)


def varied(text: str, language: str, said: Sequence[str]) -> str:
    """The text, with other words before each sentence that was said too often."""
    earlier = [_words(sentence) for one in said for sentence in _SENTENCE.findall(one)]
    return " ".join(_varied(sentence.strip(), language, earlier) for sentence in _SENTENCE.findall(text))


def _varied(sentence: str, language: str, earlier: Sequence[frozenset[str]]) -> str:
    for lead in ("", *_LEADS[language]):
        worded = f"{lead} {sentence}".strip()
        if sum(_alike(_words(worded), known) for known in earlier) < _REPEATS:
            return worded
    return sentence


def _words(sentence: str) -> frozenset[str]:
    return frozenset(_WORD.findall(sentence.lower()))


def _alike(first: frozenset[str], second: frozenset[str]) -> bool:
    return bool(first | second) and len(first & second) >= _ALIKE * len(first | second)
