"""A worker tells the others that it is there, and at once that it goes (O1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.telemetry.build_info import BuildInfo
from app.worker.drain import Drain
from app.worker.live_calls import LiveCalls
from app.worker.loop_lag import LoopLag
from app.worker.presence import Presence
from services.calls.workers import present_workers
from services.db.database import Database
from services.db.models import RunningWorker
from services.db.tenancy import unscoped
from tests.serving import wait_until

BUILD = BuildInfo("1.2", "abcdef0123", "")


def now() -> datetime:
    return datetime.now(UTC)


def present(database: Database) -> Sequence[RunningWorker]:
    return database.read(lambda s: present_workers(s, now()))


def rename(database: Database, before: str, after: str) -> None:
    def work(session: Session) -> None:
        with unscoped(session, "test"):
            session.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))

    database.write(work)


def test_a_worker_is_known_with_its_places_until_it_drains(seeded_database: Database) -> None:
    drain, lag = Drain(), LoopLag()
    calls = LiveCalls(7, lag)
    Presence(seeded_database, calls, drain, BUILD, now).start()
    (worker,) = wait_until(lambda: present(seeded_database))
    assert (worker.carried, worker.places, worker.takes_calls) == (0, 7, True)
    assert worker.version == "1.2 abcdef01"
    with calls.slot() as slot:
        assert calls.take(slot)
        wait_until(lambda: present(seeded_database)[0].carried == 1)
    drain.begin()
    wait_until(lambda: not present(seeded_database)[0].takes_calls)


def test_a_worker_that_is_late_has_no_places_to_give(seeded_database: Database) -> None:
    lag = LoopLag(too_late_ms=1.0)
    presence = Presence(seeded_database, LiveCalls(7, lag), Drain(), BUILD, now)
    assert presence.report().free == 7
    lag.add(10.0)
    assert presence.report().free == 0


def test_a_worker_is_known_again_when_the_database_is_back(seeded_database: Database) -> None:
    rename(seeded_database, "workers", "elsewhere")
    Presence(seeded_database, LiveCalls(7, LoopLag()), Drain(), BUILD, now).start()
    rename(seeded_database, "elsewhere", "workers")
    (worker,) = wait_until(lambda: present(seeded_database))
    assert now() - worker.present_since < timedelta(minutes=5)
