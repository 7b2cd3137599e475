"""Calendars of others that are kept in step with ours: connections, events of ours in them, times of theirs (K5)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.db.encryption import SealedText
from services.db.models.base import Base, Identifier, Json, TenantOwned, choice


class CalendarKind(StrEnum):
    """ICS is read only."""

    GOOGLE = "google"
    CALDAV = "caldav"
    ICS = "ics"


class CalendarState(StrEnum):
    """CHOOSING: which of the account's calendars it is has to be said. LOST: we may not any more. REFUSED: there is no
    calendar, or we may not write. AWAY: the server did not answer lately; it is tried again."""

    CHOOSING = "choosing"
    ACTIVE = "active"
    AWAY = "away"
    LOST = "lost"
    REFUSED = "refused"


class CalendarConnection(TenantOwned, Base):
    """A calendar elsewhere of one person or room, or of the whole business (resource_id None)."""

    __tablename__ = "calendar_connections"
    __table_args__ = (
        UniqueConstraint("business_id", "id"),
        UniqueConstraint("channel_id"),
        ForeignKeyConstraint(["business_id", "resource_id"], ["resources.business_id", "resources.id"]),
        Index("ix_calendar_connections_next_poll_at", "next_poll_at"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    resource_id: Mapped[int | None] = mapped_column(Identifier)
    kind: Mapped[CalendarKind] = mapped_column(choice(CalendarKind))
    state: Mapped[CalendarState] = mapped_column(choice(CalendarState), default=CalendarState.ACTIVE)
    # As whom, and which calendar, in words.
    account: Mapped[str] = mapped_column(String(254), default="")
    calendar_name: Mapped[str] = mapped_column(String(200), default="")
    # Google's id of the calendar, or an address; an ICS address is a secret in itself.
    address: Mapped[str] = mapped_column(SealedText("calendar address"), default="", deferred=True)
    # Google: the refresh token. CalDAV: the password.
    grant_secret: Mapped[str | None] = mapped_column(SealedText("calendar grant"), deferred=True)
    # [address, name] of each calendar to choose from.
    choices: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    sync_token: Mapped[str] = mapped_column(Text, default="")
    # The latest reading of all of it.
    read_fully_at: Mapped[datetime | None]
    last_synced_at: Mapped[datetime | None]
    # When it is read next; whoever reads it sets it forward first, so that one machine does.
    next_poll_at: Mapped[datetime]
    claim: Mapped[str] = mapped_column(String(64), default="")
    # In a row.
    failures: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str] = mapped_column(String(200), default="")
    # Of our events.
    written: Mapped[int] = mapped_column(default=0)
    # Where Google tells of changes, until when.
    channel_id: Mapped[str | None] = mapped_column(String(64))
    channel_resource: Mapped[str] = mapped_column(String(200), default="")
    channel_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class CalendarLink(TenantOwned, Base):
    """An appointment and its event in one calendar: what both were last (services/calendar_sync/core/merging.py)."""

    __tablename__ = "calendar_links"
    __table_args__ = (
        UniqueConstraint("connection_id", "appointment_id"),
        ForeignKeyConstraint(
            ["business_id", "connection_id"],
            ["calendar_connections.business_id", "calendar_connections.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(["appointment_id"], ["appointments.id"], ondelete="CASCADE"),
        Index("ix_calendar_links_appointment_id", "appointment_id"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    connection_id: Mapped[int] = mapped_column(Identifier)
    appointment_id: Mapped[int] = mapped_column(Identifier)
    # What was agreed on; both None: that there is no event.
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    sequence: Mapped[int]
    etag: Mapped[str] = mapped_column(String(200), default="")
    arrived: Mapped[int] = mapped_column(default=-1)
    # Rises with every change: what was looked at before is looked at again.
    version: Mapped[int] = mapped_column(default=0)


class ForeignTime(TenantOwned, Base):
    """A time that an event of somebody's calendar takes. Nothing else of the event is kept: no title, no people."""

    __tablename__ = "foreign_times"
    __table_args__ = (
        UniqueConstraint("connection_id", "event_id", "instance"),
        ForeignKeyConstraint(
            ["business_id", "connection_id"],
            ["calendar_connections.business_id", "calendar_connections.id"],
            ondelete="CASCADE",
        ),
        Index("ix_foreign_times_business_id_connection_id", "business_id", "connection_id"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    connection_id: Mapped[int] = mapped_column(Identifier)
    event_id: Mapped[str] = mapped_column(String(255))
    # Which occurrence; "" where the id says that too.
    instance: Mapped[str] = mapped_column(String(40), default="")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
