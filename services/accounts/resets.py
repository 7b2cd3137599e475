"""A new password for somebody who forgot it: by a signed link that works once, for an hour.

Every function runs in the transaction of the calling code.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.accounts.invitations import prove_address
from services.accounts.links import new_nonce
from services.accounts.users import set_password
from services.db.models import PasswordReset, User

LIFE = timedelta(hours=1)


def make_reset(session: Session, user: User, *, was_mailed: bool, now: datetime) -> PasswordReset:
    """The row of a new link; an older link of this person stops working."""
    old = delete(PasswordReset).where(PasswordReset.user_id == user.id)
    session.execute(old.execution_options(synchronize_session=False))
    made = PasswordReset(
        user_id=user.id, nonce=new_nonce(), was_mailed=was_mailed, created_at=now, expires_at=now + LIFE
    )
    session.add(made)
    session.flush()
    return made


def find_reset(session: Session, reset_id: int, nonce: str, now: datetime) -> tuple[PasswordReset, User] | None:
    """The row of a link and its person, while the link works."""
    row = session.get(PasswordReset, reset_id)
    if row is None or row.expires_at <= now or not hmac.compare_digest(row.nonce, nonce):
        return None
    user = session.get_one(User, row.user_id)
    return (row, user) if user.is_active else None


def use_reset(session: Session, reset_id: int, nonce: str, password_hash: str, now: datetime) -> User | None:
    """Set the password; every session ends. None: the link works no longer. The second factor stays."""
    found = find_reset(session, reset_id, nonce, now)
    if found is None:
        return None
    row, user = found
    was_mailed = row.was_mailed
    used = delete(PasswordReset).where(PasswordReset.id == reset_id).returning(PasswordReset.id)
    if not session.execute(used.execution_options(synchronize_session=False)).all():
        return None
    if was_mailed:
        prove_address(session, user, now)
    set_password(session, user, password_hash)
    return user
