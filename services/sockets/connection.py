"""One websocket over a connected stream socket, after the handshake: buffered reading, whole writes, keep-alive.

Works on plain and TLS sockets, under gevent (where the socket is a patched one) and under plain threads alike.
One thread reads; any thread may write, under a lock. Everything that needs a clock - pings, an idle peer, a close
nobody answers - is looked after by the reader between two reads, so there is no thread and no timer besides.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Generic, TypeVar

from services.sockets import frames
from services.sockets.keepalive import KeepAlive, Limits, SocketEnd, cut, send_whole
from services.sockets.locks import fast_lock
from services.sockets.reader import Reader
from services.sockets.writer import OrderedWriter

Binary = TypeVar("Binary")


class FramedSocket(Generic[Binary]):
    """Messages over `sock`, which `reader` reads. With `keys` it is the connection's client, without them its server.

    A server's `send_text` waits for the peer, `limits.send_s` at most; a client's never does: what the peer does not
    take at once is queued, and a peer that takes nothing for so long has ended the connection.

    `end` is the exception class raised when the connection is over; `binary` makes what is received of a binary
    message's length (None: such messages are dropped); `on_ping` is called after each keep-alive ping.
    """

    def __init__(
        self,
        sock: socket.socket,
        reader: Reader,
        parser: frames.FrameParser,
        *,
        keys: frames.MaskKeys | None,
        limits: Limits,
        end: type[SocketEnd],
        binary: Callable[[int], Binary] | None = None,
        on_ping: Callable[[], None] | None = None,
    ) -> None:
        self._sock = sock
        self._parser = parser
        self._keys = keys
        self._limits = limits
        self._end_class = end
        self._binary = binary
        self._on_ping = on_ping
        self._keep_alive = KeepAlive(limits)
        self._ready: deque[bytes | Binary] = deque()
        self._lock = fast_lock()  # orders writes and guards what follows
        self._writer = None if keys is None else OrderedWriter(sock, limits.send_s, self._lost)
        self._end: tuple[int, str] | None = None  # set once: nothing more will be read or written
        self._closing: tuple[int, str] | None = None  # our close frame was sent
        self._close_until = 0.0
        self._tick_s = limits.tick_s
        self._reader = reader

    def receive(self, timeout_s: float | None = None) -> bytes | Binary | None:
        """The next message, a text one as it came; None when none came in time (to within a tenth of a tick). Raises
        the `end` exception. One thread only."""
        ready = self._ready
        if ready:
            return ready.popleft()
        now = monotonic()
        deadline = inf if timeout_s is None else now + timeout_s
        while not ready:
            if self._end is not None:
                self._release()
                raise self._over()
            data: bytes | None
            try:
                data = self._reader.read(min(deadline, now + self._tick_s))
            except TimeoutError:
                data = None
            except (OSError, ValueError):  # ValueError: TLS read after the socket was cut by another thread
                data = b""
            now = monotonic()
            if data:
                self._keep_alive.heard_at = now
                self.take(data)
            elif data is not None:
                self._finish(*(self._closing or (frames.CLOSE_ABNORMAL, "connection lost")))
                continue
            if not data or now >= self._keep_alive.ping_at or self._closing is not None:
                self._look_after(now)
            if not data and self._end is None and now >= deadline - self._tick_s / 10:
                return None
        return ready.popleft()

    def take(self, data: bytes) -> None:
        """Bytes from the wire, as `recv` gave them (or as somebody read them ahead of us)."""
        for opcode, payload in self._parser.feed(data):
            if opcode > frames.OP_BINARY:
                self._control(opcode, payload)
            elif self._closing is not None:
                pass  # what arrives after our close frame is dropped
            elif opcode == frames.OP_TEXT:
                self._ready.append(payload)
            elif self._binary is not None:
                self._ready.append(self._binary(len(payload)))

    def send_text(self, payload: bytes) -> None:
        """One UTF-8 message, whole. Raises the `end` exception when the connection is over or the peer stuck."""
        with self._lock:
            if self._closing is not None or self._end is not None:
                raise self._over()
            self._write(frames.OP_TEXT, payload)

    def close(self, code: int = frames.CLOSE_NORMAL, reason: str = "") -> None:
        """Send the close frame, once; any thread. The peer's answer is awaited by the reader, for `close_s` at most."""
        # A server still reads until the peer has hung up, else the peer's unread input would cost it our close
        # frame (a TCP reset overtakes data). A client that has enough is done: cutting wakes its reader at once.
        self._close(code, reason, socket.SHUT_WR if self._keys is None else socket.SHUT_RDWR)

    def _close(self, code: int, reason: str, how: int) -> None:
        if not self._lock.acquire(timeout=self._limits.close_s):
            cut(self._sock)  # a writer is stuck on a peer that does not read: it would not read our close either
            return
        try:
            if self._closing is not None or self._end is not None:
                return
            self._closing = (code, reason)
            self._close_until = monotonic() + self._limits.close_s
            self._write(frames.OP_CLOSE, frames.encode_close_payload(code, reason))
            cut(self._sock, how)
        except SocketEnd:
            pass
        finally:
            self._lock.release()

    def drain(self) -> None:
        """After `close`, in the reading thread: wait until the peer has hung up too, within the limit."""
        try:
            while True:
                self.receive()
        except SocketEnd:
            cut(self._sock)

    def _release(self) -> None:
        """By the reader, when it is over."""
        self._reader.close()
        if self._keys is not None:
            self._sock.close()  # a client's own; a server's belongs to the web server

    def _over(self) -> SocketEnd:
        return self._end_class(*(self._end or self._closing or (frames.CLOSE_ABNORMAL, "")))

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
            ours = self._closing
            self._close(frames.CLOSE_NORMAL if code == frames.CLOSE_NO_STATUS else code, "", socket.SHUT_WR)
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
        """One frame, whole and in its turn, under the lock; else the connection ends here."""
        wire = frames.encode_frame(opcode, payload, self._keys.next() if self._keys is not None else None)
        if self._writer is not None:
            self._writer.send(wire)
            return
        try:
            send_whole(self._sock, wire, self._limits.send_s)
        except (OSError, ValueError) as error:
            self._lost("peer does not read" if isinstance(error, TimeoutError) else "connection lost")
            raise self._over() from None

    def _lost(self, reason: str) -> None:
        """Nothing more can be written; the reader is told."""
        self._finish(frames.CLOSE_ABNORMAL, reason)
        cut(self._sock)

    def _finish(self, code: int, reason: str) -> None:
        if self._end is None:
            self._end = (code, reason)
