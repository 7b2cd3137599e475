"""Names in what a caller says: "קוראים לי דנה כהן", "this is John", or a bare answer when asked (A1). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.nlp_given_names import GIVEN_NAMES
from services.nlp_name_words import NAME_PARTICLES, NEVER_IN_NAMES, OPENERS, TITLES
from services.nlp_tokens import Found, Token

MAX_NAME_WORDS = 3

# Cues that a name follows. After a strong one any word is a name that is no everyday word; after a weak one only a
# given name or a title is, since "זה" and "I'm" are followed by anything.
_STRONG_CUES = (
    ("קוראים", "לי"), ("השם", "שלי", "הוא"), ("השם", "שלי", "זה"), ("השם", "שלי"), ("שמי", "הוא"), ("שמי",),
    ("השם", "הוא"), ("על", "שם"), ("מדבר", "איתך"), ("מדברת", "איתך"), ("מדבר",), ("מדברת",), ("שמה", "הוא"),
    ("קוראים", "לו"), ("קוראים", "לה"),
    ("my", "name", "is"), ("my", "name's"), ("name's",), ("name", "is"), ("the", "name's"), ("speaking", "with"),
    ("under", "the", "name", "of"), ("under", "the", "name"), ("name", "of"), ("call", "me"),
)  # fmt: skip
_WEAK_CUES = (
    ("זה",), ("זאת",), ("זו",), ("אני",), ("כאן",), ("פה",),
    ("this", "is"), ("i'm",), ("i", "am"), ("it's",), ("it", "is"), ("im",),
)  # fmt: skip


def _by_first_word(cues: Sequence[tuple[str, ...]]) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for cue in cues:
        found.setdefault(cue[0], []).append(cue)
    return found


_STRONG, _WEAK = _by_first_word(_STRONG_CUES), _by_first_word(_WEAK_CUES)
_TRAILING_CUES = frozenset(("here", "speaking", "מדבר", "מדברת", "כאן", "פה"))
_FIRST_LAST = (
    (("שם", "פרטי"), ("שם", "משפחה")), (("first", "name", "is"), ("last", "name", "is")),
    (("first", "name"), ("last", "name")),
)  # fmt: skip
_POLITE_END = frozenset(("בבקשה", "please", "תודה", "thanks"))


def find_name(words: Sequence[Token], *, asked: bool) -> Found:
    """The caller's name, "" when none was said.

    `words` are single words, not phrases. `asked`: the agent just asked for the name, so a bare answer is one.
    """
    for first_cue, last_cue in _FIRST_LAST:
        if (found := _first_and_last(words, first_cue, last_cue)).value:
            return found
    for cues, strong in ((_STRONG, True), (_WEAK, asked)):
        if (found := _after_cues(words, cues, strong=strong)).value:
            return found
    if (found := _before_cue(words)).value or not asked:
        return found
    return _bare_answer(words)


def _after_cues(words: Sequence[Token], cues: Mapping[str, Sequence[tuple[str, ...]]], *, strong: bool) -> Found:
    for start, word in enumerate(words):
        for cue in cues.get(word.raw, ()):
            if _matches(words, start, cue):
                found = _name_from(words, start + len(cue), strong=strong)
                if found.value:
                    return found
    return Found("")


def _matches(words: Sequence[Token], start: int, cue: Sequence[str]) -> bool:
    return [word.raw for word in words[start : start + len(cue)]] == list(cue)


def _first_and_last(words: Sequence[Token], first_cue: Sequence[str], last_cue: Sequence[str]) -> Found:
    pieces = []
    for cue in (first_cue, last_cue):
        at = next((at for at, word in enumerate(words) if word.raw == cue[0] and _matches(words, at, cue)), None)
        if at is None or not (piece := _name_from(words, at + len(cue), strong=True)).value:
            return Found("")
        pieces.append(piece)
    return Found(" ".join(piece.value for piece in pieces), pieces[0].used | pieces[1].used)


def _before_cue(words: Sequence[Token]) -> Found:
    """ "Lisa here", "דנה כהן מדברת": a given name right before, with a surname at most between."""
    for end, word in enumerate(words):
        if word.raw in _TRAILING_CUES:
            for start in (end - 2, end - 1):
                if start >= 0 and words[start].raw in GIVEN_NAMES:
                    found = _name_from(words[:end], start, strong=False)
                    if found.value and max(found.used) == end - 1:
                        return found
    return Found("")


def _name_from(words: Sequence[Token], start: int, *, strong: bool) -> Found:
    """The name that begins at a word: up to two words, three with a title or a particle ("בן דוד") among them."""
    taken: list[int] = []
    for index in range(start, min(start + MAX_NAME_WORDS, len(words))):
        long_name = any(words[i].raw in NAME_PARTICLES or words[i].raw in TITLES for i in taken)
        if not _may_be_name(words[index], first=not taken) or (len(taken) == 2 and not long_name):
            break
        taken.append(index)
    while taken and words[taken[-1]].raw in NAME_PARTICLES:
        taken.pop()
    if not taken or not (strong or words[taken[0]].raw in GIVEN_NAMES or words[taken[0]].raw in TITLES):
        return Found("")
    return _joined(words, taken)


def _joined(words: Sequence[Token], taken: Sequence[int]) -> Found:
    text = words[taken[0]].written
    for index in taken[1:]:
        text += ("-" if words[index].glued else " ") + words[index].written
    return Found(text, frozenset(taken))


def _may_be_name(word: Token, *, first: bool) -> bool:
    raw = word.raw
    if word.is_punctuation or raw in NEVER_IN_NAMES or len(raw) < 2:
        return False
    if raw in GIVEN_NAMES or raw in NAME_PARTICLES or raw in TITLES:  # "שני" is a name as well as a number
        return True
    if word.senses:
        return False
    return not (raw.startswith("ו") and (raw[1:] in NEVER_IN_NAMES or (not first and len(raw) > 5)))


def _bare_answer(words: Sequence[Token]) -> Found:
    """The whole answer is a name, but for a polite opener; or its first words are a known one ("עמית, ע' מ'")."""
    start, end = 0, len(words)
    while start < end and (words[start].is_punctuation or words[start].raw in OPENERS):
        start += 1
    while end > start and (words[end - 1].is_punctuation or words[end - 1].raw in _POLITE_END):
        end -= 1
    whole = range(start, end)
    if 0 < len(whole) <= MAX_NAME_WORDS and all(_may_be_name(words[i], first=i == start) for i in whole):
        return _joined(words, list(whole))
    clause_ends = start + 1 < end and words[start + 1].is_punctuation
    return _joined(words, [start]) if clause_ends and words[start].raw in GIVEN_NAMES else Found("")
