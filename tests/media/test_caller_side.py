"""When an utterance began, and whether it was the caller at all."""

from __future__ import annotations

from media.caller_side import COMMIT_PATIENCE_FRAMES, ONSET_FRAMES, CallerSide


def test_an_utterance_with_pauses_began_with_its_first_word() -> None:
    caller = CallerSide()
    caller.started(False, 100)
    caller.started(False, 160)  # the model's word for what local endpointing heard before
    assert caller.began(250) == 100 - ONSET_FRAMES
    caller.committed("item")
    caller.started(False, 400)
    assert caller.began(420) == 400 - ONSET_FRAMES


def test_a_false_start_is_not_the_beginning_of_what_follows() -> None:
    caller = CallerSide()
    caller.started(False, 100)
    caller.stopped(110)
    assert caller.commit_missing(110 + COMMIT_PATIENCE_FRAMES)
    caller.started(False, 900)
    assert caller.began(950) == 900 - ONSET_FRAMES


def test_without_a_word_of_its_start_the_voice_heard_says_how_long_it_was() -> None:
    caller = CallerSide()
    for _ in range(30):
        caller.loud_frame(900)
    assert caller.began(100) == 70


def heard_after_the_agent(*, echo: int, voiced: int) -> CallerSide:
    """An utterance that the model noticed 300 ms after the agent's last sound."""
    caller = CallerSide()
    caller.agent_ended(1000)
    for _ in range(echo):
        caller.echo_frame()
    for _ in range(voiced):
        caller.loud_frame(900)
    caller.started(False, 1015)
    caller.committed("item")
    return caller


def test_the_end_of_the_agents_sentence_come_back_is_no_turn_whatever_was_understood() -> None:
    caller = heard_after_the_agent(echo=18, voiced=2)
    assert not caller.has_words("item", "לעזור", "במה אפשר לעזור")
    assert not caller.has_words("item", "להזיז", "במה אפשר לעזור")
    assert not caller.loud_enough("unknown")


def test_a_caller_who_repeats_what_was_offered_is_heard() -> None:
    caller = heard_after_the_agent(echo=0, voiced=40)
    assert caller.has_words("item", "ביום רביעי בחמש", "ביום שלישי בעשר או ביום רביעי בחמש")


def test_a_caller_who_answers_into_the_echo_is_heard() -> None:
    caller = heard_after_the_agent(echo=15, voiced=12)
    assert caller.has_words("item", "כן", "במה אפשר לעזור")
