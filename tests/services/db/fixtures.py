"""Databases for tests: SQLite in a temporary file, and PostgreSQL in a database of this worker's own.

`database` runs a test on both. TEST_POSTGRES_URL names a role that may create databases.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from services.accounts.businesses import create_business
from services.appointments.taken import Place, first_resource, occupy
from services.business_policy import Span
from services.calls.lifecycle import open_call
from services.db.database import Database
from services.db.migration import migrate
from services.db.models import ACTIVE_APPOINTMENT, Appointment, AppointmentStatus, Base, Business, Call
from tests.clinic import CLINIC_HOURS

ADMIN_URL = os.environ.get("TEST_POSTGRES_URL", "postgresql://root@127.0.0.1:5432/test")
NOW = datetime(2027, 3, 1, 7, 0, tzinfo=UTC)  # a Monday, 09:00 in Israel


@contextmanager
def new_postgres_database() -> Iterator[str]:
    """The URL of an empty PostgreSQL database, dropped at the end. Skips, in CI fails, when there is no server."""
    name = f"calls_{uuid4().hex[:12]}"
    try:
        admin = psycopg.connect(ADMIN_URL, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        reason = f"PostgreSQL cannot be reached at TEST_POSTGRES_URL: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield make_url(ADMIN_URL).set(database=name).render_as_string(hide_password=False)
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """An empty PostgreSQL database of this worker."""
    with new_postgres_database() as url:
        yield url


@pytest.fixture
def bare_postgres_url() -> Iterator[str]:
    """A PostgreSQL database of this test, without any table."""
    with new_postgres_database() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str) -> Iterator[Database]:
    """The migrated PostgreSQL database of this worker; tests empty it through `database`."""
    database = Database(postgres_url, pool_size=10, max_overflow=30)
    migrate(database)
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated, empty SQLite file: copying it is faster than migrating for every test."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.dispose()
    return path.read_bytes()


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: bytes) -> str:
    """A migrated, empty SQLite database."""
    path = tmp_path / "calls.db"
    path.write_bytes(sqlite_template)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A migrated, empty database of each kind."""
    if request.param == "sqlite":
        found = Database(request.getfixturevalue("sqlite_url"))
        yield found
        found.dispose()
        return
    found = request.getfixturevalue("postgres_database")
    names = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with found.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    yield found


def seat(session: Session, appointment: Appointment) -> None:
    """Write an appointment that stands already, in the first diary of the session's business."""
    appointment.status = appointment.status or AppointmentStatus.BOOKED
    resource, told = first_resource(session), Span(appointment.starts_at, appointment.ends_at)
    if appointment.status in ACTIVE_APPOINTMENT:
        occupy(session, appointment, Place(resource, told, told))
        return
    appointment.resource_id = resource
    session.add(appointment)
    session.flush()


@dataclass
class Cast:
    """A small cast: two businesses that must never meet, each with a call in progress."""

    database: Database
    clinic: Business
    office: Business
    clinic_call: Call
    office_call: Call


MakeCall = Callable[[Business, str], Call]


@pytest.fixture
def make_call(database: Database) -> MakeCall:
    """Open a call of a business under a sid."""

    def make(business: Business, call_sid: str) -> Call:
        return database.write(
            lambda session: open_call(
                session,
                business_id=business.id,
                call_sid=call_sid,
                caller="+972501234567",
                dialled="+97239990001",
                now=NOW,
            )
        )

    return make


@pytest.fixture
def cast(database: Database, make_call: MakeCall) -> Cast:
    def business(name: str, number: str) -> Business:
        settings = {"opening_hours_json": CLINIC_HOURS, "min_notice_min": 60}
        return database.write(
            lambda session: create_business(
                session, name=name, numbers=[number], prompt=f"You are {name}.", settings=settings, now=NOW
            )
        )

    clinic, office = business("Clinic", "+97231110001"), business("Office", "+97231110002")
    return Cast(database, clinic, office, make_call(clinic, "CA-clinic"), make_call(office, "CA-office"))
