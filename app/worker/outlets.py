"""How each kind of message is sent. A kind without an outlet waits, as SMS do without an account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from app.cascade import CascadeEngines
from app.model import make_recorder
from app.public_url import PublicUrl
from app.settings import Settings
from services.accounts.links import LinkKind, link_path
from services.appointments import links
from services.calendar_sync.remotes import Remotes
from services.calendar_sync.writing import CalendarSender
from services.calls.recording_fetch import RecordingFetch
from services.clips.jobs import ClipsJob
from services.db.database import Database
from services.db.models import OutboxKind
from services.outbox.email import SmtpEmail
from services.outbox.gates import sms_gate
from services.outbox.outbox import Outlet
from services.outbox.sms import TwilioSms, twilio_client
from services.outbox.webhook import WebhookPost


def make_outlets(
    settings: Settings,
    database: Database,
    now: Callable[[], datetime],
    cascade: CascadeEngines | None,
    calendars: Remotes,
) -> Mapping[OutboxKind, Outlet]:
    """A sender for each kind of message that can be sent; in production no webhook goes to a private address."""
    outlets = {
        OutboxKind.WEBHOOK: Outlet(WebhookPost(now, allow_private=not settings.production)),
        OutboxKind.CALENDAR: Outlet(CalendarSender(database, calendars, now)),
        OutboxKind.CLIPS: Outlet(ClipsJob(make_recorder(settings, database, now, cascade))),
    }
    if settings.twilio_account is not None:
        account, token = settings.twilio_account
        gate = sms_gate(settings.countries, settings.sms_per_day)
        client = twilio_client(account, token, settings.twilio_api_url)
        status = PublicUrl(settings.public_base_url).webhook("message_status") if settings.public_base_url else ""
        outlets[OutboxKind.SMS] = Outlet(TwilioSms(client, partial(_customer_link, settings), status), gate)
        outlets[OutboxKind.RECORDING] = Outlet(RecordingFetch(database, account, token))
    if settings.smtp_url is not None:
        links = partial(_link, settings)
        sender = SmtpEmail(settings.smtp_url.get_secret_value(), str(settings.smtp_from), links)
        outlets[OutboxKind.EMAIL] = Outlet(sender)
    return outlets


def _link(settings: Settings, link: Mapping[str, Any]) -> str:
    """The one-time link that an e-mail carries."""
    path = link_path(settings.signing_key, LinkKind(link["kind"]), link["id"], link["nonce"])
    return f"{settings.public_base_url}{path}"


def _customer_link(settings: Settings, link: Mapping[str, Any]) -> str:
    """The link to an appointment that an SMS carries."""
    until = datetime.fromisoformat(link["until"])
    base = settings.public_base_url or f"http://localhost:{settings.port}"
    return f"{base}{links.link_path(settings.link_keys, link['appointment'], until)}"
