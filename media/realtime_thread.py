"""The realtime thread of a call: connects the model, hands its events to the conversation, reconnects (R4, R5)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

import structlog

from media.conversation import Conversation
from media.twilio_reader import TwilioReader
from services.call_context import TurnRecord
from services.engine import Engine, EngineClosed, EngineUnavailable, SessionReady

log = structlog.get_logger("media")

MAX_TRIES = 2  # re-connections in a row without a working session between them
PAUSE_S = 0.2
WORKED_S = 20.0  # a session that lived this long makes the count start anew
MAX_REMEMBERED = 40  # turns given to a new session


class RealtimeThread:
    """`loop` runs until `close`, or until the model cannot be reached: then `on_unreachable` is called once."""

    def __init__(
        self,
        make_engine: Callable[[], Engine],
        conversation: Conversation,
        reader: TwilioReader,
        history: Callable[[], Iterable[TurnRecord]],
        on_unreachable: Callable[[], None],
    ) -> None:
        self._make_engine = make_engine
        self._conversation = conversation
        self._reader = reader
        self._history = history
        self._on_unreachable = on_unreachable
        self._closing = threading.Event()
        self._engine: Engine | None = None
        self._sessions = 0

    def close(self) -> None:
        """Ends the loop and its connection."""
        self._closing.set()
        engine = self._engine
        if engine is not None:
            engine.close()

    def loop(self) -> None:
        """One session after another."""
        tries = 0
        while not self._closing.is_set():
            engine = self._engine = self._make_engine()
            try:
                engine.connect()
            except EngineUnavailable as reason:
                log.warning("model not reachable", reason=str(reason), tries=tries)
                tries += 1
                if tries > MAX_TRIES:
                    break
                self._closing.wait(PAUSE_S)
                continue
            began = time.monotonic()
            self._session(engine)
            tries = 0 if time.monotonic() - began > WORKED_S else tries + 1
            if tries > MAX_TRIES:
                break
        if not self._closing.is_set():
            self._on_unreachable()

    def _session(self, engine: Engine) -> None:
        conversation = self._conversation
        self._remember(engine)
        self._sessions += 1
        if self._sessions > 1:
            conversation.metrics.reconnects += 1
        with conversation.lock:
            conversation.engine_ready(engine)
        self._reader.engine = engine
        for event in engine.events():
            if isinstance(event, SessionReady):
                continue
            if isinstance(event, EngineClosed):
                if not self._closing.is_set():
                    log.warning("model connection lost", code=event.code, reason=event.reason)
                break
            with conversation.lock:
                conversation.engine_event(event)
        self._reader.engine = None
        engine.close()
        with conversation.lock:
            conversation.engine_lost()

    def _remember(self, engine: Engine) -> None:
        """A new session has no memory: give it the conversation as it was heard."""
        for turn in list(self._history())[-MAX_REMEMBERED:]:
            if turn.text:
                engine.remember("user" if turn.role == "caller" else "assistant", turn.text)
