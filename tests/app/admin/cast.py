"""The pages' small cast: two businesses with one row of everything each, and people who may open them or may not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from services.accounts.users import create_user, grant, hash_password
from services.appointments.customers import upsert_customer, upsert_lead
from services.appointments.team import add_service
from services.calendar_sync.connections import add_connection
from services.calls.context import TurnRecord
from services.calls.events import add_call_event, add_server_event
from services.calls.lifecycle import add_turns, finish_call, open_call
from services.calls.voice_messages import add_message, keep_sound
from services.db.database import Database
from services.db.models import (
    Appointment,
    BusinessNumber,
    BusinessSettings,
    CalendarConnection,
    CalendarKind,
    CalendarState,
    Call,
    Erasure,
    OutboxKind,
    OutboxMessage,
    OutboxStatus,
    Resource,
    Role,
    User,
)
from services.db.tenancy import SessionRows, bind_business
from services.outbox.outbox import enqueue
from services.tools_calendar import Wish, create_appointment_by_owner
from tests.clinic import CLINIC_HOURS

PASSWORD = "a good long password"
NOW = datetime.now(UTC)
ADMIN, OWNER, OTHER, VIEWER = "boss@test", "owner@test", "other@test", "viewer@test"
CLINIC, OFFICE = 1, 2


@cache
def hashed() -> str:
    """PASSWORD as it is stored; hashing is slow by design, once is enough."""
    return hash_password(PASSWORD)


@dataclass(frozen=True)
class Rows:
    """Ids of what one business owns, named as the addresses of pages name them."""

    call_id: int
    appointment_id: int
    customer_id: int
    lead_id: int
    number_id: int
    user_id: int
    message_id: int
    number: int = 1  # of the prompt's version, and of the call's voice message
    session_id: int = 0
    invitation_id: int = 0
    erasure_id: int = 0
    resource_id: int = 0
    service_id: int = 0
    connection_id: int = 0


def add_people(database: Database) -> dict[str, int]:
    """An administrator, an owner and a viewer of the clinic, an owner of the office; their ids."""

    def work(session: Session) -> dict[str, int]:
        made = {
            email: create_user(
                session,
                email=email,
                password_hash=hashed(),
                now=NOW,
                name=name,
                is_admin=email == ADMIN,
                is_proved=email != OTHER,
            )
            for email, name in ((ADMIN, "Boss"), (OWNER, "Olga"), (OTHER, "Ofer"), (VIEWER, "Vera"))
        }
        return {email: user.id for email, user in made.items()}

    def give(session: Session, business: int, roles: dict[str, Role], ids: dict[str, int]) -> None:
        for email, role in roles.items():
            grant(session, session.get_one(User, ids[email]), business_id=business, role=role, now=NOW)

    ids = database.write(work)
    database.write(lambda s: give(s, CLINIC, {OWNER: Role.OWNER, VIEWER: Role.VIEWER}, ids))
    database.write(lambda s: give(s, OFFICE, {OTHER: Role.OWNER}, ids))
    return ids


def add_rows(
    database: Database, business: int, user_id: int, *, text: str = "hello", phone: str = "", hour: int = 9
) -> Rows:
    """One call with turns and events, a customer, a lead, an appointment; `text` stands wherever a caller's may."""
    phone = phone or f"+97250123456{business}"

    def work(session: Session) -> Rows:
        bind_business(session, business)
        settings = session.scalars(select(BusinessSettings)).one()
        settings.opening_hours_json, settings.observe_holidays = CLINIC_HOURS, False
        call = open_call(
            session,
            business_id=business,
            call_sid=f"CA{business}{abs(hash(text)) % 10**9}",
            caller=phone,
            dialled="+97239990001",
            now=NOW - timedelta(minutes=5),
            is_test=True,
        )
        turns = [
            TurnRecord(1, "agent", text, text_unheard=text, heard_ms=900, total_ms=1800, interrupted=True),
            TurnRecord(2, "caller", text, started_ms=1200, latency={"total": 700.0, "model": 200.0}),
        ]
        rows = SessionRows(bind_business(session, business))
        add_turns(rows, call.id, turns, now=NOW)
        add_call_event(rows, call.id, kind="barge_in", at_ms=900, now=NOW, detail={"detail": text})
        add_server_event(
            rows, call.id, kind="slot_available", text=text, at_ms=1500, now=NOW, delivered=True, detail={"x": text}
        )
        call.summary = text
        finish_call(session, call.id, end_reason="caller_hangup", metrics={"barge_in_events": 1}, now=NOW)
        customer = upsert_customer(session, phone=phone, now=NOW)
        customer.name = customer.city = customer.notes = text
        lead = upsert_lead(session, call.id, name="x", phone=phone, now=NOW)
        lead.name = lead.service = lead.notes = text
        outcome = create_appointment_by_owner(
            session, Wish(next_weekday(hour), phone, "x", "x"), request_key=f"cast{business}{text[:9]}", now=NOW
        )
        booked = outcome.booking
        assert booked is not None, outcome
        appointment = session.get_one(Appointment, booked.id)
        appointment.name = appointment.service = appointment.notes = text
        number = session.scalars(select(BusinessNumber)).first()
        assert number is not None
        message_id = add_messages(session, call, text)
        erasure = Erasure(number_mark="0" * 64, erased_at=NOW, actor=OWNER, keeps_coming=False, counts={"calls": 1})
        session.add(erasure)
        resource = session.scalars(select(Resource)).first()
        assert resource is not None
        resource.called = [text]
        service = add_service(session, name=text, price=text, length_min=30, given_by=[resource.id])
        service.active = False
        calendar = CalendarConnection(
            kind=CalendarKind.ICS,
            state=CalendarState.LOST,
            account=text[:200],
            calendar_name=text[:200],
            fault=text[:200],
        )
        add_connection(session, calendar, NOW)
        ids = (call.id, booked.id, customer.id, lead.id, number.id, user_id, message_id)
        return Rows(
            *ids,
            erasure_id=erasure.id,
            resource_id=resource.id,
            service_id=service.id,
            connection_id=calendar.id,
        )

    return database.write(work)


def add_messages(session: Session, call: Call, text: str) -> int:
    """A voice message with its sound, and something set aside; the id of the latter."""
    add_message(session, call, f"RE{call.id}", 2, NOW)
    keep_sound(session, call.business_id, f"RE{call.id}", bytes(16_000))
    enqueue(session, kind=OutboxKind.SMS, key=f"cast:{call.id}", payload={"to": text, "body": text}, now=NOW)
    found = session.scalars(select(OutboxMessage).where(OutboxMessage.key == f"cast:{call.id}")).one()
    found.status, found.last_error = OutboxStatus.FAILED, text
    session.flush()
    return found.id


def next_weekday(hour: int, minute: int = 0) -> datetime:
    """A wall-clock time on a day from Sunday to Thursday, at least two days ahead and within opening hours."""
    day = NOW + timedelta(days=2)
    while day.weekday() in (4, 5):
        day += timedelta(days=1)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0, tzinfo=None)


# After these the browser has another session, with another token.
_NEW_SESSION = {"/admin/login", "/admin/login/code", "/admin/logout", "/admin/account/password"}


class Visitor:
    """A browser without scripts: logs in, carries its cookies and the CSRF token."""

    def __init__(self, app: Flask, email: str | None = None, language: str = "en") -> None:
        self.client: FlaskClient = app.test_client()
        self._token = ""
        self.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
        if email is not None:
            answer = self.log_in(email, PASSWORD)
            assert answer.status_code == 302, answer.text
            self.post("/admin/language", language=language)

    def token(self) -> str:
        """The CSRF token of this session, from a page that has one; asked for once, it is good as long as that."""
        if not self._token:
            page = self.client.get("/admin/account", follow_redirects=True).text
            found = re.search(r'name="csrf_token" value="([^"]+)"', page)
            assert found is not None
            self._token = found[1]
        return self._token

    def log_in(self, email: str, password: str, **fields: str) -> TestResponse:
        return self.post("/admin/login", email=email, password=password, **fields)

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, **fields: object) -> TestResponse:
        """A form with its token. A list is a field that comes several times."""
        answer = self.client.post(path, data={"csrf_token": self.token(), **fields})
        if path in _NEW_SESSION or "/invitation/" in path:
            self._token = ""
        return answer
