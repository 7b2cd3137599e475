"""Where a caller names somebody who works at the business: "אצל ד"ר לוי", "with Michal", "к Леви" (K4). Pure.

A name in the letters it is known by counts where it cannot be somebody else's; one that only sounds like it counts
after a title or a word such as "with", or as the answer to the question. Who says their own name chooses nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache

from services.language.sounds import unlike
from services.nlp.lexicons.choosing import (
    ALSO_WORDS,
    EXCEPT,
    IS,
    IS_NAMED,
    JOINING,
    OF_SELF,
    PATIENTS,
    PREFIX_WITH,
    TITLES,
    WITH,
)
from services.nlp.lexicons.name_words import NEVER_IN_NAMES
from services.nlp.lexicons.names import GIVEN_NAMES
from services.nlp.offering import Called
from services.nlp.service_mentions import Mention
from services.nlp.tokens import Token, folded, normalise, split_plain
from services.nlp.word_forms import forms, keys, script_of, without_case, without_prefix

_SOUNDS_LIKE, _SOUNDS_LIKE_ASKED, _SURELY_SOUNDS_LIKE = 0.2, 0.35, 0.1
_SIMILAR, _LONG = 0.8, 5  # of two spellings in one script
_ANSWER_WORDS = 5
_BEFORE_NAMES = WITH | EXCEPT | {"to", "ل"}
_PLAIN_PREFIXES = ("", "ו", "ש", "و")
_ARTICLES = frozenset(("the", "ה", "ال"))
_SAME_LETTERS = str.maketrans("טקחעסךםןףץ", "תככאשכמנפצ")
_SILENT_LETTERS = str.maketrans("", "", "אהוי")


@dataclass(frozen=True, slots=True)
class _Person:
    """`names`: the words of each name, the whole one first. `roles`: what they are called by their work."""

    id: int
    names: tuple[tuple[str, ...], ...]
    roles: tuple[tuple[frozenset[str], ...], ...]


@dataclass(frozen=True, slots=True)
class _Lead:
    """What stands before a name: `start` is where its title begins, `before` what stands before that."""

    start: int
    before: str
    titled: bool
    cued: bool
    of_self: bool


@dataclass(frozen=True, slots=True)
class _Match:
    mention: Mention
    words: int
    distance: float


def person_mentions(words: Sequence[Token], persons: tuple[Called, ...], asked: str = "") -> list[Mention]:
    """In the order they were said. `asked`: "person" when it was just asked with whom, so that a bare name answers it;
    "name" when the caller's own was asked for, so that a bare one is that."""
    known = _known(persons)
    found: list[Mention] = []
    at = 0
    while at < len(words):
        best = _best(list(_matches_at(words, at, known, asked, found[-1].end if found else -1)))
        if best is not None and not (_is_to_come(words, best) or _of_somebody_else(words, best, known)):
            found.append(best)
        at = best.end if best is not None else at + 1
    return found


def stranger(words: Sequence[Token], persons: tuple[Called, ...], taken: frozenset[int]) -> str:
    """The name after a title, or "", that is nobody's here: "with Dr Cohen" where there is none."""
    for at, word in enumerate(words):
        if at in taken or word.is_punctuation or not persons:
            continue
        lead = _lead(words, at)
        is_name = not word.senses and word.raw not in NEVER_IN_NAMES and word.raw not in TITLES and len(word.raw) > 1
        if lead.titled and is_name and lead.cued and not lead.of_self:
            return word.written
    return ""


def _best(matches: Sequence[_Match]) -> Mention | None:
    """The longest; of several equally long those that sound most alike, all of them where nothing tells them apart."""
    if not matches:
        return None
    first = min(matches, key=lambda match: (-match.words, match.distance))
    same = [one for one in matches if (one.words, one.distance) == (first.words, first.distance)]
    ids = tuple(dict.fromkeys(one for match in same for one in match.mention.ids))
    return Mention(ids, first.mention.start, max(match.mention.end for match in same))


def _matches_at(
    words: Sequence[Token], at: int, known: Sequence[_Person], asked: str, last_end: int
) -> Iterator[_Match]:
    if words[at].is_punctuation or words[at].raw in TITLES:
        return
    lead = _lead(words, at)
    if lead.start == last_end + 1 and lead.before in JOINING:  # "Levi or Haddad"
        lead = replace(lead, cued=True)
    for person in known:
        for role in person.roles:
            if _says_role(words, at, role):
                yield _Match(Mention((person.id,), lead.start, at + len(role)), len(role), 0.0)
        for name in person.names:
            distance = _says_name(words, at, name, lead, asked if _answers(words, at, asked) else "")
            if distance is not None:
                yield _Match(Mention((person.id,), lead.start, at + len(name)), len(name), distance)


def _answers(words: Sequence[Token], at: int, asked: str) -> bool:
    """Whether what is said there answers the question: in few words, or for the caller's own name right away."""
    first_pause = next((index for index, word in enumerate(words) if word.is_punctuation), len(words))
    return len(words) <= _ANSWER_WORDS or (asked == "name" and at < first_pause <= _ANSWER_WORDS)


def _is_to_come(words: Sequence[Token], mention: Mention) -> bool:
    """ "My name is Michal Levi", "for my son Amir": whoever is named so gives nothing."""
    lead = _lead(words, mention.start)
    return not lead.cued and (lead.of_self or (lead.before in PATIENTS and not lead.titled))


def _lead(words: Sequence[Token], at: int) -> _Lead:
    index, titled, cued = at - 1, False, False
    while index >= 0 and not words[index].is_punctuation:
        prefix = next((prefix for prefix, rest in without_prefix(words[index].raw) if rest in TITLES), None)
        if prefix is None:
            break
        titled, cued = True, cued or prefix in PREFIX_WITH
        index -= 1
    start = index + 1
    if index >= 0 and words[index].raw in _ARTICLES:
        index -= 1
    before = words[index].raw if index >= 0 else ""
    named = index > 0 and before in IS and words[index - 1].raw in IS_NAMED
    return _Lead(start, before, titled, cued or before in _BEFORE_NAMES, named or before in OF_SELF)


def _says_role(words: Sequence[Token], at: int, role: Sequence[frozenset[str]]) -> bool:
    said = words[at : at + len(role)]
    return len(said) == len(role) and all(
        keys(word.raw, first=index == 0) & wanted for index, (word, wanted) in enumerate(zip(said, role, strict=True))
    )


def _says_name(words: Sequence[Token], at: int, name: tuple[str, ...], lead: _Lead, asked: str) -> float | None:
    """How far what is said there is from the name; None when it is not taken for it."""
    said = words[at : at + len(name)]
    if len(said) < len(name) or any(word.is_punctuation for word in said):
        return None
    prefix, first = min(
        ((prefix, _distance(rest, name[0])) for prefix, rest in without_prefix(said[0].raw)), key=lambda one: one[1]
    )
    distance = max([first, *(_distance(word.raw, part) for word, part in zip(said[1:], name[1:], strict=True))])
    everyday = len(name) == 1 and (bool(words[at].senses) or words[at].raw in NEVER_IN_NAMES)
    if everyday and distance:  # "לי" sounds like לוי, and is none
        return None
    cued = lead.cued or lead.titled or (prefix in PREFIX_WITH and not everyday)
    limit = _limit(said, name, cued=cued, asked=asked, everyday=everyday, plain=prefix in _PLAIN_PREFIXES)
    return distance if distance <= limit else None


def _limit(said: Sequence[Token], name: Sequence[str], *, cued: bool, asked: str, everyday: bool, plain: bool) -> float:
    """How far a spelling may be from the name; -1: whatever it is, it is no name here."""
    if asked == "person":
        return _SOUNDS_LIKE_ASKED
    if cued:
        return _SOUNDS_LIKE
    if asked:
        return -1.0
    if len(name) == 1 and (everyday or said[0].raw in ALSO_WORDS or not plain):
        return -1.0
    capital = said[0].written[:1].isupper() and len(said[0].raw) > 2
    return _SURELY_SOUNDS_LIKE if capital or len(name) > 1 else 0.0


def _distance(said: str, name: str) -> float:
    """0 for the same word, 1 for another. In one script only letters that sound alike may differ."""
    if said == name:
        return 0.0
    if script_of(said) == script_of(name):
        same = _sounding(said) == _sounding(name) or min(len(said), len(name)) >= _LONG
        heard = (said.translate(_SAME_LETTERS), name.translate(_SAME_LETTERS))
        close = same and SequenceMatcher(None, *heard).ratio() >= _SIMILAR
        inflected = name in without_case(said)
        return 0.0 if inflected or said == f"{name}'s" else 0.05 if close else 1.0
    return max(0.01, min(unlike(one, name) for one in without_case(said)))


def _sounding(word: str) -> str:
    """A word by its letters that are heard, alike for those that sound alike."""
    return word[:1].translate(_SAME_LETTERS) + word[1:].translate(_SAME_LETTERS).translate(_SILENT_LETTERS)


def _of_somebody_else(words: Sequence[Token], mention: Mention, known: Sequence[_Person]) -> bool:
    """ "Tal Levi" is not Michal Levi, "with Michal Cohen" neither: another name stands beside it."""
    parts = {part for person in known if person.id in mention.ids for name in person.names for part in name}
    before = words[mention.start - 1] if mention.start else None
    after = words[mention.end] if mention.end < len(words) else None
    single = mention.end - mention.start == 1
    if single and before is not None and _is_name(before) and _bare(before) not in parts:
        return True
    return after is not None and _is_surname(after) and after.raw not in parts


def _bare(word: Token) -> str:
    return next((rest for _, rest in without_prefix(word.raw) if rest in GIVEN_NAMES), word.raw)


def _is_name(word: Token) -> bool:
    if word.is_punctuation or word.raw in WITH or word.raw in NEVER_IN_NAMES:
        return False
    known = any(rest in GIVEN_NAMES for _, rest in without_prefix(word.raw))
    return known and not word.senses


def _is_surname(word: Token) -> bool:
    """Written with a capital, as names are where there are capitals, and no word that is known."""
    return word.written[:1].isupper() and not word.senses and word.raw not in NEVER_IN_NAMES and len(word.raw) > 1


# -- who is known ----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _known(persons: tuple[Called, ...]) -> tuple[_Person, ...]:
    return tuple(map(_person, persons))


def _person(person: Called) -> _Person:
    whole = _words(person.name)
    names, roles = [whole] if whole else [], []
    for text in person.called:
        words = _words(text)
        if not words:
            continue
        if all(_is_part(word, whole) for word in words) or (person.is_room and words == whole):
            names.append(words)
        else:
            roles.append(words)
    if not person.is_room:
        names += [(word,) for word in whole if len(word) > 1]
    return _Person(
        person.id, tuple(dict.fromkeys(names)), tuple(tuple(_role_forms(word) for word in words) for words in roles)
    )


def _is_part(word: str, whole: Sequence[str]) -> bool:
    """Whether a word somebody is called by is one of their names, in whatever script."""
    return any(_distance(word, part) <= _SOUNDS_LIKE for part in whole)


def _role_forms(word: str) -> frozenset[str]:
    found = forms(word)
    return found | forms(word[1:]) if word.startswith("ה") and len(word) > 3 else found


def _words(text: str) -> tuple[str, ...]:
    """The words of a name without titles and articles."""
    plain = folded(normalise(text)).replace("-", " ")
    return tuple(
        word.raw
        for word in split_plain(plain)
        if not word.is_punctuation and word.raw not in TITLES and word.raw not in _ARTICLES
    )
