"""Twilio's messages: the documented ones, those a tolerant reader takes, and everything a hostile peer can send."""

from __future__ import annotations

import base64
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.twilio import protocol as tp

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
EVENTS = st.sampled_from(["media", "start", "stop", "mark", "dtmf", "connected", "clear", ""])
KEYS = st.sampled_from(
    [
        *("event", "media", "start", "stop", "mark", "dtmf", "streamSid", "callSid", "payload", "track", "chunk"),
        *("timestamp", "name", "digit", "tracks", "mediaFormat", "encoding", "sampleRate", "channels", "protocol"),
        "customParameters",
    ]
)
# Shaped like the protocol, with anything at all in any place.
NEARLY = st.recursive(JSON, lambda inner: st.dictionaries(KEYS, inner, max_size=6), max_leaves=25)


GOOD = base64.b64encode(bytes(range(160))).decode()


def media(**fields: Any) -> dict[str, Any]:
    frame = {"track": "inbound", "chunk": "2", "timestamp": "5", "payload": GOOD}
    return {"event": "media", "sequenceNumber": "4", "streamSid": "MZ1", "media": {**frame, **fields}}


def start(**fields: Any) -> dict[str, Any]:
    body = {
        "streamSid": "MZ1",
        "accountSid": "AC1",
        "callSid": "CA1",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": "t-1", "שם": ""},
    }
    return {"event": "start", "sequenceNumber": "1", "streamSid": "MZ1", "start": {**body, **fields}}


def encoded(audio: bytes) -> str:
    return base64.b64encode(audio).decode()


def parsed(document: Any) -> tp.TwilioMessage:
    as_bytes, as_text = tp.parse(json.dumps(document).encode()), tp.parse(json.dumps(document))
    assert as_bytes == as_text
    return as_bytes


def without(document: dict[str, Any], part: str, field: str) -> dict[str, Any]:
    return {**document, part: {name: value for name, value in document[part].items() if name != field}}


def test_media_gives_the_payload_untouched_and_its_decoded_sound() -> None:
    assert parsed(media()) == tp.Media(GOOD, bytes(range(160)), "inbound", 5)


def test_start_gives_ids_format_and_parameters() -> None:
    assert parsed(start()) == tp.Start(
        "MZ1", "CA1", ("inbound",), tp.MediaFormat("audio/x-mulaw", 8000, 1), {"token": "t-1", "שם": ""}
    )


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"event": "connected", "protocol": "Call", "version": "1.0.0"}, tp.Connected("Call")),
        ({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"track": "inbound_track", "digit": "#"}}, tp.Dtmf("#")),
        ({"event": "mark", "streamSid": "MZ1", "mark": {"name": "my label"}}, tp.Mark("my label")),
        ({"event": "stop", "stop": {"accountSid": "AC1", "callSid": "CA1"}}, tp.Stop()),
        ({"event": "brand-new", "x": 1}, tp.Unknown()),
    ],
)
def test_the_other_documented_events_are_read_and_new_ones_are_unknown(
    document: dict[str, Any], expected: tp.TwilioMessage
) -> None:
    assert parsed(document) == expected


def test_numbers_may_be_numbers_or_text_or_absent() -> None:
    as_numbers = parsed(media(timestamp=120))
    assert isinstance(as_numbers, tp.Media)
    assert as_numbers.timestamp_ms == 120
    absent = parsed({"event": "media", "media": {"payload": encoded(bytes(160))}})
    assert absent == tp.Media(encoded(bytes(160)), bytes(160), "inbound", None)
    text_rate = parsed(start(mediaFormat={"encoding": "audio/x-mulaw", "sampleRate": "8000", "channels": "1"}))
    assert isinstance(text_rate, tp.Start)
    assert text_rate.media_format == tp.MediaFormat()


def test_a_start_without_the_optional_parts_has_the_only_format_twilio_knows() -> None:
    bare = {"event": "start", "streamSid": "MZ1", "start": {"callSid": "CA1"}}
    assert parsed(bare) == tp.Start("MZ1", "CA1", ("inbound",), tp.MediaFormat(), {})


@pytest.mark.parametrize("ms", [10, 20, 30, 60])
def test_frames_of_10_to_60_ms_are_taken(ms: int) -> None:
    frame = parsed(media(payload=encoded(b"\x7f" * (8 * ms))))
    assert isinstance(frame, tp.Media)
    assert len(frame.audio) == 8 * ms


@pytest.mark.parametrize("size", [0, 1, 79, 481, 4000])
def test_frames_of_other_lengths_are_malformed(size: int) -> None:
    assert parsed(media(payload=encoded(bytes(size)))) == tp.Malformed("frame length")


@pytest.mark.parametrize(
    "payload",
    [
        "!" * 216,
        "A" * 215,
        GOOD + "=",
        GOOD[:100] + "\n" + GOOD[100:],
        'AAAA","x":"' * 20,
        "ש" * 216,
        *(None, 5, [], {}, True),
    ],
)
def test_bad_base64_and_payloads_that_are_no_text_are_malformed(payload: object) -> None:
    assert parsed(media(payload=payload)) == tp.Malformed("media")


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (media(track=5), "media"),
        (media(timestamp=True), "media"),
        (media(timestamp="soon"), "media"),
        (media(timestamp=-1), "media"),
        (media(timestamp=1.5), "media"),
        (media(timestamp="9" * 5000), "media"),
        ({"event": "media"}, "media"),
        ({"event": "media", "media": "payload"}, "media"),
        (start(callSid=None), "start"),
        (start(callSid=""), "start"),
        (without(start(), "start", "callSid"), "start"),
        (start(streamSid=7), "start"),
        (start(tracks="inbound"), "start"),
        (start(tracks=[1]), "start"),
        (start(mediaFormat=[1]), "start"),
        (start(mediaFormat={"sampleRate": None}), "start"),
        (start(customParameters={"token": {"$ne": ""}}), "start"),
        (start(customParameters=["token"]), "start"),
        ({"event": "start", "start": []}, "start"),
        ({"event": "dtmf", "dtmf": {"digit": "12"}}, "dtmf"),
        ({"event": "dtmf", "dtmf": {"digit": ["1"]}}, "dtmf"),
        ({"event": "mark", "mark": {}}, "mark"),
        ({"event": "mark", "mark": {"name": 5}}, "mark"),
        ({"event": ["media"]}, "event"),
        ({}, "event"),
        ([], "event"),
        ("media", "event"),
        (17, "event"),
        (None, "event"),
    ],
)
def test_wrong_types_are_malformed_with_the_event_as_the_reason(document: object, reason: str) -> None:
    assert parsed(document) == tp.Malformed(reason)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"\xff\xfe", b'{"event":"stop"', b"[" * 5000, "{'event':'stop'}", "\ud800"]
)
def test_what_is_not_json_is_malformed(text: str | bytes) -> None:
    assert tp.parse(text) == tp.Malformed("json")


def test_a_binary_message_is_malformed() -> None:
    assert tp.parse(tp.BinaryMessage(320)) == tp.Malformed("binary")


@given(document=JSON | NEARLY, event=EVENTS)
def test_no_json_at_all_makes_it_raise(document: Any, event: str) -> None:
    tp.parse(json.dumps(document))
    if isinstance(document, dict):
        tp.parse(json.dumps({**document, "event": event}))
    tp.parse(json.dumps({"event": event, "streamSid": "MZ1", event: document}))


@given(message=st.binary(max_size=60) | st.text(max_size=60))
def test_no_bytes_and_no_text_at_all_make_it_raise(message: str | bytes) -> None:
    tp.parse(message)


@given(sid=st.text(min_size=1, max_size=40), audio=st.binary(max_size=400), name=st.text(min_size=1, max_size=40))
def test_what_we_send_is_exactly_the_documented_json_whatever_the_ids_contain(
    sid: str, audio: bytes, name: str
) -> None:
    out = tp.OutboundMessages(sid)
    payload = base64.b64encode(audio).decode()
    assert orjson.loads(out.media(audio)) == {"event": "media", "streamSid": sid, "media": {"payload": payload}}
    assert orjson.loads(out.mark(name)) == {"event": "mark", "streamSid": sid, "mark": {"name": name}}
    assert orjson.loads(out.clear()) == {"event": "clear", "streamSid": sid}


@given(audio=st.binary(min_size=80, max_size=480))
def test_sound_comes_back_unchanged_from_base64(audio: bytes) -> None:
    frame = parsed(media(payload=encoded(audio)))
    assert isinstance(frame, tp.Media)
    assert frame.audio == audio
    assert base64.b64decode(frame.payload) == audio
