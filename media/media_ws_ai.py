"""One call, wired: which threads there are, what they share, how the call ends. No decision is made here.

twilio_reader (this thread)  socket → gate → engine            conversation ← frames, marks, keys
realtime                     engine events → conversation → playout
audio_tx_loop                playout → socket                   the only writer
desk                         journal → database
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from media import twilio_protocol as protocol
from media.audio_config import AUDIO_CONFIG, AUDIO_GUARD_ENABLED, AudioConfig
from media.audio_tx_loop import AudioSender
from media.call_recorder import CallRecorder
from media.conversation import Conversation
from media.conversation_settings import MediaTuning, conversation_settings
from media.desk import FLUSH_S, CallStore, Desk
from media.handing_on import HandingOn
from media.input_gate import InputGate
from media.listener import VoiceListener
from media.metrics import CallMetrics
from media.pace_clock import Clock
from media.playout import Playout
from media.realtime_thread import RealtimeThread
from media.twilio_reader import TwilioReader
from media.twilio_socket import SocketClosed, TwilioSocket
from media.vad import PRESETS
from services.booking_desk import BookingDesk
from services.call_context import CallContext, TurnRecord
from services.end_reasons import CALLER_HANGUP, STREAM_LOST
from services.engine import Engine

log = structlog.get_logger("media")

START_WITHIN_S = 5.0
JOIN_S = FLUSH_S + 2.0  # all threads of a call are gone this long after its end
DRAIN_EVERY = 5  # messages of Twilio's, 20 ms apart
FINISH_S = 3.0  # how long the last word may take before the stream is closed all the same
POLICY_VIOLATION = 1008
GOING_AWAY = 1001


class NotAdmitted(Exception):
    """The stream has no valid token."""


@dataclass(frozen=True, slots=True)
class Depths:
    """What waits in a call's queues."""

    desk_records: int
    sound_ms: int


class CallDeps(Protocol):
    """What a call needs from the worker that carries it."""

    tuning: MediaTuning
    clock: Clock

    def draining(self) -> bool:
        """Whether this worker is going away: its calls are handed on (W10)."""

    def admit(self, call_sid: str, parameters: dict[str, str]) -> CallContext:
        """The call this stream belongs to, once. Raises NotAdmitted."""

    def opened(self, call_id: int, depths: Callable[[], Depths], asked: Callable[[str], None]) -> None:
        """The call is carried from now on; `depths` and `asked` may be called any time, by any thread."""

    def make_engine(self, context: CallContext) -> Engine:
        """A fresh, unconnected model session for this call."""

    def store(self, context: CallContext) -> CallStore:
        """The call's rows."""

    def booking(self, context: CallContext) -> BookingDesk:
        """The booking side of this call."""

    def finished(self, context: CallContext, metrics: CallMetrics, reason: str) -> None:
        """For the worker's own counters."""


def run_call(socket: TwilioSocket, deps: CallDeps) -> None:
    """Carry one media stream from its first message to its last; returns when everything of it is gone."""
    try:
        start = _await_start(socket, deps.clock)
    except SocketClosed:
        return
    if start is None:
        log.warning("no start message")
        socket.close(POLICY_VIOLATION, "no start")
        return
    try:
        context = deps.admit(start.call_sid, start.parameters)
    except NotAdmitted as refused:
        log.warning("stream refused", reason=str(refused))
        socket.close(POLICY_VIOLATION, "not admitted")
        return
    structlog.contextvars.bind_contextvars(call_sid=context.call_sid)
    call = Call(socket, deps, context, start.stream_sid)
    deps.opened(context.call_id, call.depths, call.asked)
    call.run()


def _await_start(socket: TwilioSocket, clock: Clock) -> protocol.Start | None:
    """The start message, or None when it does not come in time; anything else before it is ignored, and buys none."""
    until_s = clock.now() + START_WITHIN_S
    while (left_s := until_s - clock.now()) > 0:
        message = socket.receive(left_s)
        parsed = None if message is None else protocol.parse(message)
        if isinstance(parsed, protocol.Start):
            return parsed
    return None


@dataclass(slots=True)
class _Ending:
    """Why our side ends the call; set once."""

    reason: str = ""

    def set(self, reason: str) -> None:
        self.reason = self.reason or reason


class Call:
    """The parts of one call. `run` is its whole life."""

    def __init__(self, socket: TwilioSocket, deps: CallDeps, context: CallContext, stream_sid: str) -> None:
        self._socket = socket
        self._deps = deps
        self._context = context
        self._ending = _Ending()
        self._asked = 0  # how often whether it is over
        self._handing_on = HandingOn()
        self.metrics = CallMetrics()
        self._messages = protocol.OutboundMessages(stream_sid)
        self._sender = AudioSender(socket, deps.clock)
        gate = InputGate(_line(context), PRESETS[context.line.vad_preset], deps.tuning.vad_hangover_ms)
        for line in gate.start_lines():
            getattr(log, line.level)(line.text)
        listener = VoiceListener(gate, deps.clock.now)
        store = deps.store(context)
        self._desk = Desk(store, deps.booking(context), context.resume, self._audio_ms, self._tell, self._measured)
        self._recorder = (
            CallRecorder(listener, store.add_sound, self._desk.record, deps.clock.now, context.resume)
            if context.keep_recordings
            else None
        )
        ears = self._recorder or listener
        self.playout = Playout(deps.clock.now, self._sender.wake, far_end=ears)
        self.conversation = Conversation(
            conversation_settings(context, deps.tuning),
            self.playout,
            self._desk,
            self.metrics,
            deps.clock.now,
            self._ending.set,
        )
        self._reader = TwilioReader(socket, self.conversation, gate, ears, self.metrics, self._desk.key)
        self._realtime = RealtimeThread(
            lambda: deps.make_engine(context), self.conversation, self._reader, self._history, self._unreachable
        )

    def depths(self) -> Depths:
        return Depths(self._desk.waiting, self.playout.queued_ms)

    def asked(self, action: str) -> None:
        """Somebody wants the call ended ("end") or handed over ("hand_over")."""
        with self.conversation.lock:
            self.conversation.ending.asked(action)

    def run(self) -> None:
        """Start the threads, read until the call is over, end them all under one deadline."""
        threads = [
            _thread("audio_tx_loop", self._sender.loop, self.playout, self._messages, self._context.call_sid),
            _thread("realtime", self._realtime.loop),
            _thread("desk", self._desk.loop),
        ]
        with self.conversation.lock:
            self.conversation.begin()
        for thread in threads:
            thread.start()
        why = self._reader.loop(self._over)
        self._end(why, threads)

    def _over(self) -> bool:
        """Asked before each message: does our side end the stream now?"""
        self._asked = (self._asked + 1) % DRAIN_EVERY
        if not self._asked and not self._ending.reason and self._deps.draining():
            with self.conversation.lock:
                pause = self.conversation.nobody_speaks
            if self._handing_on.due(pause, self._deps.clock.now()):
                self._ending.set(STREAM_LOST)
        return bool(self._ending.reason)

    def _end(self, why: str, threads: list[threading.Thread]) -> None:
        """The one end of a call. The row is final before the stream is closed: Twilio asks right after it."""
        reason = self._ending.reason or (CALLER_HANGUP if why == "stop" else STREAM_LOST)
        self._realtime.close()
        with self.conversation.lock:
            self.conversation.stream_over()
        self._sender.stop()
        self._desk.finish(reason, self._measured()).wait(FINISH_S)
        self._socket.close(*((GOING_AWAY, "handed on") if reason == STREAM_LOST else ()))
        if self._recorder is not None:
            self._recorder.close()  # after the last word, which Twilio waits for
        self._desk.close()
        for thread in threads:
            thread.join(JOIN_S)
            if thread.is_alive():
                log.error("thread outlived its call", thread=thread.name)
        log.info(self.metrics.line())
        log.info("call ended", reason=reason)
        self._deps.finished(self._context, self.metrics, reason)

    def _measured(self) -> dict[str, object]:
        """The metrics so far, with what others count."""
        m, counters = self.metrics, self.playout.counters
        m.frames_enqueued = self.playout.frames_enqueued
        m.frames_sent = counters.frames_sent
        m.overflows, m.starved, m.lead_max_ms = counters.overflows, counters.starved, round(counters.lead_max_ms, 1)
        m.marks_lost = self.playout.marks_lost
        m.false_claims = self._desk.false_claims
        m.pacing_late_ms_max = round(self._sender.stats.late_ms_max, 1)
        m.seconds = self._audio_ms() / 1000
        return m.as_dict()

    def _audio_ms(self) -> int:
        return self.conversation.frames * AUDIO_CONFIG.frame_pacing_ms

    def _history(self) -> list[TurnRecord]:
        return [*self._context.resume.turns, *self._desk.history]

    def _unreachable(self) -> None:
        with self.conversation.lock:
            self.conversation.ending.apologise()

    def _tell(self, text: str, speak: bool) -> bool:
        with self.conversation.lock:
            return self.conversation.server_fact(text, speak)


def _line(context: CallContext) -> AudioConfig:
    """AUDIO_CONFIG for the default line; a business may choose the gate or the guard for its own."""
    mode = context.line.line_mode
    if mode == "simple":
        return AUDIO_CONFIG
    guard = mode == "guard" and AUDIO_GUARD_ENABLED
    return replace(AUDIO_CONFIG, simple_mode=False, audio_guard_enabled=guard, music_mode_enabled=guard)


def _thread(name: str, target: Callable[..., None], *args: object) -> threading.Thread:
    """A thread whose log lines carry the call's id."""
    bound = structlog.contextvars.get_contextvars()

    def run() -> None:
        structlog.contextvars.bind_contextvars(**bound)
        try:
            target(*args)
        except Exception:  # outermost level of this thread: its end must be seen in the log, not lost with it
            log.exception("thread failed", thread=name)

    return threading.Thread(target=run, name=name, daemon=True)
