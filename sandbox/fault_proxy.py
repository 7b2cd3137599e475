"""A TCP proxy that breaks connections on request: cut, frozen, refused. Runs in the caller's event loop.

    async with FaultProxy([("127.0.0.1", 5432)]) as proxy:   # listens on proxy.port
        proxy.cut(); proxy.refuse(True); proxy.freeze(True)

Several targets stand for several instances behind one address: a connection goes to the first that answers.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self

CHUNK = 65536
_LINGER_RESET = struct.pack("ii", 1, 0)

Target = tuple[str, int]


class FaultProxy:
    """`targets` may be changed at any time; it counts for new connections."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self.targets = list(targets)
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._refusing = False
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.freeze(False)
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def connections(self) -> int:
        return len(self._writers) // 2

    def cut(self) -> None:
        """Reset every open connection on both sides, as a crashed machine's network does."""
        for writer in list(self._writers):
            _reset(writer)

    def refuse(self, on: bool) -> None:
        """Whether new connections are reset at once."""
        self._refusing = on

    def freeze(self, on: bool) -> None:
        """Whether nothing passes any more while everything stays open."""
        (self._flowing.clear if on else self._flowing.set)()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        behind = None if self._refusing else await self._connect()
        if behind is None:
            _reset(writer)
            return
        ends = (writer, behind[1])
        self._writers.update(ends)
        try:
            await asyncio.gather(self._pump(reader, behind[1]), self._pump(behind[0], writer))
        finally:
            self._writers.difference_update(ends)
            for end in ends:
                end.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for host, port in list(self.targets):
            try:
                return await asyncio.open_connection(host, port)
            except OSError:
                continue  # that instance is gone: the next one
        return None

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(CHUNK):
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
            if sink.can_write_eof():
                sink.write_eof()
        except OSError:
            _reset(sink)  # what broke on one side breaks on the other


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_RESET)
    writer.transport.abort()


@contextmanager
def proxy_thread(targets: Sequence[Target]) -> Iterator[ThreadedProxy]:
    """A proxy in a thread and an event loop of its own: callers that keep another loop busy do not slow it down."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fault_proxy", daemon=True)
    thread.start()
    proxy = FaultProxy(targets)
    asyncio.run_coroutine_threadsafe(proxy.__aenter__(), loop).result(10)
    try:
        yield ThreadedProxy(proxy, loop)
    finally:
        asyncio.run_coroutine_threadsafe(proxy.__aexit__(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


class ThreadedProxy:
    """The same faults, from any thread."""

    def __init__(self, proxy: FaultProxy, loop: asyncio.AbstractEventLoop) -> None:
        self._proxy, self._loop = proxy, loop
        self.port = proxy.port

    def lead_to(self, targets: Sequence[Target]) -> None:
        """Where new connections go from now on."""
        self._loop.call_soon_threadsafe(setattr, self._proxy, "targets", list(targets))

    def cut(self) -> None:
        self._loop.call_soon_threadsafe(self._proxy.cut)

    def refuse(self, on: bool) -> None:
        self._loop.call_soon_threadsafe(self._proxy.refuse, on)

    def freeze(self, on: bool) -> None:
        self._loop.call_soon_threadsafe(self._proxy.freeze, on)
