"""Speech or not, by what it sounds like: a small net over `voice_features`, 20 ms at a time.

Level alone cannot tell a caller from a noisy line, music or a cough; this can, as well as the large models do at
10 dB and more (docs/benchmarks.md), for a few microseconds a frame. Frames near the noise floor are silence without
asking the net. Pure, clock-free, constant memory; one instance follows one line.
"""

from __future__ import annotations

import audioop
import struct
from math import tanh

from media.audio_config import FRAME_BYTES
from media.voice_features import FEATURES, VoiceFeatures
from media.voice_model import HIDDEN, OUTPUT_BIAS

# Logarithm of the odds of speech above which a frame counts: four to three. Sound that is no speech is more
# frequent on a line than in the training material, where the two have equal weight.
SPEECH_SCORE = 0.3
SILENCE_SCORE = -8.0

_pack = struct.Struct(f"<{len(FEATURES)}h").pack
# findfactor(a, b) is the dot product of a and b over that of b with itself, in C: the second is multiplied back.
_UNITS = tuple((_pack(*row), step * sum(n * n for n in row), bias, weight) for row, step, bias, weight in HIDDEN)


def speech_score(features: tuple[int, ...]) -> float:
    """Logarithm of the odds that a frame with these features is speech."""
    packed = _pack(*features)
    score = OUTPUT_BIAS
    product = audioop.findfactor
    for row, scale, bias, weight in _UNITS:
        score += weight * tanh(product(packed, row) * scale + bias)
    return score


class VoiceActivity:
    """`feed` each inbound mu-law frame in order; `score` is the last whole frame's."""

    __slots__ = ("_features", "_pending", "score")

    def __init__(self) -> None:
        self._features = VoiceFeatures()
        self._pending = b""
        self.score = SILENCE_SCORE

    def feed(self, mulaw: bytes) -> bool:
        """Whether the latest 20 ms are speech. Other lengths than 160 bytes are cut or collected to frames."""
        if self._pending or len(mulaw) != FRAME_BYTES:
            return self._feed_any(mulaw)
        features = self._features.measure(audioop.ulaw2lin(mulaw, 2))
        self.score = speech_score(features) if self._features.sounding else SILENCE_SCORE
        return self.score > SPEECH_SCORE

    def _feed_any(self, mulaw: bytes) -> bool:
        sound, self._pending = self._pending + mulaw, b""
        whole = len(sound) // FRAME_BYTES * FRAME_BYTES
        for start in range(0, whole, FRAME_BYTES):
            self.feed(sound[start : start + FRAME_BYTES])
        self._pending = sound[whole:]
        return self.score > SPEECH_SCORE
