"""A business with a past: calls, turns, customers, leads and appointments, for measuring and looking at the pages."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, insert, select
from sqlalchemy.orm import Session

from services.accounts.businesses import policy_of
from services.appointments.taken import first_resource
from services.business_policy import free_slots
from services.calls.context import SoundChunk
from services.calls.recordings import add_chunk
from services.db.database import Database
from services.db.models import (
    ACTIVE_APPOINTMENT,
    Appointment,
    AppointmentStatus,
    Base,
    BusinessSettings,
    Call,
    CallEvent,
    CallStatus,
    Customer,
    Lead,
    LeadStatus,
    ServerEvent,
    TakenKind,
    TakenTime,
    Turn,
    TurnRole,
)
from services.db.tenancy import bind_business

_NAMES = ("נועה לוי", "דוד כהן", "מאיה פרץ", "יוסי מזרחי", "Anna Petrova", "רונית בר", "אמיר חדאד", "תמר גולן")
_CITIES = ("רמת גן", "תל אביב", "חיפה", "גבעתיים", "פתח תקווה", "Haifa")
_SERVICES = ("שיננית", "בדיקה תקופתית", "סתימה", "הלבנה", "יישור שיניים", "טיפול שורש")
_ENDS = ("caller_hangup",) * 12 + ("goodbye",) * 5 + ("hand_over", "silence", "max_length", "stream_lost")
_MS_A_CHARACTER = 80
_TALK = (
    ("agent", "שלום, הגעתם למרפאת חיוך בריא, מדברת נועה. במה אפשר לעזור?", ""),
    ("caller", "היי, אני רוצה לקבוע תור לשיננית בשבוע הבא", ""),
    ("agent", "בשמחה. יש לי שעה פנויה ביום שלישי בתשע וחצי,", "או ביום רביעי בשעה שתיים. מה מתאים לך?"),
    ("caller", "שלישי מצוין", ""),
    ("agent", "על איזה שם לרשום?", ""),
    ("caller", "נועה לוי", ""),
    ("agent", "התור נקבע ליום שלישי בתשע וחצי. להתראות!", ""),
)


def fill(database: Database, business_id: int, *, calls: int, now: datetime | None = None, seed: int = 7) -> None:
    """Give the business `calls` calls over the last ninety days, a customer for every fourth, a full fortnight."""
    at, dice = now or datetime.now(UTC), random.Random(seed)
    with database.engine.begin() as connection:
        customers = _customers(connection, business_id, max(12, calls // 4), at, dice)
        ids = _calls(connection, business_id, calls, customers, at, dice)
        _conversations(connection, business_id, ids, at, dice)
        _leads(connection, business_id, ids[:: max(1, len(ids) // 60)], customers, at, dice)
    _appointments(database, business_id, customers, ids, at, dice)


def fill_recording(database: Database, call_id: int, minutes: int = 15) -> None:
    """Keep so much sound of a call, loud on both sides."""
    sound = random.Random(1).randbytes(40_000)
    for number in range(minutes * 12):
        chunk = SoundChunk(0, number, 5000 * number, len(sound), sound, sound)
        database.write(partial(add_chunk, call_id=call_id, chunk=chunk, now=datetime.now(UTC)))


def _customers(
    connection: Connection, business_id: int, count: int, now: datetime, dice: random.Random
) -> list[tuple[int, str]]:
    rows: list[dict[str, Any]] = [
        {
            "business_id": business_id,
            "phone": f"+97250{business_id % 10}{n:06d}",
            "name": dice.choice(_NAMES),
            "city": dice.choice(_CITIES),
            "notes": "מעדיפה שעות בוקר" if n % 7 == 0 else "",
            "created_at": now - timedelta(days=dice.randrange(90)),
            "updated_at": now - timedelta(hours=n),
        }
        for n in range(count)
    ]
    return [(key, row["phone"]) for key, row in zip(_insert(connection, Customer, rows), rows, strict=True)]


def _calls(
    connection: Connection,
    business_id: int,
    count: int,
    customers: list[tuple[int, str]],
    now: datetime,
    dice: random.Random,
) -> list[int]:
    rows = []
    for n in range(count):
        start = now - timedelta(minutes=1 + n * 90 * 1440 / count * 0.999 + dice.random() * 3)
        length = dice.randrange(26, 44)
        rows.append(
            {
                "business_id": business_id,
                "call_sid": f"CA{uuid4().hex}",
                "caller": dice.choice(customers)[1] if dice.random() < 0.8 else "",
                "dialled": "+97239990001",
                "is_test": n % 40 == 39,
                "language": "he",
                "status": CallStatus.ENDED,
                "carrier_status": "completed",
                "end_reason": dice.choice(_ENDS),
                "started_at": start,
                "answered_at": start,
                "ended_at": start + timedelta(seconds=length),
                "finished_at": start + timedelta(seconds=length),
                "wrapped_up_at": start + timedelta(seconds=length),
                "stream_nonce": uuid4().hex,
                "stream_claimed_at": start,
                "stream_generation": 0,
                "resume_count": 0,
                "next_step": "resume",
                "greeting_done": True,
                "draft_booking": {},
                "metrics": _metrics(length, dice),
                "cost_usd": Decimal(length) / 600,
                "cost_ils": Decimal(length) / 160,
                "summary": "המתקשר שאל ולא קבע תור." if n % 3 else "נקבע תור לשיננית.",
                "outcome": {},
            }
        )
    return _insert(connection, Call, rows)


def _metrics(length: int, dice: random.Random) -> dict[str, Any]:
    return {
        "barge_in_events": dice.choice((0, 0, 1, 2)),
        "barge_in_candidates": 3,
        "barge_in_resumed": dice.choice((0, 1)),
        "stt_utterances_total": length // 12,
        "stt_filler_only_count": 1,
        "frames_in_from_twilio": length * 50,
        "frames_dropped_by_filters": 0,
        "engine_errors": 0,
        "latencies": [{"total": dice.randrange(620, 1150), "endpointing": 500, "model": 210, "ours": 12}] * 4,
    }


def _conversations(
    connection: Connection, business_id: int, ids: list[int], now: datetime, dice: random.Random
) -> None:
    turns, events, server = [], [], []
    for call_id in ids:
        at_ms = 900
        for seq, (role, text, unheard) in enumerate(_TALK, 1):
            length = len(text) * _MS_A_CHARACTER
            turns.append(
                {
                    "business_id": business_id, "call_id": call_id, "generation": 0, "seq": seq,
                    "role": TurnRole(role), "item_id": f"item_{seq}", "text": text, "text_unheard": unheard,
                    "heard_ms": length, "total_ms": length + len(unheard) * _MS_A_CHARACTER, "started_ms": at_ms,
                    "interrupted": bool(unheard), "created_at": now,
                    "latency": {"total": dice.randrange(640, 1100), "endpointing": 500, "model": 190, "ours": 14}
                    if role == "agent" and seq > 1 else {},
                }
            )  # fmt: skip
            if unheard:
                for kind, offset in (("barge_in_candidate", 0), ("barge_in", 420)):
                    events.append(_step(business_id, call_id, kind, at_ms + length - 400 + offset, now))
            at_ms += length + 900
        events.append(_step(business_id, call_id, "stream-started", 0, now))
        events.append(_step(business_id, call_id, "barge_in_candidate", 1500, now))
        events.append(_step(business_id, call_id, "barge_in_resumed", 2400, now))
        server += [
            _message(business_id, call_id, "slot_available", "[SERVER] slot_available 09:30", 9000, now),
            _message(business_id, call_id, "appointment_created", "[SERVER] ✅ appointment_created", at_ms - 3000, now),
        ]
    for model, rows in ((Turn, turns), (CallEvent, events), (ServerEvent, server)):
        connection.execute(insert(Base.metadata.tables[model.__tablename__]), rows)


def _step(business_id: int, call_id: int, kind: str, at_ms: int, now: datetime) -> dict[str, Any]:
    shared = {"business_id": business_id, "call_id": call_id, "created_at": now, "detail": {}}
    return {**shared, "kind": kind, "at_ms": at_ms}


def _message(business_id: int, call_id: int, kind: str, text: str, at_ms: int, now: datetime) -> dict[str, Any]:
    return {**_step(business_id, call_id, kind, at_ms, now), "text": text, "delivered": True}


def _leads(
    connection: Connection,
    business_id: int,
    call_ids: list[int],
    customers: list[tuple[int, str]],
    now: datetime,
    dice: random.Random,
) -> None:
    rows = []
    for call_id in call_ids:
        customer_id, phone = dice.choice(customers)
        rows.append(
            {
                "business_id": business_id, "call_id": call_id, "customer_id": customer_id, "phone": phone,
                "name": dice.choice(_NAMES), "city": dice.choice(_CITIES), "service": dice.choice(_SERVICES),
                "notes": "", "status": dice.choice(list(LeadStatus)), "created_at": now, "updated_at": now,
            }
        )  # fmt: skip
    connection.execute(insert(Base.metadata.tables[Lead.__tablename__]), rows)


def _appointments(
    database: Database,
    business_id: int,
    customers: list[tuple[int, str]],
    call_ids: list[int],
    now: datetime,
    dice: random.Random,
) -> None:
    settings, resource = database.read(partial(_calendar, business_id=business_id))
    policy = policy_of(settings)
    rows: list[dict[str, Any]] = []
    for offset in range(-10, 15):
        day = (now + timedelta(days=offset)).astimezone(policy.zone).date()
        for start in free_slots(policy, day, now - timedelta(days=30)):
            if dice.random() < 0.45:
                rows.append(_appointment(business_id, start, len(rows), customers, call_ids, now, dice))
    with database.engine.begin() as connection:
        _seat(connection, resource, rows)
        connection.execute(insert(Base.metadata.tables[Appointment.__tablename__]), rows)


def _calendar(session: Session, business_id: int) -> tuple[BusinessSettings, int]:
    bind_business(session, business_id)
    return session.scalars(select(BusinessSettings)).one(), first_resource(session)


def _seat(connection: Connection, resource: int, rows: list[dict[str, Any]]) -> None:
    """Whatever is active occupies its time."""
    table = Base.metadata.tables[TakenTime.__tablename__]
    active = [row for row in rows if row["status"] in ACTIVE_APPOINTMENT]
    taken = [
        {name: row[name] for name in ("business_id", "starts_at", "ends_at")}
        | {"resource_id": resource, "kind": TakenKind.APPOINTMENT}
        for row in active
    ]
    ids = connection.execute(insert(table).returning(table.c.id, sort_by_parameter_order=True), taken).scalars()
    for row, taken_id in zip(active, ids, strict=True):
        row["taken_id"] = taken_id
    for row in rows:
        row["resource_id"] = resource
        row.setdefault("taken_id", None)


def _appointment(
    business_id: int,
    start: datetime,
    number: int,
    customers: list[tuple[int, str]],
    call_ids: list[int],
    now: datetime,
    dice: random.Random,
) -> dict[str, Any]:
    is_past = start < now
    status = dice.choice((AppointmentStatus.DONE,) * 6 + (AppointmentStatus.NO_SHOW,)) if is_past else "booked"
    return {
        "business_id": business_id, "uid": str(uuid4()), "request_key": f"filled:{business_id}:{number}",
        "starts_at": start.astimezone(UTC), "ends_at": (start + timedelta(minutes=30)).astimezone(UTC),
        "status": AppointmentStatus(status), "sequence": 0, "customer_id": dice.choice(customers)[0],
        "call_id": call_ids[(number * 3) % len(call_ids)] if number % 4 else None, "name": dice.choice(_NAMES),
        "service": dice.choice(_SERVICES), "notes": "", "updated_at": now,
        "created_at": min(now, start.astimezone(UTC)) - timedelta(days=dice.randrange(9)),
    }  # fmt: skip


def _insert(connection: Connection, model: type[Customer] | type[Call], rows: list[dict[str, Any]]) -> list[int]:
    """Insert in order; the ids."""
    table = Base.metadata.tables[model.__tablename__]
    found = connection.execute(insert(table).returning(table.c.id, sort_by_parameter_order=True), rows)
    return list(found.scalars())
