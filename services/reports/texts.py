"""What customers wrote, who wants no more messages, and the reminders of one appointment, as the pages show them (K6).

Every function runs in a read transaction bound to one business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.reach import wants_no_messages
from services.appointments.confirmations import key_prefixes
from services.appointments.reminders import reminders_of
from services.db.models import (
    Appointment,
    BusinessSettings,
    Customer,
    IncomingText,
    OutboxMessage,
    StoppedNumber,
    TextOutcome,
)
from services.policy.reminders import Reminder
from services.reports.people import PAGE_ROWS, Page

_MOST = 20


@dataclass(frozen=True, slots=True)
class Stopped:
    """A number that is not written to. said: the message that asked for it; None when that is no longer kept."""

    phone: str
    since: datetime
    said: IncomingText | None


@dataclass(frozen=True, slots=True)
class Reminders:
    """Of one appointment. written: those that were to go out, oldest first; planned: those still to be written.

    texts: what its customer wrote about it. is_stopped: the number is not written to any more.
    """

    written: Sequence[OutboxMessage]
    planned: Sequence[Reminder]
    texts: Sequence[IncomingText]
    is_stopped: bool


def reminders_shown(session: Session, appointment: Appointment, now: datetime) -> Reminders:
    """What was sent to the customer of an appointment, what will be, and what came back."""
    settings = session.scalars(select(BusinessSettings)).one()
    _, prefix = key_prefixes(appointment.uid)
    written = session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.key.startswith(prefix, autoescape=True))
        .order_by(OutboxMessage.id)
        .limit(_MOST)
    ).all()
    # None: nothing is looked at any more, so nothing is written either.
    since = appointment.remind_at
    planned = [] if since is None else reminders_of(settings, appointment, since)
    texts = session.scalars(
        select(IncomingText)
        .where(IncomingText.appointment_id == appointment.id)
        .order_by(IncomingText.id.desc())
        .limit(_MOST)
    ).all()
    is_stopped = wants_no_messages(session, appointment.customer.phone)
    return Reminders(written, [each for each in planned if each.not_after > now], texts, is_stopped)


def text_page(session: Session, number: int) -> tuple[Page[IncomingText], Mapping[str, Customer]]:
    """Messages of customers, newest first; and the customers among their senders, by number."""
    query = select(IncomingText).order_by(IncomingText.id.desc())
    rows = session.scalars(query.offset((number - 1) * PAGE_ROWS).limit(PAGE_ROWS + 1)).all()
    page: Page[IncomingText] = Page(rows[:PAGE_ROWS], number, len(rows) > PAGE_ROWS)
    return page, _customers(session, {each.phone for each in page.rows})


def stopped_page(session: Session, number: int) -> tuple[Page[Stopped], Mapping[str, Customer]]:
    """Who wants no more messages, newest first, with the message that said so; and who they are, by number."""
    query = select(StoppedNumber).order_by(StoppedNumber.stopped_at.desc(), StoppedNumber.id.desc())
    rows = session.scalars(query.offset((number - 1) * PAGE_ROWS).limit(PAGE_ROWS + 1)).all()
    shown = rows[:PAGE_ROWS]
    phones = {each.phone for each in shown}
    said = {
        each.phone: each
        for each in session.scalars(
            select(IncomingText)
            .where(IncomingText.phone.in_(phones), IncomingText.outcome == TextOutcome.STOPPED)
            .order_by(IncomingText.id)
        )
    }
    stopped = [Stopped(each.phone, each.stopped_at, said.get(each.phone)) for each in shown]
    return Page(stopped, number, len(rows) > PAGE_ROWS), _customers(session, phones)


def _customers(session: Session, phones: set[str]) -> Mapping[str, Customer]:
    rows = session.scalars(select(Customer).where(Customer.phone.in_(phones - {""})))
    return {each.phone: each for each in rows}
