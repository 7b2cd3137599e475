"""What has to happen although nobody asks: calls wrapped up, stale ones closed, messages sent,
recordings deleted in time. Any worker may do it.

While there is nothing to do it only reads, so that an idle installation writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from services.after_call import anything_to_wrap_up, wrap_up_next
from services.calls import any_stale_calls, close_stale_calls
from services.database import Database
from services.models import OutboxKind
from services.outbox import Sender, drain
from services.recordings import delete_expired, expired_recordings

# Twilio ends a call after four hours at the latest.
STALE_CALL = timedelta(hours=4, minutes=10)
_CALLS_A_ROUND = 50


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did."""

    closed: int
    wrapped_up: int
    sent: int
    sounds_deleted: int = 0


def housekeep(database: Database, senders: Mapping[OutboxKind, Sender], now: Callable[[], datetime]) -> Round:
    """One round; call it every few seconds from a thread of its own, in every worker.

    Talks to the network, outside of transactions. Raises DatabaseUnavailable: the next round finds what was left.
    """
    closed = 0
    if database.read(partial(any_stale_calls, older_than=STALE_CALL, now=now())):
        closed = database.write(partial(close_stale_calls, older_than=STALE_CALL, now=now()))
    wrapped_up = 0
    if database.read(partial(anything_to_wrap_up, now=now())):
        while wrapped_up < _CALLS_A_ROUND and database.write(partial(wrap_up_next, now=now())):
            wrapped_up += 1
    return Round(closed, wrapped_up, drain(database, senders, now), _delete_expired(database, now()))


def _delete_expired(database: Database, now: datetime) -> int:
    """Rows of recordings whose time is over, a few at once so that nobody waits for them."""
    deleted = 0
    for business_id, before in database.read(partial(expired_recordings, now=now)).items():
        while found := database.write(partial(delete_expired, business_id=business_id, before=before)):
            deleted += found
    return deleted
