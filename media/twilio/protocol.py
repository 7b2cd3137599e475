"""Twilio Media Streams messages: text in, small typed objects out; and the three messages we may send, as bytes.

Pure. `parse` never raises, whatever arrives: what cannot be used comes back as Malformed or Unknown with a reason
short and free of content, fit for a counter's label. Facts: Twilio's "Media Streams - WebSocket Messages" page.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from services.audio.g711 import BYTES_PER_MS

FRAME_BYTES_MIN = 10 * BYTES_PER_MS
FRAME_BYTES_MAX = 60 * BYTES_PER_MS
DTMF_DIGITS = frozenset("0123456789*#ABCD")
INBOUND = "inbound"


@dataclass(slots=True)
class Media:
    """One frame of the caller's sound. Not frozen: that would triple the cost of making it, 50 times a second.

    payload: base64 as it came, proven to be clean; audio: the same as raw mu-law, 80 to 480 bytes (8 bytes = 1 ms);
    timestamp_ms: from the start of the stream, None when the sender left it out.
    """

    payload: str
    audio: bytes
    track: str
    timestamp_ms: int | None


@dataclass(slots=True, frozen=True)
class Connected:
    protocol: str


@dataclass(slots=True, frozen=True)
class MediaFormat:
    encoding: str = "audio/x-mulaw"
    sample_rate_hz: int = 8000
    channels: int = 1


@dataclass(slots=True, frozen=True)
class Start:
    """The stream begins. `parameters` are the <Parameter> children of <Stream>, names and values both text."""

    stream_sid: str
    call_sid: str
    tracks: tuple[str, ...]
    media_format: MediaFormat
    parameters: dict[str, str]


@dataclass(slots=True, frozen=True)
class Dtmf:
    digit: str


@dataclass(slots=True, frozen=True)
class Mark:
    """The echo of our mark: all audio before it was played, or was thrown away by a clear."""

    name: str


@dataclass(slots=True, frozen=True)
class Stop:
    pass


@dataclass(slots=True, frozen=True)
class Unknown:
    """Well-formed, with an `event` we do not know: Twilio may add some any day."""


@dataclass(slots=True, frozen=True)
class Malformed:
    reason: str


@dataclass(slots=True, frozen=True)
class BinaryMessage:
    """A binary websocket message, which this protocol does not have. `size` in bytes; the content is dropped."""

    size: int


TwilioMessage = Media | Mark | Dtmf | Start | Stop | Connected | Unknown | Malformed


def parse(message: str | bytes | BinaryMessage) -> TwilioMessage:
    """One websocket message from Twilio."""
    try:
        document = orjson.loads(message)  # type: ignore[arg-type]  # a BinaryMessage is refused there
    except orjson.JSONDecodeError:
        return Malformed("binary" if isinstance(message, BinaryMessage) else "json")
    event = None
    try:
        event = document["event"]
        if event == "media":
            media = document["media"]
            payload, track, stamp = media["payload"], media.get("track", INBOUND), media.get("timestamp")
            audio = a2b_base64(payload, strict_mode=True)
            if not FRAME_BYTES_MIN <= len(audio) <= FRAME_BYTES_MAX:
                return Malformed("frame length")
            if track != INBOUND:
                _text(track)
            return Media(payload, audio, track, None if stamp is None else _number(stamp))
        reader = _READERS.get(event)
        return reader(document) if reader is not None else Unknown()
    except (AttributeError, KeyError, TypeError, ValueError):
        return Malformed(event if isinstance(event, str) and event in _EVENTS else "event")


def _number(value: str | int) -> int:
    """Twilio writes numbers as text; either is taken, nothing negative, no true and false."""
    if type(value) is not str and type(value) is not int:
        raise TypeError
    number = int(value)
    if number < 0:
        raise ValueError
    return number


def _text(value: Any, *, empty: bool = False) -> str:
    if type(value) is not str:
        raise TypeError
    if not value and not empty:
        raise ValueError
    return value


def _connected(document: dict[str, Any]) -> TwilioMessage:
    return Connected(_text(document.get("protocol", ""), empty=True))


def _start(document: dict[str, Any]) -> TwilioMessage:
    start = document["start"]
    stream_sid = _text(start["streamSid"] if "streamSid" in start else document["streamSid"])
    tracks = start.get("tracks", [INBOUND])
    if type(tracks) is not list:
        raise TypeError
    parameters = start.get("customParameters") or {}
    return Start(
        stream_sid,
        _text(start["callSid"]),
        tuple(_text(track) for track in tracks),
        _media_format(start.get("mediaFormat") or {}),
        {name: _text(value, empty=True) for name, value in parameters.items()},
    )


def _media_format(found: dict[str, Any]) -> MediaFormat:
    usual = MediaFormat()
    rate = _number(found.get("sampleRate", usual.sample_rate_hz))
    channels = _number(found.get("channels", usual.channels))
    return MediaFormat(_text(found.get("encoding", usual.encoding)), rate, channels)


def _dtmf(document: dict[str, Any]) -> TwilioMessage:
    digit = document["dtmf"]["digit"]
    return Dtmf(digit) if digit in DTMF_DIGITS else Malformed("dtmf")


def _mark(document: dict[str, Any]) -> TwilioMessage:
    return Mark(_text(document["mark"]["name"]))


def _stop(_document: dict[str, Any]) -> TwilioMessage:
    return Stop()


_READERS: dict[str, Callable[[dict[str, Any]], TwilioMessage]] = {
    "connected": _connected,
    "start": _start,
    "dtmf": _dtmf,
    "mark": _mark,
    "stop": _stop,
}
_EVENTS = frozenset({"media", *_READERS})


class OutboundMessages:
    """Builds what may be sent on one stream: the parts that never change are written once."""

    __slots__ = ("_clear", "_mark_head", "_media_head")

    def __init__(self, stream_sid: str) -> None:
        sid = orjson.dumps(stream_sid)
        self._media_head = b'{"event":"media","streamSid":' + sid + b',"media":{"payload":"'
        self._mark_head = b'{"event":"mark","streamSid":' + sid + b',"mark":{"name":'
        self._clear = b'{"event":"clear","streamSid":' + sid + b"}"

    def media(self, audio: bytes) -> bytes:
        """Raw 8 kHz mu-law of any length, no header; Twilio plays it after all that was sent before."""
        return self._media_head + b2a_base64(audio, newline=False) + b'"}}'

    def mark(self, name: str) -> bytes:
        """Comes back when all audio before it was played or cleared."""
        return self._mark_head + orjson.dumps(name) + b"}}"

    def clear(self) -> bytes:
        """Empties Twilio's buffer; outstanding marks come back at once."""
        return self._clear
