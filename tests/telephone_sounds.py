"""Recorded clips as call-leg frames, mixed and levelled for tests of the listening code."""

from __future__ import annotations

import audioop
import math
import random

from services.audio import g711
from services.audio.g711 import FRAME_BYTES
from tests.places import DATA

AUDIO = DATA / "audio"
SHORT_WORDS = ("ru-word-digits_3", "ru-word-digits_1n")
SENTENCES = ("ru-sentence-followme_status", "en-sentence-vm-whichbox", "en-sentence-vm-savefolder")
MUSIC = ("music-macroform-cold_day", "music-macroform-the_simplicity")


def pcm_of(name: str, rms: int = 1640) -> bytes:
    """The clip's linear samples, whole frames, its loud half at this RMS."""
    sound = g711.decode((AUDIO / f"{name}.ulaw").read_bytes())
    sound = sound[: len(sound) // (2 * FRAME_BYTES) * 2 * FRAME_BYTES]
    levels = sorted(audioop.rms(sound[i : i + 320], 2) for i in range(0, len(sound), 320))
    loud = levels[len(levels) // 2 :]
    active = (sum(level * level for level in loud) / len(loud)) ** 0.5
    return audioop.mul(sound, 2, rms / active)


def noise(milliseconds: int, rms: float, seed: int = 1) -> bytes:
    """White noise, linear."""
    rng = random.Random(seed)
    return b"".join(
        max(-32000, min(32000, round(rng.gauss(0, rms)))).to_bytes(2, "little", signed=True)
        for _ in range(milliseconds * 8)
    )


def over_noise(pcm16: bytes, rms: float, lead_ms: int = 2000, tail_ms: int = 1000) -> list[bytes]:
    """mu-law frames: noise alone, the sound over it, noise alone."""
    background = noise(lead_ms + len(pcm16) // 16 + tail_ms, rms)
    silent = bytes(lead_ms * 16)
    sound = silent + pcm16 + bytes(len(background) - len(silent) - len(pcm16))
    return list(g711.frames(g711.encode(audioop.add(sound, background, 2))))


def tone(hertz: float, milliseconds: int, rms: float) -> bytes:
    """A sine, linear."""
    peak = rms * math.sqrt(2)
    return b"".join(
        round(peak * math.sin(2 * math.pi * hertz * n / 8000)).to_bytes(2, "little", signed=True)
        for n in range(milliseconds * 8)
    )
