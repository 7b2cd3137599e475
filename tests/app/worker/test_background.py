"""The background worker: order, retries, a bound, and nothing lost at a proper end."""

from __future__ import annotations

import threading

import pytest

from app.worker import background
from app.worker.background import BackgroundWorker
from tests.patience import PATIENCE_S


class NotNow(Exception):
    pass


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "PAUSE_S", 0.001)


def test_jobs_run_in_the_order_they_came() -> None:
    worker, done = BackgroundWorker(retry_on=(NotNow,)), []
    for number in range(50):
        assert worker.submit("count", lambda number=number: done.append(number))
    worker.stop(10)
    assert done == list(range(50))


def test_a_job_that_finds_the_database_away_is_tried_again_and_keeps_its_place() -> None:
    worker, done, tries = BackgroundWorker(retry_on=(NotNow,)), [], iter(range(100))

    def flaky() -> None:
        if next(tries) < 5:
            raise NotNow
        done.append("first")

    worker.submit("flaky", flaky)
    worker.submit("next", lambda: done.append("second"))
    worker.stop(10)
    assert done == ["first", "second"]


def test_a_job_whose_time_is_up_makes_room_for_those_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "PATIENCE_S", 0.02)
    worker, done = BackgroundWorker(retry_on=(NotNow,)), []

    def never() -> None:
        raise NotNow

    worker.submit("never", never)
    worker.submit("next", lambda: done.append(1))
    worker.stop(10)
    assert done == [1]


def test_a_job_that_fails_does_not_stop_the_worker() -> None:
    worker, done = BackgroundWorker(retry_on=(NotNow,)), []
    worker.submit("broken", lambda: int("x"))
    worker.submit("next", lambda: done.append(1))
    worker.stop(10)
    assert done == [1]


def test_a_full_queue_says_no_instead_of_waiting_or_forgetting() -> None:
    worker, gate, started, done = (
        BackgroundWorker(retry_on=(NotNow,), capacity=2),
        threading.Event(),
        threading.Event(),
        [],
    )

    def block() -> None:
        started.set()
        gate.wait(PATIENCE_S)

    assert worker.submit("block", block)
    assert started.wait(PATIENCE_S)
    taken = [worker.submit("job", lambda: done.append(1)) for _ in range(4)]
    assert taken == [True, True, False, False]
    gate.set()
    worker.stop(10)
    assert done == [1, 1]
