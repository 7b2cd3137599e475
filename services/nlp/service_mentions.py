"""Where a caller names a service of the business: by its name, what it is called, or in another language (K4). Pure.

A word of a longer name names it as well where it says which one is meant; words that fit several services mean one of
them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from services.nlp.lexicons.trades import ORDINARY, TRADES
from services.nlp.offering import Called
from services.nlp.tokens import Token, folded, normalise, split_plain
from services.nlp.word_forms import forms, keys, script_of

_PART, _TRADE, _OWN = 1, 2, 3
_BETWEEN = frozenset(("של", "את", "the", "of", "a", "my", "ה"))  # may stand between two words of a name
_PART_LETTERS = 3
_NEAR = 2  # words between two parts of one name


@dataclass(frozen=True, slots=True)
class Mention:
    """`ids`: who or what may be meant. Words from `start` to before `end`."""

    ids: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Phrase:
    words: tuple[frozenset[str], ...]
    ids: tuple[int, ...]
    rank: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word that was said, or two that may be one: "check up"."""

    keys: frozenset[str]
    end: int


@dataclass(frozen=True, slots=True)
class _Match:
    mention: Mention
    rank: int
    words: int


def service_mentions(words: Sequence[Token], services: tuple[Called, ...]) -> list[Mention]:
    """In the order they were said; none overlaps another. `words` are single words."""
    phrases = _phrases(services) if services else {}
    matches = _matches([_pieces(words, at) for at in range(len(words))], words, phrases) if phrases else []
    matches.sort(key=lambda match: (match.rank == _PART, match.mention.start - match.mention.end, -match.rank))
    chosen: list[_Match] = []
    for match in matches:
        same = next((at for at, one in enumerate(chosen) if _same_place(one, match)), None)
        if same is not None:
            chosen[same] = _both(chosen[same], match)
        elif not any(_overlap(one.mention, match.mention) for one in chosen):
            chosen.append(match)
    return _joined(sorted(chosen, key=lambda match: match.mention.start))


def _same_place(one: _Match, other: _Match) -> bool:
    return (one.mention.start, one.mention.end, one.rank) == (other.mention.start, other.mention.end, other.rank)


def _both(one: _Match, other: _Match) -> _Match:
    ids = tuple(sorted({*one.mention.ids, *other.mention.ids}))
    return replace(one, mention=replace(one.mention, ids=ids))


def _overlap(one: Mention, other: Mention) -> bool:
    return one.start < other.end and other.start < one.end


def _joined(matches: Sequence[_Match]) -> list[Mention]:
    """Words of one name that were said apart: "a trim, for a child" of "child's trim"."""
    found: list[_Match] = []
    for match in matches:
        last = found[-1] if found else None
        common = tuple(one for one in last.mention.ids if one in match.mention.ids) if last else ()
        near = last is not None and match.mention.start - last.mention.end <= _NEAR
        if last and common and near and (_PART in (last.rank, match.rank) or common == last.mention.ids):
            found[-1] = replace(last, mention=Mention(common, last.mention.start, match.mention.end))
        elif not (last and near and match.rank == _PART and last.rank != _PART):
            found.append(match)
    return [match.mention for match in found]


# -- what was said ---------------------------------------------------------------------------------------------------


def _pieces(words: Sequence[Token], at: int) -> tuple[_Piece, ...]:
    """The word at a place as the first of a name and as another, and with the next one as one word."""
    raw = words[at].raw
    if words[at].is_punctuation or not raw:
        return ()
    found = [_Piece(keys(raw), at + 1), _Piece(keys(raw.replace("-", "")), at + 1)]
    following = words[at + 1].raw if at + 1 < len(words) else ""
    if following and script_of(raw) == script_of(following) == "latin" and following.isalpha():
        found.append(_Piece(frozenset((raw + following,)), at + 2))
    return tuple(found)


def _matches(
    pieces: Sequence[tuple[_Piece, ...]], words: Sequence[Token], phrases: dict[str, tuple[_Phrase, ...]]
) -> list[_Match]:
    found = []
    for start, here in enumerate(pieces):
        for piece in here:
            for phrase in dict.fromkeys(one for key in sorted(piece.keys) for one in phrases.get(key, ())):
                end = _end_of(phrase, words, piece.end)
                if end is not None:
                    found.append(_Match(Mention(phrase.ids, start, end), phrase.rank, len(phrase.words)))
    return found


def _end_of(phrase: _Phrase, words: Sequence[Token], at: int) -> int | None:
    """Where the phrase ends whose first word ends before `at`; None when it is not said there."""
    for word in phrase.words[1:]:
        if at < len(words) and words[at].raw in _BETWEEN and not keys(words[at].raw, first=False) & word:
            at += 1
        if at >= len(words) or not keys(words[at].raw, first=False) & word:
            return None
        at += 1
    return at


# -- what is known ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _phrases(services: tuple[Called, ...]) -> dict[str, tuple[_Phrase, ...]]:
    """Every phrase under each key of its first word."""
    own = {one.id: [_words(text) for text in (one.name, *one.called)] for one in services}
    found = [_Phrase(_forms(words), (one,), _OWN) for one, texts in own.items() for words in texts if words]
    found += [_Phrase((forms(word),), (one,), _PART) for one, texts in own.items() for word in _telling_parts(texts)]
    found += _of_trades(own)
    by_key: dict[str, list[_Phrase]] = {}
    for phrase in found:
        for key in phrase.words[0]:
            by_key.setdefault(key, []).append(phrase)
    return {key: tuple(dict.fromkeys(several)) for key, several in by_key.items()}


def _words(text: str) -> tuple[str, ...]:
    plain = folded(normalise(text)).replace("-", " ")
    return tuple(word.raw for word in split_plain(plain) if not word.is_punctuation)


def _forms(words: Iterable[str]) -> tuple[frozenset[str], ...]:
    return tuple(map(forms, words))


def _telling_parts(texts: Iterable[tuple[str, ...]]) -> list[str]:
    """Single words of longer names that say which service is meant."""
    return [
        word
        for words in texts
        if len(words) > 1
        for word in words
        if len(word) >= _PART_LETTERS and word not in ORDINARY and not word.isdigit()
    ]


def _of_trades(own: dict[int, list[tuple[str, ...]]]) -> list[_Phrase]:
    """What the business's services are called elsewhere; where several are of one kind, those that bear its name."""
    found = []
    for texts in _TRADE_WORDS:
        fits = {one: max((_kinship(mine, texts) for mine in names), default=0) for one, names in own.items()}
        best = max(fits.values(), default=0)
        if best:
            ids = [one for one, fit in fits.items() if fit == best]
            found += [_Phrase(_forms(words), (one,), _TRADE) for words in texts for one in ids]
    return found


def _kinship(mine: tuple[str, ...], texts: Sequence[tuple[str, ...]]) -> int:
    """2: one of the texts is this name; 1: it is part of the name; 0: neither."""
    best = 0
    for text in texts:
        for start in range(len(mine) - len(text) + 1):
            part = mine[start : start + len(text)]
            if all(forms(a) & keys(b) for a, b in zip(text, part, strict=True)):
                best = max(best, 2 if len(text) == len(mine) else 1)
    return best


_TRADE_WORDS = tuple(tuple(_words(phrase) for phrase in trade) for trade in TRADES)
