"""The businesses that dialogues call, a copy for each dialogue, with the rows that stand before the call."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.conversations.dental import DENTAL, DENTAL_PROMPT, PEOPLE, SERVICES
from bench.conversations.dialogue import TODAY, Dialogue, Standing, span
from bench.conversations.judge import AppointmentRow, LeadRow
from services.accounts.businesses import create_business
from services.accounts.catalogue import catalogue_of
from services.accounts.demo_team import seed_team
from services.accounts.seed import CLINIC, CLINIC_PROMPT, OFFICE, OFFICE_PROMPT
from services.appointments.customers import upsert_customer
from services.appointments.taken import Place, occupy
from services.business_policy import Span
from services.calls.lifecycle import find_call
from services.db.database import Database
from services.db.models import (
    ACTIVE_APPOINTMENT,
    Appointment,
    Call,
    Customer,
    Lead,
    ServerEvent,
)
from services.db.tenancy import bind_business
from services.policy.catalogue import Catalogue

ZONE = ZoneInfo("Asia/Jerusalem")
BEGINS = TODAY.replace(tzinfo=ZONE).astimezone(UTC)
PATIENCE_S = 30.0  # SQLite has one writer, and calls that go on come first
WITHHELD = "anonymous"  # what Twilio sends as From

STUDIO_PROMPT = """\
את דנה, המזכירה הקולית של סטודיו הצילום "אור וצל". את מדברת בלשון נקבה, בעברית יומיומית ופשוטה.
מה אנחנו עושים: צילומי הריון, ניובורן, משפחה, תדמית, אירועים ואלבומים.
בטלפון לא קובעים מועדים ולא מעבירים שיחות: רק לוקחים פרטים או הודעה, והסטודיו חוזר למתקשר.
"""
# What all three share: the brief names no holidays, one notice and one window.
_COMMON: dict[str, Any] = {
    "observe_holidays": False,
    "slot_size_min": 30,
    "min_notice_min": 60,
    "booking_window_days": 60,
    "caller_id_allowed": True,
}
_STUDIO: dict[str, Any] = {
    "language": "he",
    "enable_greeting": True,
    "greeting_text": "שלום, הגעתם לסטודיו אור וצל, מדברת דנה. במה אפשר לעזור?",
    "opening_hours_json": {day: [["10:00", "17:00"]] for day in ("sun", "mon", "tue", "wed", "thu")},
    "transfer_numbers": [],
    "fallback": "voicemail",
    # A lead or a message, nothing else (L9).
    "may_book": False,
    "may_change": False,
    "may_transfer": False,
    "may_send_sms": False,
    "may_take_leads": True,
    "may_take_messages": True,
}
_BASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "clinic": ("מרפאת חיוך בריא", CLINIC_PROMPT, {**CLINIC, **_COMMON}),
    "office": ("Harbour Accounting", OFFICE_PROMPT, {**OFFICE, **_COMMON}),
    "dental": ("מרפאת אורנים", DENTAL_PROMPT, {**DENTAL, **_COMMON}),
    "studio": ("אור וצל", STUDIO_PROMPT, {**_STUDIO, **_COMMON}),
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A dialogue's own business. `match` stands in its prompt and in no other; `caller` is Twilio's From."""

    business_id: int
    number: str
    match: str
    caller: str
    own: tuple[AppointmentRow, ...]
    taken: tuple[AppointmentRow, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """What stands in the database after a call. `row` is the call's own, as plain values."""

    appointments: tuple[AppointmentRow, ...]
    leads: tuple[LeadRow, ...]
    server_events: tuple[tuple[str, str], ...]
    row: dict[str, Any]

    @property
    def wrapped_up(self) -> bool:
        return bool(self.row.get("wrapped_up"))


class Businesses:
    """Makes and reads them; every method is one transaction, to be run in a thread. Raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._next = secrets.randbelow(10**6)

    def prepare(self, dialogue: Dialogue) -> Prepared:
        self._next += 1
        number = self._next
        return self._database.write(lambda session: _prepare(session, dialogue, number), deadline_s=PATIENCE_S)

    def read(self, prepared: Prepared, call_sid: str) -> Rows:
        return self._database.read(lambda session: _read(session, prepared.business_id, call_sid))


def settings_of(business: str) -> dict[str, Any]:
    return _BASES[business][2]


def _prepare(session: Session, dialogue: Dialogue, number: int) -> Prepared:
    name, prompt, _ = _BASES[dialogue.business]
    dialled, match = f"+9723{number:07d}", f"Reference {secrets.token_hex(8)}."
    business = create_business(
        session,
        name=name,
        numbers=[dialled],
        prompt=f"{prompt}\n{match}",
        settings=settings_of(dialogue.business),
        now=BEGINS,
    )
    if dialogue.business == "dental":
        seed_team(session, PEOPLE, SERVICES)
    catalogue = catalogue_of(session)
    caller = WITHHELD if dialogue.caller == "withheld" else f"+97252{number:07d}"
    own: tuple[AppointmentRow, ...] = ()
    if dialogue.caller in ("returning", "spoofed"):
        customer = upsert_customer(session, phone=caller, name=dialogue.customer, now=BEGINS)
        own = tuple(_appointment(session, customer, catalogue, one) for one in dialogue.appointments)
        own += tuple(_appointment(session, customer, catalogue, one) for one in dialogue.last)
    stranger = upsert_customer(session, phone=f"+97253{number:07d}", name="פלוני אלמוני", now=BEGINS)
    taken = tuple(row for one in dialogue.taken for row in _occupied(session, stranger, catalogue, one))
    return Prepared(business.id, dialled, match, caller, own, taken)


def _occupied(session: Session, stranger: Customer, catalogue: Catalogue, one: Standing) -> list[AppointmentRow]:
    """What other people have: of somebody's time, or, where nobody is named, of everybody's."""
    people = [each.name for each in catalogue.team] if not one.with_ else [one.with_]
    return [_appointment(session, stranger, catalogue, one.model_copy(update={"with_": who})) for who in people]


def _appointment(session: Session, customer: Customer, catalogue: Catalogue, one: Standing) -> AppointmentRow:
    """As it would have been booked; a range of times lasts as long as it says."""
    start, end = (each.replace(tzinfo=ZONE) for each in span(one.at))
    service = next((each for each in catalogue.services if each.name == one.service), None)
    given_by = catalogue.who_gives(service.id if service else None)
    who = next((each for each in catalogue.team if each.name == one.with_), given_by[0])
    told = Span(start, start + service.need.length if service else end)
    taken = service.need.around(told) if service else told
    row = Appointment(
        uid=str(uuid4()),
        request_key=f"before:{uuid4()}",
        starts_at=told.start,
        ends_at=told.end,
        customer_id=customer.id,
        name=customer.name,
        service=service.name if service else "",
        created_at=min(start, BEGINS),
        updated_at=min(start, BEGINS),
    )
    occupy(session, row, Place(who.id, told, taken, service.id if service else None))
    return AppointmentRow(
        row.id, start.replace(tzinfo=None), stands=True, name=row.name, service=row.service, who=who.name
    )


def _read(session: Session, business_id: int, call_sid: str) -> Rows:
    bind_business(session, business_id)
    call = find_call(session, call_sid)
    appointments = session.scalars(select(Appointment).order_by(Appointment.starts_at)).all()
    leads = session.scalars(select(Lead).order_by(Lead.id)).all()
    told = session.scalars(select(ServerEvent).order_by(ServerEvent.id)).all()
    return Rows(
        tuple(
            AppointmentRow(
                row.id,
                row.starts_at.astimezone(ZONE).replace(tzinfo=None),
                row.status in ACTIVE_APPOINTMENT,
                row.name,
                row.service if row.service_id else "",
                row.resource.name,
            )
            for row in appointments
        ),
        tuple(
            LeadRow(row.name, row.phone, " ".join(filter(None, (row.city, row.service, row.notes)))) for row in leads
        ),
        tuple((event.kind, event.text) for event in told),
        _call_values(call),
    )


def _call_values(call: Call | None) -> dict[str, Any]:
    if call is None:
        return {}
    return {
        "status": call.status.value,
        "end_reason": call.end_reason,
        "next_step": call.next_step.value,
        "outcome": call.outcome,
        "summary": call.summary,
        "draft_booking": dict(call.draft_booking),
        "wrapped_up": call.wrapped_up_at is not None,
    }
