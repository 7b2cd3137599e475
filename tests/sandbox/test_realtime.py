"""The sandbox's Realtime server speaks the GA protocol: order, turns, items, errors."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from sandbox import coded_audio
from sandbox.realtime import Options, running_server
from tests.sandbox.realtime_client import SILENCE, RealtimeClient, connected, mulaw_session

SECOND = SILENCE * 8000
VOICE = coded_audio.encode(4000, 0, 1000)  # loud enough for any detector
KINDS = [
    "session.update",
    "input_audio_buffer.append",
    "input_audio_buffer.commit",
    "conversation.item.create",
    "conversation.item.retrieve",
    "conversation.item.delete",
    "conversation.item.truncate",
    "response.create",
    "response.cancel",
]
FIELDS = [
    "session", "type", "audio", "input", "output", "format", "turn_detection", "transcription", "voice", "speed",
    "item", "item_id", "role", "content", "text", "id", "previous_item_id", "content_index", "audio_end_ms", "response",
    "response_id", "conversation", "instructions", "max_output_tokens", "output_modalities", "event_id", "metadata",
]  # fmt: skip
VAD = {"threshold": 0.5, "silence_duration_ms": 500, "create_response": False, "interrupt_response": False}


def test_a_client_turn_and_its_answer_come_in_the_documented_order() -> None:
    with (
        running_server(scripts=[{"answers": [{"text": "We open at nine.", "length_ms": 900}]}]) as server,
        connected(server, mulaw_session(vad={**VAD, "create_response": True})) as client,
    ):
        client.seen.clear()
        client.append(SECOND + VOICE + SECOND)
        client.until("rate_limits.updated")
        kinds = [kind for kind in client.kinds() if "transcription" not in kind]
    deltas = {"response.output_audio_transcript.delta", "response.output_audio.delta"}
    assert [kind for kind in kinds if kind not in deltas] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
        "rate_limits.updated",
    ]
    assert coded_audio.runs(client.sound) == [coded_audio.Run(0, 0, 900, 0)]


def test_turn_times_are_those_of_the_appended_sound() -> None:
    with running_server() as server, connected(server, mulaw_session(vad=VAD)) as client:
        client.append(SECOND * 2 + VOICE + SECOND)
        started = client.until("input_audio_buffer.speech_started")
        stopped = client.until("input_audio_buffer.speech_stopped")
        committed = client.until("input_audio_buffer.committed")
        completed = client.until("conversation.item.input_audio_transcription.completed")
    assert started["audio_start_ms"] == 1700  # 300 ms of prefix padding
    assert stopped["audio_end_ms"] == 3500  # the silence that ended it is included
    assert started["item_id"] == stopped["item_id"] == committed["item_id"] == completed["item_id"]


def test_each_item_names_the_one_before_it() -> None:
    with running_server() as server, connected(server, mulaw_session(vad=VAD)) as client:
        client.append(SECOND + (VOICE + SECOND) * 2)
        first = client.until("input_audio_buffer.committed")
        second = client.until("input_audio_buffer.committed")
    assert first["previous_item_id"] is None
    assert second["previous_item_id"] == first["item_id"]


def test_semantic_turns_wait_longer_for_a_patient_listener() -> None:
    ends = {}
    for eagerness in ("high", "low"):
        session = mulaw_session(vad=VAD)
        session["audio"]["input"]["turn_detection"] = {"type": "semantic_vad", "eagerness": eagerness}
        with running_server() as server, connected(server, session) as client:
            client.append(SECOND + VOICE + SECOND * 2)
            ends[eagerness] = client.until("input_audio_buffer.speech_stopped")["audio_end_ms"]
    assert ends["high"] < ends["low"]


def test_steady_noise_stops_being_speech() -> None:
    noise = bytes([0x55, 0xD5, 0x58, 0xD2, 0x5A, 0xCF]) * 8000  # about RMS 450, the same all the time
    with running_server() as server, connected(server, mulaw_session(vad=VAD)) as client:
        client.append(noise)
        client.until("input_audio_buffer.speech_started")
        client.until("input_audio_buffer.speech_stopped")
        client.append(noise)
        client.send("input_audio_buffer.clear")
        client.until("input_audio_buffer.cleared")
    assert client.kinds().count("input_audio_buffer.speech_started") == 1


def test_without_turn_detection_the_client_commits_and_asks() -> None:
    with running_server() as server, connected(server, mulaw_session()) as client:
        client.append(VOICE)
        client.send("input_audio_buffer.commit")
        client.until("conversation.item.done")
        client.send("response.create")
        done = client.until("response.done")["response"]
    assert "input_audio_buffer.speech_started" not in client.kinds()
    assert done["status"] == "completed"
    assert done["usage"]["output_token_details"]["audio_tokens"] == 40  # 2 s at 50 ms a token


def test_committing_next_to_nothing_is_refused() -> None:
    with running_server() as server, connected(server, mulaw_session()) as client:
        client.append(SILENCE * 400)
        client.send("input_audio_buffer.commit", event_id="mine")
        refused = client.error()
    assert refused["code"] == "input_audio_buffer_commit_empty"
    assert refused["event_id"] == "mine"
    assert "50.00ms" in refused["message"]


def test_speech_interrupts_an_answer_only_where_the_session_says_so() -> None:
    script: dict[str, Any] = {"times": 0, "answers": [{"length_ms": 4000, "rate": 1}]}
    for interrupts, status, reason in ((True, "cancelled", "turn_detected"), (False, "completed", None)):
        script["answers"][0]["rate"] = 1 if interrupts else 40
        with (
            running_server(scripts=[script]) as server,
            connected(server, mulaw_session(vad={**VAD, "interrupt_response": interrupts})) as client,
        ):
            client.append(SECOND)
            client.send("response.create")
            client.until("response.output_audio.delta")
            client.append(VOICE + SECOND)
            done = client.until("response.done")["response"]
        assert done["status"] == status
        assert (done["status_details"] or {}).get("reason") == reason


def test_a_second_response_is_refused_while_one_is_in_progress() -> None:
    with (
        running_server(scripts=[{"answers": [{"length_ms": 4000, "rate": 1}]}]) as server,
        connected(server, mulaw_session()) as client,
    ):
        client.send("response.create")
        running = client.until("response.created")["response"]["id"]
        client.send("response.create", event_id="second")
        refused = client.error()
        client.send("response.cancel")
        done = client.until("response.done")["response"]
    assert refused["code"] == "conversation_already_has_active_response"
    assert running in refused["message"]
    assert refused["event_id"] is None
    assert (done["status"], done["status_details"]["reason"]) == ("cancelled", "client_cancelled")


def test_a_cancelled_answer_sends_every_done_event_and_no_sound_after_it() -> None:
    with (
        running_server(scripts=[{"answers": [{"length_ms": 5000, "rate": 2}]}]) as server,
        connected(server, mulaw_session()) as client,
    ):
        client.send("response.create")
        client.until("response.output_audio.delta")
        client.send("response.cancel")
        client.until("response.done")
        heard = len(client.sound)
        client.send("input_audio_buffer.clear")
        client.until("input_audio_buffer.cleared")
    assert len(client.sound) == heard < 5000 * 8
    for kind in ("response.output_audio.done", "response.content_part.done", "response.output_item.done"):
        assert client.kinds().count(kind) == 1


def test_cancelling_nothing_is_a_harmless_error() -> None:
    with running_server() as server, connected(server, mulaw_session()) as client:
        client.send("response.cancel")
        assert client.error()["code"] == "response_cancel_not_active"
        client.send("response.create")
        assert client.until("response.done")["response"]["status"] == "completed"


def test_an_out_of_band_response_runs_beside_the_answer_and_joins_no_conversation() -> None:
    script = {"answers": [{"length_ms": 60_000, "rate": 1}, {"text": "summary", "length_ms": 100}]}
    with running_server(scripts=[script]) as server, connected(server, mulaw_session()) as client:
        client.send("response.create")
        client.until("response.output_audio.delta")
        aside = {"conversation": "none", "output_modalities": ["text"], "metadata": {"topic": "summary"}}
        client.send("response.create", response=aside)
        first = client.until("response.done")["response"]
        client.send("response.cancel")
        second = client.until("response.done")["response"]
        items = len(server.sessions[0].items)
    assert first["conversation_id"] is None
    assert first["metadata"] == {"topic": "summary"}
    assert first["output"][0]["content"] == [{"type": "output_text", "text": "summary"}]
    assert second["conversation_id"].startswith("conv_")
    assert items == 1


def test_an_answer_over_its_token_limit_is_incomplete() -> None:
    text = "one two three four five six seven eight nine ten"
    with (
        running_server(scripts=[{"answers": [{"text": text, "length_ms": 10_000, "rate": 0}]}]) as server,
        connected(server, mulaw_session()) as client,
    ):
        client.send("response.create", response={"max_output_tokens": 106})
        done = client.until("response.done")["response"]
    assert (done["status"], done["status_details"]["reason"]) == ("incomplete", "max_output_tokens")
    assert len(client.sound) / 8 == pytest.approx(5000, abs=20)
    said = done["output"][0]["content"][0]["transcript"]
    assert text.startswith(said)
    assert said != text


@pytest.mark.parametrize(("audio_end_ms", "is_fine"), [(0, True), (700, True), (1000, True), (1001, False)])
def test_truncating_is_possible_up_to_what_was_generated(audio_end_ms: int, is_fine: bool) -> None:
    with (
        running_server(scripts=[{"answers": [{"length_ms": 1000, "rate": 0}]}]) as server,
        connected(server, mulaw_session()) as client,
    ):
        client.send("response.create")
        item_id = client.until("response.done")["response"]["output"][0]["id"]
        cut = {"item_id": item_id, "content_index": 0, "audio_end_ms": audio_end_ms}
        client.send("conversation.item.truncate", **cut)
        if is_fine:
            assert client.until("conversation.item.truncated")["audio_end_ms"] == audio_end_ms
            client.send("conversation.item.retrieve", item_id=item_id)
            item = client.until("conversation.item.retrieved")["item"]
            assert "transcript" not in item["content"][0]
        else:
            assert client.error()["message"] == "Audio content of 1000ms is already shorter than 1001ms"


def test_only_the_models_own_sound_can_be_truncated() -> None:
    with running_server() as server, connected(server, mulaw_session()) as client:
        item_id = add_text(client, "assistant", "output_text", "Hello.")
        client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=0)
        assert client.error()["message"] == "Only model output audio messages can be truncated"


def add_text(client: RealtimeClient, role: str, kind: str, text: str, **more: Any) -> str:
    item = {**message(role, kind), "content": [{"type": kind, "text": text}]}
    client.send("conversation.item.create", item=item, **more)
    return str(client.until("conversation.item.done")["item"]["id"])


def test_items_are_put_where_the_client_wants_them_and_taken_away() -> None:
    with running_server() as server, connected(server, mulaw_session()) as client:
        first = add_text(client, "user", "input_text", "Do you open on Friday?")
        last = add_text(client, "assistant", "output_text", "Until one.")
        front = add_text(client, "system", "input_text", "[SERVER] note", previous_item_id="root")
        middle = add_text(client, "system", "input_text", "[SERVER] other", previous_item_id=first)
        order = [item.id for item in server.sessions[0].items]
        client.send("conversation.item.delete", item_id=middle)
        client.until("conversation.item.deleted")
        client.send("conversation.item.delete", item_id=middle, event_id="again")
        refused = client.error()
    assert order == [front, first, middle, last]
    assert refused["code"] == "item_delete_invalid_item_id"
    assert refused["event_id"] == "again"


def message(role: str, kind: str) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": kind, "text": "x"}]}


@pytest.mark.parametrize(
    ("item", "param"),
    [
        (message("assistant", "text"), "item.content[0].type"),
        (message("system", "output_text"), "item.content[0].type"),
        ({"type": "message", "role": "robot", "content": []}, "item.role"),
        ({"type": "poem"}, "item.type"),
        ({"type": "message", "role": "user"}, "item.content"),
    ],
)
def test_items_of_the_wrong_shape_are_refused(item: dict[str, Any], param: str) -> None:
    with running_server() as server, connected(server, mulaw_session()) as client:
        client.send("conversation.item.create", item=item)
        assert client.error()["param"] == param
        assert server.sessions[0].items == []


def test_an_unknown_event_type_is_an_error_and_nothing_more() -> None:
    with running_server() as server, connected(server, mulaw_session()) as client:
        client.send("session.dance", event_id="e7")
        refused = client.error()
        for raw in ("{not json", "[1, 2]", '"text"', b"\x00binary"):
            client.send_raw(raw)
            assert client.error()["code"] == "invalid_json"
        client.send("response.create")
        client.until("response.done")
    assert (refused["code"], refused["param"], refused["event_id"]) == ("invalid_value", "type", "e7")


def test_bad_base64_is_refused_and_not_counted() -> None:
    with running_server() as server, connected(server, mulaw_session()) as client:
        client.send("input_audio_buffer.append", audio="no!")
        assert client.error()["param"] == "audio"
        client.send("input_audio_buffer.append")
        assert client.error()["param"] == "audio"
        assert server.sessions[0].append_count == 0


def test_an_idle_caller_triggers_an_answer() -> None:
    with (
        running_server(scripts=[{"answers": [{"length_ms": 1000, "rate": 0}]}]) as server,
        connected(server, mulaw_session(vad={**VAD, "idle_timeout_ms": 5000})) as client,
    ):
        client.send("response.create")
        client.until("response.done")
        client.append(SECOND * 7)
        idle = client.until("input_audio_buffer.timeout_triggered")
        committed = client.until("input_audio_buffer.committed")
        client.until("response.done")
    assert (idle["audio_start_ms"], idle["audio_end_ms"]) == (1000, 6000)
    assert idle["item_id"] == committed["item_id"]


@pytest.mark.parametrize("audio_format", ["audio/pcm", "audio/pcma"])
def test_other_formats_are_converted_both_ways(audio_format: str) -> None:
    wire_format = {"type": audio_format, **({"rate": 24000} if audio_format == "audio/pcm" else {})}
    session = mulaw_session(vad=VAD)
    session["audio"]["input"]["format"] = session["audio"]["output"]["format"] = wire_format
    per_second = 48000 if audio_format == "audio/pcm" else 8000
    silence = b"\x00" * per_second if audio_format == "audio/pcm" else b"\xd5" * per_second
    loud = b"\x00\x10" * 60 + b"\x00\xf0" * 60 if audio_format == "audio/pcm" else b"\x85" * 20 + b"\x05" * 20
    with (
        running_server(scripts=[{"answers": [{"length_ms": 1000, "rate": 0}]}]) as server,
        connected(server, session) as client,
    ):
        client.append(silence + loud * (per_second // len(loud)) + silence)
        started = client.until("input_audio_buffer.speech_started")
        client.send("response.create")
        client.until("response.done")
    assert started["audio_start_ms"] == pytest.approx(700, abs=40)
    assert len(client.sound) == pytest.approx(per_second, rel=0.02)


def test_the_session_shows_what_is_in_force() -> None:
    with running_server() as server, connected(server) as client:
        assert client.seen[0]["session"]["audio"]["output"]["format"] == {"type": "audio/pcm", "rate": 24000}
        effective = client.configure(mulaw_session(vad={"threshold": 0.4, "silence_duration_ms": 600}))
        assert effective["audio"]["input"]["format"] == {"type": "audio/pcmu"}
        detection = effective["audio"]["input"]["turn_detection"]
        assert (detection["threshold"], detection["prefix_padding_ms"]) == (0.4, 300)
        later = client.configure({"type": "realtime", "audio": {"input": {"turn_detection": None}}})
    assert later["audio"]["input"]["turn_detection"] is None
    assert later["audio"]["input"]["format"] == {"type": "audio/pcmu"}
    assert later["instructions"] == "You answer the phone."


def realtime(**fields: Any) -> dict[str, Any]:
    return {"type": "realtime", **fields}


def heard(**fields: Any) -> dict[str, Any]:
    return realtime(audio={"input": fields})


@pytest.mark.parametrize(
    ("patch", "param"),
    [
        ({"instructions": "no type"}, "session.type"),
        (realtime(temperature=0.8), "session.temperature"),
        (realtime(output_modalities=["text", "audio"]), "session.output_modalities"),
        (realtime(max_output_tokens=5000), "session.max_output_tokens"),
        (realtime(model="gpt-realtime-2"), "session.model"),
        (heard(format={"type": "audio/pcmu", "rate": 8000}), "session.audio.input.format.rate"),
        (heard(format={"type": "g711_ulaw"}), "session.audio.input.format"),
        (heard(turn_detection={"type": "semantic_vad", "eagerness": "now"}), "session.audio.input.turn_detection"),
        (heard(noise_reduction={"type": "loud"}), "session.audio.input.noise_reduction"),
        (heard(turn_detection={"type": "server_vad", "threshold": 2}), "session.audio.input.turn_detection.threshold"),
        (
            heard(transcription={"model": "whisper-1", "languages": ["he"]}),
            "session.audio.input.transcription.languages",
        ),
    ],
)
def test_a_wrong_session_is_refused_and_changes_nothing(patch: dict[str, Any], param: str) -> None:
    with running_server() as server, connected(server, mulaw_session()) as client:
        before = server.sessions[0].session
        client.send("session.update", session=patch)
        assert client.error()["param"].startswith(param)
        assert server.sessions[0].session == before


def test_the_voice_is_fixed_once_it_was_heard() -> None:
    with running_server() as server, connected(server, mulaw_session()) as client:
        client.send("response.create")
        client.until("response.done")
        client.send("session.update", session={"type": "realtime", "audio": {"output": {"voice": "cedar"}}})
        assert client.error()["code"] == "cannot_update_voice"


@pytest.mark.parametrize("how", ["header", "session"])
def test_the_old_dialect_is_turned_away(how: str) -> None:
    headers = {"Authorization": "Bearer k"}
    if how == "header":
        headers["OpenAI-Beta"] = "realtime=v1"
    with (
        running_server() as server,
        connect(f"{server.realtime_url}?model=m", additional_headers=headers) as socket,
    ):
        client = RealtimeClient(socket)
        if how == "session":
            client.send("session.update", session={"modalities": ["audio"], "input_audio_format": "g711_ulaw"})
        assert client.error()["code"] == "beta_api_shape_disabled"
        assert client.close_code() == 4000


def test_a_wrong_or_missing_key_opens_no_websocket() -> None:
    with running_server(options=Options(api_key="right")) as server:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic right"}):
            with pytest.raises(InvalidStatus) as refused:
                connect(f"{server.realtime_url}?model=m", additional_headers=headers)
            assert refused.value.response.status_code == 401
        with connect(f"{server.realtime_url}?model=m", additional_headers={"Authorization": "Bearer right"}):
            assert server.wait_session().model == "m"
        assert server.refused_handshakes == 3


def test_deltas_are_never_whole_frames_and_faster_than_real_time() -> None:
    with (
        running_server(scripts=[{"answers": [{"length_ms": 3000, "rate": 40}]}]) as server,
        connected(server, mulaw_session()) as client,
    ):
        client.send("response.create")
        client.until("response.done")
        sizes = [event["delta_bytes"] for event in server.sessions[0].sent_of("response.output_audio.delta")]
    assert sum(sizes) == 3000 * 8
    assert len(sizes) > 5
    assert all(size % 160 for size in sizes)


WORDS = ["message", "user", "assistant", "input_text", "realtime", "server_vad", "audio/pcmu", "item_reference", ""]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5000) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)
ANYTHING = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4)
EVENTS = st.one_of(
    st.builds(lambda kind, fields: {**fields, "type": kind}, st.sampled_from(KINDS), ANYTHING),
    st.builds(lambda fields: {"type": "session.update", "session": {**fields, "type": "realtime"}}, ANYTHING),
    st.builds(lambda fields: {"type": "conversation.item.create", "item": {**fields, "type": "message"}}, ANYTHING),
    st.builds(lambda fields: {"type": "response.create", "response": fields}, ANYTHING),
)


@given(st.lists(EVENTS, min_size=1, max_size=60))
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_no_event_however_malformed_ends_the_session(events: list[dict[str, Any]]) -> None:
    with running_server() as server, connected(server, mulaw_session()) as client:
        for event in events:
            client.send_raw(orjson.dumps(event).decode())
        client.send("input_audio_buffer.clear")
        while orjson.loads(client.receive_raw())["type"] != "input_audio_buffer.cleared":
            pass
        assert server.sessions[0].is_open
