"""The websocket to the model, behind one interface, in two implementations chosen by a setting.

Both are opened by websocket-client: name, proxy, TLS, handshake. `buffered` (the default) then reads and writes the
socket with our own frame codec; `library` stays with websocket-client, which reads a frame in four small steps and
masks in several. TLS is the standard library's either way. Sends may come from any thread, `receive` from one.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from functools import cache
from time import monotonic
from typing import Any, Protocol

import websocket

from services.sockets import frames
from services.sockets.connection import FramedSocket
from services.sockets.keepalive import KeepAlive, Limits, SocketEnd
from services.sockets.reader import reader_for
from services.sockets.tls import shareable
from services.sockets.writer import QueuedWrites

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
LIMITS = Limits(ping_every_s=20.0)


class TransportClosed(SocketEnd):
    """The connection to the model is over, or could not be opened: then the reason says why."""


class RealtimeTransport(Protocol):
    def send_text(self, message: bytes) -> None:
        """One UTF-8 message, after all that were sent before it. Any thread; never waits for the model: what it does
        not take at once is queued. Raises TransportClosed when the connection is known to be over."""

    def receive(self, timeout_s: float | None = None) -> bytes | None:
        """The next text message as it came, not checked to be UTF-8; None when none came in time. One thread only.
        Raises TransportClosed."""

    def close(self) -> None:
        """Idempotent, any thread; a waiting `receive` raises soon."""


def connect(
    url: str,
    *,
    headers: Mapping[str, str],
    timeout_s: float,
    buffered: bool,
    limits: Limits = LIMITS,
    tls: ssl.SSLContext | None = None,
) -> RealtimeTransport:
    """Open `url` (ws or wss, query included). Raises TransportClosed; the reason never contains a header."""
    try:
        opened = websocket.create_connection(
            url,
            timeout=timeout_s,
            header=dict(headers),
            skip_utf8_validation=True,
            sslopt={"context": tls or _default_tls()} if url.startswith("wss:") else {},
        )
    except websocket.WebSocketBadStatusException as refused:
        raise TransportClosed(frames.CLOSE_ABNORMAL, f"HTTP status {refused.status_code}") from None
    except (websocket.WebSocketException, OSError, ValueError) as error:
        raise TransportClosed(frames.CLOSE_ABNORMAL, f"cannot connect: {type(error).__name__}") from None
    return (_BufferedTransport if buffered else _LibraryTransport)(opened, limits)


@cache
def _default_tls() -> ssl.SSLContext:
    """One for the process: loading the certificate store takes 20 ms, during which no call would get its audio."""
    return ssl.create_default_context()


class _BufferedTransport(FramedSocket[bytes]):
    def __init__(self, opened: Any, limits: Limits) -> None:  # opened: websocket.WebSocket, loosely typed
        # No UTF-8 check: the JSON parser makes it, and doing it twice is a fifth of a straightforward call's cost.
        parser = frames.FrameParser(masked=False, max_message_bytes=MAX_MESSAGE_BYTES, check_utf8=False)
        keys = frames.MaskKeys(os.urandom)
        sock = shareable(opened.sock)
        reader = reader_for(sock, limits.tick_s)
        super().__init__(sock, reader, parser, keys=keys, limits=limits, end=TransportClosed)
        self.take(b"".join(opened.frame_buffer.recv_buffer))  # what came right behind the handshake, if anything


class _LibraryTransport:
    def __init__(self, opened: Any, limits: Limits) -> None:  # opened: websocket.WebSocket, loosely typed
        self._library = opened
        self._wire = QueuedWrites(shareable(opened.sock), limits.send_s, self._lost)
        self._keep_alive = KeepAlive(limits)
        self._tick_s = limits.tick_s
        self._end: tuple[int, str] | None = None
        opened.sock = self._wire
        opened.settimeout(limits.tick_s)

    def send_text(self, message: bytes) -> None:
        if self._end is not None:
            raise TransportClosed(*self._end)
        try:
            self._library.send(message)
        except (websocket.WebSocketException, OSError, ValueError):
            raise TransportClosed(frames.CLOSE_ABNORMAL, "connection lost") from None

    def receive(self, timeout_s: float | None = None) -> bytes | None:
        deadline = None if timeout_s is None else monotonic() + timeout_s
        while True:
            if self._end is not None:
                self._library.shutdown()
                raise TransportClosed(*self._end)
            message = self._receive_some(deadline)
            now = monotonic()
            self._look_after(now)
            if message is not None:
                return message
            if deadline is not None and now >= deadline:
                return None

    def close(self) -> None:
        if self._end is not None:
            return
        self._end = (frames.CLOSE_NORMAL, "")
        try:
            self._library.send_close(frames.CLOSE_NORMAL)
        except (websocket.WebSocketException, OSError, ValueError):
            pass  # gone already
        self._wire.cut()

    def _receive_some(self, deadline: float | None) -> bytes | None:
        """The next text message, or None when a tick went by or something else came."""
        left_s = self._tick_s if deadline is None else min(self._tick_s, max(0.001, deadline - monotonic()))
        try:
            self._library.settimeout(left_s)
            opcode, frame = self._library.recv_data_frame(control_frame=True)
        except websocket.WebSocketTimeoutException:
            return None
        except (websocket.WebSocketException, OSError, ValueError) as error:
            self._fail(error)
            return None
        self._keep_alive.heard_at = monotonic()
        payload: bytes = frame.data
        if opcode == frames.OP_CLOSE:
            self._finish(*frames.decode_close_payload(payload))
            self._wire.cut()
        return payload if opcode == frames.OP_TEXT else None

    def _fail(self, error: Exception) -> None:
        if isinstance(error, websocket.WebSocketProtocolException):
            try:
                self._library.send_close(frames.CLOSE_PROTOCOL_ERROR)
            except (websocket.WebSocketException, OSError, ValueError):
                pass  # gone already
            self._finish(frames.CLOSE_PROTOCOL_ERROR, "protocol error")
        self._finish(frames.CLOSE_ABNORMAL, "connection lost")
        self._wire.cut()

    def _look_after(self, now: float) -> None:
        if self._keep_alive.is_dead(now):
            self._finish(frames.CLOSE_ABNORMAL, "nothing received for too long")
            self._wire.cut()
        elif self._keep_alive.ping_due(now):
            try:
                self._library.ping()
            except (websocket.WebSocketException, OSError, ValueError):
                pass  # the next receive says so

    def _lost(self, reason: str) -> None:
        """Nothing more can be written; the reader is told."""
        self._finish(frames.CLOSE_ABNORMAL, reason)
        self._wire.cut()

    def _finish(self, code: int, reason: str) -> None:
        if self._end is None:
            self._end = (code, reason)
