"""What a stream that takes a call over needs of the streams before it, from the call's rows (W9)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.calls.context import ResumeState, TurnRecord
from services.db.models import Call, ServerEvent, Turn


def resume_state(session: Session, call: Call) -> ResumeState:
    """Of a session that serves the call's business."""
    turns = session.scalars(select(Turn).where(Turn.call_id == call.id).order_by(Turn.generation, Turn.seq))
    pending = session.scalars(
        select(ServerEvent.text)
        .where(ServerEvent.call_id == call.id, ServerEvent.delivered.is_(False))
        .order_by(ServerEvent.id)
    )
    return ResumeState(
        generation=call.stream_generation,
        begins_ms=_since_answered_ms(call),
        resume_count=call.resume_count,
        turns=tuple(_record(turn) for turn in turns),
        draft_booking=dict(call.draft_booking),
        greeting_done=call.greeting_done,
        notice_heard=call.notice_ended_at_ms is not None,
        answer_language=call.answer_language or "",
        pending_server=tuple(pending),
    )


def _since_answered_ms(call: Call) -> int:
    if call.stream_claimed_at is None or call.answered_at is None:
        return 0
    return max(0, (call.stream_claimed_at - call.answered_at) // timedelta(milliseconds=1))


def _record(turn: Turn) -> TurnRecord:
    return TurnRecord(
        seq=turn.seq,
        role=turn.role.value,
        text=turn.text,
        item_id=turn.item_id,
        text_unheard=turn.text_unheard,
        heard_ms=turn.heard_ms,
        total_ms=turn.total_ms,
        started_ms=turn.started_ms,
        interrupted=turn.interrupted,
        latency=dict(turn.latency),
        generation=turn.generation,
    )
