"""Messages that leave the house: written in the transaction they speak of, sent afterwards by any worker, once.

A row goes pending → sending → sent. Claiming is a compare-and-set, so two workers never send the same row; a failure
goes back to pending with a growing pause. A worker that dies while sending leaves the row in "sending": what happened
is then asked of the receiver's side (`Sender.was_sent`); where that cannot be known the message is not sent twice.
Whatever else goes wrong with a row sets that row aside ("failed") with its reason, and no other (S3).
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from services.db.database import Database, DatabaseUnavailable
from services.db.models import BusinessSettings, OutboxKind, OutboxMessage, OutboxStatus
from services.db.tenancy import SessionRows, bind_business, unscoped
from services.db.text import storable_json, storable_text

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
    # When somebody asked for another try.
    asked_again_at: datetime | None = None


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
        """Deliver it. Raises SendFailed or OutcomeUnknown; anything else sets the message aside."""

    def was_sent(self, item: OutboxItem) -> bool | None:
        """Whether an earlier try was delivered; None when that cannot be known. False if sending twice is harmless."""


# Looks at a message before it is sent, in a transaction of its business: "" or why it must not be sent.
Gate = Callable[[Session, BusinessSettings, OutboxItem, datetime], str]


@dataclass(frozen=True, slots=True)
class Outlet:
    """How one kind of message leaves, and what it must pass before."""

    sender: Sender
    gate: Gate | None = None


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A row that is ours to send. Its content was not looked at yet: whatever it is, the row can be set aside."""

    id: int
    business_id: int
    kind: OutboxKind
    claim: str
    attempts: int
    interrupted: bool


def enqueue(session: Session, *, kind: OutboxKind, key: str, payload: Mapping[str, Any], now: datetime) -> bool:
    """Write a message of the session's business; False when one with this key was written before."""
    values = {"kind": kind, "key": key, "payload": storable_json(payload), "next_try_at": now, "created_at": now}
    return SessionRows(session).insert_missing(OutboxMessage, values, key=["key"])


def due(session: Session, kinds: tuple[OutboxKind, ...], now: datetime) -> list[tuple[OutboxKind, int]]:
    """Kinds and businesses that have something to be sent now. Kinds without an outlet stay where they are."""
    with unscoped(session, "the outbox serves every business"):
        query = select(OutboxMessage.kind, OutboxMessage.business_id).distinct()
        return [(kind, business) for kind, business in session.execute(query.where(_is_due(kinds, now)))]


def send_next(
    database: Database, outlet: Outlet, kind: OutboxKind, business_id: int, now: Callable[[], datetime]
) -> bool:
    """Send one message of a business, the one that has waited longest; False when nothing is due.

    Runs in a thread of its own. Safe in every worker at once. Raises DatabaseUnavailable: what was claimed is then
    found again when its claim has grown stale.
    """
    claim = secrets.token_hex(8)
    claimed = database.write(partial(_claim_next, claim=claim, kind=kind, business_id=business_id, now=now()))
    if claimed is None:
        return False
    try:
        status, reason = _send(database, outlet, claimed, now)
    except DatabaseUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - outermost level of this message's thread: it must not stop the others
        status, reason = OutboxStatus.FAILED, f"cannot be sent ({type(error).__name__})"
    database.write(partial(_record, claimed=claimed, status=status, reason=reason, now=now()))
    return True


def try_again(session: Session, message_id: int, now: datetime) -> bool:
    """Send a message of the session's business after all that was set aside; False when it is no such message.

    A webhook goes to the address that is set by now.
    """
    message = session.get(OutboxMessage, message_id)
    if message is None or message.status is not OutboxStatus.FAILED:
        return False
    address = session.scalars(select(BusinessSettings.webhook_url)).one()
    if message.kind is OutboxKind.WEBHOOK and address:
        message.payload = {**message.payload, "url": address}
    message.status, message.attempts = OutboxStatus.PENDING, 0
    message.next_try_at = message.asked_again_at = now
    return True


def _send(
    database: Database, outlet: Outlet, claimed: _Claimed, now: Callable[[], datetime]
) -> tuple[OutboxStatus, str]:
    item, refusal = database.write(partial(_load, claimed=claimed, gate=outlet.gate, now=now()))
    return (OutboxStatus.FAILED, refusal) if refusal else _attempt(outlet.sender, item, now())


def _attempt(sender: Sender, item: OutboxItem, now: datetime) -> tuple[OutboxStatus, str]:
    """What became of one message: SENT, PENDING for another try, SENDING while nobody knows, or FAILED."""
    try:
        if item.interrupted or item.asked_again_at is not None:
            sent = sender.was_sent(item)
            if sent is None and item.asked_again_at is None:
                return OutboxStatus.FAILED, "unknown_outcome"
            if sent:
                return OutboxStatus.SENT, ""
        if now - (item.asked_again_at or item.created_at) > TOO_OLD:
            return OutboxStatus.FAILED, "too_old"
        sender.send(item)
    except OutcomeUnknown as error:
        return (OutboxStatus.SENDING if item.attempts < MAX_ATTEMPTS else OutboxStatus.FAILED), str(error)
    except SendFailed as error:
        again = error.retry and item.attempts < MAX_ATTEMPTS
        return (OutboxStatus.PENDING if again else OutboxStatus.FAILED), str(error)
    return OutboxStatus.SENT, ""


def _is_due(kinds: tuple[OutboxKind, ...], now: datetime) -> ColumnElement[bool]:
    """To be sent now: its time has come, or whoever was sending it has died."""
    waiting = and_(OutboxMessage.status == OutboxStatus.PENDING, OutboxMessage.next_try_at <= now)
    left = and_(OutboxMessage.status == OutboxStatus.SENDING, OutboxMessage.claimed_at < now - STALE)
    return and_(OutboxMessage.kind.in_(kinds), or_(waiting, left))


def _claim_next(session: Session, *, claim: str, kind: OutboxKind, business_id: int, now: datetime) -> _Claimed | None:
    bind_business(session, business_id)
    row = session.execute(
        select(OutboxMessage.id, OutboxMessage.status, OutboxMessage.attempts)
        .where(_is_due((kind,), now))
        .order_by(OutboxMessage.next_try_at, OutboxMessage.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == row.id)
        .values(status=OutboxStatus.SENDING, claim=claim, claimed_at=now, attempts=row.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    interrupted = row.status is OutboxStatus.SENDING
    return _Claimed(row.id, business_id, kind, claim, row.attempts + 1, interrupted)


def _load(session: Session, claimed: _Claimed, gate: Gate | None, now: datetime) -> tuple[OutboxItem, str]:
    """The message's content, and why it must not be sent ("" when it may)."""
    bind_business(session, claimed.business_id)
    row = session.get_one(OutboxMessage, claimed.id)
    settings = session.scalars(select(BusinessSettings)).one()
    item = OutboxItem(
        id=row.id,
        business_id=claimed.business_id,
        kind=claimed.kind,
        key=row.key,
        payload=dict(row.payload),
        attempts=claimed.attempts,
        created_at=row.created_at,
        secret=settings.webhook_secret if claimed.kind is OutboxKind.WEBHOOK else None,
        interrupted=claimed.interrupted,
        asked_again_at=row.asked_again_at,
    )
    return item, gate(session, settings, item, now) if gate else ""


def _record(session: Session, claimed: _Claimed, status: OutboxStatus, reason: str, now: datetime) -> None:
    """Write what became of it, unless someone else has taken it over meanwhile."""
    pause = min(FIRST_PAUSE * 2 ** (claimed.attempts - 1), LONGEST_PAUSE)
    bind_business(session, claimed.business_id)
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == claimed.id, OutboxMessage.claim == claimed.claim)
        .values(
            status=status,
            last_error=storable_text(reason, 500),
            next_try_at=now + pause,
            sent_at=now if status is OutboxStatus.SENT else None,
        )
        .execution_options(synchronize_session=False)
    )
    if status is OutboxStatus.FAILED:
        log.warning("[OUTBOX] %s %d set aside after %d tries: %s", claimed.kind, claimed.id, claimed.attempts, reason)
