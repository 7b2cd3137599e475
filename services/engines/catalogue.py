"""Which models exist, until when, and what follows them (R1).

Pure: the day is an argument. Names and dates are those announced by the provider up to November 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ModelKind(StrEnum):
    REALTIME = "realtime"
    TRANSCRIPTION = "transcription"
    TEXT = "text"


DEFAULT_REALTIME_MODEL = "gpt-realtime-2.1"
DEFAULT_TRANSCRIPTION_MODEL = "gpt-transcribe"
DEFAULT_TEXT_MODEL = "gpt-6-luna"

VOICES = ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar")
DEFAULT_VOICE = "marin"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model. `ends` is its announced last day, None when none is announced; `successor` replaces it then.

    `is_reasoning`: takes `reasoning.effort` and `parallel_tool_calls`, a text model `reasoning_effort`; others refuse
    them.
    `supports_languages_keywords`: transcription takes `languages` and `keywords` (others take one `language`).
    `takes_turn_detection`: False where a transcription session must have turn detection off.
    """

    name: str
    kind: ModelKind
    ends: date | None = None
    successor: str = ""
    is_reasoning: bool = False
    supports_languages_keywords: bool = False
    takes_turn_detection: bool = True


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """What to use for a configured name, and a sentence for the log and the admin page when there is news."""

    name: str
    info: ModelInfo
    warning: str | None = None


_REALTIME_END = date(2027, 1, 20)
_PREVIEW_END = date(2026, 5, 7)
_TRANSCRIBE_END = date(2027, 2, 26)
_TEXT_END = date(2027, 1, 14)
_GPT5_END = date(2026, 12, 11)
_GPT54_END = date(2027, 4, 1)


def _realtime(name: str, ends: date | None = None, successor: str = "", **traits: bool) -> ModelInfo:
    return ModelInfo(name, ModelKind.REALTIME, ends, successor, **traits)


def _transcriber(name: str, ends: date | None = None, successor: str = "", **traits: bool) -> ModelInfo:
    return ModelInfo(name, ModelKind.TRANSCRIPTION, ends, successor, **traits)


def _text(name: str, ends: date | None = None, successor: str = DEFAULT_TEXT_MODEL) -> ModelInfo:
    return ModelInfo(name, ModelKind.TEXT, ends, successor if ends else "", is_reasoning=_reasons(name))


def _reasons(name: str) -> bool:
    """Text models reason since the fifth generation."""
    return name.startswith(("gpt-5", "gpt-6"))


_MODELS = (
    _realtime("gpt-realtime-2.1", is_reasoning=True),
    _realtime("gpt-realtime-2.1-mini", is_reasoning=True),
    _realtime("gpt-realtime-2", is_reasoning=True),
    _realtime("gpt-realtime-1.5"),
    _realtime("gpt-realtime", _REALTIME_END, "gpt-realtime-2.1"),
    _realtime("gpt-realtime-2025-08-28", _REALTIME_END, "gpt-realtime-2.1"),
    _realtime("gpt-realtime-mini", _REALTIME_END, "gpt-realtime-2.1-mini"),
    _realtime("gpt-realtime-mini-2025-12-15", _REALTIME_END, "gpt-realtime-2.1-mini"),
    _realtime("gpt-realtime-mini-2025-10-06", date(2026, 7, 23), "gpt-realtime-2.1-mini"),
    _realtime("gpt-4o-realtime-preview", _PREVIEW_END, "gpt-realtime-2.1"),
    _realtime("gpt-4o-realtime-preview-2024-10-01", date(2025, 10, 10), "gpt-realtime-2.1"),
    _realtime("gpt-4o-realtime-preview-2024-12-17", _PREVIEW_END, "gpt-realtime-2.1"),
    _realtime("gpt-4o-realtime-preview-2025-06-03", _PREVIEW_END, "gpt-realtime-2.1"),
    _realtime("gpt-4o-mini-realtime-preview", _PREVIEW_END, "gpt-realtime-2.1-mini"),
    _realtime("gpt-4o-mini-realtime-preview-2024-12-17", _PREVIEW_END, "gpt-realtime-2.1-mini"),
    _transcriber("gpt-transcribe", supports_languages_keywords=True),
    _transcriber("gpt-live-transcribe", supports_languages_keywords=True),
    _transcriber("gpt-realtime-whisper", takes_turn_detection=False),
    _transcriber("whisper-1", _TRANSCRIBE_END, "gpt-transcribe"),
    _transcriber("gpt-4o-transcribe", _TRANSCRIBE_END, "gpt-transcribe"),
    _transcriber("gpt-4o-mini-transcribe", _TRANSCRIBE_END, "gpt-transcribe"),
    _transcriber("gpt-4o-mini-transcribe-2025-12-15", _TRANSCRIBE_END, "gpt-transcribe"),
    _transcriber("gpt-4o-transcribe-diarize", _TRANSCRIBE_END, "gpt-transcribe"),
    _text("gpt-6-luna"),
    _text("gpt-5.6-luna"),
    _text("gpt-5.4-mini"),
    _text("gpt-5.4-nano", _GPT54_END),
    _text("gpt-5.1", _GPT54_END),
    _text("gpt-5", _GPT5_END),
    _text("gpt-5-mini", _GPT5_END),
    _text("gpt-5-nano", _GPT5_END),
    _text("gpt-4o", _TEXT_END),
    _text("gpt-4o-mini", _TEXT_END),
    _text("gpt-4.1", _TEXT_END),
    _text("gpt-4.1-mini", _TEXT_END),
    _text("gpt-4.1-nano", date(2026, 10, 23)),
)

CATALOGUE = {model.name: model for model in _MODELS}
_DEFAULTS = {
    ModelKind.REALTIME: DEFAULT_REALTIME_MODEL,
    ModelKind.TRANSCRIPTION: DEFAULT_TRANSCRIPTION_MODEL,
    ModelKind.TEXT: DEFAULT_TEXT_MODEL,
}


def resolve(name: str, kind: ModelKind, today: date) -> ResolvedModel:
    """The model to use when a setting says `name`; `kind` is what it is needed for.

    Empty: the default. Retired: its successor, with a warning. Announced to end: itself, with a warning.
    Unknown: itself, with a warning and cautious traits, since a provider adds models faster than a catalogue does.
    Raises ValueError when the name belongs to another kind, which can only be a mix-up.
    """
    if not name:
        return ResolvedModel(_DEFAULTS[kind], CATALOGUE[_DEFAULTS[kind]])
    info = CATALOGUE.get(name)
    if info is None:
        return ResolvedModel(name, _unknown(name, kind), f"model {name} is not in the catalogue; used as it is")
    if info.kind != kind:
        raise ValueError(f"{name} is a {info.kind} model, a {kind} model is needed here")
    if info.ends is None:
        return ResolvedModel(name, info)
    if info.ends <= today:
        successor = CATALOGUE[info.successor]
        warning = f"model {name} was retired on {info.ends.isoformat()}; using its successor {successor.name}"
        return ResolvedModel(successor.name, successor, warning)
    return ResolvedModel(name, info, f"model {name} ends on {info.ends.isoformat()}; change to {info.successor}")


def offered(kind: ModelKind, today: date) -> tuple[ModelInfo, ...]:
    """What the settings page offers: models of a kind that still run, those without an announced end first."""
    alive = [model for model in _MODELS if model.kind == kind and (model.ends is None or model.ends > today)]
    return tuple(sorted(alive, key=lambda model: model.ends is not None))


def _unknown(name: str, kind: ModelKind) -> ModelInfo:
    """Traits guessed from the family: newer realtime models reason, newer transcribers take languages."""
    return ModelInfo(
        name,
        kind,
        is_reasoning=(kind == ModelKind.REALTIME and name.startswith(("gpt-realtime-2", "gpt-realtime-3")))
        or (kind == ModelKind.TEXT and _reasons(name)),
        supports_languages_keywords=kind == ModelKind.TRANSCRIPTION
        and name.startswith(("gpt-transcribe", "gpt-live-transcribe")),
    )
