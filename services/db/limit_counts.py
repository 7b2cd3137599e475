"""Counters with an end, for limits that all workers hold together.

Every function runs in the transaction of the calling code.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.db.models import LimitCount


def count(session: Session, key: str, *, amount: int, lasts: timedelta, now: datetime) -> int:
    """Add to a counter, begun anew when its time is over; its value. Counters that are over are swept away."""
    session.execute(delete(LimitCount).where(LimitCount.expires_at <= now).execution_options(synchronize_session=False))
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(LimitCount).values(key=_hashed(key), hits=amount, expires_at=now + lasts)
    # Another worker may have begun it in the meantime, or left one that is over where we could not see it.
    is_over = LimitCount.expires_at <= now
    statement = statement.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "hits": case((is_over, statement.excluded.hits), else_=LimitCount.hits + amount),
            "expires_at": case((is_over, statement.excluded.expires_at), else_=LimitCount.expires_at),
        },
    )
    return int(session.execute(statement.returning(LimitCount.hits)).scalar_one())


def counted(session: Session, key: str, now: datetime) -> tuple[int, datetime]:
    """A counter's value and end; 0 and now when there is none."""
    query = select(LimitCount.hits, LimitCount.expires_at)
    row = session.execute(query.where(LimitCount.key == _hashed(key), LimitCount.expires_at > now)).one_or_none()
    return (0, now) if row is None else (row.hits, row.expires_at)


def forget(session: Session, key: str | None = None) -> int:
    """Remove a counter, or all of them; how many."""
    query = delete(LimitCount) if key is None else delete(LimitCount).where(LimitCount.key == _hashed(key))
    gone = session.execute(query.returning(LimitCount.key).execution_options(synchronize_session=False))
    return len(gone.all())


def _hashed(key: str) -> str:
    return sha256(key.encode()).hexdigest()
