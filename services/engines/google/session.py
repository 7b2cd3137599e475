"""From a call's business to its cascade session: prompt, what the recogniser listens for, the voice. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.calls.context import CallContext
from services.calls.pricing import EngineModels
from services.engines.catalogue import ModelKind, resolve
from services.engines.realtime.session import prompt_inputs
from services.realtime_prompt_builder import build_prompt

# What the recogniser calls our languages, the likeliest name first.
RECOGNISED = {"he": ("he-IL", "iw-IL"), "en": ("en-US",), "ar": ("ar-IL", "ar-XA"), "ru": ("ru-RU",)}
# A voice for each language and gender, without streaming: they have been there for long, in every project.
VOICES = {
    ("he", "female"): "he-IL-Wavenet-A",
    ("he", "male"): "he-IL-Wavenet-B",
    ("en", "female"): "en-US-Wavenet-F",
    ("en", "male"): "en-US-Wavenet-D",
    ("ar", "female"): "ar-XA-Wavenet-A",
    ("ar", "male"): "ar-XA-Wavenet-B",
    ("ru", "female"): "ru-RU-Wavenet-A",
    ("ru", "male"): "ru-RU-Wavenet-B",
}
# … and the other names of that family, and of those that begin to speak sooner and sound more natural.
_WAVENETS, _CHIRPS = "ABCD", ("Aoede", "Kore", "Leda", "Zephyr", "Charon", "Fenrir", "Orus", "Puck")
# Of one request to the recogniser.
MOST_PHRASES, LONGEST_PHRASE = 500, 100
_SCRIPTS = {"he": ("\u05d0", "\u05ea"), "en": ("a", "z"), "ar": ("\u0621", "\u064a"), "ru": ("\u0430", "\u044f")}


@dataclass(frozen=True, slots=True)
class CascadeDefaults:
    """The installation's choices (environment). stt_language, voice: "" leaves it to the business's language. rate: of
    speech, 1.0 is the voice's own."""

    chat_model: str
    stt_model: str = ""
    stt_enhanced: bool = True
    stt_language: str = ""
    voice: str = ""
    rate: float = 0.95


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a stream listens for. phrases: the business's own words (C2)."""

    language: str
    model: str = ""
    enhanced: bool = True
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Voice:
    """rate: 1.0 is the voice's own pace."""

    name: str
    rate: float = 1.0

    @property
    def language(self) -> str:
        """The voice's own, like he-IL."""
        return "-".join(self.name.split("-")[:2])

    @property
    def streams(self) -> bool:
        """Whether it can begin to speak before it knows the whole text."""
        return "-Chirp3-HD-" in self.name


@dataclass(frozen=True, slots=True)
class Voices:
    """The voice of each language; `own` is the business's."""

    own: str
    by_language: Mapping[str, Voice]

    def for_text(self, text: str) -> Voice:
        """By the script most of it is written in."""
        letters = {language: sum(a <= c <= z for c in text.lower()) for language, (a, z) in _SCRIPTS.items()}
        most = max(letters, key=lambda language: (letters[language], language == self.own))
        return self.by_language.get(most) or self.by_language[self.own]


@dataclass(frozen=True, slots=True)
class CascadeConfig:
    """One session. language_names: of the caller's language, for the recogniser."""

    instructions: str
    recognition: Recognition
    language_names: tuple[str, ...]
    voices: Voices
    chat_model: str
    chat_options: Mapping[str, Any] = field(default_factory=dict)


def cascade_config(context: CallContext, defaults: CascadeDefaults, now: datetime) -> CascadeConfig:
    """The session of this call. `now` is aware."""
    model = resolve(defaults.chat_model, ModelKind.TEXT, now.date())
    names = language_names(context.language, defaults)
    return CascadeConfig(
        instructions=build_prompt(prompt_inputs(context), now),
        recognition=Recognition(names[0], defaults.stt_model, defaults.stt_enhanced, _phrases(context)),
        language_names=names,
        voices=_voices(context, defaults),
        chat_model=model.name,
        chat_options={
            "max_completion_tokens": context.max_output_tokens,
            **({"reasoning_effort": "minimal"} if model.info.is_reasoning else {}),
        },
    )


def priced(context: CallContext, defaults: CascadeDefaults, now: datetime) -> EngineModels:
    """What this call is paid by. A voice of a family without a name there has no price."""
    chat = resolve(defaults.chat_model, ModelKind.TEXT, now.date()).name
    voice = _voices(context, defaults).by_language[context.language]
    return EngineModels(chat, "google-speech", f"google-{'-'.join(voice.name.split('-')[2:-1]).lower()}")


def language_names(language: str, defaults: CascadeDefaults) -> tuple[str, ...]:
    """The installation's own name first, where it has one."""
    usual = RECOGNISED[language]
    if not defaults.stt_language:
        return usual
    return (defaults.stt_language, *(name for name in usual if name != defaults.stt_language))


def _voices(context: CallContext, defaults: CascadeDefaults) -> Voices:
    return voices_of(context.language, context.gender, context.cascade_voice or "", defaults, context.speaking_rate)


def voices_of(
    language: str, gender: str, chosen: str, defaults: CascadeDefaults, own_rate: float | None = None
) -> Voices:
    """chosen, own_rate: the business's own, "" and None where it has none."""
    rate = own_rate or defaults.rate
    voices = {each: Voice(VOICES[each, gender], rate) for each in RECOGNISED}
    for name in (defaults.voice, chosen):
        if is_voice(name):
            spoken = {"iw": "he"}.get(name.partition("-")[0], name.partition("-")[0])
            voices[spoken] = Voice(name, rate)
    return Voices(language, voices)


def cascade_voices(language: str) -> tuple[str, ...]:
    """Voices to choose from in this language; Google has more, and not every project has all of these."""
    region = "-".join(VOICES[language, "female"].split("-")[:2])
    wavenet = (f"{region}-Wavenet-{letter}" for letter in _WAVENETS)
    return (*wavenet, *(f"{region}-Chirp3-HD-{name}" for name in _CHIRPS))


def is_voice(name: str) -> bool:
    """Whether a name is one of Google's: the language, the region, the family."""
    parts = name.split("-")
    if not all(part.isascii() and part.isalnum() for part in parts):
        return False
    return len(parts) >= 3 and parts[0] in (*RECOGNISED, "iw") and len(parts[1]) == 2 and parts[1].isupper()


def _phrases(context: CallContext) -> tuple[str, ...]:
    """The business's own words, never a general list: its name, who works there, what it offers, its key words."""
    catalogue = context.catalogue
    people = [word for each in catalogue.team for word in (each.name, *each.called)]
    offered = [word for each in catalogue.offered for word in (each.name, *each.called)]
    words = dict.fromkeys((context.business_name, *people, *offered, *context.keywords))
    return tuple(" ".join(word.split())[:LONGEST_PHRASE] for word in words if word.strip())[:MOST_PHRASES]
