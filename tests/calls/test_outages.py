"""The database goes away in mid-call and comes back: the sound goes on, nothing false is confirmed, nothing is lost
(SPEC W8, W9, X7, A5). PostgreSQL is cut off by a proxy; SQLite is locked by somebody else, or its disk is full.
"""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from bench.chaos import workers
from sandbox.fault_proxy import proxy_thread
from sandbox.twilio.stage import Stage, stage
from services.accounts.businesses import create_business
from tests.calls.outages import Outage, keeps_its_promises, live_through, lose_socket
from tests.services.db.fixtures import new_postgres_database

DISK_BYTES = 128 * 1024


@contextmanager
def on_postgresql(directory: Path, worker: str, how: str) -> Iterator[tuple[Stage, Outage]]:
    """`how` it goes away: "cut" (connections reset, new ones refused) or "freeze" (all stays open, nothing passes)."""
    with ExitStack() as stack:
        url = make_url(stack.enter_context(new_postgres_database()))
        proxy = stack.enter_context(proxy_thread([(url.host or "127.0.0.1", url.port or 5432)]))
        through = url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        direct = url.render_as_string(hide_password=False)
        environment = {"DATABASE_URL": through}
        running = stack.enter_context(stage(directory, environment=environment, worker=worker, database_url=direct))

        def begin() -> None:
            proxy.freeze(how == "freeze")
            proxy.refuse(how == "cut")
            if how == "cut":
                proxy.cut()

        def end() -> None:
            proxy.freeze(False)
            proxy.refuse(False)

        yield running, Outage(begin, end)
        assert "Traceback" not in running.logs(), running.logs()


@contextmanager
def locked_sqlite(running: Stage) -> Iterator[Outage]:
    """Another process holds the write lock."""
    path = str(running.database.url.database)
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:

        def end() -> None:
            if other.in_transaction:
                other.execute("COMMIT")

        yield Outage(lambda: other.execute("BEGIN IMMEDIATE") and None, end)


@contextmanager
def full_disk(running: Stage) -> Iterator[Outage]:
    """No file of the server can grow beyond what it has: SQLite's log of changes lies beyond that from the start."""
    _, unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size: int) -> None:
        for pid in workers(running):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, unlimited))

    def begin() -> None:
        fill_log_of_changes(running)
        limit(DISK_BYTES)

    yield Outage(begin, lambda: limit(unlimited))


def fill_log_of_changes(running: Stage) -> None:
    running.database.write(
        lambda session: create_business(
            session,
            name="big",
            numbers=["+97230000000"],
            prompt="x" * 3 * DISK_BYTES,
            settings={},
            now=datetime.now(UTC),
        )
    )
    wal = Path(f"{running.database.url.database}-wal")
    assert wal.stat().st_size > 2 * DISK_BYTES > DISK_BYTES > running.log.stat().st_size


@pytest.mark.slow
@pytest.mark.parametrize(("worker", "how"), [("gthread", "cut"), ("gevent", "freeze")])
def test_postgresql_away_for_seconds_in_mid_call(tmp_path: Path, worker: str, how: str) -> None:
    with on_postgresql(tmp_path, worker, how) as (running, outage):
        keeps_its_promises(asyncio.run(live_through(running, outage, 4.0, sentences=2)))


@pytest.mark.slow
def test_postgresql_away_for_half_a_minute_in_mid_call(tmp_path: Path) -> None:
    with on_postgresql(tmp_path, "gevent", "cut") as (running, outage):
        keeps_its_promises(asyncio.run(live_through(running, outage, 30.0, sentences=7)))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="sets limits of another process")
@pytest.mark.parametrize(("kind", "seconds"), [(locked_sqlite, 10.0), (full_disk, 6.0)])
def test_sqlite_that_cannot_be_written_to_in_mid_call(tmp_path: Path, kind: Any, seconds: float) -> None:
    with stage(tmp_path, environment={"LOG_LEVEL": "INFO"}) as running, kind(running) as outage:
        keeps_its_promises(asyncio.run(live_through(running, outage, seconds, sentences=3)))
        assert "Traceback" not in running.logs(), running.logs()


@pytest.mark.slow
def test_a_socket_lost_while_the_database_is_away_is_taken_up_when_it_is_back(tmp_path: Path) -> None:
    with on_postgresql(tmp_path, "gevent", "cut") as (running, outage):
        result, rows = asyncio.run(lose_socket(running, outage, 6.0))
    between = result.verbs[1:-1]
    assert result.verbs[0] == result.verbs[-1] == "Connect"
    assert between == ["Play", "Pause", "Redirect"] * (len(between) // 3) != []
    assert (rows["rows"], rows["status"], rows["end_reason"], rows["resume_count"]) == (1, "ended", "caller_hangup", 1)
