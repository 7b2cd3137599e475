"""`python -m app.render_clips --business NUMBER|--all`: record a business's fixed sentences in its own voice.

The configured engine says each sentence and the sound is stored with the business: the greeting (which is then on the
line at once), "one moment" and the apology for when the model is away. A changed voice, language or greeting discards
what it made wrong: until the command is run again the shipped sentences are heard and the greeting is spoken live.
"""

from __future__ import annotations

import argparse
import base64
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.call_deps import endpoint
from app.settings import Settings, SettingsError, load_settings
from services import sentences
from services.businesses import policy_of
from services.database import Database, DatabaseUnavailable
from services.engine import AudioDelta, Engine, EngineClosed, EngineError, EngineUnavailable, ResponseDone
from services.model_catalogue import REALTIME, TRANSCRIPTION, resolve
from services.models import Business, BusinessNumber, BusinessSettings
from services.openai_realtime_client import OpenAIRealtime
from services.realtime_prompt_builder import PromptInputs, build_prompt, greeting_instructions
from services.realtime_protocol import MAX_TOKENS_RANGE, SessionConfig
from services.sentences import sentence
from services.session_settings import DEFAULT_VOICE
from services.tenancy import Tenant, unscoped

WITHIN_S = 60.0  # for one sentence
BYTES_PER_SECOND = 8000
SHORTEST_BYTES = BYTES_PER_SECOND // 5


class NotRendered(Exception):
    """The model did not say a sentence; the message says why."""


@dataclass(frozen=True, slots=True)
class Script:
    """What one business has to have recorded: texts by the column they belong to."""

    business_id: int
    name: str
    config: SessionConfig
    texts: Mapping[str, str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--business", metavar="NUMBER", help="the business that this telephone number belongs to")
    which.add_argument("--all", action="store_true", help="every active business")
    arguments = parser.parse_args()
    try:
        settings = load_settings()
        return _render_all(settings, Database(settings.database_url), arguments.business)
    except (SettingsError, DatabaseUnavailable) as error:
        sys.exit(str(error))


def _render_all(settings: Settings, database: Database, number: str | None) -> int:
    """0 when every sentence was recorded."""
    ids = database.read(lambda session: _businesses(session, number))
    if not ids:
        sys.exit(f"no active business has the number {number}" if number else "there is no business")
    failed = False
    for business_id in ids:
        script = database.read(partial(_script, settings=settings, business_id=business_id))
        try:
            clips = {
                column: record(OpenAIRealtime(endpoint(settings), script.config), text)
                for column, text in script.texts.items()
            }
        except (EngineUnavailable, NotRendered) as error:
            sys.stderr.write(f"{script.name}: not recorded: {error}\n")
            failed = True
            continue
        database.write(partial(_store, business_id=script.business_id, clips=clips))
        lengths = ", ".join(f"{column} {len(clip) / BYTES_PER_SECOND:.1f} s" for column, clip in clips.items())
        sys.stdout.write(f"{script.name}: {lengths}\n")
    return int(failed)


def record(engine: Engine, text: str) -> bytes:
    """One sentence as raw 8 kHz mu-law. Raises EngineUnavailable and NotRendered."""
    engine.connect()
    watchdog = threading.Timer(WITHIN_S, engine.close)
    watchdog.start()
    try:
        engine.answer(greeting_instructions(text))
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
            raise NotRendered(f"{event.code}: {event.message}")
        elif isinstance(event, EngineClosed):
            raise NotRendered(f"the connection closed ({event.code})")
        elif isinstance(event, ResponseDone):
            if event.status != "completed" or len(sound) < SHORTEST_BYTES:
                raise NotRendered(f"the answer was {event.status} after {len(sound)} bytes {event.error_code}".strip())
            break
    return bytes(sound)


def _businesses(session: Session, number: str | None) -> list[int]:
    query = select(Business.id).where(Business.is_active).order_by(Business.id)
    if number is not None:
        query = query.join(BusinessNumber, BusinessNumber.business_id == Business.id).where(
            BusinessNumber.e164 == number
        )
    with unscoped(session, "an operator's command for one or all businesses"):
        return list(session.scalars(query))


def _script(session: Session, settings: Settings, business_id: int) -> Script:
    Tenant(session, business_id)
    business = session.scalars(select(Business)).one()
    row, now = business.settings, datetime.now(UTC)
    texts = {
        "one_moment_clip": sentence(sentences.ONE_MOMENT, row.language),
        "trouble_clip": sentence(sentences.TROUBLE, row.language),
    }
    if row.enable_greeting and row.greeting_text:
        texts["greeting_clip"] = row.greeting_text
    model = resolve(row.model or settings.openai_realtime_model, REALTIME, now.date())
    inputs = PromptInputs(str(row.ai_prompt.get("calls", "")), policy_of(row), row.language)
    config = SessionConfig(
        model=model.name,
        instructions=build_prompt(inputs, now),  # as in a call, so that it speaks as in a call
        voice=row.voice or DEFAULT_VOICE,
        transcription_model=resolve(settings.openai_transcription_model, TRANSCRIPTION, now.date()).name,
        is_reasoning=model.info.is_reasoning,
        max_output_tokens=MAX_TOKENS_RANGE[1],  # nothing is finished in a follow-up here
    )
    return Script(business_id, business.name, config, texts)


def _store(session: Session, business_id: int, clips: Mapping[str, bytes]) -> None:
    Tenant(session, business_id)
    row = session.scalars(select(BusinessSettings)).one()
    for column, clip in clips.items():
        setattr(row, column, clip)


if __name__ == "__main__":
    sys.exit(main())
