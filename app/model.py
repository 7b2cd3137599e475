"""The configured model: where it is, its usual names, and who has it record a business's sentences."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from app.cascade import CascadeEngines
from app.settings import Settings
from services.clips.recorder import Recorder
from services.db.database import Database
from services.db.models import AnsweringEngine
from services.engines.interface import Engine
from services.engines.realtime.protocol import SessionConfig
from services.engines.realtime.session import SessionDefaults
from services.openai_realtime_client import Endpoint, OpenAIRealtime
from services.prompt.own_voice import OwnVoice

# The sandbox takes any key; OpenAI's address cannot be reached without a real one (app/settings.py).
SANDBOX_KEY = "sandbox"


def endpoint(settings: Settings) -> Endpoint:
    """Where the configured model is."""
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else SANDBOX_KEY
    return Endpoint(settings.openai_realtime_url, key, settings.lean_sockets)


def session_defaults(settings: Settings) -> SessionDefaults:
    """The installation's models, for whoever has chosen none."""
    return SessionDefaults(settings.openai_realtime_model, settings.openai_transcription_model)


def make_recorder(
    settings: Settings, database: Database, now: Callable[[], datetime], cascade: CascadeEngines | None
) -> Recorder:
    """Has the configured engine say a business's own sentences (L7)."""

    return Recorder(database, session_defaults(settings), partial(speaking_engine, settings, cascade), now)


def speaking_engine(
    settings: Settings, cascade: CascadeEngines | None, config: SessionConfig, voice: OwnVoice
) -> Engine:
    """One that says sentences as a call of this business would."""
    if cascade is not None and answers_with(settings, cascade, voice.engine) == AnsweringEngine.GOOGLE:
        return cascade.for_recording(voice.persona, voice.cascade_voice, voice.rate_pct)
    return OpenAIRealtime(endpoint(settings), config)


def answers_with(settings: Settings, cascade: CascadeEngines | None, chosen: str | None) -> AnsweringEngine:
    """The engine of a business that chose this one ("" or None: nothing); the installation's own where it cannot be
    had, since a call is answered in any case."""
    if chosen and chosen in engines_had(settings, cascade):
        return AnsweringEngine(chosen)
    return AnsweringEngine.GOOGLE if cascade is not None and settings.engine == "google" else AnsweringEngine.OPENAI


def engines_had(settings: Settings, cascade: CascadeEngines | None) -> list[AnsweringEngine]:
    """What this installation can answer with; the sandbox's model speaks Realtime."""
    realtime = settings.engine != "google" or settings.openai_api_key is not None
    found = [AnsweringEngine.OPENAI] if realtime else []
    return [*found, AnsweringEngine.GOOGLE] if cascade is not None else found
