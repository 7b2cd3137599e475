"""The caller's telephone: microphone, ear, keypad. Lives as long as the call, through several media streams."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable

from sandbox.twilio import audio
from sandbox.twilio.line import LineConditions
from sandbox.twilio.steps import AGENT_LOUD_RMS, Actor, Background, Keys, Say, Step
from services.audio import g711
from services.audio.g711 import FRAME_BYTES, FRAME_MS, MULAW_SILENCE, SILENCE_FRAME


class CallClock:
    """Milliseconds of the call: 0 is the first stream's `start`; negative before. Monotonic."""

    def __init__(self) -> None:
        self.zero_s: float | None = None

    def now_ms(self) -> float:
        return self.at_ms(asyncio.get_running_loop().time())

    def at_ms(self, loop_time_s: float) -> float:
        return 0.0 if self.zero_s is None else (loop_time_s - self.zero_s) * 1000

    def start_of_next_frame(self, phone: Phone) -> float:
        """Loop time at which the phone's next 20 ms begin; the first call of this sets the clock to 0."""
        now_s = asyncio.get_running_loop().time()
        if self.zero_s is None:
            self.zero_s = now_s
        phone.skip_to(math.ceil(self.at_ms(now_s)))
        return self.zero_s + phone.now_ms / 1000


class Phone:
    """Ticked once per 20 ms of the call: hears a frame, says a frame, tells which steps begin."""

    def __init__(
        self,
        steps: list[Step],
        line: LineConditions,
        *,
        record: bool = True,
        on_frame: Callable[[int, bytes, bytes], None] | None = None,
    ) -> None:
        """on_frame(ms, heard, said) watches every 20 ms."""
        self._actor = Actor(steps)
        self._line = line
        self._record = record
        self._on_frame = on_frame
        self._speech = bytearray()
        self._keys: deque[str] = deque()
        self._key_wait_ms = 0
        self._key_gap_ms = 0
        self._room = line.background
        self._room_on = line.background_on
        self._room_at = 0
        self._echo_frames = max(0, line.echo_delay_ms // FRAME_MS)
        self._echo: deque[bytes] = deque(maxlen=self._echo_frames + 1)
        self._agent_loud = False
        self.ticks = 0
        self.heard = bytearray()
        self.said = bytearray()

    @property
    def now_ms(self) -> int:
        return self.ticks * FRAME_MS

    @property
    def busy(self) -> bool:
        return bool(self._speech or self._keys)

    def skip_to(self, now_ms: int) -> None:
        """No stream for a while: nothing was heard or said until now."""
        frames = max(0, -(-now_ms // FRAME_MS) - self.ticks)
        self.ticks += frames
        if self._record:
            self.heard += SILENCE_FRAME * frames
            self.said += SILENCE_FRAME * frames

    def hear_outside_stream(self, mulaw: bytes) -> None:
        """Sound that came from TwiML (<Play>), not from a stream."""
        frames = -(-len(mulaw) // FRAME_BYTES)
        self.ticks += frames
        if self._record:
            self.heard += mulaw.ljust(frames * FRAME_BYTES, bytes([MULAW_SILENCE]))
            self.said += SILENCE_FRAME * frames

    def start(self, action: Say | Keys | Background) -> None:
        if isinstance(action, Say):
            self._speech += action.audio
        elif isinstance(action, Keys):
            self._keys.extend(action.digits)
            self._key_gap_ms = action.gap_ms
        else:
            self._room_on = action.on

    def tick(self, heard: bytes) -> tuple[bytes, str | None, list[Step]]:
        """One frame of the call. Returns the microphone's frame, a digit pressed now, and the steps that begin now."""
        steps = self._actor.advance(self.now_ms, agent_loud=self._agent_loud, busy=self.busy)
        self._agent_loud = (  # known when the frame is over
            heard is not SILENCE_FRAME and self._actor.listens and g711.rms(heard) >= AGENT_LOUD_RMS
        )
        for step in steps:
            if isinstance(step.do, Say | Keys | Background):
                self.start(step.do)
        frame = self._microphone(heard)
        if self._record:
            self.heard += heard
            self.said += frame
        if self._on_frame is not None:
            self._on_frame(self.now_ms, heard, frame)
        self.ticks += 1
        return frame, self._next_key(), steps

    def _next_key(self) -> str | None:
        self._key_wait_ms = max(0, self._key_wait_ms - FRAME_MS)
        if not self._keys or self._key_wait_ms:
            return None
        self._key_wait_ms = self._key_gap_ms
        return self._keys.popleft()

    def _microphone(self, heard: bytes) -> bytes:
        if self._speech:
            frame = bytes(self._speech[:FRAME_BYTES]).ljust(FRAME_BYTES, bytes([MULAW_SILENCE]))
            del self._speech[:FRAME_BYTES]
        else:
            frame = SILENCE_FRAME
        layers = []
        if self._line.echo_db is not None:
            self._echo.append(heard)
            if len(self._echo) > self._echo_frames:
                layers.append(audio.gain(g711.decode(self._echo[0]), self._line.echo_db))
        if self._room and self._room_on:
            layers.append(self._room_frame())
        return g711.encode(audio.mix(g711.decode(frame), *layers)) if layers else frame

    def _room_frame(self) -> bytes:
        size = FRAME_BYTES * 2
        if self._room_at + size > len(self._room):
            self._room_at = 0
        frame = self._room[self._room_at : self._room_at + size]
        self._room_at += size
        return frame
