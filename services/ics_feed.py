"""A business's appointments as an iCalendar feed, for calendars that subscribe by a secret address (A7).

Each event keeps its UID for ever and raises SEQUENCE with every change; a cancelled one stays, marked, so that
subscribers take it out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.businesses import new_secret
from services.models import Appointment, AppointmentStatus, Business, BusinessSettings
from services.tenancy import Tenant, unscoped

# Older appointments are history: a subscriber keeps what it has.
_BACK = timedelta(days=60)
_REFRESH = timedelta(minutes=15)
_STATUS = {AppointmentStatus.CANCELLED: "CANCELLED"}


def feed(session: Session, secret: str, now: datetime) -> bytes | None:
    """The feed with this secret; None when there is no such feed."""
    with unscoped(session, "the feed's secret address names its business"):
        business_id = session.scalars(
            select(BusinessSettings.business_id).where(BusinessSettings.ics_secret == secret)
        ).one_or_none()
    if business_id is None:
        return None
    Tenant(session, business_id)
    business = session.scalars(select(Business)).one()
    rows = session.scalars(
        select(Appointment).where(Appointment.ends_at > now - _BACK).order_by(Appointment.starts_at, Appointment.id)
    )
    calendar = _calendar(business)
    for row in rows:
        calendar.add_component(_event(row, business))
    return bytes(calendar.to_ical())


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
    event.add("DESCRIPTION", "\n".join(part for part in (row.customer.phone, row.notes) if part))
    event.add("STATUS", _STATUS.get(row.status, "CONFIRMED"))
    event.add("TRANSP", "TRANSPARENT" if row.status is AppointmentStatus.CANCELLED else "OPAQUE")
    event.add("LOCATION", business.name)
    return event
