"""Messages that leave the house: written in the transaction they speak of, sent afterwards by any worker, once.

A row goes pending → sending → sent. Claiming is a compare-and-set, so two workers never send the same row; a failure
goes back to pending with a growing pause. A worker that dies while sending leaves the row in "sending": what happened
is then asked of the receiver's side (`Sender.was_sent`); where that cannot be known the message is not sent twice.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from services.database import Database
from services.models import BusinessSettings, OutboxKind, OutboxMessage, OutboxStatus
from services.storable import storable_json, storable_text
from services.tenancy import Tenant, business_of, unscoped

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 8
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=1)
# A send takes seconds; whoever has been at it for longer has died.
STALE = timedelta(minutes=3)
# Nobody wants yesterday's confirmation: what could not be sent for so long (no account, a long outage) is given up.
TOO_OLD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One message to send. secret: what the business's webhooks are signed with."""

    id: int
    business_id: int
    kind: OutboxKind
    key: str
    payload: Mapping[str, Any]
    attempts: int
    created_at: datetime
    secret: str | None
    # A worker died while sending it.
    interrupted: bool


class SendFailed(Exception):
    """The message was certainly not delivered. retry: whether it may be later."""

    def __init__(self, reason: str, *, retry: bool) -> None:
        super().__init__(reason)
        self.retry = retry


class OutcomeUnknown(Exception):
    """The answer was lost: the message may have been delivered."""


class Sender(Protocol):
    """Delivers one kind of message. Called outside any transaction."""

    def send(self, item: OutboxItem) -> None:
        """Deliver it. Raises SendFailed or OutcomeUnknown."""

    def was_sent(self, item: OutboxItem) -> bool | None:
        """Whether an earlier try was delivered; None when that cannot be known. False if sending twice is harmless."""


def enqueue(session: Session, *, kind: OutboxKind, key: str, payload: Mapping[str, Any], now: datetime) -> bool:
    """Write a message of the session's business; False when one with this key was written before."""
    values = {"kind": kind, "key": key, "payload": storable_json(payload), "next_try_at": now, "created_at": now}
    return Tenant(session, business_of(session)).insert_missing(OutboxMessage, values, key=["key"])


def drain(
    database: Database,
    senders: Mapping[OutboxKind, Sender],
    now: Callable[[], datetime],
    *,
    limit: int = 20,
) -> int:
    """Send what is due, `limit` messages at most; how many were taken on. Raises DatabaseUnavailable.

    Kinds without a sender stay where they are. Safe to run in every worker at once.
    """
    kinds = tuple(senders)
    if not database.read(partial(_anything_due, kinds=kinds, now=now())):
        return 0
    for done in range(limit):
        # One at a time: a claim must not grow stale while others are being sent.
        claim = secrets.token_hex(8)
        item = database.write(partial(_claim_next, claim=claim, kinds=kinds, now=now()))
        if item is None:
            return done
        status, reason = _attempt(senders[item.kind], item, now())
        database.write(partial(_record, item=item, claim=claim, status=status, reason=reason, now=now()))
    return limit


def _attempt(sender: Sender, item: OutboxItem, now: datetime) -> tuple[OutboxStatus, str]:
    """What became of one message: SENT, PENDING for another try, SENDING while nobody knows, or FAILED."""
    try:
        if item.interrupted:
            sent = sender.was_sent(item)
            if sent is None:
                return OutboxStatus.FAILED, "whether it was delivered cannot be known"
            if sent:
                return OutboxStatus.SENT, ""
        if now - item.created_at > TOO_OLD:
            return OutboxStatus.FAILED, "too old to be sent"
        sender.send(item)
    except OutcomeUnknown as error:
        return (OutboxStatus.SENDING if item.attempts < MAX_ATTEMPTS else OutboxStatus.FAILED), str(error)
    except SendFailed as error:
        again = error.retry and item.attempts < MAX_ATTEMPTS
        return (OutboxStatus.PENDING if again else OutboxStatus.FAILED), str(error)
    return OutboxStatus.SENT, ""


def _anything_due(session: Session, *, kinds: tuple[OutboxKind, ...], now: datetime) -> bool:
    with unscoped(session, "the outbox serves every business"):
        due = exists().where(OutboxMessage.kind.in_(kinds), _is_due(now))
        return bool(session.execute(select(due)).scalar())


def _is_due(now: datetime) -> ColumnElement[bool]:
    """To be sent now: its time has come, or whoever was sending it has died."""
    waiting = and_(OutboxMessage.status == OutboxStatus.PENDING, OutboxMessage.next_try_at <= now)
    left = and_(OutboxMessage.status == OutboxStatus.SENDING, OutboxMessage.claimed_at < now - STALE)
    return or_(waiting, left)


def _claim_next(session: Session, *, claim: str, kinds: tuple[OutboxKind, ...], now: datetime) -> OutboxItem | None:
    with unscoped(session, "the outbox serves every business"):
        row = session.scalars(
            select(OutboxMessage)
            .where(OutboxMessage.kind.in_(kinds), _is_due(now))
            .order_by(OutboxMessage.next_try_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if row is None:
            return None
        secret = session.scalars(
            select(BusinessSettings.webhook_secret).where(BusinessSettings.business_id == row.business_id)
        ).one()
        interrupted = row.status is OutboxStatus.SENDING
        row.status, row.claim, row.claimed_at = OutboxStatus.SENDING, claim, now
        row.attempts += 1
        return _item(row, secret, interrupted=interrupted)


def _item(row: OutboxMessage, secret: str | None, *, interrupted: bool) -> OutboxItem:
    return OutboxItem(
        id=row.id,
        business_id=row.business_id,
        kind=row.kind,
        key=row.key,
        payload=dict(row.payload),
        attempts=row.attempts,
        created_at=row.created_at,
        secret=secret,
        interrupted=interrupted,
    )


def _record(session: Session, item: OutboxItem, claim: str, status: OutboxStatus, reason: str, now: datetime) -> None:
    """Write what became of it, unless someone else has taken it over meanwhile."""
    pause = min(FIRST_PAUSE * 2 ** (item.attempts - 1), LONGEST_PAUSE)
    with unscoped(session, "the outbox serves every business"):
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == item.id, OutboxMessage.claim == claim)
            .values(
                status=status,
                last_error=storable_text(reason, 500),
                next_try_at=now + pause,
                sent_at=now if status is OutboxStatus.SENT else None,
            )
            .execution_options(synchronize_session=False)
        )
    if status is OutboxStatus.FAILED:
        log.warning("[OUTBOX] %s %d given up after %d tries: %s", item.kind, item.id, item.attempts, reason)
