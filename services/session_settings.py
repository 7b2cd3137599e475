"""From a call's business to its model session: prompt, names that are still served, languages. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from services.call_context import CallContext
from services.model_catalogue import REALTIME, TRANSCRIPTION, ResolvedModel, resolve
from services.realtime_prompt_builder import PromptInputs, build_prompt
from services.realtime_protocol import SessionConfig

DEFAULT_VOICE = "marin"


@dataclass(frozen=True, slots=True)
class SessionDefaults:
    """The installation's names (environment); a business may have its own."""

    realtime_model: str
    transcription_model: str
    silence_duration_ms: int = 500
    max_output_tokens: int = 300


def prompt_inputs(context: CallContext) -> PromptInputs:
    """What this call's prompt is made of."""
    return PromptInputs(
        business_prompt=context.business_prompt,
        policy=context.policy,
        language=context.language,
        use_caller_number=context.caller_id_allowed,
        known_number=bool(context.caller),
    )


class Models(NamedTuple):
    realtime: ResolvedModel
    transcription: ResolvedModel


def models_of(context: CallContext, defaults: SessionDefaults, today: date) -> Models:
    """What this call runs on; retired names give way to their successors (R1)."""
    return Models(
        resolve(context.model or defaults.realtime_model, REALTIME, today),
        resolve(context.transcription_model or defaults.transcription_model, TRANSCRIPTION, today),
    )


def session_config(context: CallContext, defaults: SessionDefaults, now: datetime) -> SessionConfig:
    """The session of this call. `now` is aware."""
    models = models_of(context, defaults, now.date())
    model, transcription = models.realtime, models.transcription
    return SessionConfig(
        model=model.name,
        instructions=build_prompt(prompt_inputs(context), now),
        voice=context.voice or DEFAULT_VOICE,
        transcription_model=transcription.name,
        transcription_language=context.transcription_language,
        keywords=context.keywords,
        supports_keywords=transcription.info.supports_languages_keywords,
        is_reasoning=model.info.is_reasoning,
        endpointing=context.line.endpointing,
        silence_duration_ms=defaults.silence_duration_ms,
        max_output_tokens=defaults.max_output_tokens,
    )
