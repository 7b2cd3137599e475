"""The websocket to Twilio, behind one interface, in two implementations chosen by a setting.

`buffered` (the default) lets flask-sock do the upgrade and then reads the socket itself, in the handler's own thread:
no reader thread, no Event and no queue between the wire and the call. `library` is simple-websocket as it comes, with
its reader thread; it costs more (docs/benchmarks.md, "Our sockets") and is there to fall back to, and to compare with.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Protocol

import simple_websocket

from media.twilio.protocol import BinaryMessage
from services.sockets import frames
from services.sockets.connection import FramedSocket
from services.sockets.keepalive import KeepAlive, Limits, SocketEnd, WholeWrites
from services.sockets.reader import reader_for

MAX_MESSAGE_BYTES = 64 * 1024


class SocketClosed(SocketEnd):
    """The socket to Twilio is over: the peer's close code, ours, or 1006 when it was lost."""


class TwilioSocket(Protocol):
    def receive(self, timeout_s: float | None = None) -> str | bytes | BinaryMessage | None:
        """The next message, None when none came in time. One thread only. Raises SocketClosed."""

    def send(self, text: bytes) -> None:
        """One UTF-8 text message, whole or not at all. One thread only. Raises SocketClosed."""

    def close(self, code: int = frames.CLOSE_NORMAL, reason: str = "") -> None:
        """Idempotent, any thread, returns soon; `receive` raises within about 3 s if the peer does not answer."""


def server_options(*, buffered: bool) -> dict[str, Any]:
    """For `app.config["SOCK_SERVER_OPTIONS"]`. Pings are ours in both: the library's kill on one missed pong."""
    return {
        "max_message_size": MAX_MESSAGE_BYTES,
        "ping_interval": None,
        "thread_class": _NoThread if buffered else _LateThread,
    }


def decline_compression(environ: dict[str, Any]) -> None:
    """Call before the upgrade (a before_request hook): else simple-websocket accepts permessage-deflate, which for
    20 ms frames of mu-law costs time and wins nothing. Browsers always offer it."""
    environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)


@contextmanager
def twilio_socket(
    server: simple_websocket.Server,
    *,
    buffered: bool,
    on_keepalive: Callable[[], None] | None = None,
    limits: Limits | None = None,
) -> Iterator[TwilioSocket]:
    """Use the upgraded connection inside a flask-sock route; leaving the block closes it (1000 unless closed before).

    `buffered` must be what `server_options` was told. `on_keepalive` is called after each ping, about every 18 s.
    """
    _send_at_once(server.sock)
    make = _BufferedSocket if buffered else _LibrarySocket
    conversation = make(server, limits or Limits(), on_keepalive)
    try:
        yield conversation
    finally:
        conversation.close()
        conversation.finish()


def _send_at_once(sock: socket.socket) -> None:
    """No waiting to fill a segment (Nagle): gunicorn sets it, the development server does not."""
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        pass  # gone already, or not TCP


class _NoThread:
    """In place of the library's reader thread: we read."""

    def __init__(self, target: Callable[[], None]) -> None:
        self.name = "twilio-socket"

    def start(self) -> None:
        pass


class _LateThread(threading.Thread):
    """The library's reader thread, not to run before its socket is wrapped."""

    def start(self) -> None:
        pass

    def begin(self) -> None:
        super().start()


class _BufferedSocket(FramedSocket[BinaryMessage]):
    def __init__(
        self, server: simple_websocket.Server, limits: Limits, on_keepalive: Callable[[], None] | None
    ) -> None:
        if "HTTP_SEC_WEBSOCKET_EXTENSIONS" in server.environ:
            raise RuntimeError("decline_compression() must run before the upgrade")
        parser = frames.FrameParser(masked=True, max_message_bytes=MAX_MESSAGE_BYTES, check_utf8=True)
        reader = reader_for(server.sock, limits.tick_s)
        super().__init__(
            server.sock,
            reader,
            parser,
            keys=None,
            limits=limits,
            end=SocketClosed,
            binary=BinaryMessage,
            on_ping=on_keepalive,
        )
        server.connected = False  # the library must neither write nor close any more

    send = FramedSocket.send_text

    def finish(self) -> None:
        self.drain()


class _WholeWrites(WholeWrites):
    """For simple-websocket, whose reading thread takes a time-out for the end."""

    def recv(self, size: int) -> bytes:
        while True:
            try:
                return self._sock.recv(size)
            except TimeoutError:
                continue


class _LibrarySocket:
    def __init__(
        self, server: simple_websocket.Server, limits: Limits, on_keepalive: Callable[[], None] | None
    ) -> None:
        self._server = server
        self._on_keepalive = on_keepalive
        self._keep_alive = KeepAlive(limits)
        self._close_s = limits.close_s
        self._tick_s = limits.tick_s
        self._ours: tuple[int, str] | None = None  # how we closed it
        self._wire = _WholeWrites(server.sock, limits.send_s)
        server.sock.settimeout(limits.tick_s)
        server.sock = self._wire
        server.thread.begin()

    def receive(self, timeout_s: float | None = None) -> str | BinaryMessage | None:
        deadline = None if timeout_s is None else monotonic() + timeout_s
        while True:
            wait_s = self._tick_s if deadline is None else min(self._tick_s, max(0.0, deadline - monotonic()))
            try:
                message = self._server.receive(wait_s)
            except simple_websocket.ConnectionClosed as closed:
                raise self._closed(closed) from None
            now = monotonic()
            self._look_after(now, heard=message is not None)
            if message is not None:
                return BinaryMessage(len(message)) if isinstance(message, bytes) else message
            if deadline is not None and now >= deadline:
                return None

    def send(self, text: bytes) -> None:
        try:
            self._server.send(text.decode())
        except simple_websocket.ConnectionClosed as closed:
            raise self._closed(closed) from None
        except OSError:
            raise SocketClosed(frames.CLOSE_ABNORMAL, "connection lost") from None

    def close(self, code: int = frames.CLOSE_NORMAL, reason: str = "") -> None:
        try:
            self._server.close(code, reason)
        except (simple_websocket.ConnectionClosed, OSError):
            return  # closed before
        self._ours = (code, reason)

    def finish(self) -> None:
        """The library's thread answers the peer's close, or hears the answer to ours: let it, within the limit."""
        self._server.thread.join(self._close_s)
        self._wire.cut()

    def _look_after(self, now: float, *, heard: bool) -> None:
        if heard or self._server.pong_received:
            self._keep_alive.heard_at = now
        if self._keep_alive.is_dead(now):
            self.close(frames.CLOSE_GOING_AWAY, "idle")
        elif self._keep_alive.ping_due(now):
            self._ping()

    def _ping(self) -> None:
        self._server.pong_received = False
        try:
            self._wire.send(frames.encode_frame(frames.OP_PING, b""))
        except OSError:
            return  # the next receive says so
        if self._on_keepalive is not None:
            self._on_keepalive()

    def _closed(self, closed: simple_websocket.ConnectionClosed) -> SocketClosed:
        if self._ours is not None:
            return SocketClosed(*self._ours)
        code = int(closed.reason)
        return SocketClosed(frames.CLOSE_ABNORMAL if code == frames.CLOSE_NO_STATUS else code, closed.message or "")
