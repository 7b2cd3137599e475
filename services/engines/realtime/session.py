"""From a call's business to its model session: prompt, names that are still served, languages. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from services.calls.context import CallContext
from services.engines.catalogue import ModelKind, ResolvedModel, resolve
from services.engines.realtime.protocol import SessionConfig
from services.realtime_prompt_builder import PromptInputs, build_prompt

DEFAULT_VOICE = "marin"


@dataclass(frozen=True, slots=True)
class SessionDefaults:
    """The installation's names (environment); a business may have its own."""

    realtime_model: str
    transcription_model: str
    silence_duration_ms: int = 500


def prompt_inputs(context: CallContext) -> PromptInputs:
    """What this call's prompt is made of."""
    return PromptInputs(
        business_prompt=context.business_prompt,
        policy=context.policy,
        language=context.language,
        gender=context.gender,
        answer_languages=context.answer_languages,
        may=context.may,
        can_dial=bool(context.transfer_numbers),
        confirms_by_sms=context.sms_confirmation,
        caller_name=context.caller_name,
        coming_appointments=context.coming_appointments,
        use_caller_number=context.caller_id_allowed,
        known_number=bool(context.caller),
        catalogue=context.catalogue,
    )


class Models(NamedTuple):
    realtime: ResolvedModel
    transcription: ResolvedModel


def models_of(context: CallContext, defaults: SessionDefaults, today: date) -> Models:
    """What this call runs on; retired names give way to their successors (R1)."""
    return Models(
        resolve(context.model or defaults.realtime_model, ModelKind.REALTIME, today),
        resolve(context.transcription_model or defaults.transcription_model, ModelKind.TRANSCRIPTION, today),
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
        # Where callers may be answered in several languages, none is presumed.
        transcription_language=None if len(context.answer_languages) > 1 else context.transcription_language,
        keywords=context.keywords,
        supports_keywords=transcription.info.supports_languages_keywords,
        is_reasoning=model.info.is_reasoning,
        endpointing=context.line.endpointing,
        eagerness=context.line.eagerness,
        noise_reduction=context.line.noise_reduction,
        silence_duration_ms=defaults.silence_duration_ms,
        max_output_tokens=context.max_output_tokens,
    )
