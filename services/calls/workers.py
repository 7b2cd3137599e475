"""The workers of the installation, on whichever machine: who is there, and whether one of them has a place for a call.

Each worker writes how it stands into a row of its own (app/worker/presence.py). How old a row is, PostgreSQL's clock
says: machines whose own clocks differ agree. (With SQLite there is one machine.)

Every function runs in the transaction of the calling code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.db.models import Call, CallStatus, NextStep, RunningWorker
from services.db.tenancy import unscoped

EVERY_S = 2.0  # how often a worker says that it is there
# Whoever said nothing for so long has no places to give.
PRESENT = timedelta(seconds=7)
# From the TwiML to the socket's start message. Twilio needs a second or two.
RESERVED = timedelta(seconds=10)
# Calls of a worker that said nothing for so long are lost, if no other worker has been asked for them.
GONE = timedelta(minutes=5)
# When the database comes back every worker has so long to say that it is there.
ALL_BACK = timedelta(minutes=1)
FORGOTTEN = timedelta(days=1)
# With more places than this among all workers no two webhooks can take the same one.
FEW_PLACES = 20
# Any number, as long as every version uses the same (services/db/migration.py has another).
_ADMISSION_LOCK = 6_021_024


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """How a worker stands. carried: its calls; places: how many it may have; takes_calls: False while it drains, or is
    late with what it has."""

    id: str
    machine: str
    pid: int
    version: str
    carried: int
    places: int
    takes_calls: bool

    @property
    def free(self) -> int:
        return max(0, self.places - self.carried) if self.takes_calls else 0


def report(session: Session, worker: WorkerReport, now: datetime) -> None:
    """Write how a worker stands."""
    insert: Any = postgresql.insert if _is_postgresql(session) else sqlite.insert
    clock = _clock(session, now)
    said = {
        "machine": worker.machine[:100],
        "pid": worker.pid,
        "version": worker.version[:40],
        "carried": worker.carried,
        "places": worker.places,
        "takes_calls": worker.takes_calls,
        "seen_at": clock,
    }
    was_silent = RunningWorker.seen_at < clock - PRESENT
    session.execute(
        insert(RunningWorker)
        .values(id=worker.id, present_since=clock, **said)
        .on_conflict_do_update(
            index_elements=["id"],
            set_={**said, "present_since": case((was_silent, clock), else_=RunningWorker.present_since)},
        )
    )


def forget_old_workers(session: Session, now: datetime) -> None:
    """Rows that nobody has written for a day go."""
    old = delete(RunningWorker).where(RunningWorker.seen_at < _clock(session, now) - FORGOTTEN)
    session.execute(old.execution_options(synchronize_session=False))


def note_carried(session: Session, worker_id: str, carried: int) -> None:
    """A worker has taken a call: nobody else counts on that place any more. Its next report says the rest."""
    taken = update(RunningWorker).where(RunningWorker.id == worker_id).values(carried=carried)
    session.execute(taken.execution_options(synchronize_session=False))


def is_full(session: Session, mine: WorkerReport, now: datetime) -> bool:
    """Whether no worker has a place for one more call. Those that were just let in, or come back from a worker that is
    gone, have their places kept. Where few are left one webhook after the other looks, until its call's row is there.
    """
    if free_places(session, mine, now) > FEW_PLACES:
        return False
    if _is_postgresql(session):  # SQLite has one writer anyway
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADMISSION_LOCK})
    return free_places(session, mine, now) <= 0


def free_places(session: Session, mine: WorkerReport, now: datetime) -> int:
    """Places of all workers, without those that are kept for calls on their way. The one that asks knows its own."""
    free = case((RunningWorker.carried < RunningWorker.places, RunningWorker.places - RunningWorker.carried), else_=0)
    others = (
        select(func.coalesce(func.sum(free), 0))
        .where(RunningWorker.id != mine.id, RunningWorker.takes_calls, _is_present(session, now))
        .scalar_subquery()
    )
    on_their_way = (
        select(func.count())
        .select_from(Call)
        .where(
            Call.status.in_((CallStatus.RINGING, CallStatus.RESUMING)),
            Call.stream_claimed_at.is_(None),
            Call.ended_at.is_(None),
            Call.stream_issued_at > now - RESERVED,
        )
        .scalar_subquery()
    )
    with unscoped(session, "places for calls are counted for all businesses together"):
        return mine.free + int(session.execute(select(others - on_their_way)).scalar_one())


def present_workers(session: Session, now: datetime) -> Sequence[RunningWorker]:
    """Those that are there, by machine."""
    query = select(RunningWorker).where(_is_present(session, now))
    return session.scalars(query.order_by(RunningWorker.machine, RunningWorker.pid)).all()


def is_abandoned(session: Session, now: datetime) -> ColumnElement[bool]:
    """Of a call: its worker vanished and no other has been asked for it, or its stream never came."""
    clock = _clock(session, now)
    lives = exists().where(RunningWorker.id == Call.worker_id, RunningWorker.seen_at > clock - GONE)
    # Somebody has been there for a while: so the database was, and whoever lives has said so.
    can_be_known = exists().where(_is_present(session, now), RunningWorker.present_since < clock - ALL_BACK)
    vanished = and_(Call.worker_id.is_not(None), Call.stream_claimed_at < now - GONE, ~lives, can_be_known)
    never_came = and_(Call.stream_claimed_at.is_(None), Call.stream_issued_at < now - GONE)
    return and_(
        Call.wrapped_up_at.is_(None),
        Call.ended_at.is_(None),
        Call.next_step == NextStep.RESUME,
        or_(vanished, never_came),
    )


def _is_present(session: Session, now: datetime) -> ColumnElement[bool]:
    return RunningWorker.seen_at > _clock(session, now) - PRESENT


def _clock(session: Session, now: datetime) -> Any:
    return func.now() if _is_postgresql(session) else now


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
