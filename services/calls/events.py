"""What happens during a call, written as it happens: server messages, time line, draft booking, requests from outside.

Turns are in services/calls/lifecycle.py. Every function runs in the transaction of the calling code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from services.calls.kinds import RequestedAction, ServerEventKind
from services.calls.lifecycle import bind_by_call, bind_call, change_call
from services.db.models import Call, CallEvent, ServerEvent
from services.db.tenancy import Rows, SessionRows, bind_business, unscoped
from services.db.text import storable_json, storable_text

_CALLS = Call.__table__.c
# Built once: every worker asks this each second. The index of unfinished calls leads to the few rows it looks at.
_ASKED = select(_CALLS.id, _CALLS.stream_generation).where(
    _CALLS.wrapped_up_at.is_(None), _CALLS.ended_at.is_(None), _CALLS.requested_action.is_not(None)
)
_SAVE_DRAFT = (
    update(Call.__table__)  # type: ignore[arg-type]
    .where(
        _CALLS.id == bindparam("row_id"),
        _CALLS.business_id == bindparam("owner_id"),
        _CALLS.stream_generation == bindparam("of_stream"),
    )
    .values(draft_booking=bindparam("draft_booking"))
)


def add_server_event(
    rows: Rows,
    call_id: int,
    *,
    kind: ServerEventKind,
    text: str,
    at_ms: int,
    now: datetime,
    delivered: bool,
    detail: Mapping[str, Any] | None = None,
) -> int:
    """Store a [SERVER] message or a caught claim; its id."""
    return rows.insert(
        ServerEvent,
        {
            "call_id": call_id,
            "kind": kind,
            "text": storable_text(text),
            "at_ms": at_ms,
            "created_at": now,
            "delivered": delivered,
            "detail": storable_json(detail or {}),
        },
    )


def mark_server_events_delivered(session: Session, call_id: int, event_ids: Iterable[int]) -> None:
    """The model was told these."""
    bind_by_call(session, call_id)
    session.execute(
        update(ServerEvent)
        .where(ServerEvent.call_id == call_id, ServerEvent.id.in_(list(event_ids)))
        .values(delivered=True)
        .execution_options(synchronize_session=False)
    )


def add_call_event(
    rows: Rows,
    call_id: int,
    *,
    kind: str,
    at_ms: int,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Store a step of the call for its time line and the live view. kind: a CallEventKind, or a word of Twilio's."""
    rows.insert(
        CallEvent,
        {
            "call_id": call_id,
            "kind": kind,
            "at_ms": at_ms,
            "created_at": now,
            "detail": storable_json(detail or {}),
        },
    )


def note(session: Session, call: Call, kind: str, now: datetime, detail: Mapping[str, str]) -> None:
    """A step on the time line of a call that no media stream carries at the moment."""
    at_ms = int((now - call.started_at).total_seconds() * 1000)
    rows = SessionRows(bind_business(session, call.business_id))
    add_call_event(rows, call.id, kind=kind, at_ms=at_ms, now=now, detail=detail)


def save_draft(rows: Rows, call_id: int, draft: Mapping[str, Any], *, generation: int) -> bool:
    """Replace what the caller has settled on so far; False, and nothing is written, when `generation` is not the call's
    latest stream (W9)."""
    values = {"row_id": call_id, "of_stream": generation, "draft_booking": storable_json(draft)}
    return bool(rows.execute(_SAVE_DRAFT, values).rowcount)


def mark_greeting_done(rows: Rows, call_id: int) -> None:
    """The greeting was spoken; a successor does not speak it again. Raises UnknownCall."""
    change_call(rows, call_id, {"greeting_done": True})


def save_answer_language(rows: Rows, call_id: int, language: str) -> None:
    """What the caller is answered in from now on, a successor included (L11). Raises UnknownCall."""
    change_call(rows, call_id, {"answer_language": language})


def request_action(session: Session, *, business_id: int, call_id: int, action: RequestedAction) -> bool:
    """Ask something of the live call; False when it is not in progress."""
    bind_business(session, business_id)
    asked = session.execute(
        update(Call)
        .where(Call.id == call_id, Call.ended_at.is_(None), Call.end_reason.is_(None))
        .values(requested_action=action)
        .returning(Call.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    return asked is not None


def asked_calls(session: Session) -> list[tuple[int, int]]:
    """The calls in progress, of any business and worker, that something is asked of, each with its latest stream."""
    with unscoped(session, "a worker looks after the calls it carries, whosever they are"):
        return [(call_id, generation) for call_id, generation in session.connection().execute(_ASKED)]


def take_requested_action(session: Session, call_id: int, generation: int) -> RequestedAction | None:
    """What was asked of this call since last time, once: by its latest stream. One that was lost, on a machine that
    does not know it yet, leaves the wish to the stream that the caller hears."""
    call = bind_call(session, call_id, lock=True)
    if call.stream_generation != generation:
        return None
    action, call.requested_action = call.requested_action, None
    return None if action is None else RequestedAction(action)
