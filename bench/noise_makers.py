"""Sounds that are not speech, made from numbers: line noise, tones, melodies, coughs.

The coughs are synthetic (bursts of noise through two resonances with a decaying envelope, some with a voiced
tail): a stand-in for recordings, and said to be one wherever a figure depends on them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.speech_corpus import Samples, at_level
from services.audio.g711 import SAMPLE_RATE_HZ

SCALE = np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16])


def coloured(length: int, tilt: float, rng: np.random.Generator) -> Samples:
    """Noise whose spectrum falls as 1/f^tilt in power above 60 Hz: 0 white, 1 pink, 2 a car or a street."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    hertz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE_HZ)
    return np.fft.irfft(spectrum / np.maximum(hertz, 60.0) ** (tilt / 2), length)


def white(length: int, rng: np.random.Generator) -> Samples:
    return rng.standard_normal(length)


def hum(length: int, rng: np.random.Generator) -> Samples:
    """Mains: 50 or 60 Hz and its harmonics, over a little hiss."""
    base = float(rng.choice([50.0, 60.0]))
    t = np.arange(length) / SAMPLE_RATE_HZ
    tones = sum(rng.uniform(0.2, 1) / k * np.sin(2 * np.pi * base * k * t + rng.uniform(0, 6.28)) for k in range(1, 12))
    return np.asarray(tones + 0.05 * rng.standard_normal(length))


def gusts(length: int, rng: np.random.Generator) -> Samples:
    """Coloured noise whose level wanders by some 10 dB within seconds: wind, passing cars."""
    knots = max(2, length // SAMPLE_RATE_HZ * 2)
    wander = np.interp(np.linspace(0, 1, length), np.linspace(0, 1, knots), rng.normal(0, 5, knots))
    return coloured(length, float(rng.uniform(0.5, 2)), rng) * 10 ** (wander / 20)


def tones(length: int, rng: np.random.Generator) -> Samples:
    """Beeps, keypad pairs and ringing: steady tones with gaps."""
    out = np.zeros(length)
    at = 0
    while at < length:
        on = int(rng.uniform(0.08, 1.2) * SAMPLE_RATE_HZ)
        t = np.arange(min(on, length - at)) / SAMPLE_RATE_HZ
        pitches = rng.uniform(300, 1700, int(rng.integers(1, 3)))
        out[at : at + len(t)] = np.sum([np.sin(2 * np.pi * f * t) for f in pitches], axis=0)
        at += on + int(rng.uniform(0.05, 1.5) * SAMPLE_RATE_HZ)
    return out


@dataclass(frozen=True, slots=True)
class Timbre:
    """How an invented instrument sounds."""

    decay_s: float
    attack_s: float
    darkness: float
    partials: int
    tremble: float  # radians of vibrato at the fundamental
    mellowing: float  # how much sooner the higher partials are gone: 0 with the rest, 1 in proportion
    stretch: float  # how far the partials lie above whole multiples, as on a stiff string or a bell
    detune: float  # octaves between the two halves of a chorus, which beat; 0 without
    glide: float  # octaves a note slides through on its way
    breath: float  # noise beside the tone
    throb: float  # depth of a tremolo, 0..1


def _note(pitch: float, span: int, timbre: Timbre, rng: np.random.Generator) -> Samples:
    """One note: harmonics, steady or moving, under an attack and exponential decays."""
    t = np.arange(span) / SAMPLE_RATE_HZ
    bend = timbre.glide * np.exp(-t / rng.uniform(0.03, 0.3)) * rng.choice([-1, 1])
    course = 2 * np.pi * pitch * (np.cumsum(2**bend) / SAMPLE_RATE_HZ if timbre.glide else t)
    phase = course + timbre.tremble * np.sin(2 * np.pi * 5.5 * t + rng.uniform(0, 6.28))
    sound = timbre.breath * rng.standard_normal(span) * np.exp(-t / timbre.decay_s)
    for k in range(1, timbre.partials + 1):
        ratio = k * (1 + timbre.stretch * k * k) ** 0.5
        if pitch * ratio >= 3800:
            break
        partial = np.sin(ratio * phase + rng.uniform(0, 6.28))
        if timbre.detune:
            partial += np.sin(ratio * 2**timbre.detune * phase + rng.uniform(0, 6.28))
        sound += partial * np.exp(-t * k**timbre.mellowing / timbre.decay_s) / k**timbre.darkness
    throb = 1 - timbre.throb * (0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(3, 8) * t))
    return np.asarray(sound * throb * np.minimum(1, t / timbre.attack_s))


def _timbre(rng: np.random.Generator) -> Timbre:
    def sometimes(low: float, high: float) -> float:
        return float(rng.uniform(low, high)) if rng.uniform() < 0.3 else 0.0

    return Timbre(
        decay_s=10 ** rng.uniform(-1.3, 0.7),
        attack_s=10 ** rng.uniform(-2.7, -0.8),
        darkness=rng.uniform(0.2, 2.0),
        partials=int(rng.integers(1, 14)),
        tremble=sometimes(0, 1.5),
        mellowing=float(rng.choice([0.0, rng.uniform(0, 1.2)])),
        stretch=sometimes(0, 0.02),
        detune=sometimes(0.001, 0.02),
        glide=sometimes(0.02, 0.6),
        breath=sometimes(0.02, 0.4),
        throb=sometimes(0.2, 0.9),
    )


def _part(length: int, beat: int, root: float, rng: np.random.Generator) -> Samples:
    """What one instrument plays: chords or single notes, soft and loud, with rests."""
    out = np.zeros(length)
    timbre = _timbre(rng)
    rests, touch, voices = rng.uniform(0, 0.6), rng.uniform(0, 8), int(rng.integers(1, 5))
    for start in range(0, length, beat):
        span = min(length - start, int(beat * rng.choice([0.5, 1, 1, 2, 4])))
        notes = 0 if rng.uniform() < rests else int(rng.integers(1, voices + 1))
        for step in rng.choice(SCALE, notes):
            pitch = root * 2 ** (step / 12) * rng.choice([0.5, 1, 1, 2])
            out[start : start + span] += 10 ** (rng.normal(0, touch) / 20) * _note(pitch, span, timbre, rng)
    return out


def _drums(length: int, beat: int, rng: np.random.Generator) -> Samples:
    out = np.zeros(length)
    fade, boom = rng.uniform(0.01, 0.1), rng.uniform(60, 250)
    for start in range(0, length, max(1, beat // 2)):
        span = min(length - start, beat)
        t = np.arange(span) / SAMPLE_RATE_HZ
        hit = rng.standard_normal(span) if rng.uniform() < 0.6 else 2 * np.sin(2 * np.pi * boom * t)
        out[start : start + span] += rng.uniform(0, 1.5) * hit * np.exp(-t / fade)
    return out


def _echoes(samples: Samples, rng: np.random.Generator) -> Samples:
    """The room: a decaying tail of noise."""
    tail_s = rng.uniform(0.05, 0.8)
    t = np.arange(int(tail_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    response = rng.standard_normal(len(t)) * np.exp(-4 * t / tail_s) * rng.uniform(0.01, 0.08)
    response[0] = 1.0
    size = len(samples) + len(response)
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(response, size), size)
    return np.asarray(wet[: len(samples)])


def melody(length: int, rng: np.random.Generator) -> Samples:
    """Invented music, dense or sparse: up to four instruments in one key, sometimes drums, sometimes a room."""
    beat = int(rng.uniform(0.12, 0.6) * SAMPLE_RATE_HZ)
    root = rng.uniform(70, 260)
    out = np.zeros(length)
    for _ in range(int(rng.integers(1, 5))):
        part = _part(length, beat, root, rng)
        out += rng.uniform(0.3, 1) * at_level(part, 1.0)
    if rng.uniform() < 0.5:
        out += rng.uniform(0.1, 1) * at_level(_drums(length, beat, rng), 1.0)
    return _echoes(out, rng) if rng.uniform() < 0.5 else out


def _resonance(samples: Samples, hertz: float, bandwidth: float) -> Samples:
    radius = np.exp(-np.pi * bandwidth / SAMPLE_RATE_HZ)
    a1, a2 = 2 * radius * np.cos(2 * np.pi * hertz / SAMPLE_RATE_HZ), -(radius**2)
    out = np.zeros_like(samples)
    y1 = y2 = 0.0
    for i, x in enumerate(samples):
        y1, y2 = x + a1 * y1 + a2 * y2, y1
        out[i] = y1
    return out


def cough(rng: np.random.Generator) -> Samples:
    """One synthetic cough of 200-450 ms: a sharp burst, a breathy middle, often a short voiced tail."""
    length = int(rng.uniform(0.2, 0.45) * SAMPLE_RATE_HZ)
    t = np.arange(length) / SAMPLE_RATE_HZ
    envelope = np.minimum(1, t / rng.uniform(0.002, 0.01)) * np.exp(-t / rng.uniform(0.04, 0.12))
    middle = rng.uniform(0.1, 0.4) * np.exp(-(((t - 0.5 * t[-1]) / (0.2 * t[-1])) ** 2))
    sound = rng.standard_normal(length) * (envelope + middle)
    shaped = _resonance(sound, rng.uniform(400, 900), 250) + _resonance(sound, rng.uniform(1200, 2200), 400)
    shaped = shaped / np.max(np.abs(shaped)) + 0.3 * sound / np.max(np.abs(sound))
    if rng.uniform() < 0.5:
        tail = np.where(t > t[-1] - 0.08, np.exp(-(t[-1] - t) / 0.05), 0.0)
        pitch = rng.uniform(90, 220)
        shaped += 0.3 * tail * np.sign(np.sin(2 * np.pi * pitch * t))
    return np.asarray(shaped)


def coughs(length: int, rng: np.random.Generator) -> Samples:
    """Fits of one to three coughs with pauses, over digital silence."""
    out = np.zeros(length)
    at = int(rng.uniform(0.2, 1.0) * SAMPLE_RATE_HZ)
    while at < length:
        for _ in range(int(rng.integers(1, 4))):
            sound = cough(rng) * rng.uniform(0.6, 1.0)
            end = min(length, at + len(sound))
            if at < length:
                out[at:end] += sound[: end - at]
            at = end + int(rng.uniform(0.05, 0.25) * SAMPLE_RATE_HZ)
        at += int(rng.uniform(0.8, 2.5) * SAMPLE_RATE_HZ)
    return out


def clatter(length: int, rng: np.random.Generator) -> Samples:
    """Knocks, keys and dishes: clicks of 2-40 ms at random moments."""
    out = np.zeros(length)
    at = 0
    while at < length:
        span = min(length - at, int(rng.uniform(0.002, 0.04) * SAMPLE_RATE_HZ))
        t = np.arange(span) / SAMPLE_RATE_HZ
        ring = np.sin(2 * np.pi * rng.uniform(300, 3500) * t) + rng.standard_normal(span)
        out[at : at + span] += rng.uniform(0.1, 1) * ring * np.exp(-t / 0.01)
        at += span + int(rng.exponential(0.25) * SAMPLE_RATE_HZ)
    return out
