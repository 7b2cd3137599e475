"""Recorded speech and music as labelled test lines: clips, ground truth, mixing.

Ground truth comes from the clean recording, 20 ms frame by frame: a frame is speech when its level is within
24 dB of the clip's active level, and so is a gap of at most 100 ms between two such frames (the closure of a
plosive inside a word). Beeps and the recorded silence are not speech.
"""

from __future__ import annotations

import csv
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.audio import g711
from services.audio.g711 import FRAME_BYTES, SAMPLE_RATE_HZ

Samples = NDArray[np.float64]
Labels = NDArray[np.bool_]

LABEL_DEPTH_DB = 24.0
LABEL_GAP_FRAMES = 5
TURN_SPREAD_DB = 3.0
NOT_SPEECH = ("beep", "silence")
DEFAULT_AUDIO = Path(__file__).resolve().parents[2] / "shared" / "audio"


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording: whole 20 ms frames of linear samples, and which frames hold speech."""

    name: str
    kind: str  # sentence, word, music
    language: str
    samples: Samples
    speech: Labels

    @property
    def active_rms(self) -> float:
        """Level over the speech frames (over everything when there is none)."""
        frames = self.samples.reshape(-1, FRAME_BYTES)
        chosen = frames[self.speech] if self.speech.any() else frames
        return float(np.sqrt(np.mean(chosen**2)))


def to_samples(mulaw: bytes) -> Samples:
    return np.frombuffer(g711.decode(mulaw), np.int16).astype(np.float64)


def to_mulaw(samples: Samples) -> bytes:
    return g711.encode(np.clip(np.round(samples), -32124, 32124).astype("<i2").tobytes())


def frame_levels(samples: Samples) -> Samples:
    """RMS of each 20 ms frame."""
    return np.asarray(np.sqrt(np.mean(samples.reshape(-1, FRAME_BYTES) ** 2, axis=1)))


def label_speech(samples: Samples) -> Labels:
    """Frame-level ground truth of a clean recording of speech."""
    levels = frame_levels(samples)
    active = levels[levels > levels.max() / 30]
    reference = float(np.sqrt(np.mean(active**2)))
    speech: Labels = levels > reference * 10 ** (-LABEL_DEPTH_DB / 20)
    indices = np.flatnonzero(speech)
    for left, right in itertools.pairwise(indices):
        if 1 < right - left <= LABEL_GAP_FRAMES + 1:
            speech[left:right] = True
    return speech


def load_clips(directory: Path = DEFAULT_AUDIO) -> list[Clip]:
    """Every recording of `index.tsv`. Raises FileNotFoundError when the directory is not there."""
    clips = []
    with (directory / "index.tsv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            data = (directory / row["file"]).read_bytes()
            samples = to_samples(data[: len(data) // FRAME_BYTES * FRAME_BYTES])
            talks = row["kind"] != "music" and not any(word in row["file"] for word in NOT_SPEECH)
            labels = label_speech(samples) if talks else np.zeros(len(samples) // FRAME_BYTES, bool)
            name = row["file"].removesuffix(".ulaw")
            clips.append(Clip(name, row["kind"], row["language"], samples, labels))
    return clips


@dataclass(frozen=True, slots=True)
class Line:
    """What a call leg carries, mu-law, with the truth about every frame."""

    condition: str
    mulaw: bytes
    speech: Labels

    def frames(self) -> list[bytes]:
        return [self.mulaw[i : i + FRAME_BYTES] for i in range(0, len(self.mulaw), FRAME_BYTES)]


def talk(
    clips: list[Clip], seconds: float, active_rms: float, rng: np.random.Generator, lead_in_s: float = 2.0
) -> tuple[Samples, Labels]:
    """Someone speaking now and then: clips in random order with pauses of 0.3-2.5 s.

    Each turn's active level is drawn within 3 dB of `active_rms`; people do not speak like a loudspeaker.
    """
    total = int(seconds * SAMPLE_RATE_HZ) // FRAME_BYTES
    speech = np.zeros(total, bool)
    samples = np.zeros(total * FRAME_BYTES)
    at = int(lead_in_s * SAMPLE_RATE_HZ) // FRAME_BYTES
    order = rng.permutation(len(clips))
    for turn in range(10_000):
        clip = clips[int(order[turn % len(clips)])]
        if at + len(clip.speech) > total:
            break
        gain = active_rms / clip.active_rms * 10 ** (rng.uniform(-TURN_SPREAD_DB, TURN_SPREAD_DB) / 20)
        samples[at * FRAME_BYTES : at * FRAME_BYTES + len(clip.samples)] += gain * clip.samples
        speech[at : at + len(clip.speech)] |= clip.speech
        at += len(clip.speech) + int(rng.uniform(0.3, 2.5) * SAMPLE_RATE_HZ) // FRAME_BYTES
    return samples, speech


def at_level(samples: Samples, rms: float) -> Samples:
    """The same sound scaled to this RMS."""
    return samples * (rms / max(1e-9, float(np.sqrt(np.mean(samples**2)))))


def resampled(samples: Samples, factor: float) -> Samples:
    """Faster and higher (factor > 1) or slower and lower: another voice from the same recording."""
    positions = np.arange(0, len(samples) - 1, factor)
    return np.interp(positions, np.arange(len(samples)), samples)


def looped(samples: Samples, length: int, rng: np.random.Generator) -> Samples:
    """`length` samples of a recording, from a random point, starting over when it ends."""
    start = int(rng.integers(len(samples)))
    repeats = (start + length) // len(samples) + 1
    return np.tile(samples, repeats)[start : start + length]


def babble(clips: list[Clip], length: int, rng: np.random.Generator, voices: int = 8) -> Samples:
    """Several people at once, each pitched differently, none of them pausing."""
    total = np.zeros(length)
    for _ in range(voices):
        order = rng.permutation(len(clips))
        speech = [c.samples[np.repeat(c.speech, FRAME_BYTES)] / c.active_rms for c in (clips[int(i)] for i in order)]
        voice = resampled(np.concatenate(speech), rng.uniform(0.8, 1.25))
        total += looped(voice, length, rng)
    return total
