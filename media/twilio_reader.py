"""`twilio_reader`: the socket handler's own thread. Reads Twilio, gates the sound, forwards it, tells the conversation.

socket → twilio_protocol.parse → input_gate → engine.hear
                               ↘ listener (loud? a voice?) → conversation
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable
from typing import Protocol

import structlog

from media import twilio_protocol as protocol
from media.audio_config import BYTES_PER_MS, FRAME_MS, SILENCE_FRAME
from media.conversation import Conversation
from media.input_gate import GateResult, InputGate
from media.listener import Heard
from media.metrics import CallMetrics
from media.twilio_socket import SocketClosed, TwilioSocket
from services.engine import Engine

log = structlog.get_logger("media")

SILENCE_PAYLOAD = base64.b64encode(SILENCE_FRAME).decode("ascii")
EARLY_FRAMES = 500  # 10 s of sound kept while the model is not connected (yet, or again)
RECEIVE_S = 1.0
SILENT_SOCKET_S = 8.0  # Twilio sends sound all the time: a socket this quiet is half dead
GOING_AWAY = 1001


class Listener(Protocol):
    """What barge-in goes by."""

    def hear(self, audio: bytes, gate: GateResult) -> Heard: ...


class TwilioReader:
    """Runs until Twilio stops, the socket is gone, or our side has ended the call."""

    def __init__(
        self,
        socket: TwilioSocket,
        conversation: Conversation,
        gate: InputGate,
        listener: Listener,
        metrics: CallMetrics,
        on_key: Callable[[str], None],
    ) -> None:
        self.engine: Engine | None = None  # set by the realtime thread while a session is up
        self._socket = socket
        self._conversation = conversation
        self._gate = gate
        self._listener = listener
        self._metrics = metrics
        self._on_key = on_key
        self._early: deque[str] = deque(maxlen=EARLY_FRAMES)
        self._ms = 0.0

    def loop(self, ended: Callable[[], bool]) -> str:
        """Returns why it stopped: "stop" (Twilio said so), "lost" (socket gone) or "ended" (our side)."""
        receive = self._socket.receive
        silent_s = 0.0
        try:
            while not ended():
                message = receive(RECEIVE_S)
                if message is None:
                    silent_s += RECEIVE_S
                    if silent_s >= SILENT_SOCKET_S:
                        log.warning("socket silent", seconds=silent_s)
                        self._socket.close(GOING_AWAY, "silent")
                        return "lost"
                    continue
                silent_s = 0.0
                parsed = protocol.parse(message)
                if type(parsed) is protocol.Media:
                    self._media(parsed)
                elif self._other(parsed):
                    return "stop"
        except SocketClosed as closed:
            log.info("stream closed", code=closed.code)
            return "lost"
        return "ended"

    def _media(self, media: protocol.Media) -> None:
        if media.track != protocol.INBOUND:
            self._metrics.messages_unknown += 1
            return
        metrics, conversation = self._metrics, self._conversation
        metrics.frames_in_from_twilio += 1
        gate = self._gate.process(media.audio, media.timestamp_ms)
        for line in gate.logs:
            getattr(log, line.level)(line.text)
        self._forward(media, gate)
        heard = self._listener.hear(media.audio, gate)
        self._ms += len(media.audio) / BYTES_PER_MS
        with conversation.lock:
            while self._ms >= FRAME_MS:  # a longer frame counts as several, shorter ones add up
                self._ms -= FRAME_MS
                conversation.caller_frame(gate, heard)
                gate.short_answer = False  # it is one answer

    def _forward(self, media: protocol.Media, gate: GateResult) -> None:
        state = self._conversation.state
        if state.greeting_playing.is_set() or state.closing.is_set():
            payload = SILENCE_PAYLOAD
        elif gate.forward is media.audio:
            payload = media.payload  # untouched, not even re-encoded (I1, I10)
        else:
            payload = base64.b64encode(gate.forward).decode("ascii")
        if gate.dropped:
            self._metrics.frames_dropped_by_filters += 1
        engine = self.engine
        if engine is None:
            self._early.append(payload)
            return
        while self._early:
            engine.hear(self._early.popleft())
            self._metrics.frames_forwarded_to_realtime += 1
        engine.hear(payload)
        self._metrics.frames_forwarded_to_realtime += 1

    def _other(self, message: protocol.TwilioMessage) -> bool:
        """True when Twilio says the stream is over."""
        if isinstance(message, protocol.Mark):
            with self._conversation.lock:
                self._conversation.mark_echoed(message.name)
        elif isinstance(message, protocol.Dtmf):
            self._on_key(message.digit)
        elif isinstance(message, protocol.Stop):
            return True
        elif isinstance(message, protocol.Malformed):
            self._metrics.messages_malformed += 1
        else:  # a second start, a late connected, an event we do not know
            self._metrics.messages_unknown += 1
        return False
