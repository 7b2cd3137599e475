"""Calendars of others beside our own: whoever changes an appointment writes here that they are to hear of it, and their
events take what time is left (K5). services/calendar_sync does the rest.

Every function runs in the transaction of the calling code; the session serves the business and holds the lock on its
calendar.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.taken import block_foreign
from services.db.models import (
    Appointment,
    CalendarConnection,
    CalendarKind,
    CalendarLink,
    CalendarState,
    ForeignTime,
    OutboxKind,
    Resource,
    TakenKind,
    TakenTime,
)
from services.outbox.outbox import enqueue
from services.policy.hours import Span

# The others wait for their owner; once they are connected again, whatever changed is written.
WORKING = (CalendarState.ACTIVE, CalendarState.AWAY)
WRITABLE = (CalendarKind.GOOGLE, CalendarKind.CALDAV)


def tell_calendars(session: Session, appointment: Appointment, now: datetime) -> None:
    """An appointment was booked, moved or cancelled."""
    session.flush()
    row = CalendarConnection
    connections = session.execute(select(row.id, row.resource_id, row.kind, row.state)).all()
    if not connections:
        return
    linked = set(
        session.scalars(select(CalendarLink.connection_id).where(CalendarLink.appointment_id == appointment.id))
    )
    for each in connections:
        is_its_own = each.resource_id in (None, appointment.resource_id)
        if each.kind in WRITABLE and each.state in WORKING and (is_its_own or each.id in linked):
            enqueue(
                session,
                kind=OutboxKind.CALENDAR,
                key=f"calendar:{each.id}:{appointment.uid}:{appointment.sequence}",
                payload={"connection": each.id, "appointment": appointment.id},
                now=now,
            )
    block_foreign_times(session, now)


def block_foreign_times(session: Session, now: datetime) -> None:
    """The events of all connected calendars occupy whom they belong to, as far as no appointment is there."""
    time = ForeignTime
    found = session.execute(
        select(CalendarConnection.resource_id, time.starts_at, time.ends_at)
        .join(CalendarConnection, CalendarConnection.id == time.connection_id)
        .where(time.ends_at > now)
    )
    spans: defaultdict[int | None, list[Span]] = defaultdict(list)
    for resource_id, starts_at, ends_at in found:
        spans[resource_id].append(Span(starts_at, ends_at))
    blocked = select(TakenTime.resource_id).where(TakenTime.kind == TakenKind.FOREIGN).distinct()
    has_rows = set(session.scalars(blocked))
    for resource_id in session.scalars(select(Resource.id).order_by(Resource.id)).all():
        busy = [*spans.get(None, ()), *spans.get(resource_id, ())]
        if busy or resource_id in has_rows:
            block_foreign(session, resource_id, busy)
