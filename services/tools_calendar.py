"""The calendar's own hand: check, hold, book, move and cancel, exactly once under any race (A3).

Every function runs in the caller's transaction and talks to nobody else. Changes of one business's calendar queue
behind a lock on the business's row (SQLite has one writer anyway), so that what was checked is what is written; the
schema forbids overlaps as well, whoever writes them. Instants are aware datetimes; a naive start is a wall-clock time
of the business. Which caller may touch which appointment is decided here, not by what a model says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import delete, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.business_policy import Policy, SlotVerdict, validate_appointment_slot
from services.calendar_slots import (
    HOLD,
    HoldResult,
    SlotCheck,
    around,
    busy_spans,
    check_slot,
    hold_slot,
    lock_calendar,
    policy_of_session,
    release_hold,
)
from services.caller_text import plain
from services.calls import bind_business, bind_call
from services.confirmations import drop_confirmations, queue_confirmation
from services.crm import NAME_LIMIT, NOTES_LIMIT, SERVICE_LIMIT, upsert_customer, upsert_lead
from services.models import Appointment, AppointmentStatus, Call, Customer, LeadStatus, SlotHold

__all__ = [
    "HOLD",
    "Booking",
    "BookingResult",
    "HoldResult",
    "NoSuchAppointment",
    "Outcome",
    "SlotCheck",
    "Wish",
    "callers_appointments",
    "cancel_appointment",
    "check_slot",
    "create_appointment_by_owner",
    "create_appointment_from_realtime",
    "hold_slot",
    "move_appointment",
    "release_hold",
    "set_appointment_status",
]

_OWNERS_WINDOW_DAYS = 730


class NoSuchAppointment(Exception):
    """There is none with this id that this caller, or this business, may change."""


class Outcome(StrEnum):
    """repeated: the same request was carried out before, and its result is returned again."""

    DONE = "done"
    REPEATED = "repeated"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Booking:
    """An appointment as it is told. Times in the business's zone; sequence rises with every change."""

    id: int
    uid: str
    start: datetime
    end: datetime
    status: AppointmentStatus
    sequence: int
    name: str
    phone: str
    service: str


@dataclass(frozen=True, slots=True)
class BookingResult:
    """verdict says why when refused; booking is there unless it was."""

    outcome: Outcome
    verdict: SlotVerdict
    booking: Booking | None = None


def create_appointment_from_realtime(
    session: Session,
    *,
    call_id: int,
    start: datetime,
    phone: str,
    name: str,
    now: datetime,
    service: str = "",
    notes: str = "",
    duration_min: int | None = None,
) -> BookingResult:
    """Book a slot for a caller, once: the same slot asked for again in the same call is the same booking.

    phone: E.164, checked before. With the appointment come its customer, its lead and, where the business wants it,
    the confirmation message: all of them or none. Raises UnknownCall, BadPhone.
    """
    bind_business(session, call_id)
    lock_calendar(session)
    policy = policy_of_session(session)
    verdict = validate_appointment_slot(policy, start, now, duration_min=duration_min)
    if verdict.start is None:
        return BookingResult(Outcome.REFUSED, verdict)
    key = _request_key(call_id, verdict.start)
    known = _by_key(session, key)
    if known is not None:
        return BookingResult(Outcome.REPEATED, verdict, _booking(known, policy))
    result = _book(
        session,
        policy,
        Wish(start, phone, name, service, notes, duration_min),
        key=key,
        call_id=call_id,
        now=now,
    )
    if result.booking is not None:
        session.execute(delete(SlotHold).where(SlotHold.call_id == call_id))
        upsert_lead(
            session, call_id, name=name, phone=phone, service=service, notes=notes, status=LeadStatus.BOOKED, now=now
        )
    return result


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be booked. phone: E.164."""

    start: datetime
    phone: str
    name: str
    service: str = ""
    notes: str = ""
    duration_min: int | None = None


def create_appointment_by_owner(session: Session, wish: Wish, *, request_key: str, now: datetime) -> BookingResult:
    """Book for the session's business, by its owner: opening hours hold, notice and window do not.

    request_key: unique per form shown, so that a form sent twice books once. Raises BadPhone.
    """
    lock_calendar(session)
    policy = _owners(policy_of_session(session))
    key = f"owner:{request_key}"[:120]
    known = _by_key(session, key)
    if known is not None:
        verdict = validate_appointment_slot(policy, wish.start, now, duration_min=wish.duration_min)
        return BookingResult(Outcome.REPEATED, verdict, _booking(known, policy))
    return _book(session, policy, wish, key=key, call_id=None, now=now)


def move_appointment(
    session: Session,
    *,
    appointment_id: int,
    start: datetime,
    now: datetime,
    call_id: int | None = None,
) -> BookingResult:
    """Give a booked appointment another time; its own old time is free for it. Its length stays.

    With a call_id only what that caller may touch; without, the session's business moves it by its owner's rules.
    Raises NoSuchAppointment, UnknownCall.
    """
    appointment = _to_change(session, appointment_id, call_id)
    if appointment.status is not AppointmentStatus.BOOKED:
        raise NoSuchAppointment
    policy = policy_of_session(session) if call_id is not None else _owners(policy_of_session(session))
    length_min = round((appointment.ends_at - appointment.starts_at) / timedelta(minutes=1))
    busy = busy_spans(session, *around(start), now, except_call=call_id, except_appointment=appointment.id)
    verdict = validate_appointment_slot(policy, start, now, busy, duration_min=length_min)
    if verdict.start is not None and verdict.start == appointment.starts_at:
        return BookingResult(Outcome.REPEATED, verdict, _booking(appointment, policy))
    begins, ends = verdict.start, verdict.end
    if not verdict.ok or begins is None or ends is None:
        return BookingResult(Outcome.REFUSED, verdict)
    # A repeat of the request that booked the old time must not find this one.
    key = f"moved:{appointment.uid}" if call_id is None else _request_key(call_id, begins)

    def change() -> None:
        appointment.starts_at, appointment.ends_at, appointment.request_key = begins, ends, key
        _changed(session, appointment, now)

    if not _kept(session, change):
        return BookingResult(Outcome.REFUSED, replace(verdict, rule="busy"))
    queue_confirmation(session, appointment, now)
    return BookingResult(Outcome.DONE, verdict, _booking(appointment, policy))


def cancel_appointment(session: Session, *, appointment_id: int, now: datetime, call_id: int | None = None) -> Booking:
    """Free an appointment's time. Cancelling twice is harmless. As move_appointment for who may."""
    appointment = _to_change(session, appointment_id, call_id)
    if appointment.status is AppointmentStatus.BOOKED:
        appointment.status = AppointmentStatus.CANCELLED
        # The same caller may book the same time again.
        appointment.request_key = f"cancelled:{appointment.uid}"
        _changed(session, appointment, now)
    elif appointment.status is not AppointmentStatus.CANCELLED:
        raise NoSuchAppointment
    return _booking(appointment, policy_of_session(session))


def set_appointment_status(
    session: Session, *, appointment_id: int, status: AppointmentStatus, now: datetime
) -> BookingResult:
    """Done, no show, or booked again after a mistake, by the session's business. Raises NoSuchAppointment."""
    appointment = _to_change(session, appointment_id, None)
    policy = policy_of_session(session)
    verdict = SlotVerdict("ok", appointment.starts_at, appointment.ends_at)
    if status is appointment.status:
        return BookingResult(Outcome.REPEATED, verdict, _booking(appointment, policy))

    def change() -> None:
        appointment.status = status
        if status is AppointmentStatus.CANCELLED:
            appointment.request_key = f"cancelled:{appointment.uid}"
        _changed(session, appointment, now)

    if not _kept(session, change):
        return BookingResult(Outcome.REFUSED, replace(verdict, rule="busy"))
    return BookingResult(Outcome.DONE, verdict, _booking(appointment, policy))


def callers_appointments(session: Session, call_id: int, now: datetime) -> list[Booking]:
    """Coming appointments this caller may hear of, move and cancel: made in this call, or under the number it
    comes from. Earliest first. Raises UnknownCall."""
    call = bind_call(session, call_id)
    policy = policy_of_session(session)
    coming = (
        select(Appointment)
        .join(Customer, Customer.id == Appointment.customer_id)
        .where(
            Appointment.status == AppointmentStatus.BOOKED,
            Appointment.ends_at > now,
            or_(Appointment.call_id == call.id, Customer.phone == call.caller),
        )
    )
    rows = session.scalars(coming.order_by(Appointment.starts_at)).all()
    return [_booking(row, policy) for row in rows if _may_touch(call, row)]


def _book(
    session: Session, policy: Policy, wish: Wish, *, key: str, call_id: int | None, now: datetime
) -> BookingResult:
    busy = busy_spans(session, *around(wish.start), now, except_call=call_id)
    verdict = validate_appointment_slot(policy, wish.start, now, busy, duration_min=wish.duration_min)
    if not verdict.ok:
        return BookingResult(Outcome.REFUSED, verdict)
    customer = upsert_customer(session, phone=wish.phone, name=wish.name, now=now)
    appointment = Appointment(
        uid=str(uuid4()),
        request_key=key,
        starts_at=verdict.start,
        ends_at=verdict.end,
        customer_id=customer.id,
        call_id=call_id,
        name=plain(wish.name, NAME_LIMIT),
        service=plain(wish.service, SERVICE_LIMIT),
        notes=plain(wish.notes, NOTES_LIMIT),
        created_at=now,
        updated_at=now,
    )
    if not _kept(session, lambda: session.add(appointment)):
        return BookingResult(Outcome.REFUSED, replace(verdict, rule="busy"))
    session.refresh(appointment)
    queue_confirmation(session, appointment, now)
    return BookingResult(Outcome.DONE, verdict, _booking(appointment, policy))


def _kept(session: Session, change: Callable[[], None]) -> bool:
    """Make the change; False, and undone, when the schema refuses an overlap with someone who took no lock."""
    try:
        with session.begin_nested():
            change()
            session.flush()
    except IntegrityError as error:
        if "ex_appointments_no_overlap" not in str(error.orig):
            raise
        return False
    return True


def _to_change(session: Session, appointment_id: int, call_id: int | None) -> Appointment:
    call = None if call_id is None else bind_call(session, call_id)
    lock_calendar(session)
    query = select(Appointment).where(Appointment.id == appointment_id).execution_options(populate_existing=True)
    appointment = session.scalars(query).one_or_none()
    if appointment is None or (call is not None and not _may_touch(call, appointment)):
        raise NoSuchAppointment
    return appointment


def _may_touch(call: Call, appointment: Appointment) -> bool:
    return appointment.call_id == call.id or (bool(call.caller) and appointment.customer.phone == call.caller)


def _changed(session: Session, appointment: Appointment, now: datetime) -> None:
    appointment.sequence += 1
    appointment.updated_at = now
    drop_confirmations(session, appointment)


def _by_key(session: Session, key: str) -> Appointment | None:
    return session.scalars(select(Appointment).where(Appointment.request_key == key)).one_or_none()


def _request_key(call_id: int, start: datetime) -> str:
    return f"call:{call_id}:{start.astimezone(UTC):%Y%m%dT%H%MZ}"


def _owners(policy: Policy) -> Policy:
    return replace(policy, min_notice_min=0, booking_window_days=_OWNERS_WINDOW_DAYS)


def _booking(appointment: Appointment, policy: Policy) -> Booking:
    return Booking(
        id=appointment.id,
        uid=appointment.uid,
        start=appointment.starts_at.astimezone(policy.zone),
        end=appointment.ends_at.astimezone(policy.zone),
        status=appointment.status,
        sequence=appointment.sequence,
        name=appointment.name,
        phone=appointment.customer.phone,
        service=appointment.service,
    )
