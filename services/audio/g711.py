"""G.711 mu-law helpers: 8 kHz mono, one byte per sample, 8 bytes = 1 ms.

`audioop` is the standard library's up to Python 3.12 and the audioop-lts package from 3.13 on; both cost a
tenth to a third of a microsecond for a 20 ms frame.
"""

from __future__ import annotations

import audioop
from collections.abc import Iterator

SAMPLE_RATE_HZ = 8000
FRAME_MS = 20
FRAME_BYTES = SAMPLE_RATE_HZ * FRAME_MS // 1000  # 160: one mu-law byte per sample
BYTES_PER_MS = SAMPLE_RATE_HZ // 1000
MULAW_SILENCE = 0xFF  # +0; 0x00 is the loudest negative sample, never use it as padding
SILENCE_FRAME = bytes([MULAW_SILENCE]) * FRAME_BYTES
PCM_WIDTH = 2  # bytes per linear sample


def decode(mulaw: bytes) -> bytes:
    """Linear 16-bit little-endian samples, two bytes for each mu-law byte; range -32124..32124."""
    return audioop.ulaw2lin(mulaw, PCM_WIDTH)


def encode(pcm16: bytes) -> bytes:
    """mu-law of 16-bit samples; half as many bytes. Raises audioop.error on an odd number of bytes."""
    return audioop.lin2ulaw(pcm16, PCM_WIDTH)


def rms(mulaw: bytes | bytearray) -> int:
    """Root mean square after decoding, 0 for digital silence and for no samples at all."""
    return audioop.rms(audioop.ulaw2lin(mulaw, PCM_WIDTH), PCM_WIDTH)


def zcr(pcm16: bytes) -> float:
    """Zero crossings per sample, 0..1: voiced speech about 0.02-0.15, white noise about 0.5."""
    samples = len(pcm16) // PCM_WIDTH
    if samples < 2:
        return 0.0
    return audioop.cross(pcm16, PCM_WIDTH) / samples


def silence(length: int) -> bytes:
    """That many bytes of mu-law silence."""
    return bytes((MULAW_SILENCE,)) * length


def frames(mulaw: bytes, size: int = FRAME_BYTES) -> Iterator[bytes]:
    """The sound cut into frames of `size` bytes; the last one is filled up with silence."""
    for start in range(0, len(mulaw), size):
        frame = mulaw[start : start + size]
        yield frame if len(frame) == size else frame + silence(size - len(frame))


def scale(mulaw: bytes, factor: float) -> bytes:
    """The same sound louder or quieter; clips at full scale."""
    return audioop.lin2ulaw(audioop.mul(audioop.ulaw2lin(mulaw, PCM_WIDTH), PCM_WIDTH, factor), PCM_WIDTH)
