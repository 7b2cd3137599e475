"""The schema comes from migrations: up, down, several processes at once, and exactly what the models say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.accounts.businesses import create_business
from services.clips.jobs import ClipsStatus, clips_state
from services.db.database import Database
from services.db.migration import differences, downgrade, migrate
from services.db.models import Appointment, Base, BusinessSettings, Customer, TakenTime
from services.db.schema_fit import schema_of_code
from services.db.tenancy import bind_business
from tests.places import ROOT
from tests.services.db.fixtures import NOW, Cast, seat


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    if request.param == "sqlite":
        found = Database(f"sqlite:///{tmp_path}/new/deep/calls.db")
        yield found
        found.dispose()
        return
    found = Database(request.getfixturevalue("bare_postgres_url"))
    yield found
    found.dispose()


def tables(database: Database) -> set[str]:
    with database.engine.connect() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def test_the_migrated_schema_is_what_the_models_say(database: Database) -> None:
    assert differences(database) == []


def test_migrations_go_all_the_way_up_and_down_and_up_again(empty: Database) -> None:
    migrate(empty)
    assert tables(empty) == set(Base.metadata.tables)
    downgrade(empty, "base")
    assert tables(empty) == set()
    migrate(empty)
    migrate(empty)
    assert tables(empty) == set(Base.metadata.tables)
    assert differences(empty) == []


def test_a_business_that_greets_gets_new_sound_with_the_upgrade_that_cannot_know_its_old_one(empty: Database) -> None:
    migrate(empty)

    def make(greets: bool, number: str) -> int:
        settings = {"enable_greeting": greets, "greeting_text": "x", "greeting_clip": b"old"}
        return empty.write(
            lambda s: create_business(s, name="x", numbers=[number], prompt="", settings=settings, now=NOW).id
        )

    greeting, silent = make(True, "+97231110001"), make(False, "+97231110002")
    downgrade(empty, "0011")
    migrate(empty)

    def wanted(business_id: int) -> tuple[ClipsStatus, bytes | None]:
        def read(session: Session) -> tuple[ClipsStatus, bytes | None]:
            settings = bind_business(session, business_id).scalars(select(BusinessSettings)).one()
            return clips_state(session, settings).status, settings.greeting_clip

        return empty.read(read)

    assert wanted(greeting) == (ClipsStatus.MAKING, b"old")
    assert wanted(silent) == (ClipsStatus.MISSING, b"old")


def test_processes_that_migrate_at_once_do_it_once(empty: Database) -> None:
    url = empty.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "services.db.migration", url]
    started = [
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    said = [process.communicate(timeout=60) for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said
    assert sum("upgraded from nothing" in errors for _, errors in said) == 1
    assert tables(empty) == set(Base.metadata.tables)


def test_overlapping_appointments_are_refused_by_the_schema_itself(cast: Cast) -> None:
    """Whoever writes them, with whatever code; an hour that only touches another is no overlap (K3)."""

    def write(number: int, start_min: int, end_min: int, *, office: bool = False) -> None:
        def add(session: Session) -> None:
            bind_business(session, (cast.office if office else cast.clinic).id)
            seat(session, made(session, number, start_min, end_min))

        cast.database.write(add)

    write(1, 0, 30)
    for number, (start, end) in enumerate([(0, 30), (-10, 1), (29, 60), (10, 20), (-10, 60)], start=2):
        with pytest.raises(IntegrityError, match="ex_taken_times_no_overlap"):
            write(number, start, end)
    write(7, 30, 60)
    write(8, 0, 30, office=True)

    def move_onto(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        session.scalars(select(Appointment).where(Appointment.uid == "uid-7")).one().starts_at -= timedelta(minutes=1)

    with pytest.raises(IntegrityError, match=r"ex_taken_times_no_overlap|ex_appointments_inside"):
        cast.database.write(move_onto)


def made(session: Session, number: int, start_min: int, end_min: int) -> Appointment:
    customer = Customer(phone=f"+97250111111{number}", created_at=NOW, updated_at=NOW)
    session.add(customer)
    session.flush()
    return Appointment(
        uid=f"uid-{number}",
        request_key=f"key-{number}",
        starts_at=NOW + timedelta(minutes=start_min),
        ends_at=NOW + timedelta(minutes=end_min),
        customer_id=customer.id,
        created_at=NOW,
        updated_at=NOW,
    )


def at_version(database: Database, version: str) -> int:
    """A business on the schema of an older version; its number."""
    migrate(database)
    business_id = database.write(
        lambda s: create_business(s, name="x", numbers=["+97231110001"], prompt="", settings={}, now=NOW).id
    )
    downgrade(database, version)
    return business_id


BOOKED = (
    "INSERT INTO appointments (business_id, uid, request_key, starts_at, ends_at, status, sequence, customer_id, name, "
    "service, notes, created_at, updated_at) VALUES (:business, :uid, :uid, :starts, :ends, :status, 0, :customer, '', "
    "'', '', :starts, :starts)"
)


def write_as_before(database: Database, business_id: int, uid: str, hour: int, status: str) -> None:
    """As the version before people and services wrote an appointment."""
    starts, ends = (f"2027-03-02 {each:02d}:00:00.000000" for each in (hour, hour + 1))
    values = {"business": business_id, "uid": uid, "starts": starts, "ends": ends, "status": status}
    with database.engine.begin() as connection:
        customer = connection.execute(text("SELECT id FROM customers")).scalar()
        if customer is None:
            connection.execute(
                text(
                    "INSERT INTO customers (business_id, phone, name, city, notes, created_at, updated_at) "
                    "VALUES (:business, '+972501111111', '', '', '', :starts, :starts)"
                ),
                {"business": business_id, "starts": starts},
            )
            customer = connection.execute(text("SELECT id FROM customers")).scalar_one()
        connection.execute(text(BOOKED), {**values, "customer": customer})


def occupied(database: Database, business_id: int) -> list[tuple[str, str, int | None, str]]:
    """Who is seated: (uid, status, hours after midnight UTC of the taken time or None, resource's name)."""

    def read(session: Session) -> list[tuple[str, str, int | None, str]]:
        bind_business(session, business_id)
        taken = {row.id: row.starts_at.hour for row in session.scalars(select(TakenTime))}
        rows = session.scalars(select(Appointment).order_by(Appointment.uid)).all()
        assert len(taken) == sum(row.taken_id is not None for row in rows), "nothing is occupied by nobody"
        return [
            (row.uid, row.status.value, None if row.taken_id is None else taken[row.taken_id], row.resource.name)
            for row in rows
        ]

    return database.read(read)


def test_booked_times_are_kept_and_become_those_of_the_unnamed_resource(empty: Database) -> None:
    """(K2, K3)"""
    business_id = at_version(empty, "0017")
    for hour, status in ((8, "booked"), (9, "done"), (10, "cancelled"), (10, "booked"), (11, "no_show")):
        write_as_before(empty, business_id, f"{status}-{hour}", hour, status)
    migrate(empty)
    kept = [
        ("booked-10", "booked", 10, ""),
        ("booked-8", "booked", 8, ""),
        ("cancelled-10", "cancelled", None, ""),
        ("done-9", "done", 9, ""),
        ("no_show-11", "no_show", None, ""),
    ]
    assert occupied(empty, business_id) == kept
    downgrade(empty, "0017")
    migrate(empty)
    assert occupied(empty, business_id) == kept


def test_code_of_before_goes_on_booking_beside_the_new_schema(bare_postgres_url: str) -> None:
    """PostgreSQL, where machines change over one after the other: it knows of no resource and of no taken time."""
    database = Database(bare_postgres_url)
    business_id = at_version(database, schema_of_code())

    def run(statement: str) -> None:
        with database.engine.begin() as connection:
            connection.execute(text(statement))

    write_as_before(database, business_id, "a", 8, "booked")
    write_as_before(database, business_id, "b", 9, "booked")
    with pytest.raises(IntegrityError, match="ex_taken_times_no_overlap"):
        write_as_before(database, business_id, "c", 9, "booked")
    run("UPDATE appointments SET starts_at = '2027-03-02 12:00Z', ends_at = '2027-03-02 13:00Z' WHERE uid = 'a'")
    run("UPDATE appointments SET status = 'cancelled' WHERE uid = 'b'")
    write_as_before(database, business_id, "c", 9, "booked")
    assert occupied(database, business_id) == [
        ("a", "booked", 12, ""),
        ("b", "cancelled", None, ""),
        ("c", "booked", 9, ""),
    ]
    with pytest.raises(IntegrityError, match="ex_taken_times_no_overlap"):
        run("UPDATE appointments SET status = 'booked' WHERE uid = 'b'")
    database.dispose()
