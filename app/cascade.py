"""The cascade in a worker: Google's services and the chat model, made once, and a session of them for each call (C1).

Google's packages are no part of the product's own requirements: they are imported here, when the engine is wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from openai import OpenAI

from app.settings import Settings, SettingsError
from services.calls.context import CallContext
from services.calls.pricing import EngineModels
from services.engines.google.credentials import SPEECH, TTS, BadCredentials, read_endpoint, read_service_account
from services.engines.google.session import (
    CascadeConfig,
    CascadeDefaults,
    Recognition,
    cascade_config,
    priced,
    voices_of,
)
from services.engines.interface import Engine
from services.language.persona import Persona

NO_KEY = "none"  # for a chat model that asks for none; OpenAI's address cannot be used without one (app/settings.py)
MakeEngine = Callable[[CascadeConfig], Engine]
_MISSING = "ENGINE=google needs Google's packages: pip install -r requirements-google.txt (no module {name})"


class CascadeEngines:
    """One per worker. `make` gives an unconnected session."""

    def __init__(self, make: MakeEngine, defaults: CascadeDefaults) -> None:
        self._make = make
        self.defaults = defaults

    def for_call(self, context: CallContext) -> Engine:
        return self._make(cascade_config(context, self.defaults, datetime.now(UTC)))

    def priced(self, context: CallContext) -> EngineModels:
        return priced(context, self.defaults, datetime.now(UTC))

    def for_recording(self, persona: Persona, voice: str, rate_pct: int | None) -> Engine:
        """One that is only given sentences to say. rate_pct: 100 is the voice's own pace, None the installation's."""
        rate = rate_pct / 100 if rate_pct else None
        return self._make(
            CascadeConfig(
                instructions="",
                recognition=Recognition(""),
                language_names=("",),
                voices=voices_of(persona.language, persona.gender, voice, self.defaults, rate),
                chat_model=self.defaults.chat_model,
            )
        )


def cascade_defaults(settings: Settings) -> CascadeDefaults:
    return CascadeDefaults(
        chat_model=settings.openai_chat_model,
        stt_model=settings.google_stt_model,
        stt_enhanced=settings.google_stt_enhanced,
        stt_language=settings.google_stt_language,
        voice=settings.google_tts_voice,
        rate=settings.tts_speaking_rate,
    )


def make_cascade(settings: Settings, prepare: Callable[[int], None]) -> CascadeEngines | None:
    """None where the engine is not wanted: neither by ENGINE nor, with an account or an address of its services, as a
    second one (C9). prepare: gRPC for so many channels, before the first. Raises SettingsError when it cannot be
    had."""
    given = (settings.google_cloud_service_account_json, settings.google_speech_endpoint, settings.google_tts_endpoint)
    if settings.engine != "google" and not any(given):
        return None
    try:
        from services.engines.google.cascade import Cascade
        from services.engines.google.wire import Wire, channels_for
    except ModuleNotFoundError as missing:
        raise SettingsError(_MISSING.format(name=missing.name)) from None
    secret, calls = settings.google_cloud_service_account_json, settings.max_calls_per_worker
    prepare(channels_for(calls))
    try:
        wire = Wire(
            read_endpoint(settings.google_speech_endpoint, SPEECH),
            read_endpoint(settings.google_tts_endpoint, TTS),
            read_service_account(secret.get_secret_value()) if secret is not None else None,
            calls,
        )
    except BadCredentials as wrong:
        raise SettingsError(f"GOOGLE_CLOUD_SERVICE_ACCOUNT_JSON=(hidden) is not accepted: {wrong}") from None
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else NO_KEY
    client = OpenAI(api_key=key, base_url=settings.openai_base_url)
    _ = client.chat  # its first use takes as long as two frames: not in a call
    return CascadeEngines(lambda config: Cascade(wire, client, config), cascade_defaults(settings))
