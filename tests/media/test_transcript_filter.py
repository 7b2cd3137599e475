"""Fillers are sounds, words are words, in four languages (X2, X4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.transcript_filter import echoes, is_filler_only, is_valid_transcript

FILLERS = [
    *("אמ", "אם", "אממ", "אמממ", "אה", "אהה", "אההה", "הממ", "אהם", "אהממ", "אמממממ", "אההההה"),
    *("um", "uh", "uhm", "Mm-hmm", "hmm", "er...", "ah", "mhm", "uh-huh"),
    *("э", "эээ", "ммм", "ааа", "угу", "хм"),
    *("آه", "اممم", "همم"),
]
WORDS = [
    *("כן", "לא", "אממ כן", "אממ אני רוצה לשמוע עוד", "אהה טוב, תסביר לי איך זה עובד", "מחר", "שלום", "די"),
    *("yes", "No.", "um, yes", "ok", "tomorrow at five", "hello?", "5"),
    *("да", "нет", "э, да", "завтра утром", "здравствуйте"),
    *("نعم", "لا", "غدا", "آه نعم"),
]


@pytest.mark.parametrize("text", FILLERS)
def test_a_filler_alone_is_no_turn(text: str) -> None:
    assert not is_valid_transcript(text)
    assert is_filler_only(text)


@pytest.mark.parametrize("text", ["", "   ", "...", "?!", "״", "ב", "[cough]", "(laughs)", "* *", "[music] ..."])
def test_nothing_and_punctuation_and_stage_directions_are_no_turn(text: str) -> None:
    assert not is_valid_transcript(text)
    assert not is_filler_only(text)


@pytest.mark.parametrize("text", WORDS)
def test_one_meaningful_word_makes_a_turn(text: str) -> None:
    assert is_valid_transcript(text)
    assert not is_filler_only(text)


@given(st.lists(st.sampled_from(FILLERS), min_size=1), st.sampled_from([" ", ", ", "... ", " - "]))
def test_any_number_of_fillers_is_still_no_turn(fillers: list[str], between: str) -> None:
    assert not is_valid_transcript(between.join(fillers))


@given(st.lists(st.sampled_from(FILLERS)), st.sampled_from(WORDS), st.lists(st.sampled_from(FILLERS)))
def test_fillers_around_words_do_not_hide_them(before: list[str], words: str, after: list[str]) -> None:
    assert is_valid_transcript(" ".join([*before, words, *after]))


@given(st.text())
def test_any_text_is_judged_without_an_error(text: str) -> None:
    assert isinstance(is_valid_transcript(text), bool)


def test_vowel_points_change_nothing() -> None:
    assert is_valid_transcript("שָׁלוֹם")


def test_the_agents_own_words_coming_back_are_an_echo() -> None:
    spoken = "אנחנו פתוחים היום עד שבע בערב"
    assert echoes("פתוחים היום עד שבע", spoken)
    assert not echoes("פתוחים מחר עד שבע", spoken)
    assert not echoes("היום", spoken), "one word may well be the caller's own"
