"""Limits that several workers hold together: one counter in the database, on both kinds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import func, select

from services.db.database import Database
from services.db.limit_counts import count, counted, forget
from services.db.models import LimitCount
from tests.services.db.fixtures import NOW

MINUTE = timedelta(minutes=1)


def test_every_try_counts_whoever_makes_it(database: Database) -> None:
    def once(_: int) -> int:
        return database.write(lambda s: count(s, "a", amount=1, lasts=MINUTE, now=NOW))

    with ThreadPoolExecutor(8) as workers:
        assert sorted(workers.map(once, range(24))) == list(range(1, 25))
    assert database.read(lambda s: counted(s, "a", NOW)) == (24, NOW + MINUTE)
    assert database.read(lambda s: counted(s, "b", NOW)) == (0, NOW)


def test_a_counter_ends_with_its_time_and_is_swept_away_by_the_next(database: Database) -> None:
    for key in ("a", "b"):
        database.write(lambda s, key=key: count(s, key, amount=3, lasts=MINUTE, now=NOW))
    later = NOW + MINUTE
    assert database.read(lambda s: counted(s, "a", later)) == (0, later)
    assert database.write(lambda s: count(s, "a", amount=1, lasts=MINUTE, now=later)) == 1
    assert database.read(lambda s: s.scalar(select(func.count()).select_from(LimitCount))) == 1


def test_one_counter_or_all_are_forgotten(database: Database) -> None:
    for key in ("a", "b", "c"):
        database.write(lambda s, key=key: count(s, key, amount=1, lasts=MINUTE, now=NOW))
    assert database.write(lambda s: forget(s, "a")) == 1
    assert database.read(lambda s: counted(s, "b", NOW))[0] == 1
    assert database.write(forget) == 2


def test_no_address_is_stored_in_the_clear(database: Database) -> None:
    database.write(lambda s: count(s, "10.0.0.1 owner@test", amount=1, lasts=MINUTE, now=NOW))
    assert "owner" not in database.read(lambda s: s.scalars(select(LimitCount.key)).one())
