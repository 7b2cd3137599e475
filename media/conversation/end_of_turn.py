"""Whether somebody has finished, by their words: plainly unfinished, plainly over, or not to be told (C5). Pure.

Words alone never end a turn, nor keep it open for good: they make the pause after them count for more or for less. So
the lists hold what cannot end a sentence in its language (and what can hardly be followed by more), not sentences.
"""

from __future__ import annotations

import re
from enum import StrEnum

from media.conversation.cues import is_filler, says_yes
from media.conversation.floor import ACKNOWLEDGING
from services.language.text import plain_text


class Ending(StrEnum):
    OPEN = "open"  # there is more to come
    UNKNOWN = "unknown"
    OVER = "over"


# Words nothing ends with: they lead to another one. Hebrew's one-letter prefixes too, written apart.
_LEADS_ON = frozenset(
    word
    for line in (
        "ו ל ב ה ש מ כ או אבל של עם את על אל אצל כי אם לגבי בגלל בשביל עד בין לפני אחרי כמו רק בשעה ביום ליום לשעה",
        "ביום־ מיום משעה לקראת לכבוד בקשר בנוגע אולי אפילו שזה שאני כש מתי אז הייתי",
        "and or but because if to from the a an of for with at on in between before until till about than my your our",
        "и или но в во на с со к для от до из по про через между если что чтобы потому мой моя моё",
        'לאן כדי דוקטור ד״ר ד"ר דר מר גברת dr doctor mr mrs ms that which who доктор доктору доктора врачу',
        "و او أو لكن في على الى إلى من عن مع بين حتى قبل بعد عشان لأن لأنه لانه إنه انه تبع اذا إذا يوم الساعة يعني",
        "دكتور دكتورة الدكتور الدكتورة",
    )
    for word in line.split()
)
# Beginnings that say nothing by themselves, where a turn ends with them.
_BEGINNINGS = re.compile(
    r"(?:^|\s)(?:"
    r"אני (?:רוצה|צריכ?ה?|מבקשת?|מעוניינ(?:ת)?|אשמח|חושבת?)|הייתי (?:רוצה|שמחה?)|אפשר|רציתי|"
    r"קוראים לי|שמי|השם שלי(?: הוא)?|"
    r"(?:ה)?(?:מספר|טלפון)(?: שלי)?(?: הוא)?|תור ל|"
    r"i(?:'d| would)? (?:want|need|like)|i(?:'m| am)|can i|could i|i would|my (?:name|number|phone)(?: number)?|"
    r"(?:the|my(?: phone)?) (?:name|number) is|it(?:'s| is)|this is|looking for|how about|what about|"
    r"(?:я )?(?:хочу|хотел|хотела)(?: бы)?|меня зовут|мой номер|мне нужно|بدي|اريد|أريد|اسمي|رقمي"
    r")$"
)
# Asking for a moment, or looking for something: what was looked for follows.
_ONE_MOMENT = re.compile(
    r"(?:^|\s)(?:רגע|רגעון|שני(?:י)?ה|שניה אחת|חכי?|תחכי?|"
    r"(?:אני )?(?:בודקת?|מחפשת?|מסתכלת?|אבדוק)(?: רגע)?|תן לי לבדוק|"
    r"wait|hold on|hang on|(?:just )?(?:a|one) (?:moment|second|minute|sec)|let me (?:see|check|look|think|find\b.*)|"
    r"подождите?|погодите?|минут(?:ку|очку)|секунд(?:у|очку)|сейчас (?:найду|посмотрю|гляну|скажу)\b.*|"
    r"لحظة|لحظه|ثانية|ثانيه|دقيقة|استنى|استني|خليني (?:أشوف|اشوف|اتأكد))$"
)
# Closing words.
_CLOSING = re.compile(
    r"(?:^|\s)(?:בבקשה|תודה(?: רבה)?|זהו|זה הכ[ו]?ל|please|thanks|thank you(?: very much)?|that's (?:it|all)|bye|"
    r"goodbye|להתראות|ביי|спасибо|пожалуйста|всё|до свидания|شكرا|من فضلك|خلص)$"
)
_NO = frozenset(["לא", "no", "nope", "nah", "нет", "لا"])
_CLOCK = re.compile(r"(?:^|\s)[בל]?-?(?:[01]?\d|2[0-3]):[0-5]\d$")
_STOPS, _ASKS_OR_STOPS = ".!", "?؟"
_TRAILS_OFF = ("...", "…", ",", "-", "–", "—", "־", ":", "،")
_WORD = re.compile(r"[^\W_]+(?:['\"׳״:.][^\W_]+)*")
_DIGIT_WORDS = {
    word: str(digit)
    for language in (
        "אפס אחת שתיים שלוש ארבע חמש שש שבע שמונה תשע",
        "אפס אחד שניים שלושה ארבעה חמישה שישה שבעה שמונה תשעה",
        "zero one two three four five six seven eight nine",
        "oh one two three four five six seven eight nine",
        "ноль один два три четыре пять шесть семь восемь девять",
        "صفر واحد اثنين ثلاثة اربعة خمسة ستة سبعة ثمانية تسعة",
    )
    for digit, word in enumerate(language.split())
}
_MOBILE, _LANDLINE = 10, 9  # digits of an Israeli number with its zero
_PLATE = 7  # of a car; an identity card has nine


def ending_of(text: str) -> Ending:
    """What the words say so far, in any of the product's languages."""
    plain = plain_text(text)
    words = _WORD.findall(plain)
    if not words:
        return Ending.UNKNOWN
    digits = _read_out(words)
    if digits:
        return _of_number(digits)
    if plain.endswith(_TRAILS_OFF) or is_filler(words[-1]):
        return Ending.OPEN
    bare = plain.rstrip(_STOPS + _ASKS_OR_STOPS + "\"'”’ ")
    if plain[-1] in _ASKS_OR_STOPS:
        return Ending.OVER
    if words[-1] in _LEADS_ON or _BEGINNINGS.search(bare) or _ONE_MOMENT.search(bare) or _is_spelling(words):
        return Ending.OPEN
    if plain[-1] in _STOPS or _CLOSING.search(bare) or _CLOCK.search(bare) or _is_short_answer(words, plain):
        return Ending.OVER
    return Ending.UNKNOWN


def _is_short_answer(words: list[str], plain: str) -> bool:
    """A yes, a no, an okay, and nothing else."""
    return len(words) <= 3 and (_NO | ACKNOWLEDGING).issuperset(words) and (says_yes(plain) or len(words) <= 2)


def _is_spelling(words: list[str]) -> bool:
    """A name letter by letter."""
    return len(words) >= 2 and all(len(word) == 1 and word.isalpha() for word in words[-2:])


def _read_out(words: list[str]) -> str:
    """The digits of a number that is being read out at the end; "" when none is. Digit by digit: a plate, a code, an
    account; otherwise only what begins with a zero, since 18 may be a day and 2026 a year."""
    groups: list[str] = []
    for word in reversed(words):
        figures = word if word.isdecimal() else _DIGIT_WORDS.get(word, "")
        if not figures:
            break
        groups.insert(0, figures)
    digits = "".join(groups)
    by_digit = len(groups) >= 3 and all(len(group) == 1 for group in groups)
    return digits if by_digit or (digits.startswith("0") and len(digits) > 1) else ""


def _of_number(digits: str) -> Ending:
    if not digits.startswith("0"):
        return Ending.OPEN if len(digits) < _PLATE else Ending.UNKNOWN
    whole = _MOBILE if digits[1:2] in ("5", "7") else _LANDLINE
    return Ending.OPEN if len(digits) < whole else Ending.OVER
