"""Sending from a running server: one tenant's receiver, backlog or broken address is nobody else's matter (S3)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.worker.drain import Drain
from app.worker.outbox_pump import PLACES, OutboxPump
from services.accounts.seed import CLINIC_NUMBER, OFFICE_NUMBER
from services.calls.lifecycle import find_business_by_number, finish_call, open_call
from services.db.database import Database
from services.db.models import BusinessSettings, OutboxKind, OutboxMessage, OutboxStatus
from services.db.tenancy import bind_business
from services.outbox.outbox import Outlet, enqueue
from tests.conftest import ServerMaker
from tests.services.outbox import hostile
from tests.services.outbox.test_outbox import OutboxItem, Receiver, receiver
from tests.serving import wait_until

__all__ = ["receiver"]
NOW = datetime.now(UTC)


def business(session: Session, number: str) -> int:
    found = find_business_by_number(session, number)
    assert found is not None
    bind_business(session, found.id)
    return found.id


def set_address(database: Database, number: str, url: str) -> None:
    def work(session: Session) -> None:
        business(session, number)
        session.scalars(select(BusinessSettings)).one().webhook_url = url

    database.write(work)


def end_calls(database: Database, number: str, count: int) -> None:
    """Calls that are over and were not wrapped up yet."""
    then = datetime.now(UTC) - timedelta(minutes=1)

    def work(session: Session) -> None:
        business_id = business(session, number)
        for each in range(count):
            sid = f"CA{number[-4:]}{each}"
            call = open_call(session, business_id=business_id, call_sid=sid, caller="", dialled=number, now=then)
            finish_call(session, call.id, end_reason="caller_hangup", metrics={}, now=then)

    database.write(work)


def in_state(database: Database, number: str, *states: OutboxStatus) -> int:
    def count(session: Session) -> int:
        business(session, number)
        query = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.status.in_(states))
        return session.scalar(query) or 0

    return database.read(count)


@pytest.mark.parametrize("worker", ["gevent", "gthread"])
def test_a_receiver_that_never_answers_keeps_no_other_business_waiting(
    make_server: ServerMaker, receiver: Receiver, worker: str
) -> None:
    """Thirty posts to it would take five minutes, one after the other."""
    with hostile.receiver(hostile.drips_its_head) as port:
        server = make_server(worker=worker)
        set_address(server.database, CLINIC_NUMBER, f"http://127.0.0.1:{port}/")
        set_address(server.database, OFFICE_NUMBER, receiver.url)
        end_calls(server.database, CLINIC_NUMBER, 30)
        wait_until(lambda: in_state(server.database, CLINIC_NUMBER, OutboxStatus.SENDING), 40, "the first is sent")
        end_calls(server.database, OFFICE_NUMBER, 3)
        wait_until(lambda: len(receiver.received) == 3, 40, "the other's are delivered meanwhile")
        waiting = in_state(server.database, CLINIC_NUMBER, OutboxStatus.PENDING, OutboxStatus.SENDING)
        assert waiting == 30, "nothing of the silent receiver's was delivered or given up by then"


def test_an_address_that_is_none_stops_nobody(make_server: ServerMaker, receiver: Receiver) -> None:
    server = make_server()
    set_address(server.database, CLINIC_NUMBER, "https://a:99999999/")
    set_address(server.database, OFFICE_NUMBER, receiver.url)
    end_calls(server.database, CLINIC_NUMBER, 2)
    end_calls(server.database, OFFICE_NUMBER, 2)
    wait_until(lambda: len(receiver.received) == 2, 40)
    wait_until(lambda: in_state(server.database, CLINIC_NUMBER, OutboxStatus.FAILED) == 2, 40)
    assert server.process.poll() is None


class Gated:
    """A sender whose posts of one business wait until the test lets them go."""

    def __init__(self, slow: set[int]) -> None:
        self.slow = slow
        self.let_go = threading.Event()
        self.lock = threading.Lock()
        self.begun: list[int] = []
        self.at_once = self.most_at_once = 0

    def send(self, item: OutboxItem) -> None:
        with self.lock:
            self.begun.append(item.business_id)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        if item.business_id in self.slow:
            assert self.let_go.wait(30)
        with self.lock:
            self.at_once -= 1

    def was_sent(self, _item: OutboxItem) -> bool:
        return False


def test_a_backlog_has_one_place_and_everybody_has_a_turn(seeded_database: Database) -> None:
    ids = {}
    for number in (CLINIC_NUMBER, OFFICE_NUMBER):

        def fill(session: Session, number: str = number) -> int:
            business_id = business(session, number)
            for each in range(10):
                enqueue(session, kind=OutboxKind.WEBHOOK, key=f"{number}{each}", payload={}, now=NOW)
            return business_id

        ids[number] = seeded_database.write(fill)
    sender, drain = Gated({ids[CLINIC_NUMBER]}), Drain()
    pump = OutboxPump(seeded_database, {OutboxKind.WEBHOOK: Outlet(sender)}, lambda: datetime.now(UTC))
    thread = pump.start(drain)
    wait_until(lambda: in_state(seeded_database, OFFICE_NUMBER, OutboxStatus.SENT) == 10)
    assert sender.begun.count(ids[CLINIC_NUMBER]) == 1, "one of its messages is on its way, the others wait"
    sender.let_go.set()
    wait_until(lambda: in_state(seeded_database, CLINIC_NUMBER, OutboxStatus.SENT) == 10)
    assert sender.most_at_once <= min(PLACES, 2)
    drain.begin()
    thread.join(20)
    assert not thread.is_alive()
