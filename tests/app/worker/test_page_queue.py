"""Pages one after another, and no more of them than can be waited for."""

from __future__ import annotations

import threading

import pytest

from app.worker.native_thread import Busy
from app.worker.page_queue import PageQueue
from tests.serving import wait_until


def test_there_is_one_turn_at_a_time_and_whoever_comes_too_many_is_told() -> None:
    turns, go_on, refused = PageQueue(waiting=2), threading.Event(), []
    inside, most, done = 0, 0, 0

    def work() -> None:
        nonlocal inside, most, done
        try:
            with turns.one():
                inside += 1
                most = max(most, inside)
                go_on.wait(30)
                inside -= 1
                done += 1
        except Busy:
            refused.append(True)

    first = threading.Thread(target=work)
    first.start()
    wait_until(lambda: inside == 1)
    others = [threading.Thread(target=work) for _ in range(5)]
    for thread in others:
        thread.start()
    wait_until(lambda: len(refused) == 3)
    go_on.set()
    for thread in (first, *others):
        thread.join()
    assert (most, done, len(refused)) == (1, 3, 3)


def test_nobody_waits_for_ever() -> None:
    turns = PageQueue(wait_s=0.01)
    with turns.one(), pytest.raises(Busy), turns.one():
        pass
    with turns.one():
        pass
