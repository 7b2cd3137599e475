"""A call as the server's database has it, as plain values: for scenarios' expectations and for `make call`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.calls import find_call
from services.models import Appointment, CallEvent, CallStatus, Lead, ServerEvent, Turn


def read_call(session: Session, call_sid: str) -> dict[str, Any]:
    """The call's row and what belongs to it, as plain values; {"rows": 0} when there is none."""
    call = find_call(session, call_sid)
    if call is None:
        return {"rows": 0, "final": False}

    def all_of(model: Any) -> list[Any]:
        return list(session.scalars(select(model).where(model.call_id == call.id).order_by(model.id)))

    turns = session.scalars(select(Turn).where(Turn.call_id == call.id).order_by(Turn.generation, Turn.seq))
    return {
        "rows": 1,
        "final": call.status is CallStatus.ENDED and call.finished_at is not None,
        "status": call.status.value,
        "carrier_status": call.carrier_status,
        "end_reason": call.end_reason,
        "next_step": call.next_step.value,
        "resume_count": call.resume_count,
        "greeting_done": call.greeting_done,
        "draft_booking": dict(call.draft_booking),
        "metrics": dict(call.metrics),
        "summary": call.summary,
        "turns": [
            {
                "seq": turn.seq,
                "role": turn.role.value,
                "text": turn.text,
                "text_unheard": turn.text_unheard,
                "heard_ms": turn.heard_ms,
                "total_ms": turn.total_ms,
                "interrupted": turn.interrupted,
                "generation": turn.generation,
            }
            for turn in turns
        ],
        "events": [event.kind for event in all_of(CallEvent)],
        "server_events": [event.kind for event in all_of(ServerEvent)],
        "appointments": [
            {"status": one.status.value, "starts_at": one.starts_at.isoformat(), "name": one.name}
            for one in all_of(Appointment)
        ],
        "leads": len(all_of(Lead)),
    }
