"""The server in a thread with an event loop of its own, for tests that live in the same process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.realtime.chat import ChatAnswer
from sandbox.realtime.record import SessionRecord, wait_until
from sandbox.realtime.script import Script
from sandbox.realtime.server import Options, RealtimeServer

_DEADLINE_S = 10.0


class RunningServer:
    """A handle on a server in another thread; everything here may be called from any thread."""

    def __init__(self, server: RealtimeServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self.realtime_url = server.realtime_url
        self.base_url = server.base_url
        self.port = server.port

    @property
    def sessions(self) -> list[SessionRecord]:
        """Records of all connections, the oldest first."""
        return self._server.sessions

    @property
    def refused_handshakes(self) -> int:
        """Connections that were refused before the websocket opened."""
        return self._server.refused_handshakes

    @property
    def chat_requests(self) -> list[dict[str, Any]]:
        """Bodies of the chat requests so far."""
        return list(self._server.options.chat.requests)

    def add_script(self, script: Script | dict[str, Any]) -> None:
        """Put a script into the queue; a dict is checked first."""
        checked = Script.model_validate(script)
        self._loop.call_soon_threadsafe(self._server.script_queue.add, checked)

    def add_chat(self, answer: ChatAnswer | dict[str, Any]) -> None:
        """Put an answer of the text model into its queue."""
        checked = ChatAnswer.model_validate(answer)
        self._loop.call_soon_threadsafe(self._server.options.chat.add, checked)

    def wait_session(self, number: int = 0, timeout_s: float = 5.0) -> SessionRecord:
        """The record of this connection, counted from 0; raises TimeoutError when it does not come."""
        wait_until(lambda: len(self.sessions) > number, timeout_s, f"session number {number}")
        return self.sessions[number]


@contextmanager
def running_server(
    *, port: int = 0, scripts: Iterable[Script | dict[str, Any]] = (), options: Options | None = None
) -> Iterator[RunningServer]:
    """A server on 127.0.0.1 that is ready when the block begins and gone when it ends."""
    server = RealtimeServer(options, [Script.model_validate(script) for script in scripts])
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sandbox-realtime", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.start(port=port), loop).result(_DEADLINE_S)
        yield RunningServer(server, loop)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(_DEADLINE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_DEADLINE_S)
        loop.close()
