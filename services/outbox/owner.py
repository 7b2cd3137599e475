"""Telling the owner of a business something, by the way they chose: SMS, e-mail or webhook (L10, K6). Once each.

Written through the outbox, in the transaction of the calling code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.db.models import BusinessNumber, BusinessSettings, Notify, OutboxKind
from services.outbox.outbox import enqueue

_Way = tuple[OutboxKind, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Notice:
    """key: one notice for each. text: one line, with its link. event: the JSON of a webhook, with its type.
    from_number: which of the business's numbers an SMS comes from, if it is one of them."""

    key: str
    text: str
    event: Mapping[str, Any]
    from_number: str = ""


def tell_owner(session: Session, settings: BusinessSettings, notice: Notice, now: datetime) -> None:
    """Write the notice, if the business wants any."""
    ways: dict[Notify, _Way | None] = {
        Notify.OFF: None,
        Notify.SMS: _sms(session, settings, notice),
        Notify.EMAIL: _email(settings, notice.text),
        Notify.WEBHOOK: _webhook(settings, notice.event),
    }
    way = ways[settings.notify_by]
    if way is not None:
        kind, payload = way
        enqueue(session, kind=kind, key=notice.key, payload=payload, now=now)


def _sms(session: Session, settings: BusinessSettings, notice: Notice) -> _Way | None:
    ours = session.scalars(select(BusinessNumber.e164).order_by(BusinessNumber.id)).all()
    sender = notice.from_number if notice.from_number in ours else next(iter(ours), None)
    if sender is None or not settings.notify_phone:
        return None
    return OutboxKind.SMS, {"to": settings.notify_phone, "from": sender, "body": notice.text}


def _email(settings: BusinessSettings, text: str) -> _Way | None:
    if not settings.notify_email:
        return None
    subject = text.partition(". ")[0].removesuffix(".")
    return OutboxKind.EMAIL, {"to": settings.notify_email, "subject": subject, "body": text + "\n"}


def _webhook(settings: BusinessSettings, event: Mapping[str, Any]) -> _Way | None:
    if not settings.webhook_url:
        return None
    return OutboxKind.WEBHOOK, {"url": settings.webhook_url, "event": event}
