"""How a value of each kind of column travels between databases: what is read, what stands in the file, what is written.

The rows are those of the tables as they are, whatever version of the models made them, so that a backup of an older
schema can be made and written back. Sealed values stay sealed.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

# Looked at in this order: a Float is a Numeric as well.
_KINDS: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (sa.Boolean, "bool"),
    (sa.Integer, "int"),
    (sa.Float, "float"),
    (sa.Numeric, "decimal"),
    (sa.JSON, "json"),
    (sa.String, "text"),
    (sa.DateTime, "instant"),
    (sa.Date, "date"),
    (sa.LargeBinary, "bytes"),
)
_FROM_TEXT: Mapping[str, Callable[[str], Any]] = {
    "decimal": lambda text: Decimal(str(text)),
    "instant": datetime.fromisoformat,
    "date": date.fromisoformat,
    "bytes": b64decode,
}


class UnknownColumn(Exception):
    """A column whose type a backup has no kind for."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: str


def columns_of(inspector: sa.Inspector, table: str) -> list[Column]:
    """Of a table as the database has it. Raises UnknownColumn."""
    return [Column(found["name"], _kind(table, found)) for found in inspector.get_columns(table)]


def _kind(table: str, found: Any) -> str:
    for python_type, kind in _KINDS:
        if isinstance(found["type"], python_type):
            return kind
    raise UnknownColumn(f"{table}.{found['name']} has a type that no backup knows: {found['type']!r}")


def select_rows(table: str, columns: Sequence[Column], order: Sequence[str], dialect: str) -> sa.Select[Any]:
    """All rows, each value as `encode` takes it."""
    named = {column.name: sa.column(column.name, _TYPES[column.kind]) for column in columns}
    read = [_readable(named[column.name], column.kind, dialect) for column in columns]
    return sa.select(*read).select_from(sa.table(table, *named.values())).order_by(*(named[name] for name in order))


def _readable(column: sa.ColumnClause[Any], kind: str, dialect: str) -> ColumnElement[Any]:
    if kind == "decimal" and dialect == "sqlite":  # it has no such numbers and keeps floating ones
        return sa.type_coerce(column, _TYPES["float"])
    if kind != "json":
        return column
    # The text itself: what is parsed and written again need not be the same, and null is not NULL.
    return sa.cast(column, sa.Text()) if dialect == "postgresql" else sa.type_coerce(column, sa.Text())


_TYPES: Mapping[str, TypeEngine[Any]] = {
    "bool": sa.Boolean(),
    "int": sa.BigInteger(),
    "float": sa.Float(),
    "decimal": sa.Numeric(),
    "json": sa.JSON(),
    "text": sa.Text(),
    "instant": sa.DateTime(timezone=True),
    "date": sa.Date(),
    "bytes": sa.LargeBinary(),
}


def encode(row: Sequence[Any]) -> bytes:
    """A line of the file."""
    return orjson.dumps(list(row), _as_text, orjson.OPT_NAIVE_UTC | orjson.OPT_APPEND_NEWLINE)


def _as_text(value: Any) -> str:
    if isinstance(value, (bytes, memoryview)):
        return b64encode(value).decode()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def insert_rows(table: str, columns: Sequence[Column], dialect: str) -> sa.Insert:
    """To be executed with what `decode` makes of lines."""
    target = sa.table(table, *(sa.column(column.name) for column in columns))
    return sa.insert(target).values({column.name: _writable(column, dialect) for column in columns})


def _writable(column: Column, dialect: str) -> ColumnElement[Any]:
    if column.kind == "json":
        bound = sa.bindparam(column.name, type_=sa.Text())
        return sa.cast(bound, JSONB()) if dialect == "postgresql" else bound
    kind = "float" if column.kind == "decimal" and dialect == "sqlite" else column.kind
    return sa.bindparam(column.name, type_=_TYPES[kind])


def decode(line: bytes, columns: Sequence[Column], dialect: str) -> dict[str, Any]:
    """A line's values by name. Raises ValueError for a line that is none of these columns."""
    values = orjson.loads(line)
    return {column.name: _decoded(value, column.kind, dialect) for column, value in zip(columns, values, strict=True)}


def _decoded(value: Any, kind: str, dialect: str) -> Any:
    if value is None or kind not in _FROM_TEXT:
        return value
    found = _FROM_TEXT[kind](value)
    if kind == "instant" and dialect == "sqlite":  # SQLite, which has no zones, stores UTC
        return found.astimezone(UTC).replace(tzinfo=None)
    return found
