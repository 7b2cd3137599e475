"""One websocket over a connected stream socket, after the handshake: buffered reading, whole writes, keep-alive.

Works on plain and TLS sockets, under gevent (where the socket is a patched one) and under plain threads alike.
One thread reads; any thread may write, under a lock. Everything that needs a clock - pings, an idle peer, a close
nobody answers - is looked after by the reader between two reads, so there is no thread and no timer besides.
"""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from services import websocket_frames as frames

READ_BYTES = 65536


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
        """The reader wakes at least this often to see to the others. A time-out on the socket, rather than a blocking
        read, is also what keeps a TLS socket usable by a writer while a reader waits: outside OpenSSL, that is."""
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


class FramedSocket:
    """Messages over `sock`. With `keys` it is the client of the connection, without them the server.

    `end` is the exception class raised when the connection is over; `on_ping` is called after each keep-alive ping.
    """

    def __init__(
        self,
        sock: socket.socket,
        parser: frames.FrameParser,
        *,
        keys: frames.MaskKeys | None,
        limits: Limits,
        end: type[SocketEnd],
        on_ping: Callable[[], None] | None = None,
    ) -> None:
        self._sock = sock
        self._parser = parser
        self._keys = keys
        self._limits = limits
        self._end_class = end
        self._on_ping = on_ping
        self._keep_alive = KeepAlive(limits)
        self._ready: deque[frames.Item] = deque()
        self._lock = threading.Lock()  # orders writes and guards what follows
        self._end: tuple[int, str] | None = None  # set once: nothing more will be read or written
        self._closing: tuple[int, str] | None = None  # our close frame was sent
        self._close_until = 0.0
        self._timeout_s = self._tick_s = limits.tick_s
        sock.settimeout(self._tick_s)

    def receive_item(self, timeout_s: float | None) -> frames.Item | None:
        """The next (OP_TEXT | OP_BINARY, payload), or None when none came in time. Raises the `end` exception."""
        ready = self._ready
        deadline = None if timeout_s is None else monotonic() + timeout_s
        while not ready:
            if self._end is not None:
                raise self._end_class(*self._end)
            data = self._read(deadline)
            if data is None:
                return None
            wanted = self._closing is None  # what arrives after our close frame is dropped
            for item in self._parser.feed(data):
                if item[0] == frames.OP_TEXT or item[0] == frames.OP_BINARY:
                    if wanted:
                        ready.append(item)
                else:
                    self._control(*item)
        return ready.popleft()

    def send_text(self, payload: bytes) -> None:
        """One UTF-8 message, whole. Raises the `end` exception when the connection is over or the peer stuck."""
        with self._lock:
            if self._closing is not None or self._end is not None:
                raise self._end_class(*(self._end or self._closing or ()))
            self._write(frames.OP_TEXT, payload)

    def close(self, code: int, reason: str) -> None:
        """Send the close frame, once. The peer's answer is awaited by the reader, for `close_s` at most."""
        if not self._lock.acquire(timeout=self._limits.close_s):
            self.abort()  # a writer is stuck on a peer that does not read: it would not read our close frame either
            return
        try:
            if self._closing is not None or self._end is not None:
                return
            self._closing = (code, reason)
            self._close_until = monotonic() + self._limits.close_s
            self._write(frames.OP_CLOSE, frames.encode_close_payload(code, reason))
            # A server still reads until the peer has hung up, else the peer's unread input would cost it our close
            # frame (a TCP reset overtakes data). As a client we are done: this wakes a waiting reader at once.
            self._shutdown(socket.SHUT_RDWR if self._keys else socket.SHUT_WR)
        except SocketEnd:
            pass
        finally:
            self._lock.release()

    def abort(self) -> None:
        """Cut the connection; a reader or writer waiting on it wakes."""
        self._shutdown(socket.SHUT_RDWR)

    def drain(self) -> None:
        """After `close`, in the reading thread: wait until the peer has hung up too, within the limit."""
        try:
            while True:
                self.receive_item(None)
        except SocketEnd:
            self.abort()

    def _read(self, deadline: float | None) -> bytes | None:
        """Bytes as they come, b"" after the end, None at the deadline."""
        keep_alive = self._keep_alive
        while True:
            self._set_timeout(deadline)
            data: bytes | None
            try:
                data = self._sock.recv(READ_BYTES)
            except TimeoutError:
                data = None
            except (OSError, ValueError):  # ValueError: TLS read after the socket was cut by another thread
                data = b""
            now = monotonic()
            if data:
                keep_alive.heard_at = now
                if now < keep_alive.ping_at and self._closing is None:
                    return data
            elif data == b"":
                self._finish(*(self._closing or (frames.CLOSE_ABNORMAL, "connection lost")))
                return b""
            self._look_after(now)
            if data or self._end is not None:
                return data or b""
            if deadline is not None and now >= deadline:
                return None

    def _set_timeout(self, deadline: float | None) -> None:
        timeout_s = self._tick_s
        if deadline is not None:
            timeout_s = min(self._tick_s, max(0.001, deadline - monotonic()))
        if timeout_s != self._timeout_s:
            self._sock.settimeout(timeout_s)
            self._timeout_s = timeout_s

    def _look_after(self, now: float) -> None:
        """The reader's duties of the clock."""
        if self._closing is not None:
            if now >= self._close_until:
                self._finish(*self._closing)
        elif self._keep_alive.is_dead(now):
            self.close(frames.CLOSE_GOING_AWAY, "idle")
            self._finish(frames.CLOSE_ABNORMAL, "nothing received for too long")
        elif self._keep_alive.ping_due(now):
            self._send_control(frames.OP_PING, b"")
            if self._on_ping is not None:
                self._on_ping()

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == frames.OP_PING:
            self._send_control(frames.OP_PONG, payload)
        elif opcode == frames.OP_CLOSE:
            code, reason = frames.decode_close_payload(payload)
            answer = frames.CLOSE_NORMAL if code == frames.CLOSE_NO_STATUS else code
            ours = self._closing
            self.close(answer, "")
            self._finish(*(ours or (code, reason)))
        elif opcode == frames.FAILED:
            self.close(*frames.decode_close_payload(payload))

    def _send_control(self, opcode: int, payload: bytes) -> None:
        with self._lock:
            if self._closing is None and self._end is None:
                try:
                    self._write(opcode, payload)
                except SocketEnd:
                    pass  # the reader finds out by itself

    def _write(self, opcode: int, payload: bytes) -> None:
        """Write one frame whole, under the lock. A frame cut short cannot be mended: the connection ends."""
        wire = frames.encode_frame(opcode, payload, self._keys.next() if self._keys is not None else None)
        try:
            sent = self._sock.send(wire)
        except TimeoutError:
            sent = 0
        except (OSError, ValueError):
            self._fail("connection lost")
        if sent != len(wire):
            self._write_rest(memoryview(wire)[sent:])

    def _write_rest(self, rest: memoryview) -> None:
        """The peer reads slower than we write. How long a single send waits is up to the reader's time-outs."""
        deadline = monotonic() + self._limits.send_s
        while rest:
            if monotonic() >= deadline:
                self._fail("peer does not read")
            try:
                rest = rest[self._sock.send(rest) :]
            except TimeoutError:
                continue
            except (OSError, ValueError):
                self._fail("connection lost")

    def _fail(self, reason: str) -> None:
        self._finish(frames.CLOSE_ABNORMAL, reason)
        self.abort()
        raise self._end_class(*(self._end or ()))

    def _finish(self, code: int, reason: str) -> None:
        if self._end is None:
            self._end = (code, reason)

    def _shutdown(self, how: int) -> None:
        try:
            # Not through SSLSocket.shutdown, which takes the TLS object away from under a waiting reader.
            socket.socket.shutdown(self._sock, how)
        except OSError:
            pass  # already gone
