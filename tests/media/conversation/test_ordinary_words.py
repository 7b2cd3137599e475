"""What ordinary words, hums, keys and a line without a voice do to a call (L1–L6, L14, G2), on a virtual clock."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from media.conversation.inputs import Key
from media.conversation.settings import ConversationSettings
from media.conversation.state import State
from services.engines import interface as e
from tests.media.conversation.virtual_call import Plan, VirtualCall, tone

GREETS = {"greet": True, "greeting_text": "hello"}


def asked(agent_says: str, *plans: Plan, **settings: object) -> VirtualCall:
    """A call at the moment the caller has heard the agent say that in its first answer."""
    call = VirtualCall(ConversationSettings(**settings), plans=[Plan(text=agent_says), *plans])  # type: ignore[arg-type]
    call.connect()
    call.run(2000)
    call.say("אני רוצה לקבוע תור")
    call.run_until(lambda: call.talk.state is State.SPEAKING)
    return call


def heard_out(agent_says: str, *plans: Plan, **settings: object) -> VirtualCall:
    call = asked(agent_says, *plans, **settings)
    call.run_until(lambda: call.talk.state is not State.SPEAKING)
    call.run(1200)
    return call


@pytest.mark.parametrize("hum", ["אהה", "mhm", "угу", "آه"])
def test_a_hum_after_a_question_is_answered(hum: str) -> None:
    call = heard_out("is Tuesday at ten right for you")
    call.say(hum, 400)
    call.run(4000)
    assert call.heard_of(2) == list(range(3000))
    assert ("delete", "user_2") not in call.engine.said
    assert [turn.text for turn in call.journal.turns.values() if turn.role == "caller"][1] == hum


def test_a_hum_after_a_statement_is_nothing() -> None:
    call = heard_out("we are open until seven today.")
    call.say("mhm", 400)
    call.run(4000)
    assert call.heard_of(2) == []
    assert ("delete", "user_2") in call.engine.said


def test_a_hum_over_a_question_lets_the_agent_go_on() -> None:
    call = asked("would you like Tuesday at ten or Wednesday at five")
    call.run(800)
    call.say("mhm", 400)
    call.run_until(lambda: call.talk.state is State.LISTENING)
    assert call.heard_of(1) == list(range(3000))
    assert call.metrics.barge_in_events == 0


@pytest.mark.parametrize("word", ["שש", "9", "טל", "B"])
def test_a_short_answer_is_a_turn(word: str) -> None:
    call = heard_out("באיזו שעה?")
    call.say(word, 300)
    call.run(4000)
    assert call.heard_of(2) == list(range(3000))


def test_subtitles_thanks_for_a_silence_are_nothing_and_for_a_voice_are_kept() -> None:
    call = heard_out("באיזו שעה?")
    call.event(e.SpeechStarted("silence", 0))
    call.event(e.SpeechStopped("silence", 0))
    call.event(e.TurnCommitted("silence"))
    call.event(e.CallerTranscript("silence", "תודה שצפיתם"))
    call.run(3000)
    assert ("delete", "silence") in call.engine.said
    assert call.heard_of(2) == []
    item = call.say("תודה שצפיתם", 800)
    call.run(4500)
    assert ("delete", item) not in call.engine.said
    assert any(call.heard_of(answer) for answer in (2, 3))


def test_a_wish_for_a_human_hands_over_and_a_story_about_one_does_not() -> None:
    call = heard_out("במה לעזור?", handing_over="one moment")
    call.say("הנציג אמר לי להתקשר")
    call.run(5000)
    assert not call.ended
    call.say("אני רוצה לדבר עם מישהו אמיתי")
    call.run_until(lambda: bool(call.ended))
    assert call.ended == "hand_over"


OFFER = "אם תרצה, אעביר אותך לנציג."


def test_an_offer_to_transfer_waits_for_the_yes() -> None:
    call = heard_out(OFFER, handing_over="one moment")
    call.run(2000)
    assert not call.ended
    call.say("כן, בבקשה")
    call.run_until(lambda: bool(call.ended))
    assert call.ended == "hand_over"


def test_an_offer_to_transfer_that_is_declined_is_over() -> None:
    call = heard_out(OFFER, Plan(), Plan(), handing_over="one moment")
    call.say("לא, תודה")
    call.run(5000)
    call.say("כן")
    call.run(5000)
    assert not call.ended


def test_a_wish_to_record_a_message_ends_in_the_recording() -> None:
    call = heard_out("how can I help?", handing_over="one moment", takes_messages=True)
    call.say("I'd rather leave a voice message")
    call.run_until(lambda: bool(call.ended))
    assert call.ended == "record_message"


def test_an_offer_to_record_a_message_waits_for_the_yes() -> None:
    call = heard_out("would you like to leave a recorded message?", handing_over="one moment", takes_messages=True)
    call.run(2000)
    assert not call.ended
    call.say("yes please")
    call.run_until(lambda: bool(call.ended))
    assert call.ended == "record_message"


def test_where_no_messages_are_taken_nothing_is_recorded() -> None:
    call = heard_out("how can I help?", Plan(), handing_over="one moment")
    call.say("I'd rather leave a voice message")
    call.run(4000)
    assert not call.ended


def test_a_promise_to_transfer_is_kept() -> None:
    call = heard_out("I'm transferring you now.", handing_over="one moment")
    call.run_until(lambda: bool(call.ended))
    assert call.ended == "hand_over"


def test_a_greeting_of_both_sides_ends_no_call() -> None:
    call = VirtualCall(ConversationSettings(), plans=[Plan(text="good evening, this is the clinic,")])
    call.connect()
    call.run(1000)
    call.say("שלום, יום טוב")
    call.run(6000)
    assert not call.ended
    assert call.heard_of(1) == list(range(3000))


def test_a_goodbye_is_answered_and_ends_the_call() -> None:
    call = heard_out("anything else?", Plan(text="goodbye, take care"))
    call.say("לא תודה, ביי")
    call.run_until(lambda: bool(call.ended))
    assert call.ended == "goodbye"


def test_a_number_keyed_slowly_is_no_silence() -> None:
    settings = ConversationSettings(**GREETS, silence_frames=150, silence_prompt="still here", goodbye_silent="bye")  # type: ignore[arg-type]
    call = VirtualCall(settings, plans=[Plan(length_ms=1000)] * 9)
    call.connect()
    call.run_until(lambda: call.talk.state is State.LISTENING)
    for _ in range(10):
        call.talk.post(Key())
        call.run(6000)
    assert call.metrics.silence_prompts == 0
    assert call.journal.events.count("keys") == 10
    call.run_until(lambda: bool(call.ended), 60_000)
    assert call.ended == "silence", "who stops keying is silent like anybody"


def test_quick_keys_are_one_moment_on_the_time_line() -> None:
    call = VirtualCall()
    for _ in range(10):
        call.talk.post(Key())
        call.run(400)
    assert call.journal.events == ["keys"]


def test_without_a_greeting_a_line_without_a_voice_ends_after_30_s() -> None:
    call = VirtualCall(ConversationSettings(goodbye_silent="bye"))
    call.connect()
    began = call.now
    call.run_until(lambda: bool(call.ended), 40_000)
    assert call.ended == "no_voice"
    assert abs(call.now - began - 30) < 0.5
    assert call.engine.count("answer") == 0, "the agent speaks to nobody"


def test_a_voice_or_a_key_keeps_a_line_without_a_greeting() -> None:
    call = VirtualCall()
    call.connect()
    for keep in (lambda: call.sound(600), lambda: call.talk.post(Key())):
        call.run(25_000)
        keep()
    call.run(25_000)
    assert not call.ended


def test_a_soft_first_utterance_opens_the_conversation() -> None:
    call = VirtualCall()
    call.connect()
    call.run(2000)
    call.at(60, lambda: call.event(e.SpeechStarted("soft", 0)))
    call.sound(900, tone(150))
    call.event(e.TurnCommitted("soft"))
    call.event(e.CallerTranscript("soft", "שלום, אפשר תור"))
    call.run(4000)
    assert call.heard_of(1) == list(range(3000))


def test_words_too_far_away_to_open_the_conversation_stay_in_the_models_memory() -> None:
    call = VirtualCall()
    call.connect()
    call.run(2000)
    with capture_logs() as lines:
        call.event(e.SpeechStarted("far", 0))
        call.event(e.TurnCommitted("far"))
        call.event(e.CallerTranscript("far", "somebody in another room"))
        call.run(3000)
    assert call.engine.count("answer") == 0
    assert call.engine.count("delete") == 0
    assert [line["reason"] for line in lines if line["event"] == "[TRANSCRIPT FILTER]"] == ["too_quiet"]


def test_the_log_tells_turns_filtered_words_and_stops_without_a_word_of_them() -> None:
    with capture_logs() as lines:
        call = asked("w1 w2 w3 w4 w5 w6", Plan(text="second"))
        call.run(800)
        call.say("רגע, לא", 500)
        call.run(6000)
        call.say("אממ", 400)
        call.run(2000)
    turns = [line for line in lines if line["event"] == "[TURN]"]
    assert [turn["role"] for turn in sorted(turns, key=lambda turn: turn["seq"])] == ["caller", "agent"] * 2
    answered = next(turn for turn in turns if turn["role"] == "agent")
    assert {"total_ms", "endpointing_ms", "model_ms"} <= answered.keys()
    [stop] = [line for line in lines if line["event"] == "[BARGE-IN] Stopped"]
    [cut] = [turn for turn in call.journal.turns.values() if turn.interrupted]
    assert stop["heard_ms"] == cut.heard_ms > 0
    assert [line["reason"] for line in lines if line["event"] == "[TRANSCRIPT FILTER]"] == ["filler"]
    assert not any(word in str(lines) for word in ("אממ", "רגע", "תור", "w1", "second"))


# -- where a wish for a person leads nowhere (L9) ---------------------------------------------------------------------

FACT = "[SERVER] not_offered: no transfer"


def told(call: VirtualCall) -> int:
    return call.engine.said.count(("server", FACT))


def test_a_wish_for_a_person_goes_on_with_what_is_possible_where_nobody_can_be_had() -> None:
    call = heard_out("במה לעזור?", Plan(), Plan(), Plan(), no_transfer=FACT)
    call.say("אני רוצה לדבר עם מישהו אמיתי")
    call.run(5000)
    assert not call.ended
    assert told(call) == 1
    assert "no_transfer" in call.journal.events
    assert any(call.heard_of(answer) for answer in (2, 3))  # the caller is answered, and the answer knew
    call.say("אז תעבירי אותי לנציג")
    call.run(5000)
    assert (told(call), call.ended) == (2, "")


def test_a_promise_that_cannot_be_kept_is_taken_back_at_once() -> None:
    call = heard_out("I'm transferring you now.", Plan(), no_transfer=FACT)
    call.run(4000)
    assert told(call) == 1
    assert not call.ended
    assert call.heard_of(2)


def test_a_yes_to_an_offer_that_should_not_have_been_made_transfers_nobody() -> None:
    call = heard_out(OFFER, Plan(), no_transfer=FACT)
    call.say("כן, בבקשה")
    call.run(5000)
    assert told(call) == 1
    assert not call.ended
