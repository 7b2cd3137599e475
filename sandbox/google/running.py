"""The server in a thread with an event loop of its own, for tests that live in the same process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.google.record import CallRecord
from sandbox.google.server import GoogleServer, ServerOptions
from sandbox.realtime.record import wait_until
from sandbox.realtime.script import Script

_DEADLINE_S = 10.0


class RunningGoogle:
    """A handle on a server in another thread; everything here may be called from any thread."""

    def __init__(self, server: GoogleServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server, self._loop = server, loop
        self.grpc_address = server.grpc_address
        self.speech_endpoint = self.tts_endpoint = f"insecure:{server.grpc_address}"
        self.base_url = server.http.base_url
        self.port = server.http.port

    @property
    def calls(self) -> list[CallRecord]:
        """Records of all calls, the oldest first."""
        return list(self._server.calls.records)

    def add_script(self, script: Script | dict[str, Any]) -> None:
        """Put a script into the queue; a dict is checked first."""
        checked = Script.model_validate(script)
        self._loop.call_soon_threadsafe(self._server.http.script_queue.add, checked)

    def wait_call(self, number: int = 0, timeout_s: float = 5.0) -> CallRecord:
        """The record of this call, counted from 0; raises TimeoutError when it does not come."""
        wait_until(lambda: len(self.calls) > number, timeout_s, f"call number {number}")
        return self.calls[number]

    def call(self, key: str, timeout_s: float = 5.0) -> CallRecord:
        """The record of the call with this id; raises TimeoutError when it does not come."""
        wait_until(lambda: any(one.key == key for one in self.calls), timeout_s, f"call {key!r}")
        return next(one for one in self.calls if one.key == key)


@contextmanager
def running_google(
    *,
    port: int = 0,
    grpc_port: int = 0,
    scripts: Iterable[Script | dict[str, Any]] = (),
    options: ServerOptions | None = None,
) -> Iterator[RunningGoogle]:
    """A server on 127.0.0.1 that is ready when the block begins and gone when it ends."""
    checked = [Script.model_validate(script) for script in scripts]
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sandbox-google", daemon=True)
    thread.start()

    async def begin() -> GoogleServer:
        server = GoogleServer(options, checked)
        await server.start(port=port, grpc_port=grpc_port)
        return server

    try:
        server = asyncio.run_coroutine_threadsafe(begin(), loop).result(_DEADLINE_S)
        try:
            yield RunningGoogle(server, loop)
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result(_DEADLINE_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_DEADLINE_S)
        loop.close()
