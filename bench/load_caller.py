"""A simulated Twilio caller as lean as it can be: speaks real speech, listens, speaks again; counts every byte."""

from __future__ import annotations

from array import array
from binascii import a2b_base64
from collections.abc import Sequence

import orjson
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from bench.load_model import ModelSession
from bench.load_world import FRAME_BYTES, LOUD, LOUD_EVERY_FRAMES, SILENCE, Frame, World

SPEECH_FRAMES = 125  # 2.5 s of speech a turn
NOTICED_FRAMES = 5  # after which the model notices it
ENDPOINT_FRAMES = 25  # of silence until the model takes the turn for ended
PAUSE_S = 1.2  # between hearing an answer's end and speaking again: more than the refractory time
FIRST_WORDS_S = 2.5  # how long the caller waits for a greeting, at least
CYCLE_S = 10.0  # about one turn: callers begin at different points of it, so that no two moments of a run differ
PATIENCE_S = 12.0  # for an answer to be heard to its end
GOLDEN = 0.618034  # its multiples, without their whole part, spread evenly however many there are
SLACK_BYTES = 4 * FRAME_BYTES  # that a lossy server's resamplers may keep back of an answer
_WORD = 8


class Caller(WSListener):
    """`send_frame` is called every 20 ms by the generator's ticker."""

    def __init__(self, world: World, number: int, speech: Sequence[Frame], quiet: Sequence[Frame]) -> None:
        self.session: ModelSession | None = None
        self._world = world
        self._number = number
        self._speech, self._quiet = speech, quiet
        self._transport: WSTransport | None = None
        self._sid = f"MZ{number:032x}"
        self._sent_at = array("d")
        self._next_at_model = 0
        self._speaking_from: int | None = None  # frame number
        self._speak_at = self._first_words_at = 0.0
        self._awaiting = False  # the answer to the last turn has not begun
        self._give_up_at = 0.0
        self._expected = bytearray()
        self._heard = bytearray()
        self._answer_begins = 0
        self._answer_ends = 0
        self._first_delta_at = 0.0
        self._last_media_at = 0.0
        self._plays_until = 0.0
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
        self._first_words_at = self._world.now() + FIRST_WORDS_S + self._number * GOLDEN % 1 * CYCLE_S
        self._speak_at = self._first_words_at

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
        """One frame of speech or of a quiet line, and what time brings."""
        transport = self._transport
        if transport is None:
            return
        number, now = len(self._sent_at), self._world.now()
        begun = self._speaking_from
        if begun is None:
            self._wait(now, number)
            frame = self._listening(now, number)
        else:
            frame = self._turn(number, number - begun)
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
            self._world.loop.call_at(self._plays_until, self._echo, message["mark"]["name"])
        elif event == "clear":
            self._world.samples.cleared += 1
            self._plays_until = self._world.now()

    def _echo(self, name: str) -> None:
        if self._transport is not None:
            self._send({"event": "mark", "sequenceNumber": "3", "streamSid": self._sid, "mark": {"name": name}})

    # -- turns --------------------------------------------------------------------------------------------------

    def _wait(self, now: float, number: int) -> None:
        """Listening: speak when the answer was heard to its end and a moment has passed."""
        if self._awaiting or not self._heard_all:
            if now < self._give_up_at:
                return
            self._awaiting = False
            self._give_up_at = now + PATIENCE_S
            self._world.samples.silent_turns += self._world.measuring
        if now >= self._speak_at and not self._world.stopping and self.session is not None:
            self._speaking_from = number

    def _listening(self, now: float, number: int) -> Frame:
        if not self._world.lossy or number % LOUD_EVERY_FRAMES:
            return self._quiet[number % len(self._quiet)]
        if self._loud_at is not None and self._world.measuring:
            self._world.samples.lost_frames += 1
        self._loud_at = now
        return LOUD

    def _turn(self, number: int, spoken: int) -> Frame:
        session = self.session
        if spoken == NOTICED_FRAMES and session is not None:
            session.speech_started(number * 20 - 100)
        if spoken < SPEECH_FRAMES:
            return self._speech[spoken % len(self._speech)]
        if spoken == SPEECH_FRAMES + ENDPOINT_FRAMES and session is not None:
            session.speech_stopped(number * 20)
            self._speaking_from = None
            self._awaiting = True
            self._give_up_at = self._world.now() + PATIENCE_S
        return self._quiet[number % len(self._quiet)]

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
        if self._world.lossy:  # a length a little off must not add up
            self._heard.clear()
            self._expected.clear()
        self._answer_begins = len(self._expected)
        self._expected += audio
        self._answer_ends = len(self._expected)
        self._first_delta_at = self._world.now()
        self._awaiting = False
        self._give_up_at = self._first_delta_at + PATIENCE_S

    def cancelled(self) -> None:
        """The server took back the answer: what was not heard of it by now is not waited for."""
        del self._expected[max(len(self._heard), self._answer_begins) :]
        self._answer_ends = len(self._expected)
        self._awaiting = True

    def expect_earlier(self, audio: bytes) -> None:
        """What was said before the model knew to whom: a greeting."""
        self._expected[:0] = audio
        self._answer_ends = len(self._expected)

    def _hear(self, audio: bytes) -> None:
        now = self._world.now()
        self._plays_until = max(now, self._plays_until) + len(audio) / 8000
        sound = audio.translate(None, SILENCE)
        if self._world.lossy:  # single samples may have become silent
            sound = audio if len(sound) > len(audio) / 2 else b""
        if not sound:
            return
        if self._world.measuring:
            self._world.samples.ahead.append((self._plays_until - now) * 1000)
            if len(self._heard) == self._answer_begins:
                self._world.samples.to_caller.append((now - self._first_delta_at) * 1000)
                self._world.samples.answers += 1
            else:
                self._world.samples.gaps.append((now - self._last_media_at) * 1000)
        self._last_media_at = now
        self._heard += sound
        if self._heard_all:
            self._speak_at = max(self._first_words_at, self._plays_until + PAUSE_S)

    @property
    def _heard_all(self) -> bool:
        return len(self._heard) >= self._answer_ends - SLACK_BYTES * self._world.lossy

    @property
    def is_gone(self) -> bool:
        return self._transport is None

    @property
    def is_idle(self) -> bool:
        """Nothing said or asked for is still to be heard."""
        return self._speaking_from is None and not self._awaiting and self._heard_all

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
