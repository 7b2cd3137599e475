"""What barge-in goes by: is this frame loud against the line's noise, is it a voice, is it our own echo?"""

from __future__ import annotations

from media.audio_config import AUDIO_CONFIG
from media.input_gate import GateResult, InputGate

BARGE_IN_DELTA = 60.0  # RMS above the noise floor that counts as sound (B2)


class LevelListener:
    """Loud is `noise_floor + delta`; every loud frame may be a voice."""

    def __init__(self, gate: InputGate, delta: float = BARGE_IN_DELTA) -> None:
        self._gate = gate
        self._delta = max(delta, AUDIO_CONFIG.min_rms_delta)

    def hear(self, audio: bytes, gate: GateResult) -> tuple[bool, bool]:
        """(loud, speechlike) of one inbound frame, after the gate has seen it."""
        loud = gate.rms > self._gate.noise_floor + self._delta
        return loud, loud
