"""One call, wired: which threads there are, what they share, how the call ends. No decision is made here.

twilio_reader (this thread)  socket → gate → engine            conversation ← frames, marks, keys
realtime                     engine events → conversation → playout
audio_tx_loop                playout → socket                   every media, mark and clear
journal                      what happened → database
booking                      what was said → calendar → conversation
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from media.audio_config import AUDIO_CONFIG, AUDIO_GUARD_ENABLED, AudioConfig
from media.conversation import inputs as happens
from media.conversation.settings import MediaTuning, conversation_settings
from media.conversation.shell import Conversation
from media.conversation.timers import CallDrain
from media.detection.input_gate import InputGate
from media.detection.listener import VoiceListener
from media.detection.vad import PRESETS
from media.metrics import CallMetrics
from media.playout.playout import Playout
from media.realtime_thread import RealtimeThread
from media.record.booking import BookingThread
from media.record.call_recorder import CallRecorder
from media.record.journal import CallRecords, JournalThread
from media.twilio import protocol
from media.twilio.audio_tx_loop import AudioSender
from media.twilio.pace_clock import Clock
from media.twilio.reader import TwilioReader
from media.twilio.socket import SocketClosed, TwilioSocket
from services.booking.dialogue import BookingDialogue
from services.calls.context import CallContext, TurnRecord
from services.calls.end_reasons import CALLER_HANGUP, STREAM_LOST
from services.deadlines import BOOKING_ENDS_S, CALL_ENDS_S, FINAL_RECORD_S
from services.engines.interface import Engine

log = structlog.get_logger("media")

START_WITHIN_S = 5.0
DRAIN_EVERY = 5  # messages of Twilio's, 20 ms apart
POLICY_VIOLATION = 1008
GOING_AWAY = 1001


class NotAdmitted(Exception):
    """The stream has no valid token."""


@dataclass(frozen=True, slots=True)
class QueueSizes:
    """What waits in a call's queues."""

    journal_records: int
    booking_jobs: int
    sound_ms: int


class CallDeps(Protocol):
    """What a call needs from the worker that carries it."""

    tuning: MediaTuning
    clock: Clock

    def draining(self) -> bool:
        """Whether this worker is going away: its calls are handed on (W10)."""

    def admit(self, call_sid: str, parameters: dict[str, str]) -> CallContext:
        """The call this stream belongs to; a second try with the same token is refused. Raises NotAdmitted."""

    def opened(self, context: CallContext, queue_sizes: Callable[[], QueueSizes], asked: Callable[[str], None]) -> None:
        """The call is carried from now on; `queue_sizes` and `asked` may be called any time, by any thread."""

    def engines(self, context: CallContext) -> Sequence[Callable[[], Engine]]:
        """What makes a fresh, unconnected session for this call: of its engine, then of the one that takes over when
        that one cannot be had."""

    def store(self, context: CallContext) -> CallRecords:
        """The call's rows."""

    def booking(self, context: CallContext) -> BookingDialogue:
        """The booking side of this call."""

    def turn_over(self, record: TurnRecord) -> None:
        """One side's turn is in the record; must not wait."""

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
    call = MediaCall(socket, deps, context, start.stream_sid)
    deps.opened(context, call.queue_sizes, call.staff_request)
    call.run()


def _await_start(socket: TwilioSocket, clock: Clock) -> protocol.Start | None:
    """The start message, or None when it does not come in time; anything else before it is ignored and does
    not extend the wait."""
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


class MediaCall:
    """The parts of one call. `run` is its whole life."""

    def __init__(self, socket: TwilioSocket, deps: CallDeps, context: CallContext, stream_sid: str) -> None:
        self._socket = socket
        self._deps = deps
        self._context = context
        self._ending = _Ending()
        self._over_checks = 0  # counts the messages since the last look at a drain
        self._is_over = threading.Event()
        self._drain = CallDrain()
        self.metrics = CallMetrics()
        self._messages = protocol.OutboundMessages(stream_sid)
        self._sender = AudioSender(socket, deps.clock)
        gate = _input_gate(context, deps.tuning.vad_hangover_ms)
        for line in gate.start_lines():
            getattr(log, line.level)(line.text)
        listener = VoiceListener(gate, deps.clock.now)
        store = deps.store(context)
        self._booking = BookingThread(deps.booking(context), self._tell)
        self._journal = JournalThread(
            store, context.resume, self._audio_ms, self._measured, self._turn_over, self._booking.speak
        )
        self._recorder = (
            CallRecorder(listener, store.add_sound, self._journal.enqueue, deps.clock.now, context.resume)
            if context.keep_recordings
            else None
        )
        sound_listener = self._recorder or listener
        self.playout = Playout(deps.clock.now, self._sender.wake, far_end=sound_listener)
        self.conversation = Conversation(
            conversation_settings(context, deps.tuning),
            self.playout,
            self._journal,
            self.metrics,
            deps.clock.now,
            self._ending.set,
        )
        self._reader = TwilioReader(socket, self.conversation, gate, sound_listener, self.metrics, self._booking.key)
        self._realtime = RealtimeThread(
            deps.engines(context), self.conversation, self._reader, self._history, self._unreachable
        )

    def queue_sizes(self) -> QueueSizes:
        return QueueSizes(self._journal.waiting, self._booking.waiting, self.playout.queued_ms)

    def staff_request(self, action: str) -> None:
        """Somebody wants the call ended ("end") or handed over ("hand_over")."""
        self.conversation.post(happens.StaffRequest(action))

    def run(self) -> None:
        """Start the threads, read until the call is over, end them all under one deadline."""
        threads = [
            _thread("audio_tx_loop", self._sender.loop, self.playout, self._messages, self._context.call_sid),
            _thread("realtime", self._realtime.loop),
            _thread("journal", self._journal.loop),
            _thread("booking", self._booking.loop),
        ]
        self.conversation.post(happens.StreamUp())
        for thread in threads:
            thread.start()
        why = self._reader.loop(self._over)
        self._end(why, threads)

    def _over(self) -> bool:
        """Asked before each message: does our side end the stream now?"""
        self._over_checks = (self._over_checks + 1) % DRAIN_EVERY
        draining = not self._over_checks and not self._ending.reason and self._deps.draining()
        if draining and self._drain.due(self.conversation.nobody_speaks(), self._deps.clock.now()):
            self._ending.set(STREAM_LOST)
        return bool(self._ending.reason)

    def _end(self, why: str, threads: list[threading.Thread]) -> None:
        """The one end of a call. What Twilio does next is in the database before the stream is closed."""
        began = time.monotonic()
        reason = self._ending.reason or (CALLER_HANGUP if why == "stop" else STREAM_LOST)
        self._is_over.set()
        self._realtime.close()
        self.conversation.stream_over()
        self._sender.stop()
        self._booking.close()
        self._journal.write_end_of_stream(reason, self._measured()).wait(FINAL_RECORD_S)
        self._socket.close(*((GOING_AWAY, "handed on") if reason == STREAM_LOST else ()))
        if self._recorder is not None:
            self._recorder.close()  # after the final record, which Twilio waits for
        self._join(threads, began, reason)
        log.info(self.metrics.summary_line())
        log.info("call ended", reason=reason)
        self._deps.finished(self._context, self.metrics, reason)

    def _join(self, threads: list[threading.Thread], began: float, reason: str) -> None:
        """Twilio goes on meanwhile: the booking side ends what is under way, then the journal writes what is left."""
        *_, booking = threads
        booking.join(max(0.0, began + BOOKING_ENDS_S - time.monotonic()))
        self._booking.give_up()
        if not booking.is_alive():
            self._journal.bookings_are_final(reason, self._measured())
        self._journal.stop(began + CALL_ENDS_S)
        for thread in threads:
            thread.join(max(0.0, began + CALL_ENDS_S - time.monotonic()))
            if thread.is_alive():
                log.error("thread outlived its call", thread=thread.name)

    def _measured(self) -> dict[str, object]:
        """The metrics so far, with what others count."""
        m, counters = self.metrics, self.playout.counters
        m.frames_enqueued = self.playout.frames_enqueued
        m.frames_sent = counters.frames_sent
        m.overflows, m.underruns, m.lead_ms_max = counters.overflows, counters.underruns, round(counters.lead_ms_max, 1)
        m.marks_lost = self.playout.marks_lost
        m.false_claims = self._booking.false_claims
        m.pacing_late_ms_max = round(self._sender.stats.late_ms_max, 1)
        m.seconds = self._audio_ms() / 1000
        return m.as_dict()

    def _audio_ms(self) -> int:
        return self.conversation.frames * AUDIO_CONFIG.frame_pacing_ms

    def _turn_over(self, record: TurnRecord) -> None:
        self._booking.turn(record)
        self._deps.turn_over(record)

    def _history(self) -> list[TurnRecord]:
        return [*self._context.resume.turns, *self._journal.history]

    def _unreachable(self) -> None:
        self.conversation.post(happens.ModelUnreachable())

    def _tell(self, text: str, speak: bool) -> bool:
        """Once the call is over nobody is told any more, and a later stream of it tells the model again (W9)."""
        return self.conversation.server_fact(text, speak) and not self._is_over.is_set()


def _input_gate(context: CallContext, hangover_ms: int) -> InputGate:
    line = context.line
    return InputGate(_audio_config(line.line_mode), PRESETS[line.vad_preset], hangover_ms, line.soft_preprocess)


def _audio_config(mode: str) -> AudioConfig:
    """AUDIO_CONFIG for the default line; a business may choose the gate, the guard or the voice gate for its own."""
    if mode == "simple":
        return AUDIO_CONFIG
    guard = mode == "guard" and AUDIO_GUARD_ENABLED
    return replace(
        AUDIO_CONFIG,
        simple_mode=False,
        audio_guard_enabled=guard,
        music_mode_enabled=guard,
        voice_gate_enabled=mode == "voice",
    )


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
