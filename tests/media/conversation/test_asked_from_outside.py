"""Somebody of the business ends a call in progress or has it handed over."""

from __future__ import annotations

from media.conversation.inputs import StaffRequest
from media.conversation.state import State
from tests.media.conversation.test_conversation import in_talk, listening


def test_an_end_comes_at_once_even_in_mid_sentence() -> None:
    call = in_talk()
    call.run(800)
    call.talk.post(StaffRequest("end"))
    call.run(100)
    assert call.ended == "ended_by_staff"
    assert call.talk.state is State.ENDED


def test_a_hand_over_lets_the_agent_finish_and_say_so() -> None:
    call = in_talk()
    call.run(800)
    call.talk.post(StaffRequest("hand_over"))
    call.run(1000)
    assert call.talk.state is State.SPEAKING
    call.run(10_000)
    assert call.ended == "hand_over"
    assert call.heard_of(1) == list(range(3000))
    assert call.heard_of(2)


def test_a_caller_who_interrupts_does_not_put_the_hand_over_off() -> None:
    call = in_talk()
    call.run(800)
    call.talk.post(StaffRequest("hand_over"))
    call.say("רגע אחד, יש לי עוד שאלה")
    call.run(10_000)
    assert call.ended == "hand_over"


def test_what_is_asked_twice_happens_once() -> None:
    call = listening()
    call.talk.post(StaffRequest("hand_over"))
    call.talk.post(StaffRequest("hand_over"))
    call.talk.post(StaffRequest("end"))
    call.run(10_000)
    assert call.ended == "hand_over"
    assert call.engine.answers == 1
