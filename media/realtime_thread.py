"""The realtime thread of a call: connects the engine, hands its events to the conversation, reconnects (R4, R5).

Where there is a second engine, it takes over the call with its memory when the first cannot be had (C9).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence

import structlog

from media.conversation.shell import Conversation
from media.twilio.reader import TwilioReader
from services.calls.context import TurnRecord
from services.engines.interface import CONNECTS_WITHIN_S, Engine, EngineClosed, EngineUnavailable, SessionReady

log = structlog.get_logger("media")

MAX_TRIES = 2  # further connections after one that failed, without a working session between them
TRIES_BEFORE_NEXT = 0  # … to connect, where another engine can take over: the caller waits
CONNECT_BEFORE_NEXT_S = 2.0  # … and how long one may take: a model that hangs leaves the next one its time (W8)
PAUSE_S = 0.2
WORKED_S = 20.0  # a session that lived this long makes the count start anew
MAX_REMEMBERED = 40  # turns given to a new session


class RealtimeThread:
    """`loop` runs until `close`, or until no engine can be reached: then `on_unreachable` is called once. engines: what
    makes a session of each, in the order they are tried."""

    def __init__(
        self,
        engines: Sequence[Callable[[], Engine]],
        conversation: Conversation,
        reader: TwilioReader,
        history: Callable[[], Iterable[TurnRecord]],
        on_unreachable: Callable[[], None],
    ) -> None:
        self._engines = engines
        self._conversation = conversation
        self._reader = reader
        self._history = history
        self._on_unreachable = on_unreachable
        self._closing = threading.Event()
        self._engine: Engine | None = None

    def close(self) -> None:
        """Ends the loop and its connection."""
        self._closing.set()
        engine = self._engine
        if engine is not None:
            engine.close()

    def loop(self) -> None:
        """One session after another, of one engine after another."""
        *others, last = self._engines
        for make in others:
            self._sessions(make, is_last=False)
            if not self._closing.is_set():
                log.warning("the next engine takes over")
                self._conversation.next_engine()
        self._sessions(last, is_last=True)
        if not self._closing.is_set():
            self._on_unreachable()

    def _sessions(self, make_engine: Callable[[], Engine], *, is_last: bool) -> None:
        """Until the call is over or this engine cannot be had."""
        tries, max_unreached = 0, MAX_TRIES if is_last else TRIES_BEFORE_NEXT
        within_s = CONNECTS_WITHIN_S if is_last else CONNECT_BEFORE_NEXT_S
        while not self._closing.is_set():
            engine = self._engine = make_engine()
            try:
                engine.connect(within_s)
            except EngineUnavailable as reason:
                log.warning("model not reachable", reason=str(reason), tries=tries)
                tries += 1
                if tries > max_unreached:
                    break
                self._closing.wait(PAUSE_S)
                continue
            began = time.monotonic()
            may_work = self._session(engine)
            if not may_work or (not is_last and self._conversation.flags.model_hangs.is_set()):
                break
            tries = 0 if time.monotonic() - began > WORKED_S else tries + 1
            if tries > MAX_TRIES:
                break

    def _session(self, engine: Engine) -> bool:
        """Until the connection is gone. False when another one would end the same way."""
        conversation, may_work = self._conversation, True
        self._remember(engine)
        conversation.engine_up(engine)
        self._reader.engine = engine
        for event in engine.events():
            if isinstance(event, SessionReady):
                continue
            if isinstance(event, EngineClosed):
                may_work = not event.is_hopeless
                if not self._closing.is_set():
                    log.warning("model connection lost", code=event.code, reason=event.reason)
                break
            conversation.post(event)
        self._reader.engine = None
        engine.close()
        conversation.engine_down()
        return may_work

    def _remember(self, engine: Engine) -> None:
        """A new session has no memory: give it the conversation as it was heard."""
        for turn in list(self._history())[-MAX_REMEMBERED:]:
            if turn.text:
                engine.remember("user" if turn.role == "caller" else "assistant", turn.text)
