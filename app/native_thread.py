"""Run slow C code beside the calls: under gevent's worker one thread carries them all, and must not wait for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from gevent import get_hub
from gevent.monkey import is_module_patched

P = ParamSpec("P")
T = TypeVar("T")


def off_the_loop(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """work's value, from a native thread under gevent, directly otherwise. For code that releases the GIL."""
    if not is_module_patched("threading"):
        return work(*args, **kwargs)
    value, error = get_hub().threadpool.apply(partial(_outcome, work, *args, **kwargs))
    if error is not None:
        raise error
    result: T = value
    return result


def _outcome(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[T | None, Exception | None]:
    """gevent prints what a native thread raises, even when its caller is prepared for it."""
    try:
        return work(*args, **kwargs), None
    except Exception as error:  # noqa: BLE001 - outermost level of the native thread: the caller raises it
        return None, error
