"""What of a business's time is taken, and the slots held for callers who are still being asked (A3).

Every function runs in the caller's transaction; the session serves the business. Instants are aware datetimes; a naive
start is a wall-clock time of the business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.business_policy import Policy, SlotVerdict, nearest_alternatives, validate_appointment_slot
from services.businesses import policy_of
from services.calls import bind_business
from services.models import ACTIVE_APPOINTMENT, Appointment, Business, BusinessSettings, Call, SlotHold
from services.tenancy import Tenant, business_of

HOLD = timedelta(minutes=3)
# The longest appointment the policy allows, so that a neighbour reaching into the slot is always looked at.
_REACH = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class SlotCheck:
    """A verdict and, when it refuses, up to three bookable starts nearest to the one asked for."""

    verdict: SlotVerdict
    alternatives: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class HoldResult:
    """until: when the hold expires; None when the slot was refused."""

    verdict: SlotVerdict
    until: datetime | None = None


def check_slot(
    session: Session,
    *,
    call_id: int,
    start: datetime,
    now: datetime,
    duration_min: int | None = None,
    except_appointment: int | None = None,
) -> SlotCheck:
    """Whether this call could book the slot now, or move `except_appointment` to it. Changes nothing. Raises
    UnknownCall."""
    bind_business(session, call_id)
    policy = policy_of_session(session)
    busy = busy_spans(session, *around(start), now, except_call=call_id, except_appointment=except_appointment)
    verdict = validate_appointment_slot(policy, start, now, busy, duration_min=duration_min)
    if verdict.ok:
        return SlotCheck(verdict)
    ahead = now + timedelta(days=policy.booking_window_days + 2)
    busy = busy_spans(session, now, ahead, now, except_call=call_id)
    return SlotCheck(verdict, tuple(nearest_alternatives(policy, start, now, busy, duration_min=duration_min)))


def hold_slot(
    session: Session, *, call_id: int, start: datetime, now: datetime, duration_min: int | None = None
) -> HoldResult:
    """Keep a free slot for this call for HOLD; a call holds one slot at a time. Raises UnknownCall."""
    bind_business(session, call_id)
    tenant = lock_calendar(session)
    busy = busy_spans(session, *around(start), now, except_call=call_id)
    verdict = validate_appointment_slot(policy_of_session(session), start, now, busy, duration_min=duration_min)
    if not verdict.ok:
        return HoldResult(verdict)
    session.execute(delete(SlotHold).where(SlotHold.expires_at <= now))
    values = {"call_id": call_id, "starts_at": verdict.start, "ends_at": verdict.end, "expires_at": now + HOLD}
    tenant.upsert(SlotHold, values, key=["call_id"])
    return HoldResult(verdict, now + HOLD)


def release_hold(session: Session, call_id: int) -> None:
    """Give back what this call holds. Raises UnknownCall."""
    bind_business(session, call_id)
    session.execute(delete(SlotHold).where(SlotHold.call_id == call_id))


def busy_spans(
    session: Session,
    start: datetime,
    end: datetime,
    now: datetime,
    *,
    except_call: int | None = None,
    except_appointment: int | None = None,
) -> list[tuple[datetime, datetime]]:
    """What of [start, end) is taken: active appointments, and slots that other calls in progress hold."""
    appointments = select(Appointment.starts_at, Appointment.ends_at).where(
        Appointment.status.in_(ACTIVE_APPOINTMENT), Appointment.starts_at < end, Appointment.ends_at > start
    )
    if except_appointment is not None:
        appointments = appointments.where(Appointment.id != except_appointment)
    holds = (
        select(SlotHold.starts_at, SlotHold.ends_at)
        .join(Call, Call.id == SlotHold.call_id)
        .where(SlotHold.expires_at > now, Call.ended_at.is_(None), SlotHold.starts_at < end, SlotHold.ends_at > start)
    )
    if except_call is not None:
        holds = holds.where(SlotHold.call_id != except_call)
    taken = [*session.execute(appointments), *session.execute(holds)]
    return [(row.starts_at, row.ends_at) for row in taken]


def lock_calendar(session: Session) -> Tenant:
    """Queue behind everyone who is changing this business's calendar, until the transaction ends."""
    session.scalars(select(Business.id).with_for_update(key_share=True)).one()
    return Tenant(session, business_of(session))


def policy_of_session(session: Session) -> Policy:
    return policy_of(session.scalars(select(BusinessSettings)).one())


def around(start: datetime) -> tuple[datetime, datetime]:
    """A span wide enough to hold every neighbour of a slot, whatever zone a naive start is in."""
    middle = start.replace(tzinfo=UTC) if start.tzinfo is None else start
    return middle - _REACH, middle + _REACH
