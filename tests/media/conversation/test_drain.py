"""A call leaves a draining worker in a pause if there is one, in any case in time (W10)."""

from __future__ import annotations

from media.conversation.timers import CallDrain
from tests.media.conversation.virtual_call import Plan, VirtualCall


def test_a_pause_is_taken_at_once() -> None:
    assert CallDrain().due(nobody_speaks=True, now_s=5.0)


def test_a_sentence_is_waited_for_but_not_for_ever() -> None:
    leaving = CallDrain(pause_within_s=12.0)
    assert not leaving.due(nobody_speaks=False, now_s=100.0)
    assert not leaving.due(nobody_speaks=False, now_s=111.9)
    assert leaving.due(nobody_speaks=False, now_s=112.0)


def test_a_pause_is_when_nobody_speaks_and_nothing_is_on_its_way() -> None:
    call = VirtualCall(plans=[Plan(length_ms=2000)])
    call.connect()
    call.run(500)
    assert call.talk.nobody_speaks()
    call.say("what are your hours today please")
    call.run_until(lambda: not call.talk.nobody_speaks())
    call.run_until(lambda: bool(call.heard_of(1)))
    assert not call.talk.nobody_speaks(), "the answer is being heard"
    call.run_until(call.talk.nobody_speaks)
    assert call.heard_of(1)[-1] == 1999
