"""What happens during a call, written as it happens: server messages, time line, draft booking, requests from outside.

Turns are in services/calls.py. Every function runs in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.calls import bind_business, bind_call, change_call
from services.models import Call, CallEvent, ServerEvent
from services.storable import storable_json, storable_text
from services.tenancy import Rows, Tenant, unscoped

_CALLS = Call.__table__.c
# Built once: every worker asks this each second. The index of unfinished calls leads to the few rows it looks at.
_ASKED = select(_CALLS.id).where(
    _CALLS.wrapped_up_at.is_(None), _CALLS.ended_at.is_(None), _CALLS.requested_action.is_not(None)
)


def add_server_event(
    rows: Rows,
    call_id: int,
    *,
    kind: str,
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
    bind_business(session, call_id)
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
    """Store a step of the call for its time line and the live view."""
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


def save_draft(rows: Rows, call_id: int, draft: Mapping[str, Any]) -> None:
    """Replace what the caller has settled on so far. Raises UnknownCall."""
    change_call(rows, call_id, {"draft_booking": storable_json(draft)})


def mark_greeting_done(rows: Rows, call_id: int) -> None:
    """The greeting was spoken; a successor does not speak it again. Raises UnknownCall."""
    change_call(rows, call_id, {"greeting_done": True})


def request_action(session: Session, *, business_id: int, call_id: int, action: str) -> bool:
    """Ask the live call for "end" or "hand_over"; False when it is not in progress."""
    Tenant(session, business_id)
    asked = session.execute(
        update(Call)
        .where(Call.id == call_id, Call.ended_at.is_(None))
        .values(requested_action=action)
        .returning(Call.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    return asked is not None


def asked_calls(session: Session) -> list[int]:
    """The calls in progress, of any business and worker, that something is asked of."""
    with unscoped(session, "a worker looks after the calls it carries, whosever they are"):
        return list(session.connection().scalars(_ASKED))


def take_requested_action(session: Session, call_id: int) -> str | None:
    """What was asked of this call since last time, once."""
    call = bind_call(session, call_id, lock=True)
    action, call.requested_action = call.requested_action, None
    return action
