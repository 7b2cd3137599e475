"""The calendar's own hand: check, hold, book, move and cancel, exactly once under any race (A3, K3).

Every function runs in the transaction of the calling code and talks to nobody else. Changes of one business's calendar
queue behind a lock on the business's row (SQLite has one writer anyway), so that what was checked is what is written;
the schema forbids overlaps and overfull classes as well, whoever writes them. Instants are aware datetimes; a naive
start is a wall-clock time of the business. Which caller may touch which appointment is decided here, not by what a
model says.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from services.accounts.catalogue import catalogue_of
from services.appointments.confirmations import drop_confirmations, queue_change, queue_confirmation
from services.appointments.customers import NAME_LIMIT, NOTES_LIMIT, SERVICE_LIMIT, upsert_customer, upsert_lead
from services.appointments.elsewhere import tell_calendars
from services.appointments.places import kept, place_again, place_of, plan_to_move, stays
from services.appointments.reminders import look_out
from services.appointments.slots import (
    HOLD,
    HoldResult,
    SlotCheck,
    check_slot,
    held_with,
    hold_slot,
    lock_calendar,
    policy_of_session,
    release_hold,
    verdict_on,
)
from services.appointments.taken import Place, move_to, occupy
from services.business_policy import Policy, SlotVerdict, Span
from services.calls.lifecycle import bind_by_call, bind_call
from services.db.models import (
    ACTIVE_APPOINTMENT,
    Appointment,
    AppointmentStatus,
    BusinessSettings,
    Call,
    Customer,
    LeadStatus,
    SlotHold,
    TakenTime,
)
from services.language.text import one_line
from services.policy.catalogue import ANYTHING, Plan, Want
from services.policy.openings import judge
from services.policy.slots import slot_facts, wall_of

__all__ = [
    "HOLD",
    "Booking",
    "BookingResult",
    "ChangedMeanwhile",
    "HoldResult",
    "NoSuchAppointment",
    "Outcome",
    "SlotCheck",
    "Want",
    "Wish",
    "callers_appointments",
    "cancel_appointment",
    "check_move",
    "check_slot",
    "create_appointment_by_owner",
    "create_appointment_from_realtime",
    "hold_slot",
    "move_appointment",
    "past_appointments",
    "place_appointment",
    "release_hold",
    "set_appointment_status",
]


class NoSuchAppointment(Exception):
    """There is none with this id that this caller, or this business, may change."""


class ChangedMeanwhile(Exception):
    """The appointment is no longer as it was when the change was asked for."""


class Outcome(StrEnum):
    """repeated: the same request was carried out before, and its result is returned again."""

    DONE = "done"
    REPEATED = "repeated"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Booking:
    """An appointment as it is told. Times in the business's zone; sequence rises with every change.

    customer: the name under which the number is on file. call_id: the call that made it. resource: with whom, "" where
    nobody is named.
    """

    id: int
    uid: str
    start: datetime
    end: datetime
    status: AppointmentStatus
    sequence: int
    name: str
    phone: str
    service: str
    customer: str = ""
    call_id: int | None = None
    service_id: int | None = None
    resource_id: int | None = None
    resource: str = ""


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
    want: Want = ANYTHING,
    duration_min: int | None = None,
    request: str = "",
) -> BookingResult:
    """Book a slot for a caller, once: the same slot asked for again in the same call is the same booking.

    phone: E.164, checked before. service: in the caller's words, where `want` names none. request: what sets apart two
    appointments that one call wants at the same time. With the appointment come its customer and, where the business
    wants them, its lead and the confirmation message: all of them or none. Raises UnknownCall, BadPhone.
    """
    bind_by_call(session, call_id)
    lock_calendar(session)
    catalogue = catalogue_of(session)
    plan = replace(catalogue.plan(want, duration_min), prefer=held_with(session, call_id))
    rules = judge(plan, start, now, {})
    if rules.start is None:
        return BookingResult(Outcome.REFUSED, rules)
    key = _request_key(call_id, rules.start, request)
    known = _by_key(session, key)
    if known is not None:
        return BookingResult(Outcome.REPEATED, rules, _booking(known, catalogue.policy))
    verdict = verdict_on(session, plan, start, now, except_call=call_id)
    wish = Wish(start, phone, name, service, notes, duration_min, want)
    result = _book(session, plan, verdict, wish, key=key, call_id=call_id, now=now)
    if result.booking is not None:
        session.execute(delete(SlotHold).where(SlotHold.call_id == call_id))
        if session.scalars(select(BusinessSettings.may_take_leads)).one():
            booked, about = LeadStatus.BOOKED, result.booking.service
            upsert_lead(session, call_id, name=name, phone=phone, service=about, notes=notes, status=booked, now=now)
    return result


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be booked. phone: E.164. service: in words, where `want` names none."""

    start: datetime
    phone: str
    name: str
    service: str = ""
    notes: str = ""
    duration_min: int | None = None
    want: Want = ANYTHING


def create_appointment_by_owner(
    session: Session, wish: Wish, *, request_key: str, now: datetime, uid: str = "", is_new: bool = True
) -> BookingResult:
    """Book for the session's business, by its owner: opening hours hold, notice and window do not, and what is only on
    request can be booked.

    request_key: unique per form shown, so that a form sent twice books once. uid: the appointment's own, where it has
    one already. is_new: the customer gets a confirmation; not where it was agreed elsewhere. Raises BadPhone.
    """
    lock_calendar(session)
    catalogue = catalogue_of(session).for_owner()
    plan = catalogue.plan(wish.want, wish.duration_min)
    key = f"owner:{request_key}"[:120]
    known = _by_key(session, key)
    if known is not None:
        return BookingResult(Outcome.REPEATED, judge(plan, wish.start, now, {}), _booking(known, catalogue.policy))
    verdict = verdict_on(session, plan, wish.start, now)
    return _book(session, plan, verdict, wish, key=key, call_id=None, now=now, uid=uid, is_new=is_new)


def move_appointment(
    session: Session,
    *,
    appointment_id: int,
    start: datetime,
    now: datetime,
    call_id: int | None = None,
    numbers: Collection[str] = (),
    want: Want | None = None,
    by_link: bool = False,
    seen: int | None = None,
    tells: bool = True,
) -> BookingResult:
    """Give a booked appointment another time; its own old time is free for it. Its length stays, and so does the time
    before and after, as long as it is for the same service.

    want: another service or person (a resource_id of None: whoever is free); None: as it is.
    With a call_id only what was made in that call or stands under one of `numbers`, and the customer is told by SMS;
    by_link: by whoever has its link, by the same rules as callers (K6); without either the session's business moves it
    by its owner's rules, and `tells` the customer or not. seen: its `sequence` as whoever asks has seen it. Raises
    NoSuchAppointment, ChangedMeanwhile, UnknownCall.
    """
    appointment = _to_change(session, appointment_id, call_id, numbers)
    if seen is not None and appointment.sequence != seen:
        raise ChangedMeanwhile
    if appointment.status is not AppointmentStatus.BOOKED:
        raise NoSuchAppointment
    is_owner = call_id is None and not by_link
    catalogue = catalogue_of(session).for_owner() if is_owner else catalogue_of(session)
    plan = plan_to_move(session, catalogue, appointment, want)
    verdict = verdict_on(session, plan, start, now, except_call=call_id, except_appointment=appointment.id)
    place = place_of(plan, verdict)
    if place is not None and stays(appointment, place):
        return BookingResult(Outcome.REPEATED, verdict, _booking(appointment, catalogue.policy))
    if place is None:
        return BookingResult(Outcome.REFUSED, verdict)
    # A repeat of the request that booked the old time must not find this one.
    key = _key_of_moved(session, appointment, call_id, place.told.start)
    is_other_service = place.service_id != appointment.service_id

    def change() -> None:
        move_to(session, appointment, place)
        appointment.request_key = key
        appointment.service = plan.service[:SERVICE_LIMIT] if is_other_service else appointment.service
        appointment.confirmed_at = None
        _changed(session, appointment, now)

    if not kept(session, change):
        return BookingResult(Outcome.REFUSED, replace(verdict, rule="busy"))
    session.refresh(appointment)
    if not is_owner:
        queue_change(session, appointment, now, by_link=by_link)
    elif tells:
        queue_confirmation(session, appointment, now)
    return BookingResult(Outcome.DONE, verdict, _booking(appointment, catalogue.policy))


def check_move(
    session: Session,
    *,
    appointment_id: int,
    start: datetime,
    now: datetime,
    call_id: int,
    numbers: Collection[str] = (),
    want: Want | None = None,
) -> SlotVerdict:
    """Whether move_appointment would move it there now. Changes nothing. Raises NoSuchAppointment, UnknownCall."""
    appointment = _to_change(session, appointment_id, call_id, numbers)
    if appointment.status is not AppointmentStatus.BOOKED:
        raise NoSuchAppointment
    plan = plan_to_move(session, catalogue_of(session), appointment, want)
    return verdict_on(session, plan, start, now, except_call=call_id, except_appointment=appointment.id)


def cancel_appointment(
    session: Session,
    *,
    appointment_id: int,
    now: datetime,
    call_id: int | None = None,
    numbers: Collection[str] = (),
) -> Booking:
    """Free an appointment's time. Cancelling twice is harmless. As move_appointment for who may and who is told."""
    appointment = _to_change(session, appointment_id, call_id, numbers)
    if appointment.status is AppointmentStatus.BOOKED:
        appointment.status, appointment.taken_id = AppointmentStatus.CANCELLED, None
        # The same caller may book the same time again.
        appointment.request_key = f"cancelled:{appointment.uid}"
        _changed(session, appointment, now)
        if call_id is not None:
            queue_change(session, appointment, now)
    elif appointment.status is not AppointmentStatus.CANCELLED:
        raise NoSuchAppointment
    return _booking(appointment, policy_of_session(session))


def set_appointment_status(
    session: Session, *, appointment_id: int, status: AppointmentStatus, now: datetime
) -> BookingResult:
    """Done, no show, or booked again after a mistake, by the session's business. Raises NoSuchAppointment."""
    appointment = _to_change(session, appointment_id, None, ())
    catalogue = catalogue_of(session)
    verdict = SlotVerdict("ok", appointment.starts_at, appointment.ends_at, resource=appointment.resource_id)
    if status is appointment.status:
        return BookingResult(Outcome.REPEATED, verdict, _booking(appointment, catalogue.policy))

    def change() -> None:
        with session.no_autoflush:  # an active one without a seat is no row
            appointment.status = status
            if status not in ACTIVE_APPOINTMENT:
                appointment.taken_id = None
            elif appointment.taken_id is None:
                occupy(session, appointment, place_again(catalogue, appointment))
        if status is AppointmentStatus.CANCELLED:
            appointment.request_key = f"cancelled:{appointment.uid}"
        _changed(session, appointment, now)

    if not kept(session, change):
        facts = slot_facts([catalogue.policy], wall_of(catalogue.policy, appointment.starts_at))
        return BookingResult(Outcome.REFUSED, replace(verdict, rule="busy", facts=facts))
    return BookingResult(Outcome.DONE, verdict, _booking(appointment, catalogue.policy))


def place_appointment(session: Session, *, appointment_id: int, told: Span, now: datetime) -> bool:
    """Put an appointment of the session's business exactly there, as its owner has done in a calendar elsewhere (K5):
    hours and grid are not asked, only that the time is free. A cancelled one is booked again, and the customer is told.
    False, and nothing done, where somebody has the time. Raises NoSuchAppointment.
    """
    appointment = _to_change(session, appointment_id, None, ())
    if appointment.status is AppointmentStatus.BOOKED:
        taken = session.get_one(TakenTime, appointment.taken_id)
        around = appointment.starts_at - taken.starts_at, taken.ends_at - appointment.ends_at
    elif appointment.status is AppointmentStatus.CANCELLED:
        before = place_again(catalogue_of(session), appointment)
        around = before.told.start - before.taken.start, before.taken.end - before.told.end
    else:
        raise NoSuchAppointment
    wide = Span(told.start - around[0], told.end + around[1])
    place = Place(appointment.resource_id, told, wide, appointment.service_id, appointment.capacity)

    def change() -> None:
        with session.no_autoflush:  # an active one without a seat is no row
            appointment.status = AppointmentStatus.BOOKED
            (occupy if appointment.taken_id is None else move_to)(session, appointment, place)
        appointment.request_key = f"moved:{appointment.uid}"
        appointment.confirmed_at = None
        _changed(session, appointment, now)

    if not kept(session, change):
        session.refresh(appointment)
        return False
    queue_confirmation(session, appointment, now)
    return True


def callers_appointments(
    session: Session, call_id: int, now: datetime, *, numbers: Collection[str] = ()
) -> list[Booking]:
    """Coming appointments made in this call, or standing under one of `numbers` (E.164). Earliest first.

    What of them a caller may hear is not decided here (services/booking/identity.py). Raises UnknownCall.
    """
    call = bind_call(session, call_id)
    policy = policy_of_session(session)
    coming = (
        select(Appointment)
        .join(Customer, Customer.id == Appointment.customer_id)
        .where(
            Appointment.status == AppointmentStatus.BOOKED,
            Appointment.ends_at > now,
            or_(Appointment.call_id == call.id, Customer.phone.in_(numbers)),
        )
    )
    rows = session.scalars(coming.order_by(Appointment.starts_at)).all()
    return [_booking(row, policy) for row in rows]


def past_appointments(session: Session, call_id: int, now: datetime, *, numbers: Collection[str] = ()) -> list[Booking]:
    """Appointments under `numbers` that are over and were kept, the latest first; a few. As callers_appointments."""
    bind_call(session, call_id)
    policy = policy_of_session(session)
    over = (
        select(Appointment)
        .join(Customer, Customer.id == Appointment.customer_id)
        .where(
            Appointment.status.in_((AppointmentStatus.BOOKED, AppointmentStatus.DONE)),
            Appointment.ends_at <= now,
            Customer.phone.in_(numbers),
        )
    )
    rows = session.scalars(over.order_by(Appointment.starts_at.desc()).limit(5)).all()
    return [_booking(row, policy) for row in rows]


def _book(
    session: Session,
    plan: Plan,
    verdict: SlotVerdict,
    wish: Wish,
    *,
    key: str,
    call_id: int | None,
    now: datetime,
    uid: str = "",
    is_new: bool = True,
) -> BookingResult:
    place = place_of(plan, verdict)
    if place is None:
        return BookingResult(Outcome.REFUSED, verdict)
    customer = upsert_customer(session, phone=wish.phone, name=wish.name, now=now)
    appointment = Appointment(
        uid=uid or str(uuid4()),
        request_key=key,
        customer_id=customer.id,
        call_id=call_id,
        name=one_line(wish.name, NAME_LIMIT),
        service=plan.service[:SERVICE_LIMIT] or one_line(wish.service, SERVICE_LIMIT),
        notes=one_line(wish.notes, NOTES_LIMIT),
        created_at=now,
        updated_at=now,
    )
    if not kept(session, lambda: occupy(session, appointment, place)):
        return BookingResult(Outcome.REFUSED, replace(verdict, rule="busy"))
    session.refresh(appointment)
    look_out(session, appointment, now)
    tell_calendars(session, appointment, now)
    if is_new:
        queue_confirmation(session, appointment, now)
    return BookingResult(Outcome.DONE, verdict, _booking(appointment, plan.policy))


def _key_of_moved(session: Session, appointment: Appointment, call_id: int | None, start: datetime) -> str:
    """A request for the new time finds it, unless it has found another one that the call made for then."""
    key = f"moved:{appointment.uid}" if call_id is None else _request_key(call_id, start)
    known = _by_key(session, key)
    return key if known is None or known is appointment else f"moved:{appointment.uid}"


def _to_change(session: Session, appointment_id: int, call_id: int | None, numbers: Collection[str]) -> Appointment:
    call = None if call_id is None else bind_call(session, call_id)
    lock_calendar(session)
    query = select(Appointment).where(Appointment.id == appointment_id).execution_options(populate_existing=True)
    appointment = session.scalars(query).one_or_none()
    if appointment is None or (call is not None and not _may_touch(call, appointment, numbers)):
        raise NoSuchAppointment
    return appointment


def _may_touch(call: Call, appointment: Appointment, numbers: Collection[str]) -> bool:
    return appointment.call_id == call.id or appointment.customer.phone in numbers


def _changed(session: Session, appointment: Appointment, now: datetime) -> None:
    appointment.sequence += 1
    appointment.updated_at = now
    drop_confirmations(session, appointment)
    look_out(session, appointment, now)
    tell_calendars(session, appointment, now)


def _by_key(session: Session, key: str) -> Appointment | None:
    return session.scalars(select(Appointment).where(Appointment.request_key == key)).one_or_none()


def _request_key(call_id: int, start: datetime, request: str = "") -> str:
    at = f"call:{call_id}:{start.astimezone(UTC):%Y%m%dT%H%MZ}"
    return f"{at}:{request}"[:120] if request else at


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
        customer=appointment.customer.name,
        call_id=appointment.call_id,
        service_id=appointment.service_id,
        resource_id=appointment.resource_id,
        resource=appointment.resource.name,
    )
