"""What was said in calls, and who said it: deleted from their rows. What stays is no person's: times, figures, cost.

Runs in the transaction of the calling code, bound to a business.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.db.models import Call, CallEvent, ServerEvent, Turn

# Of a call's outcome: what says nothing about anybody.
_STAYS = ("result", "end_reason", "duration_s", "reason")


def delete_words(session: Session, call_ids: Sequence[int], now: datetime) -> int:
    """Delete turns, events, summary, collected details and number of these calls; how many turns and events."""
    of_calls: tuple[Any, ...] = (Turn, ServerEvent, CallEvent)
    deleted = sum(delete_rows(session, model, model.call_id.in_(call_ids)) for model in of_calls)
    for call in session.scalars(select(Call).where(Call.id.in_(call_ids))):
        call.caller, call.summary, call.draft_booking = "", "", {}
        call.outcome = {name: call.outcome[name] for name in _STAYS if name in call.outcome}
        call.words_deleted_at = now
    session.flush()
    return deleted


def delete_rows(session: Session, model: Any, *conditions: Any) -> int:
    """Delete the rows of a mapped class that meet the conditions; how many."""
    statement = delete(model).where(*conditions).returning(model.id)
    return len(session.execute(statement.execution_options(synchronize_session=False)).all())
