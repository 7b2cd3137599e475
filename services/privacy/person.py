"""Everything a business keeps about the person with one telephone number (D3).

A call is theirs when it came from their number, or when their details were taken or their appointment was booked in it.
Every function runs in the transaction of the calling code, bound to a business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from services.db.models import (
    Appointment,
    AppointmentStatus,
    Call,
    CallEvent,
    Customer,
    IncomingText,
    Lead,
    OutboxMessage,
    RecordingChunk,
    ServerEvent,
    StoppedNumber,
    Turn,
    VoiceMessage,
)
from services.language.phone_numbers import as_e164, is_e164, national_number


class Kind(StrEnum):
    """What rows there are of a person, as receipts and the audit trail name them."""

    CALLS = "calls"
    TURNS = "turns"
    EVENTS = "events"
    RECORDINGS = "recordings"
    MESSAGES = "messages"
    LEADS = "leads"
    CUSTOMERS = "customers"
    APPOINTMENTS = "appointments"
    COMING = "coming"  # appointments that are not over, cancelled by an erasure
    OUTBOX = "outbox"
    TEXTS = "texts"  # what they wrote to the business
    STOPS = "stops"  # that they want no more messages


@dataclass(frozen=True, slots=True)
class Person:
    """One number's rows. appointments: those that are over or cancelled; coming: the others. recorded: ids of the
    calls whose sound is kept."""

    number: str
    customer: Customer | None
    calls: Sequence[Call]
    leads: Sequence[Lead]
    appointments: Sequence[Appointment]
    coming: Sequence[Appointment]
    outbox: Sequence[OutboxMessage]
    messages: Sequence[VoiceMessage]
    texts: Sequence[IncomingText]
    stops: Sequence[StoppedNumber]
    recorded: frozenset[int]
    counts: Mapping[str, int]

    @property
    def is_known(self) -> bool:
        """Whether anything is kept."""
        return any(self.counts.values())

    @property
    def is_calling(self) -> bool:
        """A call of theirs goes on, or is not summed up yet: it still writes rows."""
        return any(call.ended_at is None or call.wrapped_up_at is None for call in self.calls)


def read_number(text: str) -> str | None:
    """The number somebody wrote, however they write it, in E.164; None when it is none. A caller's number may be one
    that nobody can dial."""
    bare = re.sub(r"[\s().-]", "", text)
    return as_e164(text) or (bare if is_e164(bare) else None)


def find_person(session: Session, number: str, now: datetime, *, until: datetime | None = None) -> Person:
    """number: E.164. until: only what was begun by then."""
    customer = session.scalars(select(Customer).where(Customer.phone == number, *_by(Customer, until))).one_or_none()
    owned = customer.id if customer is not None else None
    leads = session.scalars(select(Lead).where(_of_lead(number, owned), *_by(Lead, until)).order_by(Lead.id)).all()
    owns = select(Appointment).where(Appointment.customer_id == owned, *_by(Appointment, until))
    appointments = session.scalars(owns.order_by(Appointment.starts_at)).all() if owned is not None else []
    in_them = {*(lead.call_id for lead in leads), *(booked.call_id for booked in appointments)} - {None}
    theirs = or_(Call.caller == number, Call.id.in_(in_them))
    narrowed = () if until is None else (Call.started_at <= until,)
    calls = session.scalars(select(Call).where(theirs, *narrowed).order_by(Call.id)).all()
    coming = [row for row in appointments if row.status is AppointmentStatus.BOOKED and row.ends_at > now]
    over = [row for row in appointments if row not in coming]
    ids = [call.id for call in calls]
    left = select(VoiceMessage).where(VoiceMessage.call_id.in_(ids)).order_by(VoiceMessage.id)
    messages = session.scalars(left).all()
    recorded = session.scalars(select(RecordingChunk.call_id).where(RecordingChunk.call_id.in_(ids)).distinct())
    about = messages_about(session, number, messages, until)
    wrote = () if until is None else (IncomingText.received_at <= until,)
    texts = session.scalars(select(IncomingText).where(IncomingText.phone == number, *wrote)).all()
    wished = () if until is None else (StoppedNumber.stopped_at <= until,)
    stops = session.scalars(select(StoppedNumber).where(StoppedNumber.phone == number, *wished)).all()
    found = Person(
        number,
        customer,
        calls,
        leads,
        over,
        coming,
        about,
        messages,
        texts,
        stops,
        recorded=frozenset(recorded),
        counts={},
    )
    return _counted(session, found, ids)


def _counted(session: Session, found: Person, ids: Sequence[int]) -> Person:
    def rows(model: Any) -> int:
        return session.scalar(select(func.count(model.id)).where(model.call_id.in_(ids))) or 0

    counts = {
        # A call whose words are gone already is a figure, and nobody's.
        Kind.CALLS: sum(call.words_deleted_at is None for call in found.calls),
        Kind.TURNS: rows(Turn),
        Kind.EVENTS: rows(ServerEvent) + rows(CallEvent),
        Kind.RECORDINGS: len(found.recorded),
        Kind.MESSAGES: len(found.messages),
        Kind.LEADS: len(found.leads),
        Kind.CUSTOMERS: int(found.customer is not None),
        Kind.APPOINTMENTS: len(found.appointments),
        Kind.COMING: len(found.coming),
        Kind.OUTBOX: len(found.outbox),
        Kind.TEXTS: len(found.texts),
        Kind.STOPS: len(found.stops),
    }
    values = {kind.value: count for kind, count in counts.items()}
    return replace(found, counts=values)


def _by(model: Any, until: datetime | None) -> Sequence[ColumnElement[bool]]:
    return () if until is None else (model.created_at <= until,)


def _of_lead(number: str, customer_id: int | None) -> ColumnElement[bool]:
    """A lead's number is as it was said, nearly always in E.164."""
    theirs = Lead.phone.in_([number, number.removeprefix("+"), national_number(number)])
    return theirs if customer_id is None else or_(theirs, Lead.customer_id == customer_id)


def messages_about(
    session: Session, number: str, messages: Sequence[VoiceMessage], until: datetime | None = None
) -> Sequence[OutboxMessage]:
    """What was or will be sent to the person, and about them: their number stands in it; and what fetched the sound of
    their voice messages."""
    fetches = [f"recording:{message.recording_sid}" for message in messages]
    mentions = cast(OutboxMessage.payload, Text).contains(number, autoescape=True)
    query = select(OutboxMessage).where(or_(mentions, OutboxMessage.key.in_(fetches)), *_by(OutboxMessage, until))
    whole = re.compile(re.escape(number) + r"(?!\d)")  # not the beginning of a longer one
    rows = session.scalars(query.order_by(OutboxMessage.id))
    return [row for row in rows if row.key in fetches or whole.search(str(row.payload))]
