"""Words over the agent's speech that do not take the floor: acknowledgements, and what is said to somebody else.

In Hebrew, English, Russian and Arabic. Only a turn that holds nothing else counts: where a cue is in doubt the caller
wants the floor and gets it (B3). Pure.
"""

from __future__ import annotations

import re

from media.conversation.cues import asks, is_filler
from services.claims.reading import offers_transfer
from services.language.hums import words_of
from services.language.text import plain_text

ACKNOWLEDGING = frozenset(
    word
    for line in (
        "כן אוקיי אוקי או קיי בסדר גמור הבנתי מבין מבינה נכון מאוד טוב יופי סבבה מעולה מצוין בדיוק ברור בטח וואלה אחלה",
        "yes yeah yep yup ok okay k right alright all sure i see got it good great cool fine exactly true understood",
        "да так понятно понял поняла хорошо ясно ладно точно конечно верно отлично",
        "نعم ايوه ايوا ايه تمام طيب ماشي حسنا اوكي صح فهمت اكيد",
    )
    for word in line.split()
)
MOST_WORDS = 4

_WAIT = (
    r"(?:רגע|שנייה|שניה|דקה|רק|עוד|סליחה|חכה|חכי|חכו|one|a|just|sec|second|minute|moment|hold on|hang on|wait|sorry|"
    r"подожди(?:те)?|секунду|минуту|сейчас|извини|لحظة|دقيقة|ثانية|استنى|استني)"
)
_SOMEBODY = (
    r"(?:אמא|אבא|מותק|חמודה?|ילדים|mom|dad|honey|dear|guys|kids|мама|папа|дорогая|дорогой|ماما|بابا|حبيبي|حبيبتي)"
)
_ARABIC_PHONE = r"(?:على |ع |بال|في ال)?(?:ال)?(?:تلفون|تليفون|هاتف|مكالمة)"
TO_OTHERS = re.compile(
    rf"(?:(?:{_WAIT}|{_SOMEBODY}) )*(?:"
    r"(?:לא (?:אתה|את|אתם|אליך|אלייך|איתך) )?אני (?:עכשיו )?(?:מדברת? )?(?:בטלפון|בשיחה|באמצע שיחה)(?: עכשיו)?|"
    r"אני (?:כבר|תכף|מיד) (?:באה?|מגיעה?|חוזרת?)|"
    r"(?:not you )?i(?:'m| am) on (?:the phone|a call|the line)(?: now| right now| here)?|"
    r"(?:i'll |i will )?be right (?:there|back|with you)|"
    r"(?:я (?:сейчас )?(?:говорю |разговариваю )?по телефону|у меня звонок|я на линии)|(?:я )?сейчас (?:приду|подойду)|"
    rf"(?:انا )?(?:عم )?(?:ب?احكي |بحكي |اتكلم |بتكلم )?{_ARABIC_PHONE}|(?:انا )?جاي حالا"
    rf")(?: (?:{_WAIT}|{_SOMEBODY}))*"
)
_SPELLING = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ё": "е"})
_SEPARATES = re.compile(r"[\s,.;:!?،؟…–—-]+")


def acknowledges(text: str) -> bool:
    """Whether somebody only shows that they listen: "כן", "mm, okay", "понятно"."""
    words = [word for word in words_of(text) if not is_filler(word)]
    return 0 < len(words) <= MOST_WORDS and ACKNOWLEDGING.issuperset(words)


def is_to_others(text: str) -> bool:
    """Whether this is said to somebody beside the telephone, and about it."""
    spoken = _SEPARATES.sub(" ", plain_text(text).translate(_SPELLING)).strip()
    return TO_OTHERS.fullmatch(spoken) is not None


def leaves_open(agent_text: str) -> bool:
    """Whether a yes may answer what the agent says: it asks or offers anywhere in it, or its words are not known."""
    asked = "?" in agent_text or "؟" in agent_text or asks(agent_text)
    return asked or offers_transfer(agent_text) or not words_of(agent_text)
