"""Run slow C code beside the calls: under gevent's worker one thread carries them all, and must not wait for it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from gevent import get_hub
from gevent.monkey import is_module_patched
from gevent.threadpool import ThreadPool

P = ParamSpec("P")
T = TypeVar("T")


USUAL_POOL = 10  # native threads for name look-ups and `off_the_loop`
# A machine with few processors gives them to the calls first, and to this work what is left.
BEHIND_THE_CALLS_NICE = 10


class Busy(Exception):
    """More work waits already than the pool takes."""


class NativePool:
    """A few native threads for one kind of slow work, so that it can take no more than its share of the machine.

    threads: how many at once, in each process. waiting: how many more may wait for their turn.
    """

    def __init__(self, threads: int, waiting: int) -> None:
        self._threads = threads
        self._places = threading.BoundedSemaphore(threads + waiting)
        self._turns = threading.BoundedSemaphore(threads)
        self._pool: ThreadPool | None = None

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """work's value. For code that releases the GIL. Raises Busy."""
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            with self._turns:
                return self._run(partial(work, *args, **kwargs))
        finally:
            self._places.release()

    def _run(self, work: Callable[[], T]) -> T:
        if not is_module_patched("threading"):
            return work()
        if self._pool is None:
            self._pool = ThreadPool(self._threads, hub=get_hub())
        return _applied(self._pool, partial(_behind_the_calls, work))


def prepare_grpc(channels: int) -> None:
    """Before a worker's first channel, in its main thread: gRPC waits in native threads of the loop's own pool, one for
    each channel and one more, and without this the whole worker would stand still with the first call (C10)."""
    if not is_module_patched("threading"):
        return
    from grpc.experimental import gevent as grpc_gevent

    grpc_gevent.init_gevent()
    pool = get_hub().threadpool
    pool.maxsize = max(pool.maxsize, USUAL_POOL + 1 + channels)


def off_the_loop(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """work's value, from a native thread under gevent, directly otherwise. For code that releases the GIL."""
    if not is_module_patched("threading"):
        return work(*args, **kwargs)
    return _applied(get_hub().threadpool, partial(work, *args, **kwargs))


def _applied(pool: ThreadPool, work: Callable[[], T]) -> T:
    value, error = pool.apply(partial(_outcome, work))
    if error is not None:
        raise error
    result: T = value
    return result


def _behind_the_calls(work: Callable[[], T]) -> T:
    """In a native thread, whose own threads inherit its priority; elsewhere than on Linux a thread has none."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BEHIND_THE_CALLS_NICE)
    return work()


def _outcome(work: Callable[[], T]) -> tuple[T | None, Exception | None]:
    """gevent prints what a native thread raises, even when its caller is prepared for it."""
    try:
        return work(), None
    except Exception as error:  # noqa: BLE001 - outermost level of the native thread: the caller raises it
        return None, error


# A hash of a password takes 64 MiB and four threads of its own: one at a time in each worker.
PASSWORDS = NativePool(threads=1, waiting=8)
# Searches in an SQLite file: a second one waits, and takes no processor from the calls.
SEARCHES = NativePool(threads=1, waiting=16)
