"""What the outbox's and the housekeeper's threads do, one round in the test's own thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import chain

from services.appointments.reminders import reminder_jobs
from services.calls.housekeeping import jobs
from services.db.database import Database
from services.db.models import OutboxKind
from services.outbox.outbox import Gate, Outlet, Sender, due, send_next
from services.privacy.retention import retention_jobs


def drain(
    database: Database,
    senders: Mapping[OutboxKind, Sender],
    now: Callable[[], datetime],
    *,
    limit: int = 20,
    gate: Gate | None = None,
) -> int:
    """Send what is due, about `limit` messages at most; how many were taken on."""
    taken = 0
    while taken < limit:
        turns = database.read(lambda session: due(session, tuple(senders), now()))
        went = sum(send_next(database, Outlet(senders[kind], gate), kind, who, now) for kind, who in turns)
        if not went:
            break
        taken += went
    return taken


def tidy(database: Database, now: datetime, pages: str = "") -> Counter[str]:
    """A round of housekeeping: how many things each kind of job did."""
    done: Counter[str] = Counter()
    rounds = (
        jobs(database, lambda: now, pages),
        reminder_jobs(database, lambda: now),
        retention_jobs(database, lambda: now),
    )
    for job in chain.from_iterable(rounds):
        if things := job.run():
            done[job.name] += things
    return done
