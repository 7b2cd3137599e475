"""When a recogniser that says nothing is given up (C9)."""

from __future__ import annotations

from services.engines.google import unanswered
from services.engines.google.unanswered import Unanswered, Verdict

PIECE_MS = 100


def verdicts(about: Unanswered, voice_ms: int) -> list[Verdict]:
    return [about.voice(PIECE_MS) for _ in range(0, voice_ms, PIECE_MS)]


def test_a_noise_the_recogniser_says_nothing_to_is_tried_on_one_further_stream_and_never_given_up() -> None:
    about = Unanswered()
    found = verdicts(about, 60_000)
    assert found.index(Verdict.REPLACE) == unanswered.REPLACED_AFTER_MS // PIECE_MS - 1
    assert found.count(Verdict.REPLACE) == 1
    assert Verdict.GIVE_UP not in found
    about.answered()
    assert Verdict.REPLACE in verdicts(about, 6000)


def test_turns_without_a_word_are_tried_on_another_stream_and_then_no_more() -> None:
    about = Unanswered()
    assert [about.turn(800) for _ in range(3)] == [Verdict.WAIT, Verdict.REPLACE, Verdict.GIVE_UP]


def test_one_word_makes_it_a_recogniser_that_hears() -> None:
    about = Unanswered()
    for _ in range(5):
        assert about.turn(800) is Verdict.WAIT
        about.turn(800)
        about.answered()


def test_a_knock_is_no_turn_that_was_spoken() -> None:
    about = Unanswered()
    assert {about.turn(unanswered.SPOKEN_MS - 100) for _ in range(9)} == {Verdict.WAIT}
