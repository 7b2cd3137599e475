"""What the load bench's callers say, and the noise of their lines under all of it. From recordings of the tests.

A quiet line is kinder than a telephone: what is loud enough to be looked at is looked at. So the noise never stops,
and the callers speak at the three levels of bench/speech_lines.py, the softest of which lies close above it.
"""

from __future__ import annotations

import audioop
import random
from array import array
from pathlib import Path

from services.audio.g711 import BYTES_PER_MS, FRAME_BYTES

NOISE_RMS = 60
NOISE_S = 20  # then it begins again; callers begin at different places of it
LEVELS = (520, 1640, 5200)  # active RMS of a caller
# (recording of tests/data/audio, where its words begin, how long they last, in milliseconds)
QUESTION = ("en-sentence-vm-leavemsg", 840, 1200)  # "to leave a message"
INTERRUPTION = ("en-sentence-followme_no-recording", 40, 1500)  # "you have an incoming call"
_AUDIO = Path(__file__).resolve().parents[1] / "tests" / "data" / "audio"
_ACTIVE_BELOW_PEAK = 30  # frames under a thirtieth of the loudest do not count for the active level


def clip(what: tuple[str, int, int], level: int) -> bytes:
    """One of the two clips at this active RMS, linear samples."""
    name, begins_ms, length_ms = what
    sound = (_AUDIO / f"{name}.ulaw").read_bytes()
    cut = sound[begins_ms * BYTES_PER_MS : (begins_ms + length_ms) * BYTES_PER_MS]
    pcm16 = audioop.ulaw2lin(cut, 2)
    levels = [audioop.rms(pcm16[at : at + 2 * FRAME_BYTES], 2) for at in range(0, len(pcm16), 2 * FRAME_BYTES)]
    active = [one for one in levels if one > max(levels) / _ACTIVE_BELOW_PEAK]
    return audioop.mul(pcm16, 2, level / (sum(one * one for one in active) / len(active)) ** 0.5)


def noise(rms: float, seconds: float, seed: int = 0) -> bytes:
    """White noise, linear samples."""
    source = random.Random(seed)
    samples = (max(-32124, min(32124, round(source.gauss(0.0, rms)))) for _ in range(round(seconds * 8000)))
    return array("h", samples).tobytes()


def write_sounds(directory: Path, noise_rms: float = NOISE_RMS) -> None:
    """`noise.ulaw`, and for each level `question-LEVEL.ulaw` and `interruption-LEVEL.ulaw` with the noise in them."""
    (directory / "noise.ulaw").write_bytes(audioop.lin2ulaw(noise(noise_rms, NOISE_S), 2))
    for level in LEVELS:
        for name, what in (("question", QUESTION), ("interruption", INTERRUPTION)):
            said = clip(what, level)
            under = noise(noise_rms, len(said) / 16000, seed=level)
            (directory / f"{name}-{level}.ulaw").write_bytes(audioop.lin2ulaw(audioop.add(said, under, 2), 2))
