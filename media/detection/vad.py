"""Speech or silence, frame by frame: presets, calibration, onset and hangover (SPEC I5, I6).

The presets `strict`, `hebrew` and `soft` go by level against a calibrated threshold; `voice` asks the net of
`voice_activity` about every audible frame, and its threshold serves the gate alone. Which is the default is decided
by the table in docs/benchmarks.md.
Pure and clock-free: time is the length of the audio fed in. One detector belongs to one call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from media.audio_config import VAD_HANGOVER_MS
from media.detection.voice_features import AUDIBLE_RMS
from services.audio.g711 import FRAME_MS

DEFAULT_NOISE_FLOOR = 100.0
QUIET_RMS = 120.0  # louder frames say nothing about the line's noise
# A dip shorter than this inside a word (the closure of a plosive) does not restart the onset count.
ONSET_DIP_MS = 100.0


@dataclass(frozen=True, slots=True)
class VadPreset:
    """How a line is listened to. Times are milliseconds of audio, thresholds RMS after mu-law decoding."""

    name: str
    calibration_ms: int
    threshold: Callable[[float], float]  # noise floor -> speech threshold
    start_ms: int  # sound above the threshold before it counts as speech
    end_ms: int | None  # sound below it before speech is over; None: the hangover setting
    short_ms: int  # a burst this long that ends before start_ms is still an answer ("כן", "לא")
    by_voice: bool = False  # speech is what the net takes for a voice, however far under the threshold


def _strict(floor: float) -> float:
    return max(260.0, 2.5 * floor)


def _hebrew(floor: float) -> float:
    return min(175.0, floor + 60.0)


def _soft(floor: float) -> float:
    return max(min(max(floor, 35.0), 60.0), 1.8 * floor)


PRESETS: dict[str, VadPreset] = {
    "strict": VadPreset("strict", 1500, _strict, start_ms=440, end_ms=800, short_ms=140),
    "hebrew": VadPreset("hebrew", 1500, _hebrew, start_ms=60, end_ms=None, short_ms=60),
    "soft": VadPreset("soft", 30 * FRAME_MS, _soft, start_ms=60, end_ms=None, short_ms=60),
    "voice": VadPreset("voice", 1500, _hebrew, start_ms=60, end_ms=None, short_ms=60, by_voice=True),
}
DEFAULT_PRESET = "voice"


@dataclass(slots=True)
class VadDecision:
    """What one frame changed. `above` is this frame alone; `is_speech` has onset and hangover applied.

    `started` and `ended` are true in exactly one frame each per utterance. A short answer under a preset with
    a long onset is reported when it is over: `started` and `ended` in the same frame.
    """

    is_speech: bool
    above: bool
    started: bool
    ended: bool
    calibrated: bool  # true in the one frame that ends calibration


# One for all frames that change nothing: decisions are only read.
_SILENCE = VadDecision(is_speech=False, above=False, started=False, ended=False, calibrated=False)


class SpeechTimer:
    """Turns "this frame is above" into utterances: onset, dips inside words, hangover, short answers."""

    __slots__ = ("_below_ms", "_end_ms", "_short_ms", "_start_ms", "above_ms", "is_speech")

    def __init__(self, preset: VadPreset, hangover_ms: int) -> None:
        self.is_speech = False
        self._start_ms = float(preset.start_ms)
        self._end_ms = float(hangover_ms if preset.end_ms is None else preset.end_ms)
        self._short_ms = float(preset.short_ms)
        self.above_ms = 0.0
        self._below_ms = 0.0

    def feed(self, above: bool, ms: float) -> tuple[bool, bool]:
        """(started, ended) with this frame."""
        if above:
            self.above_ms += ms
            self._below_ms = 0.0
            if self.is_speech or self.above_ms < self._start_ms:
                return False, False
            self.is_speech = True
            return True, False
        if not self.above_ms:
            return False, False
        self._below_ms += ms
        if self.is_speech:
            ended = self._below_ms >= self._end_ms
            return False, ended and self._over()
        short_answer = self.above_ms >= self._short_ms
        if self._below_ms < (self._end_ms if short_answer else ONSET_DIP_MS):
            return False, False
        self._over()
        return short_answer, short_answer

    def _over(self) -> bool:
        self.is_speech = False
        self.above_ms = 0.0
        return True


class Vad:
    """One call's detector: calibration, threshold, utterances."""

    __slots__ = (
        "_by_voice",
        "_quiet_count",
        "_quiet_sum",
        "_timer",
        "_uncalibrated_ms",
        "noise_floor",
        "preset",
        "speech_threshold",
    )

    def __init__(self, preset: VadPreset = PRESETS[DEFAULT_PRESET], hangover_ms: int = VAD_HANGOVER_MS) -> None:
        self.preset = preset
        self._by_voice = preset.by_voice
        self.noise_floor = DEFAULT_NOISE_FLOOR
        self.speech_threshold = preset.threshold(DEFAULT_NOISE_FLOOR)
        self._timer = SpeechTimer(preset, hangover_ms)
        self._uncalibrated_ms = float(preset.calibration_ms)
        self._quiet_sum = 0.0
        self._quiet_count = 0

    def feed(self, rms: int, voiced: bool = True, ms: float = FRAME_MS) -> VadDecision:
        """A frame of this level; `voiced` is the net's answer, heeded only by a preset that goes by voice."""
        calibrated = self._uncalibrated_ms > 0 and self._calibrate(rms, ms)
        above = voiced and rms >= AUDIBLE_RMS if self._by_voice else rms >= self.speech_threshold
        timer = self._timer
        if not above and not timer.above_ms and not calibrated:
            return _SILENCE  # most frames of a call
        started, ended = timer.feed(above, ms)
        return VadDecision(timer.is_speech, above, started, ended, calibrated)

    def calibration_line(self) -> str:
        """The log line for the frame whose decision says `calibrated`."""
        return f"[VAD] Calibrated noise={self.noise_floor:.1f}, speech_threshold={self.speech_threshold:.1f}"

    def _calibrate(self, rms: int, ms: float) -> bool:
        """Average the quiet frames; true when the calibration time is over with this frame."""
        if rms < QUIET_RMS:
            self._quiet_sum += rms
            self._quiet_count += 1
        self._uncalibrated_ms -= ms
        if self._uncalibrated_ms > 0:
            return False
        if self._quiet_count:
            self.noise_floor = self._quiet_sum / self._quiet_count
        self.speech_threshold = self.preset.threshold(self.noise_floor)
        return True
