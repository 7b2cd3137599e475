"""What has to happen although nobody asks: calls wrapped up, stale ones closed, messages sent. Any worker may do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from services.after_call import wrap_up_next
from services.calls import close_stale_calls
from services.database import Database
from services.models import OutboxKind
from services.outbox import Sender, drain

# Longer than any call may last, and than any worker needs to notice that one ended.
STALE_CALL = timedelta(hours=4)
_CALLS_A_ROUND = 50


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did."""

    closed: int
    wrapped_up: int
    sent: int


def housekeep(database: Database, senders: Mapping[OutboxKind, Sender], now: Callable[[], datetime]) -> Round:
    """One round; call it every few seconds from a thread of its own, in every worker.

    Talks to the network, outside of transactions. Raises DatabaseUnavailable: the next round finds what was left.
    """
    closed = database.write(lambda session: close_stale_calls(session, older_than=STALE_CALL, now=now()))
    wrapped_up = 0
    while wrapped_up < _CALLS_A_ROUND and database.write(partial(wrap_up_next, now=now())):
        wrapped_up += 1
    return Round(closed, wrapped_up, drain(database, senders, now))
