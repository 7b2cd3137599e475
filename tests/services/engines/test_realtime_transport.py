"""The model's transport against a real websocket server and a badly behaved one: both implementations, with and
without TLS, and under gevent in a process of its own."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import struct
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from services.engines.realtime.transport import LIMITS, RealtimeTransport, TransportClosed, connect
from services.sockets.keepalive import Limits
from tests.media.twilio.raw_websocket import frame, wait_for
from tests.patience import PATIENCE_S
from tests.places import ROOT

KINDS = ["buffered-plain", "buffered-tls", "library-plain", "library-tls"]
WAIT_S = PATIENCE_S
T = TypeVar("T")


class ModelServer:
    """A websockets server (asyncio, in a thread of its own) whose behaviour is the path of the URL."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self.closes: list[tuple[int, str]] = []
        self.headers: list[Any] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._released = asyncio.Event()
        self._server: Server = self._run(self._start(tls))
        self.port: int = next(iter(self._server.sockets)).getsockname()[1]

    def stop(self) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_S)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WAIT_S)

    async def _start(self, tls: ssl.SSLContext | None) -> Server:
        return await serve(
            self._talk, "127.0.0.1", 0, ssl=tls, ping_interval=None, max_size=None, process_request=self._admit
        )

    async def _stop(self) -> None:
        self._released.set()
        self._server.close()
        await self._server.wait_closed()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        self.headers.append(request.headers)
        return connection.respond(401, "who are you?") if request.path.startswith("/refused") else None

    async def _talk(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        name = connection.request.path.strip("/").partition("?")[0]
        behaviour: Callable[[ServerConnection], Awaitable[None]] = getattr(self, f"_{name}")
        try:
            await behaviour(connection)
            async for _ in connection:
                pass
        except (ConnectionClosed, OSError):
            pass
        self.closes.append((connection.close_code or 0, connection.close_reason or ""))

    async def _listen(self, connection: ServerConnection) -> None:
        pass

    async def _echo(self, connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async def _eager(self, connection: ServerConnection) -> None:
        for number in range(50):
            await connection.send(f"delta {number} " + "x" * 1200)

    async def _fragments(self, connection: ServerConnection) -> None:
        await connection.send(iter(["one ", "two ", "three"]))
        await connection.send(b"binary is not ours")
        await connection.send("end")

    async def _pinging(self, connection: ServerConnection) -> None:
        await asyncio.wait_for(await connection.ping("are you there"), WAIT_S)
        await connection.send("there you are")

    async def _goodbye(self, connection: ServerConnection) -> None:
        await connection.send("last words")
        await connection.close(4000, "session expired")

    async def _vanish(self, connection: ServerConnection) -> None:
        await connection.send("now you see me")
        connection.transport.abort()

    async def _raw(self, connection: ServerConnection) -> None:
        """Sends the frames that the client asks for in hexadecimal."""
        async for message in connection:
            connection.transport.write(bytes.fromhex(str(message)))

    async def _dribble(self, connection: ServerConnection) -> None:
        for byte in frame(0x81, b"drop by drop", key=None):
            connection.transport.write(bytes([byte]))
            await asyncio.sleep(0.001)

    async def _stuck(self, connection: ServerConnection) -> None:
        """Reads nothing: what the client sends piles up in its own buffers."""
        connection.transport.pause_reading()
        await self._released.wait()
        connection.transport.abort()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one PEM file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    directory = tmp_path_factory.mktemp("tls")
    command = f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    files = "-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
    subprocess.run(f"{command} {files}".split(), cwd=directory, check=True, capture_output=True)
    both = directory / "both.pem"
    both.write_text((directory / "key.pem").read_text() + (directory / "cert.pem").read_text())
    return both


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(kind: str, request: pytest.FixtureRequest) -> Iterator[ModelServer]:
    tls = None
    if kind.endswith("tls"):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(request.getfixturevalue("certificate"))
    running = ModelServer(tls)
    yield running
    running.stop()


@pytest.fixture
def opened(
    kind: str, server: ModelServer, request: pytest.FixtureRequest
) -> Iterator[Callable[..., RealtimeTransport]]:
    """Connects to a behaviour of the server: opened("echo")."""
    transports: list[RealtimeTransport] = []

    def open_it(behaviour: str, limits: Limits = LIMITS) -> RealtimeTransport:
        trusted = None
        if kind.endswith("tls"):
            trusted = ssl.create_default_context(cafile=str(request.getfixturevalue("certificate")))
        transport = connect(
            f"{'wss' if kind.endswith('tls') else 'ws'}://127.0.0.1:{server.port}/{behaviour}?model=m",
            headers={"Authorization": "Bearer k-1"},
            timeout_s=WAIT_S,
            buffered=kind.startswith("buffered"),
            limits=limits,
            tls=trusted,
        )
        transports.append(transport)
        return transport

    yield open_it
    for transport in transports:
        transport.close()


def received(transport: RealtimeTransport) -> bytes:
    message = transport.receive(WAIT_S)
    assert message is not None
    return message


def ended(transport: RealtimeTransport) -> TransportClosed:
    try:
        while transport.receive(WAIT_S) is not None:
            pass
    except TransportClosed as closed:
        return closed
    raise AssertionError("the transport never ended")


def send_for_ever(transport: RealtimeTransport) -> None:
    while True:
        transport.send_text(b"x" * 1_000_000)


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536, 3_000_000])
def test_messages_of_every_length_form_go_there_and_back(opened: Callable[..., RealtimeTransport], size: int) -> None:
    transport = opened("echo")
    transport.send_text(b"e" * size)
    assert received(transport) == b"e" * size


def test_hebrew_goes_there_and_back_as_utf8(opened: Callable[..., RealtimeTransport]) -> None:
    transport = opened("echo")
    transport.send_text("קבענו ליום שלישי".encode())
    assert received(transport) == "קבענו ליום שלישי".encode()


def test_the_headers_are_sent(opened: Callable[..., RealtimeTransport], server: ModelServer) -> None:
    opened("echo")
    assert server.headers[0]["Authorization"] == "Bearer k-1"


def test_a_burst_that_comes_right_behind_the_handshake_is_not_lost(
    opened: Callable[..., RealtimeTransport],
) -> None:
    transport = opened("eager")
    assert [received(transport).split()[1] for _ in range(50)] == [b"%d" % number for number in range(50)]


def test_fragments_are_joined_and_binary_messages_skipped(opened: Callable[..., RealtimeTransport]) -> None:
    transport = opened("fragments")
    assert received(transport) == b"one two three"
    assert received(transport) == b"end"


def test_a_frame_may_come_byte_by_byte(opened: Callable[..., RealtimeTransport]) -> None:
    assert received(opened("dribble")) == b"drop by drop"


def test_the_servers_ping_is_answered(opened: Callable[..., RealtimeTransport]) -> None:
    assert received(opened("pinging")) == b"there you are"


def test_none_when_nothing_comes_in_time_and_nothing_is_lost(opened: Callable[..., RealtimeTransport]) -> None:
    transport = opened("echo")
    assert transport.receive(0.05) is None
    transport.send_text(b"after the pause")
    assert received(transport) == b"after the pause"


def test_the_servers_close_comes_after_its_last_message_with_code_and_reason(
    opened: Callable[..., RealtimeTransport], server: ModelServer, kind: str
) -> None:
    transport = opened("goodbye")
    assert received(transport) == b"last words"
    end = ended(transport)
    assert (end.code, end.reason) == (4000, "session expired")
    with pytest.raises(TransportClosed):
        transport.send_text(b"too late")
    wait_for(lambda: server.closes, "the server saw the end")
    assert server.closes[0][0] == (4000 if kind.startswith("buffered") else 1000)  # websocket-client: always 1000


def test_a_lost_connection_is_1006(opened: Callable[..., RealtimeTransport]) -> None:
    transport = opened("vanish")
    assert received(transport) == b"now you see me"
    assert ended(transport).code == 1006


def test_closing_from_another_thread_wakes_the_reader_and_tells_the_server(
    opened: Callable[..., RealtimeTransport], server: ModelServer
) -> None:
    transport = opened("listen")
    ends: list[TransportClosed] = []
    reader = threading.Thread(target=lambda: ends.append(ended(transport)))
    reader.start()
    transport.close()
    transport.close()
    reader.join(WAIT_S)
    assert ends[0].code == 1000
    wait_for(lambda: server.closes, "the server saw the end")
    assert server.closes[0][0] == 1000


def test_sends_from_several_threads_arrive_whole_while_another_reads(
    opened: Callable[..., RealtimeTransport],
) -> None:
    transport = opened("echo")

    def send(letter: bytes) -> None:
        for number in range(200):
            transport.send_text(b"%s%03d" % (letter, number) + letter * (number * 20))

    senders = [threading.Thread(target=send, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for sender in senders:
        sender.start()
    heard = [received(transport) for _ in range(600)]
    for sender in senders:
        sender.join(WAIT_S)
    for letter in (b"a", b"b", b"c"):
        mine = [message for message in heard if message.startswith(letter)]
        assert mine == [b"%s%03d" % (letter, number) + letter * (number * 20) for number in range(200)]


def test_a_server_that_stops_reading_ends_the_connection_in_bounded_time(
    opened: Callable[..., RealtimeTransport],
) -> None:
    transport = opened("stuck", Limits(send_s=0.3, close_s=0.3))
    with pytest.raises(TransportClosed):
        send_for_ever(transport)
    assert ended(transport).code == 1006


def test_keep_alive_pings_keep_a_quiet_connection_up(opened: Callable[..., RealtimeTransport]) -> None:
    transport = opened("echo", Limits(ping_every_s=0.05, idle_s=0.4))
    assert transport.receive(1.0) is None  # only pongs came, for more than twice the idle limit
    transport.send_text(b"still up")
    assert received(transport) == b"still up"


def test_a_server_that_is_silent_for_long_is_given_up(opened: Callable[..., RealtimeTransport]) -> None:
    transport = opened("stuck", Limits(ping_every_s=60, idle_s=0.3, close_s=0.3))
    assert ended(transport).code == 1006


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        pytest.param(frame(0x81, b"masked"), 1002, id="masked"),
        pytest.param(frame(0xC1, b"compressed", key=None), 1002, id="reserved bit"),
        pytest.param(frame(0x83, b"?", key=None), 1002, id="reserved opcode"),
        pytest.param(frame(0x80, b"?", key=None), 1002, id="stray continuation"),
        pytest.param(frame(0x88, struct.pack("!H", 999), key=None), 1002, id="bad close code"),
    ],
)
def test_a_protocol_violation_ends_the_connection(
    opened: Callable[..., RealtimeTransport], kind: str, wire: bytes, code: int
) -> None:
    transport = opened("raw")
    transport.send_text(wire.hex().encode())
    if kind.startswith("library") and wire[1] & 0x80:
        assert received(transport) == b"masked"  # websocket-client forgives a server that masks
    else:
        assert ended(transport).code == code


def test_a_refused_handshake_says_its_status_and_never_the_key(opened: Callable[..., RealtimeTransport]) -> None:
    with pytest.raises(TransportClosed) as refused:
        opened("refused")
    assert "401" in str(refused.value)
    assert "k-1" not in str(refused.value)


@pytest.mark.parametrize("url", ["ws://127.0.0.1:1/x", "ws://no-such-host.invalid/x", "nonsense", "http://127.0.0.1/"])
def test_an_address_that_cannot_be_reached_is_the_same_error(url: str) -> None:
    with pytest.raises(TransportClosed, match="cannot connect"):
        connect(url, headers={}, timeout_s=1.0, buffered=True)


def test_a_certificate_nobody_vouches_for_is_refused(certificate: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    server = ModelServer(tls)
    try:
        with pytest.raises(TransportClosed, match="SSLCertVerificationError"):
            connect(f"wss://127.0.0.1:{server.port}/echo", headers={}, timeout_s=WAIT_S, buffered=True)
    finally:
        server.stop()


UNDER_GEVENT = """
from gevent import monkey; monkey.patch_all()
import ssl, sys, threading
from services.engines.realtime.transport import TransportClosed, connect
url, buffered, ca = sys.argv[1], sys.argv[2] == "buffered", sys.argv[3]
tls = ssl.create_default_context(cafile=ca) if url.startswith("wss") else None
transport = connect(url, headers={}, timeout_s=10, buffered=buffered, tls=tls)
def send(letter):
    for number in range(200):
        transport.send_text(letter * (number * 20 + 1))
senders = [threading.Thread(target=send, args=(letter,)) for letter in (b"a", b"b")]
for sender in senders: sender.start()
heard = [transport.receive(10) for _ in range(400)]
for letter in (b"a", b"b"):
    assert [m for m in heard if m[:1] == letter] == [letter * (n * 20 + 1) for n in range(200)]
assert transport.receive(0.05) is None
threading.Timer(0.05, transport.close).start()
try:
    while transport.receive(None) is None: pass
except TransportClosed as closed:
    print("closed", closed.code)
"""


def test_it_is_cooperative_under_gevent(kind: str, server: ModelServer, request: pytest.FixtureRequest) -> None:
    scheme, ca = "ws", "-"
    if kind.endswith("tls"):
        scheme, ca = "wss", str(request.getfixturevalue("certificate"))
    implementation = kind.partition("-")[0]
    done = subprocess.run(
        [sys.executable, "-c", UNDER_GEVENT, f"{scheme}://127.0.0.1:{server.port}/echo", implementation, ca],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "closed 1000\n", done.stderr
