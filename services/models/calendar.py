"""Customers, leads, appointments and the slots that are held while a caller is still being asked."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.models.base import Base, Identifier, TenantOwned, choice


class LeadStatus(StrEnum):
    NEW = "new"
    CONTACTED = "contacted"
    BOOKED = "booked"
    WON = "won"
    LOST = "lost"


class AppointmentStatus(StrEnum):
    BOOKED = "booked"
    CANCELLED = "cancelled"
    DONE = "done"
    NO_SHOW = "no_show"


# The states in which an appointment occupies its time.
ACTIVE_APPOINTMENT = (AppointmentStatus.BOOKED, AppointmentStatus.DONE)


class Customer(TenantOwned, Base):
    __tablename__ = "customers"
    __table_args__ = (UniqueConstraint("business_id", "phone"), UniqueConstraint("business_id", "id"))

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    # E.164.
    phone: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(120), default="")
    city: Mapped[str] = mapped_column(String(80), default="")
    notes: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Lead(TenantOwned, Base):
    """What one call collected about someone who may become a customer; one per call."""

    __tablename__ = "leads"
    __table_args__ = (
        UniqueConstraint("business_id", "call_id"),
        ForeignKeyConstraint(
            ["business_id", "customer_id"], ["customers.business_id", "customers.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["business_id", "call_id"], ["calls.business_id", "calls.id"], ondelete="CASCADE"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(Identifier)
    call_id: Mapped[int | None] = mapped_column(Identifier)
    name: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(32), default="")
    city: Mapped[str] = mapped_column(String(80), default="")
    service: Mapped[str] = mapped_column(String(200), default="")
    notes: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[LeadStatus] = mapped_column(choice(LeadStatus), default=LeadStatus.NEW)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Appointment(TenantOwned, Base):
    """A booked time [starts_at, ends_at). Two active ones of a business never overlap."""

    __tablename__ = "appointments"
    __table_args__ = (
        UniqueConstraint("uid"),
        # A repeat of the same request finds its first answer.
        UniqueConstraint("business_id", "request_key"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        ForeignKeyConstraint(["business_id", "customer_id"], ["customers.business_id", "customers.id"]),
        ForeignKeyConstraint(["business_id", "call_id"], ["calls.business_id", "calls.id"]),
        Index("ix_appointments_business_id_starts_at", "business_id", "starts_at"),
        Index("ix_appointments_call_id", "call_id"),
        # The ranges' own GiST operators suffice: int8range for the business spares the btree_gist
        # extension, which a hosted role may not be allowed to create.
        ExcludeConstraint(
            (text("int8range(business_id, business_id, '[]')"), "&&"),
            (text("tstzrange(starts_at, ends_at)"), "&&"),
            where=text("status IN ('booked', 'done')"),
            using="gist",
            name="ex_appointments_no_overlap",
        ).ddl_if(dialect="postgresql"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    # Stable name of the event in calendars that subscribe to the feed.
    uid: Mapped[str] = mapped_column(String(64))
    request_key: Mapped[str] = mapped_column(String(120))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    status: Mapped[AppointmentStatus] = mapped_column(choice(AppointmentStatus), default=AppointmentStatus.BOOKED)
    # Rises with every change, as iCalendar asks.
    sequence: Mapped[int] = mapped_column(default=0)
    customer_id: Mapped[int] = mapped_column(Identifier)
    # The call that booked it, if one did.
    call_id: Mapped[int | None] = mapped_column(Identifier)
    # The name this appointment was made under; the customer's own may differ (a parent books for a child).
    name: Mapped[str] = mapped_column(String(120), default="")
    service: Mapped[str] = mapped_column(String(200), default="")
    notes: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    customer: Mapped[Customer] = relationship(lazy="joined", innerjoin=True, viewonly=True)


class SlotHold(TenantOwned, Base):
    """A time kept for one call while its caller is asked for a name; worthless once it has expired."""

    __tablename__ = "slot_holds"
    __table_args__ = (
        UniqueConstraint("call_id"),
        ForeignKeyConstraint(["business_id", "call_id"], ["calls.business_id", "calls.id"], ondelete="CASCADE"),
        Index("ix_slot_holds_business_id_starts_at", "business_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    call_id: Mapped[int] = mapped_column(Identifier)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    expires_at: Mapped[datetime]
