"""Everything that goes out over one socket: in order, by one writer at a time, and `send` never waits.

What the kernel takes at once leaves in the sender's own thread, which is the case for nearly every message. When the
peer stops reading, the rest stands in a queue and a thread of its own waits for the peer; senders go on meanwhile. So
a caller's frames are never held up by a model that does not read.
"""

from __future__ import annotations

import select
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from services.sockets.keepalive import cut, send_whole
from services.sockets.locks import fast_lock

MAX_WAITING_BYTES = 1024 * 1024  # more than a minute of a caller's sound


class OrderedWriter:
    """The one writer of `sock`.

    limit_s: how long one message may take to leave once the peer has stopped reading. `on_failure(reason)` is called
    once, by whichever thread finds out, when nothing more can be written; later messages are dropped.
    """

    def __init__(
        self,
        sock: Any,
        limit_s: float,
        on_failure: Callable[[str], None],
        max_waiting_bytes: int = MAX_WAITING_BYTES,
    ) -> None:
        self._sock = sock
        self._limit_s = limit_s
        self._on_failure = on_failure
        self._max_waiting_bytes = max_waiting_bytes
        self._send_now = sender_now(sock)
        self._waiting: deque[bytes | memoryview] = deque()
        self._turn = fast_lock()  # whose turn it is to write
        self._patient = False  # a thread waits for the peer and writes what is queued
        self._failed = False

    def send(self, data: bytes) -> None:
        """Write `data` after everything that was sent before it. Any thread; returns at once."""
        if self._failed:
            return
        if not self._waiting and self._turn.acquire(False):
            try:
                rest = self._write_now(data)
                if rest is not None:
                    self._waiting.appendleft(rest)
            finally:
                self._turn.release()
        else:
            self._waiting.append(data)
        if self._waiting:
            self._write_waiting()

    def _write_now(self, data: bytes | memoryview) -> memoryview | None:
        """What the kernel did not take, None when it took all. In the writer's turn."""
        try:
            sent = self._send_now(data)
        except (OSError, ValueError):  # ValueError: TLS after the socket was cut by another thread
            self._fail("connection lost")
            return None
        return None if sent == len(data) else memoryview(data)[sent:]

    def _write_waiting(self) -> None:
        """Whoever holds the turn looks again after giving it back: so no message is forgotten between two threads."""
        while self._waiting and not self._patient and self._turn.acquire(False):
            try:
                while self._waiting and not self._failed:
                    rest = self._write_now(self._waiting[0])
                    if rest is not None:
                        self._waiting[0] = rest
                        self._start_waiting()
                        break
                    self._waiting.popleft()
            finally:
                self._turn.release()
            if self._failed:
                self._waiting.clear()
        if self._patient and sum(map(len, self._waiting)) > self._max_waiting_bytes:
            self._fail("peer does not read")

    def _start_waiting(self) -> None:
        self._patient = True
        threading.Thread(target=self._wait_and_write, name="socket_writer", daemon=True).start()

    def _wait_and_write(self) -> None:
        with self._turn:
            try:
                while self._waiting and not self._failed:
                    send_whole(self._sock, self._waiting[0], self._limit_s)
                    self._waiting.popleft()
            except (OSError, ValueError) as error:
                self._fail("peer does not read" if isinstance(error, TimeoutError) else "connection lost")
            finally:
                self._patient = False
        if self._failed:
            self._waiting.clear()
        else:
            self._write_waiting()

    def _fail(self, reason: str) -> None:
        if not self._failed:
            self._failed = True
            self._on_failure(reason)


class QueuedWrites:
    """Stands in for a library's socket: the library's own sends may write half a frame, or wait for ever."""

    def __init__(self, sock: Any, limit_s: float, on_failure: Callable[[str], None]) -> None:
        self._sock = sock
        self._writer = OrderedWriter(sock, limit_s, on_failure)

    def send(self, data: bytes) -> int:
        """All of `data`, at once or in its turn; returns its length."""
        self._writer.send(data)
        return len(data)

    def cut(self) -> None:
        """Wake whoever waits on the socket: the connection is over."""
        cut(self._sock)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


def sender_now(sock: Any) -> Callable[[bytes | memoryview], int]:
    """A function that writes what the kernel takes at once and returns how many bytes that were, 0 for none."""
    own: Callable[[bytes | memoryview], int] | None = getattr(sock, "send_now", None)
    if own is not None:
        return own  # services.sockets.tls.TlsSocket
    gevent_socket = sys.modules.get("gevent.socket")
    if gevent_socket is not None and isinstance(sock, gevent_socket.socket):
        return _cooperative(sock)
    return _native(sock)


def _cooperative(sock: Any) -> Callable[[bytes | memoryview], int]:
    """Under gevent a socket's time-out is a plain attribute, and with 0 nobody else runs until it is put back. Set as
    one: by the methods it costs as much as the sending, 50 times a second for each call."""
    send = sock.send

    def send_now(data: bytes | memoryview) -> int:
        timeout_s, sock.timeout = sock.timeout, 0.0
        try:
            sent: int = send(data)
        except BlockingIOError:
            return 0
        finally:
            sock.timeout = timeout_s
        return sent

    return send_now


def _native(sock: socket.socket) -> Callable[[bytes | memoryview], int]:
    """A reader in another thread may need the socket's time-out: it is asked first whether there is room."""
    room = select.poll()
    room.register(sock, select.POLLOUT)

    def send_now(data: bytes | memoryview) -> int:
        return sock.send(data) if room.poll(0) else 0

    return send_now
