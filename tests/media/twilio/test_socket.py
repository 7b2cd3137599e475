"""The Twilio socket against RFC 6455 and a peer's bad manners: both implementations, under every kind of server."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest
from wsproto.frame_protocol import Opcode

from tests.media.twilio.raw_websocket import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    RawClient,
    SocketServer,
    frame,
    serving,
    wait_for,
)

KINDS = [
    f"{server}-{implementation}"
    for server in ("werkzeug", "gevent", "gthread")
    for implementation in ("buffered", "library")
]


@pytest.fixture(scope="module", params=KINDS)
def running(request: pytest.FixtureRequest) -> Iterator[SocketServer]:
    with serving(request.param) as server:
        yield server


@pytest.fixture
def server(running: SocketServer) -> Iterator[SocketServer]:
    yield running
    running.hang_up()


def closing_code(code: int) -> bytes:
    return struct.pack("!H", code)


@pytest.mark.parametrize("size", [0, 125, 126, 300, 65000, 65536])
def test_messages_of_every_length_form_come_back_whole(server: SocketServer, size: int) -> None:
    client, _ = server.connect()
    client.text("e" * size)
    assert client.next_text() == "e" * size


def test_hebrew_comes_back_as_it_was(server: SocketServer) -> None:
    client, _ = server.connect()
    client.text("שלום, מה שלומך?")
    assert client.next_text() == "שלום, מה שלומך?"


def test_a_message_in_fragments_with_a_ping_in_between(server: SocketServer) -> None:
    client, _ = server.connect()
    client.send(frame(0x01, b"one ") + frame(PING, b"hey") + frame(0x00, b"two ") + frame(0x80, b"three"))
    assert {client.next(), client.next()} == {(Opcode.PONG, b"hey"), (Opcode.TEXT, "one two three")}


def test_a_frame_may_arrive_byte_by_byte(server: SocketServer) -> None:
    client, _ = server.connect()
    for byte in frame(TEXT, b"slowly" * 40):
        client.send(bytes([byte]))
    assert client.next_text() == "slowly" * 40


def test_many_frames_in_one_segment_and_a_tail_come_in_order(server: SocketServer) -> None:
    client, _ = server.connect()
    wire = b"".join(frame(TEXT, b"%d" % number) for number in range(500))
    client.send(wire[:-3])
    client.send(wire[-3:])
    assert [client.next_text() for _ in range(500)] == [str(number) for number in range(500)]


def test_a_ping_is_answered_with_its_own_payload_and_a_stray_pong_is_ignored(server: SocketServer) -> None:
    client, _ = server.connect()
    client.send(frame(PONG, b"unasked") + frame(PING, b"p" * 125) + frame(PING, b""))
    answers = [client.next(), client.next()]
    assert answers == [(Opcode.PONG, b"p" * 125), (Opcode.PONG, b"")]


@pytest.mark.parametrize("payload", [b"", closing_code(1000), closing_code(1001), closing_code(4000) + "די".encode()])
def test_the_peers_close_is_answered_and_reported_with_its_code(server: SocketServer, payload: bytes) -> None:
    client, name = server.connect()
    client.send(frame(TEXT, b"before") + frame(CLOSE, payload))
    code, _ = client.next_close()
    assert server.seen(name, "messages") == 1
    sent = int.from_bytes(payload[:2], "big")
    assert code in ({sent} if payload else {1000, 1005})
    assert server.seen(name, "end")[0] in ({sent} if payload else {1005, 1006})
    assert server.seen(name, "left")


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        pytest.param(frame(TEXT, b"x" * 65537), 1009, id="text over the cap"),
        pytest.param(frame(0x01, b"x" * 40000) + frame(0x80, b"x" * 40000), 1009, id="fragments over the cap"),
        pytest.param(frame(BINARY, b"x" * 70000), 1009, id="binary over the cap"),
        pytest.param(frame(TEXT, b"\xff\xfe"), 1007, id="not UTF-8"),
        pytest.param(frame(TEXT, b"unmasked", key=None), 1002, id="not masked"),
        pytest.param(frame(0xC1, b"compressed"), 1002, id="reserved bit"),
        pytest.param(frame(0x83, b"?"), 1002, id="reserved opcode"),
        pytest.param(frame(PING, b"x" * 126), 1002, id="ping too long"),
        pytest.param(frame(0x80, b"of nothing"), 1002, id="stray continuation"),
    ],
)
def test_a_violation_is_closed_with_the_right_code(server: SocketServer, wire: bytes, code: int) -> None:
    client, name = server.connect()
    client.send(wire)
    assert client.next_close()[0] == code
    client.close()
    assert server.seen(name, "end")
    assert server.seen(name, "left")


def test_a_binary_message_is_told_apart_and_does_not_end_the_call(server: SocketServer) -> None:
    client, _ = server.connect()
    client.send(frame(BINARY, bytes(320)))
    assert client.next_text() == "binary 320"
    client.text("still here")
    assert client.next_text() == "still here"


def test_a_lost_connection_is_reported_as_1006(server: SocketServer) -> None:
    client, name = server.connect()
    client.text("hello")
    assert client.next_text() == "hello"
    client.close()
    assert server.seen(name, "end")[0] == 1006
    assert server.seen(name, "left")


def test_a_reset_in_the_middle_of_a_frame_is_reported_as_1006(server: SocketServer) -> None:
    client, name = server.connect()
    client.send(frame(TEXT, b"x" * 1000)[:500])
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    assert server.seen(name, "end")[0] == 1006


def test_our_close_reaches_a_peer_that_keeps_talking_and_the_first_code_stands(server: SocketServer) -> None:
    client, name = server.connect()
    client.text("close 4000 done with you")
    client.send(frame(TEXT, b"e" * 300) * 200)
    assert client.next_close() == (4000, "done with you")
    client.send(frame(CLOSE, closing_code(4000)))
    assert server.seen(name, "end") == [4000, "done with you"]
    assert server.seen(name, "left")


def test_a_close_from_another_thread_wakes_the_reader_even_if_the_peer_never_answers(server: SocketServer) -> None:
    client, name = server.connect("close_s=0.2")
    client.text("close-later")
    assert client.next_close() == (4001, "from outside")
    assert server.seen(name, "end") == [4001, "from outside"]


def test_receive_gives_none_after_its_time_and_loses_nothing(server: SocketServer) -> None:
    client, _ = server.connect()
    client.text("wait 0.05")
    assert client.next_text() == "None"
    half = frame(TEXT, b"in two halves")
    client.text("wait 0.05")
    client.send(half[:5])
    assert client.next_text() == "None"
    client.send(half[5:])
    assert client.next_text() == "in two halves"


def test_a_big_message_to_a_slow_reader_arrives_whole(server: SocketServer) -> None:
    client, _ = server.connect(receive_buffer=4096)
    client.text("big 8000000")
    client.text("after")
    text = client.next_text()
    assert len(text) == 8_000_000
    assert set(text) == {"x"}
    assert client.next_text() == "after"


def test_a_peer_that_stops_reading_ends_the_call_in_bounded_time(server: SocketServer) -> None:
    client, name = server.connect("send_s=0.3&close_s=0.3", receive_buffer=4096)
    client.text("flood")
    assert server.seen(name, "end")[0] == 1006
    assert server.seen(name, "left")


def test_pongs_do_not_break_into_the_senders_frames(server: SocketServer) -> None:
    client, _ = server.connect()
    client.text("many 2000")
    texts, pongs = [], 0
    while len(texts) < 2000 or pongs < 20:
        if pongs + len(texts) // 100 < 40 and len(texts) % 100 == 0:
            client.send(frame(PING, b"x"))
        opcode, payload = client.next()
        if opcode == Opcode.PONG:
            pongs += 1
        else:
            texts.append(payload)
    assert [int(text[:6]) for text in texts] == list(range(2000))


def test_keep_alive_pings_go_out_and_a_silent_pong_does_not_kill_a_talking_peer(server: SocketServer) -> None:
    client, name = server.connect("ping_every_s=0.05&idle_s=60")
    pings = 0
    while pings < 4:  # a ping is counted after it went out: the fourth says that three are counted
        client.text("talking")
        opcode, _ = client.next(skip_pings=False)
        pings += opcode == Opcode.PING
    assert server.seen(name, "keepalives") >= 3


def test_a_peer_that_is_silent_for_long_is_closed(server: SocketServer) -> None:
    client, name = server.connect("ping_every_s=0.1&idle_s=0.5")
    assert client.next_close()[0] == 1001
    client.close()
    assert server.seen(name, "end")
    assert server.seen(name, "left")


def test_a_peer_that_only_answers_pings_stays(server: SocketServer) -> None:
    client, name = server.connect("ping_every_s=0.1&idle_s=0.5")
    pings = 0
    while pings < 11:  # the last one may not be counted yet
        opcode, payload = client.next(skip_pings=False)
        assert opcode == Opcode.PING
        client.send(frame(PONG, bytes(payload)))
        pings += 1
    client.text("still here")
    assert client.next_text() == "still here"
    assert server.seen(name, "keepalives") >= 10


def test_compression_is_declined(server: SocketServer) -> None:
    client, _ = server.connect(headers="Sec-WebSocket-Extensions: permessage-deflate\r\n")
    assert b"permessage-deflate" not in client.response.lower()
    client.text("plain")
    assert client.next_text() == "plain"


def test_one_bad_connection_does_not_touch_another(server: SocketServer) -> None:
    good, _ = server.connect()
    bad, _ = server.connect()
    bad.send(frame(0x83, b"?"))
    assert bad.next_close()[0] == 1002
    good.text("fine")
    assert good.next_text() == "fine"


def test_connections_leave_nothing_behind(server: SocketServer) -> None:
    names = []
    for _ in range(20):
        client, name = server.connect()
        names.append(name)
        client.send(frame(CLOSE, closing_code(1000)))
        assert isinstance(client, RawClient)
    wait_for(lambda: all(server.seen(name, "left") for name in names), "all handlers left")
