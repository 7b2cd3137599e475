"""What a migration took away from code of before it: found by looking at the schema before and after."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine.interfaces import ReflectedColumn

_LENGTH = re.compile(r"\((\d+)\)")


@dataclass(frozen=True)
class TableShape:
    """rules: name and columns of everything that may refuse a row."""

    columns: Mapping[str, ReflectedColumn]
    rules: Mapping[str, frozenset[str]]


Shape = Mapping[str, TableShape]


def shape_of(connection: Connection) -> Shape:
    inspector = inspect(connection)
    return {
        table: TableShape(
            {column["name"]: column for column in inspector.get_columns(table)}, dict(_rules(connection, table))
        )
        for table in inspector.get_table_names()
    }


def taken_away(before: Shape, after: Shape) -> list[str]:
    """Each thing that old code may stumble over, in a few words."""
    return [what for table in before for what in _of_table(table, before[table], after.get(table))]


def _of_table(name: str, before: TableShape, after: TableShape | None) -> Iterator[str]:
    if after is None:
        yield f"table {name} is gone"
        return
    for column, was in before.columns.items():
        yield from _of_column(f"{name}.{column}", was, after.columns.get(column))
    new = after.columns.keys() - before.columns.keys()
    for column in sorted(new):
        if not after.columns[column]["nullable"] and not _fills_itself(after.columns[column]):
            yield f"{name}.{column} is new and wants a value that old code does not give"
    optional = {column for column in new if after.columns[column]["nullable"]}
    for rule, columns in after.rules.items():
        # A rule that is NULL in one of its columns lets a row pass; one about new columns alone sees their defaults.
        if rule not in before.rules and not columns & optional and not columns <= new:
            yield f"{name} has the new rule {rule}"


def _of_column(place: str, was: ReflectedColumn, now: ReflectedColumn | None) -> Iterator[str]:
    if now is None:
        yield f"{place} is gone"
        return
    if was["nullable"] and not now["nullable"]:
        yield f"{place} must not be NULL any more"
    if not now["nullable"] and _fills_itself(was) and not _fills_itself(now):
        yield f"{place} lost its default"
    if _is_narrower(str(was["type"]), str(now["type"])):
        yield f"{place} was {was['type']} and is {now['type']}"


def _is_narrower(was: str, now: str) -> bool:
    if was == now or (was.startswith("VARCHAR") and now == "TEXT"):
        return False
    lengths = _LENGTH.search(was), _LENGTH.search(now)
    same_kind = _LENGTH.sub("", was) == _LENGTH.sub("", now)
    return not (same_kind and lengths[0] and lengths[1] and int(lengths[0][1]) <= int(lengths[1][1]))


def _fills_itself(column: ReflectedColumn) -> bool:
    return column.get("default") is not None or "identity" in column or "computed" in column


def _rules(connection: Connection, table: str) -> Iterator[tuple[str, frozenset[str]]]:
    inspector = inspect(connection)
    columns = [column["name"] for column in inspector.get_columns(table)]
    for unique in inspector.get_unique_constraints(table):
        yield f"unique ({', '.join(unique['column_names'])})", frozenset(unique["column_names"])
    for index in inspector.get_indexes(table):
        if index["unique"]:
            yield f"unique index {index['name']}", frozenset(name for name in index["column_names"] if name)
    for key in inspector.get_foreign_keys(table):
        names = key["constrained_columns"]
        yield f"foreign key ({', '.join(names)})", frozenset(names)
    for check in inspector.get_check_constraints(table):
        yield f"check {check['name']}", _named_in(check["sqltext"], columns)
    if connection.dialect.name == "postgresql":
        query = text(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'x' AND conrelid = CAST(:name AS regclass)"
        )
        for name, definition in connection.execute(query, {"name": table}):
            yield f"exclusion {name}", _named_in(definition, columns)


def _named_in(definition: Any, columns: list[str]) -> frozenset[str]:
    return frozenset(set(re.findall(r"\w+", str(definition))) & set(columns))
