"""Who holds this worker's connections: what is slow is cut off, and strangers leave room for what is signed (S1).

A connection is a stranger's until its request has proved that it is Twilio's or a test call's. Strangers share a number
of places below `worker_connections`: when one more comes, the one that has waited longest for its peer is cut off. So
whoever opens connections and says little, or reads slowly, takes places from others like himself only.

Cutting means shutting the socket down: whatever waits for it in the worker sees its end. Nothing is done to a thread.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import structlog

from app.telemetry.prometheus import CONNECTIONS_CUT

log = structlog.get_logger(__name__)

# Places of strangers; gunicorn.conf.py allows more connections than these and the calls' own.
STRANGERS = 120
# From a request's head to the end of its body. Twilio's forms come in one packet, a page's within a second.
BODY_S = 10.0
# For one piece of an answer to be taken: 64 KiB at most, on the slowest telephone.
WRITE_S = 20.0
LOOK_EVERY_S = 0.5

# Where a request finds its connection.
PEER = "assistant.peer"

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Peer:
    """One connection. `waits_since`: when we began to wait for its other end, None while we work."""

    def __init__(self, sock: socket.socket, now: float) -> None:
        self.is_stranger = True
        self.waits_since: float | None = now
        self._since = now
        self._cut_at: float | None = None
        self._sock = sock

    def begin_request(self) -> None:
        self._since, self.waits_since, self._cut_at = time.monotonic(), None, None

    def wait_for_body(self) -> None:
        """All reads of one body together have BODY_S from the beginning of the request."""
        self.waits_since, self._cut_at = self._since, self._since + BODY_S

    def wait_for_reader(self) -> None:
        self.waits_since, self._cut_at = self._since, time.monotonic() + WRITE_S

    def work(self) -> None:
        self.waits_since = self._cut_at = None

    def end_request(self) -> None:
        """What comes next on this connection has to prove itself anew: a proxy sends everybody over the same one."""
        self.is_stranger = True
        self._since = self.waits_since = time.monotonic()
        self._cut_at = None

    def is_overdue(self, now: float) -> bool:
        return self._cut_at is not None and now >= self._cut_at

    def cut(self, reason: str) -> None:
        """End it from our side; a request that is being worked on runs to its end and finds nobody."""
        self.waits_since = self._cut_at = None
        CONNECTIONS_CUT.labels(reason).inc()
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)


class Connections:
    def __init__(self, strangers: int = STRANGERS) -> None:
        self._strangers = strangers
        self._peers: dict[int, Peer] = {}

    def start(self) -> None:
        """Look for what is overdue, for ever, in a thread of its own."""

        def loop() -> None:
            while True:
                time.sleep(LOOK_EVERY_S)
                try:
                    self._cut_overdue()
                except Exception:  # the thread's outermost level: without it nobody is ever cut off again
                    log.exception("looking after connections failed")

        threading.Thread(target=loop, name="connections", daemon=True).start()

    @contextmanager
    def opened(self, sock: socket.socket) -> Iterator[Peer]:
        """Around the life of one connection."""
        self._make_room()
        peer = self._peers[id(sock)] = Peer(sock, time.monotonic())
        try:
            yield peer
        finally:
            self._forget(sock)

    def watch(self, app: WsgiApp) -> WsgiApp:
        """The WSGI app, with a deadline on every body that it reads and every piece of an answer that it writes."""

        def watched(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            sock = environ.get("gunicorn.socket")
            if sock is None:  # not served by gunicorn: a test's own client
                return app(environ, start_response)
            peer = self._peers.get(id(sock))
            ended = peer.end_request if peer else lambda: self._forget(sock)
            if peer is None:  # plain threads: only our gevent worker tells of a connection when it opens
                peer = self._peers[id(sock)] = Peer(sock, time.monotonic())
            peer.begin_request()
            environ[PEER] = peer
            environ["wsgi.input"] = _Body(environ["wsgi.input"], peer)
            try:
                return _Answer(app(environ, start_response), peer, ended)
            except BaseException:  # outermost level of a request: a socket's handler ends by StopIteration
                ended()
                raise

        return watched

    def _forget(self, sock: socket.socket) -> None:
        self._peers.pop(id(sock), None)

    @property
    def crowded(self) -> bool:
        """Whether requests of so many strangers are being worked on that no more should begin."""
        peers = list(self._peers.values())
        return sum(peer.is_stranger and peer.waits_since is None for peer in peers) > self._strangers // 2

    def _make_room(self) -> None:
        peers = list(self._peers.values())
        if sum(peer.is_stranger for peer in peers) < self._strangers:
            return
        waiting = [(peer.waits_since, peer) for peer in peers if peer.is_stranger and peer.waits_since is not None]
        if waiting:
            min(waiting, key=lambda each: each[0])[1].cut("room")

    def _cut_overdue(self) -> None:
        now = time.monotonic()
        for peer in list(self._peers.values()):
            if peer.is_overdue(now):
                peer.cut("overdue")


class _Body:
    """wsgi.input, whose every read waits for the peer."""

    def __init__(self, stream: Any, peer: Peer) -> None:
        self._stream = stream
        self._peer = peer

    def read(self, size: int = -1) -> bytes:
        return self._timed(self._stream.read, size)

    def readline(self, size: int = -1) -> bytes:
        return self._timed(self._stream.readline, size)

    def readlines(self, hint: int = -1) -> list[bytes]:
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _timed(self, read: Callable[[int], bytes], size: int) -> bytes:
        self._peer.wait_for_body()
        try:
            return read(size)
        finally:
            self._peer.work()


class _Answer:
    """The pieces of an answer: while the server writes one, we wait for the peer to take it."""

    def __init__(self, pieces: Iterable[bytes], peer: Peer, ended: Callable[[], None]) -> None:
        self._pieces = pieces
        self._peer = peer
        self._ended = ended

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._peer.wait_for_reader()
            yield piece
            self._peer.work()

    def close(self) -> None:
        close = getattr(self._pieces, "close", None)
        try:
            if close is not None:
                close()
        finally:
            self._ended()


def vouch_for(environ: dict[str, Any]) -> None:
    """The request has proved whose it is: its connection is no stranger's until the request ends."""
    peer = environ.get(PEER)
    if peer is not None:
        peer.is_stranger = False
