"""`make call` as a person uses it, against a small server; and what it makes of a call."""

from __future__ import annotations

import asyncio
import audioop
import struct
import subprocess
import sys
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.twilio.call_screen import fault
from sandbox.twilio.result import CallResult, TimelineEvent
from sandbox.twilio.speech_spans import SpeechSpan, caller_turns, silences, utterances
from services.audio.g711 import SILENCE_FRAME
from tests.patience import PATIENCE_S
from tests.places import ROOT
from tests.sandbox.voice_server import STREAM_TWIML, StreamPeer, VoiceServer, voice_server

TONE = audioop.lin2ulaw(struct.pack("<160h", *([3000, -3000] * 80)), 2)  # one frame
S_100 = SILENCE_FRAME * 5
T_100 = TONE * 5


def call(heard: bytes, said: bytes, *sentences: tuple[str, int, int], ended_by: str = "caller") -> CallResult:
    events = [TimelineEvent(at_ms, "say", {"text": text, "length_ms": ms}) for text, at_ms, ms in sentences]
    return CallResult("CA1", "+1", "+2", state="completed", ended_by=ended_by, heard=heard, said=said, events=events)


def test_a_short_pause_is_part_of_an_utterance_and_a_long_one_ends_it() -> None:
    assert utterances(S_100 + T_100 + S_100 + T_100 + S_100 * 7 + T_100) == [
        SpeechSpan(100, 400),
        SpeechSpan(1100, 1200),
    ]


def test_latency_runs_from_the_last_sound_to_the_first_of_the_answer() -> None:
    said = S_100 * 2 + T_100 * 2 + S_100 * 20
    heard = S_100 * 9 + T_100 * 3 + S_100 * 12
    (turn,) = caller_turns(call(heard, said, ("hello", 200, 400)))
    assert (turn.start_ms, turn.end_ms, turn.latency_ms) == (200, 400, 500)


def test_an_answer_counts_only_until_the_caller_goes_on() -> None:
    said = T_100 + S_100 * 9 + T_100 + S_100 * 20
    heard = S_100 * 15 + T_100 + S_100 * 15
    first, second = caller_turns(call(heard, said, ("a", 0, 100), ("b", 1000, 100)))
    assert first.latency_ms is None
    assert second.latency_ms == 400
    assert fault(call(heard, said, ("a", 0, 100), ("b", 1000, 100))) == "the agent did not answer 'a'"


def test_silence_of_both_sides_is_found() -> None:
    assert silences(call(T_100 + S_100 * 50 + T_100, S_100 * 52), 3000) == [SpeechSpan(100, 5100)]


def test_a_call_makes_sense_when_the_agent_answered_or_ended_it_politely() -> None:
    said = T_100 + S_100 * 20
    assert fault(call(S_100 * 5 + T_100 + S_100 * 15, said, ("a", 0, 100))) == ""
    assert fault(call(T_100 + S_100 * 20, said, ("bye", 0, 100), ended_by="server")) == ""
    assert fault(call(S_100 * 20, said, ("a", 0, 100))) == "the agent was never heard"


@contextmanager
def serving(server: VoiceServer) -> Iterator[str]:
    """The small server in a thread of its own."""
    loop = asyncio.new_event_loop()
    ready, over = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with voice_server(server):
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(PATIENCE_S)
    try:
        yield server.base
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(PATIENCE_S)


async def answering(peer: StreamPeer) -> None:
    """Answers with 400 ms of tone whenever the caller has fallen silent."""
    await peer.next("start")
    spoke, quiet = False, 0
    while (message := await peer.next("media")) is not None:
        silent = message["media"]["payload"].startswith("////////////")
        spoke, quiet = spoke or not silent, quiet + 1 if silent else 0
        if spoke and quiet == 15:
            spoke = False
            await peer.media(T_100 * 4)


async def mute(peer: StreamPeer) -> None:
    await peer.until_closed()


def make_call(base: str, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    database = f"sqlite:///{tmp_path / 'none.db'}"
    command = [sys.executable, "-m", "sandbox.call", "--url", base, "--database", database, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def server_with(talk: object) -> VoiceServer:
    return VoiceServer({"/webhook/incoming_call": STREAM_TWIML, "/version": "{}"}, talk=talk)  # type: ignore[arg-type]


def test_a_conversation_is_shown_recorded_and_judged(tmp_path: Path) -> None:
    wav = tmp_path / "call.wav"
    with serving(server_with(answering)) as base:
        done = make_call(
            base,
            tmp_path,
            "--language",
            "en",
            "--say",
            "Hello.",
            "--keys",
            "12#",
            "--patience-s",
            "3",
            "--wav",
            str(wav),
        )
    assert done.returncode == 1, done.stdout  # nobody answers the keys
    assert "Hello." in done.stdout
    assert "after the caller's last sound" in done.stdout
    assert "presses 12#" in done.stdout
    with wave.open(str(wav)) as file:
        assert file.getnchannels() == 2


def test_the_exit_status_says_whether_every_turn_was_answered(tmp_path: Path) -> None:
    with serving(server_with(answering)) as base:
        done = make_call(base, tmp_path, "--language", "en", "--say", "Hello.", "--wav", str(tmp_path / "a.wav"))
        assert done.returncode == 0, done.stdout
        assert "in order" in done.stdout
    with serving(server_with(mute)) as base:
        patience = ("--patience-s", "1", "--wav", str(tmp_path / "b.wav"))
        done = make_call(base, tmp_path, "--language", "en", "--say", "Hello.", *patience)
        assert done.returncode == 1
        assert "never heard" in done.stdout


def test_without_a_server_it_says_what_to_do(tmp_path: Path) -> None:
    done = make_call("http://127.0.0.1:9", tmp_path)
    assert done.returncode == 1
    assert "make run" in done.stdout
