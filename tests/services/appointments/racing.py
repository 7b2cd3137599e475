"""Many callers at the same moment. RACE_ROUNDS (default 3) sets how often a race is run."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.patience import PATIENCE_S
from tests.services.db.fixtures import Cast

ROUNDS = int(os.environ.get("RACE_ROUNDS", "3"))
RACERS = 32
DEADLINE_S = 60.0


def race(threads: ThreadPoolExecutor, run: Callable[[int], object]) -> list[object]:
    """run(number) for every racer, all let go at the same moment."""
    start = threading.Barrier(RACERS)

    def one(number: int) -> object:
        start.wait(PATIENCE_S)
        return run(number)

    return list(threads.map(one, range(RACERS)))


def wait_until_blocked(cast: Cast) -> None:
    """Until one session of this database waits for another's lock."""
    for _ in range(1000):
        with cast.database.engine.connect() as connection:
            waiting = connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).scalar_one()
        if waiting:
            return
        threading.Event().wait(0.01)
    pytest.fail("nobody waits for the intruder")
