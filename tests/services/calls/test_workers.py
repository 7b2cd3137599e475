"""Places for calls on all machines together, and calls whose machine vanished (O1, W11), on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.calls import lifecycle
from services.calls.housekeeping import STALE_CALL, any_stale_calls, close_stale_calls
from services.calls.routing import route_incoming
from services.calls.workers import (
    ALL_BACK,
    FEW_PLACES,
    FORGOTTEN,
    GONE,
    PRESENT,
    RESERVED,
    WorkerReport,
    forget_old_workers,
    free_places,
    note_carried,
    present_workers,
    report,
)
from services.db.database import Database
from services.db.models import Call, CallStatus, NextStep, RunningWorker
from services.db.tenancy import unscoped
from tests.services.db.fixtures import NOW, Cast, MakeCall

MINE = WorkerReport(id="mine", machine="here", pid=1, version="1", carried=0, places=2, takes_calls=True)
OTHER = replace(MINE, id="other", machine="there", pid=2, places=10, carried=3)
LATER = NOW + GONE + timedelta(minutes=1)


@pytest.fixture
def nobody(cast: Cast) -> Cast:
    """The cast without its calls in progress."""
    close(cast.database, cast.clinic_call)
    close(cast.database, cast.office_call)
    return cast


def close(database: Database, call: Call) -> None:
    database.write(lambda s: lifecycle.set_call_status(s, call.call_sid, "completed", NOW))


def tell(database: Database, *workers: WorkerReport, now: datetime = NOW) -> None:
    """Their reports. PostgreSQL takes its own time for `now`."""
    for worker in workers:
        database.write(lambda s, worker=worker: report(s, worker, now))


def make_older(database: Database, worker: WorkerReport, column: str, time: timedelta) -> None:
    """As if what stands there had been written so much earlier."""

    def work(session: Session) -> None:
        row = session.get_one(RunningWorker, worker.id)
        setattr(row, column, getattr(row, column) - time)

    database.write(work)


def free(database: Database, mine: WorkerReport = MINE) -> int:
    return database.read(lambda s: free_places(s, mine, NOW))


def claim(database: Database, call: Call, worker: WorkerReport, **changes: object) -> None:
    given = {"call_sid": call.call_sid, "business_id": call.business_id, "nonce": call.stream_nonce, "now": NOW}
    given |= {"worker_id": worker.id, **changes}
    assert database.write(lambda s: lifecycle.claim_stream(s, **given)) is not None  # type: ignore[arg-type]


def fetch(database: Database, call: Call) -> Call:
    def find(session: Session) -> Call:
        with unscoped(session, "test"):
            return session.scalars(select(Call).where(Call.id == call.id)).one()

    return database.read(find)


def test_the_places_of_all_machines_count_and_ones_own_as_they_are_now(nobody: Cast) -> None:
    database = nobody.database
    assert free(database) == 2
    tell(database, MINE, OTHER)
    assert free(database) == 2 + 7
    assert free(database, replace(MINE, carried=2)) == 7
    tell(database, replace(OTHER, carried=12))
    assert free(database) == 2, "whoever has too many has none to give, and takes none from others"


def test_whoever_drains_is_late_or_was_silent_for_a_while_has_no_places_to_give(nobody: Cast) -> None:
    database = nobody.database
    tell(database, OTHER)
    assert free(database, replace(MINE, takes_calls=False)) == 7
    tell(database, replace(OTHER, takes_calls=False))
    assert free(database) == 2
    tell(database, OTHER)
    make_older(database, OTHER, "seen_at", PRESENT)
    assert free(database) == 2
    assert database.read(lambda s: present_workers(s, NOW)) == []
    tell(database, OTHER)
    assert free(database) == 9


def test_a_call_on_its_way_keeps_its_place_until_it_came_or_for_ten_seconds(nobody: Cast, make_call: MakeCall) -> None:
    database = nobody.database
    tell(database, OTHER)
    call = make_call(nobody.clinic, "CA-ringing")
    assert free(database) == 8
    claim(database, call, OTHER)
    database.write(lambda s: note_carried(s, OTHER.id, OTHER.carried + 1))
    assert free(database) == 8, "the place that it has taken is known at once"
    make_call(nobody.office, "CA-never")
    assert database.read(lambda s: free_places(s, MINE, NOW)) == 7
    later = NOW + RESERVED
    tell(database, OTHER, now=later)
    assert database.read(lambda s: free_places(s, MINE, later)) == 2 + 7


def test_a_call_that_comes_back_from_a_lost_machine_finds_its_place_kept(nobody: Cast, make_call: MakeCall) -> None:
    database = nobody.database
    tell(database, OTHER)
    call = make_call(nobody.clinic, "CA-back")
    claim(database, call, MINE)
    assert free(database) == 9
    renewed = database.write(lambda s: lifecycle.renew_stream(s, call_sid="CA-back", now=NOW))
    assert renewed is not None
    assert free(database) == 8


@pytest.mark.parametrize("places", [5, FEW_PLACES + 5])
def test_of_many_webhooks_at_once_no_more_are_let_in_than_there_are_places(nobody: Cast, places: int) -> None:
    """Each worker has its own connection; every webhook is answered by another one."""
    database = nobody.database
    tell(database, replace(MINE, places=places - 2, carried=0), replace(OTHER, places=2, carried=0))

    def ring(number: int) -> NextStep | None:
        worker = replace(MINE if number % 2 else OTHER, carried=0, places=places - 2 if number % 2 else 2)
        route = database.write(
            lambda s: route_incoming(
                s,
                call_sid=f"CA-{number}",
                caller="+972501234567",
                dialled="+97231110001",
                now=NOW,
                worker=worker,
                countries=frozenset({"IL"}),
            ),
            deadline_s=60,
        )
        return None if route is None else route.step

    with ThreadPoolExecutor(12) as threads:
        steps = list(threads.map(ring, range(40)))
    limit_of_the_business = 20  # its calls at once (S2)
    assert steps.count(NextStep.RESUME) == min(places, limit_of_the_business)


def test_a_worker_that_was_silent_is_present_since_it_spoke_again(database: Database) -> None:
    def since(worker: WorkerReport) -> timedelta:
        row = database.read(lambda s: s.get_one(RunningWorker, worker.id))
        return row.seen_at - row.present_since

    tell(database, MINE)
    make_older(database, MINE, "present_since", ALL_BACK)
    tell(database, MINE)
    assert since(MINE) >= ALL_BACK
    make_older(database, MINE, "seen_at", 2 * PRESENT)
    tell(database, MINE)
    assert since(MINE) == timedelta(0)


def test_workers_that_ended_long_ago_are_forgotten(database: Database) -> None:
    tell(database, MINE, OTHER)
    make_older(database, OTHER, "seen_at", FORGOTTEN + timedelta(minutes=1))
    database.write(lambda s: forget_old_workers(s, NOW))
    assert database.read(lambda s: s.scalars(select(RunningWorker.id)).all()) == ["mine"]


def sweep(database: Database, now: datetime = LATER) -> int:
    """As housekeeping does it; how many calls were closed."""
    found = database.read(lambda s: any_stale_calls(s, older_than=STALE_CALL, now=now))
    closed = database.write(lambda s: close_stale_calls(s, older_than=STALE_CALL, now=now))
    assert found == (closed > 0)
    return closed


def vanish(database: Database, worker: WorkerReport, *, witness: WorkerReport) -> None:
    """It was not heard of for GONE; the witness was there all the time."""
    make_older(database, worker, "seen_at", GONE + timedelta(seconds=1))
    tell(database, witness, now=LATER)
    make_older(database, witness, "present_since", 2 * ALL_BACK)


def test_calls_that_went_with_a_machine_are_closed_when_nobody_asks_for_them(cast: Cast) -> None:
    database = cast.database
    tell(database, MINE, OTHER)
    claim(database, cast.clinic_call, OTHER)
    claim(database, cast.office_call, MINE)
    vanish(database, OTHER, witness=MINE)
    assert sweep(database) == 1
    call = fetch(database, cast.clinic_call)
    assert (call.status, call.end_reason, call.ended_at) == (CallStatus.ENDED, "lost", LATER)
    assert fetch(database, cast.office_call).status is CallStatus.LIVE
    assert sweep(database) == 0


def test_a_call_that_another_machine_goes_on_with_is_not_lost(cast: Cast) -> None:
    database = cast.database
    tell(database, MINE, OTHER)
    claim(database, cast.clinic_call, OTHER)
    database.write(lambda s: lifecycle.renew_stream(s, call_sid="CA-clinic", now=NOW))
    claim(database, fetch(database, cast.clinic_call), MINE)
    claim(database, cast.office_call, MINE)
    vanish(database, OTHER, witness=MINE)
    assert sweep(database) == 0


def test_nobody_is_given_up_when_it_is_the_database_that_was_away(cast: Cast) -> None:
    """When it comes back, every row is old; whoever asks first must not close the calls of all others."""
    database = cast.database
    tell(database, MINE, OTHER)
    claim(database, cast.clinic_call, OTHER)
    claim(database, cast.office_call, MINE)
    for worker in (MINE, OTHER):
        make_older(database, worker, "seen_at", GONE + timedelta(seconds=1))
    tell(database, MINE, now=LATER)
    assert sweep(database) == 0


def test_a_call_whose_stream_never_came_does_not_count_for_hours(cast: Cast) -> None:
    claim(cast.database, cast.office_call, MINE)
    assert sweep(cast.database, NOW + GONE) == 0
    assert sweep(cast.database, LATER) == 1
    assert fetch(cast.database, cast.clinic_call).end_reason == "lost"


@pytest.mark.parametrize("step", [NextStep.DIAL, NextStep.VOICEMAIL])
def test_a_call_that_goes_on_without_a_stream_needs_no_worker(cast: Cast, step: NextStep) -> None:
    database = cast.database
    close(database, cast.office_call)
    tell(database, MINE, OTHER)
    claim(database, cast.clinic_call, OTHER)
    database.write(lambda s: lifecycle.set_next_step(s, cast.clinic_call.id, step))
    vanish(database, OTHER, witness=MINE)
    assert sweep(database) == 0
