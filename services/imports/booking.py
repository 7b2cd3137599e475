"""What becomes of each row of an imported file: booked by the same rules and constraints as by hand, once (K7).

Which row of which business it was is the appointment's `uid`, made of the row's content, so the same file books nothing
twice, not even what was moved or cancelled since. Looking is booking and taking back: it says exactly what would
happen. Every function runs in the transaction of the calling code, bound to the business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.catalogue import catalogue_of
from services.appointments.slots import lock_calendar
from services.business_policy import SlotVerdict
from services.db.models import ACTIVE_APPOINTMENT, Appointment
from services.imports.reading import Field, Row
from services.policy.catalogue import Catalogue, Want
from services.tools_calendar import Wish, create_appointment_by_owner

# In one transaction, and so behind one lock of the calendar.
ROWS_AT_ONCE = 25
_WHO = 3


class State(StrEnum):
    BOOKED = "booked"
    # By an earlier import of the same row, or by a row above.
    REPEATED = "repeated"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Judged:
    """reason: of a refusal: what is wrong in the row (Row.problem), `past`, `unknown_service`, `unknown_person`, or
    "policy" with the verdict. taken: names of those who have the time. resource: with whom it is booked."""

    row: Row
    state: State
    reason: str = ""
    verdict: SlotVerdict | None = None
    taken: Sequence[str] = ()
    appointment_id: int | None = None
    resource: str = ""


class Undo(Exception):
    """Carries what was found out of a transaction that shall leave nothing behind."""

    def __init__(self, found: list[Judged]) -> None:
        super().__init__()
        self.found = found


def parts(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows in the order of time, in pieces that each fit one transaction; a day is never in two, so that what
    clashes within the file is seen before it is booked."""
    piece: list[Row] = []
    for row in sorted(rows, key=lambda row: row.start):
        if len(piece) >= ROWS_AT_ONCE and row.start.date() != piece[-1].start.date():
            yield piece
            piece = []
        piece.append(row)
    if piece:
        yield piece


def look_at(session: Session, business_id: int, rows: Sequence[Row], now: datetime) -> None:
    """Find out what would happen. Always raises Undo, with what was found: nothing of it is to be written."""
    raise Undo(book(session, business_id, rows, now, reminds=False))


def book(session: Session, business_id: int, rows: Sequence[Row], now: datetime, *, reminds: bool) -> list[Judged]:
    """Book what can be booked. reminds: whether customers are reminded of these as of others. Nobody gets a
    confirmation: they have known of their appointments for long."""
    lock_calendar(session)
    catalogue = catalogue_of(session).for_owner()
    return [_book(session, business_id, catalogue, row, now, reminds=reminds) for row in rows]


def uid_of(business_id: int, row: Row) -> str:
    """The same for the same row, whatever file it stands in."""
    said = [row.says(each).casefold() for each in (Field.NAME, Field.SERVICE, Field.PERSON)]
    content = "\x1f".join([str(business_id), f"{row.start:%Y-%m-%dT%H:%M}", row.phone, *said])
    return f"import-{hashlib.sha256(content.encode()).hexdigest()[:40]}"


def _book(
    session: Session, business_id: int, catalogue: Catalogue, row: Row, now: datetime, *, reminds: bool
) -> Judged:
    if row.problem:
        return Judged(row, State.REFUSED, row.problem)
    uid = uid_of(business_id, row)
    known = session.scalars(select(Appointment.id).where(Appointment.uid == uid)).one_or_none()
    if known is not None:
        return Judged(row, State.REPEATED, appointment_id=known)
    if row.start <= now.astimezone(catalogue.policy.zone).replace(tzinfo=None):
        return Judged(row, State.REFUSED, "past")
    want, problem = _want(catalogue, row)
    if problem:
        return Judged(row, State.REFUSED, problem)
    said = row.says(Field.SERVICE) if want.service_id is None else ""
    wish = Wish(row.start, row.phone, row.says(Field.NAME), said, row.says(Field.NOTE), want=want)
    result = create_appointment_by_owner(session, wish, request_key=uid, now=now, uid=uid, is_new=False)
    if result.booking is None:
        taken = _who_has(session, catalogue, want, result.verdict) if result.verdict.rule == "busy" else ()
        return Judged(row, State.REFUSED, "policy", result.verdict, taken)
    if not reminds:
        session.get_one(Appointment, result.booking.id).remind_at = None
    return Judged(row, State.BOOKED, appointment_id=result.booking.id, resource=result.booking.resource)


def _want(catalogue: Catalogue, row: Row) -> tuple[Want, str]:
    """What the row's words mean here; a business without services or without people has nothing to choose from."""
    service_name, person_name = row.says(Field.SERVICE).casefold(), row.says(Field.PERSON).casefold()
    service_id = resource_id = None
    if service_name and catalogue.offered:
        services = [each for each in catalogue.offered if service_name in _names(each.name, each.called)]
        if not services:
            return Want(), "unknown_service"
        service_id = services[0].id
    named = [each for each in catalogue.team if each.name]
    if person_name and named:
        people = [each for each in named if person_name in _names(each.name, each.called)]
        if not people:
            return Want(), "unknown_person"
        resource_id = people[0].id
    return Want(service_id, resource_id), ""


def _names(name: str, called: Sequence[str]) -> set[str]:
    return {name.casefold(), *(each.casefold() for each in called)}


def _who_has(session: Session, catalogue: Catalogue, want: Want, verdict: SlotVerdict) -> tuple[str, ...]:
    """Whose appointments are in the way."""
    if verdict.start is None or verdict.end is None:
        return ()
    with_whom = [each.id for each in catalogue.plan(want).givers]
    rows = session.scalars(
        select(Appointment)
        .where(
            Appointment.status.in_(ACTIVE_APPOINTMENT),
            Appointment.starts_at < verdict.end.astimezone(UTC),
            Appointment.ends_at > verdict.start.astimezone(UTC),
            Appointment.resource_id.in_(with_whom),
        )
        .order_by(Appointment.starts_at)
        .limit(_WHO)
    )
    return tuple(row.name or row.customer.name for row in rows)
