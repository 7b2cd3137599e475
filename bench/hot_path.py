"""What the parts of the hot path cost, each alone: `python -m bench.hot_path`. Prints Markdown; runs under gevent.

Microseconds of CPU per message (or per wake-up), best of several rounds. The whole is measured by bench.load.
"""

from gevent import monkey

monkey.patch_all()

import logging  # noqa: E402
import os  # noqa: E402
import random  # noqa: E402
import socket  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from functools import partial  # noqa: E402
from operator import itemgetter  # noqa: E402
from types import FrameType, SimpleNamespace  # noqa: E402

import gevent  # noqa: E402
import structlog  # noqa: E402
import websocket  # noqa: E402
from wsproto.frame_protocol import FrameProtocol  # noqa: E402

from bench.hot_inbound import inbound  # noqa: E402
from media.detection.input_gate import InputGate  # noqa: E402
from media.detection.listener import VoiceListener  # noqa: E402
from media.detection.vad import PRESETS  # noqa: E402
from media.playout.playout import Playout  # noqa: E402
from media.playout.queue import SpeechKind, Utterance  # noqa: E402
from media.twilio import pace_clock  # noqa: E402
from media.twilio import protocol as twilio  # noqa: E402
from media.twilio.audio_tx_loop import AudioSender  # noqa: E402
from services.audio.g711 import BYTES_PER_MS, SILENCE_FRAME  # noqa: E402
from services.engines.realtime.protocol import append_audio  # noqa: E402
from services.sockets import frames  # noqa: E402
from services.sockets.connection import FramedSocket  # noqa: E402
from services.sockets.keepalive import Limits, SocketEnd  # noqa: E402
from services.sockets.reader import reader_for  # noqa: E402

ROUNDS, REPEATS = 5, 20_000
MESSAGES = 20_000
FRAME_S = 0.02
SPEECH_S = 50
PAYLOAD = twilio.b2a_base64(os.urandom(160), newline=False).decode()
INBOUND = (
    b'{"event":"media","sequenceNumber":"4321","streamSid":"MZ%b","media":{"track":"inbound","chunk":"4320",'
    b'"timestamp":"86400","payload":"%b"}}' % (b"0" * 32, PAYLOAD.encode())
)
DELTA = b'{"type":"response.output_audio.delta","delta":"%b"}' % (b"A" * 1068)
KEY = b"\x12\x34\x56\x78"


def per_call_us(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(REPEATS):
            work()
        best = min(best, (time.process_time() - began) / REPEATS * 1e6)
    return best


def codec() -> list[tuple[str, str, float]]:
    from_twilio, to_model = frames.encode_frame(frames.OP_TEXT, INBOUND, KEY), append_audio(PAYLOAD)
    from_model = frames.encode_frame(frames.OP_TEXT, DELTA)
    server = frames.FrameParser(masked=True, max_message_bytes=1 << 16, check_utf8=True)
    client = frames.FrameParser(masked=False, max_message_bytes=1 << 24, check_utf8=False)
    keys = frames.MaskKeys(os.urandom)
    oracle = FrameProtocol(False, [])
    outbound = twilio.OutboundMessages("MZ" + "0" * 32)
    sound, media = os.urandom(160), twilio.OutboundMessages("MZ" + "0" * 32).media(os.urandom(160))

    def wsproto() -> object:
        oracle.receive_bytes(from_twilio)
        return list(oracle.received_frames())

    return [
        ("frame from Twilio, unmasked and checked", "ours", per_call_us(lambda: server.feed(from_twilio))),
        ("", "wsproto (simple-websocket)", per_call_us(wsproto)),
        ("delta from the model", "ours", per_call_us(lambda: client.feed(from_model))),
        ("media message parsed", "ours", per_call_us(lambda: twilio.parse(INBOUND))),
        ("media message built", "ours", per_call_us(lambda: outbound.media(sound))),
        ("… framed", "ours", per_call_us(lambda: frames.encode_frame(frames.OP_TEXT, media))),
        ("append framed and masked", "ours", per_call_us(lambda: frames.encode_frame(1, to_model, keys.next()))),
        ("", "websocket-client", per_call_us(lambda: websocket.ABNF.create_frame(to_model, 1).format())),
    ]


def receiving() -> list[tuple[str, str, float]]:
    """A message over a socket pair to a waiting greenlet and a byte back, less the same with nothing but system calls
    and a bare wait on the loop."""
    wire = frames.encode_frame(frames.OP_TEXT, INBOUND, KEY)
    bare = _round_trip(wire, _bare)
    name = "waiting for a frame and reading it"
    return [
        (name, "recv with a time-out, bytes only", _round_trip(wire, _plain_recv) - bare),
        ("", "FramedSocket, message parsed", _round_trip(wire, _framed) - bare),
    ]


def _round_trip(wire: bytes, make: Callable[[socket.socket], Callable[[], object]]) -> float:
    best = float("inf")
    for _ in range(3):
        here, there = socket.socketpair()
        read_back, read = _bare(here), make(there)

        def send(here: socket.socket = here, read_back: Callable[[], object] = read_back) -> None:
            for _ in range(MESSAGES):
                here.send(wire)
                read_back()

        def answer(there: socket.socket = there, read: Callable[[], object] = read) -> None:
            for _ in range(MESSAGES):
                read()
                there.send(b"x")

        began = time.process_time()
        gevent.joinall([gevent.spawn(answer), gevent.spawn(send)])
        best = min(best, (time.process_time() - began) / MESSAGES * 1e6)
    return best


def _bare(sock: socket.socket) -> Callable[[], object]:
    hub = gevent.get_hub()
    readable = hub.loop.io(sock.fileno(), 1)

    def read() -> bytes:
        hub.wait(readable)
        return sock.recv(65536)

    return read


def _plain_recv(sock: socket.socket) -> Callable[[], object]:
    sock.settimeout(1.0)
    return lambda: sock.recv(65536)


def _framed(sock: socket.socket) -> Callable[[], object]:
    parser = frames.FrameParser(masked=True, max_message_bytes=1 << 16, check_utf8=True)
    limits = Limits()
    reader = reader_for(sock, limits.tick_s)
    framed: FramedSocket[bytes] = FramedSocket(sock, reader, parser, keys=None, limits=limits, end=SocketEnd)
    return lambda: framed.receive(1.0)


def pacing(senders: int, seconds: float = 3.0) -> list[tuple[str, str, float]]:
    """CPU per wake-up of senders with frames due every 20 ms, at phases of their own."""
    clock = pace_clock.PaceClock()

    def on_clock(deadline: float, wake: threading.Event) -> None:
        clock.wait_until(deadline, wake)

    def on_event(deadline: float, wake: threading.Event) -> None:
        wake.wait(max(0.0, deadline - time.monotonic()))

    name = f"waking {senders} senders, each"
    return [
        (name, "an event with a time-out each", _wake_us(on_event, senders, seconds)),
        ("", f"the shared clock, {pace_clock.GRID_MS} ms grid", _wake_us(on_clock, senders, seconds)),
    ]


def _wake_us(wait: Callable[[float, threading.Event], None], senders: int, seconds: float) -> float:
    wakes = int(seconds / FRAME_S)

    def send() -> None:
        wake, start = threading.Event(), time.monotonic() + random.random() * FRAME_S
        for number in range(wakes):
            wake.clear()
            wait(start + number * FRAME_S, wake)

    began = time.process_time()
    gevent.joinall([gevent.spawn(send) for _ in range(senders)])
    return (time.process_time() - began) / wakes / senders * 1e6


class _Speaking:
    """A call whose agent says something long, to a socket that takes everything at once."""

    send = staticmethod(len)

    def __init__(self, clock: pace_clock.PaceClock) -> None:
        self._sender = AudioSender(self, clock)  # type: ignore[arg-type]  # of a socket's methods it only sends
        gate = InputGate(preset=PRESETS["voice"])
        listener = VoiceListener(gate, clock.now)
        listener.hear(SILENCE_FRAME, gate.process(SILENCE_FRAME))
        self.playout = Playout(clock.now, self._sender.wake, far_end=listener)
        answer = Utterance(SpeechKind.ANSWER)
        self.playout.open(answer)
        self.playout.append(answer, os.urandom(SPEECH_S * 1000 * BYTES_PER_MS))
        self.python_calls = 0

    def run(self) -> None:
        self._sender.loop(self.playout, twilio.OutboundMessages("MZ" + "0" * 32), "CA1")

    def run_counted(self) -> None:
        me = gevent.getcurrent()

        def count(_frame: FrameType, event: str, _what: object) -> None:
            self.python_calls += event == "call" and gevent.getcurrent() is me

        sys.setprofile(count)
        self.run()
        sys.setprofile(None)

    def stop(self) -> None:
        self._sender.stop()


def outbound(senders: int) -> list[tuple[str, str, float]]:
    """A frame's whole way out, without the socket: woken, taken, built, booked, waiting for the next."""
    with _time_by_hand() as clock:
        calls = [_Speaking(clock) for _ in range(senders)]
        hot = _speaking_us(calls, _Speaking.run, clock, SPEECH_S - 1)
    with _time_by_hand() as clock:
        counted = _Speaking(clock)
        _speaking_us([counted], _Speaking.run_counted, clock, SPEECH_S - 1)
        python_calls = counted.python_calls / counted.playout.counters.frames_sent
    clock = pace_clock.PaceClock()
    real = _speaking_us([_Speaking(clock) for _ in range(senders)], _Speaking.run, clock, 3.0)
    name = "an outbound frame, from wake-up to the wire"
    return [
        (name, f"one after the other, {python_calls:.1f} Python calls", hot),
        ("", f"{senders} senders in real time", real),
    ]


@contextmanager
def _time_by_hand() -> Iterator[pace_clock.PaceClock]:
    """A clock for which nobody sleeps: where it would, time jumps and the others run."""
    box = [1000.0]
    now = partial(itemgetter(0), box)  # not Python, as little as the real one

    def sleep(seconds: float) -> None:
        box[0] += seconds + 1e-5  # and a little, as it always is: never quite back to the same grid point
        gevent.sleep(0)

    real = {name: getattr(pace_clock, name) for name in ("monotonic", "time")}
    pace_clock.monotonic, pace_clock.time = now, SimpleNamespace(sleep=sleep)  # type: ignore[assignment]
    clock = pace_clock.PaceClock()
    clock.now = now
    try:
        yield clock
    finally:
        vars(pace_clock).update(real)


def _speaking_us(
    calls: list[_Speaking], run: Callable[[_Speaking], None], clock: pace_clock.PaceClock, seconds: float
) -> float:
    began_s, began = clock.now(), time.process_time()
    jobs = []
    for number, call in enumerate(calls):
        jobs.append(gevent.spawn(run, call))
        clock.wait_until(began_s + (number + 1) * FRAME_S / len(calls), threading.Event())
    clock.wait_until(began_s + seconds, threading.Event())
    cost = time.process_time() - began
    for call in calls:
        call.stop()
    gevent.joinall(jobs)
    return cost / sum(call.playout.counters.frames_sent for call in calls) * 1e6


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    print("| step | how | us |\n|---|---|---|")
    for rows in (codec(), receiving(), pacing(10), pacing(50), pacing(300), inbound(), outbound(50)):
        for step, how, cost in rows:
            print(f"| {step} | {how} | {cost:.2f} |", flush=True)


if __name__ == "__main__":
    main()
