"""Receivers that mean harm, or are broken: real sockets, one thread for each connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# What a receiver does with a connection until the sender goes away. `gone` is set when the test is over.
Behaviour = Callable[[socket.socket, threading.Event], None]


def says_nothing(_sock: socket.socket, gone: threading.Event) -> None:
    """It accepts, and that is all: no answer, and no TLS."""
    gone.wait()


def drips_its_head(sock: socket.socket, gone: threading.Event) -> None:
    """A byte of a header now and then: each comes in time, the answer never."""
    sock.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not gone.wait(0.05):
        sock.sendall(b"a")


def drips_its_body(sock: socket.socket, gone: threading.Event) -> None:
    """A whole head, and a body that never ends."""
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while not gone.wait(0.05):
        sock.sendall(b"a")


def floods_its_head(sock: socket.socket, gone: threading.Event) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\n")
    while not gone.is_set():
        sock.sendall(b"X-Much: " + b"a" * 8000 + b"\r\n")


def says_continue_for_ever(sock: socket.socket, gone: threading.Event) -> None:
    while not gone.is_set():
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 200)


def floods_its_body(sock: socket.socket, gone: threading.Event) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not gone.is_set():
        sock.sendall(b"10000\r\n" + b"a" * 0x10000 + b"\r\n")


def talks_nonsense(sock: socket.socket, gone: threading.Event) -> None:
    sock.sendall(b"\x00\xff not HTTP\r\n\r\n")
    gone.wait(0.2)


@contextmanager
def receiver(behaviour: Behaviour) -> Iterator[int]:
    """The port of a receiver on this machine that behaves like this with every connection."""
    gone = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve(sock: socket.socket) -> None:
            with sock:
                try:
                    sock.recv(65536)
                    behaviour(sock, gone)
                except OSError:
                    pass  # the sender went away, as it should

        def accept() -> None:
            while not gone.is_set():
                try:
                    sock, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(sock,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            gone.set()
            server.shutdown(socket.SHUT_RDWR)
