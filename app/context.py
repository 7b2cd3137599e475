"""What a worker owns, made once by the factory and reached from request handlers."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request

from app.background import BackgroundWorker
from app.build_info import BuildInfo
from app.drain import Drain
from app.live_calls import LiveCalls
from app.public_url import PublicUrl
from app.settings import Settings
from services.appointment_nlp import ModelParser
from services.database import Database


@dataclass(frozen=True, slots=True)
class Worker:
    settings: Settings
    database: Database
    drain: Drain
    live_calls: LiveCalls
    background: BackgroundWorker
    build: BuildInfo
    signing_key: bytes
    model_parser: ModelParser | None


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
