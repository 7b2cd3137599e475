"""A model says sentences, and their sound is kept with the business whose voice it is (G1, W8, L7).

Whoever asks, a job or a command: nothing is recorded that is there already, and nothing is kept that is no longer
wanted when it is done.
"""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.businesses import own_voice_of, policy_of
from services.audio.g711 import SAMPLE_RATE_HZ
from services.db.database import Database
from services.db.models import BusinessSettings
from services.db.tenancy import bind_business
from services.engines.catalogue import ModelKind, resolve
from services.engines.interface import AudioDelta, Engine, EngineClosed, EngineError, ResponseDone
from services.engines.realtime.protocol import MAX_TOKENS_RANGE, SessionConfig
from services.engines.realtime.session import DEFAULT_VOICE, SessionDefaults
from services.prompt.own_voice import OwnVoice
from services.realtime_prompt_builder import PromptInputs, build_prompt

log = logging.getLogger(__name__)

# For one sentence. All of them take less than services.outbox.outbox.STALE.
WITHIN_S = 30.0
SHORTEST_BYTES = SAMPLE_RATE_HZ // 5


class NotRecorded(Exception):
    """The model did not say a sentence; the message says why."""


@dataclass(frozen=True, slots=True)
class _Script:
    """What is to be recorded, and the session that says it."""

    voice: OwnVoice
    config: SessionConfig
    is_made: bool


class Recorder:
    """For all businesses of the installation. `make_engine` gives an unconnected model session."""

    def __init__(
        self,
        database: Database,
        defaults: SessionDefaults,
        make_engine: Callable[[SessionConfig, OwnVoice], Engine],
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._defaults = defaults
        self._make_engine = make_engine
        self._now = now

    def make_missing(self, business_id: int) -> None:
        """Record what the business wants, unless it has it. Raises EngineUnavailable, NotRecorded,
        DatabaseUnavailable."""
        script = self._read(business_id)
        if not script.is_made:
            self._make(business_id, script)

    def make_all(self, business_id: int) -> Mapping[str, bytes]:
        """Record it in any case; the sound by column. Raises as `make_missing`."""
        return self._make(business_id, self._read(business_id))

    def _read(self, business_id: int) -> _Script:
        return self._database.read(partial(_script, business_id=business_id, defaults=self._defaults, now=self._now()))

    def _make(self, business_id: int, script: _Script) -> Mapping[str, bytes]:
        sounds = {
            name: record(self._make_engine(script.config, script.voice), text)
            for name, text in script.voice.texts.items()
        }
        kept = self._database.write(partial(_keep, business_id=business_id, of=script.voice.fingerprint, sounds=sounds))
        if not kept:
            log.info("[CLIPS] business %d wants other words by now, these are not kept", business_id)
        return sounds


def record(engine: Engine, text: str) -> bytes:
    """One sentence as raw 8 kHz mu-law. Raises EngineUnavailable and NotRecorded."""
    engine.connect()
    watchdog = threading.Timer(WITHIN_S, engine.close)
    watchdog.start()
    try:
        engine.say(text)
        return _collect(engine)
    finally:
        watchdog.cancel()
        engine.close()


def _collect(engine: Engine) -> bytes:
    sound = bytearray()
    for event in engine.events():
        if isinstance(event, AudioDelta):
            sound += base64.b64decode(event.payload)
        elif isinstance(event, EngineError):
            raise NotRecorded(f"{event.code}: {event.message}")
        elif isinstance(event, EngineClosed):
            raise NotRecorded(f"the connection closed ({event.code})")
        elif isinstance(event, ResponseDone):
            if event.status != "completed" or len(sound) < SHORTEST_BYTES:
                raise NotRecorded(f"the answer was {event.status} after {len(sound)} bytes {event.error_code}".strip())
            break
    return bytes(sound)


def _script(session: Session, business_id: int, defaults: SessionDefaults, now: datetime) -> _Script:
    bind_business(session, business_id)
    row = session.scalars(select(BusinessSettings)).one()
    voice = own_voice_of(row)
    return _Script(voice, recording_config(row, voice, defaults, now), row.clips_made_of == voice.fingerprint)


def recording_config(row: BusinessSettings, voice: OwnVoice, defaults: SessionDefaults, now: datetime) -> SessionConfig:
    """A Realtime session that says sentences in this voice, as it would in a call of this business."""
    model = resolve(voice.model or defaults.realtime_model, ModelKind.REALTIME, now.date())
    persona = voice.persona
    inputs = PromptInputs(str(row.ai_prompt.get("calls", "")), policy_of(row), persona.language, persona.gender)
    return SessionConfig(
        model=model.name,
        instructions=build_prompt(inputs, now),
        voice=voice.voice or DEFAULT_VOICE,
        transcription_model=resolve(defaults.transcription_model, ModelKind.TRANSCRIPTION, now.date()).name,
        is_reasoning=model.info.is_reasoning,
        max_output_tokens=MAX_TOKENS_RANGE[1],  # nothing is finished in a follow-up here
    )


def _keep(session: Session, business_id: int, of: str, sounds: Mapping[str, bytes]) -> bool:
    """Keep the sound if it is still what the business wants; else another change came between, with a job of its
    own."""
    bind_business(session, business_id)
    row = session.scalars(select(BusinessSettings).with_for_update()).one()
    if own_voice_of(row).fingerprint != of:
        return False
    for column, sound in sounds.items():
        setattr(row, column, sound)
    row.clips_made_of = of
    return True
