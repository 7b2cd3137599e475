"""A websocket client that can send anything, right or wrong, a byte at a time; and the servers to send it to."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import make_server
from wsproto.frame_protocol import FrameProtocol, Opcode

from tests.media.twilio.socket_app import make_app
from tests.patience import PATIENCE_S
from tests.places import ROOT

TEXT, BINARY, CLOSE, PING, PONG = 0x81, 0x82, 0x88, 0x89, 0x8A


def frame(first: int, payload: bytes, key: bytes | None = b"\x01\x02\x03\x04") -> bytes:
    """Any first byte, any payload; without a key unmasked, which a client must never be."""
    size, flag = len(payload), 0x80 if key else 0
    if size < 126:
        head = struct.pack("!BB", first, flag | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, flag | 126, size)
    else:
        head = struct.pack("!BBQ", first, flag | 127, size)
    if key is None:
        return head + payload
    pad = key * (size // 4 + 1)
    return head + key + bytes(a ^ b for a, b in zip(payload, pad, strict=False))


class RawClient:
    """Received frames are read by wsproto, so that nothing of ours judges itself."""

    def __init__(self, port: int, path: str, *, headers: str = "", receive_buffer: int | None = None) -> None:
        self.sock = socket.socket()
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n".encode()
        )
        self.response = b""
        while b"\r\n\r\n" not in self.response:
            self.response += self.sock.recv(1)
        assert b" 101 " in self.response.splitlines()[0]
        self._frames = FrameProtocol(True, [])
        self._ready: list[tuple[Opcode, Any]] = []

    def send(self, wire: bytes) -> None:
        self.sock.sendall(wire)

    def text(self, text: str | bytes) -> None:
        self.send(frame(TEXT, text.encode() if isinstance(text, str) else text))

    def next(self, *, skip_pings: bool = True) -> tuple[Opcode, Any]:
        """The next whole message or control frame; a close as (CLOSE, (code, reason)); EOFError at the end."""
        collected: Any = None
        while True:
            for got in self._frames.received_frames():
                if got.opcode == Opcode.PING and skip_pings:
                    continue
                if got.opcode.iscontrol():
                    return got.opcode, got.payload
                collected = got.payload if collected is None else collected + got.payload
                if got.message_finished:
                    return got.opcode, collected
            data = self.sock.recv(65536)
            if not data:
                raise EOFError
            self._frames.receive_bytes(data)

    def next_text(self) -> str:
        opcode, payload = self.next()
        assert opcode == Opcode.TEXT, (opcode, payload)
        return str(payload)

    def next_close(self) -> tuple[int, str | None]:
        """Skips all but the close frame."""
        while True:
            opcode, payload = self.next()
            if opcode == Opcode.CLOSE:
                code, reason = payload
                return int(code), reason

    def close(self) -> None:
        self.sock.close()


class SocketServer:
    """A running test application; `kind` says how it is served and which implementation it uses."""

    def __init__(self, kind: str, port: int) -> None:
        self.kind = kind
        self.port = port
        self._names = iter(range(10**6))
        self._clients: dict[str, RawClient] = {}

    def connect(self, query: str = "", **options: Any) -> tuple[RawClient, str]:
        name = str(next(self._names))
        self._clients[name] = RawClient(self.port, f"/ws/{name}?{query}", **options)
        return self._clients[name], name

    def seen(self, name: str, key: str) -> Any:
        """What the application noted under `key`, waited for."""
        return wait_for(lambda: self._get(name).get(key), f"{self.kind}: {key} of {name}")

    def _get(self, name: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/seen/{name}", timeout=PATIENCE_S) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def hang_up(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()


def wait_for(probe: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = probe()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"never came: {what}")


@contextmanager
def serving(kind: str) -> Iterator[SocketServer]:
    """kind: SERVER-IMPLEMENTATION; server werkzeug, gevent or gthread; implementation buffered or library."""
    server, _, implementation = kind.partition("-")
    start = werkzeug_server if server == "werkzeug" else gunicorn_server
    with start(server, implementation == "buffered") as port:
        yield SocketServer(kind, port)


@contextmanager
def werkzeug_server(_server: str, buffered: bool) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, make_app(buffered=buffered), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join(PATIENCE_S)


@contextmanager
def gunicorn_server(worker: str, buffered: bool) -> Iterator[int]:
    # Not the product's configuration: one bare worker of that class.
    command = [sys.executable, "-m", "gunicorn", "-c", os.devnull, "-k", worker, "-b", "127.0.0.1:0", "--threads", "20"]
    process = subprocess.Popen(
        [*command, "--graceful-timeout", "1", "tests.media.twilio.socket_app:app"],
        cwd=ROOT,
        env={**os.environ, "TEST_SOCKET_BUFFERED": str(int(buffered))},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        log = ""
        while not (found := re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", log)):
            line = process.stderr.readline()
            assert line, log
            log += line
        pump = threading.Thread(target=process.stderr.read, daemon=True)
        pump.start()
        yield int(found[1])
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
