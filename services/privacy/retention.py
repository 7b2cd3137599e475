"""What is known of people is deleted when its time is over, in every business by its own days (D1).

Each business has its turn once a day (a row of `retention_runs`): a worker claims it, deletes in small transactions,
and writes into the audit trail how many rows of each kind went. What one worker counted is in the same transaction as
what it deleted, so a worker that vanishes loses no figure, and two never count the same row. Bookings are not touched:
a customer with any appointment stays.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from services.audit.trail import Act, record
from services.calls.housekeeping import Job
from services.db.database import Database
from services.db.models import (
    Appointment,
    AuditKind,
    Business,
    BusinessSettings,
    Call,
    Customer,
    IncomingText,
    Lead,
    OutboxMessage,
    OutboxStatus,
    RecordingChunk,
    RetentionRun,
    VoiceMessage,
)
from services.db.tenancy import SessionRows, bind_business, unscoped
from services.privacy.words import delete_rows, delete_words

EVERY = timedelta(days=1)
# A turn of one business takes seconds; whoever has been at it for longer has died.
STALE = timedelta(minutes=5)
# In one round of a worker, so that no business waits for the backlog of others.
_BUSINESSES_A_ROUND = 10
_DELETIONS_A_ROUND = 20  # transactions
_LONGEST_DAYS = 36_500  # whatever stands in the row: a date must come of it
ACTOR = "retention"


class Kept(StrEnum):
    """What is kept for a time. The value with `_retention_days` is the column that says how long."""

    RECORDING = "recording"
    MESSAGE = "message"
    TRANSCRIPT = "transcript"
    LEAD = "lead"
    CUSTOMER = "customer"
    OUTBOX = "outbox"
    TEXT = "text"

    @property
    def column(self) -> str:
        return f"{self.value}_retention_days"


@dataclass(frozen=True, slots=True)
class _Kind:
    """What of a kind is too old; how many rows go in one transaction, a few megabytes at most."""

    model: Any
    too_old: Callable[[datetime], ColumnElement[bool]]
    at_once: int
    delete: Callable[[Session, list[int], datetime], int]


def _rows_of(model: Any) -> Callable[[Session, list[int], datetime], int]:
    return lambda session, ids, _now: delete_rows(session, model, model.id.in_(ids))


def _delete_calls_words(session: Session, ids: list[int], now: datetime) -> int:
    delete_words(session, ids, now)
    return len(ids)


def _customer_is_too_old(before: datetime) -> ColumnElement[bool]:
    """Nobody who has, or had, an appointment, or whose lead is still kept."""
    appointment = exists().where(
        Appointment.customer_id == Customer.id, Appointment.business_id == Customer.business_id
    )
    lead = exists().where(Lead.customer_id == Customer.id, Lead.business_id == Customer.business_id)
    return and_(Customer.updated_at < before, ~appointment, ~lead)


_FINISHED = (OutboxStatus.SENT, OutboxStatus.FAILED, OutboxStatus.DROPPED)
# In this order: a customer goes after the lead that belongs to it.
_KINDS: Mapping[Kept, _Kind] = {
    Kept.RECORDING: _Kind(
        RecordingChunk, lambda before: RecordingChunk.created_at < before, 100, _rows_of(RecordingChunk)
    ),
    Kept.MESSAGE: _Kind(VoiceMessage, lambda before: VoiceMessage.created_at < before, 10, _rows_of(VoiceMessage)),
    Kept.TRANSCRIPT: _Kind(
        Call,
        lambda before: and_(Call.started_at < before, Call.words_deleted_at.is_(None), Call.wrapped_up_at.is_not(None)),
        10,
        _delete_calls_words,
    ),
    Kept.LEAD: _Kind(Lead, lambda before: Lead.updated_at < before, 200, _rows_of(Lead)),
    Kept.CUSTOMER: _Kind(Customer, _customer_is_too_old, 100, _rows_of(Customer)),
    Kept.OUTBOX: _Kind(
        OutboxMessage,
        lambda before: and_(OutboxMessage.created_at < before, OutboxMessage.status.in_(_FINISHED)),
        200,
        _rows_of(OutboxMessage),
    ),
    Kept.TEXT: _Kind(IncomingText, lambda before: IncomingText.received_at < before, 200, _rows_of(IncomingText)),
}
# Deleted from the first day on; everything else waits for `retention_begins_at`.
_SOUND = (Kept.RECORDING, Kept.MESSAGE)


def retention_jobs(database: Database, now: Callable[[], datetime]) -> Iterator[Job]:
    """One round: the businesses whose turn it is. Go through it every few seconds, in every worker.

    While it is nobody's turn it only reads. Raises DatabaseUnavailable: the next round finds what was left.
    """
    for business_id in database.read(partial(_due, now=now())):
        yield Job("delete what is too old", partial(delete_too_old, database, business_id, now))


def delete_too_old(database: Database, business_id: int, now: Callable[[], datetime]) -> int:
    """A business's turn; how many rows were deleted. 0 when another worker has the turn."""
    claim = secrets.token_hex(8)
    if not database.write(partial(_claim, business_id=business_id, claim=claim, now=now())):
        return 0
    deleted, batches = 0, 0
    for kept, kind in _KINDS.items():
        found = kind.at_once
        while found == kind.at_once and batches < _DELETIONS_A_ROUND:
            some = database.write(partial(_delete_some, business_id=business_id, claim=claim, kept=kept, now=now()))
            if some is None:
                return deleted
            found = some
            deleted += found
            batches += found > 0
    is_done = batches < _DELETIONS_A_ROUND
    database.write(partial(_end_turn, business_id=business_id, claim=claim, is_done=is_done, now=now()))
    return deleted


def soon(session: Session, now: datetime) -> None:
    """Other days were chosen: the session's business has its turn in the next round."""
    run = session.scalars(select(RetentionRun)).one_or_none()
    if run is not None:
        run.next_at = now


def _due(session: Session, now: datetime) -> list[int]:
    """Businesses whose turn it is, those first that have waited longest."""
    run = RetentionRun
    free = or_(run.claim.is_(None), run.claimed_at < now - STALE)
    with unscoped(session, "what is too old is deleted in every business by one sweep"):
        query = select(Business.id).outerjoin(run, run.business_id == Business.id)
        query = query.where(or_(run.id.is_(None), and_(run.next_at <= now, free)))
        return list(session.scalars(query.order_by(run.next_at, Business.id).limit(_BUSINESSES_A_ROUND)))


def _claim(session: Session, business_id: int, claim: str, now: datetime) -> bool:
    bind_business(session, business_id)
    first = {"next_at": now, "counts": {}}
    SessionRows(session).insert_missing(RetentionRun, first, key=["business_id"])
    free = or_(RetentionRun.claim.is_(None), RetentionRun.claimed_at < now - STALE)
    claimed = session.execute(
        update(RetentionRun)
        .where(RetentionRun.next_at <= now, free)
        .values(claim=claim, claimed_at=now)
        .returning(RetentionRun.id)
        .execution_options(synchronize_session=False)
    )
    return bool(claimed.all())


def _delete_some(session: Session, business_id: int, claim: str, kept: Kept, now: datetime) -> int | None:
    """Some rows of a kind, counted; None when the turn is another's by now."""
    run = _own_run(session, business_id, claim)
    if run is None:
        return None
    kind, before = _KINDS[kept], _before(session, kept, now)
    if before is None:
        return 0
    query = select(kind.model.id).where(kind.too_old(before)).order_by(kind.model.id).limit(kind.at_once)
    ids = list(session.scalars(query))
    deleted = kind.delete(session, ids, now) if ids else 0
    if deleted:
        run.counts = {**run.counts, kept.value: run.counts.get(kept.value, 0) + deleted}
    return deleted


def _before(session: Session, kept: Kept, now: datetime) -> datetime | None:
    """What is older than this must go; None: nothing of the kind does."""
    settings = session.scalars(select(BusinessSettings)).one()
    days: int | None = getattr(settings, kept.column)
    waits = settings.retention_begins_at is not None and settings.retention_begins_at > now and kept not in _SOUND
    return None if days is None or waits else now - timedelta(days=min(max(days, 0), _LONGEST_DAYS))


def _end_turn(session: Session, business_id: int, claim: str, is_done: bool, now: datetime) -> None:
    """Give the turn back; when nothing is left, the audit trail is told what went."""
    run = _own_run(session, business_id, claim)
    if run is None:
        return
    run.claim = run.claimed_at = None
    if not is_done:
        return
    if run.counts:
        record(session, Act(AuditKind.DATA_DELETED, now, ACTOR, business_id=business_id, detail=run.counts))
    run.counts, run.next_at = {}, now + EVERY


def _own_run(session: Session, business_id: int, claim: str) -> RetentionRun | None:
    """The business's row, kept from others until the transaction ends."""
    bind_business(session, business_id)
    return session.scalars(select(RetentionRun).where(RetentionRun.claim == claim).with_for_update()).one_or_none()
