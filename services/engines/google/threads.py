"""The engine's own threads: none of them ends unseen (C9)."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger("engine")


def in_thread(name: str, work: Callable[[], None], failed: Callable[[str], None]) -> None:
    """Do it in a thread of its own, whose log lines carry the call's id. failed: what to do about an error that nobody
    expected, given its type; it leads to where the service's own failures go."""

    def run() -> None:
        try:
            work()
        except Exception as error:  # outermost level of this thread
            log.exception("engine thread failed", thread=name)
            failed(type(error).__name__)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), name=name, daemon=True).start()
