"""Speech from espeak-ng's library, reached through ctypes; `espeakng-loader` carries the library and its
voices.

It is a robot in every language. Hebrew is given to it as phonemes (`sandbox.speech.hebrew`), because it does
not know the vowels of unpointed words; it stays hard to understand, as every offline voice for Hebrew that
may be shipped.
"""

from __future__ import annotations

import ctypes
import threading
from functools import lru_cache

import espeakng_loader

from sandbox.speech.hebrew import phonemes
from sandbox.speech.mulaw import Samples, from_pcm16

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: synthesis happens inside the call
_CHARS_UTF8 = 0x001
_PHONEMES_IN_BRACKETS = 0x100
_RATE_PARAMETER = 1
_POSITION_CHARACTER = 1
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
        flags = _CHARS_UTF8 | _PHONEMES_IN_BRACKETS
        self._lib.espeak_Synth(raw, len(raw) + 1, 0, _POSITION_CHARACTER, 0, flags, None, None)
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
    """Samples of `text` spoken by an espeak-ng voice ("en-us+f5"), and their rate. Raises SpeechUnavailable."""
    with _one_at_a_time:
        library = _library()
        pcm = library.synthesise(phonemes(text) if language == "he" else text, voice, words_per_minute)
    return from_pcm16(pcm), library.rate_hz
