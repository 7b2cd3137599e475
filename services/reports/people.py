"""Customers, leads, appointments and users as the pages list them.

Every function runs in a read transaction bound to one business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from services.appointments.customers import ERASED
from services.db.models import Appointment, AppointmentStatus, Call, Customer, Lead, LeadStatus, Membership, Role, User
from services.db.slow_reads import READS_MUCH
from services.reports.calls import number_parts

PAGE_ROWS = 30
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """`number` from 1."""

    rows: Sequence[R]
    number: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class CustomerDetail:
    """One customer and the newest of what belongs to the number."""

    customer: Customer
    appointments: Sequence[Appointment]
    calls: Sequence[Call]
    leads: Sequence[Lead]


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may open the business."""

    user_id: int
    name: str
    email: str
    role: Role
    is_active: bool
    last_login_at: datetime | None


def customer_page(session: Session, text: str, number: int) -> Page[Customer]:
    """Customers by name; `text`: part of a name, a city or a number."""
    query = select(Customer).where(Customer.phone != ERASED).order_by(Customer.updated_at.desc(), Customer.id.desc())
    if text:
        query = query.where(
            or_(
                Customer.name.icontains(text, autoescape=True),
                Customer.city.icontains(text, autoescape=True),
                *(Customer.phone.contains(each) for each in number_parts(text)),
            )
        )
    return _page(session, query, number)


def customer_detail(session: Session, customer_id: int, limit: int = 20) -> CustomerDetail | None:
    """The customer with appointments, calls and leads, newest first; None when this business has no such one."""
    customer = session.get(Customer, customer_id)
    if customer is None or customer.phone == ERASED:
        return None
    appointments = select(Appointment).where(Appointment.customer_id == customer_id)
    calls = select(Call).where(Call.caller == customer.phone)
    leads = select(Lead).where(Lead.customer_id == customer_id)
    return CustomerDetail(
        customer,
        session.scalars(appointments.order_by(Appointment.starts_at.desc()).limit(limit)).all(),
        session.scalars(calls.order_by(Call.started_at.desc()).limit(limit)).all(),
        session.scalars(leads.order_by(Lead.id.desc()).limit(limit)).all(),
    )


def lead_page(session: Session, status: LeadStatus | None, number: int) -> Page[Lead]:
    """Leads, newest first."""
    query = select(Lead).order_by(Lead.id.desc())
    return _page(session, query if status is None else query.where(Lead.status == status), number)


def lead_counts(session: Session) -> dict[LeadStatus, int]:
    """How many leads there are of each status."""
    rows = session.execute(select(Lead.status, func.count(Lead.id)).group_by(Lead.status))
    return {row[0]: row[1] for row in rows}


def appointment_page(session: Session, which: str, number: int, now: datetime) -> Page[Appointment]:
    """which: "coming" (booked, soonest first), "past" or "cancelled" (both latest first)."""
    query = select(Appointment)
    if which == "past":
        query = query.where(Appointment.ends_at <= now, Appointment.status != AppointmentStatus.CANCELLED)
    elif which == "cancelled":
        query = query.where(Appointment.status == AppointmentStatus.CANCELLED)
    else:
        query = query.where(Appointment.ends_at > now, Appointment.status != AppointmentStatus.CANCELLED)
    order = Appointment.starts_at.asc() if which == "coming" else Appointment.starts_at.desc()
    return _page(session, query.order_by(order, Appointment.id), number)


def appointments_between(session: Session, start: datetime, end: datetime) -> Sequence[Appointment]:
    """What touches [start, end) and was not cancelled, in order."""
    query = select(Appointment).where(
        Appointment.starts_at < end, Appointment.ends_at > start, Appointment.status != AppointmentStatus.CANCELLED
    )
    return session.scalars(query.order_by(Appointment.starts_at)).all()


def colleagues(session: Session) -> list[Colleague]:
    """Who may open this business, owners first."""
    rows = session.execute(
        select(Membership, User).join(User, User.id == Membership.user_id).order_by(Membership.role, User.email)
    )
    return [
        Colleague(user.id, user.name, user.email, membership.role, user.is_active, user.last_login_at)
        for membership, user in rows
    ]


def _page(session: Session, query: Select[R], number: int) -> Page[R]:
    query = query.offset((number - 1) * PAGE_ROWS).limit(PAGE_ROWS + 1).execution_options(**READS_MUCH)
    rows: Sequence[R] = session.scalars(query).all()
    return Page(rows[:PAGE_ROWS], number, len(rows) > PAGE_ROWS)
