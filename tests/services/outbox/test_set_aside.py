"""One row that cannot be sent, one tenant's backlog, one owner who sends too much: nobody else notices (S3, S2, S6)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.customers import upsert_customer
from services.db.models import Business, BusinessSettings, OutboxKind, OutboxMessage, OutboxStatus
from services.db.tenancy import bind_business
from services.outbox.gates import sms_gate
from services.outbox.outbox import Gate, SendFailed, enqueue, try_again
from services.outbox.webhook import WebhookPost
from tests.services.db.fixtures import NOW, Cast
from tests.services.outbox.rounds import drain
from tests.services.outbox.test_outbox import Clock, Receiver, Recorder, receiver, states

__all__ = ["receiver"]
IL = frozenset({"IL"})
OURS = "+97231110001"


def put(cast: Cast, business: Business, kind: OutboxKind, key: str, payload: Any) -> None:
    def write(session: Session) -> None:
        bind_business(session, business.id)
        enqueue(session, kind=kind, key=key, payload=payload, now=NOW)

    cast.database.write(write)


def rows(cast: Cast, business: Business) -> list[OutboxMessage]:
    def read(session: Session) -> list[OutboxMessage]:
        bind_business(session, business.id)
        return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))

    return cast.database.read(read)


@pytest.mark.parametrize(
    "payload",
    [
        {"url": "https://a:99999999/", "event": {}},
        {"url": "http://[::1", "event": {}},
        {"url": None, "event": {}},
        {"event": {}},
        {},
        ["not", "a", "mapping"],
        {"url": "http://127.0.0.1:1/", "event": {"x": 1}, "extra": "fine"},
    ],
)
def test_a_bad_row_is_set_aside_and_the_next_one_is_sent(cast: Cast, receiver: Receiver, payload: Any) -> None:
    put(cast, cast.clinic, OutboxKind.WEBHOOK, "bad", {})

    def spoil(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        session.scalars(select(OutboxMessage)).one().payload = payload

    cast.database.write(spoil)
    put(cast, cast.clinic, OutboxKind.WEBHOOK, "good", {"url": receiver.url, "event": {"n": 1}})
    put(cast, cast.office, OutboxKind.WEBHOOK, "other", {"url": receiver.url, "event": {"n": 2}})
    drain(cast.database, {OutboxKind.WEBHOOK: WebhookPost(lambda: NOW, allow_private=True)}, lambda: NOW)
    assert len(receiver.received) == 2
    bad, good = rows(cast, cast.clinic)
    assert good.status is OutboxStatus.SENT
    assert bad.status in (OutboxStatus.FAILED, OutboxStatus.PENDING), "unreachable is tried again"
    assert bad.last_error


def test_a_sender_that_breaks_sets_its_row_aside_with_the_reason(cast: Cast) -> None:
    put(cast, cast.clinic, OutboxKind.SMS, "k", {})
    drain(cast.database, {OutboxKind.SMS: Recorder(ZeroDivisionError())}, lambda: NOW)
    assert states(cast) == ["failed"]
    assert "ZeroDivisionError" in rows(cast, cast.clinic)[0].last_error


def test_what_was_set_aside_is_sent_when_somebody_asks_and_only_then(cast: Cast) -> None:
    put(cast, cast.clinic, OutboxKind.SMS, "k", {})
    clock = Clock()
    drain(cast.database, {OutboxKind.SMS: Recorder(SendFailed("no", retry=False))}, clock)
    clock.now = NOW.replace(day=9)
    sender = Recorder()
    assert drain(cast.database, {OutboxKind.SMS: sender}, clock) == 0

    def ask(session: Session, business: Business) -> bool:
        bind_business(session, business.id)
        return try_again(session, rows(cast, cast.clinic)[0].id, clock.now)

    assert not cast.database.write(lambda s: ask(s, cast.office)), "it is another business's"
    assert cast.database.write(lambda s: ask(s, cast.clinic))
    assert not cast.database.write(lambda s: ask(s, cast.clinic)), "it waits already"
    drain(cast.database, {OutboxKind.SMS: sender}, clock)
    assert states(cast) == ["sent"]
    assert sender.asked == 1, "whether it had arrived after all was asked first"


def test_a_webhook_tried_again_goes_to_the_address_that_was_mended(cast: Cast, receiver: Receiver) -> None:
    senders = {OutboxKind.WEBHOOK: WebhookPost(lambda: NOW, allow_private=True)}
    put(cast, cast.clinic, OutboxKind.WEBHOOK, "k", {"url": "https://a:99999999/", "event": {}})
    drain(cast.database, senders, lambda: NOW)

    def mend(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        session.scalars(select(BusinessSettings)).one().webhook_url = receiver.url
        session.flush()
        assert try_again(session, session.scalars(select(OutboxMessage.id)).one(), NOW)

    cast.database.write(mend)
    drain(cast.database, senders, lambda: NOW)
    assert (states(cast), len(receiver.received)) == (["sent"], 1)


# -- what an SMS must pass -------------------------------------------------------------------------------------


def customer(cast: Cast, phone: str) -> None:
    def add(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        upsert_customer(session, phone=phone, now=NOW)

    cast.database.write(add)


def send_sms(cast: Cast, gate: Gate, to: str, sender: str = OURS) -> tuple[int, str]:
    """How many went out, and why not."""
    out = Recorder()
    put(cast, cast.clinic, OutboxKind.SMS, f"to {to}", {"to": to, "from": sender, "body": "x"})
    drain(cast.database, {OutboxKind.SMS: out}, lambda: NOW, gate=gate)
    return len(out.sent), rows(cast, cast.clinic)[-1].last_error


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("+972501234567", ""),
        ("+449098790000", "unusual_number"),
        ("+88216123456", "unusual_number"),
        ("+870773111632", "unusual_number"),
        ("+9721700123456", "unusual_number"),
        ("+9721900123456", "unusual_number"),
        ("+447012345678", "unusual_number"),
        ("+18005551234", "unusual_number"),
        ("+252612345678", "foreign_number"),
        ("+12125551234", "foreign_number"),
    ],
)
def test_an_sms_goes_to_ordinary_numbers_of_chosen_countries(cast: Cast, number: str, reason: str) -> None:
    customer(cast, number)
    assert send_sms(cast, sms_gate(IL, 10), number) == (0 if reason else 1, reason)


def test_an_sms_goes_to_a_customer_or_to_the_owner_and_from_a_number_of_ours(cast: Cast) -> None:
    gate = sms_gate(IL, 10)
    assert send_sms(cast, gate, "+972521111111") == (0, "not_a_customer")
    customer(cast, "+972501234567")
    assert send_sms(cast, gate, "+972501234567", "+97231110002") == (0, "not_our_number")

    def list_number(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        session.scalars(select(BusinessSettings)).one().transfer_numbers = ["+97231119999"]

    cast.database.write(list_number)
    assert send_sms(cast, gate, "+97231119999") == (1, "")


def test_a_business_may_choose_countries_within_the_installations(cast: Cast) -> None:
    def choose(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        session.scalars(select(BusinessSettings)).one().dial_countries = ["US", "SO"]

    cast.database.write(choose)
    for number in ("+12125551234", "+252612345678", "+972501234567"):
        customer(cast, number)
    gate = sms_gate(frozenset({"IL", "US"}), 10)
    assert send_sms(cast, gate, "+12125551234") == (1, "")
    assert send_sms(cast, gate, "+252612345678") == (0, "foreign_number")
    assert send_sms(cast, gate, "+972501234567") == (0, "foreign_number"), "its own country was not chosen"


def test_the_daily_limit_holds_while_many_workers_send(cast: Cast) -> None:
    customer(cast, "+972501234567")
    for number in range(21):
        put(cast, cast.clinic, OutboxKind.SMS, f"k{number}", {"to": "+972501234567", "from": OURS, "body": "x"})
    sender, gate = Recorder(), sms_gate(IL, 5)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: drain(cast.database, {OutboxKind.SMS: sender}, lambda: NOW, gate=gate), range(6)))
    assert len(sender.sent) == 5
    reasons = [row.last_error for row in rows(cast, cast.clinic) if row.status is OutboxStatus.FAILED]
    assert reasons == ["sms_limit"] * 16
    # Tomorrow is another day, and what was set aside is for somebody to decide.
    clock = Clock()
    clock.now = NOW.replace(day=2)
    put(cast, cast.clinic, OutboxKind.SMS, "tomorrow", {"to": "+972501234567", "from": OURS, "body": "x"})
    drain(cast.database, {OutboxKind.SMS: sender}, clock, gate=gate)
    assert len(sender.sent) == 6


def test_a_message_counts_once_however_often_it_is_tried(cast: Cast) -> None:
    customer(cast, "+972501234567")
    for number in range(2):
        put(cast, cast.clinic, OutboxKind.SMS, f"k{number}", {"to": "+972501234567", "from": OURS, "body": "x"})
    sender = Recorder(*[SendFailed("later", retry=True) for _ in range(4)])
    clock = Clock()
    for _ in range(4):
        drain(cast.database, {OutboxKind.SMS: sender}, clock, gate=sms_gate(IL, 2))
        clock.now = clock.now.replace(hour=clock.now.hour + 1)
    assert states(cast) == ["sent", "sent"]
