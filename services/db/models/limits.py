"""Counters against guessing, shared by all workers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.db.models.base import Base


class LimitCount(Base):
    """How often something was tried until `expires_at`; `key` is a hash, since it is made of addresses."""

    __tablename__ = "limit_counts"
    __table_args__ = (Index("ix_limit_counts_expires_at", "expires_at"),)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    hits: Mapped[int]
    expires_at: Mapped[datetime]
