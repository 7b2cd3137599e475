"""Words of an utterance with their senses: the shared ground of the grammar of all four languages. Pure.

A token's `senses` map a kind to a value. The kinds:
num, ord, weekday (0 Monday), month, rel (days from today), rel_part (days, part of day), part (of the day), unit,
dual (two of a unit), half, quarter, clock (hour, minute, written in 24 h), dmy (three numbers as written), next, this,
last, in, within, after, before, until, from, between, around, at, to, past, or, and, neg, can, correction, neutral,
article, skip (says nothing about time), thing (what is counted), said_clock (hour, minute of a 12-hour clock, in
words), third, less ("five less a quarter"), or_later, or_earlier, too_late, too_early, feast (month, day, or () where
that changes), away (not in town), one_after (a week after the coming one), comma, stop.
Words without any sense are left as they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from services.nlp.lexicons import arabic, english, russian
from services.nlp.lexicons import hebrew as hebrew_words


class _Plain(dict[int, int | str | None]):
    """A table for str.translate that learns: vowel points and marks of direction go, every other character stays."""

    def __missing__(self, code: int) -> int | None:
        stays = None if unicodedata.combining(chr(code)) else code
        self[code] = stays
        return stays


_PLAIN = _Plain(
    str.maketrans({"״": '"', "”": '"', "“": '"', "׳": "'", "’": "'", "‘": "'", "־": "-", "–": "-", "—": "-"})
    | {0x200E: None, 0x200F: None}
)
_HALF_OF_DAY = re.compile(r"\b([ap])\.\s?m\b\.?", re.IGNORECASE)
_TITLE = re.compile(r"\b(dr|mr|mrs|ms|prof)\.", re.IGNORECASE)
_TOKEN = re.compile(
    r"""(?P<clock>\d{1,2}:\d{2}(?!\d))
      | (?P<date>\d{1,4}[./-]\d{1,2}(?:[./-]\d{2,4})?(?![\d]))
      | (?P<int>\d+)
      | (?P<word>[א-ת]+(?:["'][א-ת]+)*'? | [^\W\d_א-ת]+(?:['-][^\W\d_א-ת]+)*)
      | (?P<punct>[,.;:!?…\n]+ | (?<=\s)-(?=\s))""",
    re.VERBOSE,
)
_PREFIX = re.compile(r"ו?(?:כש|לכש|מש|ש)?(?:מה|לה|בה|[בלמכה])?")
_PREFIX_LETTERS = "ושכלמבה"
# Arabic prefixes, as the letters that mean the same in Hebrew: the grammar knows those.
_ARABIC_PREFIXES = (
    ("عال", "ב"), ("وال", "ו"), ("بال", "ב"), ("فال", "ה"), ("كال", "כ"), ("ولل", "ול"), ("وب", "וב"), ("ول", "ול"),
    ("ال", "ה"), ("لل", "ל"), ("و", "ו"), ("ب", "ב"), ("ل", "ל"), ("ع", "ב"), ("ف", ""), ("ه", ""),
)  # fmt: skip
_ARABIC_FOLDED = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ـ": "", "ё": "е"}
)
_PHRASES = {**hebrew_words.PHRASES, **english.PHRASES, **russian.PHRASES, **arabic.PHRASES}
_PHRASE_STARTS = frozenset(first for first, *_ in _PHRASES)
_LONGEST_PHRASE = max(map(len, _PHRASES))
_HEBREW: dict[str, dict[str, object]] = {
    word: {**senses, "masculine": 1} if word in hebrew_words.MASCULINE_WORDS else senses
    for word, senses in hebrew_words.LEXICON.items()
}
_LEXICON: dict[str, dict[str, object]] = {**_HEBREW, **english.LEXICON, **russian.LEXICON, **arabic.LEXICON}
# What a word may be that says a number, before words are joined.
NUMBER_KINDS = ("num", "clock", "dmy", "hyphen")
_ORDINAL_SUFFIXES = frozenset(("st", "nd", "rd", "th"))
_GOES_ON = ("around", "at", "before", "after", "until", "between", "or", "from", "in")  # whoever says it goes on
_TEEN_TAILS = frozenset(("עשר", "עשרה"))


@dataclass(frozen=True, slots=True)
class Token:
    """`raw` the word in lower case, `text` it without `prefix` (Hebrew letters), `written` as the transcript
    has it, `glued` when a hyphen joins it to the word before."""

    raw: str
    text: str
    senses: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = ""
    written: str = ""
    glued: bool = False

    def has(self, *kinds: str) -> bool:
        return not self.senses.keys().isdisjoint(kinds)

    def get(self, kind: str) -> Any:
        return self.senses.get(kind)

    @property
    def is_punctuation(self) -> bool:
        return self.has("comma", "stop")

    @property
    def preposition(self) -> str:
        """The last of ב ל מ כ ה in the prefix, "" when there is none."""
        return next((letter for letter in reversed(self.prefix) if letter in "בלמכה"), "")


@dataclass(frozen=True, slots=True)
class Found:
    """A value, and the indexes of the words it was read from."""

    value: str
    used: frozenset[int] = frozenset()


def normalise(text: str) -> str:
    """One kind of quote and dash, no vowel points; "p.m." becomes "pm", "Dr." "Dr". Upper case stays: it marks names.
    (`services.language.text.plain_text` is for texts whose case says nothing.)"""
    plain = unicodedata.normalize("NFKC", text).translate(_PLAIN)
    return _TITLE.sub(r"\1", _HALF_OF_DAY.sub(r"\1m", plain)) if "." in plain else plain


def folded(text: str) -> str:
    """Lower case, with one letter where Arabic and Russian spell the same sound with several."""
    return text.lower().translate(_ARABIC_FOLDED)


def tokenise(words: Sequence[Token]) -> list[Token]:
    """Words of one utterance with prefixes attached, phrases joined and numbers composed."""
    return compose_numbers(_join_phrases(_attach_prefixes(words)))


def split(text: str) -> list[Token]:
    """The words one by one, before phrases are joined and numbers composed."""
    return split_plain(normalise(text))


def split_plain(plain: str) -> list[Token]:
    """`split` of a normalised text."""
    found: list[Token] = []
    for match in _TOKEN.finditer(plain):
        written, start = match.group(), match.start()
        glued = bool(found) and plain[start - 1] == "-"
        if match.lastgroup == "word":
            found.append(_word(folded(written), written, glued))
        elif (senses := _SENSES_OF[match.lastgroup or ""](written)) is not None:
            found.append(Token(written, written, senses, "", written, glued))
    return found


def _of_clock(written: str) -> dict[str, object] | None:
    hour, minute = map(int, written.split(":"))
    return {"clock": (hour, minute, written.startswith("0") or hour > 12)} if minute < 60 else None


def _of_digits(written: str) -> dict[str, object]:
    return {"num": int(written), "digits": 1} if len(written) <= 4 else {"long": written}


def _of_punctuation(written: str) -> dict[str, object]:
    return {"stop": 1} if set(written) - {",", "-"} else {"comma": 1}


_SENSES_OF: dict[str, Callable[[str], dict[str, object] | None]] = {
    "clock": _of_clock,
    "date": lambda written: {"dmy": written},
    "int": _of_digits,
    "punct": _of_punctuation,
}


def _word(raw: str, written: str = "", glued: bool = False) -> Token:
    bare = raw.rstrip("'")
    for text in (raw, bare):
        if text in _LEXICON:
            return Token(raw, text, _LEXICON[text], "", written, glued)
    if "-" in bare and all(part in _LEXICON for part in bare.split("-")):  # "twenty-five" said as one
        return Token(raw, bare, {"hyphen": tuple(bare.split("-"))}, "", written, glued)
    for length in (1, 2, 3, 4) if bare[0] in _PREFIX_LETTERS else ():
        prefix, stem = bare[:length], bare[length:]
        if len(stem) >= 2 and stem in _HEBREW and _PREFIX.fullmatch(prefix):
            return Token(raw, stem, _HEBREW[stem], prefix, written, glued)
    for letters, prefix in _ARABIC_PREFIXES if "ء" <= bare[0] <= "ي" else ():
        stem = bare.removeprefix(letters)
        found = arabic.LEXICON.get(stem) or arabic.LEXICON.get(f"ال{stem}" if letters[-1] == "ل" else "")
        if stem != bare and len(stem) >= 2 and found:
            return Token(raw, stem, found, prefix, written, glued)
    plural = bare.removesuffix("s")
    owner = _LEXICON.get(plural.removesuffix("'"), {}) if plural != bare else {}  # "tomorrow's", "Thursday's"
    if "rel" in owner or (plural.endswith("'") and "weekday" in owner):
        return Token(raw, plural.removesuffix("'"), owner, "", written, glued)
    if plural != bare and _LEXICON.get(plural, {}).get("weekday") is not None:
        return Token(raw, bare, {"generic": 1}, "", written, glued)
    return Token(raw, bare, {}, "", written, glued)


def _attach_prefixes(tokens: Sequence[Token]) -> list[Token]:
    """ "ב-15", "ב 18:30", "3rd", "twenty-five": a lone prefix joins its number, a suffix makes an ordinal."""
    found: list[Token] = []
    for token in tokens:
        last = found[-1] if found else None
        numeric = token.has("num", "clock", "dmy")
        if last and numeric and last.has("stop") and last.raw in ("...", "…") and _hesitated(found):
            found.pop()  # "ב... עשר"
            last = found[-1]
        elif last and last.raw in ("...", "…") and len(found) > 1 and found[-2].has(*_GOES_ON):
            found.pop()  # "around... four"
            last = found[-1]
        if "hyphen" in token.senses:
            found += [_word(part) for part in token.senses["hyphen"]]
        elif last and numeric and not last.senses.get("num") and last.raw and _is_lone_prefix(last):
            found[-1] = replace(token, prefix=last.raw)
        elif last and token.text in _ORDINAL_SUFFIXES and last.has("digits"):
            found[-1] = replace(last, senses={"ord": last.get("num"), "suffix": 1})
        else:
            found.append(token)
    return found


def _hesitated(found: Sequence[Token]) -> bool:
    return len(found) > 1 and bool(found[-2].raw) and not found[-2].senses.get("num") and _is_lone_prefix(found[-2])


def _is_lone_prefix(token: Token) -> bool:
    return len(token.raw) <= 3 and bool(_PREFIX.fullmatch(token.raw)) and not token.prefix


def _join_phrases(tokens: Sequence[Token]) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        if tokens[at].text not in _PHRASE_STARTS:
            found.append(tokens[at])
            at += 1
            continue
        for length in range(min(_LONGEST_PHRASE, len(tokens) - at), 0, -1):
            words = tokens[at : at + length]
            senses = _PHRASES.get((words[0].text, *(word.raw for word in words[1:])))
            if senses is not None and not ("neutral" in senses and words[0].prefix):  # "בבוקר טוב לי" is no greeting
                found.append(Token(" ".join(word.raw for word in words), words[0].text, senses, words[0].prefix))
                break
        else:
            found.append(tokens[at])
            length = 1
        at += length
    return found


def compose_numbers(tokens: Sequence[Token]) -> list[Token]:
    """ "עשרים ושלוש" and "twenty three" become 23, "שתים עשרה" 12, "twenty second" an ordinal."""
    found: list[Token] = []
    for token in tokens:
        last = found[-1] if found else None
        joined = _composed(last, token) if last else None
        if joined:
            found[-1] = joined
        else:
            found.append(token)
    return found


def _composed(last: Token, token: Token) -> Token | None:
    first, second = last.get("num"), token.get("num")
    if first is None or last.has("digits", "composed") or token.has("digits"):
        return None
    hebrew = "א" <= last.text[0] <= "ת"
    raw = f"{last.raw} {token.raw}"
    if hebrew and 1 <= first <= 9 and token.text in _TEEN_TAILS and not token.prefix:
        return Token(raw, last.text, {"num": 10 + first, "composed": 1, **_masculine(last)}, last.prefix)
    if second is not None and 1 <= first <= 9 and 20 <= second <= 90 and token.prefix == "ו" and not hebrew:
        return Token(raw, last.text, {"num": first + second, "composed": 1}, last.prefix)  # Arabic: five and twenty
    tens = 20 <= first <= 90
    if tens and second is not None and 1 <= second <= 9 and (token.prefix == "ו" if hebrew else not token.prefix):
        return Token(raw, last.text, {"num": first + second, "composed": 1, **_masculine(token)}, last.prefix)
    if tens and not hebrew and 1 <= (token.get("ord") or 0) <= 9:
        return Token(raw, last.text, {"ord": first + token.get("ord"), "composed": 1}, last.prefix)
    return None


def _masculine(token: Token) -> dict[str, int]:
    return {"masculine": 1} if token.has("masculine") else {}
