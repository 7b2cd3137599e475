"""Audio guard for noisy lines: a noise floor that follows the line, and the rule for what may be speech (SPEC I7).

Switched in code only, by `audio_config.AUDIO_GUARD_ENABLED`; it acts only when simple mode is off. Pure: levels in,
decisions out, nothing is held back, so it adds no latency.
"""

from __future__ import annotations

FIRST_NOISE_FLOOR = 20.0
SPEECH_THRESHOLD_FACTOR = 4.0
MIN_NOISE_FLOOR = 4.0  # half a step of mu-law: digital silence must not make everything speech
CERTAIN_FACTOR = 1.5
SPEECH_ZCR = 0.02
SPEECH_RMS_CHANGE = 5.0


def is_probable_speech(rms: float, zcr: float, threshold: float, prev_rms: float) -> bool:
    """Clearly under the threshold no, clearly over it yes; between, sound that changes or is not mere hum."""
    if rms < 0.5 * threshold:
        return False
    if rms >= CERTAIN_FACTOR * threshold:
        return True
    return zcr >= SPEECH_ZCR or abs(rms - prev_rms) >= SPEECH_RMS_CHANGE


class AudioGuard:
    """One call's floor and what the last frame was."""

    __slots__ = ("noise_floor", "prev_rms", "speech_threshold_factor")

    def __init__(self) -> None:
        self.noise_floor = FIRST_NOISE_FLOOR
        self.speech_threshold_factor = SPEECH_THRESHOLD_FACTOR
        self.prev_rms = 0.0

    @property
    def threshold(self) -> float:
        return self.noise_floor * self.speech_threshold_factor

    def hears_speech(self, rms: float, zcr: float) -> bool:
        """Decide on a frame; one that looks silent moves the floor."""
        speech = is_probable_speech(rms, zcr, self.threshold, self.prev_rms)
        if not speech:
            self.noise_floor = max(MIN_NOISE_FLOOR, 0.9 * self.noise_floor + 0.1 * rms)
        self.prev_rms = rms
        return speech
