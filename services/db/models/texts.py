"""What customers write to a business by SMS or WhatsApp, and who wants no more messages (K6)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.db.models.base import Base, Identifier, TenantOwned, choice


class Channel(StrEnum):
    SMS = "sms"
    WHATSAPP = "whatsapp"


class TextOutcome(StrEnum):
    """What came of a message."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    # It was so already.
    ALREADY = "already"
    # It answered a message that told another time than the appointment has by now: the new one was told instead.
    ASKED_AGAIN = "asked_again"
    # The appointment had begun, or was over.
    OVER = "over"
    # The appointment it answered was cancelled before.
    GONE = "gone"
    PASSED_ON = "passed_on"
    STOPPED = "stopped"
    ALLOWED = "allowed"


class IncomingText(TenantOwned, Base):
    """One message of somebody's telephone, with what came of it. Pictures and sound that came with it are not kept."""

    __tablename__ = "incoming_texts"
    __table_args__ = (
        # Whatever is repeated, a message counts once.
        UniqueConstraint("message_sid"),
        Index("ix_incoming_texts_business_id_phone", "business_id", "phone"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    message_sid: Mapped[str] = mapped_column(String(64))
    # E.164; "" when the sender is no number.
    phone: Mapped[str] = mapped_column(String(16))
    channel: Mapped[Channel] = mapped_column(choice(Channel))
    text: Mapped[str] = mapped_column(Text)
    media_count: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[TextOutcome] = mapped_column(choice(TextOutcome))
    # What it was about, and the time that the reply told.
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointments.id", ondelete="SET NULL"))
    told_starts_at: Mapped[datetime | None]
    reply: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime]


class StoppedNumber(TenantOwned, Base):
    """A telephone number (E.164) that the business writes to no more, until its owner allows it again."""

    __tablename__ = "stopped_numbers"
    __table_args__ = (UniqueConstraint("business_id", "phone"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    phone: Mapped[str] = mapped_column(String(16))
    stopped_at: Mapped[datetime]
