"""The end of a turn by our own listening, on a virtual clock (X5, C5)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.conversation.end_of_turn import Ending, ending_of
from media.conversation.endpointing import Edge, LocalEndpoint
from services.audio.g711 import FRAME_MS


def ended_after_ms(endpoint: LocalEndpoint, spoken_ms: int, ending: Ending | None = None) -> int:
    """Silence until the turn is over, once so much was spoken."""
    for _ in range(spoken_ms // FRAME_MS):
        assert endpoint.frame(True) in (None, Edge.STARTED)
    if ending is not None:
        endpoint.words(ending)
    for quiet in range(1, 200):
        if endpoint.frame(False) is Edge.ENDED:
            return quiet * FRAME_MS
    raise AssertionError("the turn never ends")


@pytest.mark.parametrize(
    ("spoken_ms", "ending", "silence_ms"),
    [
        (1500, None, 300),
        (1500, Ending.UNKNOWN, 300),
        (1500, Ending.OVER, 100),
        (1500, Ending.OPEN, 900),
        (400, None, 500),
        (400, Ending.OVER, 100),
        (400, Ending.OPEN, 1100),
    ],
)
def test_words_make_the_pause_count_for_more_or_for_less(
    spoken_ms: int, ending: Ending | None, silence_ms: int
) -> None:
    assert ended_after_ms(LocalEndpoint(), spoken_ms, ending) == silence_ms


def test_the_words_of_one_turn_say_nothing_about_the_next() -> None:
    endpoint = LocalEndpoint()
    ended_after_ms(endpoint, 1500, Ending.OPEN)
    assert ended_after_ms(endpoint, 1500) == 300


def test_a_monologue_is_cut_whatever_its_words_say() -> None:
    endpoint = LocalEndpoint()
    endpoint.words(Ending.OPEN)
    edges = [(n, edge) for n in range(1, 300) if (edge := endpoint.frame(True))]
    assert [edge for _, edge in edges[:3]] == [Edge.STARTED, Edge.ENDED, Edge.STARTED]
    assert edges[1][0] - edges[0][0] + 3 == endpoint.max_frames


FRAMES = st.lists(st.tuples(st.booleans(), st.sampled_from([None, *Ending])), max_size=600)


@given(FRAMES)
def test_a_turn_that_began_ends_in_time_whatever_is_heard_and_said(frames: list[tuple[bool, Ending | None]]) -> None:
    endpoint, length, quiet = LocalEndpoint(), 0, 0
    for is_speech, ending in frames:
        if ending is not None:
            endpoint.words(ending)
        was_in_turn = endpoint.in_turn
        edge = endpoint.frame(is_speech)
        assert (edge is Edge.STARTED) <= (not was_in_turn)
        assert (edge is Edge.ENDED) <= was_in_turn
        length = length + 1 if endpoint.in_turn else 0
        quiet = quiet + 1 if endpoint.in_turn and not is_speech else 0
        assert length < endpoint.max_frames
        assert quiet < endpoint.short_silence_frames + endpoint.open_extra_frames


@given(FRAMES)
def test_words_alone_neither_begin_a_turn_nor_end_one(frames: list[tuple[bool, Ending | None]]) -> None:
    """Whatever they say, a turn ends in silence or at its limit, and begins with a voice."""
    endpoint = replace(LocalEndpoint(), max_frames=10_000)
    for is_speech, ending in frames:
        if ending is not None:
            endpoint.words(ending)
        edge = endpoint.frame(is_speech)
        assert not (edge is Edge.STARTED and not is_speech)
        assert not (edge is Edge.ENDED and is_speech)


@pytest.mark.parametrize(
    "text",
    [
        "אני רוצה לקבוע תור ל", "זה בשביל אמא שלי ו", "אולי ביום", "השם שלי הוא", "המספר שלי הוא 052",
        "אפס חמש ארבע שלוש", "אפשר בשעה", "הייתי רוצה", "כי", "רגע אה", "an appointment for", "my number is 0 5 4",
        "well, I'd like to", "between", "tomorrow or", "and then,", "может быть в", "я хочу", "بدي موعد يوم",
        "לא רגע",
        "let me find the number",
        "сейчас найду номер",
        "لا لحظة",
        "it was with Doctor",
        "מספר הרכב הוא שתיים שלוש ארבע",
        "my name is Weiss that's w e i",
    ],
)  # fmt: skip
def test_whoever_says_this_has_more_to_say(text: str) -> None:
    assert ending_of(text) is Ending.OPEN


@pytest.mark.parametrize(
    "text",
    [
        "כן", "לא", "לא תודה", "כן בבקשה", "בסדר גמור", "מתאים לי מחר, תודה", "בשעה 10:30", "054 123 4567",
        "03 512 3456", "yes", "no", "yes please", "that's all", "okay", "What time do you close?", "At half past ten.",
        "да", "нет",
    ],
)  # fmt: skip
def test_whoever_says_this_has_finished(text: str) -> None:
    assert ending_of(text) is Ending.OVER


@pytest.mark.parametrize("text", ["", "ביום שלישי", "I want an appointment tomorrow", "כן אני רוצה תור", "דן לוי", "5"])
def test_of_most_words_nobody_can_tell(text: str) -> None:
    assert ending_of(text) is Ending.UNKNOWN


@given(st.text(max_size=60))
def test_any_text_has_an_ending(text: str) -> None:
    assert ending_of(text) in Ending
