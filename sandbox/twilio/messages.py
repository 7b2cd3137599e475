"""The media-stream messages: what Twilio sends (built) and what it accepts from us (checked as strictly as Twilio).

Source: Twilio "Media Streams - WebSocket messages", errors 31924, 31950, 31951. Pure.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import orjson

from services.audio.g711 import SAMPLE_RATE_HZ

_MEDIA = (
    b'{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%d",'
    b'"timestamp":"%d","payload":"%b"},"streamSid":"%b"}'
)
CONNECTED = '{"event":"connected","protocol":"Call","version":"1.0.0"}'


@dataclass(slots=True, frozen=True)
class StreamIds:
    account_sid: str
    call_sid: str
    stream_sid: str


class OutboundMessages:
    """Builds the messages of one stream, numbering them. `sequenceNumber`, `chunk`, `timestamp` are strings."""

    def __init__(self, ids: StreamIds) -> None:
        self.ids = ids
        self._sequence = 0
        self._chunk = 0

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence

    def _message(self, event: str, body: dict[str, Any]) -> bytes:
        return orjson.dumps(
            {
                "event": event,
                "sequenceNumber": str(self._next()),
                event: body,
                "streamSid": self.ids.stream_sid,
            }
        )

    def start(self, parameters: dict[str, str]) -> bytes:
        return self._message(
            "start",
            {
                "accountSid": self.ids.account_sid,
                "streamSid": self.ids.stream_sid,
                "callSid": self.ids.call_sid,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": SAMPLE_RATE_HZ, "channels": 1},
                "customParameters": parameters,
            },
        )

    def media(self, audio: bytes, timestamp_ms: int) -> bytes:
        """One frame. Built by hand: it is sent fifty times a second for every call."""
        self._chunk += 1
        payload = binascii.b2a_base64(audio, newline=False)
        return _MEDIA % (self._next(), self._chunk, timestamp_ms, payload, self.ids.stream_sid.encode())

    def dtmf(self, digit: str) -> bytes:
        return self._message("dtmf", {"track": "inbound_track", "digit": digit})

    def mark(self, name: str) -> bytes:
        return self._message("mark", {"name": name})

    def stop(self) -> bytes:
        return self._message("stop", {"accountSid": self.ids.account_sid, "callSid": self.ids.call_sid})


@dataclass(slots=True, frozen=True)
class Media:
    audio: bytes


@dataclass(slots=True, frozen=True)
class Mark:
    name: str


@dataclass(slots=True, frozen=True)
class Clear:
    pass


@dataclass(slots=True, frozen=True)
class Violation:
    """Something Twilio would refuse, with the number of its error or warning."""

    code: int
    reason: str


def parse_message(data: bytes | bytearray, stream_sid: str) -> Media | Mark | Clear | Violation:
    """Check one text message from the server: anything but the three exact shapes is a Violation, never raised."""
    try:
        message = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return Violation(31951, f"not JSON: {error}")
    if not isinstance(message, dict):
        return Violation(31951, "not a JSON object")
    event = message.get("event")
    if not isinstance(event, str) or event not in _BODIES:
        return Violation(31951, f"unknown event {event!r}")
    if message.get("streamSid") != stream_sid:
        return Violation(31951, f"{event}: wrong or missing streamSid {message.get('streamSid')!r}")
    body_key = _BODIES[event]
    expected = {"event", "streamSid"} | ({event} if body_key else set())
    if message.keys() != expected:
        return Violation(31951, f"{event}: fields {sorted(message)} instead of {sorted(expected)}")
    if body_key is None:
        return Clear()
    body = message[event]
    if not isinstance(body, dict) or body.keys() != {body_key} or not isinstance(body[body_key], str):
        return Violation(31951, f"{event}: its body must be exactly one string {body_key!r}")
    return _media(body[body_key]) if event == "media" else Mark(body[body_key])


_BODIES: dict[str, str | None] = {"media": "payload", "mark": "name", "clear": None}


def _media(payload: str) -> Media | Violation:
    try:
        audio = base64.b64decode(payload, validate=True)
    except ValueError as error:
        return Violation(31951, f"media: payload is not base64: {error}")
    if audio.startswith(b"RIFF"):
        return Violation(31951, "media: payload starts with a RIFF file header")
    return Media(audio)
