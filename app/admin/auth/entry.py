"""The moment of entering: a session of the server's begins, and what the browser had before it goes."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from flask import request, session
from flask_login import login_user
from sqlalchemy.orm import Session

from app.admin.auth.access import Account, account_of
from app.admin.auth.security import client_address
from app.admin.auth.trail import note
from app.admin.text.words import choose_language
from app.context import worker
from services.accounts.second_factor import has_second_factor
from services.accounts.sessions import open_session
from services.accounts.users import find_user_by_key
from services.db.models import AuditKind, User

# How long a right password waits for its code.
HALF_WAY_S = 600
_HALF = "half"


def open_for(s: Session, user: User, *, how: str) -> Account:
    """A session for somebody who proved who they are; in the transaction of the calling code, `enter` after it."""
    now = datetime.now(UTC)
    user.last_login_at = now
    row, token = open_session(s, user, now=now, client_address=client_address(), agent=request.user_agent.string)
    note(s, AuditKind.LOG_IN, who=(user.id, user.email), detail={"how": how})
    return account_of(s, user, row.id, token)


def enter(found: Account) -> None:
    """The browser carries the session from now on; nothing that was there before survives."""
    session.clear()
    session.permanent = True
    choose_language(found.language)
    login_user(found)


def pass_password(s: Session, session_key: str) -> Account | None:
    """After a right password: the account, or None when its code is still asked for (`half_way`) or it is gone."""
    user = find_user_by_key(s, session_key)
    if user is None or has_second_factor(s, user.id):
        return None
    return open_for(s, user, how="password")


def go_half_way(session_key: str) -> None:
    """Remember in the browser whose password was right; the key ends with the password."""
    session.clear()
    session[_HALF] = [session_key, int(time.time()) + HALF_WAY_S]


def half_way() -> User | None:
    """Who waits for a code."""
    key, until = session.get(_HALF) or ("", 0)
    if time.time() > until:
        return None
    return worker().database.read(lambda s: find_user_by_key(s, key))
