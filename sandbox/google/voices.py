"""The voices of ListVoices: a few of Google's names in each language the product speaks. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Gender = Literal["female", "male"]
CHIRP = "-Chirp3-HD-"

# The letters of the Standard and Wavenet voices, by gender.
_LETTERS = {
    "he-IL": ("AC", "BD"),
    "en-US": ("CEFGH", "ABDIJ"),
    "en-GB": ("ACF", "BD"),
    "ar-XA": ("AD", "BC"),
    "ru-RU": ("ACE", "BD"),
    "fr-FR": ("ACE", "BD"),
    "es-ES": ("CD", "B"),
}
_CHIRP_FEMALE = ("Aoede", "Kore", "Leda", "Zephyr")
_CHIRP_MALE = ("Charon", "Fenrir", "Orus", "Puck")


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice as ListVoices tells it."""

    name: str
    language_codes: tuple[str, ...]
    gender: Gender
    natural_rate_hz: int = 24_000


def _of_language(code: str) -> list[Voice]:
    women, men = _LETTERS[code]
    lettered = [(letter, of) for letters, of in ((women, "female"), (men, "male")) for letter in letters]
    names = [(f"{code}-{kind}-{letter}", of) for kind in ("Standard", "Wavenet") for letter, of in lettered]
    names += [(f"{code}{CHIRP}{name}", "female") for name in _CHIRP_FEMALE]
    names += [(f"{code}{CHIRP}{name}", "male") for name in _CHIRP_MALE]
    return [Voice(name, (code,), "female" if of == "female" else "male") for name, of in names]


VOICES = {voice.name: voice for code in _LETTERS for voice in _of_language(code)}


def is_streaming(name: str) -> bool:
    """Whether StreamingSynthesize takes this voice."""
    return CHIRP in name


def gender_of(name: str) -> Gender:
    """Of a voice by its name; a woman's when none was named."""
    voice = VOICES.get(name)
    return voice.gender if voice else "female"
