"""A listener that goes by level alone: what ours is compared with, and the ear of tones on the virtual clock."""

from __future__ import annotations

from media.detection.input_gate import GateResult, InputGate
from media.detection.listener import BARGE_IN_DELTA, InboundFrame


class LevelListener:
    """Loud is `noise_floor + delta`; every loud frame is a voice."""

    def __init__(self, gate: InputGate) -> None:
        self._gate = gate

    def hear(self, audio: bytes, measured: GateResult) -> InboundFrame:
        """One inbound frame, after the gate has seen it."""
        loud = measured.rms > self._gate.noise_floor + BARGE_IN_DELTA
        return InboundFrame(loud, loud)
