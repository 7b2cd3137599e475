"""What somebody asks of a call in the live view reaches it, whichever worker carries it: end it, or hand it over.

The page writes the wish into the call's row; each worker looks for wishes with one short query, and only while it
carries calls.
"""

from __future__ import annotations

import threading
from functools import partial

import structlog

from app.drain import Drain
from app.live_calls import LiveCalls
from services.call_log import asked_calls, take_requested_action
from services.database import Database, DatabaseUnavailable

log = structlog.get_logger(__name__)

EVERY_S = 1.0


def start_taking_requests(database: Database, live_calls: LiveCalls, drain: Drain) -> None:
    """A look every second until the worker drains: then its calls, and wishes for them, go to another one."""

    def loop() -> None:
        while not drain.wait(EVERY_S):
            try:
                _look(database, live_calls)
            except DatabaseUnavailable:
                pass  # the next look finds it
            except Exception:  # the thread's outermost level: one bad row must not end every later look
                log.exception("live requests failed")

    threading.Thread(target=loop, name="live_requests", daemon=True).start()


def _look(database: Database, live_calls: LiveCalls) -> None:
    reachable = live_calls.reachable()
    if not reachable:
        return
    for call_id in database.read(asked_calls):
        if call_id not in reachable:
            continue
        action = database.write(partial(take_requested_action, call_id=call_id))
        if action is not None:
            log.info("asked in the live view", call_id=call_id, action=action)
            reachable[call_id](action)
