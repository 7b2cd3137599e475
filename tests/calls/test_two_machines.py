"""Two machines on one PostgreSQL, without Redis: what is asked of one counts on the other (O1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.factory import create_app
from app.settings import load_settings
from sandbox.realtime import RunningServer as Model
from services.accounts.seed import seed_demo
from services.calls.lifecycle import find_business_by_number, finish_call, open_call
from services.calls.workers import WorkerReport, free_places, present_workers
from services.db.database import Database
from services.db.migration import migrate
from services.db.models import BusinessSettings, OutboxMessage, OutboxStatus
from services.db.tenancy import bind_business, unscoped
from tests.app.admin.cast import OWNER, Visitor, add_people
from tests.app.telephony.test_media_route import begin_call, live, start, upgrade
from tests.app.telephony.test_webhooks import new_sid, ring, row, token_of, verbs
from tests.app.worker.test_live_calls import decided, hold_the_line
from tests.services.db.fixtures import new_postgres_database
from tests.services.outbox.test_outbox import Receiver
from tests.serving import AUTH_TOKEN, CLINIC, OFFICE, PUBLIC_BASE, SECRET_KEY, RunningServer, running_app, wait_until

CONNECTED = ["Connect", "Redirect"]
JOBS = 12


@dataclass(frozen=True, slots=True)
class Machines:
    one: RunningServer
    other: RunningServer
    database: Database


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Iterator[Machines]:
    """Each has one worker with a place for one call."""
    directory = tmp_path_factory.mktemp("machines")
    changes = {"OPENAI_REALTIME_URL": model.realtime_url, "MAX_CALLS_PER_WORKER": "1"}
    with new_postgres_database() as url:
        database = Database(url)
        migrate(database)
        seed_demo(database)
        add_people(database)
        with (
            running_app(directory / "one", url, **changes) as one,
            running_app(directory / "other", url, **changes) as other,
        ):
            wait_until(lambda: len(workers(database)) == 2, what="both machines are known")
            yield Machines(one, other, database)
        database.dispose()


def workers(database: Database) -> list[int]:
    """How many calls each worker carries, as the others know."""
    return [each.carried for each in database.read(lambda s: present_workers(s, datetime.now(UTC)))]


def all_places_free(machines: Machines) -> bool:
    """Nobody is on the line, and nobody on the way."""
    nobody = WorkerReport(id="", machine="", pid=0, version="", carried=0, places=0, takes_calls=False)
    return machines.database.read(lambda s: free_places(s, nobody, datetime.now(UTC))) == 2


def choose(database: Database, number: str, **settings: object) -> None:
    def work(session: Session) -> None:
        business = find_business_by_number(session, number)
        assert business is not None
        row = bind_business(session, business.id).scalars(select(BusinessSettings)).one()
        for name, value in settings.items():
            setattr(row, name, value)

    database.write(work)


def test_a_new_call_is_taken_while_any_machine_has_a_place(machines: Machines) -> None:
    """(W11)"""
    one, other = machines.one, machines.other
    wait_until(lambda: all_places_free(machines))
    first, second = new_sid(), new_sid()
    with upgrade(one) as here, upgrade(other) as there:
        begin_call(one, here, first)
        answer = ring(one, second, OFFICE)
        assert verbs(answer) == CONNECTED, "this machine is full, the other is not"
        assert verbs(ring(other, new_sid(), OFFICE)) == ["Play", "Record", "Hangup"], "its place is kept for that call"
        for message in start(second, token_of(answer)):
            there.send(message)
        wait_until(lambda: live(other, second))
        assert sorted(workers(machines.database)) == [1, 1]
        refused = new_sid()
        for server in (one, other):
            assert verbs(ring(server, refused, OFFICE)) == ["Play", "Record", "Hangup"]
        call = row(one, refused)
        assert call is not None
        assert call.end_reason == "overload"
    wait_until(lambda: all_places_free(machines), what="both have told that they are free")
    assert verbs(ring(one, new_sid(), OFFICE)) == CONNECTED


def test_the_calls_at_once_of_a_business_are_counted_for_both(machines: Machines) -> None:
    """(S2)"""
    wait_until(lambda: all_places_free(machines))
    choose(machines.database, CLINIC, max_calls_at_once=1)

    def call(number: int) -> list[str]:
        return verbs(ring(machines.other if number % 2 else machines.one, new_sid(), CLINIC))

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(call, range(8)))
    assert answers.count(CONNECTED) == 1


def page(machines: Machines) -> Visitor:
    """The pages of a third machine, seen by an owner."""
    app: Flask = create_app(
        load_settings(
            database_url=machines.database.url.render_as_string(hide_password=False),
            secret_key=SECRET_KEY,
            twilio_auth_token=AUTH_TOKEN,
            public_base_url=PUBLIC_BASE,
            engine="sandbox",
        )
    )
    return Visitor(app, OWNER, "en")


@pytest.mark.parametrize(("action", "reason"), [("end", "ended_by_staff"), ("hand-over", "hand_over")])
def test_a_call_is_ended_and_handed_over_from_the_page_of_another_machine(
    machines: Machines, action: str, reason: str
) -> None:
    choose(machines.database, CLINIC, max_calls_at_once=None)
    wait_until(lambda: all_places_free(machines))
    sid = new_sid()
    with upgrade(machines.one) as socket:
        begin_call(machines.one, socket, sid, CLINIC)
        call = row(machines.one, sid)
        assert call is not None
        answer = page(machines).post(f"/admin/b/{call.business_id}/live/{call.id}/{action}")
        assert answer.status_code == 302
        hold_the_line(socket)
    assert decided(machines.other, sid).end_reason == reason


def test_a_job_that_both_machines_could_do_is_done_once(machines: Machines) -> None:
    """Summaries are housekeeping's, their webhooks the outbox's (W13)."""
    with Receiver() as receiver:
        thread = Thread(target=receiver.serve_forever, args=(0.01,))
        thread.start()
        choose(machines.database, OFFICE, webhook_url=receiver.url)
        sids = [new_sid() for _ in range(JOBS)]
        for sid in sids:
            machines.database.write(partial(call_that_is_over, sid=sid))
        wait_until(lambda: len(told(receiver)) >= JOBS, what="every receiver was told")
        wait_until(lambda: all_sent(machines), what="nothing is on its way any more")
        assert sorted(told(receiver)) == sorted(sids)
        receiver.shutdown()
        thread.join()


def call_that_is_over(session: Session, sid: str) -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)
    business = find_business_by_number(session, OFFICE)
    assert business is not None
    call = open_call(session, business_id=business.id, call_sid=sid, caller="", dialled=OFFICE, now=now)
    finish_call(session, call.id, end_reason="caller_hangup", metrics={}, now=now)


def told(receiver: Receiver) -> list[str]:
    return [json.loads(body)["call"]["sid"] for _headers, body in receiver.received]


def all_sent(machines: Machines) -> bool:
    def look(session: Session) -> bool:
        with unscoped(session, "a test looks at all messages"):
            states = session.scalars(select(OutboxMessage.status).where(OutboxMessage.key.like("webhook:call:%"))).all()
        return all(state is OutboxStatus.SENT for state in states)

    return machines.database.read(look)
