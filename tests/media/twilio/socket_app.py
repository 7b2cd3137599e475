"""A small web application around the Twilio socket, for the conformance tests: it does what it is told by messages."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from flask import Flask, jsonify, request
from flask_sock import Sock

from media.twilio import socket as ts
from media.twilio.protocol import BinaryMessage
from services.sockets.keepalive import Limits


def make_app(*, buffered: bool) -> Flask:
    app = Flask(__name__)
    app.config["SOCK_SERVER_OPTIONS"] = ts.server_options(buffered=buffered)
    sock = Sock(app)
    seen: dict[str, dict[str, Any]] = {}

    @app.before_request
    def _no_compression() -> None:
        ts.decline_compression(request.environ)

    @app.get("/seen/<name>")
    def report(name: str) -> Any:
        return jsonify(seen.get(name, {}))

    @sock.route("/ws/<name>")
    def talk(server: Any, name: str) -> None:
        numbers = {field: float(value) for field, value in request.args.items()}
        mine = seen[name] = {"keepalives": 0, "messages": 0}

        def pinged() -> None:
            mine["keepalives"] += 1

        limits = Limits(**numbers)
        with ts.twilio_socket(server, buffered=buffered, limits=limits, on_keepalive=pinged) as socket:
            try:
                while True:
                    message = socket.receive()
                    mine["messages"] += 1
                    _obey(socket, message)
            except ts.SocketClosed as end:
                mine["end"] = [end.code, end.reason]
        mine["left"] = True

    return app


def _obey(socket: ts.TwilioSocket, message: str | bytes | BinaryMessage | None) -> None:
    """echo, or: close CODE REASON; close-later; big SIZE; many COUNT; flood; wait SECONDS."""
    if isinstance(message, BinaryMessage):
        socket.send(b"binary %d" % message.size)
        return
    assert message is not None
    text = message if isinstance(message, str) else message.decode()
    word, _, rest = text.partition(" ")
    if word == "close":
        code, _, reason = rest.partition(" ")
        socket.close(int(code), reason)
        socket.close(4999, "a second close changes nothing")
    elif word == "close-later":
        threading.Thread(target=_close_from_outside, args=(socket,)).start()
    elif word == "big":
        socket.send(b"x" * int(rest))
    elif word == "many":
        threading.Thread(target=_send_many, args=(socket, int(rest))).start()
    elif word == "flood":
        while True:
            socket.send(b"x" * 1_000_000)
    elif word == "wait":
        socket.send(str(socket.receive(float(rest))).encode())
    else:
        socket.send(text.encode())


def _close_from_outside(socket: ts.TwilioSocket) -> None:
    time.sleep(0.05)
    socket.close(4001, "from outside")


def _send_many(socket: ts.TwilioSocket, count: int) -> None:
    """As the sender of a call does: another thread than the reader's."""
    for number in range(count):
        socket.send(b"%06d" % number + b"." * (number % 300))


if "TEST_SOCKET_BUFFERED" in os.environ:
    app = make_app(buffered=os.environ["TEST_SOCKET_BUFFERED"] == "1")
