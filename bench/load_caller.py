"""A simulated Twilio caller as lean as it can be: asks, interrupts the answer, hears the next one; counts every byte.

Everything has its fixed place in a cycle of 12.5 s, so that a slow server gets as much to do as a quick one:

    0.0   question of 1.2 s
    1.7   the model takes the turn for ended; transcript at 2.0, first sound of the answer at 2.1
    3.6   interruption of 1.5 s, over the answer
    5.6   the model takes it for ended; transcript at 5.9, an answer of 5 s from 6.0, heard to its end
"""

from __future__ import annotations

from array import array
from binascii import a2b_base64
from dataclasses import dataclass

import orjson
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from bench.load_model import ModelSession
from bench.load_world import CYCLE_S, FRAME_BYTES, FRAME_S, LOUD, LOUD_EVERY_FRAMES, Ear, Frame, World

CYCLE_FRAMES = round(CYCLE_S / FRAME_S)
INTERRUPTION_FRAME = 180  # of the cycle
NOTICED_FRAMES = 5  # of speech after which the model notices it
ENDPOINT_FRAMES = 25  # of silence until the model takes the turn for ended
FIRST_WORDS_S = 7.5  # after the greeting, before the assistant asks whether anybody is there
SLACK_BYTES = 4 * FRAME_BYTES  # that a lossy server's resamplers may keep back of an answer
_WORD = 8


@dataclass(frozen=True, slots=True)
class Script:
    """What a caller sends, in frames; `noise` is its line when it says nothing."""

    noise: list[Frame]
    question: list[Frame]
    interruption: list[Frame]


class Caller(WSListener):
    """`send_frame` is called every 20 ms by the generator's ticker."""

    def __init__(self, world: World, number: int, script: Script) -> None:
        self.session: ModelSession | None = None
        self._world = world
        self._number = number
        self._script = script
        self._noise_at = number * 37  # callers are at different places of the same noise
        self._transport: WSTransport | None = None
        self._sid = f"MZ{number:032x}"
        self._sent_at = array("d")
        self._next_at_model = 0
        self._cycle_from: int | None = None  # frame number of the first question
        self._turn_from = 0  # frame number
        self._saying: list[Frame] | None = None
        self._awaiting = False  # the answer to the last turn has not begun
        self._interrupted = False  # the caller has spoken over the answer: its rest need not come
        self._expected = bytearray()
        self._ear = Ear(world.lossy)
        self._heard = self._ear.heard
        self._answer_begins = 0
        self._answer_ends = 0
        self._first_delta_at = 0.0
        self._last_media_at = 0.0
        self._begin_at = 0.0
        self._loud_at: float | None = None  # when the last loud frame was sent, until the model heard it

    # -- Twilio's side of the protocol --------------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def begin(self, call_sid: str, parameters: dict[str, str]) -> None:
        start = {
            "streamSid": self._sid,
            "accountSid": "AC" + "0" * 32,
            "callSid": call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": parameters,
        }
        self._send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        self._send({"event": "start", "sequenceNumber": "1", "streamSid": self._sid, "start": start})
        self._begin_at = self._world.now() + FIRST_WORDS_S

    def hang_up(self) -> None:
        if self._transport is not None:
            self._send({"event": "stop", "sequenceNumber": "9", "streamSid": self._sid, "stop": {}})
            self._transport.send_close(WSCloseCode.OK)
        self._transport = None

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if self._transport is not None:
            self._world.samples.lost_calls += 1
        self._transport = None

    def send_frame(self) -> None:
        """One frame of speech or of the line's noise, and what time brings."""
        transport = self._transport
        if transport is None:
            return
        number, now = len(self._sent_at), self._world.now()
        if self._saying is None:
            self._look_at_the_clock(now, number)
        frame = self._listening(now, number) if self._saying is None else self._turn(self._saying, number)
        self._sent_at.append(now)
        who, which = (0, 0) if self._world.lossy else (self._number, number)
        transport.send(
            WSMsgType.TEXT,
            b'{"event":"media","sequenceNumber":"%d","streamSid":"%b","media":{"track":"inbound","chunk":"%d",'
            b'"timestamp":"%d","payload":"%b"}}'
            % (number + 2, self._sid.encode(), number + 1, number * 20, frame.payload(who, which)),
        )

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        message = orjson.loads(frame.get_payload_as_memoryview())
        event = message["event"]
        if event == "media":
            self._hear(a2b_base64(message["media"]["payload"]))
        elif event == "mark":
            self._world.loop.call_at(self._ear.plays_until, self._echo, message["mark"]["name"])
        elif event == "clear":
            self._world.samples.cleared += 1
            self._ear.clear(self._world.now())

    def _echo(self, name: str) -> None:
        if self._transport is not None:
            self._send({"event": "mark", "sequenceNumber": "3", "streamSid": self._sid, "mark": {"name": name}})

    # -- turns --------------------------------------------------------------------------------------------------

    def _look_at_the_clock(self, now: float, number: int) -> None:
        """Is it time to ask or to interrupt? An answer that should have been heard by then and was not is counted."""
        if self._cycle_from is None:
            if now < self._begin_at or self.session is None:
                return
            self._cycle_from = number
        if self._world.stopping:
            return
        place = (number - self._cycle_from) % CYCLE_FRAMES
        if place == 0:
            self._world.samples.silent_turns += self._world.measuring and not self._heard_all
            self._saying, self._turn_from, self._interrupted = self._script.question, number, False
        elif place == INTERRUPTION_FRAME:
            self._world.samples.silent_turns += self._world.measuring and self._hears_nothing
            self._saying, self._turn_from, self._interrupted = self._script.interruption, number, True

    def _listening(self, now: float, number: int) -> Frame:
        if not self._world.lossy or number % LOUD_EVERY_FRAMES:
            return self._noise(number)
        if self._loud_at is not None and self._world.measuring:
            self._world.samples.lost_frames += 1
        self._loud_at = now
        return LOUD

    def _noise(self, number: int) -> Frame:
        return self._script.noise[(number + self._noise_at) % len(self._script.noise)]

    def _turn(self, said: list[Frame], number: int) -> Frame:
        session, spoken = self.session, number - self._turn_from
        if spoken == NOTICED_FRAMES and session is not None:
            session.speech_started(number * 20 - 100)
        if spoken < len(said):
            return said[spoken]
        if spoken == len(said) + ENDPOINT_FRAMES:
            if session is not None:
                session.speech_stopped(number * 20)
            self._saying = None
            self._awaiting = True
        return self._noise(number)

    # -- what the model heard -----------------------------------------------------------------------------------

    def frame_arrived(self, number: int) -> None:
        """At the model, by its tag."""
        samples = self._world.samples
        if self._world.measuring:
            samples.to_model.append((self._world.now() - self._sent_at[number]) * 1000)
            if number != self._next_at_model:
                samples.lost_frames += abs(number - self._next_at_model)
        self._next_at_model = number + 1

    def loud_frame_arrived(self) -> None:
        """Or a part of it; the first part counts."""
        if self._loud_at is not None and self._world.measuring:
            self._world.samples.to_model.append((self._world.now() - self._loud_at) * 1000)
        self._loud_at = None

    def frame_withheld(self) -> None:
        self._next_at_model += 1

    # -- what the caller heard ----------------------------------------------------------------------------------

    def expect(self, audio: bytes) -> None:
        """The model begins to send this answer now."""
        if self._interrupted:
            self._cut_short()
            self._interrupted = False
        if self._world.lossy:  # a length a little off must not add up
            self._heard.clear()
            self._expected.clear()
        self._answer_begins = len(self._expected)
        self._expected += audio
        self._answer_ends = len(self._expected)
        self._first_delta_at = self._world.now()
        self._awaiting = False

    def cancelled(self) -> None:
        """The server took back the answer."""
        self._cut_short()
        self._awaiting = True

    def _cut_short(self) -> None:
        """What was not heard of the answer by now is not waited for."""
        del self._expected[max(len(self._heard), self._answer_begins) :]
        self._answer_ends = len(self._expected)

    def expect_earlier(self, audio: bytes) -> None:
        """What was said before the model knew to whom: a greeting."""
        self._expected[:0] = audio
        self._answer_ends = len(self._expected)

    def _hear(self, audio: bytes) -> None:
        now, before = self._world.now(), len(self._heard)
        if not self._ear.hear(audio, now):
            return
        if self._world.measuring:
            self._world.samples.ahead.append((self._ear.plays_until - now) * 1000)
            if before == self._answer_begins:
                self._world.samples.to_caller.append((now - self._first_delta_at) * 1000)
                self._world.samples.answers += 1
            else:
                self._world.samples.gaps.append((now - self._last_media_at) * 1000)
        self._last_media_at = now

    @property
    def _hears_nothing(self) -> bool:
        """Of the answer to the last turn."""
        return self._awaiting or len(self._heard) == self._answer_begins

    @property
    def _heard_all(self) -> bool:
        return not self._awaiting and len(self._heard) >= self._answer_ends - SLACK_BYTES * self._world.lossy

    @property
    def is_gone(self) -> bool:
        return self._transport is None

    @property
    def is_idle(self) -> bool:
        """Nothing said or asked for is still to be heard."""
        return self._saying is None and self._heard_all

    def lost_and_doubled(self) -> tuple[int, int]:
        """Bytes of answers that were never heard, and bytes heard twice or out of nowhere."""
        if self._heard == self._expected:
            return 0, 0
        expected = {bytes(self._expected[at : at + _WORD]) for at in range(0, len(self._expected), _WORD)}
        heard = [bytes(self._heard[at : at + _WORD]) for at in range(0, len(self._heard), _WORD)]
        known = expected.intersection(heard)
        return (len(expected) - len(known)) * _WORD, (len(heard) - len(known)) * _WORD

    def _send(self, message: dict[str, object]) -> None:
        if self._transport is not None:
            self._transport.send(WSMsgType.TEXT, orjson.dumps(message))
