"""When an utterance began, and whether it was the caller at all."""

from __future__ import annotations

from media.conversation.caller_turn import COMMIT_PATIENCE_FRAMES, MIN_VOICE_FRAMES, ONSET_FRAMES, AgentNow, CallerSide
from media.conversation.cues import Rejected


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
        caller.sound_frame(900, loud=True, voice=True, near=True)
    assert caller.began(100) == 70


def heard_after_the_agent(*, echo: int, voiced: int) -> CallerSide:
    """An utterance that the model noticed 300 ms after the agent's last sound."""
    caller = CallerSide()
    caller.agent_ended(1000)
    for _ in range(echo):
        caller.echo_frame()
    for _ in range(voiced):
        caller.sound_frame(900, loud=True, voice=True, near=True)
    caller.started(False, 1015)
    caller.committed("item")
    return caller


def test_the_end_of_the_agents_sentence_come_back_is_no_turn_whatever_was_understood() -> None:
    caller = heard_after_the_agent(echo=18, voiced=2)
    assert caller.rejected("item", "לעזור", AgentNow("במה אפשר לעזור")) is Rejected.ECHO
    assert caller.rejected("item", "להזיז", AgentNow("במה אפשר לעזור")) is Rejected.ECHO
    assert not caller.loud_enough("unknown")


def test_a_caller_who_repeats_what_was_offered_is_heard() -> None:
    caller = heard_after_the_agent(echo=0, voiced=40)
    assert caller.rejected("item", "ביום רביעי בחמש", AgentNow("ביום שלישי בעשר או ביום רביעי בחמש")) is None


def test_a_caller_who_answers_into_the_echo_is_heard() -> None:
    caller = heard_after_the_agent(echo=15, voiced=12)
    assert caller.rejected("item", "כן", AgentNow("במה אפשר לעזור")) is None


def heard(frames: int, rms: int, *, voice: bool, loud: bool = True, over_agent: bool = False) -> CallerSide:
    caller = CallerSide()
    caller.started(over_agent, 100)
    for _ in range(frames):
        caller.sound_frame(rms, loud, voice, near=voice)
    caller.committed("item")
    return caller


def test_the_words_of_subtitles_are_nothing_only_where_no_voice_was_heard() -> None:
    for text in ("תודה שצפיתם", "Thanks for watching!", "you", "la la la la"):
        noise = heard(40, 900, voice=False)
        assert noise.rejected("item", text, AgentNow("")) is Rejected.PHANTOM
        somebody = heard(MIN_VOICE_FRAMES, 900, voice=True)
        assert somebody.rejected("item", text, AgentNow("")) is None


def test_a_hum_is_a_yes_after_a_question_and_never_over_the_agent() -> None:
    for text in ("אהה", "mhm", "uh-huh", "ага", "угу", "آه"):
        assert heard(20, 900, voice=True).rejected("item", text, AgentNow("", asked=True)) is None
        assert heard(20, 900, voice=True).rejected("item", text, AgentNow("")) is Rejected.FILLER
        over_agent = heard(20, 900, voice=True, over_agent=True)
        assert over_agent.rejected("item", text, AgentNow("", asked=True)) is Rejected.FILLER
    assert heard(20, 900, voice=True).rejected("item", "אממ", AgentNow("", asked=True)) is Rejected.FILLER


def test_a_soft_voice_that_no_preset_calls_loud_counts_by_the_rms_of_the_utterance() -> None:
    assert heard(20, 80, voice=True, loud=False).loud_enough("item")
    assert not heard(20, 30, voice=True, loud=False).loud_enough("item")


def test_one_click_does_not_make_a_far_voice_near() -> None:
    caller = CallerSide()
    caller.sound_frame(200, loud=True, voice=False, near=False)
    for _ in range(40):
        caller.sound_frame(25, loud=False, voice=True, near=False)
    caller.committed("item")
    assert not caller.loud_enough("item")


def test_words_while_they_are_said_take_the_floor_unless_most_of_it_is_the_agents_own_sound() -> None:
    """(C4)"""
    speaking = AgentNow("we are open from nine to five", audible=True)
    caller = CallerSide()
    assert not caller.takes_the_floor("no wait", speaking), "nobody has begun to speak"
    caller.started(True, 100)
    for _ in range(10):
        caller.echo_frame()
    assert not caller.takes_the_floor("no wait", speaking)
    for _ in range(10):
        caller.sound_frame(900, loud=True, voice=True, near=True)
    assert caller.takes_the_floor("no wait", speaking)
    assert not caller.takes_the_floor("uh", speaking)
