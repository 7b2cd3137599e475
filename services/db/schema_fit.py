"""Whether this code and a database fit together, told by the names of the migrations alone (O2).

A migration is `0021`, or `0021_serves_0019` when it, or one before it, took away what code of before schema 0019 still
uses. So code that is older than a database knows from the database's one word whether it can go on beside newer code,
as it has to in every deploy, or whether that is over.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

from services.db.database import Database, DatabaseUnavailable

SCRIPTS = Path(__file__).resolve().parents[2] / "migrations"
VERSION_TABLE = "alembic_version"
MIGRATE = "python -m app.commands.migrate"
_NAME = re.compile(r"(\d{4})(?:_serves_(\d{4}))?")
_FILE = re.compile(rf"({_NAME.pattern})_\w+\.py")


class SchemaMismatch(DatabaseUnavailable):
    """Code and database do not fit together; the message is one line for the operator."""


def require_fit(database: Database, *, deadline_s: float | None = None) -> None:
    """Raises SchemaMismatch, DatabaseUnavailable."""
    found = database.read(lambda session: current_schema(session.connection()), deadline_s=deadline_s)
    wrong = complaint(found, schema_of_code())
    if wrong:
        raise SchemaMismatch(wrong)


@cache
def schema_of_code() -> str:
    """The name of the newest migration."""
    found = (_FILE.fullmatch(file.name) for file in (SCRIPTS / "versions").iterdir())
    return max(match[1] for match in found if match)


def current_schema(connection: Connection) -> str | None:
    """Where the database is; None when it never was migrated."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    name: str | None = connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
    return name


def number_of(name: str) -> int:
    """Raises ValueError for a name that is none."""
    return int(_parts(name)[0])


def serves_from(name: str) -> int:
    """The oldest schema whose code works with a database at this one. Raises ValueError."""
    return int(_parts(name)[1] or 0)


def complaint(database: str | None, code: str) -> str:
    """Why code that was written for schema `code` cannot work with a database at schema `database` (None: it has no
    tables yet); "" when it can. A database that is behind can be brought up to date, one that is ahead cannot."""
    if database is None:
        return f"the database has no tables yet: {MIGRATE}"
    if database == code:
        return ""
    try:
        there, here = number_of(database), number_of(code)
    except ValueError:
        return f"the database is at schema {database!r}, which this version does not know"
    if there < here:
        return f"the database is at schema {database}, this version needs {code}: {MIGRATE}"
    if there == here or serves_from(database) > here:
        return (
            f"the database is at schema {database}, too new for this version, which is made for {code}: "
            "start a newer version"
        )
    return ""


def _parts(name: str) -> tuple[str, str | None]:
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError("not the name of a migration")
    return found[1], found[2]
