"""What of the caller's sound reaches the model: the four line modes behind one interface (SPEC I2-I10, L13).

simple  every frame passes, the same bytes object, whatever it sounds like (the default);
gate    frames under the calibrated threshold become mu-law silence, so that the model's clock and its
        end-of-turn detection still run;
guard   likewise with a floor that follows the line, and hold music withheld;
voice   what the net takes for a voice passes, the rest becomes silence.

Guard and voice send the frames before an opening along with it, so that no word loses its beginning (`pre_roll`).

Pure and clock-free. The listening half (level, voice, speech or not) is the same in every mode and never changes
a byte. Log lines come back as records; nothing is logged per frame.
"""

from __future__ import annotations

import audioop
from dataclasses import dataclass

from media.audio_config import AUDIO_CONFIG, VAD_HANGOVER_MS, AudioConfig
from media.detection.filters import Frame, GapRecovery, LineFilter, filter_for, gap_line, guard_on, pre_roll_for
from media.detection.soft_preprocess import SoftPreprocess
from media.detection.vad import DEFAULT_PRESET, PRESETS, Vad, VadPreset
from media.detection.voice_activity import VoiceActivity
from media.log_lines import LogLine, Throttle
from services.audio import g711
from services.audio.g711 import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, SILENCE_FRAME

SUMMARY_MS = 5000.0
SUMMARY_FRAMES = 10  # looked at every so many frames
GAP_LINE_EVERY_MS = 5000.0
NO_LINES: tuple[LogLine, ...] = ()


@dataclass(slots=True)
class GateResult:
    """One frame's fate. `forward` is the object handed in whenever the sound was left alone (use `is`)."""

    forward: bytes  # may be empty, and several frames the next time (`pre_roll`)
    dropped: bool  # replaced by silence
    rms: int  # of what came in
    is_speech: bool  # onset and hangover applied
    above: bool  # this frame alone, by the preset
    short_answer: bool  # a word is over that was too short for the onset
    logs: tuple[LogLine, ...]
    voiced: bool  # this frame alone, by the net
    gap_frames: int  # of silence that stand before the sound in `forward`


class InputGate:
    """One call's gate. `process` each inbound frame in order; counters may be read at any time."""

    __slots__ = (
        "_config",
        "_gap_line",
        "_gaps",
        "_pre_roll",
        "_soft",
        "_summary",
        "activity",
        "frames_dropped",
        "frames_in",
        "line_filter",
        "received_ms",
        "vad",
    )

    def __init__(
        self,
        config: AudioConfig = AUDIO_CONFIG,
        preset: VadPreset = PRESETS[DEFAULT_PRESET],
        hangover_ms: int = VAD_HANGOVER_MS,
        soft_preprocess: bool = False,
    ) -> None:
        self._config = config
        self.line_filter = filter_for(config, hangover_ms)
        self._pre_roll = pre_roll_for(config)
        self._gaps = None if config.simple_mode or guard_on(config) else GapRecovery()
        self._gap_line = Throttle(GAP_LINE_EVERY_MS)
        self._soft = SoftPreprocess() if soft_preprocess else None
        self._summary = Throttle(SUMMARY_MS, SUMMARY_MS)
        self.vad = Vad(preset, hangover_ms)
        self.activity = VoiceActivity()
        self.frames_in = 0
        self.frames_dropped = 0
        self.received_ms = 0.0

    @property
    def noise_floor(self) -> float:
        return self.vad.noise_floor

    @property
    def speech_threshold(self) -> float:
        return self.vad.speech_threshold

    def start_lines(self) -> tuple[LogLine, ...]:
        """What is logged once, as the call begins."""
        text = (
            f"[AUDIO_GUARD] Enabled={guard_on(self._config)} (dynamic noise floor, speech gating, music_mode, "
            f"gap_recovery={'ON' if self._gaps else 'OFF'})"
        )
        return (LogLine("info", self._config.banner()), LogLine("info", text))

    def process(self, payload: bytes, timestamp_ms: float | None = None) -> GateResult:
        """Decide on one mu-law frame (160 bytes; other lengths are counted by their own duration).

        `timestamp_ms` is Twilio's, where the stream's gaps are to be filled.
        """
        ms = len(payload) / BYTES_PER_MS
        pcm16 = audioop.ulaw2lin(payload, 2)
        rms = audioop.rms(pcm16, 2)
        activity = self.activity
        whole = ms == FRAME_MS and not activity.pending
        voiced = activity.frame(pcm16, rms) if whole else activity.feed(payload)
        vad = self.vad.feed(rms, voiced, ms)
        self.frames_in += 1
        self.received_ms += ms
        forward, dropped, gap_frames, logs = payload, False, 0, NO_LINES
        if self._soft is not None:
            forward = self._soft.process(payload)
        if self.line_filter is not None:
            frame = Frame(pcm16, ms, rms, self.speech_threshold, activity, self.received_ms)
            forward, dropped, logs = self._filtered(self.line_filter, frame, forward)
        if self._gaps is not None and timestamp_ms is not None:
            gap_frames, gap_logs = self._missing(self._gaps, timestamp_ms, ms)
            logs += gap_logs
            if gap_frames:
                forward = SILENCE_FRAME * gap_frames + forward
        if vad.calibrated:
            logs += (LogLine("info", self.vad.calibration_line()),)
        if not self.frames_in % SUMMARY_FRAMES and self._summary.due(self.received_ms):
            logs += self._summary_lines()
        short = vad.started and vad.ended
        return GateResult(forward, dropped, rms, vad.is_speech, vad.above, short, logs, voiced, gap_frames)

    def forget_withheld(self) -> None:
        """The model is not to hear what the last frames held, whatever opens the line next (G3)."""
        if self._pre_roll is not None:
            self._pre_roll.forget()

    def _filtered(self, line_filter: LineFilter, frame: Frame, sound: bytes) -> tuple[bytes, bool, tuple[LogLine, ...]]:
        """(what to forward, whether that is silence instead of the sound, log lines)."""
        passes, pre_roll = line_filter.passes(frame), self._pre_roll
        logs = NO_LINES
        if line_filter.logs:
            logs = tuple(line_filter.logs)
            line_filter.logs.clear()
        if passes:
            return sound if pre_roll is None else pre_roll.passing(sound), False, logs
        self.frames_dropped += 1
        if pre_roll is not None:
            return pre_roll.withheld(sound), True, logs
        return SILENCE_FRAME if len(sound) == FRAME_BYTES else g711.silence(len(sound)), True, logs

    def _missing(self, gaps: GapRecovery, timestamp_ms: float, ms: float) -> tuple[int, tuple[LogLine, ...]]:
        """(frames missing before this one, log lines)."""
        missing = gaps.missing_frames(timestamp_ms, ms)
        if missing and self._gap_line.due(self.received_ms):
            return missing, (LogLine("info", gap_line(missing, timestamp_ms)),)
        return missing, NO_LINES

    def _summary_lines(self) -> tuple[LogLine, ...]:
        begins = "[AUDIO]" if self.line_filter is None else self.line_filter.summary()
        text = (
            f"{begins} frames_in={self.frames_in} frames_dropped={self.frames_dropped} "
            f"noise={self.noise_floor:.1f} threshold={self.speech_threshold:.1f}"
        )
        # Simple mode drops nothing (I3): if this is ever anything but zero, somebody must see it.
        wrong = self._config.simple_mode and self.frames_dropped > 0
        return (LogLine("warning" if wrong else "debug", text),)
