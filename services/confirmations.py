"""The SMS that confirms a booking: written with it, sent afterwards, one per booking and time (A8)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.caller_text import plain
from services.models import (
    Appointment,
    Business,
    BusinessNumber,
    Call,
    OutboxKind,
    OutboxMessage,
    OutboxStatus,
)
from services.outbox import enqueue
from services.policy_words import slot_words

_TEXTS = {
    "he": "שלום {name}, נקבע לך תור ב{business}: {slot}. לשינוי או ביטול אפשר להתקשר אלינו.",
    "en": "Hello {name}, your appointment at {business} is booked: {slot}. To change or cancel it, please call us.",
}


def queue_confirmation(session: Session, appointment: Appointment, now: datetime) -> None:
    """Write the confirmation of the appointment's present time, if the business wants one."""
    business = session.scalars(select(Business)).one()
    settings = business.settings
    sender = _sender(session, appointment)
    if not settings.sms_confirmation or sender is None:
        return
    language = settings.language if settings.language in _TEXTS else "en"
    body = _TEXTS[language].format(
        name=plain(appointment.name, 40),
        business=business.name,
        slot=slot_words(appointment.starts_at.astimezone(ZoneInfo(settings.timezone)), language),
    )
    enqueue(
        session,
        kind=OutboxKind.SMS,
        key=f"{_prefix(appointment)}{appointment.sequence}",
        payload={"to": appointment.customer.phone, "from": sender, "body": body},
        now=now,
    )


def drop_confirmations(session: Session, appointment: Appointment) -> None:
    """What was not sent yet and speaks of an older time is not sent any more."""
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.key.startswith(_prefix(appointment)), OutboxMessage.status == OutboxStatus.PENDING)
        .values(status=OutboxStatus.DROPPED)
        .execution_options(synchronize_session=False)
    )


def _prefix(appointment: Appointment) -> str:
    return f"sms:{appointment.uid}:"


def _sender(session: Session, appointment: Appointment) -> str | None:
    """The number the caller dialled, else the business's first."""
    if appointment.call_id is not None:
        dialled = session.scalars(
            select(BusinessNumber.e164)
            .join(Call, Call.dialled == BusinessNumber.e164)
            .where(Call.id == appointment.call_id)
        ).one_or_none()
        if dialled is not None:
            return dialled
    return session.scalars(select(BusinessNumber.e164).order_by(BusinessNumber.id)).first()
