"""Old and new code on one schema: migrations widen first, and a start that does not fit says so (O2)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from app.worker.readiness import Readiness
from services.db.database import Database, migration_engine
from services.db.migration import alone, migrate, step_up
from services.db.schema_fit import (
    SCRIPTS,
    SchemaMismatch,
    complaint,
    number_of,
    require_fit,
    schema_of_code,
    serves_from,
)
from tests.places import ROOT
from tests.services.db.expand import shape_of, taken_away
from tests.services.db.fixtures import new_postgres_database
from tests.serving import environment

# What came before was not written by this rule: there was no release that could have run beside it.
# What PostgreSQL fills in for old code, shown by tests/calls/test_previous_release.py. An SQLite file belongs to one
# machine, which stops before it changes over.
KEPT_BY_TRIGGERS = {"0018"}
RULE_SINCE = "0017"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        found = Database(f"sqlite:///{tmp_path}/calls.db")
        yield found
        found.dispose()
        return
    with new_postgres_database() as url:
        found = Database(url)
        yield found
        found.dispose()


def chain() -> list[str]:
    """The names of all migrations, the first one first."""
    return [script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()][::-1]


def test_the_code_knows_its_schema_by_the_names_of_files() -> None:
    assert chain()[-1] == schema_of_code()
    for file in (SCRIPTS / "versions").glob("*.py"):
        assert any(file.name.startswith(f"{name}_") for name in chain()), file.name


def test_every_migration_says_whom_it_serves() -> None:
    """Numbers rise by one, and what was taken away stays taken away; the code just before it still works."""
    for before, after in pairwise(chain()):
        assert number_of(after) == number_of(before) + 1
        assert serves_from(before) <= serves_from(after) < number_of(after)


def takes_away(before: str, after: str) -> bool:
    """Whether the migration says by its name that it narrows."""
    return serves_from(after) > serves_from(before)


def test_a_migration_takes_nothing_away_unless_its_name_says_so(empty: Database) -> None:
    found: dict[str, list[str]] = {}

    def run(connection: sa.Connection) -> None:
        names = chain()
        step_up(connection, RULE_SINCE)
        before = shape_of(connection)
        for earlier, name in pairwise(names[names.index(RULE_SINCE) :]):
            step_up(connection, name)
            after = shape_of(connection)
            if not takes_away(earlier, name) and name not in KEPT_BY_TRIGGERS:
                found[name] = taken_away(before, after)
            before = after

    alone(empty, run)
    assert not {name: what for name, what in found.items() if what}


BEFORE = [
    "CREATE TABLE parents (id INTEGER PRIMARY KEY, old VARCHAR(10))",
    "CREATE TABLE things (id INTEGER PRIMARY KEY, name VARCHAR(10) NOT NULL, maybe INTEGER,"
    " usual INTEGER DEFAULT 1 NOT NULL)",
]
WIDENING = {
    "a new table": "CREATE TABLE more (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
    "a column that may be empty": "ALTER TABLE things ADD COLUMN extra INTEGER",
    "a column with a default": "ALTER TABLE things ADD COLUMN extra INTEGER DEFAULT 1 NOT NULL",
    "a key on a column that may be empty": "ALTER TABLE things ADD COLUMN parent_id INTEGER REFERENCES parents (id)",
    "an index": "CREATE INDEX ix ON things (name)",
}
NARROWING = {
    "DROP TABLE things": "table things is gone",
    "ALTER TABLE things DROP COLUMN maybe": "things.maybe is gone",
    "ALTER TABLE things RENAME COLUMN maybe TO perhaps": "things.maybe is gone",
    "ALTER TABLE things RENAME TO objects": "table things is gone",
    "CREATE UNIQUE INDEX uq ON things (name)": "things has the new rule unique index uq",
}
NARROWING_POSTGRES = {
    "ALTER TABLE things ADD COLUMN extra INTEGER NOT NULL": "things.extra is new and wants a value",
    "ALTER TABLE things ALTER COLUMN maybe SET NOT NULL": "things.maybe must not be NULL",
    "ALTER TABLE things ALTER COLUMN usual DROP DEFAULT": "things.usual lost its default",
    "ALTER TABLE things ALTER COLUMN name TYPE VARCHAR(5)": "things.name was VARCHAR(10)",
    "ALTER TABLE things ADD CONSTRAINT c CHECK (usual > 0)": "things has the new rule check c",
    "ALTER TABLE things ADD CONSTRAINT f FOREIGN KEY (usual) REFERENCES parents (id)": "has the new rule foreign",
    "ALTER TABLE things ADD CONSTRAINT x EXCLUDE USING gist (int4range(id, id, '[]') WITH &&)": "has the new rule ex",
}


def change(database: Database, statement: str) -> list[str]:
    engine = migration_engine(database.url)
    with engine.begin() as connection:
        for one in BEFORE:
            connection.execute(sa.text(one))
        before = shape_of(connection)
        connection.execute(sa.text(statement))
        return taken_away(before, shape_of(connection))


@pytest.mark.parametrize("what", WIDENING)
def test_what_widens_is_no_harm(empty: Database, what: str) -> None:
    assert change(empty, WIDENING[what]) == []


@pytest.mark.parametrize("statement", [*NARROWING, *NARROWING_POSTGRES])
def test_what_narrows_is_found(empty: Database, statement: str) -> None:
    if empty.is_sqlite and statement in NARROWING_POSTGRES:
        return  # SQLite cannot say this
    assert {**NARROWING, **NARROWING_POSTGRES}[statement] in change(empty, statement)[0]


@pytest.mark.parametrize(
    ("database", "code", "said"),
    [
        ("0018", "0018", ""),
        (None, "0018", "no tables yet"),
        ("0017", "0018", "python -m app.commands.migrate"),
        ("0019", "0018", ""),
        ("0025", "0018", ""),
        ("0021_serves_0019", "0018", "too new for this version"),
        ("0021_serves_0019", "0019", ""),
        ("0022_serves_0019", "0018", "too new for this version"),
        ("0018_serves_0016", "0018", "too new for this version"),
        ("0017_serves_0016", "0018", "python -m app.commands.migrate"),
        ("somebody else's", "0018", "does not know"),
    ],
)
def test_code_and_database_fit_or_it_is_said_why_not(database: str | None, code: str, said: str) -> None:
    found = complaint(database, code)
    assert said in found
    assert bool(found) == bool(said)
    assert "\n" not in found


def put_at(database: Database, name: str) -> None:
    with migration_engine(database.url).begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :name"), {"name": name})


TOO_NEW, NEWER, OLDER = "9999_serves_9998", "9999", "0001"


@pytest.mark.parametrize("name", [TOO_NEW, OLDER, None])
def test_a_database_that_does_not_fit_makes_a_worker_unready(empty: Database, name: str | None) -> None:
    if name is not None:
        migrate(empty)
        put_at(empty, name)
    with pytest.raises(SchemaMismatch):
        require_fit(empty)
    readiness = Readiness(empty)
    assert readiness.complaint()
    if name is not None:
        put_at(empty, schema_of_code())
        assert readiness.complaint() == ""


def test_newer_code_has_migrated_and_this_one_goes_on(empty: Database, caplog: pytest.LogCaptureFixture) -> None:
    migrate(empty)
    put_at(empty, NEWER)
    require_fit(empty)
    migrate(empty)
    assert "serves both" in caplog.text
    put_at(empty, TOO_NEW)
    with pytest.raises(SchemaMismatch, match="too new"):
        migrate(empty)


@pytest.mark.parametrize("name", [TOO_NEW, OLDER, None])
def test_the_server_and_its_commands_refuse_to_start_in_one_line(tmp_path: Path, name: str | None) -> None:
    url = f"sqlite:///{tmp_path}/calls.db"
    database = Database(url)
    if name is not None:
        migrate(database)
        put_at(database, name)
    database.dispose()
    gunicorn = ["-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "-b", "127.0.0.1:0", "wsgi:app"]
    done = run(tmp_path, url, *gunicorn)
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].startswith("Refusing to start: the database ")
    assert "Traceback" not in done.stderr
    assert "Listening" not in done.stderr
    if name == TOO_NEW:
        done = run(tmp_path, url, "-m", "app.commands.migrate")
        assert done.returncode != 0
        assert "too new for this version" in done.stderr
        assert "Traceback" not in done.stderr


def run(directory: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        check=False,
        cwd=directory,
        env=environment(url),
        capture_output=True,
        text=True,
        timeout=120,
    )
