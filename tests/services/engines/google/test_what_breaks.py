"""What happens to a session whose services break in the middle, and to one whose own threads do (C9)."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from sandbox import coded_audio
from sandbox.google.running import running_google
from services.audio.g711 import BYTES_PER_MS, FRAME_BYTES, silence
from services.engines import interface as e
from services.engines.google import recogniser
from services.engines.google.answer import Answer
from services.engines.google.credentials import read_endpoint
from services.engines.google.failures import Languages
from services.engines.google.recogniser import Listeners, Recogniser
from services.engines.google.session import Recognition
from services.engines.google.threads import in_thread
from services.engines.google.wire import Wire
from tests.services.engines.google.talk import CHIRP, PAUSE, QUESTION, VOICE, Talk, says, talking
from tests.serving import wait_until

FAULT = "engine thread failed"


# -- a voice that fails in the middle of an answer ----------------------------------------------------------------


@pytest.mark.parametrize("code", ["INVALID_ARGUMENT", "UNAVAILABLE"])
def test_a_sentence_the_voice_did_not_say_was_not_said(code: str) -> None:
    faults = [{"at": "synthesise", "nth": 1, "times": 2, "do": "status", "code": code}]
    with talking(says("We open at nine. Shall I book you in?", "At nine.", faults=faults)) as (talk, google):
        talk.turn()
        done = talk.answered()
        assert (done.status, done.error_code) == ("failed", f"tts_{code.lower()}")
        assert [event.text for event in talk.of(e.AgentText)] == ["We open at nine."]
        assert "".join(event.text for event in talk.of(e.AgentTextDelta)) == "We open at nine."
        talk.turn()
        talk.answered()
        asked = google.wait_call().chats[-1].messages
        assert [one["content"] for one in asked if one["role"] == "assistant"] == ["We open at nine."]


def test_of_a_stream_that_fails_only_what_sounded_was_said() -> None:
    faults = [{"at": "synthesise", "after_ms": 900, "do": "status", "code": "UNAVAILABLE"}]
    with talking(says("We open at nine. Shall I book you in?", "At nine.", faults=faults), CHIRP) as (talk, google):
        talk.turn()
        assert talk.answered().error_code == "tts_unavailable"
        [said] = [event.text for event in talk.of(e.AgentText)]
        assert "We open at nine.".startswith(said)
        talk.turn()
        talk.answered()
        asked = google.wait_call().chats[-1].messages
        assert [one["content"] for one in asked if one["role"] == "assistant"] == ([said] if said else [])


def test_an_answer_that_goes_down_with_its_session_was_said_as_far_as_it_sounded() -> None:
    """The voice stalls at the second sentence, and the recogniser goes away for good."""
    faults = [
        {"at": "synthesise", "nth": 1, "times": 0, "do": "stall"},
        {"at": "recognise", "after_ms": 2500, "do": "status", "code": "UNAUTHENTICATED"},
    ]
    with talking(says("We open at nine. Shall I book you in?", faults=faults)) as (talk, _):
        talk.turn()
        talk.engine.answer()
        talk.wait(lambda: talk.of(e.AudioDelta))
        talk.hear(silence(1200 * BYTES_PER_MS))
        talk.wait(lambda: talk.of(e.EngineClosed))
        assert [event.text for event in talk.of(e.AgentText)] == ["We open at nine."]
        assert talk.of(e.ResponseDone) == [], "it is the next session's"


# -- a recogniser that is alive and deaf --------------------------------------------------------------------------


def test_a_recogniser_that_says_nothing_while_the_caller_plainly_speaks_is_given_up() -> None:
    with talking({"transcripts": [{"never": True}] * 9}) as (talk, google):
        for _ in range(2):
            assert talk.turn() == ""
        talk.hear(VOICE + PAUSE)
        talk.engine.commit_turn()
        [closed] = talk.wait(lambda: talk.of(e.EngineClosed))
        assert closed.is_hopeless, "another session of it would be as deaf"
        assert [(error.code, error.fatal) for error in talk.of(e.EngineError)] == [("stt_mute", True)]
        assert len(google.wait_call().streams) == 2, "another stream was tried before"


def test_a_recogniser_that_hears_again_stays() -> None:
    script = says("At nine.", heard=("", "", QUESTION))
    script["transcripts"][:2] = [{"never": True}] * 2
    with talking(script) as (talk, _):
        assert [talk.turn() for _ in range(2)] == ["", ""]
        assert talk.turn(coded_audio.encode(4001, 0, 1000) + PAUSE) == QUESTION
        assert talk.answered().status == "completed"
        assert not talk.of(e.EngineClosed)


def test_a_key_that_is_refused_makes_every_further_session_hopeless_and_an_outage_does_not() -> None:
    for code, hopeless in (("PERMISSION_DENIED", True), ("UNAVAILABLE", False)):
        faults = [{"at": "recognise", "times": 0, "do": "status", "code": code}]
        with talking(says("Yes.", faults=faults)) as (talk, _):
            talk.hear(VOICE)
            [closed] = talk.wait(partial(talk.of, e.EngineClosed))
            assert closed.is_hopeless is hopeless


# -- how long the words of a turn are waited for -------------------------------------------------------------------


def test_the_words_of_each_turn_are_waited_for_from_its_own_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many turns at once, and not a word: one after the other would take five times as long."""
    monkeypatch.setattr(recogniser, "FIRST_WORDS_WITHIN_S", 4.0)
    with talking({"transcripts": [{"never": True}]}) as (talk, _):
        began = time.monotonic()
        for _ in range(5):
            talk.hear(VOICE[: 300 * BYTES_PER_MS], speed=50)
            talk.engine.commit_turn()
        talk.wait(lambda: len(talk.of(e.CallerTranscript)) == 5)
        assert time.monotonic() - began < 5 * 4.0


def test_ten_seconds_that_are_heard_at_once_are_heard_by_one_stream() -> None:
    """What no other session had heard: it comes faster than it was said."""
    words = [f"w{n}" for n in range(20)]
    sound = b"".join(coded_audio.encode(n, 0, 300) + silence(180 * BYTES_PER_MS) for n in range(20))
    with talking(says("Yes.", coded_words=words)) as (talk, google):
        talk.hear(sound, speed=1000)
        assert talk.turn(PAUSE).split() == words
        assert len(google.wait_call().streams) == 1


# -- errors nobody expected ----------------------------------------------------------------------------------------


def test_a_chat_answer_of_no_known_shape_ends_like_any_other_failure() -> None:
    faults = [{"at": "chat", "do": "misshapen"}]
    with capture_logs() as logs, talking(says("We open at nine.", "At nine.", faults=faults)) as (talk, _):
        talk.turn()
        assert talk.answered().error_code == "chat_broke"
        assert [error.code for error in talk.of(e.EngineError)] == ["chat_broke"]
        assert [line["thread"] for line in logs if line["event"] == FAULT] == ["chat"]
        assert talk.answered().status == "completed"


class Odd(Exception):
    """Nobody expects it."""


def heard_by(listeners: Callable[[list[str]], Listeners], sound: bytes) -> list[str]:
    """What these listeners were told, until there is no further stream."""
    with running_google(scripts=[says("Yes.", coded_words=[f"w{n}" for n in range(40)])]) as google:
        wire = Wire(read_endpoint(google.speech_endpoint, ""), read_endpoint(google.tts_endpoint, ""), None, calls=1)
        told: list[str] = []
        hears = Recogniser(wire, Recognition("en-US"), Languages(("en-US",)), "odd", listeners(told))
        for at in range(0, len(sound), FRAME_BYTES):
            hears.hear(sound[at : at + FRAME_BYTES])
            time.sleep(0.002)
        wait_until(lambda: "gone INTERNAL" in told, what=str(told))
        hears.close()
        return told


def test_a_recogniser_whose_reader_breaks_takes_the_way_of_a_stream_that_fails() -> None:
    def odd(told: list[str]) -> Listeners:
        def words(text: str, _stable: bool) -> None:
            raise Odd(text)

        return Listeners(
            words,
            lambda code, details: told.append(f"failed {code} {details}"),
            lambda code, _details: told.append(f"gone {code}"),
        )

    sound = b"".join(coded_audio.encode(n, 0, 300) + silence(60 * BYTES_PER_MS) for n in range(20))
    with capture_logs() as logs:
        assert heard_by(odd, sound) == ["failed INTERNAL Odd"] * 4 + ["gone INTERNAL"]
    assert [line["thread"] for line in logs if line["event"] == FAULT] == ["recogniser"] * 4


class OddSession:
    """An answer's engine that cannot do its part."""

    def __init__(self) -> None:
        self.told: list[e.EngineEvent] = []

    def new_id(self, kind: str) -> str:
        return kind

    def tell(self, event: e.EngineEvent) -> None:
        self.told.append(event)

    def ask_chat(self, instructions: str | None) -> Any:
        raise Odd(instructions)

    def forget(self, item_id: str) -> None:
        pass

    speech = spoken = sounded = sound_ends = new_id


def test_an_answer_whose_thread_breaks_fails_once() -> None:
    session = OddSession()
    answer = Answer(session)  # type: ignore[arg-type]
    with capture_logs() as logs:
        in_thread("answer", answer.run, answer.broke)
        wait_until(lambda: len(session.told) == 2)
    error, done = session.told
    assert isinstance(error, e.EngineError)
    assert isinstance(done, e.ResponseDone)
    assert (error.code, error.message) == (done.error_code, "Odd") == ("answer_broke", "Odd")
    assert done.status == "failed"
    assert [line["thread"] for line in logs if line["event"] == FAULT] == ["answer"]


def test_a_session_that_can_no_longer_collect_words_is_over() -> None:
    with capture_logs() as logs, talking(says("Yes.")) as (talk, _):
        talk.hear(VOICE + PAUSE)
        talk.engine._turns.put(("item", None))  # type: ignore[arg-type]
        [closed] = talk.wait(lambda: talk.of(e.EngineClosed))
        assert not closed.is_hopeless
        assert [(error.code, error.fatal) for error in talk.of(e.EngineError)] == [("engine_broke", True)]
    assert [line["thread"] for line in logs if line["event"] == FAULT] == ["turns"]


def test_services_that_cannot_be_reached_are_told_in_time_for_a_second_engine() -> None:
    """(C9, W8) Both together: neither the recogniser's nor the voice's share comes on top of the other's."""
    with running_google() as google:
        talk = Talk(google, endpoint="insecure:127.0.0.1:9")
        with pytest.raises(e.EngineUnavailable, match="the recogniser does not answer"):
            talk.engine.connect()
