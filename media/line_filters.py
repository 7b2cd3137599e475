"""What decides, outside simple mode, whether a frame's sound reaches the model: the gate and the guard (I5, I7, I8).

Both keep word ends for the hangover time. Pure.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from media import mulaw
from media.audio_config import AUDIO_GUARD_ENABLED, AudioConfig
from media.audio_guard import AudioGuard
from media.log_lines import LogLine, Throttle
from media.music_mode import MusicMode, entering_line, leaving_line
from media.voice_activity import VoiceActivity

DROP_LINE_EVERY_MS = 5000.0  # at most one "[AUDIO GATE] Drop frame" line per this much audio


class Hangover:
    """Open with the first frame that is wanted and for a while after the last."""

    __slots__ = ("_left_ms", "_ms")

    def __init__(self, ms: float) -> None:
        self._ms = ms
        self._left_ms = -1.0

    def open(self, wanted: bool, ms: float) -> bool:
        self._left_ms = self._ms if wanted else self._left_ms - ms
        return self._left_ms >= 0


class Frame(NamedTuple):
    """An inbound frame with all that is known of it."""

    pcm16: bytes
    ms: float
    rms: int
    threshold: float  # of speech, by the preset
    activity: VoiceActivity  # fed with this frame
    now_ms: float  # audio time


class LineFilter(Protocol):
    """`passes` says whether the frame is forwarded as it is; `logs` collects what is worth a line."""

    logs: list[LogLine]

    def passes(self, frame: Frame) -> bool: ...

    def summary(self) -> str:
        """What the line every five seconds begins with."""


class LevelGate:
    """Frames under the calibrated threshold are not forwarded (gate mode, I5)."""

    __slots__ = ("_drop_line", "_hangover", "_min_frames", "_run", "logs")

    def __init__(self, config: AudioConfig, hangover_ms: int) -> None:
        self.logs: list[LogLine] = []
        self._min_frames = config.noise_gate_min_frames
        self._hangover = Hangover(float(hangover_ms))
        self._drop_line = Throttle(DROP_LINE_EVERY_MS)
        self._run = 0

    def passes(self, frame: Frame) -> bool:
        """`noise_gate_min_frames` consecutive frames above open the gate; 0 opens it with the first."""
        above = frame.rms >= frame.threshold
        self._run = self._run + 1 if above else 0
        if self._hangover.open(above and self._run >= self._min_frames, frame.ms):
            return True
        if not above and self._drop_line.due(frame.now_ms):
            text = f"[AUDIO GATE] Drop frame, rms={frame.rms:.1f} < {frame.threshold:.1f}"
            self.logs.append(LogLine("info", text))
        return False

    def summary(self) -> str:
        return "[AUDIO GATE]"


class GuardedLine:
    """The guard's own floor and rule, and music mode where it is on (guard mode, I7, I8)."""

    __slots__ = ("_hangover", "_music", "guard", "logs")

    def __init__(self, config: AudioConfig, hangover_ms: int) -> None:
        self.logs: list[LogLine] = []
        self.guard = AudioGuard()
        self._hangover = Hangover(float(hangover_ms))
        self._music = MusicMode() if config.music_mode_enabled else None

    def passes(self, frame: Frame) -> bool:
        zcr = mulaw.zcr(frame.pcm16)
        music = self._music is not None and self._hears_music(self._music, frame, zcr)
        wanted = self.guard.hears_speech(frame.rms, zcr)
        return self._hangover.open(wanted, frame.ms) and not music

    @property
    def in_music(self) -> bool:
        return self._music is not None and self._music.active

    def summary(self) -> str:
        music = "on" if self.in_music else "off"
        return f"[AUDIO_GUARD] noise_floor={self.guard.noise_floor:.1f} music_mode={music}"

    def _hears_music(self, mode: MusicMode, frame: Frame, zcr: float) -> bool:
        rms = frame.rms
        change = mode.feed(rms, zcr, self.guard.threshold, frame.activity)
        if change == "entered":
            self.logs.append(LogLine("info", entering_line(rms, zcr)))
        elif change == "left":
            self.logs.append(LogLine("info", leaving_line(mode.frames)))
        return mode.active


def filter_for(config: AudioConfig, hangover_ms: int) -> LineFilter | None:
    """The filter of this line mode; None for simple mode, which has none."""
    if config.simple_mode:
        return None
    if guard_on(config):
        return GuardedLine(config, hangover_ms)
    return LevelGate(config, hangover_ms)


def guard_on(config: AudioConfig) -> bool:
    """The guard acts only when simple mode is off (I7)."""
    return AUDIO_GUARD_ENABLED and config.audio_guard_enabled and not config.simple_mode
