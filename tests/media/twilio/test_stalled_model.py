"""A model that stops reading: the caller's frames go on being read, measured and answered all the same (W8)."""

from __future__ import annotations

import base64
import os
import socket
import threading
from time import monotonic

import orjson

from media.conversation.inputs import StreamUp
from media.conversation.settings import ConversationSettings
from media.conversation.shell import Conversation
from media.detection.input_gate import InputGate
from media.detection.listener import VoiceListener
from media.metrics import CallMetrics
from media.playout.playout import Playout
from media.twilio.reader import TwilioReader
from media.twilio.socket import SocketClosed
from services.audio.g711 import FRAME_BYTES
from services.engines.realtime.protocol import SessionConfig
from services.engines.realtime.transport import TransportClosed
from services.openai_realtime_client import Endpoint, OpenAIRealtime
from services.sockets import frames
from services.sockets.connection import FramedSocket
from services.sockets.keepalive import Limits
from services.sockets.reader import reader_for
from tests.media.conversation.virtual_call import FakeJournal

STALL_FRAMES = 5 * 50  # five seconds of a call
PATIENT = Limits(send_s=60.0, idle_s=60.0)


class StalledModel(OpenAIRealtime):
    """A connected session whose other side reads nothing, over sockets that hold a few frames only."""

    def __init__(self) -> None:
        super().__init__(Endpoint("ws://model", ""), SessionConfig("", "", "", ""))
        ours, self.theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._transport = FramedSocket(
            ours,
            reader_for(ours, 1.0),
            frames.FrameParser(masked=False, max_message_bytes=1 << 20, check_utf8=False),
            keys=frames.MaskKeys(os.urandom),
            limits=PATIENT,
            end=TransportClosed,
        )

    def received(self, count: int) -> list[dict[str, str]]:
        """What the model finds when it reads again."""
        parser = frames.FrameParser(masked=True, max_message_bytes=1 << 20, check_utf8=True)
        self.theirs.settimeout(30.0)
        found: list[dict[str, str]] = []
        while len(found) < count:
            found += [orjson.loads(payload) for _opcode, payload in parser.feed(self.theirs.recv(65536))]
        return found


def media(number: int) -> bytes:
    sound = number.to_bytes(4, "big").ljust(FRAME_BYTES, b"\xff")
    message = {"event": "media", "media": {"track": "inbound", "payload": base64.b64encode(sound).decode()}}
    return orjson.dumps(message)


def twilio(messages: list[bytes]) -> FramedSocket[bytes]:
    """Our side of a stream on which Twilio sends all these messages."""
    ours, theirs = socket.socketpair()

    def send() -> None:
        keys = frames.MaskKeys(os.urandom)
        for message in messages:
            theirs.sendall(frames.encode_frame(frames.OP_TEXT, message, keys.next()))

    threading.Thread(target=send, daemon=True).start()
    parser = frames.FrameParser(masked=True, max_message_bytes=1 << 16, check_utf8=True)
    return FramedSocket(ours, reader_for(ours, 1.0), parser, keys=None, limits=PATIENT, end=SocketClosed)


def test_five_seconds_of_frames_are_read_while_the_model_reads_nothing_and_none_is_lost() -> None:
    """Were a frame to wait for the model, the stream would never come to its stop: nobody reads until it has."""
    wire = twilio([*(media(number) for number in range(STALL_FRAMES)), orjson.dumps({"event": "stop"})])
    gate, metrics = InputGate(), CallMetrics()
    listener = VoiceListener(gate, monotonic)
    playout = Playout(monotonic, lambda: None, far_end=listener)
    settings = ConversationSettings()
    conversation = Conversation(settings, playout, FakeJournal(), metrics, monotonic, lambda _reason: None)
    conversation.post(StreamUp())
    reader = TwilioReader(wire, conversation, gate, listener, metrics, lambda _digit: None)  # type: ignore[arg-type]
    model = StalledModel()
    conversation.engine_up(model)
    reader.engine = model

    assert reader.loop(lambda: False) == "stop"
    assert metrics.frames_in_from_twilio == metrics.frames_forwarded_to_realtime == STALL_FRAMES
    assert conversation.frames == STALL_FRAMES
    assert conversation.server_fact("slot_available", speak=True), "and the conversation decides as ever"

    found = model.received(STALL_FRAMES + 2)
    numbers = [int.from_bytes(base64.b64decode(one["audio"])[:4], "big") for one in found[:STALL_FRAMES]]
    assert numbers == list(range(STALL_FRAMES))
    assert [one["type"] for one in found[STALL_FRAMES:]] == ["conversation.item.create", "response.create"]
