"""Speech from espeak-ng's library, reached through ctypes; `espeakng-loader` carries the library and its
voices.

espeak-ng is a robot in every language and barely intelligible in unpointed Hebrew. Where the *system* has
espeak-ng with MBROLA's Hebrew voice (hb2, non-free, never shipped with this product) Hebrew is spoken with
that instead.
"""

from __future__ import annotations

import ctypes
import io
import shutil
import subprocess
import threading
import wave
from functools import lru_cache
from pathlib import Path

import espeakng_loader

from sandbox.speech.mulaw import Samples, from_pcm16

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: synthesis happens inside the call
_CHARS_UTF8 = 1
_RATE_PARAMETER = 1
_POSITION_CHARACTER = 1
_MBROLA_HEBREW = (Path("/usr/share/mbrola/hb2/hb2"), Path("/usr/share/mbrola/hb2"))
_ON_SAMPLES = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

_one_at_a_time = threading.Lock()  # the library keeps its state in globals


class SpeechUnavailable(Exception):
    """The library, or the voice asked for, cannot be had."""


class _Library:
    """The loaded library; one for the process, used under the lock."""

    def __init__(self) -> None:
        self._collected: list[bytes] = []
        try:
            self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        except OSError as exc:
            raise SpeechUnavailable(f"espeak-ng's library cannot be loaded: {exc}") from exc
        data = espeakng_loader.get_data_path().encode()
        self.rate_hz: int = self._lib.espeak_Initialize(_SYNCHRONOUS, 0, data, 0)
        if self.rate_hz <= 0:
            raise SpeechUnavailable(f"espeak-ng refused its data at {data.decode()}")
        self._callback = _ON_SAMPLES(self._collect)  # kept, or the library calls freed memory
        self._lib.espeak_SetSynthCallback(self._callback)

    def synthesise(self, text: str, voice: str, words_per_minute: int) -> bytes:
        """16-bit PCM at `rate_hz`."""
        if self._lib.espeak_SetVoiceByName(voice.encode()) != 0:
            raise SpeechUnavailable(f"espeak-ng has no voice {voice!r}")
        self._lib.espeak_SetParameter(_RATE_PARAMETER, words_per_minute, 0)
        self._collected.clear()
        raw = text.encode()
        self._lib.espeak_Synth(raw, len(raw) + 1, 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None)
        self._lib.espeak_Synchronize()
        return b"".join(self._collected)

    def _collect(self, samples: object, count: int, _events: object) -> int:
        if samples and count > 0:
            self._collected.append(ctypes.string_at(samples, count * 2))  # type: ignore[arg-type]
        return 0


@lru_cache(maxsize=1)
def _library() -> _Library:
    return _Library()


def speak(text: str, language: str, voice: str, words_per_minute: int) -> tuple[Samples, int]:
    """Samples of `text` spoken by an espeak-ng voice ("en-us+f5"), and their rate. Raises SpeechUnavailable.

    Hebrew is spoken by MBROLA's voice instead where the system has it.
    """
    with _one_at_a_time:
        if language == "he" and has_mbrola_hebrew():
            return _speak_with_mbrola(text, words_per_minute)
        library = _library()
        pcm = library.synthesise(text, voice, words_per_minute)
    return from_pcm16(pcm), library.rate_hz


@lru_cache(maxsize=1)
def has_mbrola_hebrew() -> bool:
    """Whether this system has espeak-ng, mbrola and the voice hb2 installed by its owner."""
    programs = shutil.which("espeak-ng") and shutil.which("mbrola")
    return bool(programs) and any(path.is_file() for path in _MBROLA_HEBREW)


def _speak_with_mbrola(text: str, words_per_minute: int) -> tuple[Samples, int]:
    command = ["espeak-ng", "-v", "mb-hb2", "-s", str(words_per_minute), "--stdout", text]
    done = subprocess.run(command, capture_output=True, check=False, timeout=20)
    if done.returncode or not done.stdout:
        why = done.stderr.decode(errors="replace").strip()
        raise SpeechUnavailable(f"espeak-ng with mb-hb2 failed: {why}")
    with wave.open(io.BytesIO(done.stdout)) as sound:
        return from_pcm16(sound.readframes(sound.getnframes())), sound.getframerate()
