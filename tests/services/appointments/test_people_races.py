"""Many callers, two people and a class of eight: nobody is booked twice and no class is overfull, whatever they book,
move and cancel at the same moment, on both databases (K3)."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services import tools_calendar as calendar
from services.appointments.taken import Place, occupy
from services.business_policy import Span
from services.db.models import ACTIVE_APPOINTMENT, Appointment, Customer, TakenTime
from services.db.tenancy import bind_business
from services.tools_calendar import Booking, BookingResult, Outcome, Want
from tests.patience import PATIENCE_S
from tests.services.appointments.clinic_team import Team
from tests.services.appointments.racing import DEADLINE_S, RACERS, ROUNDS, race, wait_until_blocked
from tests.services.db.fixtures import NOW, Cast

TEN = datetime(2027, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Jerusalem"))
HALF = timedelta(minutes=30)
SEATS = 8
Told = dict[int, tuple[datetime, int | None]]


def book(cast: Cast, call_id: int, want: Want, start: datetime = TEN) -> BookingResult:
    return cast.database.write(
        lambda s: calendar.create_appointment_from_realtime(
            s, call_id=call_id, start=start, phone="+972501234567", name="x", now=NOW, want=want
        ),
        deadline_s=DEADLINE_S,
    )


def outcomes(results: list[object]) -> list[Outcome]:
    return [result.outcome for result in results if isinstance(result, BookingResult)]


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_of_many_callers_for_two_people_two_get_the_hour(
    cast: Cast, team: Team, call_ids: list[int], threads: ThreadPoolExecutor, round_: int
) -> None:
    results = race(threads, lambda number: book(cast, call_ids[number], Want(team.check_up)))
    assert outcomes(results).count(Outcome.DONE) == 2
    assert outcomes(results).count(Outcome.REFUSED) == RACERS - 2
    with_whom = {r.booking.resource_id for r in results if isinstance(r, BookingResult) and r.booking}
    assert with_whom == {team.levi, team.haddad}


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_of_many_callers_for_a_class_eight_get_a_seat(
    cast: Cast, team: Team, call_ids: list[int], threads: ThreadPoolExecutor, round_: int
) -> None:
    results = race(threads, lambda number: book(cast, call_ids[number], Want(team.yoga)))
    assert outcomes(results).count(Outcome.DONE) == SEATS
    check_diaries(cast)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_many_holds_of_a_class_are_eight_seats(
    cast: Cast, team: Team, call_ids: list[int], threads: ThreadPoolExecutor, round_: int
) -> None:
    def hold(number: int) -> bool:
        held = cast.database.write(
            lambda s: calendar.hold_slot(s, call_id=call_ids[number], start=TEN, now=NOW, want=Want(team.yoga)),
            deadline_s=DEADLINE_S,
        )
        return held.until is not None

    assert race(threads, hold).count(True) == SEATS


class Racer:
    """One caller who books, moves and cancels around the same hours and remembers what was told."""

    def __init__(self, cast: Cast, team: Team, call_id: int, seed: int) -> None:
        self.cast = cast
        self.call_id = call_id
        self.random = random.Random(seed)
        self.mine: Told = {}
        people = (None, None, team.levi, team.haddad)
        self.wants = [
            *(Want(team.check_up, person) for person in people),
            Want(team.root_canal),
            *[Want(team.yoga)] * 4,
        ]
        self.people = (None, Want(), Want(resource_id=team.levi), Want(resource_id=team.haddad))

    def step(self) -> None:
        self.random.choice([self.book, self.book, self.move, self.move, self.cancel])()

    def somewhere(self) -> datetime:
        return TEN + HALF * self.random.randrange(-2, 3)

    def book(self) -> None:
        self.told(book(self.cast, self.call_id, self.random.choice(self.wants), self.somewhere()).booking)

    def move(self) -> None:
        if self.mine:
            number, start, want = (
                self.random.choice(sorted(self.mine)),
                self.somewhere(),
                self.random.choice(self.people),
            )
            result = self.cast.database.write(
                lambda s: calendar.move_appointment(
                    s, appointment_id=number, start=start, now=NOW, call_id=self.call_id, want=want
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
            self.mine[booking.id] = booking.start, booking.resource_id


def check_diaries(cast: Cast) -> Told:
    """Nobody has two things at a time, nothing is occupied by nobody, no class is overfull; what stands."""

    def read(session: Session) -> Told:
        bind_business(session, cast.clinic.id)
        taken = session.scalars(select(TakenTime).order_by(TakenTime.resource_id, TakenTime.starts_at)).all()
        for earlier, later in pairwise(taken):
            assert earlier.resource_id != later.resource_id or earlier.ends_at <= later.starts_at
        rows = session.scalars(select(Appointment).where(Appointment.status.in_(ACTIVE_APPOINTMENT))).all()
        assert {row.id for row in taken} == {row.taken_id for row in rows}
        seats = session.execute(
            select(func.count(Appointment.id), func.max(Appointment.seat), func.max(Appointment.capacity))
            .where(Appointment.taken_id.is_not(None))
            .group_by(Appointment.taken_id)
        )
        assert all(count <= capacity and highest <= capacity for count, highest, capacity in seats)
        return {row.id: (row.starts_at, row.resource_id) for row in rows}

    return cast.database.read(read)


def run_rounds(cast: Cast, team: Team, call_ids: list[int], threads: ThreadPoolExecutor, rounds: int) -> None:
    racers = [Racer(cast, team, call_id, seed=number) for number, call_id in enumerate(call_ids)]
    for _ in range(rounds):
        race(threads, lambda number: racers[number].step())
        told = {number: place for racer in racers for number, place in racer.mine.items()}
        assert check_diaries(cast) == told


def test_everyone_has_what_was_told_and_with_whom(
    cast: Cast, team: Team, call_ids: list[int], threads: ThreadPoolExecutor
) -> None:
    run_rounds(cast, team, call_ids, threads, 2 * ROUNDS)


@pytest.mark.slow
def test_everyone_has_what_was_told_for_a_hundred_rounds(
    cast: Cast, team: Team, call_ids: list[int], threads: ThreadPoolExecutor
) -> None:
    run_rounds(cast, team, call_ids, threads, 100)


# -- by the schema alone ----------------------------------------------------------------------------------------------


def intruder(session: Session, cast: Cast, number: int) -> Appointment:
    bind_business(session, cast.clinic.id)
    customer = Customer(phone=f"+9725211111{number:02d}", created_at=NOW, updated_at=NOW)
    session.add(customer)
    session.flush()
    return Appointment(
        uid=f"u{number}", request_key=f"k{number}", customer_id=customer.id, created_at=NOW, updated_at=NOW
    )


def the_class(team: Team) -> Place:
    told = Span(TEN, TEN + 2 * HALF)
    return Place(team.bar, told, told, team.yoga, SEATS)


def test_a_ninth_seat_and_a_seat_twice_are_refused_by_the_schema(cast: Cast, team: Team) -> None:
    for number in range(SEATS):
        cast.database.write(lambda s, n=number: occupy(s, intruder(s, cast, n), the_class(team)))
    with pytest.raises(IntegrityError, match="ck_appointments_seat"):
        cast.database.write(lambda s: occupy(s, intruder(s, cast, 9), the_class(team)))

    def sit_on_another(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        session.scalars(select(Appointment).where(Appointment.uid == "u1")).one().seat = 1

    with pytest.raises(IntegrityError, match=r"uq_appointments_taken_id_seat|appointments\.seat"):
        cast.database.write(sit_on_another)
    assert len(check_diaries(cast)) == SEATS


def test_an_active_appointment_without_a_seat_or_outside_it_is_no_row(cast: Cast, team: Team) -> None:
    cast.database.write(lambda s: occupy(s, intruder(s, cast, 1), the_class(team)))

    def change(session: Session, **values: object) -> None:
        bind_business(session, cast.clinic.id)
        row = session.scalars(select(Appointment)).one()
        for name, value in values.items():
            setattr(row, name, value)

    for values in ({"resource_id": team.levi}, {"ends_at": TEN + 3 * HALF}):
        with pytest.raises(IntegrityError, match="ex_appointments_inside"):
            cast.database.write(lambda s, values=values: change(s, **values))
    if cast.database.is_sqlite:  # on PostgreSQL a trigger finds it one, for code of before
        with pytest.raises(IntegrityError, match="active_is_seated"):
            cast.database.write(lambda s: change(s, taken_id=None))


def test_a_writer_who_takes_no_lock_has_the_last_seat(postgres_database: object, cast: Cast, team: Team) -> None:
    """PostgreSQL only: the eighth is not committed when ours is checked, and is there when ours is written."""
    if cast.database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    for number in range(SEATS - 1):
        cast.database.write(lambda s, n=number: occupy(s, intruder(s, cast, n), the_class(team)))
    written, go_on = threading.Event(), threading.Event()

    def intrude(session: Session) -> None:
        occupy(session, intruder(session, cast, 8), the_class(team))
        written.set()
        go_on.wait(PATIENCE_S)

    with ThreadPoolExecutor(2) as pool:
        theirs = pool.submit(cast.database.write, intrude)
        assert written.wait(PATIENCE_S)
        ours = pool.submit(book, cast, cast.clinic_call.id, Want(team.yoga))
        wait_until_blocked(cast)
        go_on.set()
        theirs.result(30)
        assert ours.result(30).verdict.rule == "busy"
    assert len(check_diaries(cast)) == SEATS
