"""The configured model: where it is, its usual names, and who has it record a business's sentences."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from app.cascade import CascadeEngines
from app.settings import Settings
from services.clips.recorder import Recorder
from services.db.database import Database
from services.engines.interface import Engine
from services.engines.realtime.protocol import SessionConfig
from services.engines.realtime.session import SessionDefaults
from services.language.persona import Persona
from services.openai_realtime_client import Endpoint, OpenAIRealtime

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

    def engine(config: SessionConfig, persona: Persona) -> Engine:
        if cascade is not None and settings.engine == "google":
            return cascade.for_recording(persona, config.voice)
        return OpenAIRealtime(endpoint(settings), config)

    return Recorder(database, session_defaults(settings), engine, now)
