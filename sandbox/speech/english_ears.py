"""English recognition by Moonshine's tiny model, whose weights lie inside its wheel: nothing is downloaded.

It hears real telephone English well (tests use recorded speech) and synthesised English badly; it knows no
other language.
"""

from __future__ import annotations

import threading
from functools import lru_cache

import numpy as np
from moonshine_voice import ModelArch, get_model_path
from moonshine_voice.transcriber import Transcriber

from sandbox.speech.mulaw import from_mulaw, resample
from services.audio.g711 import SAMPLE_RATE_HZ

_MODEL_RATE_HZ = 16_000
_SURROUND = np.zeros(_MODEL_RATE_HZ // 4, np.float32)  # speech at the very edge of the sound loses its first word

_one_at_a_time = threading.Lock()


def recognise_english(sound: bytes) -> str:
    """The words in this mu-law sound, "" when there are none. Takes about a thirtieth of the sound's length;
    for a thread.
    """
    samples = resample(from_mulaw(sound), SAMPLE_RATE_HZ, _MODEL_RATE_HZ)
    padded = np.concatenate([_SURROUND, samples, _SURROUND])
    with _one_at_a_time:
        transcript = _transcriber().transcribe_without_streaming(padded.tolist(), _MODEL_RATE_HZ)
    return " ".join(line.text.strip() for line in transcript.lines).strip()


@lru_cache(maxsize=1)
def _transcriber() -> Transcriber:
    return Transcriber(get_model_path("tiny-en"), ModelArch.TINY)
