"""The single source of truth for how audio is treated. Nothing overrides it locally (SPEC I2)."""

from __future__ import annotations

from dataclasses import dataclass

from services.audio.g711 import FRAME_MS

TICK_FRAMES = 200 // FRAME_MS  # how often a call looks at whatever takes longer than a few frames

# The guard is switched here and nowhere else; it acts only when simple mode is off (SPEC I7).
AUDIO_GUARD_ENABLED: bool = True

# What the operator may change, each by the variable of its name (app/settings.py): these are the defaults (B2, X5).
BARGE_IN_VOICE_FRAMES = 10
MIN_UTT_SEC = 1.0
MAX_UTT_SEC = 4.5
REPLY_REFRACTORY_MS = 1000
VAD_HANGOVER_MS = 200


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """Line treatment and telephony thresholds. RMS values are linear 16-bit, after mu-law decoding."""

    simple_mode: bool = True
    audio_guard_enabled: bool = False
    music_mode_enabled: bool = False
    voice_gate_enabled: bool = False
    noise_gate_min_frames: int = 0
    echo_guard_enabled: bool = True
    frame_pacing_ms: int = FRAME_MS
    vad_rms: float = 80.0
    rms_silence_threshold: float = 40.0
    min_speech_rms: float = 60.0
    min_rms_delta: float = 5.0

    def banner(self) -> str:
        """The line logged at start, in the words the support team greps for."""
        return (
            f"[AUDIO_MODE] simple_mode={self.simple_mode}, audio_guard_enabled={self.audio_guard_enabled}, "
            f"music_mode_enabled={self.music_mode_enabled}, noise_gate_min_frames={self.noise_gate_min_frames}"
        )


AUDIO_CONFIG = AudioConfig()
