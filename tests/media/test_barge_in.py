"""When sound over an answer makes a candidate, and what becomes of it."""

from __future__ import annotations

from media.barge_in import BargeIn, BargeInSettings, Decision

GRACE = BargeInSettings().grace_frames


def speaking() -> BargeIn:
    """An answer whose grace is over."""
    barge_in = BargeIn()
    for _ in range(GRACE):
        barge_in.frame(False, False)
    return barge_in


def feed(barge_in: BargeIn, frames: int, *, loud: bool, voice: bool) -> list[Decision]:
    decided = [barge_in.frame(loud, voice) for _ in range(frames)]
    return [decision for decision in decided if decision is not None]


def test_a_voice_makes_a_candidate_after_the_voice_window() -> None:
    barge_in = speaking()
    assert feed(barge_in, 9, loud=True, voice=True) == []
    assert feed(barge_in, 1, loud=True, voice=True) == [Decision.HOLD]


def test_noise_makes_no_candidate_however_long_it_is_loud() -> None:
    assert feed(speaking(), 500, loud=True, voice=False) == []


def test_a_voice_out_of_noise_makes_a_candidate_within_the_voice_window() -> None:
    barge_in = speaking()
    feed(barge_in, 300, loud=True, voice=False)
    assert feed(barge_in, 10, loud=True, voice=True) == [Decision.HOLD]


def test_an_answer_held_for_a_voice_goes_on_while_noise_goes_on() -> None:
    barge_in = speaking()
    feed(barge_in, 10, loud=True, voice=True)
    assert feed(barge_in, BargeInSettings().window_frames, loud=True, voice=False) == [Decision.RESUME]


def test_a_sentence_whose_words_are_on_their_way_is_never_talked_into() -> None:
    barge_in = speaking()
    feed(barge_in, 10, loud=True, voice=True)
    barge_in.words_expected = True
    for _ in range(5):  # every other syllable too soft to tell, and a breath between the words
        assert feed(barge_in, 16, loud=True, voice=True) == []
        assert feed(barge_in, 15, loud=False, voice=False) == []
    assert barge_in.words(valid=True) is Decision.INTERRUPT


def test_speech_that_simply_goes_on_interrupts() -> None:
    barge_in = speaking()
    feed(barge_in, 10, loud=True, voice=True)
    assert feed(barge_in, BargeInSettings().sustained_frames, loud=True, voice=True) == [Decision.INTERRUPT]
