"""The worker's thread for what nobody asks for: calls wrapped up, lost ones closed, messages sent (W6, W13, A8)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog

from app.drain import Drain
from app.native_thread import off_the_loop
from app.settings import Settings
from services.database import Database, DatabaseUnavailable
from services.housekeeping import housekeep
from services.models import OutboxKind
from services.outbox import Sender
from services.sms import TwilioSms
from services.twilio_client import twilio_client
from services.webhook_out import WebhookPost

log = structlog.get_logger(__name__)

EVERY_S = 5.0


def start_housekeeping(settings: Settings, database: Database, drain: Drain) -> threading.Thread:
    """A round every few seconds until the worker drains. Every worker does: each row is taken once."""
    senders = _senders(settings)

    def loop() -> None:
        while not drain.wait(EVERY_S):
            try:
                housekeep(database, senders, _now)
                off_the_loop(database.checkpoint)
            except DatabaseUnavailable as error:
                log.warning("housekeeping waits for the database", error=str(error))
            except Exception:  # the thread's outermost level: one bad row must not end every later round
                log.exception("housekeeping failed")

    thread = threading.Thread(target=loop, name="housekeeper", daemon=True)
    thread.start()
    return thread


def _senders(settings: Settings) -> Mapping[OutboxKind, Sender]:
    """SMS need a Twilio account: without one they wait. Webhooks leave our own network alone in production."""
    senders: dict[OutboxKind, Sender] = {OutboxKind.WEBHOOK: WebhookPost(_now, allow_private=not settings.production)}
    if settings.twilio_account_sid is not None and settings.twilio_auth_token is not None:
        client = twilio_client(settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value())
        senders[OutboxKind.SMS] = TwilioSms(client)
    return senders


def _now() -> datetime:
    return datetime.now(UTC)
