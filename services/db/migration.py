"""Bring a database's schema to the version this code needs. Safe when several processes start at once.

python -m services.db.migration URL                 # to the newest version
python -m services.db.migration URL --down base     # back to an older version, here all the way
python -m services.db.migration URL --new "message" # write a migration for what changed in the models
"""

from __future__ import annotations

import argparse
import logging
import random
import time
from collections.abc import Callable
from functools import cache

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from services.db.database import Database, DatabaseUnavailable, is_worth_retrying, migration_engine
from services.db.models import Base
from services.db.schema_fit import (
    SCRIPTS,
    SchemaMismatch,
    complaint,
    current_schema,
    number_of,
    schema_of_code,
    serves_from,
)

log = logging.getLogger(__name__)

# Any number, as long as every version of this product uses the same: PostgreSQL's advisory locks have no names.
_LOCK = 6_021_023
_DEADLINE_S = 60.0


def migrate(database: Database) -> None:
    """Upgrade to the newest version; nothing happens when it is there already, or when newer code has migrated the
    database and it still serves this one. Raises SchemaMismatch, DatabaseUnavailable.

    The whole way is one transaction under one lock, so that a second process waits and then finds it done.
    """
    alone(database, _to_newest)


def _to_newest(connection: Connection) -> None:
    before, newest = current_schema(connection), schema_of_code()
    if before is None or before in known_schemas():
        step_up(connection)
        if before != newest:
            log.info("[DATABASE] schema upgraded from %s to %s", before or "nothing", newest)
        return
    if wrong := complaint(before, newest):
        raise SchemaMismatch(wrong)
    log.warning("[DATABASE] the schema is %s, newer than this version's %s, and serves both", before, newest)


def step_up(connection: Connection, target: str = "head") -> None:
    """Upgrade in the connection's transaction (see `alone`)."""
    command.upgrade(_config(connection), target)


def step_down(connection: Connection, target: str = "base") -> None:
    """Downgrade in the connection's transaction, to nothing unless told otherwise."""
    command.downgrade(_config(connection), target)


def require_known(schema: str | None) -> str:
    """The name of a schema that this code has the migrations of. Raises SchemaMismatch."""
    if schema is None or schema not in known_schemas():
        newest = schema_of_code()
        raise SchemaMismatch(
            complaint(schema, newest) or f"schema {schema} is newer than {newest}, which this version knows"
        )
    return schema


@cache
def known_schemas() -> frozenset[str]:
    """Of every migration that is here."""
    return frozenset(script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions())


def downgrade(database: Database, target: str) -> None:
    """Back to an older version ("base" is the empty database). Raises DatabaseUnavailable."""
    alone(database, lambda connection: step_down(connection, target))


def differences(database: Database) -> list[object]:
    """What the models say and the migrated schema does not; empty when they agree."""
    found: list[object] = []

    def run(connection: Connection) -> None:
        options = {"compare_type": True, "compare_server_default": True}
        found[:] = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)

    alone(database, run)
    return found


def alone(database: Database, run: Callable[[Connection], None]) -> None:
    """Run something that changes the schema, in one transaction that no other such one runs beside; foreign keys of
    SQLite are looked at when it is done. It may run again after a lock. Raises DatabaseUnavailable."""
    engine = migration_engine(database.url)
    deadline = time.monotonic() + _DEADLINE_S
    while True:
        try:
            with engine.begin() as connection:
                if not database.is_sqlite:
                    connection.execute(text(f"SET LOCAL lock_timeout = '{int(_DEADLINE_S)}s'"))
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                run(connection)
                if database.is_sqlite:
                    _check_foreign_keys(connection)
            return
        except DBAPIError as error:
            if not is_worth_retrying(error):
                raise
            if time.monotonic() > deadline:
                raise DatabaseUnavailable("the schema could not be brought up to date in time") from error
        time.sleep(random.uniform(0.02, 0.1))


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"a migration broke {len(broken)} foreign keys, first in table {broken[0][0]}")


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _write_migration(connection: Connection, message: str) -> None:
    newest = schema_of_code()
    serves = f"_serves_{oldest:04d}" if (oldest := serves_from(newest)) else ""
    name = f"{number_of(newest) + 1:04d}{serves}"
    command.revision(_config(connection), message, autogenerate=True, rev_id=name)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Bring a database's schema to the version this code needs.")
    parser.add_argument("url", help="sqlite:///path/to/file.db or postgresql://user@host/name")
    parser.add_argument("--down", metavar="VERSION", help="go back to a version, or to 'base'")
    parser.add_argument("--new", metavar="MESSAGE", help="write a migration for what changed in the models")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    database = Database(arguments.url)
    if arguments.down:
        downgrade(database, arguments.down)
        return
    migrate(database)
    if arguments.new:
        alone(database, lambda connection: _write_migration(connection, arguments.new))


if __name__ == "__main__":
    main()
