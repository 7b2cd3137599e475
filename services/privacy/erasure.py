"""Erasing a person: one act, a receipt that does not tell who it was, and the same again after a restore (D3).

Sound goes first, in small transactions; everything else goes in one, with the receipt. Whoever erases twice finds
nothing left and gets the same receipt. What is over in the calendar stays as a time that is nobody's. A backup brings
erased people back: `repeat_erasures` finds them by the keyed hashes of their numbers and erases them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.customers import ERASED
from services.appointments.slots import lock_calendar
from services.db.database import Database
from services.db.encryption import Keyring
from services.db.models import (
    Appointment,
    Business,
    Call,
    Customer,
    Erasure,
    IncomingText,
    Lead,
    OutboxMessage,
    RecordingChunk,
    SlotHold,
    StoppedNumber,
    VoiceMessage,
)
from services.db.tenancy import SessionRows, bind_business, unscoped
from services.privacy.person import Kind, Person, find_person, messages_about
from services.privacy.words import delete_rows, delete_words
from services.tools_calendar import cancel_appointment

_PIECES_AT_ONCE = 100  # of sound, a few megabytes a transaction


class StillCalling(Exception):
    """A call of the person goes on: it would write new rows. Erase when it is over."""


class ComingAppointments(Exception):
    """The person has appointments that are not over, and it was not said what becomes of them."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who erases."""

    user_id: int | None
    actor: str


@dataclass(frozen=True, slots=True)
class SavedErasure:
    """What a later restore needs to know of one erasure."""

    business_id: int
    number_mark: str
    erased_at: datetime
    keeps_coming: bool
    user_id: int | None
    actor: str
    counts: Mapping[str, Any]


def erase_sound(database: Database, business_id: int, number: str, now: datetime, until: datetime | None = None) -> int:
    """Delete the sound of the person's calls; of how many calls and messages there was some. Raises StillCalling."""

    def ids(session: Session) -> tuple[list[int], int]:
        person = find_person(bind_business(session, business_id), number, now, until=until)
        if person.is_calling:
            raise StillCalling
        return [call.id for call in person.calls], len(person.recorded)

    def some(session: Session, call_ids: Sequence[int]) -> int:
        bind_business(session, business_id)
        query = select(RecordingChunk.id).where(RecordingChunk.call_id.in_(call_ids)).limit(_PIECES_AT_ONCE)
        return delete_rows(session, RecordingChunk, RecordingChunk.id.in_(list(session.scalars(query))))

    call_ids, recorded = database.read(ids)
    while recorded and database.write(partial(some, call_ids=call_ids)):
        pass
    return recorded


def erase_person(
    session: Session,
    number: str,
    keys: Keyring,
    who: Who,
    now: datetime,
    *,
    keeps_coming: bool | None,
    recorded: int = 0,
) -> Erasure:
    """Erase everything under the number in the session's business; the receipt. number: E.164.

    keeps_coming: whether appointments that are not over are kept, with the customer's name and number, or cancelled;
    None when there should be none. recorded: what `erase_sound` said before.
    Raises StillCalling, ComingAppointments.
    """
    lock_calendar(session)
    person = find_person(session, number, now)
    if person.is_calling:
        raise StillCalling
    if person.coming and keeps_coming is None:
        raise ComingAppointments
    keeps = bool(person.coming and keeps_coming)
    counts = _erase(session, person, keeps, now)
    if recorded:
        counts[Kind.RECORDINGS.value] = recorded
    known = _receipt(session, keys.marks(number))
    if known is not None and not counts:
        return known
    receipt = Erasure(
        number_mark=keys.mark(number),
        erased_at=now,
        user_id=who.user_id,
        actor=who.actor,
        keeps_coming=keeps,
        counts=counts,
    )
    session.add(receipt)
    session.flush()
    return receipt


def receipts(session: Session, limit: int) -> Sequence[Erasure]:
    """Of the session's business, newest first."""
    return session.scalars(select(Erasure).order_by(Erasure.id.desc()).limit(limit)).all()


def saved_erasures(database: Database) -> list[SavedErasure]:
    """The erasures of all businesses, oldest first: to be kept outside the database, for `repeat_erasures`."""

    def read(session: Session) -> list[SavedErasure]:
        with unscoped(session, "an operator keeps the list of erasures of the installation"):
            rows = session.scalars(select(Erasure).order_by(Erasure.id)).all()
        return [SavedErasure(**{name: getattr(row, name) for name in SavedErasure.__slots__}) for row in rows]

    return database.read(read)


def repeat_erasures(
    database: Database, keys: Keyring, saved: Iterable[SavedErasure], now: datetime
) -> dict[int, dict[str, int]]:
    """After a restore: erase again who was erased, as far as what is there is from before the erasure; rows by kind
    for each business in which something was found. The receipts that the backup does not have are added.

    Raises StillCalling: stop the calls, or repeat it later.
    """
    found: dict[int, dict[str, int]] = {}
    by_business: dict[int, list[SavedErasure]] = {}
    for one in saved:
        by_business.setdefault(one.business_id, []).append(one)
    for business_id, erasures in by_business.items():
        if not database.read(partial(_exists, business_id=business_id)):
            continue
        database.write(partial(_add_missing, business_id=business_id, erasures=erasures))
        for number, one in database.read(
            partial(_erased_numbers, business_id=business_id, keys=keys, erasures=erasures)
        ):
            recorded = erase_sound(database, business_id, number, now, one.erased_at)
            counts = database.write(partial(_erase_again, business_id=business_id, number=number, one=one, now=now))
            if recorded:
                counts[Kind.RECORDINGS.value] = recorded
            total = found.setdefault(business_id, {})
            for kind, rows in counts.items():
                total[kind] = total.get(kind, 0) + rows
    return {business_id: counts for business_id, counts in found.items() if counts}


def _erase(session: Session, person: Person, keeps: bool, now: datetime) -> dict[str, int]:
    """Everything but what is kept; rows by kind, kinds without any left out."""
    kept = person.coming if keeps else []
    for appointment in kept:
        appointment.call_id = None
    if not keeps:
        for appointment in person.coming:
            cancel_appointment(session, appointment_id=appointment.id, now=now)
    over = [*person.appointments, *([] if keeps else person.coming)]
    _make_nobodys(session, over, now)
    counts = {
        **person.counts,
        Kind.OUTBOX: _erase_messages(session, person, kept, now),
        Kind.TEXTS: delete_rows(session, IncomingText, IncomingText.id.in_([row.id for row in person.texts])),
        Kind.STOPS: delete_rows(session, StoppedNumber, StoppedNumber.id.in_([row.id for row in person.stops])),
        Kind.LEADS: delete_rows(session, Lead, Lead.id.in_([lead.id for lead in person.leads])),
        Kind.COMING: 0 if keeps else len(person.coming),
        Kind.CUSTOMERS: _erase_customer(session, person.customer, keeps),
        Kind.MESSAGES: _erase_calls(session, person, now),
    }
    return {str(kind): rows for kind, rows in counts.items() if rows}


def _erase_messages(session: Session, person: Person, kept: Sequence[Appointment], now: datetime) -> int:
    """What cancelling wrote just now is not sent either; what a kept appointment still needs is."""
    known = {row.id for row in person.outbox}
    about = [
        row
        for row in messages_about(session, person.number, person.messages)
        if row.id in known or row.created_at == now
    ]
    gone = [row.id for row in about if not any(appointment.uid in row.key for appointment in kept)]
    return delete_rows(session, OutboxMessage, OutboxMessage.id.in_(gone))


def _erase_calls(session: Session, person: Person, now: datetime) -> int:
    """Words, sound and messages of the calls, and who called; how many messages. Times and figures stay."""
    ids = [call.id for call in person.calls]
    others = {call.id: call.caller for call in person.calls if call.caller not in ("", person.number)}
    delete_words(session, ids, now)
    for call in person.calls:
        call.call_sid = f"erased-{call.id}"  # Twilio's name leads to Twilio's own record of the caller
        if call.id in others:  # another one's number is kept for its own time
            call.caller, call.words_deleted_at = others[call.id], None
    delete_rows(session, RecordingChunk, RecordingChunk.call_id.in_(ids))
    delete_rows(session, SlotHold, SlotHold.call_id.in_(ids))
    return delete_rows(session, VoiceMessage, VoiceMessage.call_id.in_(ids))


def _make_nobodys(session: Session, appointments: Sequence[Appointment], now: datetime) -> None:
    """The calendar stays true: that there was an appointment, and when."""
    if not appointments:
        return
    first = {"phone": ERASED, "created_at": now, "updated_at": now}
    SessionRows(session).insert_missing(Customer, first, key=["business_id", "phone"])
    nobody = session.scalars(select(Customer.id).where(Customer.phone == ERASED)).one()
    for row in appointments:
        row.customer_id, row.name, row.service, row.notes = nobody, "", "", ""
        row.sequence, row.updated_at = row.sequence + 1, now
    session.flush()


def _erase_customer(session: Session, customer: Customer | None, keeps: bool) -> int:
    """1 when the customer went. One that something still belongs to keeps name and number, and nothing else."""
    if customer is None:
        return 0
    used = keeps or any(
        session.scalars(select(model.id).where(model.customer_id == customer.id).limit(1)).first() is not None
        for model in (Appointment, Lead)
    )
    if used:
        customer.city = customer.notes = ""
        return 0
    return delete_rows(session, Customer, Customer.id == customer.id)


def _receipt(session: Session, marks: Iterable[str]) -> Erasure | None:
    query = select(Erasure).where(Erasure.number_mark.in_(list(marks))).order_by(Erasure.id.desc())
    return session.scalars(query.limit(1)).first()


# -- after a restore -------------------------------------------------------------------------------------------------


def _exists(session: Session, business_id: int) -> bool:
    return bind_business(session, business_id).scalars(select(Business.id)).one_or_none() is not None


def _add_missing(session: Session, business_id: int, erasures: Sequence[SavedErasure]) -> None:
    bind_business(session, business_id)
    there = {(row.number_mark, row.erased_at) for row in session.scalars(select(Erasure))}
    for one in erasures:
        if (one.number_mark, one.erased_at) not in there:
            session.add(Erasure(**{name: getattr(one, name) for name in SavedErasure.__slots__}))


def _erased_numbers(
    session: Session, business_id: int, keys: Keyring, erasures: Sequence[SavedErasure]
) -> list[tuple[str, SavedErasure]]:
    """Numbers of the business that were erased, each with its latest erasure."""
    bind_business(session, business_id)
    latest = {one.number_mark: one for one in sorted(erasures, key=lambda one: one.erased_at)}
    return [(number, latest[mark]) for number in _numbers(session) for mark in keys.marks(number) & latest.keys()]


def _numbers(session: Session) -> Iterator[str]:
    seen: set[str] = set()
    for column in (Call.caller, Customer.phone, Lead.phone, IncomingText.phone, StoppedNumber.phone):
        seen.update(session.scalars(select(column).where(column != "").distinct()))
    yield from sorted(seen - {ERASED})


def _erase_again(session: Session, business_id: int, number: str, one: SavedErasure, now: datetime) -> dict[str, int]:
    lock_calendar(bind_business(session, business_id))
    person = find_person(session, number, now, until=one.erased_at)
    if person.is_calling:
        raise StillCalling
    return _erase(session, person, one.keeps_coming, now)
