"""The shared pacing clock: nobody is woken early by it, nobody is forgotten, anybody can be woken by others."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from media.twilio.pace_clock import GRID_MS, Clock, PaceClock
from tests.places import ROOT

WAIT_S = 15.0


@pytest.fixture
def clock() -> Clock:
    return PaceClock()


def in_thread(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    return thread, results


def test_the_frame_length_is_a_multiple_of_the_grid() -> None:
    assert 20 % GRID_MS == 0


def test_it_wakes_at_the_deadline_and_not_before(clock: Clock) -> None:
    wake = threading.Event()
    for milliseconds in (1, 5, 20, 33):
        wake.clear()
        deadline = clock.now() + milliseconds / 1000
        late_s = clock.wait_until(deadline, wake)
        assert late_s is not None
        assert 0 <= late_s <= clock.now() - deadline


def test_a_deadline_in_the_past_does_not_wait(clock: Clock) -> None:
    late_s = clock.wait_until(clock.now() - 1, threading.Event())
    assert late_s is not None
    assert 1 <= late_s < 2


def test_an_event_that_is_set_already_does_not_wait(clock: Clock) -> None:
    wake = threading.Event()
    wake.set()
    assert clock.wait_until(clock.now() + 60, wake) is None
    assert clock.wait_until(None, wake) is None


@pytest.mark.parametrize("far", [60.0, None])
def test_another_thread_can_wake_a_sleeper_early(clock: Clock, far: float | None) -> None:
    wake = threading.Event()
    deadline = None if far is None else clock.now() + far
    thread, results = in_thread(lambda: clock.wait_until(deadline, wake))
    wake.set()
    thread.join(WAIT_S)
    assert results == [None]


def test_a_sleeper_woken_early_is_not_woken_again_for_its_old_deadline(clock: Clock) -> None:
    early, other = threading.Event(), threading.Event()
    early.set()
    old = clock.now() + 0.03
    assert clock.wait_until(old, early) is None
    early.clear()
    assert clock.wait_until(old + 0.02, other) is not None
    assert not early.is_set()


def test_a_sooner_deadline_is_met_while_the_clock_sleeps_for_a_later_one(clock: Clock) -> None:
    late = threading.Event()
    thread, results = in_thread(lambda: clock.wait_until(clock.now() + 600, late))
    soon = clock.now() + 0.01
    assert clock.wait_until(soon, threading.Event()) is not None
    assert results == []
    late.set()
    thread.join(WAIT_S)
    assert results == [None]


def sleeps(clock: Clock, number: int) -> bool:
    """50 frames of 20 ms on absolute deadlines; True when each was met, not before its time."""
    wake = threading.Event()
    start = clock.now() + number % 20 / 1000
    for frame in range(50):
        wake.clear()
        if clock.wait_until(start + frame * 0.02, wake) is None or clock.now() < start + frame * 0.02:
            return False
    return True


def test_many_sleepers_of_all_phases_are_all_woken_every_time(clock: Clock) -> None:
    running = [in_thread(lambda number=number: sleeps(clock, number)) for number in range(40)]  # type: ignore[misc]
    for thread, results in running:
        thread.join(WAIT_S)
        assert results == [True]


def test_nobody_is_forgotten_while_others_are_woken_early_all_the_time(clock: Clock) -> None:
    """Waiting takes no lock: with threads that change places after every few lines each deadline is still met."""
    over = threading.Event()
    restless = [threading.Event() for _ in range(8)]

    def tosses(wake: threading.Event) -> None:
        while not over.is_set():
            wake.clear()
            clock.wait_until(clock.now() + 0.015, wake)

    def wakes() -> None:
        while not over.is_set():
            for wake in restless:
                wake.set()

    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        disturbing = [in_thread(lambda wake=wake: tosses(wake)) for wake in restless]  # type: ignore[misc]
        disturbing.append(in_thread(wakes))
        running = [in_thread(lambda number=number: sleeps(clock, number)) for number in range(12)]  # type: ignore[misc]
        for thread, results in running:
            thread.join(WAIT_S)
            assert results == [True]
    finally:
        over.set()
        sys.setswitchinterval(usual_s)
    for thread, _ in disturbing:
        thread.join(WAIT_S)
        assert not thread.is_alive()


UNDER_GEVENT = """
from gevent import monkey; monkey.patch_all()
import gevent
from media.twilio.pace_clock import PaceClock
from tests.media.twilio.test_pace_clock import sleeps
clock = PaceClock()
print(all(job.value for job in gevent.joinall([gevent.spawn(sleeps, clock, n) for n in range(100)], timeout=30)))
"""


def test_it_works_under_gevent() -> None:
    root = ROOT
    done = subprocess.run(
        [sys.executable, "-c", UNDER_GEVENT], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "True\n", done.stderr
