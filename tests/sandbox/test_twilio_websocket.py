"""The caller's websocket against the websockets package's own server: fragments, pings, closing, loss, refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from websockets.asyncio.server import ServerConnection, serve

from sandbox.twilio.websocket import ClientSocket, HandshakeRefused, connect_websocket
from tests.patience import PATIENCE_S

Serve = Callable[[ServerConnection], Awaitable[None]]


@dataclass
class Heard:
    texts: list[bytes] = field(default_factory=list)
    binaries: list[bytes] = field(default_factory=list)
    closed: list[tuple[int, str, bool]] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def on_text(self, data: bytes | bytearray) -> None:
        self.texts.append(bytes(data))

    def on_binary(self, data: bytes | bytearray) -> None:
        self.binaries.append(bytes(data))

    def on_closed(self, code: int, reason: str, *, by_peer: bool) -> None:
        self.closed.append((code, reason, by_peer))
        self.gone.set()


def talk(handler: Serve, act: Callable[[ClientSocket], Awaitable[None]] | None = None) -> Heard:
    async def run() -> Heard:
        heard = Heard()
        async with serve(handler, "127.0.0.1", 0) as server:
            port: int = server.sockets[0].getsockname()[1]
            client = await connect_websocket("ws://calls.example/x", ("127.0.0.1", port), {}, heard)
            if act is not None:
                await act(client)
            await asyncio.wait_for(heard.gone.wait(), PATIENCE_S)
        return heard

    return asyncio.run(run())


def test_fragmented_and_long_messages_arrive_whole() -> None:
    async def handler(ws: ServerConnection) -> None:
        await ws.send(["hel", "lo", ""])
        await ws.send("x" * 100_000)
        await ws.send([b"\x00", b"\x01"])

    heard = talk(handler)
    assert heard.texts == [b"hello", b"x" * 100_000]
    assert heard.binaries == [b"\x00\x01"]
    assert heard.closed == [(1000, "", True)]


def test_pings_are_answered_and_what_is_sent_arrives_in_order() -> None:
    got: list[str | bytes] = []

    async def handler(ws: ServerConnection) -> None:
        await (await ws.ping())
        async for message in ws:
            got.append(message)

    async def act(client: ClientSocket) -> None:
        for n in range(50):
            client.send_text(b"%d" % n)
        client.send_binary(b"\xff")
        client.close()

    heard = talk(handler, act)
    assert got == [str(n) for n in range(50)] + [b"\xff"]
    assert heard.closed == [(1000, "", False)]


def test_the_servers_close_code_and_reason_are_kept() -> None:
    async def handler(ws: ServerConnection) -> None:
        await ws.close(1008, "no token")

    assert talk(handler).closed == [(1008, "no token", True)]


def test_an_aborted_connection_is_reported_once_as_1006() -> None:
    async def handler(ws: ServerConnection) -> None:
        await ws.wait_closed()

    async def act(client: ClientSocket) -> None:
        client.abort()
        client.abort()
        client.send_text(b"into the void")

    assert talk(handler, act).closed == [(1006, "", False)]


def test_a_server_that_breaks_the_protocol_is_cut_off() -> None:
    async def handler(ws: ServerConnection) -> None:
        ws.transport.write(b"\xff\xff nonsense")
        await ws.wait_closed()

    (closed,) = talk(handler).closed
    assert closed[0] in {1002, 1006}


def test_nobody_listening_is_a_refused_handshake() -> None:
    async def run() -> None:
        await connect_websocket("ws://calls.example/x", ("127.0.0.1", 9), {}, Heard())

    with pytest.raises(HandshakeRefused, match="cannot connect"):
        asyncio.run(run())
