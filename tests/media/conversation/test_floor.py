"""Words over the agent's speech: which take the floor, and which leave it (B3, X2)."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from bench.interaction_trials import ACKNOWLEDGEMENTS, HUMS, REQUESTS, TO_OTHERS
from media.conversation.caller_turn import AgentNow, CallerSide
from media.conversation.cues import Rejected, is_valid_transcript
from media.conversation.floor import acknowledges, is_to_others, leaves_open
from media.conversation.state import State
from services.engines import interface as e
from tests.media.conversation.virtual_call import Plan, VirtualCall

STATEMENT = "we are open from nine to five and there is parking behind the house"


@pytest.mark.parametrize("text", [*ACKNOWLEDGEMENTS, "Okay.", "כן... כן", "mm, right", "אה, הבנתי"])
def test_an_acknowledgement_is_known(text: str) -> None:
    assert acknowledges(text)


@pytest.mark.parametrize("text", [*REQUESTS, *TO_OTHERS, *HUMS, "", "yes yes yes yes yes", "כן מחר", "ok stop", "נו"])
def test_whatever_holds_more_than_an_acknowledgement_is_none(text: str) -> None:
    assert not acknowledges(text)


@pytest.mark.parametrize(
    "text", [*TO_OTHERS, "Mom, I'm on the phone!", "רגע... אני בשיחה", "подожди, мама, я по телефону"]
)
def test_what_is_said_about_the_call_is_said_to_somebody_else(text: str) -> None:
    assert is_to_others(text)


@pytest.mark.parametrize(
    "text",
    [
        *REQUESTS,
        *ACKNOWLEDGEMENTS,
        "אני בטלפון עם הרופא, אפשר מחר?",
        "call me on the phone",
        "can I book it on the phone",
    ],
)
def test_what_may_be_meant_for_the_agent_is_not(text: str) -> None:
    assert not is_to_others(text)


def test_a_yes_may_answer_whatever_asks_or_offers_and_what_is_not_known() -> None:
    for text in ("מתאים לך מחר? יש גם ביום שני.", "So, is Tuesday good", "אם תרצה, אעביר אותך לנציג", "", "..."):
        assert leaves_open(text), text
    for text in (STATEMENT, "אנחנו פתוחים מתשע עד חמש.", "Мы работаем с девяти."):
        assert not leaves_open(text), text


def in_mid_answer(agent_says: str) -> VirtualCall:
    """A call whose agent has been heard for a second; the text is known, as it is when a model is ahead."""
    call = VirtualCall(plans=[Plan(length_ms=6000, text=agent_says), Plan(length_ms=1000, text="second")])
    call.connect()
    call.run(2000)
    call.say("מה שעות הפתיחה?")
    call.run_until(lambda: call.talk.state is State.SPEAKING)
    call.run(1500)
    return call


@pytest.mark.parametrize("text", ["כן", "אוקיי", "yeah", "понятно", "تمام", "רגע, אני בטלפון"])
def test_over_a_statement_it_goes_on_where_it_stopped_and_the_words_are_forgotten(text: str) -> None:
    call = in_mid_answer(STATEMENT)
    with capture_logs() as lines:
        call.say(text, 500)
        call.run(9000)
    assert call.heard_of(1) == list(range(6000))
    assert call.metrics.barge_in_events == 0
    assert call.engine.answers == 1
    assert ("delete", "user_2") in call.engine.said
    [reason] = [line["reason"] for line in lines if line["event"] == "[TRANSCRIPT FILTER]"]
    assert reason == ("to_others" if "טלפון" in text else "backchannel")


@pytest.mark.parametrize("text", ["לא", "די", "stop", "כן, אבל כמה זה עולה?", "רגע"])
def test_any_other_word_over_a_statement_takes_the_floor(text: str) -> None:
    call = in_mid_answer(STATEMENT)
    call.say(text, 500)
    call.run(4000)
    assert call.metrics.barge_in_events == 1
    assert call.engine.answers == 2


@pytest.mark.parametrize("agent_says", ["is Tuesday at ten good? we also have Thursday", "אם תרצה אעביר אותך לנציג"])
def test_a_yes_over_a_question_or_an_offer_is_its_answer(agent_says: str) -> None:
    call = in_mid_answer(agent_says)
    call.say("כן", 500)
    call.run(4000)
    assert call.metrics.barge_in_events == 1
    assert call.engine.answers == 2


def test_a_yes_begun_before_the_agent_spoke_is_a_turn() -> None:
    call = VirtualCall(plans=[Plan(length_ms=3000, text=STATEMENT, think_ms=100), Plan(text="second")])
    call.connect()
    call.run(2000)
    call.say("מה שעות הפתיחה?", stop_ms=100, words_after_ms=50)
    call.event(e.SpeechStarted("user_early", 0))
    call.run_until(lambda: call.talk.state is State.SPEAKING, within_ms=5000)
    call.event(e.TurnCommitted("user_early"))
    call.event(e.CallerTranscript("user_early", "כן"))
    call.run(3000)
    assert ("delete", "user_early") not in call.engine.said


def somebody(near: int, far: int, echo: int = 0) -> CallerSide:
    """An utterance over the agent of so many frames of voice, near and far."""
    side = CallerSide()
    side.started(True, 100)
    for index in range(near + far):
        side.sound_frame(900, loud=True, voice=True, near=index < near)
    for _ in range(echo):
        side.echo_frame()
    side.committed("item")
    return side


def test_the_words_of_somebody_far_softer_than_the_caller_do_not_stop_the_agent() -> None:
    agent = AgentNow(STATEMENT, audible=True, stating=True)
    said = "what do you want for dinner"
    assert somebody(near=5, far=60).rejected("item", said, agent) is Rejected.FAR
    assert somebody(near=20, far=40).rejected("item", said, agent) is None
    assert somebody(near=0, far=0).rejected("item", said, agent) is None, "nothing heard here: the model's word counts"
    assert somebody(near=2, far=60, echo=9).rejected("item", said, agent) is None, "the echo hides how near it is"
    assert somebody(near=5, far=60).rejected("item", said, AgentNow(STATEMENT)) is None, "the agent is silent again"


def test_laughter_and_a_cleared_throat_are_no_words_however_they_are_written() -> None:
    for text in ("haha", "ха-ха", "хехе", "חה חה חה", "חחח", "ahem", "achoo!", "[laughter]"):
        assert not is_valid_transcript(text), text
