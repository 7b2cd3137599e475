"""Sound between the formats of both services and mu-law at 8 kHz, which is what everything here works on."""

from __future__ import annotations

import audioop
from typing import Any

from sandbox.google.wav import ALAW_FORMAT, MULAW_FORMAT, PCM_FORMAT
from services.audio import g711
from services.audio.g711 import PCM_WIDTH, SAMPLE_RATE_HZ

LINEAR16, MULAW, ALAW, PCM = 1, 5, 6, 7  # google.cloud.texttospeech.v1.AudioEncoding
FORMATS = {LINEAR16: PCM_FORMAT, MULAW: MULAW_FORMAT, ALAW: ALAW_FORMAT}


class ToTelephone:
    """Turns what a client streams into mu-law at 8 kHz; keeps the resampler's state in between."""

    def __init__(self, *, linear: bool, rate_hz: int) -> None:
        self._linear, self._rate_hz = linear, rate_hz
        self._state: Any = None
        self._odd = b""

    def __call__(self, data: bytes) -> bytes:
        """The same sound. A sample that is cut in two waits for its other half."""
        if not self._linear and self._rate_hz == SAMPLE_RATE_HZ:
            return data
        if self._linear:
            data = self._odd + data
            even = len(data) & ~1
            data, self._odd = data[:even], data[even:]
        else:
            data = g711.decode(data)
        if self._rate_hz != SAMPLE_RATE_HZ:
            data, self._state = audioop.ratecv(data, PCM_WIDTH, 1, self._rate_hz, SAMPLE_RATE_HZ, self._state)
        return g711.encode(data)


def from_telephone(mulaw: bytes, encoding: int, rate_hz: int) -> bytes:
    """Mu-law at 8 kHz in another of the encodings."""
    if encoding == MULAW and rate_hz == SAMPLE_RATE_HZ:
        return mulaw
    pcm = g711.decode(mulaw)
    if rate_hz != SAMPLE_RATE_HZ:
        pcm = audioop.ratecv(pcm, PCM_WIDTH, 1, SAMPLE_RATE_HZ, rate_hz, None)[0]
    if encoding == MULAW:
        return g711.encode(pcm)
    return audioop.lin2alaw(pcm, PCM_WIDTH) if encoding == ALAW else pcm
