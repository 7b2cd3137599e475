"""Waiting for bytes: one way for plain threads, one for gevent."""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Any, Protocol
from weakref import WeakKeyDictionary

READ_BYTES = 65536
GEVENT_CHECK_S = 0.1


class Reader(Protocol):
    def read(self, until: float) -> bytes:
        """What has arrived, b"" at the end of the stream. Raises TimeoutError at about `until` (monotonic seconds),
        OSError when the connection is broken. One thread only."""

    def close(self) -> None:
        """By the reading thread, when it will not read again. The socket stays open."""


class BlockingReader:
    """`recv` with the socket's own time-out. `tick_s` is the usual wait, set once and not again for each read."""

    def __init__(self, sock: socket.socket, tick_s: float) -> None:
        self._sock = sock
        self._tick_s = self._timeout_s = tick_s
        sock.settimeout(tick_s)

    def read(self, until: float) -> bytes:
        left_s = until - monotonic()
        timeout_s = self._tick_s if left_s > self._tick_s * 0.9 else max(0.001, left_s)
        if timeout_s != self._timeout_s:
            self._sock.settimeout(timeout_s)
            self._timeout_s = timeout_s
        return self._sock.recv(READ_BYTES)

    def close(self) -> None:
        pass


class GeventReader:
    """gevent's own `recv` tries, fails, starts a timer, waits and tries again: 10 us where 7 will do, 50 times a
    second and call. Here the greenlet waits first, and one slow timer looks after the deadlines of all readers.
    """

    __slots__ = ("_hub", "_recv", "_watch", "readable", "until")

    def __init__(self, sock: socket.socket, tick_s: float) -> None:
        import gevent

        sock.settimeout(tick_s)  # for the writer
        self._recv: Callable[[int], bytes] = sock.recv
        self._hub: Any = gevent.get_hub()
        self.until = inf
        self.readable = self._hub.loop.io(sock.fileno(), 1)
        self._watch = _watches.get(self._hub) or _watches.setdefault(self._hub, _Watch(self._hub))
        self._watch.add(self)

    def read(self, until: float) -> bytes:
        self.until = until
        self._hub.wait(self.readable)
        return self._recv(READ_BYTES)

    def close(self) -> None:
        self._watch.discard(self)
        self.readable.close()


class GeventTlsReader(GeventReader):
    """The same over TLS, where bytes may wait decrypted while the socket has none. Of a record that has not arrived
    whole the rest is waited for by gevent, with the socket's time-out.
    """

    __slots__ = ("_decrypted",)

    def __init__(self, sock: ssl.SSLSocket, tick_s: float) -> None:
        super().__init__(sock, tick_s)
        self._decrypted = sock.pending

    def read(self, until: float) -> bytes:
        return self._recv(READ_BYTES) if self._decrypted() else super().read(until)


class _Watch:
    """Wakes the readers of one event loop whose time is over."""

    def __init__(self, hub: Any) -> None:
        self._hub = hub
        self._readers: set[GeventReader] = set()
        self._timer = hub.loop.timer(GEVENT_CHECK_S, GEVENT_CHECK_S)

    def add(self, reader: GeventReader) -> None:
        if not self._readers:
            self._timer.start(self._check)
        self._readers.add(reader)

    def discard(self, reader: GeventReader) -> None:
        self._readers.discard(reader)
        if not self._readers:
            self._timer.stop()

    def _check(self) -> None:
        now = monotonic()
        for reader in self._readers:
            if now >= reader.until and reader.readable.active:
                self._hub.cancel_wait(reader.readable, TimeoutError("nothing to read"))


_watches: WeakKeyDictionary[Any, _Watch] = WeakKeyDictionary()


def reader_for(sock: socket.socket, tick_s: float) -> Reader:
    """The leanest way for this socket."""
    gevent_socket = sys.modules.get("gevent.socket")
    if gevent_socket is None or not isinstance(sock, gevent_socket.socket):
        return BlockingReader(sock, tick_s)
    return (GeventTlsReader if isinstance(sock, ssl.SSLSocket) else GeventReader)(sock, tick_s)
