"""From a verdict to a place in a diary, and what the schema says when somebody else was first (K3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.appointments.taken import Place
from services.business_policy import SlotVerdict, Span
from services.db.models import Appointment, TakenTime
from services.policy.catalogue import Catalogue, Plan, Want

# What the schema says when somebody who took no lock was first: the time, the class that went, the seat.
_LOST = (
    "ex_taken_times_no_overlap",
    "ex_appointments_inside",
    "uq_appointments_taken_id_seat",
    "appointments.taken_id, appointments.seat",
    "ck_appointments_seat",
)


def place_of(plan: Plan, verdict: SlotVerdict) -> Place | None:
    """Where the verdict found room; None when it refused."""
    start, end, resource = verdict.start, verdict.end, verdict.resource
    if not verdict.ok or start is None or end is None or resource is None or verdict.taken is None:
        return None
    told = Span(start.astimezone(UTC), end.astimezone(UTC))
    return Place(resource, told, verdict.taken, plan.need.service_id, plan.need.seats)


def place_again(catalogue: Catalogue, appointment: Appointment) -> Place:
    """Where an appointment was before it was cancelled or nobody came."""
    told = Span(appointment.starts_at, appointment.ends_at)
    service = catalogue.service(appointment.service_id)
    if service is None:
        return Place(appointment.resource_id, told, told)
    return Place(appointment.resource_id, told, service.need.around(told), service.id, service.capacity)


def plan_to_move(session: Session, catalogue: Catalogue, appointment: Appointment, want: Want | None) -> Plan:
    """For another time of an appointment. Whatever has become of its service since, it keeps its length and the time
    around it; want None: with the same person, who may have left meanwhile: then with whoever is free."""
    stands = Want(appointment.service_id, appointment.resource_id)
    resource = catalogue.resource(stands.resource_id)
    stays = stands if resource is not None and resource.active else Want(stands.service_id)
    wanted = stays if want is None else replace(want, service_id=want.service_id or stands.service_id)
    plan = replace(catalogue.plan(wanted, stands=stands), prefer=stands.resource_id)
    if wanted.service_id != stands.service_id:
        return plan
    taken = session.get_one(TakenTime, appointment.taken_id)
    before, after = appointment.starts_at - taken.starts_at, taken.ends_at - appointment.ends_at
    length = appointment.ends_at - appointment.starts_at
    return replace(plan, need=replace(plan.need, length=length, before=before, after=after))


def stays(appointment: Appointment, place: Place) -> bool:
    """Whether it is where it should be."""
    there = appointment.starts_at, appointment.resource_id, appointment.service_id
    return there == (place.told.start, place.resource_id, place.service_id)


def kept(session: Session, change: Callable[[], None]) -> bool:
    """Make the change; False, and undone, when the schema refuses an overlap with someone who took no lock."""
    try:
        with session.begin_nested():
            change()
            session.flush()
    except IntegrityError as error:
        if not any(each in str(error.orig) for each in _LOST):
            raise
        return False
    return True
