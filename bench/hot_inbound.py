"""What an inbound frame costs from Twilio's wire to the model's, without the system calls (part of bench.hot_path)."""

from __future__ import annotations

import os
import time
from audioop import add
from base64 import b64encode
from collections import deque
from time import monotonic

from bench.load_sounds import INTERRUPTION, NOISE_RMS, QUESTION, clip, noise
from media.conversation.inputs import StreamUp
from media.conversation.settings import ConversationSettings
from media.conversation.shell import Conversation
from media.detection.input_gate import InputGate
from media.detection.listener import VoiceListener
from media.metrics import CallMetrics
from media.playout.playout import Playout
from media.twilio.protocol import BinaryMessage
from media.twilio.reader import TwilioReader
from media.twilio.socket import SocketClosed
from services.audio.g711 import FRAME_BYTES, encode
from services.engines.realtime.protocol import SessionConfig
from services.openai_realtime_client import Endpoint, OpenAIRealtime
from services.sockets import frames
from services.sockets.connection import FramedSocket
from services.sockets.keepalive import Limits

ROUNDS, SECONDS = 12, 10
SPEECH_RMS = 1640
FRAMES_PER_S = 50
KEY = b"\x12\x34\x56\x78"


class _Wire:
    """Both ends of a call's sockets: what is put in is read at once, and what is sent disappears."""

    def __init__(self) -> None:
        self.waiting: deque[bytes] = deque()

    def read(self, _until: float) -> bytes:
        return self.waiting.popleft() if self.waiting else b""

    send = send_now = staticmethod(len)

    def close(self) -> None:
        pass

    def shutdown(self, _how: int) -> None:
        pass


class _Model(OpenAIRealtime):
    """Connected to nothing."""

    def __init__(self, wire: _Wire) -> None:
        super().__init__(Endpoint("ws://nowhere", ""), SessionConfig("", "", "", ""))
        keys = frames.MaskKeys(os.urandom)
        self._transport = FramedSocket(wire, wire, _parser(masked=False), keys=keys, limits=Limits(), end=SocketClosed)  # type: ignore[arg-type]


class _Unwritten:
    """A journal."""

    def turn(self, record: object) -> None: ...
    def greeting_done(self) -> None: ...
    def language(self, language: str) -> None: ...
    def notice(self, heard_ms: int, total_ms: int, ended: bool) -> None: ...
    def event(self, kind: str, detail: str) -> None: ...


def inbound() -> list[tuple[str, str, float]]:
    """Rows for the table of bench.hot_path: three kinds of line, each after a second of another."""
    quiet = bytes(byte & 0x81 | 0x7E for byte in os.urandom(FRAME_BYTES * FRAMES_PER_S))
    noisy = encode(noise(NOISE_RMS, SECONDS))
    said = clip(QUESTION, SPEECH_RMS) + clip(INTERRUPTION, SPEECH_RMS)
    speech = encode(add(said, noise(NOISE_RMS, len(said) / 16000), 2))
    name = "an inbound frame, from wire to wire, all its listening"
    return [
        (name, "of a quiet line", _cost_us(quiet, speech)),
        ("", f"of a line with noise of RMS {NOISE_RMS}", _cost_us(noisy, quiet)),
        ("", "of speech over it", _cost_us(speech, noisy)),
    ]


def _cost_us(sound: bytes, between: bytes) -> float:
    """The cheapest of several rounds, a frame."""
    wire, conversation, reader = _call()
    best = float("inf")
    for number in range(ROUNDS):
        for what in (between, sound):
            wire.waiting.extend(_messages(what, FRAMES_PER_S * (SECONDS if what is sound else 1)))
            count = conversation.frames + len(wire.waiting)
            began = time.process_time()
            reader.loop(lambda until=count: conversation.frames >= until)  # type: ignore[misc]
            spent = (time.process_time() - began) / (FRAMES_PER_S * SECONDS) * 1e6
            if what is sound and number:
                best = min(best, spent)
    return best


def _call() -> tuple[_Wire, Conversation, TwilioReader]:
    wire = _Wire()
    socket = FramedSocket(
        wire,  # type: ignore[arg-type]
        wire,
        _parser(masked=True),
        keys=None,
        limits=Limits(),
        end=SocketClosed,
        binary=BinaryMessage,
    )
    gate, metrics = InputGate(), CallMetrics()
    listener = VoiceListener(gate, monotonic)
    playout = Playout(monotonic, lambda: None, far_end=listener)
    conversation = Conversation(
        ConversationSettings(), playout, _Unwritten(), metrics, monotonic, on_end=lambda _reason: None
    )
    conversation.post(StreamUp())
    reader = TwilioReader(socket, conversation, gate, listener, metrics, on_key=lambda _digit: None)  # type: ignore[arg-type]
    reader.engine = _Model(wire)
    conversation.engine_up(reader.engine)
    return wire, conversation, reader


def _parser(*, masked: bool) -> frames.FrameParser:
    return frames.FrameParser(masked=masked, max_message_bytes=1 << 16, check_utf8=masked)


def _messages(sound: bytes, count: int) -> list[bytes]:
    """So many frames of this sound, over and over, as Twilio sends them."""
    pieces = [sound[at : at + FRAME_BYTES] for at in range(0, len(sound) // FRAME_BYTES * FRAME_BYTES, FRAME_BYTES)]
    return [
        frames.encode_frame(
            frames.OP_TEXT,
            b'{"event":"media","sequenceNumber":"%d","streamSid":"MZ%b","media":{"track":"inbound","chunk":"%d",'
            b'"timestamp":"%d","payload":"%b"}}' % (n, b"0" * 32, n, n * 20, b64encode(pieces[n % len(pieces)])),
            KEY,
        )
        for n in range(count)
    ]
