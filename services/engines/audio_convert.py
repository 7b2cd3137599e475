"""Converting base64 audio between mu-law 8 kHz and the other formats a model session may have (I1). Done once only."""

from __future__ import annotations

import audioop
import base64
from collections.abc import Callable
from typing import Any

from services.audio import g711
from services.audio.g711 import PCM_WIDTH, SAMPLE_RATE_HZ

Converter = Callable[[str], str]

PCMU, PCMA, PCM = "audio/pcmu", "audio/pcma", "audio/pcm"
_PCM_HZ = 24000  # the only rate Realtime takes for linear sound


def converter(source: str, target: str) -> Converter | None:
    """A stateful converter for one direction of one session, None when nothing is to be done.

    Raises ValueError for a format nobody here knows.
    """
    if source == target:
        return None
    decode, encode = _Decoder(source), _Encoder(target)
    return lambda payload: base64.b64encode(encode(decode(base64.b64decode(payload)))).decode("ascii")


class _Decoder:
    """Any known format → linear 16-bit at 8 kHz."""

    def __init__(self, source: str) -> None:
        self._source = _known(source)
        self._state: Any = None
        self._odd = b""

    def __call__(self, data: bytes) -> bytes:
        if self._source == PCMU:
            return g711.decode(data)
        if self._source == PCMA:
            return audioop.alaw2lin(data, PCM_WIDTH)
        data = self._odd + data
        whole = len(data) - len(data) % PCM_WIDTH
        self._odd = data[whole:]
        linear, self._state = audioop.ratecv(data[:whole], PCM_WIDTH, 1, _PCM_HZ, SAMPLE_RATE_HZ, self._state)
        return linear


class _Encoder:
    """Linear 16-bit at 8 kHz → any known format."""

    def __init__(self, target: str) -> None:
        self._target = _known(target)
        self._state: Any = None

    def __call__(self, linear: bytes) -> bytes:
        if self._target == PCMU:
            return g711.encode(linear)
        if self._target == PCMA:
            return audioop.lin2alaw(linear, PCM_WIDTH)
        wide, self._state = audioop.ratecv(linear, PCM_WIDTH, 1, SAMPLE_RATE_HZ, _PCM_HZ, self._state)
        return wide


def _known(name: str) -> str:
    if name not in (PCMU, PCMA, PCM):
        raise ValueError(f"audio format {name!r} is not known")
    return name
