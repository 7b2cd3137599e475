"""The simulated caller against a small server over real sockets."""

from __future__ import annotations

import asyncio
import audioop
import struct
import wave
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from sandbox.twilio.caller import Caller
from sandbox.twilio.line import LineConditions
from sandbox.twilio.result import CallResult
from sandbox.twilio.steps import HangUp, Keys, LoseSocket, Say, SendRaw, Step, When
from sandbox.twilio.verbs import DialOutcome
from services.audio.g711 import FRAME_BYTES, MULAW_SILENCE
from tests.sandbox.voice_server import STREAM_TWIML, StreamPeer, VoiceServer, voice_server

TOKEN = "an-auth-token"
PUBLIC = "https://calls.example"
TONE = audioop.lin2ulaw(struct.pack("<1600h", *([3000, -3000] * 800)), 2)  # 200 ms
INCOMING = "/webhook/incoming_call"

Talk = Callable[[StreamPeer], Awaitable[None]]


def place_call(server: VoiceServer, steps: list[Step], **options: Any) -> CallResult:
    async def run() -> CallResult:
        async with voice_server(server):
            settings: dict[str, Any] = {"public_base": PUBLIC, "auth_token": TOKEN, "verb_time_scale": 0.0}
            settings |= {"max_duration_s": 15.0} | options
            caller = Caller(server.base, frm="+972501234567", to="+97239990001", steps=steps, **settings)
            return await caller.run()

    return asyncio.run(run())


def streaming_server(talk: Talk, twiml: str = STREAM_TWIML) -> VoiceServer:
    return VoiceServer({INCOMING: twiml}, talk=talk)


async def listen(peer: StreamPeer) -> None:
    await peer.until_closed()


def hang_up_at(ms: int, how: str = "stop") -> Step:
    return Step(HangUp(how), When(at_ms=ms))


def test_a_call_sends_connected_start_media_and_stop_as_twilio_numbers_them() -> None:
    server = streaming_server(listen)
    result = place_call(server, [Step(Say(TONE)), Step(Keys("5#")), hang_up_at(700)])
    messages = server.peers[0].messages
    assert messages[0] == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    start = messages[1]
    assert start["sequenceNumber"] == "1"
    assert start["start"]["callSid"] == result.call_sid
    assert start["start"]["mediaFormat"] == {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    assert start["start"]["customParameters"] == {"token": "t1"}
    assert [int(m["sequenceNumber"]) for m in messages[1:]] == list(range(1, len(messages)))
    media = server.peers[0].of("media")
    assert [int(m["media"]["chunk"]) for m in media] == list(range(1, len(media) + 1))
    assert [int(m["media"]["timestamp"]) for m in media] == list(range(0, 20 * len(media), 20))
    assert [m["dtmf"] for m in server.peers[0].of("dtmf")] == [
        {"track": "inbound_track", "digit": "5"},
        {"track": "inbound_track", "digit": "#"},
    ]
    assert messages[-1]["event"] == "stop"
    assert result.said.startswith(TONE)
    assert (result.state, result.ended_by) == ("completed", "caller")
    assert result.protocol_violations == []


def test_webhooks_and_the_upgrade_are_signed_for_the_public_address() -> None:
    server = streaming_server(listen)
    place_call(server, [hang_up_at(100)])
    validator = RequestValidator(TOKEN)
    for request in server.requests:
        signature = request.headers["X-Twilio-Signature"]
        assert request.headers["Host"] == "calls.example"
        assert validator.validate(PUBLIC + request.path, request.form, signature)
    signature = server.peers[0].headers["X-Twilio-Signature"]
    assert validator.validate("wss://calls.example/ws/twilio-media", {}, signature)
    assert [r.form["StreamEvent"] for r in server.posts("/webhook/stream_status")] == [
        "stream-started",
        "stream-stopped",
    ]
    (completed,) = server.posts("/webhook/call_status")
    assert completed.form["CallStatus"] == "completed"
    assert "CallDuration" in completed.form


@pytest.mark.parametrize("signature", ["forged", "missing"])
def test_a_caller_can_forge_or_leave_out_signatures(signature: str) -> None:
    server = streaming_server(listen)
    place_call(server, [hang_up_at(60)], signature=signature, socket_signature=signature)
    validator = RequestValidator(TOKEN)
    sent = server.posts(INCOMING)[0].headers.get("X-Twilio-Signature", "")
    assert not validator.validate(PUBLIC + INCOMING, server.posts(INCOMING)[0].form, sent)


def test_what_is_heard_stands_on_the_clock_and_marks_come_back_behind_it() -> None:
    async def talk(peer: StreamPeer) -> None:
        await peer.next("start")
        await peer.mark("nothing yet")
        await peer.media(TONE)
        await peer.mark("end")
        assert await peer.next("mark") == peer.of("mark")[0]
        await peer.next("mark")
        await peer.ws.close()

    server = streaming_server(talk)
    result = place_call(server, [])
    heard_from = result.heard.index(TONE)
    assert heard_from % FRAME_BYTES == 0
    first, end = result.marks
    assert first.echoed_ms is not None
    assert end.echoed_ms is not None
    assert end.echoed_ms >= result.heard_at(heard_from + len(TONE))
    assert not end.cleared
    assert [m["mark"]["name"] for m in server.peers[0].of("mark")] == ["nothing yet", "end"]
    assert result.ended_by == "server"
    assert result.close_code == 1000
    assert set(result.heard.replace(TONE, b"")) <= {MULAW_SILENCE}


def test_clear_silences_at_once_and_sends_the_marks_back() -> None:
    async def talk(peer: StreamPeer) -> None:
        await peer.next("start")
        await peer.media(TONE * 10)
        await peer.mark("unheard")
        while len(peer.of("media")) < 10:
            await peer.next()
        await peer.clear()
        await peer.next("mark")
        await peer.ws.close()

    result = place_call(streaming_server(talk), [])
    assert len(result.clears) == 1
    assert result.clears[0][1] > 0
    assert result.marks[0].cleared
    heard = result.heard.rstrip(bytes([MULAW_SILENCE]))
    heard_bytes = len(heard) - heard.index(TONE[:FRAME_BYTES])
    assert heard_bytes + result.clears[0][1] == len(TONE) * 10


def test_the_action_of_connect_is_asked_when_the_server_closes_and_its_twiml_obeyed() -> None:
    async def talk(peer: StreamPeer) -> None:
        await peer.next("media")

    twiml = STREAM_TWIML.replace("<Connect>", '<Connect action="/webhook/resume_call">').replace(
        "</Response>", "<Say>never</Say></Response>"
    )
    server = streaming_server(talk, twiml)
    server.twiml["/webhook/resume_call"] = "<Response><Say>bye</Say><Hangup/></Response>"
    result = place_call(server, [])
    assert server.posts("/webhook/resume_call")[0].form["CallStatus"] == "in-progress"
    assert result.spoken_by_twiml == ["bye"]
    assert result.verbs == ["Connect", "Say", "Hangup"]
    assert result.ended_by == "server"


def test_a_lost_socket_leads_to_a_second_stream_on_the_same_clock() -> None:
    async def talk(peer: StreamPeer) -> None:
        await peer.next("start")
        await peer.media(TONE)
        await peer.until_closed()

    twiml = STREAM_TWIML.replace("<Connect>", '<Connect action="https://calls.example/webhook/resume_call">')
    server = streaming_server(talk, twiml)
    server.twiml["/webhook/resume_call"] = twiml
    result = place_call(server, [Step(LoseSocket(), When(at_ms=400)), hang_up_at(1200)])
    assert len(result.streams) == 2
    assert result.streams[0].closed_by == "lost"
    assert result.heard.count(TONE) == 2
    second = result.heard.rindex(TONE)
    assert result.heard_at(second) >= result.streams[1].started_ms
    assert len(server.peers[0].of("stop")) == 0


def test_without_action_the_next_verb_runs_and_without_one_the_call_ends() -> None:
    async def talk(peer: StreamPeer) -> None:
        await peer.next("start")

    result = place_call(streaming_server(talk), [])
    assert (result.verbs, result.ended_by) == (["Connect"], "server")
    with_verb = STREAM_TWIML.replace("</Response>", "<Say>later</Say></Response>")
    assert place_call(streaming_server(talk, with_verb), []).verbs == ["Connect", "Say"]


def test_dial_and_record_report_to_their_actions() -> None:
    dialled: list[dict[str, str]] = []

    def after_dial(form: dict[str, str]) -> str:
        dialled.append(form)
        return '<Response><Record action="/done" maxLength="5"/></Response>'

    server = VoiceServer(
        {
            INCOMING: '<Response><Dial action="/after" timeout="5"><Number>+97231112222</Number></Dial></Response>',
            "/after": after_dial,
            "/done": "<Response><Hangup/></Response>",
        }
    )
    result = place_call(server, [], dial={"+97231112222": DialOutcome("no-answer")})
    assert dialled[0]["DialCallStatus"] == "no-answer"
    assert server.posts("/done")[0].form["RecordingDuration"] == "3"
    assert result.verbs == ["Dial", "Record", "Hangup"]


RECORDING_TWIML = '<Response><Record action="/done" recordingStatusCallback="/ready"/><Say>bye</Say></Response>'


def test_a_caller_who_hangs_up_in_a_verb_still_has_its_action_asked() -> None:
    dial = '<Response><Dial action="/after"><Number>+97231112222</Number></Dial></Response>'
    for verb, twiml, action in (("Dial", dial, "/after"), ("Record", RECORDING_TWIML, "/done")):
        server = VoiceServer({INCOMING: twiml, action: "<Response><Say>nobody hears this</Say></Response>"})
        result = place_call(server, [], hang_up_in=verb)
        (asked,) = server.posts(action)
        assert asked.form["CallStatus"] == "completed"
        assert (result.verbs, result.ended_by) == ([verb], "caller")
    assert asked.form["Digits"] == "hangup"
    assert server.posts("/ready")[0].form["RecordingSid"] == asked.form["RecordingSid"]


def test_a_caller_who_says_nothing_to_a_record_goes_on_to_the_next_verb() -> None:
    server = VoiceServer({INCOMING: RECORDING_TWIML, "/done": "<Response><Hangup/></Response>"})
    assert place_call(server, [], record_s=0.0, verb_time_scale=0.01).verbs == ["Record", "Say"]
    assert not server.posts("/done")


def test_play_is_fetched_and_heard() -> None:
    twiml = "<Response><Play>https://calls.example/static/sorry.ulaw</Play></Response>"
    server = VoiceServer({INCOMING: twiml}, files={"/static/sorry.ulaw": TONE})
    assert place_call(server, []).heard == TONE


def test_endless_redirects_end_the_call() -> None:
    server = VoiceServer({INCOMING: "<Response><Redirect>/webhook/incoming_call</Redirect></Response>"})
    result = place_call(server, [])
    assert result.error.startswith("11215")
    assert len(server.posts(INCOMING)) == 11


@pytest.mark.parametrize(
    ("twiml", "error"),
    [
        ("<Response><Connect></Connect></Response>", "12200"),
        ("not xml", "12100"),
        ("<response/>", "12100"),
        ('<Response><Connect><Stream url="wss://a/b" track="both_tracks"/></Connect></Response>', "31941"),
    ],
)
def test_twiml_that_twilio_could_not_execute_fails_the_call(twiml: str, error: str) -> None:
    result = place_call(VoiceServer({INCOMING: twiml}), [])
    assert result.state == "failed"
    assert result.error.startswith(error)


@pytest.mark.parametrize("url", ["ws://calls.example/ws", "wss://calls.example/ws?x=1", "https://a/b"])
def test_a_stream_url_that_twilio_refuses_is_not_connected(url: str) -> None:
    server = streaming_server(listen, STREAM_TWIML.replace("wss://calls.example/ws/twilio-media", url))
    result = place_call(server, [])
    assert server.peers == []
    assert [r.form["StreamEvent"] for r in server.posts("/webhook/stream_status")] == ["stream-error"]
    assert result.state == "completed"


def test_a_refused_upgrade_goes_on_with_the_twiml() -> None:
    server = streaming_server(listen, STREAM_TWIML.replace("</Response>", "<Say>sorry</Say></Response>"))
    server.refuse_upgrade = 403
    result = place_call(server, [])
    assert result.spoken_by_twiml == ["sorry"]
    (event,) = [event for event in result.events if event.kind == "stream-error"]
    assert "403" in event.details["reason"]


def test_messages_twilio_would_refuse_are_recorded_and_never_heard() -> None:
    async def talk(peer: StreamPeer) -> None:
        await peer.next("start")
        sid = peer.stream_sid
        for text in [
            "{",
            "[]",
            '{"event":"dance"}',
            '{"event":"clear","streamSid":"MZother"}',
            f'{{"event":"clear","streamSid":"{sid}","extra":1}}',
            f'{{"event":"mark","streamSid":"{sid}"}}',
            f'{{"event":"media","streamSid":"{sid}","media":{{"payload":"%%%"}}}}',
            f'{{"event":"media","streamSid":"{sid}","media":{{"payload":"UklGRgAA"}}}}',
        ]:
            await peer.ws.send_str(text)
        await peer.ws.send_bytes(b"\xff" * 160)
        await peer.next("media")

    result = place_call(streaming_server(talk), [])
    assert len(result.protocol_violations) == 9
    assert result.streams[0].warnings == [31951, 31950]
    assert result.streams[0].media_bytes == 0


@pytest.mark.parametrize(("how", "stops"), [("stop", 1), ("abrupt", 0)])
def test_hanging_up_politely_sends_stop_and_abruptly_sends_nothing(how: str, stops: int) -> None:
    server = streaming_server(listen)
    result = place_call(server, [hang_up_at(200, how)])
    assert len(server.peers[0].of("stop")) == stops
    assert result.ended_by == "caller"
    assert result.close_code == (1000 if how == "stop" else 1006)


def test_a_half_open_caller_falls_silent_and_stays_connected() -> None:
    server = streaming_server(listen)
    result = place_call(server, [hang_up_at(100, "half_open")], half_open_s=0.3)
    assert server.peers[0].of("stop") == []
    assert result.close_code == 1006
    assert len(server.peers[0].of("media")) <= 6


def test_raw_messages_go_out_as_they_are() -> None:
    server = streaming_server(listen)
    raw = [Step(SendRaw('{"event":"x","streamSid":"{streamSid}"}')), Step(SendRaw(b"\x00\x01"))]
    result = place_call(server, [*raw, hang_up_at(200)])
    assert {"event": "x", "streamSid": result.streams[0].stream_sid} in server.peers[0].messages
    assert {"event": "?", "raw": b"\x00\x01"} in server.peers[0].messages


def test_a_caller_speaks_after_the_agent_and_interrupts_it() -> None:
    async def talk(peer: StreamPeer) -> None:
        await peer.next("start")
        await peer.media(TONE * 2)
        await peer.mark("first")
        while not any(m["media"]["payload"].count("/") < 200 for m in peer.of("media")):
            await peer.next("media")
        await peer.media(TONE * 10)
        await peer.until_closed()

    steps = [
        Step(Say(TONE, "after"), When(agent_done_ms=300)),
        Step(Say(TONE, "over"), When(agent_speaking_ms=400)),
        Step(HangUp(), When(after_ms=100)),
    ]
    result = place_call(streaming_server(talk), steps)
    # In bytes of the call's 20 ms clock, which no stall of this machine moves.
    after = result.said.index(TONE)
    over = result.said.index(TONE, after + len(TONE))
    agent_end = result.heard.index(TONE * 2) + 2 * len(TONE)
    assert 300 * 8 <= after - agent_end <= 320 * 8
    answer = result.heard.index(TONE, agent_end)
    counted_from = max(answer, after + len(TONE))  # not while this caller is still speaking
    assert 380 * 8 <= over - counted_from <= 420 * 8


def test_a_caller_whose_moment_never_comes_gives_up() -> None:
    steps = [Step(Say(TONE), When(agent_done_ms=300, patience_ms=200))]
    result = place_call(streaming_server(listen), steps)
    assert result.ended_by == "gave_up"
    assert "agent" in result.error


def test_the_longest_call_ends_by_itself() -> None:
    assert place_call(streaming_server(listen), [], max_duration_s=0.3).ended_by == "time_limit"


def test_lost_marks_never_come_back() -> None:
    async def talk(peer: StreamPeer) -> None:
        await peer.next("start")
        await peer.mark("m")
        await peer.until_closed()

    server = streaming_server(talk)
    result = place_call(server, [hang_up_at(300)], line=LineConditions(mark_loss=1.0))
    assert server.peers[0].of("mark") == []
    assert result.marks[0].echoed_ms is None


def test_latency_delays_both_ways_and_keeps_the_order() -> None:
    async def talk(peer: StreamPeer) -> None:
        await peer.next("start")
        await peer.media(TONE)
        await peer.mark("a")
        await peer.until_closed()

    line = LineConditions(latency_up_ms=60, latency_down_ms=80, jitter_ms=30)
    server = streaming_server(talk)
    result = place_call(server, [hang_up_at(900)], line=line)
    assert result.streams[0].arrivals[0].at_ms >= 140
    chunks = [int(m["media"]["chunk"]) for m in server.peers[0].of("media")]
    assert chunks == list(range(1, len(chunks) + 1))
    assert server.peers[0].messages[-1]["event"] == "stop"


@pytest.mark.parametrize("frame_ms", [10, 30, 60])
def test_frames_of_other_lengths_carry_the_same_sound(frame_ms: int) -> None:
    server = streaming_server(listen)
    place_call(server, [hang_up_at(400)], line=LineConditions(frame_ms=frame_ms))
    media = server.peers[0].of("media")
    assert {len(m["media"]["payload"]) for m in media} == {4 * -(-frame_ms * 8 // 3)}
    assert [int(m["media"]["timestamp"]) for m in media] == [frame_ms * n for n in range(len(media))]


def test_echo_brings_the_agent_back_later_and_softer() -> None:
    async def talk(peer: StreamPeer) -> None:
        await peer.next("start")
        await peer.media(TONE)
        await peer.until_closed()

    line = LineConditions(echo_db=-20, echo_delay_ms=100)
    result = place_call(streaming_server(talk), [hang_up_at(700)], line=line)
    heard_at = result.heard.index(TONE)
    quiet = bytes([MULAW_SILENCE]) * (heard_at + 800)
    assert result.said[: heard_at + 800] == quiet
    echo = audioop.ulaw2lin(result.said[heard_at + 800 : heard_at + 800 + len(TONE)], 2)
    loud = audioop.rms(audioop.ulaw2lin(TONE, 2), 2)
    assert 0.08 < audioop.rms(echo, 2) / loud < 0.12


def test_rest_commands_replace_or_end_the_call() -> None:
    async def run(server: VoiceServer) -> CallResult:
        async with voice_server(server):
            caller = Caller(server.base, frm="+1", to="+2", public_base=PUBLIC, verb_time_scale=0.0)

            async def talk(peer: StreamPeer) -> None:
                await peer.next("media")
                caller.command(None)
                await peer.until_closed()

            server.talk = talk
            return await caller.run()

    server = VoiceServer({INCOMING: STREAM_TWIML})
    result = asyncio.run(run(server))
    assert result.ended_by == "rest"
    assert server.peers[0].messages[-1]["event"] == "stop"


def test_the_recording_has_the_caller_left_and_the_agent_right(tmp_path: Path) -> None:
    async def talk(peer: StreamPeer) -> None:
        await peer.next("start")
        await peer.media(TONE * 2)
        await peer.until_closed()

    result = place_call(streaming_server(talk), [Step(Say(TONE), When(at_ms=100)), hang_up_at(700)])
    result.write_wav(tmp_path / "call.wav")
    with wave.open(str(tmp_path / "call.wav")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8000, 2)
        stereo = file.readframes(file.getnframes())
    assert audioop.tomono(stereo, 2, 1, 0).startswith(audioop.ulaw2lin(result.said, 2))
    assert audioop.tomono(stereo, 2, 0, 1).startswith(audioop.ulaw2lin(result.heard, 2))


def test_frames_leave_on_an_absolute_schedule() -> None:
    result = place_call(streaming_server(listen), [hang_up_at(1000)])
    assert result.streams[0].frames_sent == 50
    assert [event.at_ms for event in result.events] == sorted(event.at_ms for event in result.events)
    assert all(a.at_ms <= b.at_ms for a, b in pairwise(result.events))
