"""What a worker owns, made once by the factory and reached from request handlers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app, request

from app.cascade import CascadeEngines
from app.public_url import PublicUrl
from app.settings import Settings
from app.telemetry.build_info import BuildInfo
from app.telemetry.traces import Traces
from app.worker.background import BackgroundWorker
from app.worker.connections import Connections
from app.worker.drain import Drain
from app.worker.live_calls import LiveCalls
from app.worker.presence import Presence
from app.worker.readiness import Readiness
from services.appointment_nlp import ModelParser
from services.calendar_sync.remotes import Remotes
from services.db.database import Database
from services.db.encryption import Keyring


@dataclass(frozen=True, slots=True)
class Worker:
    settings: Settings
    database: Database
    drain: Drain
    live_calls: LiveCalls
    presence: Presence
    background: BackgroundWorker
    connections: Connections
    readiness: Readiness
    build: BuildInfo
    signing_key: bytes
    keys: Keyring  # of sealed columns, and of the marks of erased numbers
    model_parser: ModelParser | None
    cascade: CascadeEngines | None  # with ENGINE=google
    calendars: Remotes
    traces: Traces | None  # where a collector is set
    # What runs besides the requests; each starts its thread. Only a worker that serves starts them.
    loops: tuple[Callable[[], object], ...]


def worker() -> Worker:
    """The worker that serves the current request."""
    found: Worker = current_app.extensions["assistant"]
    return found


def public_url() -> PublicUrl:
    """PUBLIC_BASE_URL; in development without one, the host that the request itself names.

    Headers are never trusted where it matters: production does not start without PUBLIC_BASE_URL.
    """
    base = worker().settings.public_base_url
    if base is not None:
        return PublicUrl(base)
    scheme = request.headers.get("X-Forwarded-Proto", request.scheme)
    return PublicUrl(f"{'https' if scheme == 'https' else 'http'}://{request.host}")
