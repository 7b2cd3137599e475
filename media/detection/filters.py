"""What happens to a line outside simple mode: gate, guard, voice, and silence for lost frames (I5, I7-I9, L13).

Each decides whether a frame's sound reaches the model, and keeps word ends for the hangover time. The guard has a
noise floor that follows the line; it is switched in code only, by `audio_config.AUDIO_GUARD_ENABLED`. The voice gate
goes by the net. Nothing is held back, so nothing adds latency. Pure.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from media.audio_config import AUDIO_GUARD_ENABLED, AudioConfig
from media.detection.music import MusicMode, entering_line, leaving_line
from media.detection.pre_roll import PreRoll
from media.detection.voice_activity import VoiceActivity
from media.log_lines import LogLine, Throttle
from services.audio import g711
from services.audio.g711 import FRAME_MS

FIRST_NOISE_FLOOR = 20.0
SPEECH_THRESHOLD_FACTOR = 4.0
MIN_NOISE_FLOOR = 4.0  # half a step of mu-law: digital silence must not make everything speech
CERTAIN_FACTOR = 1.5
SPEECH_ZCR = 0.02
SPEECH_RMS_CHANGE = 5.0
# Until the voice gate has heard so much of a clear voice, it lets soft sounds through that stand out of the line's
# noise and may be one: the net does not know yet how loud this line's talker is, and expects a louder one.
MAYBE_VOICE_SCORE = -5.0
SOFT_SOUND_RMS = 400
CLEAR_VOICE_SCORE = 2.0
CLEAR_VOICE_FRAMES = 300 // FRAME_MS
DROP_LINE_EVERY_MS = 5000.0  # at most one "[AUDIO GATE] Drop frame" line per this much audio
MAX_GAP_MS = 1000  # a longer one is a pause of the stream, not lost packets


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
        """Decide on a frame. What is under the threshold moves the floor, also where the rule takes it for speech."""
        threshold = self.threshold
        speech = is_probable_speech(rms, zcr, threshold, self.prev_rms)
        if rms < threshold or not speech:
            self.noise_floor = max(MIN_NOISE_FLOOR, 0.9 * self.noise_floor + 0.1 * rms)
        self.prev_rms = rms
        return speech


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
        zcr = g711.zcr(frame.pcm16)
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


class VoiceGate:
    """What the net takes for a voice is forwarded, the rest is silence (voice mode, L13)."""

    __slots__ = ("_clear_frames", "_hangover", "logs")

    def __init__(self, hangover_ms: int) -> None:
        self.logs: list[LogLine] = []
        self._hangover = Hangover(float(hangover_ms))
        self._clear_frames = 0  # of a clear voice, up to the number that makes the talker known

    def passes(self, frame: Frame) -> bool:
        activity = frame.activity
        voice = activity.speech
        if self._clear_frames < CLEAR_VOICE_FRAMES:
            self._clear_frames += activity.score > CLEAR_VOICE_SCORE
            voice = voice or self._may_be_soft_voice(activity, frame.rms)
        return self._hangover.open(voice, frame.ms)

    @staticmethod
    def _may_be_soft_voice(activity: VoiceActivity, rms: int) -> bool:
        soft = rms < SOFT_SOUND_RMS and activity.score > MAYBE_VOICE_SCORE
        return soft and activity.features.stands_out(rms)

    def summary(self) -> str:
        known = "known" if self._clear_frames >= CLEAR_VOICE_FRAMES else "awaited"
        return f"[VOICE GATE] talker={known}"


def filter_for(config: AudioConfig, hangover_ms: int) -> LineFilter | None:
    """The filter of this line mode; None for simple mode, which has none."""
    if config.simple_mode:
        return None
    if guard_on(config):
        return GuardedLine(config, hangover_ms)
    if config.voice_gate_enabled:
        return VoiceGate(hangover_ms)
    return LevelGate(config, hangover_ms)


def pre_roll_for(config: AudioConfig) -> PreRoll | None:
    """For the modes that are sure of a word some frames after its beginning; the gate opens with the first loud one."""
    return PreRoll() if not config.simple_mode and (guard_on(config) or config.voice_gate_enabled) else None


def guard_on(config: AudioConfig) -> bool:
    """The guard acts only when simple mode is off (I7)."""
    return AUDIO_GUARD_ENABLED and config.audio_guard_enabled and not config.simple_mode


class GapRecovery:
    """Frames that Twilio never sent, from its timestamps: knows where the next one should begin on the stream's own
    time line. For lines with neither simple mode nor the guard; elsewhere audio passes as it comes."""

    __slots__ = ("_expected_ms", "inserted_frames")

    def __init__(self) -> None:
        self._expected_ms: float | None = None
        self.inserted_frames = 0

    def missing_frames(self, timestamp_ms: float, length_ms: float) -> int:
        """How many whole 20 ms frames are missing before this one; late or repeated ones count as none."""
        expected = self._expected_ms
        if expected is None:
            self._expected_ms = timestamp_ms + length_ms
            return 0
        gap = timestamp_ms - expected
        missing = int(gap // FRAME_MS) if FRAME_MS <= gap <= MAX_GAP_MS else 0
        self._expected_ms = max(expected, timestamp_ms) + length_ms
        self.inserted_frames += missing
        return missing


def gap_line(frames: int, timestamp_ms: float) -> str:
    return f"[AUDIO GAP] {frames} frames ({frames * FRAME_MS} ms) of silence inserted before {timestamp_ms:.0f} ms"
