"""Which appointment an answer is about: the one that was asked about last (K6).

Every function runs in the transaction of the calling code, bound to the business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.appointments.confirmations import key_prefixes
from services.db.models import Appointment, Customer, IncomingText, OutboxKind, OutboxMessage, OutboxStatus
from services.texts.acts import is_coming

# Nobody answers a message about an appointment that was so long ago, or looks through more of them.
_BACK = timedelta(days=14)
_AT_MOST = 40


@dataclass(frozen=True, slots=True)
class Told:
    """A message that told the customer of an appointment. starts_at: the time it told. asked: whether it asked for an
    answer, as reminders do."""

    appointment: Appointment
    starts_at: datetime
    at: datetime
    asked: bool


def last_told(session: Session, phone: str, now: datetime) -> Told | None:
    """What an answer from this number (E.164) answers; None when nothing was sent to it, or nothing lately.

    The last message that asked, while its appointment is coming; else whatever was told last. What was never sent
    proves nothing: a number alone may be faked (S5).
    """
    found = sorted(_all(session, phone, now), key=lambda told: told.at, reverse=True)
    asked = next((told for told in found if told.asked), None)
    return asked if asked is not None and is_coming(asked.appointment, now) else next(iter(found), None)


def _all(session: Session, phone: str, now: datetime) -> Iterator[Told]:
    theirs = (
        select(Appointment)
        .join(Customer, Customer.id == Appointment.customer_id)
        .where(Customer.phone == phone, Appointment.ends_at > now - _BACK)
    )
    rows = session.scalars(theirs.order_by(Appointment.starts_at).limit(_AT_MOST)).all()
    if rows:
        # Of the same instant a reply is the later one: it answers what was sent.
        yield from _replied(session, phone, {row.id: row for row in rows})
        yield from _sent(session, {row.uid: row for row in rows})


def _sent(session: Session, by_uid: Mapping[str, Appointment]) -> Iterator[Told]:
    prefixes = [prefix for uid in by_uid for prefix in key_prefixes(uid)]
    query = select(OutboxMessage).where(
        OutboxMessage.status == OutboxStatus.SENT,
        OutboxMessage.kind == OutboxKind.SMS,
        or_(*(OutboxMessage.key.startswith(prefix, autoescape=True) for prefix in prefixes)),
    )
    for row in session.scalars(query.order_by(OutboxMessage.id.desc()).limit(_AT_MOST)):
        about = row.payload.get("about")
        if about is not None and about["uid"] in by_uid and row.sent_at is not None:
            asked = row.key.startswith(key_prefixes(about["uid"])[1])
            yield Told(by_uid[about["uid"]], datetime.fromisoformat(about["starts_at"]), row.sent_at, asked)


def _replied(session: Session, phone: str, by_id: Mapping[int, Appointment]) -> Iterator[Told]:
    query = select(IncomingText).where(
        IncomingText.phone == phone, IncomingText.reply != "", IncomingText.told_starts_at.is_not(None)
    )
    for row in session.scalars(query.order_by(IncomingText.id.desc()).limit(_AT_MOST)):
        appointment = by_id.get(row.appointment_id or 0)
        if appointment is not None and row.told_starts_at is not None:
            yield Told(appointment, row.told_starts_at, row.received_at, asked=True)
