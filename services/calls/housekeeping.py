"""What has to happen to calls although nobody asks: lost ones closed, those that are over wrapped up. Any worker may do
it. (Messages are sent by app/worker/outbox_pump.py, what is too old is deleted by services/privacy/retention.py.)

While there is nothing to do it only reads, so that an idle installation writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from services.calls import end_reasons
from services.calls.workers import is_abandoned
from services.calls.wrap_up import calls_to_wrap_up, set_aside, wrap_up
from services.db.database import Database
from services.db.models import Call, CallStatus
from services.db.tenancy import unscoped

# Twilio ends a call after four hours at the latest. One whose worker vanished is closed sooner.
STALE_CALL = timedelta(hours=4, minutes=10)
_CALLS_A_ROUND = 50


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work that stands for itself: what goes wrong with it is its own. run: how many things it did.

    give_up: keeps what cannot be done from being tried for ever; it is told the reason.
    """

    name: str
    run: Callable[[], int]
    give_up: Callable[[str], None] | None = None


def jobs(database: Database, now: Callable[[], datetime], pages: str = "") -> Iterator[Job]:
    """One round; go through it every few seconds from a thread of its own, in every worker.

    pages: the address of the admin pages, for links. Raises DatabaseUnavailable: the next round finds what was left.
    """
    if database.read(partial(any_stale_calls, older_than=STALE_CALL, now=now())):
        closing = partial(close_stale_calls, older_than=STALE_CALL, now=now())
        yield Job("close", lambda: database.write(closing))
    for call_id in database.read(partial(calls_to_wrap_up, limit=_CALLS_A_ROUND, now=now())):
        yield _wrap_up_job(database, call_id, now, pages)


def _wrap_up_job(database: Database, call_id: int, now: Callable[[], datetime], pages: str) -> Job:
    return Job(
        "wrap up",
        lambda: int(database.write(partial(wrap_up, call_id=call_id, now=now(), pages=pages))),
        lambda reason: database.write(partial(set_aside, call_id=call_id, reason=reason, now=now())),
    )


def any_stale_calls(session: Session, *, older_than: timedelta, now: datetime) -> bool:
    """Whether `close_stale_calls` would close any."""
    with unscoped(session, "stale calls of every business are closed by one sweep"):
        return bool(session.execute(select(exists().where(_is_lost(session, older_than, now)))).scalar())


def close_stale_calls(session: Session, *, older_than: timedelta, now: datetime) -> int:
    """End calls that nothing was heard of for so long that they cannot be going on, and those that went with a worker
    that vanished; how many."""
    with unscoped(session, "stale calls of every business are closed by one sweep"):
        closed = session.execute(
            update(Call)
            .where(_is_lost(session, older_than, now))
            .values(status=CallStatus.ENDED, end_reason=func.coalesce(Call.end_reason, end_reasons.LOST), ended_at=now)
            .returning(Call.id)
            .execution_options(synchronize_session=False)
        )
        return len(closed.all())


def _is_lost(session: Session, older_than: timedelta, now: datetime) -> ColumnElement[bool]:
    return or_(_is_stale(now - older_than), is_abandoned(session, now))


def _is_stale(since: datetime) -> ColumnElement[bool]:
    unheard = or_(Call.stream_claimed_at.is_(None), Call.stream_claimed_at < since)
    return and_(Call.ended_at.is_(None), Call.wrapped_up_at.is_(None), Call.started_at < since, unheard)
