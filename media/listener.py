"""What barge-in goes by: is this frame loud against the line's noise, is it a voice, is it the caller's? (B2). Pure."""

from __future__ import annotations

from media.audio_config import AUDIO_CONFIG
from media.input_gate import GateResult, InputGate
from media.voice_activity import VoiceActivity

BARGE_IN_DELTA = 60.0  # RMS above the noise floor that counts as sound (B2)
_FLOOR_STEP = 0.02  # sound that is no voice becomes the line's noise within about a second
_LEVEL_RISE, _LEVEL_FALL = 0.1, 0.001  # the caller's own level: learned at once, forgotten over a minute of speech
_NEAR_SHARE = 0.12  # a voice that far (18 dB) under the caller's own is somebody else in the room


class LevelListener:
    """Loud is `noise_floor + delta`; every loud frame may be a voice. For lines where nothing but level counts."""

    def __init__(self, gate: InputGate, delta: float = BARGE_IN_DELTA) -> None:
        self._gate = gate
        self._delta = max(delta, AUDIO_CONFIG.min_rms_delta)

    def hear(self, audio: bytes, gate: GateResult) -> tuple[bool, bool]:
        """(loud, speechlike) of one inbound frame, after the gate has seen it."""
        loud = gate.rms > self._gate.noise_floor + self._delta
        return loud, loud


class VoiceListener:
    """Loud against a floor that follows the line; a voice by its sound, and near by its level."""

    def __init__(self, gate: InputGate, delta: float = BARGE_IN_DELTA) -> None:
        self._gate = gate
        self._delta = max(delta, AUDIO_CONFIG.min_rms_delta)
        self._voice = VoiceActivity()
        self._floor = 0.0
        self._caller_rms = 0.0

    def hear(self, audio: bytes, gate: GateResult) -> tuple[bool, bool]:
        """(loud, speechlike) of one inbound frame, after the gate has seen it."""
        rms = gate.rms
        voice = self._voice.feed(audio)
        loud = rms > max(self._gate.noise_floor, self._floor) + self._delta
        if not voice:
            self._floor += _FLOOR_STEP * (rms - self._floor)
            return loud, False
        self._caller_rms += (_LEVEL_RISE if rms > self._caller_rms else _LEVEL_FALL) * (rms - self._caller_rms)
        return loud, loud and rms > _NEAR_SHARE * self._caller_rms
