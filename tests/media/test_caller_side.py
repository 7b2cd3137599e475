"""When an utterance began, on the call's time line."""

from __future__ import annotations

from media.caller_side import COMMIT_PATIENCE_FRAMES, ONSET_FRAMES, CallerSide


def test_an_utterance_with_pauses_began_with_its_first_word() -> None:
    caller = CallerSide()
    caller.started("item", False, 100)
    caller.started("item", False, 160)  # the model's word for what local endpointing heard before
    assert caller.began(250) == 100 - ONSET_FRAMES
    caller.committed("item")
    caller.started("next", False, 400)
    assert caller.began(420) == 400 - ONSET_FRAMES


def test_a_false_start_is_not_the_beginning_of_what_follows() -> None:
    caller = CallerSide()
    caller.started("item", False, 100)
    caller.stopped(110)
    assert caller.commit_missing(110 + COMMIT_PATIENCE_FRAMES)
    caller.started("next", False, 900)
    assert caller.began(950) == 900 - ONSET_FRAMES


def test_without_a_word_of_its_start_the_voice_heard_says_how_long_it_was() -> None:
    caller = CallerSide()
    for _ in range(30):
        caller.loud_frame(900)
    assert caller.began(100) == 70
