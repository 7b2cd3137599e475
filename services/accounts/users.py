"""People who log in: their passwords (argon2) and their roles."""

from __future__ import annotations

import secrets
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.db.models import Membership, PasswordReset, Role, User, UserSession
from services.db.tenancy import SessionRows, bind_business, unscoped

_HASHER = PasswordHasher()
# Compared against when the address is unknown, so that the answer takes as long as for a known one. Of a password that
# nobody kept; written down because making it at every start takes a server longer than most of its imports.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$Tq5fDWxl/+Cw82PdieK98A$bUoKo3I02JooiNy7YblupnJo7UigGdTT6Se0NSPLu80"


def hash_password(password: str) -> str:
    """argon2id with the library's parameters. Takes tens of milliseconds: never on a thread that carries calls."""
    return _HASHER.hash(password)


def password_matches(user: User | None, password: str) -> bool:
    """Whether the password is this user's; as slow for no user as for one."""
    try:
        _HASHER.verify(user.password_hash if user else _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return user is not None and user.is_active


def normalise_email(email: str) -> str:
    """As stored and compared."""
    return email.strip().lower()


def find_user(session: Session, email: str) -> User | None:
    """The user with this address, active or not."""
    return session.scalars(select(User).where(User.email == normalise_email(email))).one_or_none()


def find_user_by_key(session: Session, session_key: str) -> User | None:
    """The active user with this key; a changed password changes the key."""
    return session.scalars(select(User).where(User.session_key == session_key, User.is_active)).one_or_none()


def create_user(
    session: Session,
    *,
    email: str,
    password_hash: str,
    now: datetime,
    name: str = "",
    language: str = "he",
    is_admin: bool = False,
    is_proved: bool = False,
) -> User:
    """A new user without any business. is_proved: it is known that the address is this person's."""
    user = User(
        email=normalise_email(email),
        name=name,
        password_hash=password_hash,
        session_key=secrets.token_urlsafe(24),
        language=language,
        is_admin=is_admin,
        address_proved_at=now if is_proved else None,
        created_at=now,
    )
    session.add(user)
    session.flush()
    return user


def set_password(session: Session, user: User, password_hash: str) -> None:
    """Change the password. Every session, half-done log-in and link for a new password from before ends."""
    user.password_hash = password_hash
    user.session_key = secrets.token_urlsafe(24)
    for model in (UserSession, PasswordReset):
        session.execute(delete(model).where(model.user_id == user.id).execution_options(synchronize_session=False))


def grant(session: Session, user: User, *, business_id: int, role: Role, now: datetime) -> None:
    """Give a user a role in a business, or change the role there."""
    SessionRows(bind_business(session, business_id)).upsert(
        Membership,
        {"user_id": user.id, "role": role, "created_at": now},
        key=["business_id", "user_id"],
        keep=["created_at"],
    )


def memberships(session: Session, user_id: int) -> list[Membership]:
    """Every business a user may see, with the role there. An installation admin sees all without any."""
    with unscoped(session, "which businesses a person may see is asked before one is chosen"):
        return list(session.scalars(select(Membership).where(Membership.user_id == user_id)))
