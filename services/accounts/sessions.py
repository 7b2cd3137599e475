"""Sessions of people who are logged in: rows that end. The cookie carries a token, the row its hash.

Every function runs in the transaction of the calling code.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from services.db.models import User, UserSession

LONGEST = timedelta(days=14)
LONGEST_IDLE = timedelta(days=3)
# How exactly it is known when a session was last used; more exact would write on every page.
SEEN_EVERY = timedelta(minutes=5)
# A person has a few devices. Whoever opens more loses the oldest.
MOST = 30


def open_session(
    session: Session, user: User, *, now: datetime, client_address: str, agent: str
) -> tuple[UserSession, str]:
    """A new session and its token, which is stored nowhere. Sessions of anybody that are over are swept away."""
    session.execute(delete(UserSession).where(_is_over(now)).execution_options(synchronize_session=False))
    mine = select(UserSession.id).where(UserSession.user_id == user.id).order_by(UserSession.last_seen_at.desc())
    surplus = list(session.scalars(mine.offset(MOST - 1)))
    if surplus:
        session.execute(
            delete(UserSession).where(UserSession.id.in_(surplus)).execution_options(synchronize_session=False)
        )
    token = secrets.token_urlsafe(32)
    row = UserSession(
        user_id=user.id,
        token_hash=_hashed(token),
        created_at=now,
        last_seen_at=now,
        expires_at=now + LONGEST,
        client_address=client_address[:64],
        agent=agent[:200],
    )
    session.add(row)
    session.flush()
    return row, token


def find_session(session: Session, token: str, now: datetime) -> tuple[UserSession, User] | None:
    """The session that is still going on with its active user."""
    query = (
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.token_hash == _hashed(token), ~_is_over(now), User.is_active)
    )
    found = session.execute(query).one_or_none()
    return None if found is None else (found[0], found[1])


def note_seen(session: Session, session_id: int, now: datetime) -> None:
    """Its time of idleness begins anew."""
    seen = update(UserSession).where(UserSession.id == session_id).values(last_seen_at=now)
    session.execute(seen.execution_options(synchronize_session=False))


def sessions_of(session: Session, user_id: int, now: datetime) -> Sequence[UserSession]:
    """What is going on, last used first."""
    query = select(UserSession).where(UserSession.user_id == user_id, ~_is_over(now))
    return session.scalars(query.order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())).all()


def end_session(session: Session, user_id: int, session_id: int) -> bool:
    """End one session of this person; False when there is none."""
    query = delete(UserSession).where(UserSession.id == session_id, UserSession.user_id == user_id)
    return bool(session.execute(query.returning(UserSession.id).execution_options(synchronize_session=False)).all())


def end_sessions(session: Session, user_id: int, *, but: int | None = None) -> int:
    """End all of a person's sessions, `but` one; how many."""
    query = delete(UserSession).where(UserSession.user_id == user_id)
    if but is not None:
        query = query.where(UserSession.id != but)
    return len(session.execute(query.returning(UserSession.id).execution_options(synchronize_session=False)).all())


def _is_over(now: datetime) -> ColumnElement[bool]:
    return (UserSession.expires_at <= now) | (UserSession.last_seen_at <= now - LONGEST_IDLE)


def _hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()
