"""A websocket client for many calls in one process: websockets' sans-I/O protocol over an asyncio transport.

Sending is synchronous (a frame clock calls it), receiving is a callback: no task switch per message.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Protocol

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import parse_uri

from services.sockets.frames import CLOSE_ABNORMAL

CONNECT_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 2.0  # for the other side to answer a Close frame and drop the connection


class HandshakeRefused(Exception):
    """The upgrade was not answered with 101 (31920), or not at all (31901, 31902)."""

    def __init__(self, status: int | None, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


class SocketListener(Protocol):
    """Whoever owns the socket. `on_closed` comes exactly once, last; code 1006 means no Close frame."""

    def on_text(self, data: bytes | bytearray) -> None: ...
    def on_binary(self, data: bytes | bytearray) -> None: ...
    def on_closed(self, code: int, reason: str, *, by_peer: bool) -> None: ...


class ClientSocket(asyncio.Protocol):
    """One websocket. Open it with `connect_websocket`."""

    def __init__(self, url: str, headers: dict[str, str], listener: SocketListener) -> None:
        self._ws = ClientProtocol(parse_uri(url), max_size=None)
        self._headers = headers
        self._listener = listener
        self._transport: asyncio.Transport | None = None
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._parts = bytearray()
        self._parts_text = True
        self._closed = False
        self._we_closed = False
        self._drop_timer: asyncio.TimerHandle | None = None
        self.on_data_read: Callable[[], None] | None = None

    async def wait_open(self) -> None:
        await asyncio.wait_for(self._opened, CONNECT_TIMEOUT_S)

    @property
    def is_open(self) -> bool:
        return self._ws.state is State.OPEN and not self._closed

    def send_text(self, data: bytes) -> None:
        """One text message; silently nothing once the socket is closing, as on a dead line."""
        if self.is_open:
            self._ws.send_text(data)
            self._flush()

    def send_binary(self, data: bytes) -> None:
        if self.is_open:
            self._ws.send_binary(data)
            self._flush()

    def close(self, code: int = 1000) -> None:
        """Start the closing handshake."""
        if self.is_open:
            self._we_closed = True
            self._ws.send_close(code)
            self._flush()

    def abort(self) -> None:
        """Drop the TCP connection with a reset: no Close frame, as when a host dies."""
        if self._transport is None or self._closed:
            return
        raw = self._transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._we_closed = True
        self._transport.abort()

    def pause_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        request = self._ws.connect()
        for name, value in self._headers.items():
            request.headers[name] = value
        self._ws.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        self._ws.receive_data(data)
        for event in self._ws.events_received():
            if isinstance(event, Response):
                self._handshake_answered(event)
            elif isinstance(event, Frame):
                self._frame(event)
        if self._ws.handshake_exc is not None and not self._opened.done():
            self._refuse(self._ws.handshake_exc)
        self._flush()
        if self.on_data_read is not None:
            self.on_data_read()

    def eof_received(self) -> None:
        self._ws.receive_eof()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._opened.done():
            self._opened.set_exception(HandshakeRefused(None, "connection lost during the handshake"))
            return
        if self._closed:
            return
        self._closed = True
        if self._drop_timer is not None:
            self._drop_timer.cancel()
        if self._ws.state is not State.CLOSED:
            self._ws.receive_eof()
        code, reason = self._ws.close_code, self._ws.close_reason
        self._listener.on_closed(
            CLOSE_ABNORMAL if code is None else int(code), reason or "", by_peer=not self._we_closed
        )

    def _handshake_answered(self, response: Response) -> None:
        if self._opened.done():
            return
        if self._ws.handshake_exc is not None:
            self._refuse(self._ws.handshake_exc, response)
        else:
            self._opened.set_result(None)

    def _refuse(self, error: Exception, response: Response | None = None) -> None:
        status = response.status_code if response is not None else None
        self._opened.set_exception(HandshakeRefused(status, str(error)))

    def _frame(self, frame: Frame) -> None:
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return
        if frame.opcode is not Opcode.CONT:
            self._parts_text = frame.opcode is Opcode.TEXT
            if frame.fin:
                self._deliver(frame.data)
                return
            self._parts = bytearray(frame.data)
            return
        self._parts += frame.data
        if frame.fin:
            self._deliver(self._parts)

    def _deliver(self, data: bytes | bytearray | memoryview) -> None:
        whole = data if isinstance(data, (bytes, bytearray)) else bytes(data)
        if self._parts_text:
            self._listener.on_text(whole)
        else:
            self._listener.on_binary(whole)

    def _flush(self) -> None:
        transport = self._transport
        assert transport is not None
        for data in self._ws.data_to_send():
            if data:
                transport.write(data)
            elif transport.can_write_eof() and not transport.is_closing():
                transport.write_eof()
        if self._ws.close_expected() and self._drop_timer is None:
            self._drop_timer = asyncio.get_running_loop().call_later(CLOSE_TIMEOUT_S, transport.abort)


async def connect_websocket(
    url: str, address: tuple[str, int], headers: dict[str, str], listener: SocketListener
) -> ClientSocket:
    """Connect to `address` while asking for `url` (the public one). Raises HandshakeRefused."""
    loop = asyncio.get_running_loop()
    try:
        _, client = await asyncio.wait_for(
            loop.create_connection(lambda: ClientSocket(url, headers, listener), *address), CONNECT_TIMEOUT_S
        )
    except (OSError, TimeoutError) as error:
        raise HandshakeRefused(None, f"cannot connect: {error}") from error
    try:
        await client.wait_open()
    except TimeoutError as error:
        client.abort()
        raise HandshakeRefused(None, "no answer to the upgrade") from error
    return client
