"""Customers, leads, appointments, what they occupy, and slots held while a caller is still being asked."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.db.models.base import Base, Identifier, TenantOwned, choice
from services.db.models.catalogue import Resource


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


class TakenKind(StrEnum):
    """What occupies a resource: appointments, or an event of another calendar."""

    APPOINTMENT = "appointment"
    FOREIGN = "foreign"


class TakenTime(TenantOwned, Base):
    """What occupies a resource, the time before and after included. Two of a resource never overlap, whoever writes
    them; a row is there only as long as it occupies: the last appointment that leaves it takes it along (a trigger)."""

    __tablename__ = "taken_times"
    __table_args__ = (
        UniqueConstraint("business_id", "id"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        ForeignKeyConstraint(["business_id", "resource_id"], ["resources.business_id", "resources.id"]),
        ForeignKeyConstraint(["business_id", "service_id"], ["services.business_id", "services.id"]),
        Index("ix_taken_times_business_id_ends_at", "business_id", "ends_at"),
        # The ranges' own GiST operators suffice: int8range for the resource spares the btree_gist
        # extension, which a hosted role may not be allowed to create.
        ExcludeConstraint(
            (text("int8range(resource_id, resource_id, '[]')"), "&&"),
            (text("tstzrange(starts_at, ends_at)"), "&&"),
            using="gist",
            name="ex_taken_times_no_overlap",
        ).ddl_if(dialect="postgresql"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    resource_id: Mapped[int] = mapped_column(Identifier)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    kind: Mapped[TakenKind] = mapped_column(choice(TakenKind), default=TakenKind.APPOINTMENT)
    # Of a class: others who want the same service at the same time join it.
    service_id: Mapped[int | None] = mapped_column(Identifier)


class Appointment(TenantOwned, Base):
    """A booked time [starts_at, ends_at), as it is told. While it is active it has a seat in a taken time."""

    __tablename__ = "appointments"
    __table_args__ = (
        UniqueConstraint("uid"),
        # A repeat of the same request finds its first answer.
        UniqueConstraint("business_id", "request_key"),
        UniqueConstraint("taken_id", "seat"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("seat >= 1 AND seat <= capacity", name="seat"),
        CheckConstraint("(status IN ('booked', 'done')) = (taken_id IS NOT NULL)", name="active_is_seated"),
        ForeignKeyConstraint(["business_id", "customer_id"], ["customers.business_id", "customers.id"]),
        ForeignKeyConstraint(["business_id", "call_id"], ["calls.business_id", "calls.id"]),
        ForeignKeyConstraint(["business_id", "resource_id"], ["resources.business_id", "resources.id"]),
        ForeignKeyConstraint(["business_id", "service_id"], ["services.business_id", "services.id"]),
        ForeignKeyConstraint(["business_id", "taken_id"], ["taken_times.business_id", "taken_times.id"]),
        Index("ix_appointments_business_id_starts_at", "business_id", "starts_at"),
        Index("ix_appointments_call_id", "call_id"),
        Index(
            "ix_appointments_remind_at",
            "remind_at",
            postgresql_where=text("remind_at IS NOT NULL"),
            sqlite_where=text("remind_at IS NOT NULL"),
        ),
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
    resource_id: Mapped[int] = mapped_column(Identifier)
    service_id: Mapped[int | None] = mapped_column(Identifier)
    taken_id: Mapped[int | None] = mapped_column(Identifier)
    # Which of the `capacity` seats that the service had when this was booked.
    seat: Mapped[int] = mapped_column(default=1, server_default="1")
    capacity: Mapped[int] = mapped_column(default=1, server_default="1")
    # The call that booked it, if one did.
    call_id: Mapped[int | None] = mapped_column(Identifier)
    # The name this appointment was made under; the customer's own may differ (a parent books for a child).
    name: Mapped[str] = mapped_column(String(120), default="")
    # In words; the service's name as it was, where one is chosen.
    service: Mapped[str] = mapped_column(String(200), default="")
    notes: Mapped[str] = mapped_column(Text, default="")
    # When the customer said that they come at the present time.
    confirmed_at: Mapped[datetime | None]
    # When it is looked at next whether a reminder is due; none that should have gone out before this one does any more.
    remind_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    customer: Mapped[Customer] = relationship(lazy="joined", innerjoin=True, viewonly=True)
    resource: Mapped[Resource] = relationship(lazy="joined", innerjoin=True, viewonly=True)


class SlotHold(TenantOwned, Base):
    """A time kept for one call while its caller is asked for a name, the time before and after included; worthless once
    it has expired."""

    __tablename__ = "slot_holds"
    __table_args__ = (
        UniqueConstraint("call_id"),
        ForeignKeyConstraint(["business_id", "call_id"], ["calls.business_id", "calls.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["business_id", "resource_id"], ["resources.business_id", "resources.id"]),
        ForeignKeyConstraint(["business_id", "service_id"], ["services.business_id", "services.id"]),
        Index("ix_slot_holds_business_id_starts_at", "business_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    call_id: Mapped[int] = mapped_column(Identifier)
    resource_id: Mapped[int] = mapped_column(Identifier)
    service_id: Mapped[int | None] = mapped_column(Identifier)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    expires_at: Mapped[datetime]
