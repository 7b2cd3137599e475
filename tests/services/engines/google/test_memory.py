"""What the chat model is told was said is what was heard (C6)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.engines.google.memory import Memory


def said(memory: Memory) -> list[tuple[str, str]]:
    return [(one["role"], one["content"]) for one in memory.messages()[1:]]


def answered(*sentences: tuple[str, float], one_sound: bool = False) -> Memory:
    memory = Memory("prompt")
    for text, ms in sentences:
        memory.sentence("a", text, one_sound=one_sound)
        memory.sound("a", ms)
        if not one_sound:
            memory.sound_is_whole("a")
    if one_sound:
        memory.sound_is_whole("a")
    return memory


def test_a_cut_answer_holds_whole_sentences_heard_and_the_words_of_the_next_one() -> None:
    memory = answered(("One two.", 1000), ("three four five six", 2000), ("seven", 500))
    memory.truncate("a", 2100)
    assert said(memory) == [("assistant", "One two. three four")]


def test_an_answer_of_which_nothing_was_heard_is_gone() -> None:
    memory = answered(("One two.", 1000))
    memory.truncate("a", 0)
    assert said(memory) == []


def test_an_answer_in_one_piece_of_sound_is_cut_by_its_length() -> None:
    memory = answered(("One two.", 1000), ("three four.", 1000), one_sound=True)
    memory.truncate("a", 1000)
    assert said(memory) == [("assistant", "One two.")]


def test_a_turn_keeps_its_place_until_its_words_are_known() -> None:
    memory = Memory("prompt")
    memory.add("user", "", "t1")
    memory.add("system", "[SERVER] fact")
    assert said(memory) == [("system", "[SERVER] fact")]
    memory.words("t1", "hello")
    assert said(memory) == [("user", "hello"), ("system", "[SERVER] fact")]
    memory.delete("t1")
    assert said(memory) == [("system", "[SERVER] fact")]


def test_words_that_are_no_turn_yet_and_instructions_for_one_answer_come_last_and_stay_out() -> None:
    memory = answered(("Hi.", 300))
    asked = memory.messages("go on", "tomorrow")
    assert [(one["role"], one["content"]) for one in asked[-2:]] == [("user", "tomorrow"), ("system", "go on")]
    assert len(memory.messages()) == 2


SENTENCE = st.tuples(st.text("abcdefg ", min_size=1, max_size=40).map(str.strip).filter(bool), st.integers(1, 5000))


@given(st.lists(SENTENCE, min_size=1, max_size=5), st.integers(0, 30_000), st.booleans())
def test_what_was_heard_is_a_beginning_of_what_was_said_and_more_sound_is_never_less(
    sentences: list[tuple[str, int]], heard_ms: int, one_sound: bool
) -> None:
    whole = " ".join(text for text, _ in sentences)
    memory, later = (answered(*sentences, one_sound=one_sound) for _ in range(2))
    memory.truncate("a", heard_ms)
    later.truncate("a", heard_ms + 500)
    [text] = [content for _, content in said(memory)] or [""]
    [more] = [content for _, content in said(later)] or [""]
    assert whole.startswith(text)
    assert more.startswith(text)
    if heard_ms >= sum(ms for _, ms in sentences):
        assert text == whole
