"""What of the caller's sound reaches the model: the three line modes behind one interface (SPEC I2-I10).

simple  every frame passes, the same bytes object, whatever it sounds like (the default);
gate    frames under the calibrated threshold become mu-law silence, so that the model's clock and its
        end-of-turn detection still run;
guard   likewise with a floor that follows the line, and hold music withheld.

Pure and clock-free. The listening half (level, speech or not) is the same in every mode and never changes
a byte.
Log lines come back as records; nothing is logged per frame.
"""

from __future__ import annotations

import audioop
from typing import Literal, NamedTuple

from media import mulaw
from media.audio_config import AUDIO_CONFIG, BYTES_PER_MS, SILENCE_FRAME, AudioConfig
from media.vad import DEFAULT_PRESET, HANGOVER_MS, PRESETS, EnergyVad, VadPreset

SUMMARY_MS = 5000.0
DROP_LINE_EVERY_MS = 5000.0  # at most one "[AUDIO GATE] Drop frame" line per this much audio

LogLevel = Literal["debug", "info", "warning"]


class LogLine(NamedTuple):
    """A line for the caller's logger: `getattr(log, line.level)(line.text)`."""

    level: LogLevel
    text: str


class GateResult(NamedTuple):
    """One frame's fate. `forward` is the object handed in whenever the sound was left alone (use `is`)."""

    forward: bytes
    dropped: bool  # replaced by silence
    rms: int  # of what came in
    is_speech: bool  # onset and hangover applied
    above: bool  # this frame alone
    started: bool  # an utterance began (or a short one was recognised, then `ended` is set too)
    ended: bool
    logs: tuple[LogLine, ...]


def _silence_like(payload: bytes) -> bytes:
    return SILENCE_FRAME if len(payload) == len(SILENCE_FRAME) else mulaw.silence(len(payload))


class InputGate:
    """One call's gate. `process` each inbound frame in order; counters may be read at any time."""

    __slots__ = (
        "_config",
        "_hangover_left_ms",
        "_hangover_ms",
        "_next_drop_line_ms",
        "_next_summary_ms",
        "_open_frames",
        "frames_dropped",
        "frames_in",
        "heard_ms",
        "vad",
    )

    def __init__(
        self,
        config: AudioConfig = AUDIO_CONFIG,
        preset: VadPreset = PRESETS[DEFAULT_PRESET],
        hangover_ms: int = HANGOVER_MS,
    ) -> None:
        self._config = config
        self._hangover_ms = float(hangover_ms)
        self._hangover_left_ms = 0.0
        self._open_frames = 0
        self._next_drop_line_ms = 0.0
        self._next_summary_ms = SUMMARY_MS
        self.vad = EnergyVad(preset, hangover_ms)
        self.frames_in = 0
        self.frames_dropped = 0
        self.heard_ms = 0.0

    @property
    def noise_floor(self) -> float:
        return self.vad.noise_floor

    @property
    def speech_threshold(self) -> float:
        return self.vad.speech_threshold

    def process(self, payload: bytes) -> GateResult:
        """Decide on one mu-law frame (160 bytes; other lengths are counted by their own duration)."""
        ms = len(payload) / BYTES_PER_MS
        rms = audioop.rms(audioop.ulaw2lin(payload, 2), 2)
        decision = self.vad.feed_rms(rms, ms)
        self.frames_in += 1
        self.heard_ms += ms
        logs: tuple[LogLine, ...] = ()
        if decision.calibrated:
            logs = (LogLine("info", self.vad.calibration_line()),)
        dropped = not self._config.simple_mode and not self._gate_open(decision.above, ms)
        if dropped:
            self.frames_dropped += 1
            logs += self._drop_line(rms, decision.threshold)
        if self.heard_ms >= self._next_summary_ms:
            logs += self._summary()
        forward = _silence_like(payload) if dropped else payload
        return GateResult(
            forward,
            dropped,
            rms,
            decision.is_speech,
            decision.above,
            decision.started,
            decision.ended,
            logs,
        )

    def _gate_open(self, above: bool, ms: float) -> bool:
        if above:
            self._open_frames += 1
            if self._open_frames >= self._config.noise_gate_min_frames:
                self._hangover_left_ms = self._hangover_ms
                return True
        else:
            self._open_frames = 0
        self._hangover_left_ms -= ms
        return self._hangover_left_ms >= 0

    def _drop_line(self, rms: int, threshold: float) -> tuple[LogLine, ...]:
        if self.heard_ms < self._next_drop_line_ms:
            return ()
        self._next_drop_line_ms = self.heard_ms + DROP_LINE_EVERY_MS
        return (LogLine("info", f"[AUDIO GATE] Drop frame, rms={rms:.1f} < {threshold:.1f}"),)

    def _summary(self) -> tuple[LogLine, ...]:
        self._next_summary_ms += SUMMARY_MS
        return (
            LogLine(
                "debug",
                f"[AUDIO GATE] in={self.frames_in} dropped={self.frames_dropped} "
                f"noise={self.noise_floor:.1f} threshold={self.speech_threshold:.1f}",
            ),
        )
