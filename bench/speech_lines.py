"""The lines on which speech detection is measured: the language and the music the net never learned from, and the rest.

Each condition is a minute of somebody speaking now and then over one noise at one ratio, at each of three levels
(active RMS 520, 1640, 5200: the usual -26 dBov and 10 dB to either side).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.noise_makers import white
from bench.speech_corpus import Clip, Labels, Line, Samples, at_level, babble, looped, talk, to_mulaw

LEVELS = (520, 1640, 5200)
RATIOS_DB = (20, 10, 5, 0)
NOISES = ("white", "babble", "music")
TEST_LANGUAGE = "ru"


@dataclass(frozen=True, slots=True)
class Condition:
    """A line and its condition; `ratio_db` None is clean. `noise` "music" stands for each of the three pieces."""

    name: str  # a file name
    noise: str
    ratio_db: int | None
    level: int
    line: Line

    @property
    def column(self) -> str:
        return "clean" if self.ratio_db is None else f"{self.noise} {self.ratio_db}"


def columns() -> list[str]:
    return ["clean", *(f"{noise} {ratio}" for noise in NOISES for ratio in RATIOS_DB)]


def _noise(name: str, talkers: list[Clip], piece: Clip | None, length: int, rng: np.random.Generator) -> Samples:
    if piece is not None:
        return looped(piece.samples, length, rng)
    return white(length, rng) if name == "white" else babble(talkers, length, rng)


def condition_lines(
    clips: list[Clip], seconds: float = 60.0, language: str = TEST_LANGUAGE, seed: int = 1
) -> list[Condition]:
    """63 lines: clean, white and babble, and each piece of music, by ratio and level."""
    rng = np.random.default_rng(seed)
    talkers = [clip for clip in clips if clip.language == language and clip.speech.any()]
    pieces = [clip for clip in clips if clip.kind == "music"]
    kinds: list[tuple[str, Clip | None]] = [("white", None), ("babble", None), *(("music", piece) for piece in pieces)]
    lines = []
    for level in LEVELS:
        samples, speech = talk(talkers, seconds, level, rng)
        lines.append(_condition("clean", None, level, samples, speech))
        for noise, piece in kinds:
            for ratio in RATIOS_DB:
                samples, speech = talk(talkers, seconds, level, rng)
                sound = _noise(noise, talkers, piece, len(samples), rng)
                mixed = samples + at_level(sound, level * 10 ** (-ratio / 20))
                suffix = piece.name.rsplit("-", 1)[1] if piece else ""
                lines.append(_condition(noise, ratio, level, mixed, speech, suffix))
    return lines


def _condition(
    noise: str, ratio: int | None, level: int, samples: Samples, speech: Labels, suffix: str = ""
) -> Condition:
    name = f"{noise}{suffix}_{ratio}_{level}"
    return Condition(name, noise, ratio, level, Line(name, to_mulaw(samples), speech))
