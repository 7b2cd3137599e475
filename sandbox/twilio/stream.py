"""One media stream from Twilio's side: the socket, the 20 ms clock, the playback buffer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox.twilio.line import DelayLine, LineConditions
from sandbox.twilio.messages import (
    CONNECTED,
    Clear,
    Mark,
    Media,
    OutboundMessages,
    StreamIds,
    Violation,
    parse_message,
)
from sandbox.twilio.phone import CallClock, Phone
from sandbox.twilio.playback import PlaybackBuffer
from sandbox.twilio.result import Arrival, MarkEcho, StreamResult
from sandbox.twilio.steps import GaveUp, HangUp, Keys, LoseSocket, Say, SendRaw, Step
from sandbox.twilio.websocket import ClientSocket, connect_websocket
from services.audio.g711 import BYTES_PER_MS, FRAME_MS

LATE_MS = 10.0  # a tick later than this is written down: the simulation cannot keep up
Note = Callable[..., None]  # note(kind, at_s=None, **details): a line for the call's story


class MediaStream:
    """Runs until somebody ends it; `ended` then says who: server, caller, abrupt, half_open, lost, gave_up, rest."""

    def __init__(
        self,
        ids: StreamIds,
        phone: Phone,
        line: LineConditions,
        *,
        clock: CallClock,
        note: Note,
        record_arrivals: bool = True,
    ) -> None:
        self._messages = OutboundMessages(ids)
        self._ids = ids
        self._phone = phone
        self._line = line
        self._clock = clock
        self._note = note
        self._record_arrivals = record_arrivals
        self._playback = PlaybackBuffer()
        self._random = random.Random(line.seed)
        self._up = DelayLine(line.latency_up_ms, line.jitter_ms, line.seed)
        self._down = DelayLine(line.latency_down_ms, line.jitter_ms, line.seed + 1)
        self._spoken: bytes | None = None
        self._unsent = bytearray()
        self._sent_bytes = 0
        self._socket: ClientSocket | None = None
        self._started = False
        self._tick_timer: asyncio.TimerHandle | None = None
        self._tick_count = 0
        self._clock_zero_s = 0.0
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.gave_up_because = ""
        self.result = StreamResult(ids.stream_sid, 0.0)

    async def open(self, url: str, address: tuple[str, int], headers: dict[str, str]) -> None:
        """Upgrade. Raises HandshakeRefused. Nothing is sent before `begin`."""
        self._socket = await connect_websocket(url, address, headers, self)
        if self._line.read_pause_ms:
            self._socket.on_data_read = self._read_slowly

    def begin(self, parameters: dict[str, str]) -> None:
        """Send `connected` and `start`. The first 20 ms of sound go out when they are over, 20 ms later."""
        self._clock_zero_s = self._clock.start_of_next_frame(self._phone)
        self.result.started_ms = self._clock.now_ms()
        self.result.first_tick = self._phone.ticks
        self._send(CONNECTED.encode())
        self._send(self._messages.start(parameters))
        self._started = True
        self._tick_timer = asyncio.get_running_loop().call_at(self._clock_zero_s, self._tick)

    # -- the clock -----------------------------------------------------------------------------------------------

    def _schedule(self) -> None:
        self._tick_count += 1
        deadline = self._clock_zero_s + self._tick_count * FRAME_MS / 1000
        self._tick_timer = asyncio.get_running_loop().call_at(deadline, self._tick)

    def _tick(self) -> None:
        if self.ended.done():
            return
        late_ms = self._clock.now_ms() - self._clock.at_ms(self._clock_zero_s) - self._tick_count * FRAME_MS
        if late_ms > LATE_MS:
            self.result.late_ticks.append((self._clock.now_ms(), late_ms))
        heard, passed = self._playback.tick()
        for name in passed:
            self._echo_mark(name, cleared=False)
        try:
            frame, digit, steps = self._phone.tick(heard)
        except GaveUp as error:
            self._note("gave-up", reason=str(error))
            self.gave_up_because = str(error)
            self.finish("gave_up")
            return
        if self._spoken is not None:
            self._speak(self._spoken)
        self._spoken = frame  # sent when its 20 ms are over
        if digit is not None:
            self._note("key", digit=digit)
            self._send(self._messages.dtmf(digit))
        for step in steps:
            self._act(step)
        if not self.ended.done():
            self._schedule()

    def _speak(self, frame: bytes) -> None:
        if self._line.frame_ms == FRAME_MS:
            self._send_media(frame)
            return
        self._unsent += frame
        size = self._line.frame_ms * BYTES_PER_MS
        while len(self._unsent) >= size:
            self._send_media(bytes(self._unsent[:size]))
            del self._unsent[:size]

    def _send_media(self, audio: bytes) -> None:
        self._send(self._messages.media(audio, self._sent_bytes // BYTES_PER_MS))
        self._sent_bytes += len(audio)
        self.result.frames_sent += 1

    def _act(self, step: Step) -> None:
        action = step.do
        # On the ear's clock: a tick that comes late is still the one in which this begins.
        named: dict[str, Any] = {"at_s": self._clock_zero_s + self._tick_count * FRAME_MS / 1000}
        if step.name:
            named["step"] = step.name
        if isinstance(action, HangUp):
            self._note("hang-up", how=action.how, **named)
            self.finish("caller" if action.how == "stop" else action.how)
        elif isinstance(action, LoseSocket):
            self._note("socket-lost", **named)
            self.finish("lost")
        elif isinstance(action, SendRaw):
            self._note("raw", size=len(action.data), **named)
            self._send_raw(action.data)
        elif isinstance(action, Say):
            self._note("say", text=action.text, length_ms=action.length_ms, **named)
        elif isinstance(action, Keys):
            self._note("keys", digits=action.digits, length_ms=action.length_ms, **named)
        else:
            self._note("background", on=action.on, **named)

    def _send_raw(self, data: str | bytes) -> None:
        if isinstance(data, bytes):
            if self._socket is not None:
                self._socket.send_binary(data)
            return
        self._send(data.replace("{streamSid}", self._ids.stream_sid).encode())

    # -- the socket ----------------------------------------------------------------------------------------------

    def _send(self, message: bytes) -> None:
        self._up.push(partial(self._write, message))

    def _write(self, message: bytes) -> None:
        if self._socket is not None:
            self._socket.send_text(message)

    def on_text(self, data: bytes | bytearray) -> None:
        self._down.push(partial(self._received, data))

    def on_binary(self, data: bytes | bytearray) -> None:
        self._violation(Violation(31950, f"binary frame of {len(data)} bytes"))

    def on_closed(self, code: int, reason: str, *, by_peer: bool) -> None:
        self._down.push(partial(self._closed, code, reason, by_peer))

    def _closed(self, code: int, reason: str, by_peer: bool) -> None:
        self.result.close_code, self.result.close_reason = code, reason
        if by_peer:
            self.result.closed_by = "server"
        self._stop_clock("server")

    def _received(self, data: bytes | bytearray) -> None:
        if not self._started:
            self._violation(Violation(31951, "a message before `start`"))
            return
        message = parse_message(data, self._ids.stream_sid)
        if isinstance(message, Media):
            self._media(message.audio)
        elif isinstance(message, Mark):
            self._mark(message.name)
        elif isinstance(message, Clear):
            self._clear()
        else:
            self._violation(message)

    def _media(self, audio: bytes) -> None:
        lead = self._playback.buffered_bytes
        self.result.media_bytes += len(audio)
        if self._record_arrivals:
            self.result.arrivals.append(Arrival(self._clock.now_ms(), len(audio), lead))
        if not self._playback.append(audio):
            self._warn(31931)

    def _mark(self, name: str) -> None:
        self.result.marks.append(MarkEcho(name, self._clock.now_ms(), None, cleared=False))
        for due in self._playback.mark(name):
            self._echo_mark(due, cleared=False)

    def _clear(self) -> None:
        dropped = self._playback.buffered_bytes
        self.result.clears.append((self._clock.now_ms(), dropped))
        self._note("clear", dropped_ms=dropped // BYTES_PER_MS)
        for name in self._playback.clear():
            self._echo_mark(name, cleared=True)

    def _echo_mark(self, name: str, *, cleared: bool) -> None:
        if self._random.random() < self._line.mark_loss:
            return
        if self._line.mark_delay_ms:
            loop = asyncio.get_running_loop()
            loop.call_later(self._line.mark_delay_ms / 1000, self._send_mark, name, cleared)
        else:
            self._send_mark(name, cleared)

    def _send_mark(self, name: str, cleared: bool) -> None:
        if self.ended.done():
            return
        marks = self.result.marks
        for index, mark in enumerate(marks):
            if mark.name == name and mark.echoed_ms is None:
                marks[index] = MarkEcho(name, mark.received_ms, self._clock.now_ms(), cleared)
                break
        self._send(self._messages.mark(name))

    def _violation(self, violation: Violation) -> None:
        self.result.violations.append(f"{violation.code}: {violation.reason}")
        self._note("violation", code=violation.code, reason=violation.reason)
        self._warn(violation.code)

    def _warn(self, code: int) -> None:
        if code not in self.result.warnings:
            self.result.warnings.append(code)

    def _read_slowly(self) -> None:
        socket = self._socket
        if socket is not None:
            socket.pause_reading()
            asyncio.get_running_loop().call_later(self._line.read_pause_ms / 1000, socket.resume_reading)

    # -- the end -------------------------------------------------------------------------------------------------

    def finish(self, how: str) -> None:
        """End the stream from Twilio's side. Idempotent; `ended` is set at once, the socket closes behind it."""
        if self.ended.done() or self._socket is None:
            return
        self.result.closed_by = "lost" if how == "lost" else "caller"
        if how in {"lost", "abrupt"}:
            self._socket.abort()
        elif how == "half_open":
            self._socket.pause_reading()
        else:
            self._send(self._messages.stop())
            asyncio.get_running_loop().call_later(
                (self._line.latency_up_ms + self._line.jitter_ms) / 1000, self._socket.close
            )
        self._stop_clock(how)

    async def drained(self, timeout_s: float = 3.0) -> None:
        """Wait until the socket is really gone, so that its close code is known."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while self._socket is not None and self.result.close_code is None:
            if asyncio.get_running_loop().time() > deadline:
                self._socket.abort()
                return
            await asyncio.sleep(0.005)

    def drop(self) -> None:
        """Let go of a half-open socket."""
        if self._socket is not None:
            self._socket.abort()

    def _stop_clock(self, how: str) -> None:
        if self._tick_timer is not None:
            self._tick_timer.cancel()
        if not self.ended.done():
            self.result.ended_ms = self._clock.now_ms()
            self.ended.set_result(how)
