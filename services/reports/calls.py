"""Calls as the pages show them: a filtered list, and one call with everything that happened in it.

Every function runs in a read transaction bound to one business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from services.calls.after_stream import MESSAGE_LEFT
from services.calls.end_reasons import HAND_OVER, TRANSFER_ANSWERED
from services.calls.voice_messages import messages_of
from services.db.models import (
    Appointment,
    Call,
    CallEvent,
    CallStatus,
    Customer,
    PromptVersion,
    ServerEvent,
    Turn,
    VoiceMessage,
)
from services.db.slow_reads import READS_MUCH

PAGE_ROWS = 25


@dataclass(frozen=True, slots=True)
class CallFilter:
    """What the list shows; empty fields do not narrow. `since` inclusive, `until` exclusive, both aware.

    result: "booked", "not_booked", "interrupted" (the caller interrupted at least once) or "live".
    kind: "real" or "test". text: part of a number, a customer's name or what was said.
    """

    since: datetime | None = None
    until: datetime | None = None
    result: str = ""
    kind: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class CallRow:
    """One line of the list. `seconds`: of the call so far; None when it was never answered. `has_message`: a voice
    message was left. `transfer`: "answered" or "missed", "" where nobody was asked for. `is_after_stream`: a transfer
    or a message goes on."""

    id: int
    caller: str
    customer_name: str
    started_at: datetime
    seconds: float | None
    is_live: bool
    is_test: bool
    is_booked: bool
    end_reason: str
    interruptions: int
    cost_ils: Decimal | None
    summary: str
    has_message: bool
    transfer: str
    is_after_stream: bool


@dataclass(frozen=True, slots=True)
class CallPage:
    rows: Sequence[CallRow]
    number: int
    has_next: bool
    total: int | None = None


@dataclass(frozen=True, slots=True)
class CallDetail:
    """One call and all that belongs to it, oldest first."""

    call: Call
    customer: Customer | None
    prompt_number: int | None
    turns: Sequence[Turn]
    server_events: Sequence[ServerEvent]
    events: Sequence[CallEvent]
    appointments: Sequence[Appointment]
    messages: Sequence[VoiceMessage]


def call_page(session: Session, wanted: CallFilter, number: int, now: datetime) -> CallPage:
    """Page `number` (from 1), newest first; `total` only where counting is cheap: without a text search."""
    query = _filtered(select(Call).execution_options(**READS_MUCH), wanted)
    query = query.order_by(Call.started_at.desc(), Call.id.desc())
    calls = session.scalars(query.offset((number - 1) * PAGE_ROWS).limit(PAGE_ROWS + 1)).all()
    count = _filtered(select(func.count(Call.id)).execution_options(**READS_MUCH), wanted)
    total = None if wanted.text else session.scalar(count)
    return CallPage(_rows(session, calls[:PAGE_ROWS], now), number, len(calls) > PAGE_ROWS, total)


def call_detail(session: Session, call_id: int) -> CallDetail | None:
    """The call with turns, events and bookings; None when this business has no such call."""
    call = session.get(Call, call_id)
    if call is None:
        return None
    version = None if call.prompt_version_id is None else session.get(PromptVersion, call.prompt_version_id)
    return CallDetail(
        call=call,
        customer=_customers(session, [call.caller]).get(call.caller),
        prompt_number=None if version is None else version.number,
        turns=session.scalars(
            select(Turn).where(Turn.call_id == call_id).order_by(Turn.started_ms, Turn.generation, Turn.seq)
        ).all(),
        server_events=session.scalars(
            select(ServerEvent).where(ServerEvent.call_id == call_id).order_by(ServerEvent.id)
        ).all(),
        events=session.scalars(select(CallEvent).where(CallEvent.call_id == call_id).order_by(CallEvent.id)).all(),
        appointments=session.scalars(
            select(Appointment).where(Appointment.call_id == call_id).order_by(Appointment.starts_at)
        ).all(),
        messages=messages_of(session, call_id),
    )


def live_calls(session: Session, now: datetime) -> list[CallRow]:
    """Calls in progress, newest first."""
    query = _filtered(select(Call), CallFilter(result="live")).order_by(Call.id.desc()).limit(50)
    return _rows(session, session.scalars(query).all(), now)


def _filtered(query: Select[Any], wanted: CallFilter) -> Select[Any]:
    return query.where(*conditions(wanted))


def conditions(wanted: CallFilter) -> Iterator[ColumnElement[bool]]:
    """The filter as conditions on Call, for any query on it."""
    if wanted.since is not None:
        yield Call.started_at >= wanted.since
    if wanted.until is not None:
        yield Call.started_at < wanted.until
    if wanted.kind:
        yield Call.is_test.is_(wanted.kind == "test")
    # Read once and kept, where asking for each call would search the appointments again and again.
    booked = Call.id.in_(select(Appointment.call_id).where(Appointment.call_id.is_not(None)))
    if wanted.result == "booked":
        yield booked
    elif wanted.result == "not_booked":
        yield ~booked
    elif wanted.result == "interrupted":
        yield Call.metrics["barge_in_events"].as_integer() > 0
    elif wanted.result == "live":
        yield Call.status.in_([CallStatus.RINGING, CallStatus.LIVE, CallStatus.RESUMING])
        yield Call.ended_at.is_(None)
    if wanted.text:
        yield _mentions(wanted.text)


def _mentions(text: str) -> ColumnElement[bool]:
    """The text stands in the number, in a customer's name, in the summary or in what was said."""
    places = [
        Call.caller.in_(select(Customer.phone).where(Customer.name.icontains(text, autoescape=True))),
        Call.summary.icontains(text, autoescape=True),
        exists().where(
            Turn.call_id == Call.id, Turn.business_id == Call.business_id, Turn.text.icontains(text, autoescape=True)
        ),
    ]
    return or_(*places, *(Call.caller.contains(each) for each in number_parts(text)))


def number_parts(text: str) -> set[str]:
    """What to look for inside numbers in E.164 when somebody writes a number, or a part of one, in his own way."""
    digits = re.sub(r"\D", "", text)
    parts = {digits, digits.removeprefix("972"), digits.removeprefix("0")}
    return {each for each in parts if len(each) >= 3}


def _rows(session: Session, calls: Sequence[Call], now: datetime) -> list[CallRow]:
    customers = _customers(session, [call.caller for call in calls])
    booked = _booked(session, [call.id for call in calls])
    return [_row(call, customers.get(call.caller), call.id in booked, now) for call in calls]


def _row(call: Call, customer: Customer | None, is_booked: bool, now: datetime) -> CallRow:
    return CallRow(
        id=call.id,
        caller=call.caller,
        customer_name=customer.name if customer else "",
        started_at=call.started_at,
        seconds=call_seconds(call, now),
        is_live=call.ended_at is None,
        is_test=call.is_test,
        is_booked=is_booked,
        end_reason=call.end_reason or "",
        interruptions=int(call.metrics.get("barge_in_events", 0)),
        cost_ils=call.cost_ils,
        summary=call.summary,
        has_message=call.message_status == MESSAGE_LEFT,
        transfer=transfer_of(call),
        is_after_stream=call.ended_at is None and call.end_reason is not None,
    )


def transfer_of(call: Call) -> str:
    """ "answered" or "missed" once the call is over; "" where nobody was asked for, or nobody knows yet."""
    if call.ended_at is None or not (call.transfer_status or call.end_reason == HAND_OVER):
        return ""
    return "answered" if call.transfer_status in TRANSFER_ANSWERED else "missed"


def call_seconds(call: Call, now: datetime) -> float | None:
    """How long was spoken; None when the call was never answered."""
    if call.answered_at is None:
        return None
    return max(0.0, ((call.ended_at or now) - call.answered_at).total_seconds())


def _customers(session: Session, phones: Sequence[str]) -> Mapping[str, Customer]:
    known = [phone for phone in set(phones) if phone]
    if not known:
        return {}
    return {each.phone: each for each in session.scalars(select(Customer).where(Customer.phone.in_(known)))}


def _booked(session: Session, call_ids: Sequence[int]) -> set[int | None]:
    if not call_ids:
        return set()
    return set(session.scalars(select(Appointment.call_id).where(Appointment.call_id.in_(list(call_ids)))))
