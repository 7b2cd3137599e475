"""Speech or not, by what it sounds like: a small net over `voice_features`, 20 ms at a time.

Level alone cannot tell a caller from a noisy line, music or a cough; this can, as well as the large models do at
10 dB and more (docs/benchmarks.md), for a few microseconds a frame. Frames near the noise floor are silence without
asking the net. Pure, clock-free, constant memory; one instance follows one line.
"""

from __future__ import annotations

import audioop
import struct
from collections import deque

from media.detection.voice_features import FEATURES, OCTAVE, Level, VoiceFeatures
from media.detection.voice_model import FIRST, FIRST_BIAS, SECOND, SECOND_BIAS, Unit
from services.audio.g711 import FRAME_BYTES

# Logarithm of the odds of speech above which a frame counts: even odds.
SPEECH_SCORE = 0.0
# On a line whose noise lies this far under the talker, weak sounds are the talker's own: word ends, fricatives.
QUIET_LINE = int(6.5 * OCTAVE)
QUIET_LINE_SCORE = -1.5
SILENCE_SCORE = -8.0

# What the net sees beside the frame itself: the features of so many frames before (0.06, 0.16, 0.5 and 1 s), by which
# it knows a melody, a steady noise or somebody in mid-sentence.
LOOK_BACK = (3, 8, 25, 50)
# The net's first units alone are asked first: where they are so sure, as they are about two sounding frames of three,
# the rest would change nothing.
SURE_SCORE = 2.0

_pack = struct.Struct(f"<{len(FEATURES)}h").pack


def _prepared(units: tuple[Unit, ...]) -> tuple[tuple[bytes, float, float], ...]:
    """Units as `_score` multiplies them: row, and bias and output weight in units of findfactor's answer.

    findfactor(a, b) is the dot product of a and b over that of b with itself, in C; the latter is put back here.
    """
    ready = []
    for row, step, bias, weight in units:
        scale = step * sum(n * n for n in row)
        ready.append((struct.pack(f"<{len(row)}h", *row), bias / scale, weight * scale))
    return tuple(ready)


_FIRST, _SECOND = _prepared(FIRST), _prepared(SECOND)


def _score(packed: bytes) -> float:
    """Logarithm of the odds of speech; `packed` is the features now and at each look-back, 16-bit integers."""
    score = FIRST_BIAS
    product = audioop.findfactor
    for row, bias, weight in _FIRST:
        drive = product(packed, row) + bias
        if drive > 0:
            score += weight * drive
    if -SURE_SCORE < score < SURE_SCORE:
        score += SECOND_BIAS
        for row, bias, weight in _SECOND:
            drive = product(packed, row) + bias
            if drive > 0:
                score += weight * drive
    return score


class VoiceActivity:
    """`feed` each inbound mu-law frame in order; `score` is the last whole frame's log-odds of speech; `pending` is
    what was fed beyond the last whole frame.

    Frames near the floor are kept for a second and measured when something sounds: on a quiet line nothing is.
    """

    __slots__ = ("_left_out", "_past", "_unmeasured", "features", "pending", "score", "speech")

    def __init__(self) -> None:
        self.features = VoiceFeatures()
        self.score = SILENCE_SCORE
        self.speech = False
        self._past: deque[bytes] = deque(maxlen=LOOK_BACK[-1] + 1)
        self._unmeasured: deque[Level] = deque(maxlen=LOOK_BACK[-1] + 1)
        self._left_out = 0
        self.pending = b""

    def feed(self, mulaw: bytes) -> bool:
        """Whether the latest 20 ms are speech. Other lengths than 160 bytes are cut or collected to frames."""
        if self.pending or len(mulaw) != FRAME_BYTES:
            return self._feed_any(mulaw)
        pcm16 = audioop.ulaw2lin(mulaw, 2)
        return self.frame(pcm16, audioop.rms(pcm16, 2))

    def frame(self, pcm16: bytes, rms: int) -> bool:
        """The same for one whole frame, decoded and measured by the caller; nothing may be `pending`."""
        level = self.features.level(pcm16, rms)
        if level.sounding:
            if self._unmeasured:
                self._catch_up()
            packed, past = self._measured(level), self._past
            a, b, c, d = LOOK_BACK
            self.score = _score(packed + past[a] + past[b] + past[c] + past[d])
            self.speech = self.score > (QUIET_LINE_SCORE if level.span > QUIET_LINE else SPEECH_SCORE)
        else:
            unmeasured = self._unmeasured
            self._left_out += len(unmeasured) == unmeasured.maxlen
            unmeasured.append(level)
            self.score, self.speech = SILENCE_SCORE, False
        return self.speech

    def _catch_up(self) -> None:
        if self._left_out:
            self.features.left_out(self._left_out)
            self._left_out = 0
        for level in self._unmeasured:
            self._measured(level)
        self._unmeasured.clear()

    def _measured(self, level: Level) -> bytes:
        """The frame's features, packed and remembered."""
        packed = _pack(*self.features.measure(level))
        if self._past:
            self._past.appendleft(packed)
        else:  # before the first frame the line was as it is now
            self._past.extend([packed] * (LOOK_BACK[-1] + 1))
        return packed

    def _feed_any(self, mulaw: bytes) -> bool:
        sound, self.pending = self.pending + mulaw, b""
        whole = len(sound) // FRAME_BYTES * FRAME_BYTES
        for start in range(0, whole, FRAME_BYTES):
            self.feed(sound[start : start + FRAME_BYTES])
        self.pending = sound[whole:]
        return self.speech
