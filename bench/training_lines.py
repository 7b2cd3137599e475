"""What `train_voice_activity` learns from: English speech on every kind of bad line.

Noise is white, coloured, gusty, babble of the same language, two of the three pieces of hold music and invented
music, hum, keypad and ringing tones, synthetic coughs, clatter. Russian speech and the third piece are kept for
the test.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bench import noise_makers as makers
from bench.speech_corpus import Clip, Line, Samples, at_level, babble, looped, resampled, talk, to_mulaw
from services.audio.g711 import FRAME_BYTES

TRAINING_LANGUAGE = "en"
TRAINING_MUSIC = ("music-macroform-cold_day", "music-macroform-robot_dity")
TEST_MUSIC = "music-macroform-the_simplicity"

Maker = Callable[[int, np.random.Generator], Samples]


def other_voice(clip: Clip, rng: np.random.Generator) -> Clip:
    """The clip as somebody with a longer or shorter vocal tract would say it, or (half the time) as it is."""
    if rng.uniform() < 0.5:
        return clip
    factor = rng.uniform(0.8, 1.25)
    samples = resampled(clip.samples, factor)
    samples = samples[: len(samples) // FRAME_BYTES * FRAME_BYTES]
    frames = np.arange(len(samples) // FRAME_BYTES) * factor
    speech = clip.speech[np.minimum(np.round(frames).astype(int), len(clip.speech) - 1)]
    return Clip(clip.name, clip.kind, clip.language, samples, speech)


def noise_kinds(talkers: list[Clip], music: list[Clip]) -> list[tuple[str, Maker]]:
    """Name and maker of each kind, as often as it should occur."""

    def voices(length: int, rng: np.random.Generator) -> Samples:
        return babble(talkers, length, rng, int(rng.integers(4, 12)))

    def hold(length: int, rng: np.random.Generator) -> Samples:
        piece = music[int(rng.integers(len(music)))]
        return looped(resampled(piece.samples, rng.uniform(0.8, 1.25)), length, rng)

    def colour(length: int, rng: np.random.Generator) -> Samples:
        return makers.coloured(length, rng.uniform(0, 2), rng)

    return [
        *[("white", makers.white)] * 4,
        *[("coloured", colour), ("gusts", makers.gusts)] * 2,
        *[("babble", voices)] * 3,
        *[("hold music", hold)] * 4,
        *[("melody", makers.melody)] * 8,
        *[("hum", makers.hum), ("tones", makers.tones), ("coughs", makers.coughs), ("clatter", makers.clatter)],
    ]


NOBODY_SPEAKS = 0.2  # share of lines with the noise alone: hold music must not become "the talker"
BURSTS = ("tones", "coughs", "clatter")


def _noise_at(name: str, noise: Samples, rms: float) -> Samples:
    """Steady noise by its mean level; bursts by the level they have while they sound, 8 dB louder."""
    if name not in BURSTS:
        return at_level(noise, rms)
    sounding = noise[np.abs(noise) > 0.1 * np.max(np.abs(noise))]
    return noise * (rms * 2.5 / float(np.sqrt(np.mean(sounding**2))))


def training_lines(talkers: list[Clip], music: list[Clip], count: int, seed: int, seconds: float = 30.0) -> list[Line]:
    """`count` lines of half a minute; every level, ratio and voice drawn at random from `seed`."""
    rng = np.random.default_rng(seed)
    kinds = noise_kinds(talkers, music)
    lines = []
    for index in range(count):
        name, make = kinds[index % len(kinds)]
        level = 10 ** rng.uniform(2.5, 3.9)
        chosen = [other_voice(talkers[int(i)], rng) for i in rng.permutation(len(talkers))[:20]]
        silent = rng.uniform() < NOBODY_SPEAKS
        samples, speech = talk(chosen, seconds, level, rng, lead_in_s=seconds if silent else rng.uniform(0.2, 3))
        ratio_db = rng.uniform(-2, 25) if rng.uniform() < 0.5 else rng.uniform(3, 15)
        if silent or rng.uniform() > 0.15:
            samples = samples + _noise_at(name, make(len(samples), rng), level * 10 ** (-ratio_db / 20))
        hiss = rng.standard_normal(len(samples)) * 10 ** rng.uniform(-0.7, 1.3)
        lines.append(Line(f"{name}, {ratio_db:.0f} dB", to_mulaw(samples + hiss), speech))
    return lines
