"""What can be booked and with whom: services, and the people, rooms and chairs that give them (K1, K2)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.db.models.base import Base, Identifier, Json, TenantOwned, choice


class ResourceKind(StrEnum):
    PERSON = "person"
    ROOM = "room"


class Resource(TenantOwned, Base):
    """A person, a room or a chair: one column of the diary. Every business has at least one; as long as nobody is
    named it is one with the name ""."""

    __tablename__ = "resources"
    __table_args__ = (
        UniqueConstraint("business_id", "id"),
        Index("ix_resources_business_id_position", "business_id", "position"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    kind: Mapped[ResourceKind] = mapped_column(choice(ResourceKind), default=ResourceKind.PERSON)
    name: Mapped[str] = mapped_column(String(120), default="")
    # What callers call it besides its name.
    called: Mapped[list[str]] = mapped_column(default=list)
    # As business_settings.opening_hours_json; None: the business's.
    opening_hours_json: Mapped[dict[str, Any] | None]
    # [first, last] as ISO dates.
    days_off: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    colour: Mapped[str] = mapped_column(String(16), default="")
    position: Mapped[int] = mapped_column(default=0)
    # False: gone. What was booked stays.
    active: Mapped[bool] = mapped_column(default=True)


class Service(TenantOwned, Base):
    """What somebody can have an appointment for. A business without any has one of `slot_size_min`."""

    __tablename__ = "services"
    __table_args__ = (
        UniqueConstraint("business_id", "id"),
        CheckConstraint("length_min > 0 AND before_min >= 0 AND after_min >= 0", name="times"),
        CheckConstraint("capacity > 0", name="capacity"),
        Index("ix_services_business_id_position", "business_id", "position"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    called: Mapped[list[str]] = mapped_column(default=list)
    length_min: Mapped[int]
    # Kept free before and after, in minutes.
    before_min: Mapped[int] = mapped_column(default=0)
    after_min: Mapped[int] = mapped_column(default=0)
    # In words, as it is told.
    price: Mapped[str] = mapped_column(String(200), default="")
    # Not booked by telephone: the wish becomes a message.
    on_request: Mapped[bool] = mapped_column(default=False)
    # Callers at the same time.
    capacity: Mapped[int] = mapped_column(default=1)
    colour: Mapped[str] = mapped_column(String(16), default="")
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)


class ServiceResource(TenantOwned, Base):
    """This one gives that service."""

    __tablename__ = "service_resources"
    __table_args__ = (
        ForeignKeyConstraint(
            ["business_id", "service_id"], ["services.business_id", "services.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["business_id", "resource_id"], ["resources.business_id", "resources.id"], ondelete="CASCADE"
        ),
    )

    service_id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    resource_id: Mapped[int] = mapped_column(Identifier, primary_key=True)
