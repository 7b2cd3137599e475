"""A model that believes the caller is still talking does not keep them waiting on a silent line (X5, X6)."""

from __future__ import annotations

import pytest

from media.conversation.settings import SEMANTIC_VAD_FRAMES, ConversationSettings
from media.conversation.state import State
from services.engines import interface as e
from tests.media.conversation.test_conversation import WHOLE, in_talk
from tests.media.conversation.virtual_call import LOUD, VirtualCall


def waiting_for_an_answer(**options: object) -> VirtualCall:
    """The second answer is made and held back, for the model hears speech again before the words are known."""
    call = in_talk(**options)
    call.run_until(lambda: call.talk.state is State.LISTENING)
    call.run(1200)
    call.say("ומה עם מחר", words_after_ms=600)
    call.run_until(lambda: call.engine.count("answer") == 2)
    call.event(e.SpeechStarted("ghost", 0))
    call.run(1000)
    assert call.heard_of(2) == []
    return call


def test_the_turn_is_committed_from_here_and_the_answer_is_heard_when_nothing_was_in_it() -> None:
    call = waiting_for_an_answer()
    call.run_until(lambda: call.engine.count("commit") == 1, 1000)
    call.event(e.TurnCommitted("ghost"))
    call.run(300)
    call.words("ghost", "")
    call.run(4000)
    assert call.heard_of(2) == WHOLE
    assert ("delete", "ghost") in call.engine.said


def test_words_that_were_in_it_get_an_answer_that_knows_them() -> None:
    call = waiting_for_an_answer()
    call.run_until(lambda: call.engine.count("commit") == 1, 1000)
    call.event(e.TurnCommitted("ghost"))
    call.run(300)
    call.words("ghost", "בעצם ביום שני")
    call.run(5000)
    assert call.heard_of(2) == []
    assert call.heard_of(3) == WHOLE


def test_a_model_that_does_not_heed_the_commit_delays_the_answer_by_half_a_second_more() -> None:
    call = waiting_for_an_answer()
    call.run(1500)
    assert call.engine.count("commit") == 1
    assert call.heard_of(2)


def test_a_model_that_ends_turns_by_meaning_is_given_more_time() -> None:
    call = waiting_for_an_answer(settings=ConversationSettings(open_turn_frames=SEMANTIC_VAD_FRAMES["auto"]))
    call.run(3500)
    assert call.engine.count("commit") == 0
    call.run(1000)
    assert call.engine.count("commit") == 1


@pytest.mark.parametrize("seconds", [4, 12])
def test_a_caller_who_goes_on_talking_is_not_cut_short(seconds: int) -> None:
    call = waiting_for_an_answer()
    call.sound(seconds * 1000)
    assert call.engine.count("commit") == 0
    assert call.heard_of(2) == []


def test_a_sound_that_never_ends_is_cut_after_fifteen_seconds() -> None:
    call = waiting_for_an_answer()
    call.sound(15_000, LOUD)
    assert call.engine.count("commit") == 1
