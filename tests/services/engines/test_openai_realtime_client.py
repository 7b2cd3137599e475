"""The Realtime engine against the sandbox: refused, slow and broken sessions, errors, other formats (R3, I1)."""

from __future__ import annotations

import audioop
import base64
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from sandbox import coded_audio
from sandbox.realtime import RunningServer, running_server
from sandbox.realtime.sound import InputSound
from services.audio import g711
from services.engines import interface as e
from services.engines.realtime.protocol import FATAL_CODES, SESSION_OVER_CODES, SessionConfig
from services.openai_realtime_client import Endpoint, OpenAIRealtime
from tests.places import DATA

CONFIG = SessionConfig("gpt-realtime-2.1", "You are a test.", "marin", "gpt-transcribe")
# What the service's documentation and its users' reports name; the last is nobody's.
RECOVERABLE = [
    "response_cancel_not_active",
    "conversation_already_has_active_response",
    "input_audio_buffer_commit_empty",
    "invalid_value",
    "rate_limit_exceeded",
    "server_error",
    "not_heard_of_yet",
]
ANSWER_MS = 600
VOICE = DATA / "audio" / "en-sentence-vm-savefolder.ulaw"


def engine_for(server: RunningServer) -> OpenAIRealtime:
    return OpenAIRealtime(Endpoint(server.realtime_url, "key"), CONFIG)


@contextmanager
def session(script: dict[str, Any]) -> Iterator[tuple[OpenAIRealtime, RunningServer]]:
    """A configured session with a model that follows the script."""
    answers = [{"text": "Hello.", "length_ms": ANSWER_MS}]
    with running_server(scripts=[{"answers": answers, **script}]) as server:
        engine = engine_for(server)
        engine.connect()
        try:
            yield engine, server
        finally:
            engine.close()


def answer_events(engine: OpenAIRealtime) -> list[e.EngineEvent]:
    """Everything from the request for an answer to its end, or to the connection's."""
    engine.answer()
    found = []
    for event in engine.events():
        found.append(event)
        if isinstance(event, e.ResponseDone | e.EngineClosed):
            break
    return found


def sound_of(events: list[e.EngineEvent]) -> bytes:
    return b"".join(base64.b64decode(event.payload) for event in events if isinstance(event, e.AudioDelta))


def likeness(heard: bytes, original: bytes) -> float:
    """How much of the original's energy is in what was heard, 0 to 1, at the best alignment; both mu-law."""
    reference, sound = (g711.decode(one) for one in (original, heard))
    reference = reference[1600:-3200]
    offset, factor = audioop.findfit(sound, reference)
    rest = audioop.add(
        sound[2 * offset : 2 * offset + len(reference)], audioop.mul(reference, 2, -1 / factor if factor else 0), 2
    )
    return 1 - audioop.rms(rest, 2) / max(1, audioop.rms(reference, 2))


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_a_refused_handshake_says_its_status(status: int) -> None:
    with running_server(scripts=[{"handshake": {"status": status}}]) as server:
        with pytest.raises(e.EngineUnavailable, match=str(status)):
            engine_for(server).connect()
        engine_for(server).connect()


def test_a_models_name_stays_a_name_in_the_address() -> None:
    asked: list[bytes] = []

    def answer(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer:
            asked.append(peer.recv(4096))

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as thread:
        thread.submit(answer, listener)
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}/v1/realtime"
        with pytest.raises(e.EngineUnavailable):
            OpenAIRealtime(Endpoint(url, "key"), replace(CONFIG, model="a b&model=c\r\nX-Evil: 1")).connect()
    head = asked[0].split(b"\r\n")
    assert head[0] == b"GET /v1/realtime?model=a+b%26model%3Dc%0D%0AX-Evil%3A+1 HTTP/1.1"
    assert not [line for line in head if line.startswith(b"X-Evil")]


@pytest.mark.slow
def test_a_handshake_that_takes_long_is_given_up() -> None:
    with running_server(scripts=[{"handshake": {"delay_ms": 10_000}}]) as server:
        began = time.monotonic()
        with pytest.raises(e.EngineUnavailable, match="cannot connect"):
            engine_for(server).connect()
        assert time.monotonic() - began < e.CONNECTS_WITHIN_S + 2


@pytest.mark.parametrize("do", ["drop", "close", "expire", "error"])
def test_a_session_that_breaks_while_it_is_configured_is_unavailable(do: str) -> None:
    fault = {"when": "session_update", "do": do}
    with running_server(scripts=[{"faults": [fault]}]) as server, pytest.raises(e.EngineUnavailable, match="configure"):
        engine_for(server).connect()


@pytest.mark.parametrize("code", RECOVERABLE)
def test_an_error_that_can_be_lived_with_is_told_and_the_answer_comes_whole(code: str) -> None:
    fault = {"when": "answer", "after_ms": 200, "do": "error", "code": code}
    with session({"faults": [fault]}) as (engine, _):
        events = answer_events(engine)
    assert [(one.code, one.fatal) for one in events if isinstance(one, e.EngineError)] == [(code, False)]
    assert sound_of(events) == coded_audio.encode(0, 0, ANSWER_MS)
    assert isinstance(events[-1], e.ResponseDone)


@pytest.mark.parametrize("code", sorted(FATAL_CODES | SESSION_OVER_CODES))
def test_an_error_that_ends_the_session_ends_it_for_us_too(code: str) -> None:
    fault = {"when": "answer", "after_ms": 200, "do": "error", "code": code}
    with session({"faults": [fault]}) as (engine, server):
        events = answer_events(engine)
        assert server.wait_session().wait_closed() == 1000
    assert events[-1] == e.EngineClosed(1000, code)


@pytest.mark.parametrize("do", ["garbage", "unknown", "binary"])
def test_what_nobody_understands_disturbs_nothing(do: str) -> None:
    with session({"faults": [{"when": "answer", "after_ms": 200, "do": do}]}) as (engine, _):
        assert sound_of(answer_events(engine)) == coded_audio.encode(0, 0, ANSWER_MS)


def test_an_answer_that_takes_long_to_begin_is_waited_for() -> None:
    with session({"answers": [{"length_ms": ANSWER_MS, "think_ms": 1500}]}) as (engine, _):
        assert sound_of(answer_events(engine)) == coded_audio.encode(0, 0, ANSWER_MS)


@pytest.mark.parametrize("audio_format", ["audio/pcm", "audio/pcma"])
def test_a_model_that_insists_on_another_format_is_understood_and_understands(audio_format: str) -> None:
    formats = {"input_format": audio_format, "output_format": audio_format}
    voice = VOICE.read_bytes()[: 8 * 1000]
    with session({**formats, "vad": "never"}) as (engine, server):
        for at in range(0, len(voice), 160):
            engine.hear(base64.b64encode(voice[at : at + 160]).decode())
        spoken = sound_of(answer_events(engine))
        heard = InputSound(audio_format).to_mulaw(bytes(server.wait_session().received_audio))
    assert abs(len(spoken) - 8 * ANSWER_MS) <= 16
    assert likeness(spoken, coded_audio.encode(0, 0, ANSWER_MS)) > 0.4, "full-band noise, which resampling softens"
    assert likeness(heard, voice) > 0.8


def test_a_format_nobody_knows_is_a_model_that_cannot_be_had() -> None:
    formats = {"input": {"format": {"type": "audio/opus"}}, "output": {"format": {"type": "audio/opus"}}}
    fault = {"when": "session_update", "do": "unknown"}  # in place of session.updated
    with running_server(scripts=[{"faults": [fault]}]) as server, ThreadPoolExecutor(1) as threads:
        connecting = threads.submit(engine_for(server).connect)
        server.wait_session().wait_received("session.update")
        server.sessions[0].send({"type": "session.updated", "session": {"audio": formats}})
        with pytest.raises(e.EngineUnavailable, match="opus"):
            connecting.result(10)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, (300, None, "server_vad", None)),
        (
            {"max_output_tokens": 450, "noise_reduction": "near_field"},
            (450, {"type": "near_field"}, "server_vad", None),
        ),
        ({"endpointing": "semantic_vad", "eagerness": "low"}, (300, None, "semantic_vad", "low")),
        (
            {"endpointing": "semantic_vad", "noise_reduction": "far_field"},
            (300, {"type": "far_field"}, "semantic_vad", "auto"),
        ),
    ],
)
def test_what_a_business_chose_is_in_force_in_the_session(changes: dict[str, Any], told: tuple[Any, ...]) -> None:
    """(R2)"""
    with running_server() as server:
        engine = OpenAIRealtime(Endpoint(server.realtime_url, "key"), replace(CONFIG, **changes))
        engine.connect()
        session = server.wait_session().session
        heard = session["audio"]["input"]
        turns = heard["turn_detection"]
        in_force = (session["max_output_tokens"], heard["noise_reduction"], turns["type"], turns.get("eagerness"))
        engine.close()
    assert in_force == told
