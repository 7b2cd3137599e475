"""Two rows in every table there is, the first with a value in each column, the second with none where it may."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from services.db.database import Database
from services.db.models import Appointment, AppointmentStatus, Base, TakenTime, UtcDateTime

BEGIN = datetime(2027, 3, 1, 7, 0, 0, 123456, tzinfo=UTC)
WORDS = "שלום, a line\nand \"another\" \\ with 'quotes' \u2028 \U0001f600"


def fill(database: Database) -> None:
    """Sealed columns are sealed when the database has keys."""
    with database.engine.connect() as probe:
        dialect = probe.dialect
    engine = sa.create_engine(database.url)
    engine.dialect.keyring = dialect.keyring  # type: ignore[attr-defined]
    with engine.begin() as connection:
        for number in (1, 2):
            made: dict[str, Mapping[str, Any]] = {}
            for table in Base.metadata.sorted_tables:
                made[table.name] = _row(table, number, made)
                connection.execute(sa.insert(table).values(made[table.name]))


def _row(table: sa.Table, number: int, made: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    values = {
        column.name: None if number == 2 and column.nullable else _value(column, number, place)
        for place, column in enumerate(table.columns)
    }
    for key in table.foreign_key_constraints:
        for element in key.elements:
            if values[element.parent.name] is not None:
                values[element.parent.name] = made[element.column.table.name][element.column.name]
    if table.name == Appointment.__tablename__:
        _seat(values, made[TakenTime.__tablename__])
    return values


def _seat(values: dict[str, Any], taken: Mapping[str, Any]) -> None:
    """As the schema wants appointments: inside their taken time, or not active."""
    if values["taken_id"] is None:
        values["status"] = AppointmentStatus.CANCELLED
    else:
        values["starts_at"], values["ends_at"] = taken["starts_at"], taken["ends_at"]


def _value(column: sa.Column[Any], number: int, place: int) -> Any:
    kind = column.type
    if column.primary_key:
        return number
    if isinstance(kind, UtcDateTime):  # a later column is a later time: ends come after beginnings
        return BEGIN + timedelta(hours=24 * number, minutes=place)
    if isinstance(kind, sa.Enum):
        return next(iter(kind.enum_class)) if kind.enum_class else kind.enums[0]
    if isinstance(kind, sa.Boolean):
        return number == 1
    if isinstance(kind, sa.Integer):
        return number
    if isinstance(kind, sa.Numeric):
        return Decimal("1234.012345")
    if isinstance(kind, sa.JSON):
        return {"a": [1, None, 0.5, WORDS], "b": number}
    text = f"{number} {column.name} {WORDS}"
    plain = getattr(kind, "impl", kind)
    if isinstance(plain, sa.LargeBinary):
        return bytes(range(256)) * number
    return text[: plain.length] if isinstance(plain, sa.String) and plain.length else text
