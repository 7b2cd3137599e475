"""When a business's recordings are made: a job in the outbox for each change that touches them (L7).

The outbox brings what a job needs: it is written in the transaction of the change, one worker takes it, a failure is
tried again with growing pauses, a worker that dies leaves it to another, and whoever fails for good is set aside with
the reason.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.accounts.businesses import own_voice_of
from services.clips.recorder import NotRecorded, Recorder
from services.db.models import BusinessSettings, OutboxKind, OutboxMessage, OutboxStatus
from services.engines.interface import EngineUnavailable
from services.outbox.outbox import OutboxItem, SendFailed, enqueue

log = logging.getLogger(__name__)

_UNDER_WAY = (OutboxStatus.PENDING, OutboxStatus.SENDING)


class ClipsStatus(StrEnum):
    READY = "ready"
    MAKING = "making"
    FAILED = "failed"
    # Nobody asked for them yet.
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class ClipsState:
    """How a business's recordings stand. reason: why the last try failed, "" when none did."""

    status: ClipsStatus
    reason: str = ""


def want_clips(session: Session, now: datetime) -> None:
    """Have the recordings of the session's business made, as its settings are when the job is begun."""
    session.flush()
    settings = session.scalars(select(BusinessSettings)).one()
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.kind == OutboxKind.CLIPS, OutboxMessage.status == OutboxStatus.PENDING)
        .values(status=OutboxStatus.DROPPED)
        .execution_options(synchronize_session=False)
    )
    key = f"{OutboxKind.CLIPS}:{settings.business_id}:{secrets.token_hex(8)}"
    enqueue(session, kind=OutboxKind.CLIPS, key=key, payload={}, now=now)


def clips_state(session: Session, settings: BusinessSettings) -> ClipsState:
    """Of the session's business."""
    if settings.clips_made_of == own_voice_of(settings).fingerprint:
        return ClipsState(ClipsStatus.READY)
    latest = session.execute(
        select(OutboxMessage.status, OutboxMessage.last_error)
        .where(OutboxMessage.kind == OutboxKind.CLIPS)
        .order_by(OutboxMessage.id.desc())
        .limit(1)
    ).one_or_none()
    if latest is not None and latest.status in _UNDER_WAY:
        return ClipsState(ClipsStatus.MAKING, latest.last_error)
    if latest is not None and latest.status is OutboxStatus.FAILED:
        return ClipsState(ClipsStatus.FAILED, latest.last_error)
    return ClipsState(ClipsStatus.MISSING)


class ClipsJob:
    """services.outbox.outbox.Sender for OutboxKind.CLIPS; the payload is empty: what is wanted stands in the
    settings."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def send(self, item: OutboxItem) -> None:
        """Record what is missing. Raises SendFailed."""
        try:
            self._recorder.make_missing(item.business_id)
        except EngineUnavailable as error:
            raise SendFailed("model_away", retry=True) from error
        except NotRecorded as error:
            log.warning("[CLIPS] business %d: %s", item.business_id, error)
            raise SendFailed("not_spoken", retry=True) from error

    def was_sent(self, _item: OutboxItem) -> bool:
        """What is there already is not made again."""
        return False
