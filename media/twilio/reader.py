"""`twilio_reader`: the socket handler's own thread. Reads Twilio, gates the sound, forwards it, tells the conversation.

socket → protocol.parse → input_gate → engine.hear
                               ↘ listener (loud? a voice?) → conversation
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable
from typing import Protocol

import structlog

from media.conversation.inputs import Key
from media.conversation.shell import Conversation
from media.detection.input_gate import GateResult, InputGate
from media.detection.listener import InboundFrame
from media.metrics import CallMetrics
from media.twilio import protocol
from media.twilio.socket import SocketClosed, TwilioSocket
from services.audio.g711 import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, SILENCE_FRAME
from services.engines.interface import Engine

log = structlog.get_logger("media")

SILENCE_PAYLOAD = base64.b64encode(SILENCE_FRAME).decode("ascii")
KEPT_FRAMES = 500  # 10 s of sound, for a session that comes later than it (R4)
RECEIVE_S = 1.0
SILENT_SOCKET_S = 8.0  # Twilio sends sound all the time: a socket this quiet is half dead
GOING_AWAY = 1001


class FrameListener(Protocol):
    """What barge-in goes by."""

    def hear(self, audio: bytes, measured: GateResult) -> InboundFrame:
        """One frame of mu-law (160 bytes, 20 ms), after the gate has looked at it. The reader's thread; never waits."""


class TwilioReader:
    """Runs until Twilio stops, the socket is gone, or our side has ended the call."""

    def __init__(
        self,
        socket: TwilioSocket,
        conversation: Conversation,
        gate: InputGate,
        listener: FrameListener,
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
        self._fed: Engine | None = None  # the session that has heard everything so far
        self._kept: deque[tuple[int, str]] = deque(maxlen=KEPT_FRAMES)  # the conversation's frame, and its sound
        self._frame = 0
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
        while self._ms >= FRAME_MS:  # a longer frame counts as several, shorter ones add up
            self._ms -= FRAME_MS
            self._frame += 1
            conversation.frame(gate, heard)
            gate.short_answer = False  # it is one answer

    def _forward(self, media: protocol.Media, gate: GateResult) -> None:
        flags = self._conversation.flags
        if flags.greeting_playing.is_set() or flags.closing.is_set():
            payload = SILENCE_PAYLOAD
            if gate.forward is not media.audio:
                self._gate.forget_withheld()
        elif gate.forward is media.audio:
            payload = media.payload  # untouched, not even re-encoded (I1, I10)
        else:
            payload = base64.b64encode(gate.forward).decode("ascii")
            self._metrics.frames_forwarded_to_realtime += (len(gate.forward) - len(media.audio)) // FRAME_BYTES
        if gate.dropped:
            self._metrics.frames_dropped_by_filters += 1
            if not payload:
                return  # withheld, and not decided yet
        engine = self.engine
        if engine is not None:
            if engine is not self._fed:
                self._catch_up(engine)
            engine.hear(payload)
            self._metrics.frames_forwarded_to_realtime += 1
        self._kept.append((self._frame, payload))

    def _catch_up(self, engine: Engine) -> None:
        """A new session first hears what no other has."""
        self._fed = engine
        since = self._conversation.unheard_since
        for frame, payload in self._kept:
            if since is not None and frame >= since:
                engine.hear(payload)
                self._metrics.frames_forwarded_to_realtime += 1
        self._conversation.caught_up(engine)

    def _other(self, message: protocol.TwilioMessage) -> bool:
        """True when Twilio says the stream is over."""
        if isinstance(message, protocol.Mark):
            self._conversation.mark_echoed(message.name)
        elif isinstance(message, protocol.Dtmf):
            self._conversation.post(Key())
            self._on_key(message.digit)
        elif isinstance(message, protocol.Stop):
            return True
        elif isinstance(message, protocol.Malformed):
            self._metrics.messages_malformed += 1
        else:  # a second start, a late connected, an event we do not know
            self._metrics.messages_unknown += 1
        return False
