"""The engine, voice and pace of a business on its page, with a sample to hear (C7, C9), in Hebrew and English."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy.orm import Session

from app.admin.auth.security import limiter
from app.admin.pages.voice_sample import SAMPLES_AN_HOUR
from app.context import Worker
from app.factory import create_app
from app.model import answers_with
from app.settings import load_settings
from sandbox.google.running import RunningGoogle, running_google
from sandbox.realtime.running import RunningServer, running_server
from services.calls.end_reasons import MODEL_UNREACHABLE
from services.calls.lifecycle import finish_call, open_call
from services.db.models import AnsweringEngine, BusinessSettings
from services.db.tenancy import bind_business
from tests.app.admin.cast import CLINIC, OFFICE, OWNER, VIEWER, Visitor, add_people
from tests.serving import AUTH_TOKEN, PUBLIC_BASE, SECRET_KEY

VOICE_PAGE = f"/admin/b/{CLINIC}/settings/voice"
SAMPLE = f"{VOICE_PAGE}/sample"
FORM = {"persona_gender": "female", "max_output_tokens": "300"}
CHIRP = "he-IL-Chirp3-HD-Kore"
HEBREW, ENGLISH = "he", "en"


@pytest.fixture(scope="module")
def google() -> Iterator[RunningGoogle]:
    with running_google() as running:
        yield running


@pytest.fixture(scope="module")
def realtime() -> Iterator[RunningServer]:
    with running_server() as running:
        yield running


class Site:
    """The app with both engines behind it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.worker: Worker = app.extensions["assistant"]

    def visitor(self, email: str = OWNER, language: str = ENGLISH) -> Visitor:
        return Visitor(self.app, email, language)

    def row(self) -> BusinessSettings:
        return self.within(lambda s: s.get_one(BusinessSettings, _settings_id(s)))

    def within(self, work: Any) -> Any:
        return self.worker.database.write(lambda s: work(bind_business(s, CLINIC)))


def _settings_id(s: Session) -> int:
    return s.query(BusinessSettings.id).scalar() or 0


@pytest.fixture
def both(
    seeded_url: str, compiled_templates: FileSystemBytecodeCache, google: RunningGoogle, realtime: RunningServer
) -> Iterator[Site]:
    app = create_app(
        load_settings(
            database_url=seeded_url,
            secret_key=SECRET_KEY,
            twilio_auth_token=AUTH_TOKEN,
            public_base_url=PUBLIC_BASE,
            engine="sandbox",
            openai_realtime_url=realtime.realtime_url,
            openai_base_url=google.base_url,
            google_speech_endpoint=google.speech_endpoint,
            google_tts_endpoint=google.tts_endpoint,
        )
    )
    app.jinja_env.bytecode_cache = compiled_templates
    site = Site(app)
    add_people(site.worker.database)
    with app.app_context():
        limiter.reset()
    yield site
    site.worker.database.dispose()


def seconds_of(sound: bytes) -> float:
    with wave.open(io.BytesIO(sound)) as read:
        assert (read.getnchannels(), read.getsampwidth(), read.getframerate()) == (1, 2, 8000)
        return read.getnframes() / 8000


def test_an_engine_a_voice_and_a_pace_are_saved_and_shown_in_both_languages(both: Site) -> None:
    saved = both.visitor().post(VOICE_PAGE, **FORM, engine="google", cascade_voice=CHIRP, speaking_rate_pct="110")
    assert saved.status_code == 302
    row = both.row()
    assert (row.engine, row.cascade_voice, row.speaking_rate_pct) == (AnsweringEngine.GOOGLE, CHIRP, 110)
    for language, words in ((ENGLISH, "Who listens and answers"), (HEBREW, "מי שומע ועונה")):
        page = both.visitor(language=language).get(VOICE_PAGE).text
        assert words in page
        assert 'value="google" checked' in page
        assert f'value="{CHIRP}"' in page
        assert 'value="110"' in page
    both.visitor().post(VOICE_PAGE, **FORM, engine="", cascade_voice="", speaking_rate_pct="")
    row = both.row()
    assert (row.engine, row.cascade_voice, row.speaking_rate_pct) == (None, None, None)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("engine", "other", "not connected to that engine"),
        ("cascade_voice", "marin", "named like he-IL-Wavenet-A"),
        ("cascade_voice", "he-IL-Wavenet-A\r\nX: y", "named like"),
        ("speaking_rate_pct", "400", "130"),
        ("speaking_rate_pct", "fast", ""),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_saved(both: Site, field: str, value: str, said: str) -> None:
    answer = both.visitor().post(VOICE_PAGE, **FORM, **{field: value})
    assert answer.status_code == 422
    assert said in answer.text
    assert both.row().cascade_voice is None


def test_an_installation_with_one_engine_offers_no_other(web_app: Flask) -> None:
    site = Site(web_app)
    add_people(site.worker.database)
    page = site.visitor().get(VOICE_PAGE).text
    assert "Who listens and answers" not in page
    assert "Google's voice" not in page
    assert site.visitor().post(VOICE_PAGE, **FORM, engine="google").status_code == 422
    site.worker.database.dispose()


def test_an_engine_the_installation_has_lost_is_said_and_calls_are_answered_all_the_same(web_app: Flask) -> None:
    site = Site(web_app)
    add_people(site.worker.database)
    site.within(lambda s: setattr(s.get_one(BusinessSettings, _settings_id(s)), "engine", AnsweringEngine.GOOGLE))
    assert "is not connected to this installation" in site.visitor().get(VOICE_PAGE).text
    assert answers_with(site.worker.settings, site.worker.cascade, "google") == AnsweringEngine.OPENAI
    site.worker.database.dispose()


def test_a_sample_is_heard_in_the_form_s_voice_before_it_is_saved(both: Site, google: RunningGoogle) -> None:
    before = len(google.calls)
    answer = both.visitor().post(SAMPLE, **FORM, engine="google", cascade_voice=CHIRP, speaking_rate_pct="120")
    assert (answer.status_code, answer.content_type) == (200, "audio/wav")
    assert seconds_of(answer.data) > 0.5
    assert both.row().cascade_voice is None
    spoken = [each for call in google.calls[before:] for each in call.speech]
    assert [(each.voice, each.rate) for each in spoken] == [(CHIRP, 1.2)]


def test_a_sample_of_the_realtime_model_has_its_own_voice(both: Site, realtime: RunningServer) -> None:
    answer = both.visitor().post(SAMPLE, **FORM, engine="openai", voice="cedar")
    assert (answer.status_code, answer.content_type) == (200, "audio/wav")
    assert seconds_of(answer.data) > 0.2
    assert "cedar" in str(realtime.sessions[-1].session)


def test_a_voice_that_google_does_not_know_is_said_in_words(both: Site) -> None:
    answer = both.visitor().post(SAMPLE, **FORM, engine="google", cascade_voice="he-IL-Wavenet-Q")
    assert answer.status_code == 502
    assert "the model did not say the sentence" in answer.text


def test_samples_have_an_end_and_viewers_hear_none(both: Site) -> None:
    assert both.visitor(VIEWER).post(SAMPLE, **FORM).status_code == 403
    assert both.visitor().post(f"/admin/b/{OFFICE}/settings/voice/sample", **FORM).status_code in (403, 404)
    owner = both.visitor()
    codes = [
        owner.post(SAMPLE, **FORM, engine="google", cascade_voice="marin").status_code
        for _ in range(SAMPLES_AN_HOUR + 2)
    ]
    assert set(codes) == {422}, "what is not said costs nothing"
    codes = [owner.post(SAMPLE, **FORM, engine="google").status_code for _ in range(SAMPLES_AN_HOUR + 2)]
    assert codes == [200] * SAMPLES_AN_HOUR + [429] * 2


def test_calls_that_reached_no_model_are_told_on_the_first_page(both: Site) -> None:
    home = f"/admin/b/{CLINIC}/"
    assert "could not reach the model" not in both.visitor().get(home).text

    def unreachable(s: Session) -> None:
        now = datetime.now(UTC)
        sid, dialled = "CA" + "e" * 32, "+97239990001"
        call = open_call(s, business_id=CLINIC, call_sid=sid, caller="+972501234567", dialled=dialled, now=now)
        finish_call(s, call.id, end_reason=MODEL_UNREACHABLE, metrics={}, now=now)

    both.within(unreachable)
    assert "1 calls of the last 24 hours could not reach the model" in both.visitor().get(home).text
    assert "לא הגיעו למודל" in both.visitor(language=HEBREW).get(home).text
