"""Receivers of webhooks on this machine: those that never end, and one that does what it should."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]
PIECE_S = 0.1


async def says_nothing(_writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def drips_its_head(writer: asyncio.StreamWriter) -> None:
    await _endlessly(writer, b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a", PIECE_S)


async def drips_its_body(writer: asyncio.StreamWriter) -> None:
    await _endlessly(writer, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", b"a", PIECE_S)


async def floods_its_head(writer: asyncio.StreamWriter) -> None:
    await _endlessly(writer, b"HTTP/1.1 200 OK\r\n", b"X-Much: " + b"a" * 8000 + b"\r\n", 0.0)


async def floods_its_body(writer: asyncio.StreamWriter) -> None:
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    await _endlessly(writer, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunk, 0.0)


async def says_continue(writer: asyncio.StreamWriter) -> None:
    await _endlessly(writer, b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 0.0)


HOSTILE: tuple[Behaviour, ...] = (
    says_nothing,
    drips_its_head,
    drips_its_body,
    floods_its_head,
    floods_its_body,
    says_continue,
)


async def _endlessly(writer: asyncio.StreamWriter, first: bytes, piece: bytes, pause_s: float) -> None:
    writer.write(first)
    while True:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(pause_s)


class Honest:
    """Takes a post and says so. `took_at`: time.monotonic() of each."""

    def __init__(self) -> None:
        self.took_at: list[float] = []

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        self.took_at.append(time.monotonic())
        writer.write(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()


@asynccontextmanager
async def receiver(behaviour: Behaviour) -> AsyncIterator[str]:
    """The address of a receiver that behaves like this with every connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            await reader.read(65536)
            await behaviour(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    finally:
        server.close()
