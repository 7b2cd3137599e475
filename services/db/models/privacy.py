"""Deleting what is known of people: when a business's turn is, and who was erased."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.db.models.base import Base, Identifier, TenantOwned


class RetentionRun(TenantOwned, Base):
    """The deleting of what is too old in one business; one row for each business that had its turn once."""

    __tablename__ = "retention_runs"
    __table_args__ = (UniqueConstraint("business_id"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    next_at: Mapped[datetime]
    # Who is at it now; compare-and-set, so that two workers never count the same rows.
    claim: Mapped[str | None] = mapped_column(String(64))
    claimed_at: Mapped[datetime | None]
    # How many rows of each kind were deleted since it began; told in the audit trail at its end.
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Erasure(TenantOwned, Base):
    """A person who was erased, as a receipt: what kinds, how many, when, by whom. It does not tell who it was."""

    __tablename__ = "erasures"
    __table_args__ = (Index("ix_erasures_business_id_number_mark", "business_id", "number_mark"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    # A keyed hash of the telephone number (services.db.encryption.Keyring.mark).
    number_mark: Mapped[str] = mapped_column(String(64))
    erased_at: Mapped[datetime]
    # Of the user who did it, as it was then.
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(String(254))
    # Whether coming appointments were kept, and the customer with them.
    keeps_coming: Mapped[bool]
    # Rows by kind (services.privacy.person.Kind).
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
