"""A TLS socket that one thread may read while another writes.

OpenSSL allows one call at a time per connection, and Python before 3.13.4 does not see to it: two threads in it at
once corrupt the stream now and then. Here each call is made under a lock and never waits inside; the waiting is
done outside, on the descriptor. Under gevent there is but one thread and nothing to do.
"""

from __future__ import annotations

import select
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

T = TypeVar("T")


class TlsSocket:
    """The part of a socket's interface that a websocket needs, over a connected SSLSocket."""

    def __init__(self, sock: ssl.SSLSocket) -> None:
        self._sock = sock
        self._timeout_s = sock.gettimeout()
        self._lock = threading.Lock()
        sock.setblocking(False)

    def settimeout(self, timeout_s: float | None) -> None:
        self._timeout_s = timeout_s

    def gettimeout(self) -> float | None:
        return self._timeout_s

    def recv(self, size: int) -> bytes:
        return self._call(lambda: self._sock.recv(size))

    def send(self, data: bytes | memoryview) -> int:
        return self._call(lambda: self._sock.send(data))

    def send_now(self, data: bytes | memoryview) -> int:
        """What can be written without waiting; 0 for nothing."""
        try:
            with self._lock:
                return self._sock.send(data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0

    def shutdown(self, how: int) -> None:
        # Not SSLSocket.shutdown, which takes the TLS object away from under a waiting reader.
        socket.socket.shutdown(self._sock, how)

    def close(self) -> None:
        self._sock.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def _call(self, operation: Callable[[], T]) -> T:
        deadline = None if self._timeout_s is None else monotonic() + self._timeout_s
        while True:
            try:
                with self._lock:
                    return operation()
            except ssl.SSLWantReadError:
                wanted = select.POLLIN
            except ssl.SSLWantWriteError:
                wanted = select.POLLOUT
            waiting = select.poll()
            waiting.register(self._sock, wanted)
            if not waiting.poll(None if deadline is None else max(0.0, deadline - monotonic()) * 1000):
                raise TimeoutError("TLS operation timed out")


def shareable(sock: Any) -> Any:
    """`sock`, wrapped where reading and writing it in two threads needs care."""
    monkey = sys.modules.get("gevent.monkey")
    one_thread = monkey is not None and monkey.is_module_patched("ssl")
    return sock if one_thread or not isinstance(sock, ssl.SSLSocket) else TlsSocket(sock)
