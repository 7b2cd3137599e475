"""Is there a meaningful word in what the recogniser returned? (X2, X4). Pure.

Fillers are sounds, not words: "אמממ", "uh-huh", "эээ". Short real answers ("כן", "לא", "ok", "да") are words although
they are short. Anything with one meaningful word in it is a turn.
"""

from __future__ import annotations

import re
import unicodedata

# Each pattern is one filler sound with any letter drawn out. Matched against a whole word, lower case, no marks.
_FILLER_PATTERNS = (
    # Hebrew
    r"א+מ+ם*", r"א+ם+", r"א+ה+", r"ה+מ+ם*", r"ה+ם+", r"א+ה+מ+ם*", r"א+ה+ם+", r"מ+ם*", r"א+", r"ה+", r"ם+", r"א+מ+ה+",
    r"נו+", r"א+הה+מ*", r"פ+ף+", r"ח+",
    # English
    r"u+h*m+", r"u+h+", r"e+h*m+", r"e+r+m*", r"e+h+", r"a+h+", r"a+h*m+", r"h+m+", r"m+h*m*", r"o+h+", r"h+u+h+",
    r"u+h+u+h+", r"m+h+m+", r"h+a+", r"(?:ha)+h?", r"(?:he)+h?", r"a+", r"h+", r"u+", r"ugh+", r"psh+t*",
    # Russian
    r"э+м*", r"а+м*", r"м+", r"м+г+м+", r"а+г+а+", r"у+г+у+", r"х+м+", r"э+х+", r"а+х+", r"о+х+", r"ы+", r"н+у+",
    # Arabic
    r"آ+ه*", r"ا+ه+", r"ا+م+", r"إ+م+", r"ه+م+", r"م+", r"ا+", r"أ+م*", r"ه+", r"أ+ه+", r"ي?ع?ني",
)  # fmt: skip
_FILLER = re.compile("|".join(f"(?:{p})" for p in _FILLER_PATTERNS))

# Words of one or two letters that carry an answer on their own.
_SHORT_WORDS = frozenset(
    word
    for language in (
        "כן לא די אז גם רק מי מה טוב אוי בא יש אין הי הלו עם של אל",
        "ok no go hi yo ye ya si me",
        "да не ок",
        "لا هل ما من يا",
    )
    for word in language.split()
)
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_SOUND_TAG = re.compile(r"[\[(*<][^\])*>]*[\])*>]")  # "[cough]", "(laughs)", "*sigh*": recognisers' stage directions
_MIN_LETTERS = 3


def words_of(text: str) -> list[str]:
    """Lower-case words without vowel points, punctuation, or what stands in brackets."""
    decomposed = unicodedata.normalize("NFKD", _SOUND_TAG.sub(" ", text))
    plain = unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))
    return _WORD.findall(plain.lower())


def is_filler(word: str) -> bool:
    """True for a single hesitation sound, drawn out at will."""
    return word not in _SHORT_WORDS and _FILLER.fullmatch(word) is not None


def is_valid_transcript(text: str) -> bool:
    """True as soon as one meaningful word is there; False for empty, punctuation, fillers, a stray letter."""
    for word in words_of(text):
        if word in _SHORT_WORDS or word.isdigit():
            return True
        if len(word) >= _MIN_LETTERS and not is_filler(word):
            return True
    return _long_enough_without_fillers(text)


def _long_enough_without_fillers(text: str) -> bool:
    """Two-letter words that are not on the list still count together ("אל תה")."""
    rest = [word for word in words_of(text) if not is_filler(word)]
    return sum(map(len, rest)) >= _MIN_LETTERS


def is_filler_only(text: str) -> bool:
    """Sounds were recognised, but no word: the metric `stt_filler_only_count`."""
    words = words_of(text)
    return bool(words) and all(is_filler(word) for word in words)


def echoes(transcript: str, spoken: str) -> bool:
    """True when these words are the agent's own, come back over the line: three or more, in the agent's order."""
    heard, said = words_of(transcript), words_of(spoken)
    if len(heard) < 3:
        return False
    return any(said[i : i + len(heard)] == heard for i in range(len(said) - len(heard) + 1))
