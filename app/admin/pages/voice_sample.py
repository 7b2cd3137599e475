"""A sentence in the voice that is about to be chosen, to hear before it is saved."""

from __future__ import annotations

import io
import wave
from datetime import UTC, datetime, timedelta

from flask import Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.admin.auth.access import business_pages, here, outside_its_turn
from app.admin.forms.settings import VoiceForm
from app.admin.pages.settings import load_settings_row, voice_form
from app.admin.text.outbox_words import reason_words
from app.admin.text.words import t
from app.context import worker
from app.model import session_defaults, speaking_engine
from services.audio.g711 import SAMPLE_RATE_HZ, decode
from services.clips.recorder import NotRecorded, record, recording_config
from services.db.limit_counts import count
from services.engines.interface import EngineUnavailable
from services.engines.realtime.protocol import SessionConfig
from services.language.persona import Persona
from services.prompt import sentences
from services.prompt.own_voice import OwnVoice
from services.prompt.sentences import sentence

# Each is paid by the installation.
SAMPLES_AN_HOUR = 30


@business_pages.post("/settings/voice/sample")
def voice_sample() -> ResponseReturnValue:
    """A WAV file of the greeting, or of another sentence the assistant says, as the form would have it said."""
    form = voice_form()(request.form)
    if not form.validate():
        return _words("; ".join(str(each) for errors in form.errors.values() for each in errors), 422)
    now = datetime.now(UTC)
    if here().write(lambda s: count(s, _counter(), amount=1, lasts=timedelta(hours=1), now=now)) > SAMPLES_AN_HOUR:
        return _words(t("היו די דוגמאות לשעה הזאת.", "That was enough samples for this hour."), 429)
    voice, config = here().read(lambda s: _session(s, form, now))
    engine = speaking_engine(worker().settings, worker().cascade, config, voice)
    try:
        sound = outside_its_turn(lambda: record(engine, voice.greeting))
    except EngineUnavailable:
        return _words(reason_words("model_away"), 502)
    except NotRecorded as reason:
        return _words(f"{reason_words('not_spoken')}: {reason}", 502)
    return Response(_wav(sound), content_type="audio/wav", headers={"Cache-Control": "no-store"})


def _session(s: Session, form: VoiceForm, now: datetime) -> tuple[OwnVoice, SessionConfig]:
    """What the form wants said, in `greeting`, and a Realtime session for it."""
    row = load_settings_row(s)
    persona = Persona(row.language, form.persona_gender.data)
    voice = OwnVoice(
        persona,
        form.voice.data,
        form.model.data,
        row.greeting_text or sentence(sentences.ONE_MOMENT, persona),
        engine=form.engine.data,
        cascade_voice=form.cascade_voice.data,
        rate_pct=form.speaking_rate_pct.data,
    )
    return voice, recording_config(row, voice, session_defaults(worker().settings), now)


def _counter() -> str:
    return f"voice sample {here().business_id}"


def _wav(mulaw: bytes) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE_HZ)
        sound.writeframes(decode(mulaw))
    return made.getvalue()


def _words(text: str, status: int) -> ResponseReturnValue:
    return Response(text, status, content_type="text/plain; charset=utf-8")
