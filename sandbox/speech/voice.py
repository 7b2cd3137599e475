"""`say`: a sentence as telephone sound, kept on disk so that nothing is synthesised twice."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from sandbox.speech.espeak import speak
from sandbox.speech.mulaw import Samples, resample, to_mulaw
from services.audio.g711 import SAMPLE_RATE_HZ

_SPEECH_RMS = 1640 / 32768  # active speech on a telephone line, about -26 dBov
_LOUDEST = 0.9
_VERSION = 3  # part of the key: a change of voice or level makes new clips


@dataclass(frozen=True, slots=True)
class _Voice:
    """An espeak-ng voice (language and variant) and its speed."""

    name: str
    words_per_minute: int


# The caller's English is the variant that Moonshine misheard least (19 of 100 words; the plain voice: 36).
_CALLERS = {"en": _Voice("en-us+robert", 140)}
_AGENTS = {"en": _Voice("en-us+f5", 175), "he": _Voice("he+f5", 165)}
_WORDS_PER_MINUTE = 150
_RECORDED_AS = {"female": "f5", "male": "m3"}


def clip_directory() -> Path:
    """Where callers' clips are kept: SANDBOX_CLIPS, or a folder of this user in the system's temporary
    directory.
    """
    given = os.environ.get("SANDBOX_CLIPS")
    return Path(given) if given else Path(tempfile.gettempdir()) / f"call-assistant-clips-{os.getuid()}"


@lru_cache(maxsize=512)
def say(text: str, language: str) -> bytes:
    """`text` as a caller says it in an ISO 639-1 language (he, en, ru, ar ...): raw mu-law, 8 kHz, at a
    telephone's level.

    The clip and its text are stored in `clip_directory()`, where the sandbox's model finds them to recognise
    what callers say. Raises SpeechUnavailable when the library or the voice cannot be had.
    """
    key = hashlib.sha256(f"{_VERSION}|{language}|{text}".encode()).hexdigest()[:20]
    sound_path = clip_directory() / f"{language}-{key}.ulaw"
    if sound_path.exists():
        return sound_path.read_bytes()
    sound = _spoken(text, language, _CALLERS)
    _store(sound_path, sound)
    _store(sound_path.with_suffix(".json"), json.dumps({"text": text, "language": language}).encode())
    return sound


def record_sentence(text: str, language: str, gender: str) -> bytes:
    """`text` in a woman's or a man's voice, for the clips that are shipped."""
    return _spoken(text, language, {language: _in_gender(language, gender, 1.0)})


@lru_cache(maxsize=256)
def say_as_voice(text: str, language: str, gender: str, rate: float) -> bytes:
    """`text` in a woman's or a man's voice, `rate` times as fast as usual; not stored."""
    return _spoken(text, language, {language: _in_gender(language, gender, rate)})


@lru_cache(maxsize=256)
def say_as_agent(text: str, language: str) -> bytes:
    """The same in another voice, for the model's answers; not stored, so that it is never taken for a
    caller's words.
    """
    return _spoken(text, language, _AGENTS)


def _in_gender(language: str, gender: str, rate: float) -> _Voice:
    name = {"en": "en-us"}.get(language, language)
    usual = _AGENTS.get(language)
    speed = usual.words_per_minute if usual is not None else _WORDS_PER_MINUTE
    return _Voice(f"{name}+{_RECORDED_AS[gender]}", round(speed * rate))


def _spoken(text: str, language: str, voices: dict[str, _Voice]) -> bytes:
    voice = voices.get(language, _Voice(language, _WORDS_PER_MINUTE))
    samples, rate_hz = speak(text, language, voice.name, voice.words_per_minute)
    return to_mulaw(_at_speech_level(resample(samples, rate_hz, SAMPLE_RATE_HZ)))


def _at_speech_level(samples: Samples) -> Samples:
    """The same sound with the level of its voiced parts set to that of a telephone voice."""
    voiced = samples[np.abs(samples) > 0.005]
    if not len(voiced):
        return samples
    gain = _SPEECH_RMS / float(np.sqrt(np.mean(voiced**2)))
    return samples * np.float32(min(gain, _LOUDEST / float(np.abs(samples).max())))


def _store(path: Path, data: bytes) -> None:
    """Write whole or not at all: several processes may make the same clip at once."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as out:
        out.write(data)
    os.replace(name, path)
