"""A call as the server's database has it, as plain values: for scenarios' expectations and for `make call`."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.calls.lifecycle import find_call
from services.db.database import Database
from services.db.models import Appointment, CallEvent, CallStatus, Lead, ServerEvent, Turn

SETTLED_MS = 300
SETTLES_WITHIN_S = 8.0


async def settled_call(database: Database, call_sid: str) -> dict[str, Any]:
    """The call's row once it has ended and nothing more is being written to it, or as it is after 8 s."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SETTLES_WITHIN_S
    before: dict[str, Any] = {}
    while True:
        found = await asyncio.to_thread(database.read, lambda session: read_call(session, call_sid))
        over = not found["rows"] or (found["status"] == CallStatus.ENDED.value and found == before)
        if over or loop.time() > deadline:
            return found
        before = found
        await asyncio.sleep(SETTLED_MS / 1000)


def read_call(session: Session, call_sid: str) -> dict[str, Any]:
    """The call's row and what belongs to it, as plain values; {"rows": 0} when there is none."""
    call = find_call(session, call_sid)
    if call is None:
        return {"rows": 0}

    def all_of(model: Any) -> list[Any]:
        return list(session.scalars(select(model).where(model.call_id == call.id).order_by(model.id)))

    turns = session.scalars(select(Turn).where(Turn.call_id == call.id).order_by(Turn.generation, Turn.seq))
    return {
        "rows": 1,
        "status": call.status.value,
        "carrier_status": call.carrier_status,
        "end_reason": call.end_reason,
        "next_step": call.next_step.value,
        "transfer_status": call.transfer_status,
        "message_status": call.message_status,
        "answer_language": call.answer_language,
        "resume_count": call.resume_count,
        "greeting_done": call.greeting_done,
        "notice": [call.notice_heard_ms, call.notice_total_ms],
        "notice_ended": call.notice_ended_at_ms is not None,
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
        "server_texts": [event.text for event in all_of(ServerEvent)],
        "appointments": [
            {"status": one.status.value, "starts_at": one.starts_at.isoformat(), "name": one.name}
            for one in all_of(Appointment)
        ],
        "leads": len(all_of(Lead)),
    }
