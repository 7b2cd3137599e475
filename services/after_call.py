"""Once a call is over: its summary is stored and, where the business wants it, queued as a webhook (W13)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from services.call_summary import CallFacts, outcome_json, summary_of
from services.calls import bind_call
from services.models import (
    Appointment,
    AppointmentStatus,
    Business,
    BusinessSettings,
    Call,
    Lead,
    OutboxKind,
    Turn,
    TurnRole,
)
from services.outbox import enqueue
from services.tenancy import unscoped

# How long a call that only the carrier ended may still get its leg's last words.
PATIENCE = timedelta(seconds=60)


def anything_to_wrap_up(session: Session, now: datetime) -> bool:
    """Whether a call waits to be wrapped up."""
    with unscoped(session, "calls of every business are wrapped up by one sweep"):
        return bool(session.execute(select(exists().where(_is_due(now)))).scalar())


def _is_due(now: datetime) -> ColumnElement[bool]:
    over = and_(Call.wrapped_up_at.is_(None), Call.ended_at <= now)
    return and_(over, or_(Call.finished_at.is_not(None), Call.ended_at < now - PATIENCE))


def wrap_up_next(session: Session, now: datetime) -> bool:
    """Wrap up one call that has ended; False when there is none."""
    with unscoped(session, "calls of every business are wrapped up by one sweep"):
        call_id = session.scalars(
            select(Call.id)
            .where(_is_due(now))
            .order_by(Call.ended_at)
            .limit(1)
            .with_for_update(key_share=True, skip_locked=True)
        ).one_or_none()
    if call_id is None:
        return False
    wrap_up(session, call_id, now)
    return True


def wrap_up(session: Session, call_id: int, now: datetime) -> None:
    """Store the call's summary and outcome and queue its webhook; once. Raises UnknownCall."""
    call = bind_call(session, call_id, lock=True)
    if call.wrapped_up_at is not None:
        return
    settings = session.scalars(select(BusinessSettings)).one()
    facts = _facts(session, call, settings)
    call.summary, call.outcome, call.wrapped_up_at = summary_of(facts), outcome_json(facts), now
    if settings.webhook_url and not call.is_test:
        event = _event(session, call)
        enqueue(
            session,
            kind=OutboxKind.WEBHOOK,
            key=f"webhook:call:{call.call_sid}",
            payload={"url": settings.webhook_url, "event": event},
            now=now,
        )


def _facts(session: Session, call: Call, settings: BusinessSettings) -> CallFacts:
    zone = ZoneInfo(settings.timezone)
    booked_here = select(Appointment).where(Appointment.call_id == call.id).order_by(Appointment.starts_at)
    appointments = session.scalars(booked_here).all()
    lead = session.scalars(select(Lead).where(Lead.call_id == call.id)).one_or_none()
    said = {name: getattr(lead, name) for name in ("name", "phone", "city", "service", "notes") if lead}
    spoke = exists(select(Turn.id).where(and_(Turn.call_id == call.id, Turn.role == TurnRole.CALLER, Turn.text != "")))
    ended = call.ended_at or call.started_at
    return CallFacts(
        language=call.language,
        end_reason=call.end_reason or "",
        duration_s=max(round((ended - call.started_at).total_seconds()), 0),
        caller_words=bool(session.execute(select(spoke)).scalar()),
        appointments=[row.starts_at.astimezone(zone) for row in appointments if row.status is AppointmentStatus.BOOKED],
        cancelled=sum(row.status is AppointmentStatus.CANCELLED for row in appointments),
        lead={name: value for name, value in said.items() if value},
    )


def _event(session: Session, call: Call) -> dict[str, Any]:
    """The JSON that is posted. A field may be added; none changes its meaning."""
    business = session.scalars(select(Business)).one()
    return {
        "type": "call.ended",
        "business": {"id": business.id, "name": business.name},
        "call": {
            "sid": call.call_sid,
            "caller": call.caller,
            "dialled": call.dialled,
            "language": call.language,
            "started_at": call.started_at.isoformat(),
            "ended_at": call.ended_at.isoformat() if call.ended_at else None,
        },
        "summary": call.summary,
        "outcome": call.outcome,
    }
