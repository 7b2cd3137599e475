"""What is between the caller and the server, and around the caller: delays, lost marks, echo, background sound."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from services.audio.g711 import FRAME_BYTES


@dataclass(slots=True, frozen=True)
class LineConditions:
    """A perfect line by default. Levels are RMS of linear 16-bit samples; times are milliseconds."""

    latency_up_ms: float = 0.0  # caller to server
    latency_down_ms: float = 0.0  # server to Twilio's playback buffer
    jitter_ms: float = 0.0  # added at random to both, order is kept
    frame_ms: int = 20  # length of the inbound media messages, 10 to 60
    mark_loss: float = 0.0  # share of mark echoes that never come back
    mark_delay_ms: float = 0.0  # how much later than due they come back
    echo_db: float | None = None  # level of the agent's own voice in the caller's microphone, e.g. -20
    echo_delay_ms: int = 100
    background: bytes = b""  # linear sound around the caller, repeated for ever; see audio.room_sound
    background_on: bool = True  # from the start; a Background step switches it
    read_pause_ms: float = 0.0  # a slow reader: sleeps this long after every read
    seed: int = 1

    def __post_init__(self) -> None:
        if not 10 <= self.frame_ms <= 60 or self.frame_ms % 10:
            raise ValueError(f"frame_ms must be 10, 20, ... 60, not {self.frame_ms}")
        if 0 < len(self.background) < 2 * FRAME_BYTES:
            raise ValueError("background sound shorter than a frame")


class DelayLine:
    """Runs each callable after a delay, in order. Without delay it runs at once: nothing is scheduled."""

    def __init__(self, delay_ms: float, jitter_ms: float, seed: int) -> None:
        self._delay_s = delay_ms / 1000
        self._jitter_s = jitter_ms / 1000
        self._random = random.Random(seed)
        self._queue: deque[Callable[[], None]] = deque()
        self._last_at = 0.0

    def push(self, item: Callable[[], None]) -> None:
        if not self._delay_s and not self._jitter_s:
            item()
            return
        loop = asyncio.get_running_loop()
        at = loop.time() + self._delay_s + self._random.random() * self._jitter_s
        self._last_at = max(at, self._last_at)
        self._queue.append(item)
        loop.call_at(self._last_at, self._pop)

    def _pop(self) -> None:
        self._queue.popleft()()
