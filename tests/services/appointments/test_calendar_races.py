"""Many callers, one slot: exactly one gets it, whatever else happens meanwhile, on both databases.

RACE_ROUNDS (default 3) sets how often each race is run: `RACE_ROUNDS=100 pytest tests/services/appointments`.
"""

from __future__ import annotations

import random
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services import tools_calendar as calendar
from services.db.models import ACTIVE_APPOINTMENT, Appointment, Customer
from services.db.tenancy import bind_business
from services.tools_calendar import Booking, BookingResult, NoSuchAppointment, Outcome
from tests.patience import PATIENCE_S
from tests.places import ROOT
from tests.services.appointments.racing import DEADLINE_S, RACERS, ROUNDS, race, wait_until_blocked
from tests.services.db.fixtures import NOW, Cast, seat

TEN = datetime(2027, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Jerusalem"))


def book(cast: Cast, call_id: int, start: datetime, duration_min: int = 30) -> BookingResult:
    return cast.database.write(
        lambda s: calendar.create_appointment_from_realtime(
            s, call_id=call_id, start=start, phone="+972501234567", name="x", now=NOW, duration_min=duration_min
        ),
        deadline_s=DEADLINE_S,
    )


def active(cast: Cast) -> list[tuple[int, datetime, datetime]]:
    def find(session: Session) -> list[tuple[int, datetime, datetime]]:
        bind_business(session, cast.clinic.id)
        rows = session.scalars(
            select(Appointment).where(Appointment.status.in_(ACTIVE_APPOINTMENT)).order_by(Appointment.starts_at)
        )
        return [(row.id, row.starts_at, row.ends_at) for row in rows]

    return cast.database.read(find)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_of_many_callers_gets_the_slot(
    cast: Cast, call_ids: list[int], threads: ThreadPoolExecutor, round_: int
) -> None:
    results = race(threads, lambda number: book(cast, call_ids[number], TEN))
    outcomes = [result.outcome for result in results if isinstance(result, BookingResult)]
    assert outcomes.count(Outcome.DONE) == 1
    assert outcomes.count(Outcome.REFUSED) == RACERS - 1
    assert len(active(cast)) == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_the_same_request_many_times_at_once_is_one_booking(
    cast: Cast, threads: ThreadPoolExecutor, round_: int
) -> None:
    results = race(threads, lambda _: book(cast, cast.clinic_call.id, TEN))
    outcomes = [result.outcome for result in results if isinstance(result, BookingResult)]
    assert (outcomes.count(Outcome.DONE), outcomes.count(Outcome.REPEATED)) == (1, RACERS - 1)
    assert len({result.booking.id for result in results if isinstance(result, BookingResult) and result.booking}) == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_of_many_callers_gets_the_hold(
    cast: Cast, call_ids: list[int], threads: ThreadPoolExecutor, round_: int
) -> None:
    def hold(number: int) -> bool:
        held = cast.database.write(
            lambda s: calendar.hold_slot(s, call_id=call_ids[number], start=TEN, now=NOW), deadline_s=DEADLINE_S
        )
        return held.until is not None

    assert race(threads, hold).count(True) == 1


class Racer:
    """One caller who books, holds, moves and cancels around the same hour and remembers what he was told."""

    def __init__(self, cast: Cast, call_id: int, seed: int) -> None:
        self.cast = cast
        self.call_id = call_id
        self.random = random.Random(seed)
        self.mine: dict[int, datetime] = {}

    def run(self) -> dict[int, datetime]:
        for _ in range(4):
            step = self.random.choice([self.book, self.book, self.hold_and_book, self.move, self.cancel])
            step()
        return self.mine

    def somewhere(self) -> datetime:
        return TEN + timedelta(minutes=30 * self.random.randrange(-2, 3))

    def book(self) -> None:
        result = book(self.cast, self.call_id, self.somewhere(), self.random.choice([30, 60, 90]))
        self.told(result.booking)

    def hold_and_book(self) -> None:
        start = self.somewhere()
        held = self.cast.database.write(
            lambda s: calendar.hold_slot(s, call_id=self.call_id, start=start, now=NOW), deadline_s=DEADLINE_S
        )
        if held.until is not None:
            result = book(self.cast, self.call_id, start)
            assert result.outcome is not Outcome.REFUSED, "what was held was given to someone else"
            self.told(result.booking)

    def move(self) -> None:
        if self.mine:
            number, start = self.random.choice(sorted(self.mine)), self.somewhere()
            result = self.cast.database.write(
                lambda s: calendar.move_appointment(
                    s, appointment_id=number, start=start, now=NOW, call_id=self.call_id
                ),
                deadline_s=DEADLINE_S,
            )
            self.told(result.booking)

    def cancel(self) -> None:
        if self.mine:
            number = self.random.choice(sorted(self.mine))
            self.cast.database.write(
                lambda s: calendar.cancel_appointment(s, appointment_id=number, now=NOW, call_id=self.call_id),
                deadline_s=DEADLINE_S,
            )
            del self.mine[number]

    def told(self, booking: Booking | None) -> None:
        if booking is not None:
            self.mine[booking.id] = booking.start


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_everyone_has_what_he_was_told_and_nothing_overlaps(
    cast: Cast, call_ids: list[int], threads: ThreadPoolExecutor, round_: int
) -> None:
    racers = [Racer(cast, call_id, seed=round_ * RACERS + number) for number, call_id in enumerate(call_ids)]
    race(threads, lambda number: racers[number].run())
    told = {number: start for racer in racers for number, start in racer.mine.items()}
    rows = active(cast)
    assert {number: start for number, start, _ in rows} == told
    assert all(earlier_end <= later_start for (_, _, earlier_end), (_, later_start, _) in pairwise(rows))


def test_callers_in_several_processes_get_one_slot_between_them(cast: Cast, call_ids: list[int]) -> None:
    url = cast.database.url.render_as_string(hide_password=False)
    script = textwrap.dedent(f"""
        import sys
        from concurrent.futures import ThreadPoolExecutor
        from datetime import datetime
        from services.db.database import Database
        from services.tools_calendar import create_appointment_from_realtime
        database = Database({url!r})
        def book(call_id):
            return database.write(lambda session: create_appointment_from_realtime(
                session, call_id=int(call_id), start=datetime.fromisoformat({TEN.isoformat()!r}),
                phone="+972501234567", name="x", now=datetime.fromisoformat({NOW.isoformat()!r})), deadline_s=60)
        print("ready", flush=True)
        sys.stdin.readline()
        with ThreadPoolExecutor(8) as threads:
            print(*[result.outcome.value for result in threads.map(book, sys.argv[1:])])
    """)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, *map(str, call_ids[part::3])],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for part in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    said = [process.communicate("go\n", timeout=90) for process in processes]
    outcomes = " ".join(output for output, _ in said).split()
    assert outcomes.count("done") == 1, said
    assert outcomes.count("refused") == RACERS - 1
    assert len(active(cast)) == 1


def test_a_writer_who_takes_no_lock_wins_by_the_schema_alone(postgres_database: object, cast: Cast) -> None:
    """PostgreSQL only: his row is not committed when ours is checked, and is there when ours is written."""
    if cast.database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    written, go_on = threading.Event(), threading.Event()

    def intrude() -> None:
        def add(session: Session) -> None:
            bind_business(session, cast.clinic.id)
            customer = Customer(phone="+972521111111", created_at=NOW, updated_at=NOW)
            session.add(customer)
            session.flush()
            row = Appointment(uid="u", request_key="k", starts_at=TEN, ends_at=TEN + timedelta(minutes=30))
            row.customer_id, row.created_at, row.updated_at = customer.id, NOW, NOW
            seat(session, row)
            written.set()
            go_on.wait(PATIENCE_S)

        cast.database.write(add)

    with ThreadPoolExecutor(2) as pool:
        intruder = pool.submit(intrude)
        assert written.wait(PATIENCE_S)
        ours = pool.submit(book, cast, cast.clinic_call.id, TEN)
        wait_until_blocked(cast)
        go_on.set()
        intruder.result(30)
        assert ours.result(30).verdict.rule == "busy"
    assert len(active(cast)) == 1


def test_a_cancelled_racer_cannot_be_cancelled_by_another(cast: Cast, call_ids: list[int]) -> None:
    booking = book(cast, call_ids[0], TEN).booking
    assert booking is not None
    with pytest.raises(NoSuchAppointment):
        cast.database.write(
            lambda s: calendar.cancel_appointment(s, appointment_id=booking.id, now=NOW, call_id=call_ids[1])
        )
