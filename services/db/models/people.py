"""Who may log in, to which business, and by what: sessions, one-time links, second factors."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.db.encryption import SealedText
from services.db.models.base import Base, Identifier, TenantOwned, choice


class Role(StrEnum):
    OWNER = "owner"
    VIEWER = "viewer"


class User(Base):
    """A person who logs in. Not tenant-owned: one person may look after several businesses."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    # Lower case, trimmed.
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    password_hash: Mapped[str] = mapped_column(String(200))
    # Changes with the password, so that a log-in that waits for its second factor ends with it.
    session_key: Mapped[str] = mapped_column(String(64), unique=True)
    # When a link that was mailed to the address was used, or the operator made the account. None: somebody else may
    # have opened the account in this person's name (services/accounts/invitations.py).
    address_proved_at: Mapped[datetime | None]
    # Of the whole installation; sees every business.
    is_admin: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = mapped_column(String(8), default="he")
    created_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]


class Membership(TenantOwned, Base):
    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("business_id", "user_id"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(choice(Role))
    created_at: Mapped[datetime]


class UserSession(Base):
    """One browser that is logged in. Deleting the row ends it, whatever its cookie says."""

    __tablename__ = "user_sessions"
    __table_args__ = (Index("ix_user_sessions_user_id", "user_id"), Index("ix_user_sessions_expires_at", "expires_at"))

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    # SHA-256 of what the cookie carries: whoever reads the table cannot log in with it.
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    # To a few minutes (services/accounts/sessions.py).
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    client_address: Mapped[str] = mapped_column(String(64), default="")
    # The browser's own words about itself, cut.
    agent: Mapped[str] = mapped_column(String(200), default="")


class Invitation(TenantOwned, Base):
    """Somebody who was asked to join a business and has not answered. Accepting or withdrawing deletes the row."""

    __tablename__ = "invitations"
    __table_args__ = (UniqueConstraint("business_id", "email"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[Role] = mapped_column(choice(Role))
    # Part of the signed link (services/accounts/links.py).
    nonce: Mapped[str] = mapped_column(String(64))
    # Whether the link went to the address itself, so that using it proves the address.
    was_mailed: Mapped[bool]
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class PasswordReset(Base):
    """A link by which a person sets a new password, once. One per person: a new one replaces it."""

    __tablename__ = "password_resets"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    nonce: Mapped[str] = mapped_column(String(64))
    was_mailed: Mapped[bool]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class SecondFactor(Base):
    """A person's code generator (TOTP). It counts once `confirmed_at` is set."""

    __tablename__ = "second_factors"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    # Base32, as code generators take it.
    secret: Mapped[str] = mapped_column(SealedText("second factor"))
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    # The newest 30-second step whose code was used: no code works twice.
    last_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Base):
    """Instead of the second factor, once: the row goes with its use."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    code_hash: Mapped[str] = mapped_column(String(64))
