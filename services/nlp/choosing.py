"""Which service, and with whom: what a caller's words choose of what the business offers (K4). Pure.

"Not with Dr Levi" removes, a correction replaces, "or" leaves both, "and also" is another appointment. What was told of
or asked about ("how much is …", "I had a …") counts only where nothing is wished.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from services.nlp.fold import joins
from services.nlp.lexicons import choosing as lexicon
from services.nlp.offering import NOTHING_CHOSEN, Choice, Chosen, Offering
from services.nlp.person_mentions import person_mentions, stranger
from services.nlp.service_mentions import Mention, service_mentions
from services.nlp.tokens import Token, folded
from services.nlp.whole_words import any_of
from services.nlp.word_forms import without_prefix

_LOOK_BACK, _LOOK_AHEAD = 6, 3
_ANYONE, _ANYONE_ASKED = any_of(lexicon.ANYONE), any_of(lexicon.ANYONE_ASKED)
_SAME, _SAME_PERSON = any_of(lexicon.SAME_AS_LAST), any_of(lexicon.SAME_PERSON)
_SAME_SERVICE = any_of(lexicon.SAME_SERVICE)
_PERSON_ASKED = any_of(lexicon.PERSON_ASKED)
_SENTENCE_END = re.compile(r"(?<=[.!])\s+")
_SHORT_ANSWER = 6


@dataclass(frozen=True, slots=True)
class _Said:
    """A mention, and how it is meant."""

    mention: Mention
    is_person: bool
    denied: bool
    told: bool
    wished: bool
    besides: bool

    @property
    def start(self) -> int:
        return self.mention.start

    @property
    def end(self) -> int:
        return self.mention.end


@dataclass(slots=True)
class _Fold:
    """Appointments that are put together from mentions, in order."""

    items: list[Choice] = field(default_factory=lambda: [Choice()])
    unclear: set[str] = field(default_factory=set)
    adds: bool = False


def choices_in(
    words: Sequence[Token], lowered: str, offering: Offering, asked: str = ""
) -> tuple[Chosen, frozenset[int]]:
    """What an utterance chooses, and the words that was read from. `words` are single words, `lowered` is the folded
    text; `asked`: "person" when it was just asked with whom, "name" when it was the caller's own."""
    if not offering:
        return NOTHING_CHOSEN, frozenset()
    mentions = service_mentions(words, offering.services)
    services = _not_told_after([_said(words, each, is_person=False, others=mentions) for each in mentions])
    anyone = _anyone(words, lowered, asked)
    named = person_mentions(_blind(words, anyone), offering.persons, asked)
    persons = [_said(words, each, is_person=True, others=named) for each in named]
    used = {index for each in (*services, *persons) for index in range(each.start, each.end)}
    persons = [each for each in persons if not each.told or _theirs(words, each)]
    fold = _folded(words, [*_wished(services), *(each for each in persons if not each.denied)])
    found = _chosen(fold, services, persons)
    who = "" if found.first.persons else stranger(words, offering.persons, frozenset(used))
    free = bool(anyone) and (not found.first.persons or _joined_by_or(words, persons))
    return replace(_as_before(found, lowered), anyone=free, stranger=who), frozenset(used | anyone)


def _not_told_after(services: Sequence[_Said]) -> list[_Said]:
    """ "A check-up and right after it a cleaning" wishes both, "I had a check-up and after that a cleaning" neither."""
    return [
        replace(each, told=False) if each.told and each.besides and at and not services[at - 1].told else each
        for at, each in enumerate(services)
    ]


def _chosen(fold: _Fold, services: Sequence[_Said], persons: Sequence[_Said]) -> Chosen:
    first = fold.items[0]
    return Chosen(
        first=first,
        also=tuple(fold.items[1:]),
        unclear=frozenset(fold.unclear),
        not_services=tuple(one for one in _denied(services) if one not in first.services),
        not_persons=tuple(one for one in _denied(persons) if one not in first.persons),
        told=bool(first.services) and all(each.told for each in services if not each.denied),
        adds=fold.adds,
        wishes=any(each.wished and not each.denied and not each.told for each in services),
    )


def _as_before(found: Chosen, lowered: str) -> Chosen:
    """With what is to be the same as last time, as far as nothing else is named."""
    same, first = bool(_SAME.search(lowered)), found.first
    return replace(
        found,
        same_service=(same or bool(_SAME_SERVICE.search(lowered))) and len(first.services) != 1,
        same_person=(same or bool(_SAME_PERSON.search(lowered))) and not first.persons,
    )


def _anyone(words: Sequence[Token], lowered: str, asked: str) -> set[int]:
    """The words that wish whoever is free."""
    if _SAME_PERSON.search(lowered):  # "whoever I saw last time"
        return set()
    briefly = asked == "person" and len(words) <= _SHORT_ANSWER
    found = _ANYONE.search(lowered) or (_ANYONE_ASKED.search(lowered) if briefly else None)
    return _words_between(words, lowered, *found.span()) if found else set()


def _blind(words: Sequence[Token], places: set[int]) -> Sequence[Token]:
    """The words without those at some places."""
    return [Token("", "", {"data": 1}) if at in places else word for at, word in enumerate(words)] if places else words


def _words_between(words: Sequence[Token], lowered: str, start: int, end: int) -> set[int]:
    """Which words stand there in the text they were read from."""
    found, at = set(), 0
    for index, word in enumerate(words):
        at = max(at, lowered.find(word.raw, at))
        if start <= at < end:
            found.add(index)
        at += len(word.raw)
    return found


def asks_for_person(agent_text: str) -> bool:
    """Whether the agent's last sentence asks with whom."""
    last = _SENTENCE_END.split(folded(agent_text).strip())[-1]
    return last.endswith(("?", "؟")) and bool(_PERSON_ASKED.search(last))


def _denied(said: Sequence[_Said]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(one for each in said if each.denied for one in each.mention.ids))


def _wished(said: Sequence[_Said]) -> list[_Said]:
    """The services that are wished: those said with a wish before those that are only named, and what is told of only
    where nothing else is said."""
    left = [each for each in said if not each.denied]
    left = [each for each in left if not each.told] or left
    if not any(each.wished for each in left):
        return left
    return [each for each in left if each.wished or each.besides]


def _joined_by_or(words: Sequence[Token], said: Sequence[_Said]) -> bool:
    return any(joins(words, a, b) == "or" for a, b in pairwise(said))


# -- how a mention is meant ------------------------------------------------------------------------------------------


def _said(words: Sequence[Token], mention: Mention, *, is_person: bool, others: Sequence[Mention]) -> _Said:
    before = _clause_before(words, mention.start, others)
    return _Said(
        mention,
        is_person,
        denied=_denied_before(words, mention, others) or _denied_after(words, mention),
        told=_tells_of_person(words, mention) if is_person else _is_told(words, mention, before),
        wished=any(word.raw in lexicon.WISHING for word in before),
        besides=_is_besides(words, mention),
    )


def _clause_before(words: Sequence[Token], start: int, others: Sequence[Mention]) -> list[Token]:
    """The words right before a mention, back to the last pause or mention."""
    found: list[Token] = []
    ends = {each.end for each in others if each.end <= start}
    for index in range(start - 1, max(-1, start - 1 - _LOOK_BACK), -1):
        if words[index].is_punctuation:
            break
        found.append(words[index])
        if index in ends:
            break
    return found


def _denied_before(words: Sequence[Token], mention: Mention, others: Sequence[Mention]) -> bool:
    ends = {each.end: each for each in others if each.end <= mention.start}
    index = mention.start - 1
    while index >= 0 and mention.start - index <= _LOOK_BACK:
        word = words[index]
        if _pair(words, index) in lexicon.RATHER_THAN:
            return True
        if word.raw == "ولا" and index + 1 == mention.start and index in ends:
            return False  # "with this one or that one"
        if word.raw in lexicon.NOT_WANTED:
            following = words[index + 1].raw if index + 1 < len(words) else ""
            asks_why = index > 0 and words[index - 1].raw in lexicon.WHY
            return not (following in lexicon.NEUTRAL or asks_why)
        joined = word.has("or") or word.raw in ("and", "и", "و", "או", "or")
        if word.raw == "but" and index > 0 and words[index - 1].raw in lexicon.ANYBODY:
            return True
        if word.is_punctuation or word.raw in lexicon.BUT or word.has("correction"):
            return False
        if index + 1 in ends and not joined and index + 1 != mention.start:
            return False
        if not (joined or word.raw in lexicon.FILL or word.raw in lexicon.TITLES or _inside(index, others)):
            return False
        index -= 1
    return False


def _pair(words: Sequence[Token], end: int) -> tuple[str, str]:
    """A word with the one before it."""
    return (words[end - 1].raw if end else "", words[end].raw)


def _inside(index: int, mentions: Sequence[Mention]) -> bool:
    return any(each.start <= index < each.end for each in mentions)


def _denied_after(words: Sequence[Token], mention: Mention) -> bool:
    """ "Levi, I don't want", "לוי לא": not where the "no" is said of what follows it."""
    index = mention.end
    while index < len(words) and index - mention.end <= 1 and words[index].raw in lexicon.FILL:
        index += 1
    if (
        index >= len(words)
        or words[index].raw not in lexicon.NOT_WANTED
        or words[index].raw in ("except", "but", "חוץ")
    ):
        return False
    following = [word for word in words[index + 1 : index + 3] if word.raw not in ("לי", "me", "мне", "אני")]
    return not following or following[0].is_punctuation or following[0].raw in lexicon.LIKING


def _is_told(words: Sequence[Token], mention: Mention, before: Sequence[Token]) -> bool:
    """Told of, or asked about: "I had a root canal", "how much is whitening"."""
    ahead = [word.raw for word in words[mention.end : mention.end + _LOOK_AHEAD] if not word.is_punctuation]
    telling = any(word.raw in lexicon.TOLD_BEFORE for word in before[:4])
    wishing = any(word.raw in lexicon.WISHING for word in before[:2])
    return (telling and not wishing) or any(raw in lexicon.TOLD_AFTER for raw in ahead)


def _tells_of_person(words: Sequence[Token], mention: Mention) -> bool:
    """ "Dr Levi told me to call"."""
    return any(word.raw in lexicon.TELLING for word in words[mention.end : mention.end + 2])


def _theirs(words: Sequence[Token], said: _Said) -> bool:
    """ "… told me to come back to her"."""
    return any(word.raw in lexicon.THEIRS for word in words[said.end :])


def _is_besides(words: Sequence[Token], mention: Mention) -> bool:
    """Right after "and", "also", "then", or with such a prefix; "… and for my son a check-up"."""
    raw = words[mention.start].raw
    if raw[:1] in ("ו", "و") and len(raw) > 2 and mention.start:
        return True
    at, of_another = mention.start - 1, False
    while at >= 0 and mention.start - at <= _LOOK_BACK and not words[at].is_punctuation:
        rest = {each for _, each in without_prefix(words[at].raw)}
        if words[at].raw in lexicon.BESIDES or _pair(words, at) in lexicon.BESIDES_PAIRS:
            return True
        if not rest.isdisjoint(lexicon.PATIENTS):
            of_another = of_another or words[at].raw[:1] in ("ו", "و")
        elif words[at].raw not in lexicon.BEFORE_SERVICE:
            break
        at -= 1
    return of_another


# -- put together ----------------------------------------------------------------------------------------------------


def _folded(words: Sequence[Token], said: Sequence[_Said]) -> _Fold:
    fold = _Fold()
    last: dict[bool, _Said] = {}
    for each in sorted(said, key=lambda one: one.start):
        previous = last.get(each.is_person)
        how = joins(words, previous, each) if previous is not None else ""
        last[each.is_person] = each
        _take(fold, each, how)
    if len(fold.items) > 1:
        _share_person(fold)
    for item in fold.items:
        if len(item.services) > 1:
            fold.unclear.add("service")
    return fold


def _take(fold: _Fold, each: _Said, how: str) -> None:
    ids, current = each.mention.ids, fold.items[-1]
    known = current.persons if each.is_person else current.services
    if each.is_person and len(ids) > 1:
        fold.unclear.add("person")
    if how == "correction":
        fold.items[-1] = _with(current, each, ids)
        fold.unclear -= {"person"} if each.is_person and len(ids) == 1 else set()
    elif not known:
        fold.adds = fold.adds or (each.besides and not each.is_person and not current)
        fold.items[-1] = _with(current, each, ids)
    elif how == "or":
        fold.items[-1] = _with(current, each, (*known, *ids))
    elif set(known) & set(ids):  # the same once more; of several that fitted those that fit both
        fold.items[-1] = _with(current, each, tuple(one for one in known if one in ids))
        fold.unclear -= {"person"} if each.is_person and len(set(known) & set(ids)) == 1 else set()
    elif each.besides:
        fold.items.append(_with(Choice(), each, ids))
    else:
        fold.items[-1] = _with(current, each, (*known, *ids))


def _with(choice: Choice, each: _Said, ids: Sequence[int]) -> Choice:
    several = tuple(dict.fromkeys(ids))
    return replace(choice, persons=several) if each.is_person else replace(choice, services=several)


def _share_person(fold: _Fold) -> None:
    """ "A check-up and a cleaning, both with Levi": the one who was named, for all of them."""
    named = [item.persons for item in fold.items if item.persons]
    if len(named) == 1 and fold.items[-1].persons:
        fold.items = [replace(item, persons=named[0]) for item in fold.items]
