"""Gentle care for very quiet, very loud or humming lines (SPEC I4). Off means the same bytes object.

The high-pass is a second-order Butterworth at 160 Hz: -0.35 dB at 300 Hz, -20 dB at 50 Hz; nothing else inside
300-3400 Hz is touched. The level moves slowly and only when the talker is far from the usual range. Pure.
"""

from __future__ import annotations

import audioop
import math
from array import array

from services.audio import g711
from services.audio.g711 import SAMPLE_RATE_HZ

HIGH_PASS_HZ = 160.0
QUIET_TALKER_RMS = 400.0  # below this while speaking, the level is raised ...
LOUD_TALKER_RMS = 6500.0  # ... above this, lowered
MAX_GAIN = 4.0  # 12 dB
MIN_GAIN = 0.5
GAIN_STEP = 10 ** (0.1 / 20)  # 0.1 dB a frame: 5 dB a second
PEAK = 32124  # the loudest mu-law sample
SPEAKING_RMS = 100.0  # quieter frames say nothing about the talker


class HighPass:
    """Direct form II transposed, one sample after the other."""

    __slots__ = ("_a1", "_a2", "_gain", "_z1", "_z2")

    def __init__(self, hertz: float = HIGH_PASS_HZ) -> None:
        k = math.tan(math.pi * hertz / SAMPLE_RATE_HZ)
        norm = 1 + math.sqrt(2) * k + k * k
        self._gain = 1 / norm
        self._a1 = 2 * (k * k - 1) / norm
        self._a2 = (1 - math.sqrt(2) * k + k * k) / norm
        self._z1 = self._z2 = 0.0

    def process(self, pcm16: bytes) -> bytes:
        """Written for speed: 160 times round for each frame."""
        gain, a1, a2, z1, z2 = self._gain, self._a1, self._a2, self._z1, self._z2
        passed: list[int] = []
        add = passed.append
        for sample in array("h", pcm16):
            x = gain * sample
            y = x + z1
            z1 = z2 - x - x - a1 * y
            z2 = x - a2 * y
            add(int(y))
        self._z1, self._z2 = z1, z2
        if max(passed, default=0) > 32767 or min(passed, default=0) < -32768:
            passed = [max(-32768, min(32767, sample)) for sample in passed]
        return array("h", passed).tobytes()


class LevelCare:
    """A gain that follows the talker's level, slowly, and stays 1 for most."""

    __slots__ = ("_talker", "gain")

    def __init__(self) -> None:
        self.gain = 1.0
        self._talker = 0.0

    def process(self, pcm16: bytes) -> bytes:
        """The same object while nothing is to be done."""
        rms = audioop.rms(pcm16, 2)
        if rms > SPEAKING_RMS:
            self._talker += (rms - self._talker) / 25 if self._talker else rms
            self._step(self._wanted())
        gain = min(self.gain, PEAK / max(1, audioop.max(pcm16, 2)))
        return pcm16 if gain == 1.0 else audioop.mul(pcm16, 2, gain)

    def _wanted(self) -> float:
        if self._talker < QUIET_TALKER_RMS:
            return min(MAX_GAIN, QUIET_TALKER_RMS / self._talker)
        if self._talker > LOUD_TALKER_RMS:
            return max(MIN_GAIN, LOUD_TALKER_RMS / self._talker)
        return 1.0

    def _step(self, wanted: float) -> None:
        if wanted > self.gain:
            self.gain = min(wanted, self.gain * GAIN_STEP)
        else:
            self.gain = max(wanted, self.gain / GAIN_STEP)


class SoftPreprocess:
    """Both, for one call."""

    __slots__ = ("_high_pass", "_level")

    def __init__(self) -> None:
        self._high_pass = HighPass()
        self._level = LevelCare()

    def process(self, frame: bytes) -> bytes:
        """mu-law in, as many bytes of mu-law out."""
        return g711.encode(self._level.process(self._high_pass.process(g711.decode(frame))))
