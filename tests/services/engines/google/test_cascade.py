"""The cascade against services that speak the real protocols: gRPC of Google's messages, a streamed chat (C1-C9)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sandbox import coded_audio
from sandbox.google.running import running_google
from services.audio.g711 import BYTES_PER_MS, SILENCE_FRAME, silence
from services.engines import interface as e
from tests.patience import PATIENCE_S
from tests.services.engines.google.talk import CHIRP, PAUSE, QUESTION, VOICE, Talk, says, talking

# -- a turn and its answer --------------------------------------------------------------------------------------


@pytest.mark.parametrize("voice", ["", CHIRP], ids=["sentence by sentence", "streamed"])
def test_what_is_said_is_heard_answered_and_spoken(voice: str) -> None:
    with talking(says("We open at nine. Shall I book you in?"), voice) as (talk, google):
        assert talk.turn() == QUESTION
        assert talk.answered().status == "completed"
        kinds = [type(event) for event in talk.events if not isinstance(event, e.CallerPartial)]
        assert kinds[:5] == [e.SessionReady, e.TurnCommitted, e.CallerTranscript, e.ResponseStarted, e.AgentTextDelta]
        assert kinds[-3:] == [e.AudioDone, e.AgentText, e.ResponseDone]
        assert talk.of(e.AgentText)[0].text == "We open at nine. Shall I book you in?"
        sound = talk.sound()
        assert sound.endswith(SILENCE_FRAME * 10), "200 ms of silence end it"
        heard = [word for word in coded_audio.decode(sound) if word is not None]
        assert {answer for answer, _ in heard} == {0}
        assert [ms for _, ms in heard] == sorted({ms for _, ms in heard}), "no header is played, nothing twice"
        [usage] = [event.usage for event in talk.of(e.ResponseDone)]
        assert usage.spoken_characters == len("We open at nine.") + len("Shall I book you in?")
        assert usage.output_text_tokens > 0
        call = google.wait_call()
        assert call.streams[0].phrases == ["Sunrise clinic"]
        assert [one.streamed for one in call.speech] == ([True] if voice else [False, False])
        assert call.speech[0].rate == pytest.approx(0.95)


def test_words_come_while_they_are_said() -> None:
    with talking(says("Yes.")) as (talk, _):
        talk.turn()
        partials = [event.text for event in talk.of(e.CallerPartial)]
        assert len(partials) > 2
        assert partials[-1] == QUESTION


def test_the_chat_model_is_asked_before_the_turn_is_over_and_once() -> None:
    with talking(says("We open at nine.")) as (talk, google):
        talk.turn()
        talk.wait(lambda: google.wait_call().chats)
        assert talk.of(e.ResponseStarted) == []
        assert talk.answered().status == "completed"
        assert len(google.wait_call().chats) == 1


def test_a_fixed_sentence_goes_to_the_voice_and_not_to_the_chat_model() -> None:
    with talking(says("Hello there. How can I help?")) as (talk, google):
        talk.engine.say("Hello there. How can I help?")
        talk.wait(lambda: talk.of(e.ResponseDone))
        call = google.wait_call()
        assert [one.text for one in call.speech] == ["Hello there. How can I help?"]
        assert call.chats == []


def test_the_chat_model_is_told_what_was_heard_and_nothing_else() -> None:
    with talking(says("One two three four five six.", "Fine.", heard=(QUESTION, "No wait"))) as (talk, google):
        talk.engine.remember("assistant", "Hello, Sunrise clinic.")
        talk.turn()
        talk.answered()
        [item_id] = {event.item_id for event in talk.of(e.AudioDelta)}
        talk.engine.truncate(item_id, 700)
        talk.engine.say_server("[SERVER] closed on Sunday")
        talk.turn()
        talk.answered()
        asked = [(one["role"], one["content"]) for one in google.wait_call().chats[-1].messages]
        assert asked == [
            ("system", "You answer the phone."),
            ("assistant", "Hello, Sunrise clinic."),
            ("user", QUESTION),
            ("assistant", "One two"),
            ("system", "[SERVER] closed on Sunday"),
            ("user", "No wait"),
        ]


def test_cancelling_stops_chat_and_voice_and_ends_the_response_once() -> None:
    long = " ".join(f"This is sentence number {n}." for n in range(40))
    with talking(says(long, token_ms=30)) as (talk, google):
        talk.turn()
        talk.engine.answer()
        talk.wait(lambda: talk.of(e.AudioDelta))
        [started] = talk.of(e.ResponseStarted)
        talk.engine.cancel(started.response_id)
        talk.engine.cancel(started.response_id)
        talk.wait(lambda: google.wait_call().chats[0].ended == "cancelled")
        talk.wait(lambda: talk.of(e.ResponseDone))
        sound = len(talk.sound())
        [done] = talk.of(e.ResponseDone)
        assert (done.status, done.reason) == ("cancelled", "client_cancelled")
        talk.turn()
        assert len(talk.sound()) == sound, "nothing comes after the end"


def test_an_answer_cut_at_the_limit_of_tokens_ends_with_a_whole_sentence() -> None:
    script = says("One is here. Two is here. Three is here.")
    script["answers"][0] |= {"status": "incomplete", "reason": "max_output_tokens", "end_ms": 1800}
    with talking(script) as (talk, _):
        talk.turn()
        assert talk.answered().status == "completed"
        assert talk.of(e.AgentText)[0].text == "One is here. Two is here."


# -- the recogniser's streams -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "status", "code": "UNAVAILABLE"},
        {"do": "status", "code": "OUT_OF_RANGE", "message": "Exceeded maximum allowed stream duration"},
        {"do": "status", "code": "ABORTED", "message": "Max duration of 5 minutes reached for stream."},
        {"do": "end"},
        {"do": "error_field", "code": "INTERNAL"},
        {"do": "garbage"},
    ],
    ids=lambda fault: fault.get("code", fault["do"]),
)
def test_a_stream_that_ends_in_mid_word_is_replaced_and_no_word_is_lost(fault: dict[str, Any]) -> None:
    words = [f"w{n}" for n in range(12)]
    sound = b"".join(coded_audio.encode(n, 0, 300) + silence(60 * BYTES_PER_MS) for n in range(12)) + PAUSE
    faults = [{"at": "recognise", "after_ms": 1500, **fault}]
    with talking(says("Yes.", coded_words=words, faults=faults)) as (talk, google):
        assert talk.turn(sound).split() == words
        assert len(google.wait_call().streams) == 2
        assert not talk.of(e.EngineClosed)


def test_a_call_goes_over_many_streams_and_every_word_arrives_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.engines.google.recogniser.ROTATE_AFTER_MS", 3_000)
    monkeypatch.setattr("services.engines.google.recogniser.JITTER_MS", 1)
    words = [f"w{n}" for n in range(48)]
    with talking(says("Yes.", coded_words=words, stream_limit_ms=9_000)) as (talk, google):
        turns = []
        for first in range(0, 48, 4):
            spoken = [coded_audio.encode(n, 0, 300) + silence(60 * BYTES_PER_MS) for n in range(first, first + 4)]
            turns.append(talk.turn(b"".join(spoken) + silence(1200 * BYTES_PER_MS)))
        assert " ".join(turns).split() == words
        assert len(google.wait_call().streams) >= 4


@pytest.mark.parametrize("do", ["empty", "no_alternatives"])
def test_results_with_nothing_in_them_are_nothing(do: str) -> None:
    faults = [{"at": "recognise", "after_ms": 300, "do": do}]
    with talking(says("Yes.", faults=faults)) as (talk, _):
        assert talk.turn() == QUESTION


def test_a_turn_in_which_nobody_is_understood_has_no_words() -> None:
    with talking({"transcripts": [{"never": True}]}) as (talk, _):
        assert talk.turn() == ""


def test_a_key_that_is_refused_ends_the_session_at_once() -> None:
    faults = [{"at": "recognise", "times": 0, "do": "status", "code": "UNAUTHENTICATED", "message": "no"}]
    with talking(says("Yes.", faults=faults)) as (talk, google):
        talk.hear(VOICE)
        talk.wait(lambda: talk.of(e.EngineClosed))
        [error] = talk.of(e.EngineError)
        assert (error.code, error.fatal) == ("stt_unauthenticated", True)
        assert len(google.wait_call().streams) == 1


def test_a_recogniser_that_stays_away_is_tried_again_and_then_the_session_is_over() -> None:
    faults = [{"at": "recognise", "times": 0, "do": "status", "code": "UNAVAILABLE"}]
    with talking(says("Yes.", faults=faults)) as (talk, google):
        talk.hear(VOICE + PAUSE)
        talk.wait(lambda: talk.of(e.EngineClosed))
        assert [error.code for error in talk.of(e.EngineError)] == ["stt_unavailable"] * 4
        assert len(google.wait_call().streams) == 4


def test_a_language_the_model_does_not_know_is_asked_for_by_its_other_name() -> None:
    message = "Invalid recognition 'config': The requested model is currently not supported for language : en-US."
    faults = [{"at": "recognise", "do": "status", "code": "INVALID_ARGUMENT", "message": message}]
    with talking(says("Yes.", faults=faults)) as (talk, google):
        assert talk.turn() == QUESTION
        assert [stream.config.config.language_code for stream in google.wait_call().streams] == ["en-US", "en-GB"]


# -- chat and voice that fail -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"at": "chat", "do": "status", "http_status": 429}, "chat_quota"),
        ({"at": "chat", "do": "status", "http_status": 500}, "chat_500"),
        ({"at": "chat", "do": "stall"}, "chat_slow"),
        ({"at": "chat", "do": "end"}, "chat_cut"),
        ({"at": "chat", "do": "drop"}, "chat_unreachable"),
        ({"at": "synthesise", "do": "status", "code": "RESOURCE_EXHAUSTED"}, "tts_resource_exhausted"),
        ({"at": "synthesise", "do": "status", "code": "UNAVAILABLE"}, "tts_unavailable"),
        ({"at": "synthesise", "do": "status", "code": "INVALID_ARGUMENT"}, "tts_invalid_argument"),
        ({"at": "synthesise", "do": "empty"}, "tts_empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_answer_that_cannot_be_had_fails_once_with_its_reason(fault: dict[str, Any], code: str) -> None:
    with talking(says("We open at nine.", faults=[{"times": 0, **fault}])) as (talk, _):
        talk.turn()
        done = talk.answered()
        assert (done.status, done.error_code) == ("failed", code)
        assert [error.code for error in talk.of(e.EngineError)] == [code]
        assert not talk.of(e.AudioDelta)


def test_whole_sentences_of_an_answer_that_breaks_off_are_spoken() -> None:
    faults = [{"at": "chat", "do": "stall", "after_ms": 60}]
    with talking(says("We open at nine. Shall I book you in for the morning?", faults=faults, token_ms=10)) as (
        talk,
        _,
    ):
        talk.turn()
        assert talk.answered().status == "completed"
        assert talk.of(e.AgentText)[0].text == "We open at nine."
        assert [error.code for error in talk.of(e.EngineError)] == ["chat_slow"]


def test_a_failure_of_the_voice_that_passes_is_not_heard() -> None:
    faults = [{"at": "synthesise", "do": "status", "code": "UNAVAILABLE"}]
    with talking(says("We open at nine.", faults=faults)) as (talk, _):
        talk.turn()
        assert talk.answered().status == "completed"


def test_an_answer_that_fails_leaves_no_trace() -> None:
    faults = [{"at": "synthesise", "do": "status", "code": "INVALID_ARGUMENT"}]
    with talking(says("We open at nine.", "At nine.", faults=faults)) as (talk, google):
        talk.turn()
        assert talk.answered().status == "failed"
        assert talk.answered().status == "completed"
        assert [one["role"] for one in google.wait_call().chats[-1].messages] == ["system", "user"]


def test_services_that_cannot_be_reached_are_told_at_once() -> None:
    with running_google() as google:
        talk = Talk(google, endpoint="insecure:127.0.0.1:9")
        began = time.monotonic()
        with pytest.raises(e.EngineUnavailable, match="the recogniser does not answer"):
            talk.engine.connect()
        assert time.monotonic() - began < PATIENCE_S
