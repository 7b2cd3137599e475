"""Hold music on a guarded line: noticed, withheld for two seconds at a time, and never mistaken for a voice (I8).

Loudness and zero crossings alone, over 15 frames, take 97 % of speech for music (docs/benchmarks.md). What music
has and speech has not: it repeats itself 30-50 ms later, for a note is held longer than a vowel stays the same; and
its bands change little from frame to frame. Both are in `voice_features`. Music behind somebody who is talking is left
alone: in a caller's pauses it sounds as hold music does, and withholding it would cost the next words' beginning. The
constants come from that table, those about talk from English speech over music before it. Pure.
"""

from __future__ import annotations

from typing import Literal

from media.detection.voice_activity import VoiceActivity
from services.audio.g711 import FRAME_MS

ENTER_FRAMES = 15
HOLD_FRAMES = 100
MUSIC_ZCR = 0.03
STEADY = 600  # mean repetition at the lag of a held note, of 1024
RESTLESS = 450  # mean change of the four bands from frame to frame, in 256ths of an octave
UNSURE_SCORE = 1.5  # held and even, this much like a voice may still be a melody
# A caller who talks over the music is let through again.
VOICE_SCORE = 2.5
VOICE_FRAMES = 8
# Somebody is talking while such a voice makes up this share of the last seconds (a mean that fades to a third in six).
TALK_SHARE = 0.08
TALK_FRAMES = 300

Change = Literal["", "entered", "left"]


def is_musical(activity: VoiceActivity, below: float = 0.0) -> bool:
    """Whether the latest frame sounds held and even, and scores `below` this as a voice."""
    features = activity.features
    return features.steady_mean > STEADY and features.flux_mean < RESTLESS and activity.score < below


class MusicMode:
    """Counts evidence. `active` says whether frames are withheld."""

    __slots__ = ("_evidence", "_left", "_talk", "_voice", "frames")

    def __init__(self) -> None:
        self._evidence = 0
        self._left = 0
        self._talk = 0.0  # share of the last seconds that was a clear voice
        self._voice = 0
        self.frames = 0  # of the latest stretch of music

    @property
    def active(self) -> bool:
        return self._left > 0

    def feed(self, rms: float, zcr: float, threshold: float, activity: VoiceActivity) -> Change:
        """A frame that `activity` has been fed just now; says whether music mode begins or ends with it."""
        was = self.active
        self._left -= was
        musical = rms > threshold and zcr > MUSIC_ZCR and is_musical(activity, UNSURE_SCORE)
        self._evidence = min(ENTER_FRAMES, self._evidence + 1) if musical else max(0, self._evidence - 1)
        voice = activity.score > VOICE_SCORE
        self._talk += (voice - self._talk) / TALK_FRAMES
        if self._evidence >= ENTER_FRAMES and self._talk < TALK_SHARE:
            self._left = HOLD_FRAMES
        self._voice = min(VOICE_FRAMES, self._voice + 1) if voice else max(0, self._voice - 1)
        if self._voice >= VOICE_FRAMES:
            self._left = self._evidence = 0
        if not was:
            self.frames = 0
        if self.active:
            self.frames += 1
            return "" if was else "entered"
        return "left" if was else ""


def entering_line(rms: float, zcr: float) -> str:
    return f"[AUDIO_GUARD] Entering music_mode (rms={rms:.1f}, zcr={zcr:.3f})"


def leaving_line(frames: int) -> str:
    return f"[AUDIO_GUARD] Leaving music_mode (after {frames * FRAME_MS} ms)"
