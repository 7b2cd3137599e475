"""What one 20 ms frame sounds like, in seventeen small integers (SPEC B2, B9; the inputs of `voice_activity`).

Everything is done by `audioop` in C on whole frames: a tree of two-tap (Haar) splits gives the level in four
bands, `findfit` finds how well the frame repeats itself at the lag of a voice's pitch and, further back, at the lag
of a held note. Python only follows floors, peaks and slow means. Levels are octaves (factors of two in RMS) times
256; repetition is a correlation times 1024. Pure, clock-free, constant memory.
"""

from __future__ import annotations

import audioop
import math
from array import array
from typing import NamedTuple

from media.audio_config import AUDIO_CONFIG

FEATURES = (
    *("band_0_500", "band_500_1000", "band_1000_2000", "band_2000_4000", "total"),  # above their floors
    "below_peak",  # against the loudest this line's talker has been
    "peak_over_floor",
    "slow_level",
    "pitch",
    "pitch_mean",
    "steady",
    "steady_mean",
    "crossings",
    "crest",
    "flux_mean",  # how much the bands change from frame to frame
    "steady_when_loud",  # seconds of memory: was the sound heard lately held, as music is?
    "loud_share",
)
OCTAVE = 256
UNITY = 1024
AUDIBLE_RMS = AUDIO_CONFIG.rms_silence_threshold / 2  # quieter frames are not analysed
# A frame this near the floor and this far below the talker's peak says nothing: it is not analysed further.
NEAR_FLOOR = OCTAVE // 2
FAR_BELOW_PEAK = -4 * OCTAVE

_FIRST_PEAK = 9.5 * OCTAVE  # until somebody has spoken: an RMS of 724, a rather soft caller

# The low band, 0-1000 Hz, has 2000 samples a second, 40 of them in a frame; its last 100 are kept (two bytes
# each). Lags of a pitch: 5-33 samples (60-400 Hz). Lags of a held note: 60-100 samples (30-50 ms), where a voice
# has moved on.
_HISTORY = 2 * 100
_PITCH_FROM = _HISTORY - 2 * 33
_PITCH_TO = 2 * (40 - 5)
_STEADY_TO = _HISTORY - 2 * (60 - 40)

_OCTAVES = array("h", (round(OCTAVE * math.log2(rms + 1)) for rms in range(32769)))


def _step(over: int) -> int:
    """How far a floor moves to a level so far above it: down at once, up by at most an octave a second."""
    if over < 0:
        return over // 3
    return min(5, over // 64)


# By index: how a floor follows a level 0 ... 4095 above it and, from the end backwards, below it.
_FOLLOW = [_step(over) for over in (*range(4096), *range(-4096, 0))]


def _repetition(past: bytes, frame: bytes, frame_rms: int) -> int:
    """How well `frame` is found again in `past`, at the best place: correlation -1024..1024."""
    offset, factor = audioop.findfit(past, frame)
    matched = audioop.rms(past[2 * offset : 2 * offset + len(frame)], 2)
    return int(UNITY * factor * frame_rms / matched) if matched else 0


class Level(NamedTuple):
    """What is known of every frame at once: its own level, and the floor and peak of the line with it."""

    pcm16: bytes
    total: int
    over_floor: int  # the floor before this frame moved it
    above_peak: float  # the peak before this frame moved it
    floor: int
    span: int  # from the floor to the peak
    sounding: bool  # loud enough to be worth a judgement


_new_level = tuple.__new__  # a NamedTuple's own constructor is a call in Python more, 50 times a second for each call


class VoiceFeatures:
    """Follows one line. `level` takes the linear samples of each whole frame (320 bytes) as it comes, `measure` the
    levels in the same order, sooner or later; levels in a long silence may be left out (`left_out`).
    """

    __slots__ = (
        "_bands",
        "_floor",
        "_floors",
        "_history",
        "_loud_share",
        "_peak",
        "_pitch_mean",
        "_slow",
        "_steady_loud",
        "flux_mean",
        "steady_mean",
    )

    def __init__(self) -> None:
        self._history = b"\x01\x00" * (_HISTORY // 2)
        self._floor = -1  # of the whole band; not known yet
        self._floors: tuple[int, int, int, int] | None = None
        self._bands = (0, 0, 0, 0)
        self._peak = _FIRST_PEAK
        self._slow = self.flux_mean = self._pitch_mean = self.steady_mean = 0
        self._steady_loud = self._loud_share = 0

    def level(self, pcm16: bytes, rms: int) -> Level:
        """Follows the line's floor and peak; `rms` is the frame's."""
        total, peak = _OCTAVES[rms], self._peak
        floor = self._floor if self._floor >= 0 else total
        over, above_peak = total - floor, total - peak
        self._floor = floor = floor + _FOLLOW[over]
        self._peak = peak = peak + (above_peak / 32 if above_peak > 0 else (floor - peak) / 1400)
        sounding = rms >= AUDIBLE_RMS and (over > NEAR_FLOOR or above_peak > FAR_BELOW_PEAK)
        return _new_level(Level, (pcm16, total, over, above_peak, floor, int(peak) - floor, sounding))

    def stands_out(self, rms: int) -> bool:
        """Whether a frame of this level, the latest, is above the line's noise."""
        return _OCTAVES[rms] - self._floor > NEAR_FLOOR

    def measure(self, level: Level) -> tuple[int, ...]:
        """The features of this frame, in the order of `FEATURES`."""
        split, rms, octaves = audioop.tomono, audioop.rms, _OCTAVES
        pcm16, total, over_floor, above_peak, floor, span, sounding = level
        self._slow += (total - self._slow) // 16 if self._floors is not None else total
        low = split(pcm16, 2, 0.5, 0.5)
        lower = audioop.bias(split(low, 2, 0.5, 0.5), 2, 1)  # findfit never gets past a stretch of zeros
        a, b, c, d = self._over_floors(
            octaves[rms(split(lower, 2, 0.5, 0.5), 2)],
            octaves[rms(split(lower, 2, 0.5, -0.5), 2)],
            octaves[rms(split(low, 2, 0.5, -0.5), 2)],
            octaves[rms(split(pcm16, 2, 0.5, -0.5), 2)],
        )
        pitch, steady = self._repetitions(lower, sounding)
        return (
            a,
            b,
            c,
            d,
            over_floor,
            int(above_peak),
            span,
            self._slow - floor,
            pitch,
            self._pitch_mean,
            steady,
            self.steady_mean,
            audioop.cross(pcm16, 2),
            octaves[audioop.max(pcm16, 2)] - total,
            self.flux_mean,
            self._steady_loud // 16,
            self._loud_share // 16,
        )

    def left_out(self, frames: int) -> None:
        """So many silent frames were not measured."""
        self._loud_share = int(self._loud_share * 0.99**frames)

    def _over_floors(self, a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
        """Levels above their floors, which then move; and how much the bands change from frame to frame."""
        if self._floors is None:
            self._floors = self._bands = (a, b, c, d)
        floor_a, floor_b, floor_c, floor_d = self._floors
        over_a, over_b, over_c, over_d = over = a - floor_a, b - floor_b, c - floor_c, d - floor_d
        step = _FOLLOW
        self._floors = floor_a + step[over_a], floor_b + step[over_b], floor_c + step[over_c], floor_d + step[over_d]
        was_a, was_b, was_c, was_d = self._bands
        change = abs(a - was_a) + abs(b - was_b) + abs(c - was_c) + abs(d - was_d)
        self.flux_mean += (change - self.flux_mean) // 8
        self._bands = a, b, c, d
        return over

    def _repetitions(self, lower: bytes, sounding: bool) -> tuple[int, int]:
        """Correlation at the lag of a pitch and at that of a held note; both 0 while the line is quiet."""
        history = self._history
        self._history = history[len(lower) :] + lower
        level = audioop.rms(lower, 2) if sounding else 0
        if level:
            pitch = _repetition(history[_PITCH_FROM:] + lower[:_PITCH_TO], lower, level)
            steady = abs(_repetition(history[:_STEADY_TO], lower, level))
            self._steady_loud += (16 * steady - self._steady_loud) // 32
        else:
            pitch = steady = 0
        self._pitch_mean += (pitch - self._pitch_mean) // 3
        self.steady_mean += (steady - self.steady_mean) // 5
        self._loud_share += (16 * UNITY * (level > 0) - self._loud_share) // 100
        return pitch, steady
