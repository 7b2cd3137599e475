"""Write everything that the database holds into a backup, as it was at one instant (O5).

One transaction that sees a single state (SQLite: a read transaction of the write-ahead log; PostgreSQL: REPEATABLE
READ) reads table after table; calls go on meanwhile. Through SQLAlchemy and not by each database's own tool: the file
is the same for both, so that an installation can move from one to the other, and nothing has to be installed beside
the product at the right version. Recordings and recorded sentences are rows like any other; sealed values stay sealed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, inspect

from services.backup.archive import END, HEAD, Archive
from services.backup.columns import Column, columns_of, encode, select_rows
from services.backup.contents import Contents, End, Head, part_name
from services.db.database import Database, snapshot_engine
from services.db.encryption import as_stored, name_of_key
from services.db.migration import require_known
from services.db.reseal import sealed_columns
from services.db.schema_fit import VERSION_TABLE, current_schema

_PART_BYTES = 4 << 20
_ROWS_AT_ONCE = 50  # fetched; of sound some megabytes


def dump(database: Database, archive: Archive, *, version: str, now: datetime) -> Contents:
    """What was written. Raises SchemaMismatch for a schema that this code does not know, UnknownColumn, DBAPIError."""
    engine = snapshot_engine(database.url)
    with engine.connect() as connection, connection.begin():
        head = Head(now, version, require_known(current_schema(connection)), _tables(connection))
        archive.add(HEAD, head.encode())
        rows: dict[str, int] = {}
        keys: set[str] = set()
        for table, columns in head.tables.items():
            rows[table] = _write_table(connection, archive, table, columns, keys)
        end = End(rows, frozenset(keys))
        archive.add(END, end.encode())
    return Contents(head, end)


def _tables(connection: Connection) -> dict[str, Sequence[Column]]:
    """Every table's columns; a table comes after those that its rows point to."""
    inspector = inspect(connection)
    names = [name for name, _ in inspector.get_sorted_table_and_fkc_names() if name and name != VERSION_TABLE]
    return {name: columns_of(inspector, name) for name in names}


def _write_table(
    connection: Connection, archive: Archive, table: str, columns: Sequence[Column], keys: set[str]
) -> int:
    """How many rows. keys: is told the names of the keys that the table's sealed values need."""
    sealed = _sealed_places(table, columns)
    count = number = 0
    lines: list[bytes] = []
    size = 0
    for row in _rows(connection, table, columns):
        keys.update(name for place in sealed if (name := _key_name(row[place])))
        lines.append(encode(row))
        count, size = count + 1, size + len(lines[-1])
        if size >= _PART_BYTES:
            number += 1
            archive.add(part_name(table, number), b"".join(lines))
            lines, size = [], 0
    if lines:
        archive.add(part_name(table, number + 1), b"".join(lines))
    return count


def _rows(connection: Connection, table: str, columns: Sequence[Column]) -> Iterator[Sequence[Any]]:
    order = inspect(connection).get_pk_constraint(table)["constrained_columns"]
    statement = select_rows(table, columns, order, connection.dialect.name)
    yield from connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(statement)


def _sealed_places(table: str, columns: Sequence[Column]) -> list[int]:
    names = {column.name for column in sealed_columns() if column.model.__tablename__ == table}
    return [place for place, column in enumerate(columns) if column.name in names]


def _key_name(value: bytes | str | None) -> str | None:
    if value is None:
        return None
    return name_of_key(as_stored(value) if isinstance(value, str) else bytes(value))
