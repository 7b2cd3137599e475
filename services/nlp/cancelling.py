"""Which of several days that are named is to be cancelled: "one is tomorrow, one on the second; tomorrow's, please, and
leave the other" (A3, L15). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from services.nlp.calendar import Calendar
from services.nlp.dates import DateMention
from services.nlp.fold import fold_dates
from services.nlp.tokens import Token

_CANCELS = re.compile(
    r"[ושלה]{0,3}(?:תבטלי?|תבטלו|לבטל|בטלי?|מבטלת?|נבטל|ביטול)|cancel\w*|отмен\w+|убер\w+|убрать|"
    r"[اتنبي]{0,2}(?:لغي|لغيه|لغيها|لغيلي|لغاء|كنسل)\w*"
)
_KEEPS = re.compile(
    r"[ושלה]{0,3}(?:תשאירי?|תשאירו|השאירי?|להשאיר|נשאר|נשארת|נשארים|יישאר|ישאר|שיישאר|שישאר)|keep\w*|leave|stays?|remains?|"
    r"stands|остав\w+|оста[её]тся|остан\w+|сохран\w+|(?:[اتبي]?خلي|[اتبي]?ترك|[بي]?ضل|باقي)\w*"
)
_BOTH = re.compile(r"both|all|שניהם|שתיהן|כולם|оба|обе|все|(?:ال)?(?:تنين|تنتين|اثنين)|كلهم")
_FAR = 5  # words between a day and what is said of it


def cancelled_of(tokens: Sequence[Token], mentions: Sequence[DateMention], cal: Calendar) -> list[DateMention]:
    """The days of what is to be cancelled: without those that are to stay, and where two are left over, those that
    stand beside the word for it."""
    found = list(mentions)
    if any(_BOTH.fullmatch(token.raw) for token in tokens):
        return found
    days = {id(each): fold_dates([], [replace(each, start=0, end=0)], cal) for each in found}
    verbs = [(at, _KEEPS.fullmatch(token.raw) is not None) for at, token in enumerate(tokens) if _is_verb(token)]
    objects = _objects(found, verbs)
    staying = {days[id(each)] for each, keeps in objects if keeps}
    left = [each for each in found if days[id(each)] not in staying]
    if len({days[id(each)] for each in left}) < 2:
        return left
    wished = {days[id(each)] for each, keeps in objects if not keeps}
    return [each for each in left if days[id(each)] in wished] or left


def _is_verb(token: Token) -> bool:
    return _CANCELS.fullmatch(token.raw) is not None or _KEEPS.fullmatch(token.raw) is not None


def _objects(mentions: Sequence[DateMention], verbs: Sequence[tuple[int, bool]]) -> list[tuple[DateMention, bool]]:
    """Each verb's day: all of them before their day where one follows the last verb, else after it."""
    if not verbs:
        return []
    places = [at for at, _ in verbs]
    ahead = any(0 < each.start - places[-1] <= _FAR for each in mentions)
    found = []
    for at, keeps in verbs:
        before = [each for each in mentions if each.end <= at and not any(each.end <= other < at for other in places)]
        after = [each for each in mentions if each.start > at and not any(at < other < each.start for other in places)]
        near = (after[:1] or before[-1:]) if ahead else (before[-1:] or after[:1])
        found += [(each, keeps) for each in near if max(each.start - at, at - each.end) < _FAR]
    return found
