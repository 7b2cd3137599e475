"""What is said of an appointment that exists: "I have one on Thursday at three, could it be Friday?" (A1, L15). Pure.

Days and hours told of it are none of the wish. An utterance is read from left to right: words of having begin such a
stretch, words of wishing end it, and so does a second day or hour, for one appointment has one of each.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.nlp.dates import DateMention
from services.nlp.fold import joins
from services.nlp.times import TimeMention
from services.nlp.tokens import Token


def _whole(words: str) -> re.Pattern[str]:
    return re.compile(words.replace(" ", "|"))


_APPOINTMENT = _whole(
    "ה?תור ה?פגישה ה?ביקור ה?טיפול ה?בדיקה ה?מפגש appointment appointments meeting booking slot visit one session "
    "запись записи прием приема очередь визит встреча встречу موعد دور حجز موعدي دوري حجزي"
)
# Before such a word: that somebody has it. Some languages say it in two words.
_HAVE = (
    "יש לי", "יש לנו", "יש לו", "יש לה", "i have", "i've", "i've got", "i got", "we have", "we've got", "i am having",
    "i'm having", "she has", "he has", "у меня", "у нас", "у него", "у нее", "у мужа", "у мамы", "عندي", "عنا", "الي",
    "عنده", "عندها", "معي",
)  # fmt: skip
_ASKING = frozenset(("can", "could", "may", "might", "should", "shall", "must", "please"))
# They say it alone.
_BOOKED = _whole(
    "קבעתי קבענו רשום רשומה קבוע קבועה מוזמן מוזמנת זימנו הזמנתי booked scheduled registered "
    "записан записана записаны назначено назначен назначена записывался записывалась حاجز حاجزه حجزت محجوز"
)
_NOT_BOOKED = frozenset(("לא", "אין", "be", "get", "not", "не", "ما", "مش"))
# Of a change: the appointment by a word that says whose it is.
_POSSESSED = frozenset(("שלי", "שלו", "שלה", "שלנו"))
_POSSESSING = frozenset(("my", "our", "his", "her", "the", "мою", "мой", "моя", "свою", "нашу", "маму"))
_AT_THAT_TIME = frozenset(("on", "at", "of", "for", "is", "which", "that's", "it's"))
# What follows is wished.
_WISHES = re.compile(
    r"[ושה]?(?:אפשר|רוצה|רוצים|צריך|צריכה|רציתי|חייב|חייבת|מבקש|מבקשת|אשמח|עדיף|מעדיפה?|נוכל|תוכלי|בוא|בואי)|"
    r"[ושלה]{0,2}(?:להזיז|הזיז|תזיזי?|נזיז|להעביר|תעבירי?|נעביר|לשנות|תשני|תשנה|לדחות|תדחי|תדחה|להקדים|תקדימי?|"
    r"להחליף|תחליפי?)\w*|"
    r"can|could|would|i'd|want|like|need|needs|prefer|make|rather|move|reschedule|change|shift|push|postpone|prepone|swap|"
    r"bring|switch|instead|"
    r"можно|хочу|хотел|хотела|хотелось|надо|нужно|нужен|нужна|лучше|давайте|перенес\w+|перенос\w*|передвин\w+|сдвин\w+|перепиш\w+|"
    r"переписать|поменять|поменяйте|"
    r"و?(?:بدي|بدنا|ممكن|بقدر|احسن|خلي\w*|ا*(?:ن|ت)?(?:اجل|غير|زيح|نقل|حول)\w*)"
)


@dataclass(frozen=True, slots=True)
class OfExisting:
    """The mentions that speak of an appointment that exists."""

    dates: tuple[DateMention, ...] = ()
    times: tuple[TimeMention, ...] = ()


def told_of_existing(
    tokens: Sequence[Token], dates: Sequence[DateMention], times: Sequence[TimeMention], *, moves: bool
) -> OfExisting:
    """`moves`: the utterance wishes a change of time, so that "from Thursday" and "my appointment on Thursday" tell of
    it as well."""
    day_at, time_at = {each.start: each for each in dates}, {each.start: each for each in times}
    own_dates: list[DateMention] = []
    own_times: list[TimeMention] = []
    last_day: DateMention | None = None
    last_time: TimeMention | None = None
    telling = False
    at = 0
    while at < len(tokens):
        day, clock = day_at.get(at), time_at.get(at)
        if day is not None:
            if moves and day.from_ and not own_dates:
                telling, last_day, last_time = True, None, None
            telling = telling or _had_on(tokens, day) or (moves and _is_days_own(tokens, day))
            telling = telling and (last_day is None or joins(tokens, last_day, day) != "")
            if telling:
                own_dates.append(day)
                last_day = day
        if clock is not None:
            telling = telling and (last_time is None or joins(tokens, last_time, clock) != "")
            if telling:
                own_times.append(clock)
                last_time = clock
        if day is None and clock is None:
            if _begins(tokens, at, moves=moves):
                telling, last_day, last_time = True, None, None
            elif _WISHES.fullmatch(tokens[at].raw) and not _has_it(tokens, at):
                telling = False
        at = max(at + 1, *(each.end for each in (day, clock) if each is not None), 0)
    return OfExisting(tuple(own_dates), tuple(own_times))


def _begins(tokens: Sequence[Token], at: int, *, moves: bool) -> bool:
    raw = tokens[at].raw
    if _BOOKED.fullmatch(raw):
        return not _NOT_BOOKED & {token.raw for token in tokens[max(0, at - 2) : at]}
    if raw in ("יש לי פגישה", "יש לי ישיבה"):  # of a change it is the appointment, else another engagement
        return moves
    if not _APPOINTMENT.fullmatch(raw.split(" ")[-1]):
        return False
    return _has_it(tokens, at) or (moves and _is_whose(tokens, at))


def _has_it(tokens: Sequence[Token], at: int) -> bool:
    before = " ".join(token.raw for token in tokens[max(0, at - 6) : at])
    for have in _HAVE:
        start = f" {before} ".rfind(f" {have} ")
        between = before[start + len(have) :].split() if start >= 0 else []
        if start >= 0 and len(between) <= 3 and not _breaks_off(between):
            return not _ASKING & set(before[:start].split()[-1:])
    return False


def _is_days_own(tokens: Sequence[Token], day: DateMention) -> bool:
    """ "Thursday's appointment", "my Thursday meeting", "завтрашнюю запись": not "to Thursday an appointment"."""
    following = tokens[day.end].raw if day.end < len(tokens) else ""
    before = tokens[day.start - 1] if day.start else None
    linked = before is not None and (before.has("at", "to") or before.raw in ("on", "to"))
    hebrew = "א" <= following[:1] <= "ת" or "ء" <= following[:1] <= "ي"  # the day comes after the word there
    return _APPOINTMENT.fullmatch(following) is not None and not linked and not hebrew


def _had_on(tokens: Sequence[Token], day: DateMention) -> bool:
    """ "I have on Wednesday an appointment", "у меня в среду прием", "عندي بكرا دور"."""
    after = [token.raw for token in tokens[day.end : day.end + 5]]
    word = next((at for at, raw in enumerate(after) if _APPOINTMENT.fullmatch(raw.split(" ")[-1])), None)
    if word is None or _breaks_off(after[:word]):
        return False
    before = " ".join(token.raw for token in tokens[max(0, day.start - 4) : day.start])
    return any(before.endswith((have, f"{have} в", f"{have} на", f"{have} on")) for have in _HAVE)


def _breaks_off(between: Sequence[str]) -> bool:
    """ "I have two minutes, I need an appointment": what is had is something else."""
    return any(_WISHES.fullmatch(word) or not word.strip(",.;:!?…-") for word in between)


def _is_whose(tokens: Sequence[Token], at: int) -> bool:
    """ "My appointment on Thursday", not "my appointment to Thursday"."""
    raw = tokens[at].raw
    here = tokens[at - 1].raw if at else ""
    after = tokens[at + 1 : at + 4]
    whose = here in _POSSESSING or raw.endswith("ي") or raw.startswith("ה")
    if not whose or not after:
        return False
    if after[0].raw in _POSSESSED:
        after = after[1:]
    following = after[0] if after else None
    if following is None:
        return False
    if "a" <= raw[0] <= "z":
        return following.raw in _AT_THAT_TIME
    return following.preposition in ("ב", "מ") or following.raw in ("של", "يوم", "تبع", "ביום", "שביום")
