"""Bring a database's schema to the version this code needs. Safe when several processes start at once.

python -m services.migration URL                 # to the newest version
python -m services.migration URL --down base     # back to an older version, here all the way
python -m services.migration URL --new "message" # write a migration for what changed in the models
"""

from __future__ import annotations

import argparse
import logging
import random
import time
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from services.database import Database, DatabaseUnavailable, is_worth_retrying, migration_engine
from services.models import Base

log = logging.getLogger(__name__)

_SCRIPTS = Path(__file__).resolve().parents[1] / "migrations"
# Any number, as long as every version of this product uses the same: PostgreSQL's advisory locks have no names.
_LOCK = 6_021_023
_DEADLINE_S = 60.0


def migrate(database: Database) -> None:
    """Upgrade to the newest version; nothing happens when it is there already. Raises DatabaseUnavailable.

    The whole way is one transaction under one lock, so that a second process waits and then finds it done.
    """

    def run(connection: Connection) -> None:
        before = MigrationContext.configure(connection).get_current_revision()
        command.upgrade(_config(connection), "head")
        after = MigrationContext.configure(connection).get_current_revision()
        if before != after:
            log.info("[DATABASE] schema upgraded from %s to %s", before or "nothing", after)

    _alone(database, run)


def downgrade(database: Database, target: str) -> None:
    """Back to an older version ("base" is the empty database). Raises DatabaseUnavailable."""
    _alone(database, lambda connection: command.downgrade(_config(connection), target))


def differences(database: Database) -> list[object]:
    """What the models say and the migrated schema does not; empty when they agree."""
    found: list[object] = []

    def run(connection: Connection) -> None:
        options = {"compare_type": True, "compare_server_default": True}
        found[:] = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)

    _alone(database, run)
    return found


def _alone(database: Database, run: Callable[[Connection], None]) -> None:
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
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _write_migration(connection: Connection, message: str) -> None:
    number = len(list((_SCRIPTS / "versions").glob("[0-9]*.py"))) + 1
    command.revision(_config(connection), message, autogenerate=True, rev_id=f"{number:04d}")


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
        _alone(database, lambda connection: _write_migration(connection, arguments.new))


if __name__ == "__main__":
    main()
