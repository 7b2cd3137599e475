"""What makes the agent fall silent, and how soon: voices that should, sounds that should not (B2, B9).

Frames go through the production gate, listener and `BargeIn` of the media path; an answer is taken to be playing
all the time, without the grace at its start, and each HOLD ends the experiment for that utterance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bench import noise_makers as makers
from bench.level_listener import LevelListener
from bench.speech_corpus import Clip, Labels, Samples, at_level, babble, looped, talk, to_mulaw
from bench.speech_lines import TEST_LANGUAGE
from media.conversation.barge_in import BargeIn, BargeInDecision, BargeInSettings
from media.detection.input_gate import InputGate
from media.detection.listener import VoiceListener
from services.audio import g711
from services.audio.g711 import FRAME_MS, SAMPLE_RATE_HZ

SETTINGS = BargeInSettings(grace_frames=0)
LISTENERS: dict[str, Callable[[InputGate], LevelListener | VoiceListener]] = {
    "level alone": LevelListener,
    "voice": lambda gate: VoiceListener(gate, now=lambda: 0.0),  # no echo here: no clock
}
LINE_HISS = 10.0
CALLER_RMS = 1640.0
NUISANCE_RMS = 800.0
Noise = Callable[[int, np.random.Generator], Samples]


def holds(samples: Samples, listener: str, rng: np.random.Generator) -> list[int]:
    """Frames at which the agent would fall silent."""
    gate = InputGate()
    ear = LISTENERS[listener](gate)
    barge_in = BargeIn(SETTINGS)
    found = []
    hiss = rng.standard_normal(len(samples)) * LINE_HISS
    for index, frame in enumerate(g711.frames(to_mulaw(samples + hiss))):
        heard = ear.hear(frame, gate.process(frame))
        if barge_in.frame(heard.loud, heard.voice, heard.musical) is BargeInDecision.HOLD:
            found.append(index)
            barge_in.answer_begins()
    return found


def utterances(speech: Labels, pause_frames: int = 15) -> list[tuple[int, int]]:
    """(first, last) frame of each stretch of speech; shorter pauses belong to it."""
    spoken = np.flatnonzero(speech)
    if not len(spoken):
        return []
    breaks = np.flatnonzero(np.diff(spoken) > pause_frames)
    firsts = [int(spoken[0]), *(int(spoken[i + 1]) for i in breaks)]
    lasts = [*(int(spoken[i]) for i in breaks), int(spoken[-1])]
    return list(zip(firsts, lasts, strict=True))


@dataclass(frozen=True, slots=True)
class Interruptions:
    """How utterances fared; latencies from the first frame of speech to the end of the frame that decided, in ms."""

    missed: int
    latencies_ms: list[int]

    @property
    def total(self) -> int:
        return self.missed + len(self.latencies_ms)


def interruptions(samples: Samples, speech: Labels, listener: str, rng: np.random.Generator) -> Interruptions:
    found = holds(samples, listener, rng)
    missed, latencies = 0, []
    for first, last in utterances(speech):
        hit = next((h for h in found if first <= h <= last + 10), None)
        if hit is None:
            missed += 1
        else:
            latencies.append((hit - first + 1) * FRAME_MS)
    return Interruptions(missed, latencies)


def backgrounds(talkers: list[Clip], music: list[Clip]) -> dict[str, tuple[Noise, int] | None]:
    """Name → (noise, ratio in dB) behind the caller."""

    def voices(length: int, rng: np.random.Generator) -> Samples:
        return babble(talkers, length, rng)

    def hold(length: int, rng: np.random.Generator) -> Samples:
        return looped(music[int(rng.integers(len(music)))].samples, length, rng)

    return {
        "quiet line": None,
        "white 10 dB": (makers.white, 10),
        "street 10 dB": (makers.gusts, 10),
        "babble 10 dB": (voices, 10),
        "music 10 dB": (hold, 10),
        "white 0 dB": (makers.white, 0),
    }


def interruption_rows(clips: list[Clip], minutes: float = 4.0) -> list[list[str]]:
    """Per background and listener: utterances, missed, latency."""
    talkers = [c for c in clips if c.language == TEST_LANGUAGE and c.kind == "sentence" and c.speech.any()]
    music = [c for c in clips if c.kind == "music"]
    rows = []
    for name, noise in backgrounds(talkers, music).items():
        for listener in LISTENERS:
            rng = np.random.default_rng(11)
            samples, speech = talk(talkers, minutes * 60, CALLER_RMS, rng)
            if noise is not None:
                make, ratio = noise
                samples = samples + at_level(make(len(samples), rng), CALLER_RMS * 10 ** (-ratio / 20))
            result = interruptions(samples, speech, listener, rng)
            times = np.percentile(result.latencies_ms, [50, 90, 99]) if result.latencies_ms else [np.nan] * 3
            spread = " / ".join(f"{t:.0f}" for t in times)
            rows.append([name, listener, str(result.total), str(result.missed), spread])
    return rows


def nuisances(talkers: list[Clip], music: list[Clip]) -> dict[str, Noise]:
    """Sounds that are no caller."""
    pieces = {f"music, {piece.name.rsplit('-', 1)[1]}": piece for piece in music}

    def piece_of(piece: Clip) -> Noise:
        return lambda length, rng: looped(piece.samples, length, rng)

    return {
        "white noise": makers.white,
        "street": makers.gusts,
        "coughs (synthetic)": makers.coughs,
        "clatter": makers.clatter,
        "tones": makers.tones,
        "hum": makers.hum,
        "babble of eight": lambda length, rng: babble(talkers, length, rng),
        **{name: piece_of(piece) for name, piece in pieces.items()},
    }


def nuisance_rows(clips: list[Clip], minutes: float = 3.0) -> list[list[str]]:
    """Per sound: how often a minute the agent would fall silent, by level alone and by voice."""
    talkers = [c for c in clips if c.language == TEST_LANGUAGE and c.speech.any()]
    music = [c for c in clips if c.kind == "music"]
    length = int(minutes * 60 * SAMPLE_RATE_HZ)
    rows = []
    for name, make in nuisances(talkers, music).items():
        counts = []
        for listener in LISTENERS:
            rng = np.random.default_rng(12)
            sound = make(length, rng)
            sounding = sound[np.abs(sound) > 0.1 * np.max(np.abs(sound))]
            sound = sound * (NUISANCE_RMS / float(np.sqrt(np.mean(sounding**2))))
            sound[: 2 * SAMPLE_RATE_HZ] = 0  # the line is quiet while it is calibrated
            counts.append(f"{len(holds(sound, listener, rng)) / minutes:.1f}")
        rows.append([name, *counts])
    return rows
