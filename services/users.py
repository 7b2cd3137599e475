"""People who log in: passwords (argon2), roles, and the key that ends their sessions."""

from __future__ import annotations

import secrets
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.models import Membership, Role, User
from services.tenancy import Tenant, unscoped

_HASHER = PasswordHasher()
# Compared against when the address is unknown, so that the answer takes as long as for a known one.
_NOBODY = _HASHER.hash(secrets.token_urlsafe(24))


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


def find_user_by_session(session: Session, session_key: str) -> User | None:
    """The active user whose sessions carry this key; a changed password changes the key."""
    return session.scalars(select(User).where(User.session_key == session_key, User.is_active)).one_or_none()


def create_user(
    session: Session, *, email: str, password_hash: str, now: datetime, name: str = "", is_admin: bool = False
) -> User:
    """A new user without any business."""
    user = User(
        email=normalise_email(email),
        name=name,
        password_hash=password_hash,
        session_key=secrets.token_urlsafe(24),
        is_admin=is_admin,
        created_at=now,
    )
    session.add(user)
    session.flush()
    return user


def set_password(user: User, password_hash: str) -> None:
    """Change the password and end every session that was opened before."""
    user.password_hash = password_hash
    user.session_key = secrets.token_urlsafe(24)


def grant(session: Session, user: User, *, business_id: int, role: Role, now: datetime) -> None:
    """Give a user a role in a business, or change the role there."""
    Tenant(session, business_id).upsert(
        Membership,
        {"user_id": user.id, "role": role, "created_at": now},
        key=["business_id", "user_id"],
        keep=["created_at"],
    )


def memberships(session: Session, user_id: int) -> list[Membership]:
    """Every business a user may see, with the role there. An installation admin sees all without any."""
    with unscoped(session, "which businesses a person may see is asked before one is chosen"):
        return list(session.scalars(select(Membership).where(Membership.user_id == user_id)))
