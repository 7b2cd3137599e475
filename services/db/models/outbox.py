"""Messages to send to other systems after a commit: written with the row they speak of, sent afterwards."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.db.models.base import Base, Identifier, TenantOwned, choice


class OutboxKind(StrEnum):
    """What goes out; CALENDAR: an appointment, into somebody's calendar elsewhere. Two come in, in the same way:
    RECORDING, a voice message that waits at Twilio, and CLIPS, the business's own sentences as the model speaks
    them."""

    SMS = "sms"
    WEBHOOK = "webhook"
    EMAIL = "email"
    RECORDING = "recording"
    CLIPS = "clips"
    CALENDAR = "calendar"


class OutboxStatus(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    # Set aside, with the reason in last_error, until somebody asks for another try.
    FAILED = "failed"
    # What it says is no longer so: the appointment was moved or cancelled before it was sent.
    DROPPED = "dropped"


class OutboxMessage(TenantOwned, Base):
    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_business_id_status", "business_id", "status"),
        Index("ix_outbox_status_next_try_at", "status", "next_try_at"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    kind: Mapped[OutboxKind] = mapped_column(choice(OutboxKind))
    # One message per key, whatever is repeated: "sms:appointment:17".
    key: Mapped[str] = mapped_column(String(120), unique=True)
    payload: Mapped[dict[str, Any]]
    status: Mapped[OutboxStatus] = mapped_column(choice(OutboxStatus), default=OutboxStatus.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    # Who is sending it now; compare-and-set, so that two workers never send the same row.
    claim: Mapped[str | None] = mapped_column(String(64))
    claimed_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    # When somebody asked for another try of a message that had been set aside.
    asked_again_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
