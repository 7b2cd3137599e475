"""A person who leaves, or a room that is closed, with appointments that are coming: moved or kept knowingly (K2).

Every function runs in the transaction of the calling code; the session serves the business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.slots import lock_calendar
from services.db.models import Appointment, AppointmentStatus, Resource
from services.tools_calendar import Booking, Outcome, Want, move_appointment


class LastResource(Exception):
    """Somebody has to be left whose the calendar is."""


@dataclass(frozen=True, slots=True)
class Left:
    """What became of the coming appointments. moved: each with whom it is now, at its own time; kept: still with who
    has left, for the owner to settle with the caller."""

    moved: Sequence[Booking]
    kept: Sequence[int]


def coming_with(session: Session, resource_id: int, now: datetime) -> Sequence[Appointment]:
    """Booked appointments with this person or room that are not over, soonest first."""
    query = select(Appointment).where(
        Appointment.resource_id == resource_id,
        Appointment.status == AppointmentStatus.BOOKED,
        Appointment.ends_at > now,
    )
    return session.scalars(query.order_by(Appointment.starts_at, Appointment.id)).all()


def leave(session: Session, resource_id: int, now: datetime, *, moves: bool) -> Left:
    """From now on nothing is booked with this person or room.

    moves: each coming appointment goes to somebody else who gives its service and is free then; what nobody can take,
    and without `moves` everything, stays as it is. Nothing is cancelled. Raises LastResource.
    """
    lock_calendar(session)
    others = select(Resource.id).where(Resource.active, Resource.id != resource_id)
    if session.scalars(others.limit(1)).first() is None:
        raise LastResource
    session.get_one(Resource, resource_id).active = False
    session.flush()
    moved, kept = [], []
    for appointment in coming_with(session, resource_id, now):
        booking = _given_on(session, appointment, now) if moves else None
        if booking is None:
            kept.append(appointment.id)
        else:
            moved.append(booking)
    return Left(moved, kept)


def come_back(session: Session, resource_id: int) -> None:
    """Whoever had left can be booked again, and still has what was kept."""
    lock_calendar(session)
    session.get_one(Resource, resource_id).active = True


def _given_on(session: Session, appointment: Appointment, now: datetime) -> Booking | None:
    """The appointment with somebody else at the same time; None when nobody can take it."""
    result = move_appointment(session, appointment_id=appointment.id, start=appointment.starts_at, now=now, want=Want())
    return result.booking if result.outcome is Outcome.DONE else None
