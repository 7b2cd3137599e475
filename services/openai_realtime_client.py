"""The OpenAI Realtime engine: one websocket to the model, GA dialect, behind the engine interface (R1-R3, R5).

Transport and dialect only; every decision is made in media/. `events` belongs to one thread, the other methods may
be called by any. Sending after the connection is gone is silent: `events` tells of it, once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import orjson
import structlog

from services.engines import interface as e
from services.engines.audio_convert import PCMU, Converter, converter
from services.engines.realtime import protocol
from services.engines.realtime.protocol import SessionConfig
from services.engines.realtime.transport import RealtimeTransport, TransportClosed, connect
from services.realtime_prompt_builder import greeting_instructions
from services.sockets.frames import CLOSE_ABNORMAL, CLOSE_NORMAL

log = structlog.get_logger("engine")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is: the ws/wss URL without a query, and the key."""

    url: str
    api_key: str
    buffered: bool = True  # the lean socket path; False: the library's own


class OpenAIRealtime:
    """See services.engines.interface.Engine."""

    def __init__(self, endpoint: Endpoint, config: SessionConfig) -> None:
        self._endpoint = endpoint
        self._config = config
        self._transport: RealtimeTransport | None = None
        self._closed = threading.Event()
        self._to_model: Converter | None = None  # set when the session's formats are not ours (I1)
        self._from_model: Converter | None = None
        self._ready = e.SessionReady("", "")

    @property
    def abilities(self) -> e.Abilities:
        """Its model hears the sound, and ends turns unless that was left to us."""
        return e.Abilities(ends_turns=self._config.endpointing != "local")

    def connect(self, within_s: float = e.CONNECTS_WITHIN_S) -> None:
        """Open the socket and configure the session. Raises EngineUnavailable."""
        until_s = time.monotonic() + within_s
        try:
            self._transport = connect(
                f"{self._endpoint.url}?{urlencode({'model': self._config.model})}",
                headers={"Authorization": f"Bearer {self._endpoint.api_key}"},
                timeout_s=within_s,
                buffered=self._endpoint.buffered,
            )
        except TransportClosed as closed:
            raise e.EngineUnavailable(f"connect: {closed}") from None
        if self._closed.is_set():
            self._transport.close()
            raise e.EngineUnavailable("closed while connecting")
        self._send(protocol.session_update(self._config))
        self._ready = self._await_session(until_s)
        try:
            self._to_model = converter(PCMU, self._ready.input_format)
            self._from_model = converter(self._ready.output_format, PCMU)
        except ValueError as unknown:
            self.close()
            raise e.EngineUnavailable(f"configure: {unknown}") from None
        if self._to_model or self._from_model:
            log.warning("session formats differ", input=self._ready.input_format, output=self._ready.output_format)

    def _await_session(self, until_s: float) -> e.SessionReady:
        while True:
            try:
                event = self._receive(max(0.0, until_s - time.monotonic()))
            except TransportClosed as closed:
                raise e.EngineUnavailable(f"configure: {closed}") from None
            if event is None:
                self.close()
                raise e.EngineUnavailable("configure: no answer to session.update")
            if isinstance(event, e.SessionReady):
                return event
            if isinstance(event, e.EngineError):
                self.close()
                raise e.EngineUnavailable(f"configure: {event.code}: {event.message}")

    def events(self) -> Iterator[e.EngineEvent]:
        """Typed events until EngineClosed, always the last."""
        yield self._ready
        while True:
            try:
                event = self._receive(None)
            except TransportClosed as closed:
                yield e.EngineClosed(closed.code, closed.reason)
                return
            if event is None:
                continue
            if isinstance(event, e.AudioDelta) and self._from_model is not None:
                event = e.AudioDelta(event.response_id, event.item_id, self._from_model(event.payload))
            yield event
            if isinstance(event, e.EngineError) and (event.fatal or event.code in protocol.SESSION_OVER_CODES):
                self.close()
                yield e.EngineClosed(CLOSE_NORMAL, event.code)
                return

    def _receive(self, timeout_s: float | None) -> e.EngineEvent | None:
        """The next event worth handing on; None when none came in time. Raises TransportClosed."""
        transport = self._transport
        if transport is None:
            raise TransportClosed(CLOSE_ABNORMAL, "not connected")
        while True:
            message = transport.receive(timeout_s)
            if message is None:
                return None
            try:
                event = protocol.parse(orjson.loads(message))
            except (orjson.JSONDecodeError, AttributeError):
                return e.EngineError("not_json", "the model sent something that is no event", fatal=False)
            if event is not None:
                return event

    # -- sending ---------------------------------------------------------------------------------------------

    def hear(self, payload: str) -> None:
        if self._to_model is not None:
            payload = self._to_model(payload)
        self._write(protocol.append_audio(payload))

    def commit_turn(self) -> None:
        self._send(protocol.commit())

    def answer(self, instructions: str | None = None) -> None:
        self._send(protocol.response_create(instructions))

    def say(self, words: str) -> None:
        self._send(protocol.response_create(greeting_instructions(words)))

    def say_server(self, text: str) -> None:
        self._send(protocol.message_item("system", text))

    def remember(self, role: str, text: str) -> None:
        self._send(protocol.message_item(role, text))

    def delete_item(self, item_id: str) -> None:
        self._send(protocol.delete_item(item_id))

    def cancel(self, response_id: str) -> None:
        self._send(protocol.response_cancel(response_id))

    def truncate(self, item_id: str, audio_end_ms: int) -> None:
        self._send(protocol.truncate(item_id, audio_end_ms))

    def close(self) -> None:
        self._closed.set()
        if self._transport is not None:
            self._transport.close()

    def _send(self, event: protocol.EventDict) -> None:
        self._write(orjson.dumps(event))

    def _write(self, message: bytes) -> None:
        transport = self._transport
        if transport is None:
            return
        try:
            transport.send_text(message)
        except TransportClosed:
            pass  # the reader of `events` is told
