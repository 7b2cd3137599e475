"""The schema comes from migrations: up, down, several processes at once, and exactly what the models say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.database import Database
from services.migration import differences, downgrade, migrate
from services.models import Appointment, Base, Customer
from services.tenancy import Tenant
from tests.fixtures_database import NOW, Cast

ROOT = Path(__file__).resolve().parents[1]


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


def test_processes_that_migrate_at_once_do_it_once(empty: Database) -> None:
    url = empty.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "services.migration", url]
    started = [
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    said = [process.communicate(timeout=60) for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said
    assert sum("upgraded from nothing" in errors for _, errors in said) == 1
    assert tables(empty) == set(Base.metadata.tables)


def test_overlapping_appointments_are_refused_by_the_schema_itself(cast: Cast) -> None:
    """Whoever writes them, with whatever code; an hour that only touches another is no overlap."""

    def write(number: int, start_min: int, end_min: int, *, office: bool = False) -> None:
        def add(session: Session) -> None:
            tenant = Tenant(session, (cast.office if office else cast.clinic).id)
            customer = Customer(phone=f"+97250111111{number}", created_at=NOW, updated_at=NOW)
            tenant.session.add(customer)
            tenant.session.flush()
            tenant.session.add(
                Appointment(
                    uid=f"uid-{number}",
                    request_key=f"key-{number}",
                    starts_at=NOW + timedelta(minutes=start_min),
                    ends_at=NOW + timedelta(minutes=end_min),
                    customer_id=customer.id,
                    created_at=NOW,
                    updated_at=NOW,
                )
            )

        cast.database.write(add)

    write(1, 0, 30)
    for number, (start, end) in enumerate([(0, 30), (-10, 1), (29, 60), (10, 20), (-10, 60)], start=2):
        with pytest.raises(IntegrityError, match="ex_appointments_no_overlap"):
            write(number, start, end)
    write(7, 30, 60)
    write(8, 0, 30, office=True)

    def move_onto(session: Session) -> None:
        Tenant(session, cast.clinic.id)
        session.scalars(select(Appointment).where(Appointment.uid == "uid-7")).one().starts_at -= timedelta(minutes=1)

    with pytest.raises(IntegrityError, match="ex_appointments_no_overlap"):
        cast.database.write(move_onto)
