"""A business's appointments as an iCalendar feed, for calendars that subscribe by a secret address (A7).

Each event keeps its UID for ever and raises SEQUENCE with every change; a cancelled one stays, marked, so that
subscribers take it out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.businesses import new_secret
from services.db.database import Database
from services.db.models import Appointment, AppointmentStatus, Business, BusinessSettings
from services.db.tenancy import bind_business, unscoped

PIECE_ROWS = 15
# Older appointments are history: a subscriber keeps what it has.
_BACK = timedelta(days=60)
_REFRESH = timedelta(minutes=15)
_STATUS = {AppointmentStatus.CANCELLED: "CANCELLED"}


def feed(database: Database, secret: str, now: datetime) -> Iterator[bytes] | None:
    """The feed with this secret, in pieces of PIECE_ROWS events; None when there is no such feed.

    An event takes most of a millisecond: between two pieces others must have their turn. Raises DatabaseUnavailable.
    """
    business = database.read(partial(_owner, secret=secret))
    return None if business is None else _pieces(database, business, now)


def _pieces(database: Database, business: Business, now: datetime) -> Iterator[bytes]:
    head, end, _ = bytes(_calendar(business).to_ical()).partition(b"END:VCALENDAR")
    yield head
    after = 0
    while rows := database.read(partial(_page, business_id=business.id, after=after, now=now)):
        after = rows[-1].id
        yield b"".join(_event(row, business).to_ical() for row in rows)
    yield end + b"\r\n"


def _owner(session: Session, *, secret: str) -> Business | None:
    with unscoped(session, "the feed's secret address names its business"):
        business_id = session.scalars(
            select(BusinessSettings.business_id).where(BusinessSettings.ics_secret == secret)
        ).one_or_none()
    if business_id is None:
        return None
    bind_business(session, business_id)
    return session.scalars(select(Business)).one()


def _page(session: Session, *, business_id: int, after: int, now: datetime) -> Sequence[Appointment]:
    bind_business(session, business_id)
    query = select(Appointment).where(Appointment.ends_at > now - _BACK, Appointment.id > after)
    return session.scalars(query.order_by(Appointment.id).limit(PIECE_ROWS)).all()


def renew_secret(session: Session) -> str:
    """Give the session's business a new secret; the old address is dead at once."""
    settings = session.scalars(select(BusinessSettings)).one()
    settings.ics_secret = new_secret()
    return settings.ics_secret


def _calendar(business: Business) -> Calendar:
    calendar = Calendar()
    calendar.add("PRODID", "-//AI Call Assistant//Appointments//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", "PUBLISH")
    calendar.add("X-WR-CALNAME", business.name)
    calendar.add("X-WR-TIMEZONE", business.settings.timezone)
    calendar.add("REFRESH-INTERVAL", _REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", _REFRESH)
    return calendar


def _event(row: Appointment, business: Business) -> Event:
    zone = ZoneInfo("UTC")
    event = Event()
    event.add("UID", f"{row.uid}@ai-call-assistant")
    event.add("SEQUENCE", row.sequence)
    event.add("DTSTAMP", row.updated_at.astimezone(zone))
    event.add("CREATED", row.created_at.astimezone(zone))
    event.add("LAST-MODIFIED", row.updated_at.astimezone(zone))
    event.add("DTSTART", row.starts_at.astimezone(zone))
    event.add("DTEND", row.ends_at.astimezone(zone))
    event.add("SUMMARY", " – ".join(part for part in (row.name or row.customer.phone, row.service) if part))
    event.add("DESCRIPTION", "\n".join(part for part in (row.customer.phone, row.resource.name, row.notes) if part))
    event.add("STATUS", _STATUS.get(row.status, "CONFIRMED"))
    event.add("TRANSP", "TRANSPARENT" if row.status is AppointmentStatus.CANCELLED else "OPAQUE")
    event.add("LOCATION", business.name)
    return event
