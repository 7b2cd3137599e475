"""Who may log in, and to which business."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.models.base import Base, Identifier, TenantOwned, choice


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
    # Changes with the password, so that every session opened before it ends.
    session_key: Mapped[str] = mapped_column(String(64), unique=True)
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
