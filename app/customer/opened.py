"""What a customer's link opens, as a value: one appointment, and nothing of anybody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.customers import ERASED
from services.db.models import Appointment, AppointmentStatus, Business, BusinessNumber
from services.db.tenancy import bind_business, unscoped
from services.texts.acts import is_coming
from services.texts.choices import Choices, choices


class State(StrEnum):
    COMING = "coming"
    CANCELLED = "cancelled"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Opened:
    """start, end: in the business's zone. phone: the business's own number. may_change: whether customers may move and
    cancel."""

    business_id: int
    business: str
    phone: str
    language: str
    may_change: bool
    appointment_id: int
    sequence: int
    state: State
    start: datetime
    end: datetime
    name: str
    service: str
    is_confirmed: bool
    choices: Choices | None


def find_opened(session: Session, appointment_id: int, now: datetime, day: date | None) -> Opened | None:
    """None when its business is closed down, gives no links any more, or the person was erased. day: whose free times
    are shown."""
    with unscoped(session, "a customer's link names an appointment, and that its business"):
        row = session.get(Appointment, appointment_id)
    if row is None:
        return None
    bind_business(session, row.business_id)
    business = session.scalars(select(Business)).one()
    settings = business.settings
    if not business.is_active or not settings.customer_link or row.customer.phone == ERASED:
        return None
    zone, state = ZoneInfo(settings.timezone), _state(row, now)
    may_choose = state is State.COMING and settings.may_change
    return Opened(
        business_id=business.id,
        business=business.name,
        phone=session.scalars(select(BusinessNumber.e164).order_by(BusinessNumber.id)).first() or "",
        language="he" if settings.language == "he" else "en",
        may_change=settings.may_change,
        appointment_id=row.id,
        sequence=row.sequence,
        state=state,
        start=row.starts_at.astimezone(zone),
        end=row.ends_at.astimezone(zone),
        name=row.name,
        service=row.service,
        is_confirmed=row.confirmed_at is not None,
        choices=choices(session, row, now, day) if may_choose else None,
    )


def _state(row: Appointment, now: datetime) -> State:
    if row.status is AppointmentStatus.CANCELLED:
        return State.CANCELLED
    return State.COMING if is_coming(row, now) else State.OVER
