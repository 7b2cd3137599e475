"""Sound in the three formats of the protocol. Inside the server everything is mu-law, 8 kHz."""

from __future__ import annotations

import base64
import warnings
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # stdlib until 3.12, audioop-lts (same name) after
    import audioop

PCMU, PCMA, PCM = "audio/pcmu", "audio/pcma", "audio/pcm"
BYTES_PER_MS = 8
_PCM_RATE_HZ = 24_000
_RATE_HZ = 8_000


@dataclass(slots=True)
class InputSound:
    """Turns what a client appends into mu-law; keeps the resampler's state between appends."""

    format: str = PCM
    _state: object = field(default=None, repr=False)
    _odd: bytes = b""

    def to_mulaw(self, data: bytes) -> bytes:
        """The same sound as mu-law, 8 kHz."""
        if self.format == PCMU:
            return data
        if self.format == PCMA:
            return audioop.lin2ulaw(audioop.alaw2lin(data, 2), 2)
        data = self._odd + data
        even = len(data) & ~1
        self._odd = data[even:]
        state: Any = self._state
        pcm, self._state = audioop.ratecv(data[:even], 2, 1, _PCM_RATE_HZ, _RATE_HZ, state)
        return audioop.lin2ulaw(pcm, 2)


def level(mulaw: bytes | bytearray) -> int:
    """RMS of mu-law sound, linear 16-bit."""
    return audioop.rms(audioop.ulaw2lin(mulaw, 2), 2)


@lru_cache(maxsize=256)
def chunks(mulaw: bytes, chunk_bytes: tuple[int, ...], audio_format: str) -> tuple[tuple[str, int], ...]:
    """Mu-law cut into deltas: (base64 in the format asked for, its mu-law bytes). Cached: benches send the
    same again.
    """
    cut = []
    at = turn = 0
    while at < len(mulaw):
        piece = mulaw[at : at + chunk_bytes[turn % len(chunk_bytes)]]
        cut.append((base64.b64encode(_from_mulaw(piece, audio_format)).decode(), len(piece)))
        at += len(piece)
        turn += 1
    return tuple(cut)


def _from_mulaw(data: bytes, audio_format: str) -> bytes:
    if audio_format == PCMU:
        return data
    pcm = audioop.ulaw2lin(data, 2)
    if audio_format == PCMA:
        return audioop.lin2alaw(pcm, 2)
    return audioop.ratecv(pcm, 2, 1, _RATE_HZ, _PCM_RATE_HZ, None)[0]
