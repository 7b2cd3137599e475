"""Unpointed Hebrew gets vowels before espeak-ng speaks it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.realtime.phrases import SAY
from sandbox.speech.hebrew import number_words, phonemes, word_sound
from sandbox.speech.hebrew_words import WORDS


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("שלום, מה שלומך?", "[[Sal'om]], [[m'a]] [[Salom'eX]]?"),
        ("מחר בארבע", "[[maX'aR]] [[be'?aRba]]"),
        ("שָׁלוֹם", "[[Sal'om]]"),
        ("180 שקלים", "[[me'a Smon'im]] [[Skal'im]]"),
        ("050", "[['?efes Xam'eS '?efes]]"),
        ("Google בבוקר", "Google [[bab'okeR]]"),
        ("", ""),
    ],
)
def test_words_numbers_and_prefixes_become_phonemes(text: str, spoken: str) -> None:
    assert phonemes(text) == spoken


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "אפס"),
        (12, "שתים עשרה"),
        (24, "עשרים וארבע"),
        (250, "מאתיים חמישים"),
        (1200, "אלף מאתיים"),
        (2026, "אלפיים עשרים ושש"),
    ],
)
def test_numbers_are_counted_in_words(number: int, words: str) -> None:
    assert number_words(number) == words


@pytest.mark.parametrize("sentence", SAY["he"].values())
def test_what_the_model_says_is_in_the_table(sentence: str) -> None:
    """Prefixes of up to two letters aside; "עד" and its like are words too."""
    for word in re.findall(r"[א-ת]{2,}", re.sub(r"\{\w+\}", "", sentence)):
        assert any(word[taken:] in WORDS for taken in range(3)), word


@given(st.text(alphabet="אבגדהוזחטיכךלמםנןסעפףצץקרשת", min_size=1, max_size=12))
def test_any_word_can_be_spoken(word: str) -> None:
    sound = word_sound(word)
    assert re.fullmatch(r"[a-zRSX?']+", sound)
    assert not re.search(r"[^aeiou'?]{6}", sound.replace("ts", "z"))


@given(st.text(max_size=60))
def test_any_text_stays_in_espeaks_alphabet(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z?' .,!\[\]]*", phonemes(text))
