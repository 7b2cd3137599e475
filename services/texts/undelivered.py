"""A WhatsApp message that Twilio took and could not deliver: it goes as an SMS, once (K6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from services.db.models import Channel, OutboxKind, OutboxMessage
from services.db.tenancy import bind_business, unscoped
from services.outbox.outbox import enqueue

NOT_DELIVERED = ("failed", "undelivered")
_OF_WHATSAPP = ("channel", "whatsapp_from", "template", "variables")


def send_as_sms(session: Session, message_id: int, number: str, now: datetime) -> None:
    """Write the SMS. message_id: of the message in the outbox; number: whom it went to, as Twilio says."""
    with unscoped(session, "Twilio names a message, and the message its business"):
        row = session.get(OutboxMessage, message_id)
    if row is None or row.payload.get("channel") != Channel.WHATSAPP or row.payload.get("to") != number:
        return
    bind_business(session, row.business_id)
    payload = {name: value for name, value in row.payload.items() if name not in _OF_WHATSAPP}
    enqueue(session, kind=OutboxKind.SMS, key=f"{row.key}:sms", payload=payload, now=now)
