"""What is on file under the number a call comes from (L8). It can be faked: this is data, and proves nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.db.models import Appointment, AppointmentStatus, Customer


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """`name`: of the customer with this number, "" when there is none. `coming`: appointments that are not over."""

    name: str = ""
    coming: int = 0


def known_caller(session: Session, phone: str, now: datetime) -> KnownCaller:
    """The customer of the session's business with this number (E.164). A withheld number is nobody's."""
    customer = session.scalars(select(Customer).where(Customer.phone == phone)).one_or_none() if phone else None
    if customer is None:
        return KnownCaller()
    coming = select(func.count(Appointment.id)).where(
        Appointment.customer_id == customer.id,
        Appointment.status == AppointmentStatus.BOOKED,
        Appointment.ends_at > now,
    )
    return KnownCaller(customer.name, session.scalar(coming) or 0)
