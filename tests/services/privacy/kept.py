"""One person's rows of every kind in a business, for tests of what deletes, finds and exports them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.appointments.customers import upsert_customer, upsert_lead
from services.calls.context import SoundChunk, TurnRecord
from services.calls.events import add_call_event, add_server_event
from services.calls.lifecycle import add_turns, finish_call, open_call
from services.calls.recordings import add_chunk
from services.calls.voice_messages import add_message, keep_sound
from services.db.database import Database
from services.db.models import (
    Appointment,
    Base,
    Call,
    Channel,
    IncomingText,
    OutboxKind,
    OutboxMessage,
    OutboxStatus,
    StoppedNumber,
    TextOutcome,
)
from services.db.tenancy import SessionRows, bind_business
from services.outbox.outbox import enqueue
from tests.services.db.fixtures import seat

NAME, WORDS, CITY = "Zipporah Canary", "my knee hurts, call me Zippi", "Canaryville"
SOUND = bytes(range(256)) * 4


def add_call(database: Database, business_id: int, caller: str, at: datetime, sid: str) -> int:
    """A call of a minute that is over and summed up, with turns, events, sound, message and a webhook; its id."""

    def work(session: Session) -> int:
        bind_business(session, business_id)
        call = open_call(session, business_id=business_id, call_sid=sid, caller=caller, dialled="+97231110001", now=at)
        rows = SessionRows(session)
        turns = [TurnRecord(1, "agent", f"hello {NAME}"), TurnRecord(2, "caller", WORDS)]
        add_turns(rows, call.id, turns, now=at)
        add_call_event(rows, call.id, kind="keys", at_ms=10, now=at, detail={"detail": NAME})
        add_server_event(rows, call.id, kind="need_name", text=NAME, at_ms=20, now=at, delivered=True)
        add_chunk(rows, call.id, SoundChunk(0, 1, 0, 1024, SOUND, SOUND), now=at)
        add_message(session, call, f"RE-{sid}", 3, at)
        keep_sound(session, business_id, f"RE-{sid}", SOUND)
        event = {"call": {"sid": sid, "caller": caller}, "summary": WORDS}
        enqueue(
            session, kind=OutboxKind.WEBHOOK, key=f"webhook:call:{sid}", payload={"event": event, "url": ""}, now=at
        )
        finish_call(session, call.id, end_reason="caller_hangup", metrics={"barge_in_events": 1}, now=at)
        call.summary, call.draft_booking = WORDS, {"name": NAME}
        call.outcome = {"result": "lead", "duration_s": 60, "lead": {"name": NAME}}
        call.wrapped_up_at = at + timedelta(minutes=1)
        settle = update(OutboxMessage).values(status=OutboxStatus.SENT)
        session.execute(settle.execution_options(synchronize_session=False))
        return call.id

    return database.write(work)


def add_lead(database: Database, business_id: int, call_id: int, phone: str, at: datetime) -> None:
    database.write(
        lambda s: upsert_lead(
            bind_business(s, business_id), call_id, now=at, name=NAME, phone=phone, city=CITY, notes=WORDS
        )
    )


def add_appointment(
    database: Database, business_id: int, phone: str, starts_at: datetime, now: datetime, call_id: int | None = None
) -> int:
    def work(session: Session) -> int:
        bind_business(session, business_id)
        customer = upsert_customer(session, phone=phone, name=NAME, city=CITY, now=now)
        appointment = Appointment(
            uid=f"uid-{starts_at.isoformat()}",
            request_key=f"test:{starts_at.isoformat()}",
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=30),
            customer_id=customer.id,
            call_id=call_id,
            name=NAME,
            service="knee",
            notes=WORDS,
            created_at=now,
            updated_at=now,
        )
        seat(session, appointment)
        return appointment.id

    return database.write(work)


def add_texts(database: Database, business_id: int, phone: str, at: datetime) -> None:
    """What somebody wrote, and that they want no more messages."""

    def work(session: Session) -> None:
        bind_business(session, business_id)
        values = {"phone": phone, "channel": Channel.SMS, "outcome": TextOutcome.PASSED_ON, "received_at": at}
        session.add(IncomingText(message_sid=f"SM{business_id}{phone}", text=f"{WORDS}, {CITY}", **values))
        session.add(StoppedNumber(phone=phone, stopped_at=at))

    database.write(work)


def count(database: Database, business_id: int, model: type[Base]) -> int:
    return database.read(
        lambda s: bind_business(s, business_id).scalar(select(func.count(model.id))) or 0  # type: ignore[attr-defined]
    )


def the_call(database: Database, business_id: int, call_id: int) -> Call:
    return database.read(lambda s: bind_business(s, business_id).get_one(Call, call_id))
