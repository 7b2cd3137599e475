"""What the load generator's callers and model sessions share: the clock, tagged speech, and what was measured.

Runs in the environment of bench/peers/requirements-relay.txt and imports nothing of the product.

Every frame of a caller carries its own number: 32 bits (caller, sequence) in the lowest bits of its first 32 mu-law
bytes, far under the line's noise. So the model's side knows for every frame who sent it and when, whatever came
between.

A server that resamples (`lossy`) destroys tags and bytes. Its callers send a loud frame now and then while they listen
instead, and its answers are measured by their length.
"""

from __future__ import annotations

import asyncio
import os
import time
from binascii import a2b_base64, b2a_base64
from collections import deque
from dataclasses import dataclass, field

FRAME_BYTES, FRAME_S, BYTES_PER_S = 160, 0.02, 8000
CYCLE_S = 12.5  # in which a caller asks, interrupts and listens (bench/load_caller.py)
TAG_BYTES = 32
SILENCE = b"\xff"
WITHHELD = (1 << TAG_BYTES) - 1  # the tag that a frame of plain silence seems to carry
LOUD_EVERY_FRAMES = 25
_HEAD_BYTES = 48  # a multiple of 3 that holds the tag: its base64 stands alone
_HEAD_CHARS = _HEAD_BYTES * 4 // 3
_LOW_BITS = bytes(b"01"[byte & 1] for byte in range(256))
_SPREAD = [int("".join(f"0{bit}" for bit in f"{number:016b}"), 16) for number in range(1 << 16)]
_TAG_MASK = int.from_bytes(b"\x01" * TAG_BYTES + bytes(_HEAD_BYTES - TAG_BYTES), "big")
# Loud and soft bytes as in speech, silence (0xFF) never: what is heard can be compared byte by byte.
_AUDIBLE = bytes(0x30 + (byte & 0x1F) | (byte & 0x80) for byte in range(256))
_UPSAMPLING = 3  # 8 kHz to the 24 kHz of the model's PCM
# The high byte of a 16-bit sample under half of full scale: no sound of a quiet line, resampled or not, exceeds it.
_NOT_LOUD = bytes([*range(0x40), *range(0xC0, 0x100)])


def _sample(code: int) -> bytes:
    """A mu-law byte as little-endian PCM, held for as many samples as 24 kHz has in its place."""
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return (-magnitude if code & 0x80 else magnitude).to_bytes(2, "little", signed=True) * _UPSAMPLING


_SAMPLES = [_sample(code) for code in range(256)]


def audible(size: int) -> bytes:
    """Random sound of `size` bytes for an answer; no two stretches of eight bytes are alike."""
    return os.urandom(size).translate(_AUDIBLE)


def to_pcm(mulaw: bytes) -> bytes:
    """24 kHz PCM of 8 kHz mu-law."""
    return b"".join([_SAMPLES[code] for code in mulaw])


def is_loud(payload: str) -> bool:
    """Whether base64 of PCM has a sample of a `LOUD` frame."""
    return bool(a2b_base64(payload)[1::2].translate(None, _NOT_LOUD))


class Frame:
    """One 20 ms frame that can be sent again and again under new tags."""

    __slots__ = ("_head", "_tail")

    def __init__(self, audio: bytes) -> None:
        self._head = int.from_bytes(audio[:_HEAD_BYTES], "big") & ~_TAG_MASK
        self._tail = b2a_base64(audio[_HEAD_BYTES:], newline=False)

    def payload(self, caller: int, number: int) -> bytes:
        """base64 of the frame with the tag in it."""
        tag = (_SPREAD[caller] << 128 | _SPREAD[number]) << 8 * (_HEAD_BYTES - TAG_BYTES)
        head = (self._head | tag).to_bytes(_HEAD_BYTES, "big")
        return b2a_base64(head, newline=False) + self._tail


LOUD = Frame(bytes([0x00] * 4 + [0x80] * 4) * (FRAME_BYTES // 8))  # full scale, 1 kHz


def tag_of(payload: str) -> int:
    """The 32 bits in a frame's base64: caller << 16 | number."""
    return int(a2b_base64(payload[:_HEAD_CHARS])[:TAG_BYTES].translate(_LOW_BITS), 2)


class Ear:
    """What Twilio plays to the caller: `heard` is the sound without silence, which no answer holds."""

    __slots__ = ("_lossy", "_unplayed", "heard", "plays_until")

    def __init__(self, lossy: bool) -> None:
        self.heard = bytearray()
        self.plays_until = 0.0
        self._lossy = lossy
        self._unplayed: deque[tuple[float, bytes]] = deque()  # (when it will have been played, sound)

    def hear(self, audio: bytes, now: float) -> bool:
        """Sound is put behind what is to be played; False when it is silence."""
        self.plays_until = max(now, self.plays_until) + len(audio) / BYTES_PER_S
        while self._unplayed and self._unplayed[0][0] <= now:
            self._unplayed.popleft()
        self._unplayed.append((self.plays_until, audio))
        sound = self._sound_of(audio)
        self.heard += sound
        return bool(sound)

    def clear(self, now: float) -> None:
        """What has not begun to play is thrown away; a packet of 20 ms that has is played to its end."""
        left = int((self.plays_until - now) * BYTES_PER_S) // FRAME_BYTES * FRAME_BYTES
        self.plays_until -= max(0, left) / BYTES_PER_S
        while left > 0 and self._unplayed:
            _, audio = self._unplayed.pop()
            lost = self._sound_of(audio[max(0, len(audio) - left) :])
            del self.heard[len(self.heard) - len(lost) :]
            left -= len(audio)
        self._unplayed.clear()

    def _sound_of(self, audio: bytes) -> bytes:
        sound = audio.translate(None, SILENCE)
        if self._lossy:  # single samples may have become silent
            return audio if len(sound) > len(audio) / 2 else b""
        return sound


@dataclass(slots=True)
class Samples:
    """Milliseconds unless it says otherwise; filled only while the window is open."""

    to_model: list[float] = field(default_factory=list)
    to_caller: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    ahead: list[float] = field(default_factory=list)  # what Twilio holds after each piece of sound
    withheld_frames: int = 0  # the product put silence in place of the caller's sound (greeting protection)
    lost_frames: int = 0  # caller → model
    silent_turns: int = 0  # answers that were not heard to their end in time
    answers: int = 0
    cleared: int = 0
    cancelled: int = 0
    lost_calls: int = 0
    refused_calls: int = 0  # the webhook offered something else than a stream


class World:
    """The loop's time and the window in which samples count."""

    def __init__(self, lossy: bool) -> None:
        self.lossy = lossy
        self.loop = asyncio.get_running_loop()
        self.now = time.monotonic  # finer than uvloop's own, of the same origin
        self.samples = Samples()
        self.measuring = False
        self.stopping = False
