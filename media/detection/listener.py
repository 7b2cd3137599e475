"""What barge-in goes by: is this frame loud against the line's noise, a voice, near, and not our own? (B2, B9)

Pure but for the clock it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from media.audio_config import AUDIO_CONFIG
from media.detection.echo import EchoGuard
from media.detection.input_gate import GateResult, InputGate
from media.detection.music import is_musical
from services.audio.g711 import BYTES_PER_MS

BARGE_IN_DELTA = 60.0  # RMS above the noise floor that counts as sound (B2)
_NOISE_STEP = 0.02  # sound that is no voice becomes the line's noise within about a second
_LEVEL_RISE, _LEVEL_FALL = 0.1, 0.001  # the caller's own level: learned at once, forgotten over a minute of speech
_NEAR_SHARE = 0.12  # a voice that far (18 dB) under the caller's own is somebody else in the room


@dataclass(slots=True)
class InboundFrame:
    """What one frame of the caller's sound is to barge-in."""

    loud: bool  # above the line's noise, and not the agent's own sound come back
    voice: bool  # loud, and somebody's voice, near
    musical: bool = False  # loud, and a held note
    echo: bool = False  # above the noise, but the agent's own sound


# One of each for all frames like it: they are only read.
NOTHING = InboundFrame(loud=False, voice=False)
ECHO = InboundFrame(loud=False, voice=False, echo=True)


class VoiceListener:
    """Loud against a noise level that follows the line; a voice by its sound, near by its level, and not our own.

    The reader calls `hear`, the sender `played` and `cleared`; times are seconds of one monotonic clock, by which the
    frames counted here and those played are brought onto one line.
    """

    def __init__(self, gate: InputGate, now: Callable[[], float], delta: float = BARGE_IN_DELTA) -> None:
        self._activity = gate.activity
        self._vad = gate.vad
        self._now = now
        self._delta = max(delta, AUDIO_CONFIG.min_rms_delta)
        self._echo = EchoGuard() if AUDIO_CONFIG.echo_guard_enabled else None
        self._noise_level = 0.0
        self._caller_rms = 0.0
        self._zero_s: float | None = None  # when the first frame began
        self._received_ms = 0.0

    def played(self, at_s: float, frame: bytes) -> None:
        """This mu-law frame begins to play at the far end then."""
        if self._echo is not None and self._zero_s is not None:
            self._echo.sent((at_s - self._zero_s) * 1000, frame)

    def cleared(self, at_s: float) -> None:
        """What the far end had not begun to play by then never will."""
        if self._echo is not None and self._zero_s is not None:
            self._echo.cleared((at_s - self._zero_s) * 1000)

    def hear(self, audio: bytes, measured: GateResult) -> InboundFrame:
        """One inbound frame, after the gate has seen it."""
        at_ms = self._received_ms
        self._received_ms = at_ms + len(audio) / BYTES_PER_MS
        if self._zero_s is None:
            self._zero_s = self._now() - self._received_ms / 1000
        rms = measured.rms
        voice = measured.voiced  # asked of the net once a frame, in the gate
        above = rms - self._delta
        loud = above > self._noise_level and above > self._vad.noise_floor
        if loud and self._echo is not None and self._echo.is_echo(at_ms, audio):
            return ECHO
        if voice:
            self._caller_rms += (_LEVEL_RISE if rms > self._caller_rms else _LEVEL_FALL) * (rms - self._caller_rms)
        else:
            self._noise_level += _NOISE_STEP * (rms - self._noise_level)
        if not loud:
            return NOTHING
        return InboundFrame(True, voice and rms > _NEAR_SHARE * self._caller_rms, is_musical(self._activity))
