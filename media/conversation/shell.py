"""The shell around the core: the only lock, and the hands that carry commands out.

Every input of every thread comes through `post` or `frame`. Results of a command come back as inputs before the next
command is carried out. Nothing here waits: playout only queues, the journal only queues, and an engine's methods hand
their message to one ordered queue with one writer (services.sockets.writer). So an inbound frame never stands behind
a network.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import structlog

from media.audio_config import TICK_FRAMES
from media.conversation import commands as do
from media.conversation import inputs as happens
from media.conversation.core import Core
from media.conversation.settings import ConversationSettings
from media.conversation.state import Flags, State
from media.detection.input_gate import GateResult
from media.detection.listener import InboundFrame
from media.metrics import CallMetrics
from media.playout.playout import Playout
from media.playout.queue import QueueFull
from services.calls.context import TurnRecord
from services.engines.interface import Engine
from services.sockets.locks import fast_lock

log = structlog.get_logger("media")


class Journal(Protocol):
    """Where what happened goes. Any thread; never waits (a bounded queue)."""

    def turn(self, record: TurnRecord) -> None:
        """One side's words as they were heard; `started_ms` is audio time of this stream."""

    def greeting_done(self) -> None:
        """The greeting is over, heard or not; a later stream does not speak it again."""

    def language(self, language: str) -> None:
        """The caller is answered in this language ("he", "en", …) from now on."""

    def notice(self, heard_ms: int, total_ms: int, ended: bool) -> None:
        """So many milliseconds of the notice at the start were heard; ended: to its end."""

    def event(self, kind: str, detail: str) -> None:
        """A step for the call's time line, at this moment of its audio."""


class Conversation:
    """The conversation of one call. Every method may be called by any thread.

    `now` is any steady clock in seconds; `on_end(reason)` is called, under the lock, when our side ends the call.
    """

    def __init__(
        self,
        settings: ConversationSettings,
        playout: Playout,
        journal: Journal,
        metrics: CallMetrics,
        now: Callable[[], float],
        on_end: Callable[[str], None],
    ) -> None:
        self.flags = Flags()
        self._core = Core(settings, metrics)
        self._playout = playout
        self._journal = journal
        self._now = now
        self._on_end = on_end
        self._engine: Engine | None = None
        self._lock = fast_lock()  # what holds it never takes it again

    @property
    def frames(self) -> int:
        """20 ms frames of the caller's sound so far."""
        return self._core.frames

    @property
    def state(self) -> State:
        return self._core.situation.state

    def nobody_speaks(self) -> bool:
        """A moment in which another worker can take the call over unnoticed."""
        if self.flags.is_ai_speaking.is_set():
            return False
        with self._lock:
            return self._core.nobody_speaks

    def post(self, event: happens.Input) -> None:
        """An input from any thread."""
        with self._lock:
            self._receive(event)

    def frame(self, gate: GateResult, heard: InboundFrame) -> None:
        """20 ms of the caller's sound, after the gate has measured it."""
        core = self._core
        with self._lock:
            commands = core.frame(gate, heard, self._now())
            if commands:
                self._carry_out(commands)
            if not core.frames % TICK_FRAMES:
                playout = self._playout
                self._receive(happens.Tick(gate.is_speech, playout.overdue_ends(), playout.buffered_ms()))

    def mark_echoed(self, name: str) -> None:
        """Twilio says it played up to this mark."""
        end = self._playout.mark_echoed(name)
        if end is not None:
            self.post(happens.HeardEnd(end))

    def engine_up(self, engine: Engine) -> None:
        """A model session is configured."""
        with self._lock:
            self._engine = engine
            self.flags.model_hangs.clear()
            self._receive(happens.EngineUp(engine.abilities))

    def next_engine(self) -> None:
        """Another engine takes over from here."""
        with self._lock:
            self._core.situation.metrics.next_engine()

    def engine_down(self) -> None:
        """The connection to the model is gone."""
        with self._lock:
            self._engine = None
            self._receive(happens.EngineDown())

    @property
    def unheard_since(self) -> int | None:
        """The frame from which on no session has heard the caller; None: all was heard. The reader's thread."""
        return self._core.situation.unheard.since

    def caught_up(self, engine: Engine) -> None:
        """This session has heard what none had heard before it."""
        with self._lock:
            if engine is self._engine:
                self._receive(happens.CaughtUp())

    def server_fact(self, text: str, speak: bool) -> bool:
        """A [SERVER] fact for the model; `speak`: the caller is told of it. False when no model could be told yet."""
        with self._lock:
            self._receive(happens.ServerFact(text, speak))
            return self._core.connected

    def stream_over(self) -> None:
        """The stream is gone; the record gets what was heard until now."""
        with self._lock:
            heard_ms = {one.item_id: self._playout.heard_ms(one) for one in self._core.under_way}
            self._receive(happens.StreamOver(heard_ms))

    # -- carrying out ------------------------------------------------------------------------------------------------

    def _receive(self, event: happens.Input) -> None:
        commands = self._core.receive(event, self._now())
        if commands:
            self._carry_out(commands)

    def _carry_out(self, commands: Sequence[do.Command]) -> None:
        for command in commands:
            result = _HOW[type(command)](self, command)
            if result is not None:
                self._receive(result)

    def _to_engine(self, command: do.Command) -> None:
        if self._engine is not None:
            _TO_ENGINE[type(command)](self._engine, command)

    def _renew(self) -> None:
        if self._engine is not None:
            self.flags.model_hangs.set()
            self._engine.close()

    def _append(self, command: do.Append) -> happens.Input | None:
        try:
            self._playout.append(command.utterance, base64.b64decode(command.payload))
        except QueueFull:
            return happens.QueueOverflow()
        return None

    def _play_clip(self, command: do.PlayClip) -> None:
        self._playout.open(command.utterance)
        self._playout.append(command.utterance, command.clip)
        self._playout.complete(command.utterance)

    def _log(self, command: do.Log) -> None:
        getattr(log, command.level)(command.text, **dict(command.fields))


_TO_ENGINE: dict[type, Callable[[Engine, Any], None]] = {
    do.Ask: lambda engine, c: engine.answer(c.instructions),
    do.Say: lambda engine, c: engine.say(c.words),
    do.CancelResponse: lambda engine, c: engine.cancel(c.response_id),
    do.Truncate: lambda engine, c: engine.truncate(c.item_id, c.heard_ms),
    do.DeleteItem: lambda engine, c: engine.delete_item(c.item_id),
    do.CommitTurn: lambda engine, _c: engine.commit_turn(),
    do.SayServer: lambda engine, c: engine.say_server(c.text),
    do.RememberAgent: lambda engine, c: engine.remember("assistant", c.text),
}
# One entry a command: what is done about it. An input that is returned is received before the next command.
_HOW: dict[type, Callable[[Conversation, Any], happens.Input | None]] = {
    **dict.fromkeys(_TO_ENGINE, lambda shell, c: shell._to_engine(c)),
    do.RenewSession: lambda shell, _c: shell._renew(),
    do.Open: lambda shell, c: shell._playout.open(c.utterance),
    do.Append: lambda shell, c: shell._append(c),
    do.Complete: lambda shell, c: shell._playout.complete(c.utterance),
    do.Release: lambda shell, c: shell._playout.release(c.utterance),
    do.Drop: lambda shell, c: shell._playout.drop(c.utterance),
    do.PlayClip: lambda shell, c: shell._play_clip(c),
    do.Hold: lambda shell, _c: shell._playout.hold(),
    do.Duck: lambda shell, _c: shell._playout.duck(),
    do.Resume: lambda shell, _c: shell._playout.resume(),
    do.Interrupt: lambda shell, _c: happens.Interrupted(shell._playout.interrupt()),
    do.RecordTurn: lambda shell, c: shell._journal.turn(c.turn),
    do.RecordEvent: lambda shell, c: shell._journal.event(c.kind, c.detail),
    do.RecordLanguage: lambda shell, c: shell._journal.language(c.language),
    do.RecordGreetingDone: lambda shell, _c: shell._journal.greeting_done(),
    do.RecordNotice: lambda shell, c: shell._journal.notice(c.heard_ms, c.total_ms, c.ended),
    do.Log: lambda shell, c: shell._log(c),
    do.EnterState: lambda shell, c: shell.flags.enter(c.state),
    do.FirstWords: lambda shell, _c: shell.flags.has_real_user_utterance.set(),
    do.EndCall: lambda shell, c: shell._on_end(c.reason),
}
