"""What every socket of a call needs, whoever parses its frames: times, whole writes, keep-alive, and an end."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from time import monotonic
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds. A missed pong alone never ends a connection; `idle_s` without a single byte does.

    send_s: how long one message may take to leave; close_s: how long the peer may take to answer our close frame.
    """

    ping_every_s: float = 18.0
    idle_s: float = 50.0
    send_s: float = 5.0
    close_s: float = 2.0

    @property
    def tick_s(self) -> float:
        """A reader wakes at least this often to see to the others."""
        return min(1.0, self.ping_every_s, self.close_s)


class SocketEnd(Exception):
    """The connection is over. `code` is a websocket close code, 1006 when the peer vanished without one."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code
        self.reason = reason


class KeepAlive:
    """When to ping and when to give up. The reader sets `heard_at` at every sign of life."""

    __slots__ = ("_idle_s", "_ping_every_s", "heard_at", "ping_at")

    def __init__(self, limits: Limits) -> None:
        self._ping_every_s = limits.ping_every_s
        self._idle_s = limits.idle_s
        self.heard_at = monotonic()
        self.ping_at = self.heard_at + limits.ping_every_s

    def ping_due(self, now: float) -> bool:
        """True once per interval."""
        if now < self.ping_at:
            return False
        self.ping_at = now + self._ping_every_s
        return True

    def is_dead(self, now: float) -> bool:
        """Was nothing at all heard for too long?"""
        return now - self.heard_at >= self._idle_s


def send_whole(sock: socket.socket, data: bytes | memoryview, limit_s: float) -> None:
    """All of `data`, or OSError: then half a frame may be out, which cannot be mended, and the socket must be cut.

    A reader may change the socket's time-out meanwhile: how long we try is counted here.
    """
    try:
        sent = sock.send(data)
    except TimeoutError:
        sent = 0
    if sent == len(data):
        return
    rest = memoryview(data)[sent:]
    deadline = monotonic() + limit_s
    while rest:
        if monotonic() >= deadline:
            raise TimeoutError("peer does not read")
        try:
            rest = rest[sock.send(rest) :]
        except TimeoutError:
            continue


def cut(sock: socket.socket, how: int = socket.SHUT_RDWR) -> None:
    """End the connection so that a reader and a writer waiting on it wake; the socket itself stays open."""
    try:
        if isinstance(sock, socket.socket):
            # Not SSLSocket.shutdown, which takes the TLS object away from under a waiting reader.
            socket.socket.shutdown(sock, how)
        else:
            sock.shutdown(how)
    except OSError:
        pass  # already gone


class WholeWrites:
    """Stands in for a library's socket: the libraries' own sends may write half a frame, or wait for ever."""

    def __init__(self, sock: socket.socket, limit_s: float) -> None:
        self._sock = sock
        self._limit_s = limit_s
        self._lock = threading.Lock()

    def send(self, data: bytes) -> int:
        """All of `data`; returns its length. Raises OSError, and then the connection is cut."""
        with self._lock:
            try:
                send_whole(self._sock, data, self._limit_s)
            except OSError:
                cut(self._sock)
                raise
        return len(data)

    def cut(self) -> None:
        cut(self._sock)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)
