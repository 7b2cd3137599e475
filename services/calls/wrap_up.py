"""Once a call is over: its summary is stored, and where the business wants it, it is queued as a webhook and the owner
is told of a message or a missed transfer (W13, L10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.calls.lifecycle import bind_call
from services.calls.notify import queue_notification
from services.calls.summary import CallFacts, outcome_json, summary_of
from services.calls.voice_messages import messages_of
from services.db.models import (
    AWAITED,
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
from services.db.tenancy import unscoped
from services.db.text import storable_text
from services.outbox.outbox import enqueue

# How long a call that only the carrier ended may still get the final record of its stream, or the end of its transfer
# or message.
RESULT_TIMEOUT = timedelta(seconds=60)


def calls_to_wrap_up(session: Session, limit: int, now: datetime) -> list[int]:
    """Calls of any business that are over and were not summed up yet, longest over first."""
    with unscoped(session, "calls of every business are wrapped up by one sweep"):
        return list(session.scalars(select(Call.id).where(_is_due(now)).order_by(Call.ended_at).limit(limit)))


def _is_due(now: datetime) -> ColumnElement[bool]:
    over = and_(Call.wrapped_up_at.is_(None), Call.ended_at <= now)
    all_results_known = and_(
        Call.finished_at.is_not(None), _result_known(Call.transfer_status), _result_known(Call.message_status)
    )
    return and_(over, or_(all_results_known, Call.ended_at < now - RESULT_TIMEOUT))


def _result_known(status: InstrumentedAttribute[str | None]) -> ColumnElement[bool]:
    return or_(status.is_(None), status != AWAITED)


def wrap_up(session: Session, call_id: int, now: datetime, pages: str = "") -> bool:
    """Store the call's summary and outcome, queue its webhook and what the owner is told; False when another worker
    did, or the call is not to be wrapped up now. pages: the address of the admin pages, for links. Raises UnknownCall.
    """
    call = bind_call(session, call_id, lock=True)
    if session.scalar(select(Call.id).where(Call.id == call_id, _is_due(now))) is None:
        return False
    settings = session.scalars(select(BusinessSettings)).one()
    facts = _facts(session, call, settings)
    call.summary, call.outcome, call.wrapped_up_at = summary_of(facts), outcome_json(facts), now
    link = f"{pages}/admin/b/{call.business_id}/calls/{call.id}" if pages else ""
    event = _event(session, call, link)
    if settings.webhook_url and not call.is_test:
        enqueue(
            session,
            kind=OutboxKind.WEBHOOK,
            key=f"webhook:call:{call.call_sid}",
            payload={"url": settings.webhook_url, "event": event},
            now=now,
        )
    queue_notification(session, call, facts, settings, event, link=link, now=now)
    return True


def set_aside(session: Session, call_id: int, reason: str, now: datetime) -> None:
    """A call that cannot be summed up is not tried again; its page says why. Raises UnknownCall."""
    call = bind_call(session, call_id, lock=True)
    call.wrapped_up_at, call.outcome = now, {"result": "not_summed_up", "reason": storable_text(reason, 200)}


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
        transfer_to=call.next_number or "",
        transfer_status=call.transfer_status or "",
        transfer_s=call.transfer_s or 0,
        messages=[message.seconds for message in messages_of(session, call.id)],
    )


def _event(session: Session, call: Call, link: str) -> dict[str, Any]:
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
            "page": link or None,
        },
        "summary": call.summary,
        "outcome": call.outcome,
    }
