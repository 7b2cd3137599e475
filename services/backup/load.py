"""Write a backup into an empty database, all of it or nothing (O5).

The schema is made as it was when the backup was made, the rows are written, the migrations since then run over them,
and what was under way at that moment is settled: everything in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, inspect, select, table, text, update
from sqlalchemy.exc import DBAPIError

from services.backup.columns import Column, columns_of, decode, insert_rows
from services.backup.contents import Contents, Head, Reader
from services.backup.sealing import Damaged
from services.calls import end_reasons
from services.db.database import Database
from services.db.migration import alone, require_known, step_down, step_up
from services.db.models import Call, CallStatus, OutboxMessage, OutboxStatus
from services.db.schema_fit import VERSION_TABLE, current_schema

Parts = Iterable[tuple[str, bytes]]


class NotEmpty(Exception):
    """The database has rows already."""


class DoesNotFit(Exception):
    """What is in the backup cannot be written into its schema; the message says what."""


def load(database: Database, open_parts: Callable[[], Parts]) -> Contents:
    """Restore; what was written. open_parts: begins to read the backup anew.

    Raises NotEmpty, DoesNotFit, SchemaMismatch, DatabaseUnavailable, and what reading the parts raises: then nothing
    was written.
    """
    found: list[Contents] = []
    alone(database, lambda connection: found.append(_load(connection, open_parts())))
    return found[-1]


def _load(connection: Connection, parts: Parts) -> Contents:
    reader = Reader(parts)
    _make_schema(connection, reader.head)
    for name, lines in reader.rows():
        _write(connection, name, reader.head.tables[name], lines)
    if connection.dialect.name == "postgresql":
        _set_sequences(
            connection, [name for name, columns in reader.head.tables.items() if Column("id", "int") in columns]
        )
    step_up(connection)
    settle(connection, reader.head.made_at)
    return reader.contents


def _make_schema(connection: Connection, head: Head) -> None:
    """The tables of the backup's schema, all of them empty."""
    require_known(head.schema)
    inspector = inspect(connection)
    for name in inspector.get_table_names():
        if name != VERSION_TABLE and connection.execute(select(text("1")).select_from(table(name)).limit(1)).first():
            raise NotEmpty(f"table {name} has rows")
    there = current_schema(connection)
    if there is not None and there != head.schema:
        require_known(there)
        step_down(connection)
    step_up(connection, head.schema)
    inspector = inspect(connection)
    for name, columns in head.tables.items():
        if not inspector.has_table(name) or set(columns_of(inspector, name)) != set(columns):
            raise DoesNotFit(f"table {name} of the backup is not that of schema {head.schema}")


def _write(connection: Connection, name: str, columns: Sequence[Column], lines: Sequence[bytes]) -> None:
    dialect = connection.dialect.name
    try:
        rows = [decode(line, columns, dialect) for line in lines]
    except (ValueError, TypeError) as error:
        raise Damaged(f"a row of {name} is not as it should be") from error
    try:
        connection.execute(insert_rows(name, columns, dialect), rows)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        raise DoesNotFit(f"table {name} refuses a row ({type(error.orig).__name__})") from error


def _set_sequences(connection: Connection, names: Iterable[str]) -> None:
    """New rows go on counting behind the restored ones."""
    for name in names:
        sequence = connection.scalar(select(func.pg_get_serial_sequence(name, "id")))
        if sequence is not None:
            last = select(func.max(text("id"))).select_from(table(name)).scalar_subquery()
            connection.execute(select(func.setval(sequence, func.coalesce(last, 1), last.is_not(None))))


def settle(connection: Connection, made_at: datetime) -> None:
    """Calls that went on then are over: housekeeping sums them up. Messages that waited may have been sent since: they
    are treated as those of a worker that died while sending, so the receiver's side is asked before they go out."""
    over = {"status": CallStatus.ENDED, "end_reason": func.coalesce(Call.end_reason, end_reasons.LOST)}
    connection.execute(update(Call).where(Call.ended_at.is_(None)).values(**over, ended_at=made_at))
    waiting = OutboxMessage.status == OutboxStatus.PENDING
    claimed = {"status": OutboxStatus.SENDING, "claim": "restored", "claimed_at": made_at}
    connection.execute(update(OutboxMessage).where(waiting).values(**claimed))
