"""Names in what a caller says: "קוראים לי דנה כהן", "this is John", or a bare answer when asked (A1, L15). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from services.nlp.lexicons import name_words
from services.nlp.lexicons.name_words import (
    BETWEEN,
    EVERYDAY_LETTERS,
    LETTERS,
    NAME_PARTICLES,
    NEVER_IN_NAMES,
    OPENERS,
    RELATIVES,
    SPELLING,
    SURNAMES,
    TITLES,
    TRAILING_PHRASES,
    UNDER_NAME,
)
from services.nlp.lexicons.names import GIVEN_NAMES
from services.nlp.tokens import Found, Token

MAX_NAME_WORDS = 3


def _by_first_word(cues: Sequence[tuple[str, ...]]) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for cue in cues:
        found.setdefault(cue[0], []).append(cue)
    return found


_STRONG, _FOR, _WEAK = map(_by_first_word, (name_words.STRONG_CUES, name_words.FOR_CUES, name_words.WEAK_CUES))
_SELF = frozenset(("לי", "שלי", "שמי", "מדבר", "מדברת", "my", "me", "speaking", "меня", "اسمي", "معك", "معكي"))
_OTHERS = _by_first_word([cue for cue in name_words.STRONG_CUES if not _SELF & set(cue)])
_FIRST_LAST = (
    (("שם", "פרטי"), ("שם", "משפחה")), (("first", "name", "is"), ("last", "name", "is")),
    (("first", "name"), ("last", "name")),
)  # fmt: skip
_POLITE_END = frozenset(("בבקשה", "please", "תודה", "thanks", "спасибо", "شكرا"))
# A place after a first name: "רונית ממשרד עורכי דין", "נדב מהאולם".
_FROM_A_PLACE = re.compile(r"מ[המ][א-ת]{3,}")
# What goes on after a name that was asked for; other words may make the first one somebody spoken to.
_AFTER = "זה וזה עם כן וכן והמספר ואפשר בבקשה תודה אפשר על של and yes with please и да я و اه مع"
_AFTER_ANSWERS = frozenset(_AFTER.split())
_AFTER_NAMES = frozenset(("from", "here", "speaking", "calling", "and"))


def find_surname(words: Sequence[Token]) -> Found:
    """ "My surname is Peretz", "שם המשפחה פרץ": a family name that is called one, without the first name beside it."""
    if any(_first_and_last(words, *cues).value for cues in _FIRST_LAST):
        return Found("")
    for start in range(len(words)):
        for cue in name_words.SURNAME_CUES:
            if _matches(words, start, cue):
                found = _name_from(words, _past_fillers(words, start + len(cue)), strong=True)
                if found.value:
                    return found
    return Found("")


def find_name(words: Sequence[Token], *, asked: bool, for_somebody: bool = False) -> Found:
    """The name of who is to come, "" when none was said.

    `words` are single words, not phrases. `asked`: the name was just asked for, so a bare answer is one.
    `for_somebody`: it is for somebody else, so the caller's own name is not the one.
    """
    words = _without_spelling(words)
    if _on_a_relatives_name(words):
        return Found("")
    return _in_full(words, _found_name(words, asked=asked, for_somebody=for_somebody))


def _in_full(words: Sequence[Token], found: Found) -> Found:
    """ "Levi. Dana Levi", "I'm Or, Or Haddad": one name, and then all of it."""
    if len(found.used) != 1:
        return found
    (at,) = found.used
    after = at + 1
    while after < len(words) and words[after].is_punctuation:
        after += 1
    pair = range(after, after + 2)
    if after == at + 1 or after + 1 >= len(words) or words[at].raw not in (words[after].raw, words[after + 1].raw):
        return found
    if not all(_may_be_name(words[index], first=index == after) for index in pair):
        return found
    whole = _joined(words, pair)
    return Found(whole.value, whole.used | found.used)


def _found_name(words: Sequence[Token], *, asked: bool, for_somebody: bool) -> Found:
    for first_cue, last_cue in _FIRST_LAST:
        if (found := _first_and_last(words, first_cue, last_cue)).value:
            return found
    of_others = ((_FOR, False), (_OTHERS, True))
    for cues, strong in of_others if for_somebody else ((_FOR, False), (_STRONG, True), (_WEAK, False)):
        if (found := _after_cues(words, cues, strong=strong)).value:
            return found
    if for_somebody and not asked:
        return Found("")
    for before in (_before_cue, _before_phrase):
        if (found := before(words)).value:
            return found
    answer = _bare_answer(words) if asked else Found("")
    return answer if answer.value else _at_the_end(words)


def _after_cues(words: Sequence[Token], cues: Mapping[str, Sequence[tuple[str, ...]]], *, strong: bool) -> Found:
    for start, word in enumerate(words):
        for cue in cues.get(word.raw, ()):
            if _matches(words, start, cue):
                found = _name_from(words, _past_fillers(words, start + len(cue)), strong=strong)
                if found.value:
                    return found
    return Found("")


def _past_fillers(words: Sequence[Token], start: int) -> int:
    """Where a name can begin after its cue: behind "של הילד", "my mum," and the like."""
    at = start
    while at < len(words) and (words[at].raw in BETWEEN or (words[at].has("comma") and at > start)):
        at += 1
    return at


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
        if word.raw in name_words.TRAILING_CUES:
            for start in (end - 2, end - 1):
                if start >= 0 and words[start].raw in GIVEN_NAMES:
                    found = _name_from(words[:end], start, strong=False)
                    if found.value and max(found.used) == end - 1:
                        return found
    return Found("")


def _before_phrase(words: Sequence[Token]) -> Found:
    """ "Ирина Белова меня зовут": the two words before, or the one there is."""
    for end in range(1, len(words)):
        if not any(_matches(words, end, phrase) for phrase in TRAILING_PHRASES):
            continue
        start = end
        while start > 0 and end - start < 2 and _may_be_name(words[start - 1], first=True):
            start -= 1
        if start < end:
            return _joined(words, range(start, end))
    return Found("")


def _on_a_relatives_name(words: Sequence[Token]) -> bool:
    """ "I'm David, but put it under my father's name": whoever speaks, that name was said, or will be asked for."""
    for start in range(len(words)):
        for cue in UNDER_NAME:
            if not _matches(words, start, cue):
                continue
            at, relative = start + len(cue), False
            while at < len(words) and (
                words[at].raw in BETWEEN
                or _unpossessed(words[at].raw) in RELATIVES
                or (relative and words[at].has("comma"))
            ):
                relative = relative or _unpossessed(words[at].raw) in RELATIVES
                at += 1
            named = at < len(words) and _may_be_name(words[at], first=True)
            if relative and not named:
                return True
    return False


def _unpossessed(raw: str) -> str:
    return raw.removesuffix("'s")


def _without_spelling(words: Sequence[Token]) -> Sequence[Token]:
    """The words with a name's spelling read as a pause: "Reich, resh yod yod kaf"; "Okafor, O K A F O R"."""
    spelt: set[int] = set()
    run: list[int] = []
    for index, word in enumerate([*words, Token("", "", {"stop": 1})]):
        if _is_letter(word) or word.raw in LETTERS or word.raw in SPELLING:
            run.append(index)
            continue
        letters = [at for at in run if words[at].raw not in SPELLING | EVERYDAY_LETTERS]
        if letters and len(run) > 1 and run[0] > 0:
            spelt |= set(run)
        run = []
    if not spelt:
        return words
    return [
        Token(word.raw, "", {"comma": 1}, written=word.written) if index in spelt else word
        for index, word in enumerate(words)
    ]


def _name_from(words: Sequence[Token], start: int, *, strong: bool) -> Found:
    """The name that begins at a word: up to two words, three with a title or a particle ("בן דוד") among them."""
    taken: list[int] = []
    for index in range(start, min(start + MAX_NAME_WORDS + 1, len(words))):
        long_name = any(words[i].raw in NAME_PARTICLES or words[i].raw in TITLES for i in taken)
        if taken and words[index].raw == words[taken[-1]].raw:  # "שלום, שלום שבזי"
            taken.pop()
        ends = len(taken) == 2 and not long_name
        greeting = strong and not taken and words[index].raw in GIVEN_NAMES | {"שלום"}
        if ends or len(taken) == 3 or not (greeting or _may_be_name(words[index], first=not taken)):
            break
        taken.append(index)
    while taken and words[taken[-1]].raw in NAME_PARTICLES - (SURNAMES if len(taken) > 1 else frozenset()):
        taken.pop()
    if not taken or not (strong or _looks_like_name(words, taken)):
        return Found("")
    return _joined(words, taken)


def _looks_like_name(words: Sequence[Token], taken: Sequence[int]) -> bool:
    """A known given name or a title, or written with capitals as names are where there are capitals."""
    first = words[taken[0]]
    if first.raw in GIVEN_NAMES or first.raw in TITLES:
        return True
    if not all(_is_capitalised(words[index]) for index in taken):
        return False
    following = words[taken[-1] + 1] if taken[-1] + 1 < len(words) else None
    return len(taken) > 1 or following is None or following.is_punctuation or following.raw in _AFTER_NAMES


def _is_capitalised(word: Token) -> bool:
    return word.written[:1].isupper() and word.written[1:2].islower()


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
    if word.senses or (not first and _FROM_A_PLACE.fullmatch(raw)):
        return False
    return not (raw.startswith("ו") and (raw[1:] in NEVER_IN_NAMES or (not first and len(raw) > 5)))


def _bare_answer(words: Sequence[Token]) -> Found:
    """The whole answer is a name, but for a polite opener and an explanation; or it begins with one that is known."""
    start, end = 0, len(words)
    while start < end and _opens(words[start]):
        start += 1
    while end > start and (
        words[end - 1].is_punctuation or words[end - 1].raw in _POLITE_END or _is_letter(words[end - 1])
    ):
        end -= 1
    run: list[int] = []
    for index in range(start, end):
        if len(run) > MAX_NAME_WORDS or not _may_be_name(words[index], first=not run):
            break
        if words[index].raw in [words[i].raw for i in run]:  # "Jo, just Jo", "וקסלר, וקסלר עם וו"
            break
        run.append(index)
    whole = bool(run) and (run[-1] + 1 == end or words[run[-1] + 1].raw == words[run[-1]].raw)
    if not run or len(run) > MAX_NAME_WORDS:
        return Found("")
    ended = whole or words[run[-1] + 1].is_punctuation or words[run[-1] + 1].raw in _AFTER_ANSWERS
    known = words[run[0]].raw in GIVEN_NAMES and (ended or len(run) == 1 or words[run[-1]].raw in GIVEN_NAMES)
    if whole or known or all(map(_is_capitalised, (words[i] for i in run))):
        return _joined(words, run)
    return Found("")


def _opens(word: Token) -> bool:
    """A polite word, or a spelt letter, before the name."""
    return word.is_punctuation or word.raw in OPENERS or word.raw in BETWEEN or _is_letter(word)


def _is_letter(word: Token) -> bool:
    """One spelt letter."""
    return len(word.raw) == 1 and word.raw.isalpha()


def _at_the_end(words: Sequence[Token]) -> Found:
    """ "… eleven o'clock, Margaret Oyelaran": first name and surname as the last words, with capitals or known."""
    end = len(words)
    while end and words[end - 1].is_punctuation:
        end -= 1
    pair = list(range(end - 2, end))
    if end < 4 or not all(_may_be_name(words[index], first=index == end - 2) for index in pair):
        return Found("")
    before = words[end - 3]
    again = before.raw in (words[end - 2].raw, words[end - 1].raw)  # "not Vice but Viceman, Roman Viceman"
    if (_is_capitalised(before) and not again) or before.raw in name_words.NOT_BEFORE_NAMES:
        return Found("")
    capitals = all(_is_capitalised(words[index]) and not words[index].senses for index in pair)
    return _joined(words, pair) if capitals else Found("")
