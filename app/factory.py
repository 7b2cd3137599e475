"""Builds the web app: one object per worker, wired here and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from flask import Flask
from openai import OpenAI

from app.admin import register_admin
from app.background import BackgroundWorker
from app.build_info import read_build_info
from app.context import Worker
from app.drain import Drain
from app.health import health
from app.housekeeper import start_housekeeping
from app.live_calls import LiveCalls
from app.live_requests import start_taking_requests
from app.logs import configure_logging
from app.loop_lag import LoopLag
from app.media_route import register_media_route
from app.settings import Settings, load_settings
from app.twilio_signature import check_signatures
from app.webhooks import webhooks
from media.audio_config import AUDIO_CONFIG
from services.appointment_nlp import ModelParser
from services.database import Database, DatabaseUnavailable
from services.model_catalogue import REALTIME, TEXT, TRANSCRIPTION, resolve
from services.policy_calendar import load_holidays

log = structlog.get_logger(__name__)

# Twilio sends small forms and frames of a few hundred bytes; whatever is larger is not Twilio.
MAX_BODY_BYTES = 64 * 1024


def application() -> Flask:
    """The app as a server runs it: settings from the environment, logs switched on."""
    settings = load_settings()
    configure_logging(settings)
    app = create_app(settings)
    load_holidays(datetime.now(UTC).date())
    _announce(settings)
    return app


def create_app(settings: Settings) -> Flask:
    """The app for `settings`; opens no connection yet. Make it after forking."""
    app = Flask(__name__, root_path=None, static_folder="../static", template_folder="../templates")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.extensions["assistant"] = worker = _make_worker(settings)
    app.register_blueprint(health)
    app.register_blueprint(webhooks)
    app.before_request(check_signatures)
    register_admin(app, settings, worker.database)
    register_media_route(app)
    return app


def _make_worker(settings: Settings) -> Worker:
    drain, lag = Drain(), LoopLag()
    live_calls = LiveCalls(settings.max_calls_per_worker, lag)
    lag.start(every_second=live_calls.show)
    database = Database(settings.database_url)
    background = BackgroundWorker(retry_on=(DatabaseUnavailable,))
    start_housekeeping(settings, database, drain)
    start_taking_requests(database, live_calls, drain)
    return Worker(
        settings=settings,
        database=database,
        drain=drain,
        live_calls=live_calls,
        background=background,
        build=read_build_info(),
        signing_key=settings.signing_key,
        model_parser=_make_model_parser(settings),
    )


def _make_model_parser(settings: Settings) -> ModelParser | None:
    """The chat model that reads appointments; None without a key."""
    if settings.openai_api_key is None:
        return None
    client = OpenAI(api_key=settings.openai_api_key.get_secret_value(), base_url=settings.openai_base_url)
    model = resolve(settings.openai_nlp_model, TEXT, datetime.now(UTC).date())
    return ModelParser(client, model.name)


def _announce(settings: Settings) -> None:
    log.info(AUDIO_CONFIG.banner())
    log.info("started", app_env=settings.app_env, engine=settings.engine, model=settings.openai_realtime_model)
    today = datetime.now(UTC).date()
    for name, kind in (
        (settings.openai_realtime_model, REALTIME),
        (settings.openai_transcription_model, TRANSCRIPTION),
        (settings.openai_nlp_model, TEXT),
    ):
        if warning := resolve(name, kind, today).warning:
            log.warning(warning)
    if settings.twilio_auth_token is None:
        log.warning("TWILIO_AUTH_TOKEN is not set: SIGNATURE CHECKS ARE OFF, anyone can call the webhooks")
    if settings.secret_key and len(settings.secret_key.get_secret_value()) < 16:
        log.warning("SECRET_KEY is short: use at least 16 random characters")
