"""A lock is a lock, whoever made it: plain threads' or gevent's."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable

from services.sockets.locks import fast_lock
from tests.places import ROOT


def one_at_a_time() -> bool:
    """Twenty threads that all sleep while they hold the lock: nobody ever meets another."""
    lock, inside, met = fast_lock(), [0], [0]

    def work() -> None:
        for _ in range(10):
            with lock:
                inside[0] += 1
                time.sleep(0.0005)
                met[0] += inside[0] > 1
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return not met[0] and not inside[0]


def waits_no_longer_than_told() -> bool:
    """A holder that never lets go keeps another waiting for the time-out and no longer; then it can be had again."""
    lock = fast_lock()
    lock.acquire()
    began = time.monotonic()
    refused = not lock.acquire(timeout=0.05)
    took = time.monotonic() - began
    lock.release()
    return refused and 0.04 < took < 5 and lock.acquire(timeout=0.05)


def freed_when_the_block_fails() -> bool:
    lock = fast_lock()
    try:
        with lock:
            raise KeyError
    except KeyError:
        return lock.acquire(timeout=0.05)


PROMISES: tuple[Callable[[], bool], ...] = (one_at_a_time, waits_no_longer_than_told, freed_when_the_block_fails)

UNDER_GEVENT = """
from gevent import monkey; monkey.patch_all()
import threading
from services.sockets.locks import fast_lock
from tests.services.sockets.test_locks import PROMISES
print(type(fast_lock()) is not threading.Lock, [promise() for promise in PROMISES])
"""


def test_it_keeps_a_locks_promises_under_plain_threads() -> None:
    assert [promise() for promise in PROMISES] == [True] * len(PROMISES)


def test_it_keeps_them_under_gevent() -> None:
    root = ROOT
    done = subprocess.run(
        [sys.executable, "-c", UNDER_GEVENT], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == f"True {[True] * len(PROMISES)}\n", done.stderr
