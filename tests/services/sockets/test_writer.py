"""One writer a socket: a peer that does not read never holds up whoever sends, and loses nothing when it reads again.

Every promise is a function, so that the same ones are kept under plain threads and under gevent.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable

from services.sockets.writer import OrderedWriter
from tests.places import ROOT

MESSAGE_BYTES = 700
MESSAGES = 1500  # far more than the socket's buffers hold


def pair() -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    ours.settimeout(1.0)
    theirs.settimeout(20.0)
    return ours, theirs


def message(sender: int, number: int) -> bytes:
    return f"{sender}:{number}:".encode().ljust(MESSAGE_BYTES, b".")


def read_messages(theirs: socket.socket, count: int) -> list[tuple[int, int]]:
    data = b""
    while len(data) < count * MESSAGE_BYTES:
        data += theirs.recv(65536)
    pieces = (data[at : at + MESSAGE_BYTES] for at in range(0, len(data), MESSAGE_BYTES))
    return [(int(piece.split(b":")[0]), int(piece.split(b":")[1])) for piece in pieces]


def sending_ends_although_nobody_reads() -> bool:
    """All is handed over before a single byte was read; then all is there, whole and in order."""
    ours, theirs = pair()
    failures: list[str] = []
    writer = OrderedWriter(ours, 20.0, failures.append, max_waiting_bytes=8 * 1024 * 1024)
    for number in range(MESSAGES):
        writer.send(message(0, number))
    return read_messages(theirs, MESSAGES) == [(0, n) for n in range(MESSAGES)] and not failures


def each_senders_order_is_kept() -> bool:
    ours, theirs = pair()
    writer = OrderedWriter(ours, 20.0, lambda reason: None, max_waiting_bytes=8 * 1024 * 1024)

    def send(sender: int) -> None:
        for number in range(MESSAGES // 3):
            writer.send(message(sender, number))

    senders = [threading.Thread(target=send, args=(sender,)) for sender in range(3)]
    for sender in senders:
        sender.start()
    found = read_messages(theirs, MESSAGES)
    for sender in senders:
        sender.join()
    numbers = [[number for who, number in found if who == sender] for sender in range(3)]
    return numbers == [list(range(MESSAGES // 3))] * 3


def a_peer_that_never_reads_is_given_up() -> bool:
    ours, theirs = pair()
    given_up, failures = threading.Event(), []

    def failed(reason: str) -> None:
        failures.append(reason)
        given_up.set()

    writer = OrderedWriter(ours, 0.2, failed, max_waiting_bytes=8 * 1024 * 1024)
    for number in range(MESSAGES):
        writer.send(message(0, number))
    return given_up.wait(20) and failures == ["peer does not read"] and theirs.fileno() > 0


def a_queue_over_its_bound_is_given_up() -> bool:
    ours, theirs = pair()
    failures: list[str] = []
    writer = OrderedWriter(ours, 20.0, failures.append, max_waiting_bytes=100_000)
    for number in range(MESSAGES):
        writer.send(message(0, number))
    return failures == ["peer does not read"] and theirs.fileno() > 0


def a_lost_connection_is_told_once() -> bool:
    ours, theirs = pair()
    failures: list[str] = []
    writer = OrderedWriter(ours, 20.0, failures.append)
    theirs.close()
    for number in range(5):
        writer.send(message(0, number))
    return failures == ["connection lost"]


PROMISES: tuple[Callable[[], bool], ...] = (
    sending_ends_although_nobody_reads,
    each_senders_order_is_kept,
    a_peer_that_never_reads_is_given_up,
    a_queue_over_its_bound_is_given_up,
    a_lost_connection_is_told_once,
)

UNDER_GEVENT = """
from gevent import monkey; monkey.patch_all()
from tests.services.sockets.test_writer import PROMISES
print([promise() for promise in PROMISES])
"""


def test_it_keeps_its_promises_under_plain_threads() -> None:
    assert [promise() for promise in PROMISES] == [True] * len(PROMISES)


def test_it_keeps_them_under_gevent() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNDER_GEVENT], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout == f"{[True] * len(PROMISES)}\n", done.stderr
