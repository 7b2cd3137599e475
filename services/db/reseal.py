"""Seal every stored value under the newest key: plain ones of before there was encryption, and those of older keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import LargeBinary, delete, func, or_, select, type_coerce, update
from sqlalchemy.orm import Session

from services.db.database import Database
from services.db.encryption import Keyring, NotReadable, SealedBytes, SealedText, as_stored
from services.db.models import Base
from services.db.tenancy import unscoped

_ROWS_AT_ONCE = 50  # of sound, some megabytes a transaction


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column whose values are sealed."""

    model: Any
    name: str
    type: SealedBytes | SealedText
    nullable: bool

    @property
    def place(self) -> str:
        return f"{self.model.__tablename__}.{self.name}"


def sealed_columns() -> Iterator[SealedColumn]:
    """All of them, as the models have them."""
    for mapper in sorted(Base.registry.mappers, key=lambda mapper: mapper.class_.__name__):
        for column in mapper.local_table.columns:
            if isinstance(column.type, (SealedBytes, SealedText)):
                yield SealedColumn(mapper.class_, column.key, column.type, bool(column.nullable))


def reseal(database: Database, keys: Keyring, column: SealedColumn, *, drop_unreadable: bool) -> Counter[str]:
    """Go through a column; how many values were "sealed" anew, and how many "unreadable" ones there were.

    keys: those of the database. drop_unreadable: forget what no known key opens, instead of leaving it.
    Rows may be written meanwhile. Raises DatabaseUnavailable: run it again, what was done is done.
    """
    found: Counter[str] = Counter()
    after = 0
    while True:
        some = partial(_some, keys=keys, column=column, after=after, drop_unreadable=drop_unreadable)
        last, counts = database.write(some)
        found += counts
        if last is None:
            return found
        after = last


def _some(
    session: Session, keys: Keyring, column: SealedColumn, after: int, drop_unreadable: bool
) -> tuple[int | None, Counter[str]]:
    """A few rows, kept from others until the transaction ends; the last one's id, None when there was none."""
    model, counts = column.model, Counter[str]()
    raw = type_coerce(getattr(model, column.name), column.type.impl_instance)
    query = select(model.id, raw).where(model.id > after, raw.is_not(None))
    if isinstance(column.type, SealedBytes):
        prefix = keys.newest_prefix
        begins = func.substr(raw, 1, len(prefix), type_=LargeBinary())
        query = query.where(or_(func.length(raw) < len(prefix), begins != prefix))
    with unscoped(session, "what is stored in every business is sealed by one command"):
        rows = session.execute(query.order_by(model.id).limit(_ROWS_AT_ONCE).with_for_update()).all()
        for row_id, stored in rows:
            found = as_stored(stored) if isinstance(stored, str) else bytes(stored)
            if found.startswith(keys.newest_prefix):
                continue
            try:
                plain = keys.open(found, column.type.purpose)
            except NotReadable:
                counts["unreadable"] += 1
                if drop_unreadable:
                    _drop(session, column, row_id)
                continue
            _write(session, column, row_id, plain.decode() if isinstance(stored, str) else plain)
            counts["sealed"] += 1
    return (rows[-1][0] if rows else None), counts


def _write(session: Session, column: SealedColumn, row_id: int, value: bytes | str | None) -> None:
    statement = update(column.model).where(column.model.id == row_id).values({column.name: value})
    session.execute(statement.execution_options(synchronize_session=False))


def _drop(session: Session, column: SealedColumn, row_id: int) -> None:
    if column.nullable:
        _write(session, column, row_id, None)
    else:
        statement = delete(column.model).where(column.model.id == row_id)
        session.execute(statement.execution_options(synchronize_session=False))
