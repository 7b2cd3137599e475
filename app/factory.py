"""Builds the web app: one object per worker, wired here and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import structlog
from flask import Flask
from openai import OpenAI

from app.admin import register_admin
from app.calendars import make_remotes
from app.cascade import make_cascade
from app.context import Worker
from app.customer.pages import customer_pages
from app.database import keyring, open_database
from app.health import health
from app.http_rules import set_http_rules
from app.settings import SHORTEST_SECRET, Settings, load_settings
from app.telemetry.build_info import read_build_info
from app.telemetry.logs import configure_logging
from app.telemetry.outside import make_error_reports, make_traces
from app.telephony.calendar_push import calendar_push
from app.telephony.clips import clips
from app.telephony.media_route import register_media_route
from app.telephony.message_webhooks import message_webhooks
from app.telephony.signature import check_signatures
from app.telephony.webhooks import webhooks
from app.worker.background import BackgroundWorker
from app.worker.calendar_pump import CalendarPump
from app.worker.connections import Connections
from app.worker.drain import Drain
from app.worker.housekeeper import start_housekeeping
from app.worker.live_calls import LiveCalls, start_taking_requests
from app.worker.loop_lag import LoopLag
from app.worker.native_thread import SEARCHES, prepare_grpc
from app.worker.outbox_pump import OutboxPump
from app.worker.outlets import make_outlets
from app.worker.presence import Presence
from app.worker.readiness import Readiness
from media.audio_config import AUDIO_CONFIG
from services.appointment_nlp import ModelParser
from services.db.database import DatabaseUnavailable
from services.engines.catalogue import ModelKind, resolve
from services.policy.hours import load_holidays

log = structlog.get_logger(__name__)


def application() -> Flask:
    """The app as a server runs it: settings from the environment, logs switched on."""
    settings = load_settings()
    reports = make_error_reports(settings, read_build_info())
    configure_logging(settings, reports=reports)
    app = create_app(settings)
    app.extensions["error_reports"] = reports
    for start in app.extensions["assistant"].loops:
        start()
    load_holidays(datetime.now(UTC).date())
    _announce(settings)
    return app


def create_app(settings: Settings) -> Flask:
    """The app for `settings`; opens no connection and starts no loop yet. Make it after forking."""
    app = Flask(__name__, root_path=None, static_folder="../static", template_folder="../templates")
    set_http_rules(app, production=settings.production)
    app.extensions["assistant"] = worker = _make_worker(settings)
    app.wsgi_app = worker.connections.watch(app.wsgi_app)  # type: ignore[method-assign, assignment]
    app.register_blueprint(health)
    app.register_blueprint(webhooks)
    app.register_blueprint(message_webhooks)
    app.register_blueprint(clips)
    app.register_blueprint(calendar_push)
    app.before_request(check_signatures)
    register_admin(app, settings, worker.database)
    app.register_blueprint(customer_pages)
    register_media_route(app)
    return app


def _make_worker(settings: Settings) -> Worker:
    drain, lag = Drain(), LoopLag()
    live_calls = LiveCalls(settings.max_calls_per_worker, lag)
    database = open_database(settings, SEARCHES.run)
    background = BackgroundWorker(retry_on=(DatabaseUnavailable,))
    connections = Connections()
    cascade = make_cascade(settings, prepare_grpc)
    build = read_build_info()
    traces = make_traces(settings, build)
    presence = Presence(database, live_calls, drain, build, _now)
    calendars = make_remotes(settings, _now)
    pump = OutboxPump(database, make_outlets(settings, database, _now, cascade, calendars), _now)
    reading = CalendarPump(database, calendars, _now)
    return Worker(
        settings=settings,
        database=database,
        drain=drain,
        live_calls=live_calls,
        presence=presence,
        background=background,
        connections=connections,
        readiness=Readiness(database),
        build=build,
        signing_key=settings.signing_key,
        keys=keyring(settings),
        model_parser=_make_model_parser(settings),
        cascade=cascade,
        calendars=calendars,
        traces=traces,
        loops=(
            *((traces.start,) if traces is not None else ()),
            connections.start,
            presence.start,
            partial(lag.start, every_second=live_calls.show),
            partial(start_housekeeping, database, drain, settings.public_base_url or ""),
            partial(pump.start, drain),
            partial(reading.start, drain),
            partial(start_taking_requests, database, live_calls, drain),
        ),
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _make_model_parser(settings: Settings) -> ModelParser | None:
    """The chat model that reads appointments; None without a key."""
    if settings.openai_api_key is None:
        return None
    client = OpenAI(api_key=settings.openai_api_key.get_secret_value(), base_url=settings.openai_base_url)
    model = resolve(settings.openai_nlp_model, ModelKind.TEXT, datetime.now(UTC).date())
    return ModelParser(client, model.name)


def _announce(settings: Settings) -> None:
    log.info(AUDIO_CONFIG.banner())
    model = settings.openai_chat_model if settings.engine == "google" else settings.openai_realtime_model
    log.info("started", app_env=settings.app_env, engine=settings.engine, model=model)
    today = datetime.now(UTC).date()
    for name, kind in (
        (settings.openai_realtime_model, ModelKind.REALTIME),
        (settings.openai_transcription_model, ModelKind.TRANSCRIPTION),
        (settings.openai_nlp_model, ModelKind.TEXT),
        (settings.openai_chat_model, ModelKind.TEXT),
    ):
        if warning := resolve(name, kind, today).warning:
            log.warning(warning)
    if settings.twilio_auth_token is None:
        log.warning("TWILIO_AUTH_TOKEN is not set: SIGNATURE CHECKS ARE OFF, anyone can call the webhooks")
        if not settings.is_local:
            log.warning("and BIND_HOST lets other machines in", bind_host=settings.bind_host)
    if settings.secret_key and len(settings.secret_key.get_secret_value()) < SHORTEST_SECRET:
        log.warning("SECRET_KEY is short: production refuses it", needs_characters=SHORTEST_SECRET)
