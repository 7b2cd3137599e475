"""What Twilio asks by HTTP about messages: one came in, one of ours was not delivered (K6). Signatures were checked
before any of this runs (app/telephony/signature.py)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import structlog
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.context import worker
from app.http_rules import small_number
from app.telephony import twiml
from app.telephony.form import BadForm, read_incoming_message, read_message_status
from app.telephony.webhooks import bad_form, count, start_clock
from services.db.database import DatabaseUnavailable
from services.db.models import Channel
from services.texts.incoming import Installation, Message, queue_reply, receive
from services.texts.undelivered import NOT_DELIVERED, send_as_sms

log = structlog.get_logger(__name__)

message_webhooks = Blueprint("message_webhooks", __name__, url_prefix="/webhook")
message_webhooks.before_request(start_clock)
message_webhooks.after_request(count)
message_webhooks.register_error_handler(BadForm, bad_form)


@message_webhooks.post("/incoming_sms")
def incoming_sms() -> ResponseReturnValue:
    """A customer's SMS or WhatsApp message: act on it once, answer in the business's language."""
    message, now = _read(), datetime.now(UTC)
    answer = worker().database.write(partial(receive, message=message, installation=_installation(), now=now))
    log.info("incoming message", message_sid=message.sid, channel=message.channel.value, answered=bool(answer))
    return _xml(answer)


@message_webhooks.post("/message_status")
def message_status() -> ResponseReturnValue:
    """What became of a message sent by WhatsApp: what was not delivered goes as an SMS, once."""
    status = read_message_status(request.form)
    message_id, now = request.args.get("message", 0, type=small_number), datetime.now(UTC)
    if status.status not in NOT_DELIVERED:
        return Response(status=204)
    log.info(
        "a WhatsApp message was not delivered", message_sid=status.sid, error=request.form.get("ErrorCode", "")[:8]
    )
    database = worker().database
    send = partial(send_as_sms, message_id=message_id, number=status.number, now=now)
    taken = worker().background.submit("message_status", lambda: database.write(send))
    return Response(status=204 if taken else 503)


@message_webhooks.errorhandler(DatabaseUnavailable)
def database_unavailable(_error: DatabaseUnavailable) -> ResponseReturnValue:
    """Twilio brings a message once: it is kept until the database is back, and its answer goes out as a message."""
    log.error("the database is not available", path=request.path)
    database, message, installation, now = worker().database, _read(), _installation(), datetime.now(UTC)

    def take(session: Session) -> None:
        queue_reply(session, message, receive(session, message, installation, now), now)

    taken = worker().background.submit("incoming_sms", lambda: database.write(take))
    return _xml("") if taken else Response(status=503)


def _read() -> Message:
    found = read_incoming_message(request.form)
    return Message(
        found.sid,
        found.sender,
        found.to,
        found.text,
        Channel(found.channel),
        found.media_count,
        found.twilio_says,
    )


def _installation() -> Installation:
    settings = worker().settings
    return Installation(settings.countries, settings.sms_per_day, settings.public_base_url or "")


def _xml(answer: str) -> Response:
    return Response(twiml.message_answer(answer), mimetype="text/xml")
