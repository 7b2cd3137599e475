"""No dead air and no endless line when the model is slow, deaf or away (W8, R4), on a virtual clock."""

from __future__ import annotations

import pytest

from media.conversation.settings import ConversationSettings
from media.conversation.state import State
from sandbox import coded_audio
from tests.media.conversation.virtual_call import FakeEngine, Plan, VirtualCall

ONE_MOMENT = coded_audio.encode(40, 0, 700)
HEARD = (40, 0, 700)
RECORDED = ConversationSettings(one_moment=ONE_MOMENT, trouble=coded_audio.encode(41, 0, 3000))
NEVER = 60_000
WHOLE = list(range(3000))


def asked(*plans: Plan, settings: ConversationSettings = RECORDED, again: tuple[Plan, ...] = ()) -> VirtualCall:
    """A call at the moment the caller's first turn was asked an answer for; `again`: what a new session would do."""
    call = VirtualCall(settings, plans=list(plans))
    call.connect()
    call.run(2000)
    call.sessions.append(FakeEngine(call, list(again), answers=10))
    call.say("שלום, מה השעה")
    call.run_until(lambda: call.engine.count("answer") == 1)
    return call


def seconds_until_the_end(call: VirtualCall) -> float:
    began = call.now
    call.run_until(lambda: bool(call.ended), 20_000)
    return call.now - began


def first_sound_after(call: VirtualCall, ms: float) -> int:
    """Answer number of what is heard within so many ms from now; 0 for nothing."""
    already = len(call.heard)
    call.run(ms)
    return next((run.answer for run in coded_audio.runs(bytes(call.heard[already:]))), 0)


@pytest.mark.parametrize("think_ms", [2000, 3500, 5000])
def test_an_answer_that_takes_long_is_heard_whole(think_ms: int) -> None:
    call = asked(Plan(think_ms=think_ms, ack_ms=100))
    call.run(think_ms + 5000)
    assert call.heard_of(1) == WHOLE
    assert call.runs() == ([HEARD] if think_ms > 2600 else []) + [(1, 0, 3000)]
    assert not call.ended


def test_a_model_that_begins_an_answer_and_never_speaks_is_given_up_within_6_s() -> None:
    call = asked(Plan(think_ms=NEVER, ack_ms=100))
    assert first_sound_after(call, 3000) == 40
    assert seconds_until_the_end(call) < 3.0
    assert (call.ended, call.runs()) == ("model_unreachable", [HEARD])


def test_a_model_that_does_not_even_take_the_request_is_replaced_by_a_new_session() -> None:
    call = asked(Plan(think_ms=NEVER), again=(Plan(),))
    call.run(9000)
    assert call.runs() == [HEARD, (11, 0, 3000)]
    assert call.talk.state is State.LISTENING
    assert call.engine.count("answer") == 1


def test_two_deaf_sessions_in_a_row_are_given_up_within_6_s_too() -> None:
    call = asked(Plan(think_ms=NEVER), again=(Plan(think_ms=NEVER),))
    assert seconds_until_the_end(call) < 6.0
    assert (call.ended, call.runs()) == ("model_unreachable", [HEARD])


@pytest.mark.parametrize("greet", [True, False])
def test_a_model_that_never_connects_is_bridged_and_given_up_within_6_s(greet: bool) -> None:
    settings = ConversationSettings(greet=greet, one_moment=ONE_MOMENT, trouble=RECORDED.trouble)
    call = VirtualCall(settings)
    assert first_sound_after(call, 3000) == 40
    assert seconds_until_the_end(call) < 3.0
    assert (call.ended, call.runs()) == ("model_unreachable", [HEARD])


def test_a_deaf_model_at_the_greeting_is_replaced_and_greets() -> None:
    settings = ConversationSettings(greet=True, greeting_text="hello", one_moment=ONE_MOMENT)
    call = VirtualCall(settings, plans=[Plan(think_ms=NEVER)])
    call.sessions.append(FakeEngine(call, [Plan(length_ms=1000)], answers=10))
    call.connect()
    call.run(8000)
    assert call.runs() == [HEARD, (11, 0, 1000)]
    assert call.talk.state is State.LISTENING


def test_a_connection_lost_while_an_answer_is_awaited_is_one_wait() -> None:
    """One moment is said once, and the 6 s count from the caller's question."""
    call = asked(Plan(think_ms=NEVER, ack_ms=100))
    call.run(2000)
    call.sessions.clear()
    call.engine.close()
    assert seconds_until_the_end(call) < 4.0
    assert (call.ended, call.runs()) == ("model_unreachable", [HEARD])
