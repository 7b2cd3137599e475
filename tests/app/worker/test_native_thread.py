"""Slow work beside the calls: so much at once, so much waiting, and no more."""

from __future__ import annotations

import threading

import pytest

from app.worker.native_thread import Busy, NativePool
from tests.serving import wait_until


def test_no_more_than_so_many_run_and_so_many_wait() -> None:
    pool, go_on, refused = NativePool(threads=2, waiting=3), threading.Event(), []
    running, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        go_on.wait(30)
        with lock:
            running -= 1

    def ask() -> None:
        try:
            pool.run(work)
        except Busy:
            refused.append(True)

    threads = [threading.Thread(target=ask) for _ in range(9)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(refused) == 4 and running == 2)
    go_on.set()
    for thread in threads:
        thread.join()
    assert (most, len(refused)) == (2, 4)


def test_what_the_work_raises_reaches_who_asked_and_its_place_is_free_again() -> None:
    pool = NativePool(threads=1, waiting=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            pool.run(lambda: 1 // 0)
    assert pool.run(lambda: 7) == 7
