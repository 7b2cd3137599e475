"""What a backup says about itself: its head and its end, and the whole of it looked through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from services.backup.archive import END, HEAD
from services.backup.columns import Column
from services.backup.sealing import Damaged

FORMAT = 1
_ROWS = "rows/"


@dataclass(frozen=True, slots=True)
class Head:
    """tables: in the order in which their rows can be written."""

    made_at: datetime
    version: str  # of the product
    schema: str  # the migration that the tables were at
    tables: Mapping[str, Sequence[Column]]

    def encode(self) -> bytes:
        tables = {table: [[one.name, one.kind] for one in columns] for table, columns in self.tables.items()}
        head = {"format": FORMAT, "made_at": self.made_at, "version": self.version, "schema": self.schema}
        return orjson.dumps({**head, "tables": tables}, option=orjson.OPT_INDENT_2)


@dataclass(frozen=True, slots=True)
class End:
    """rows: of each table. keys: names of the keys that its sealed values need (Keyring.names)."""

    rows: Mapping[str, int]
    keys: frozenset[str]

    def encode(self) -> bytes:
        return orjson.dumps({"rows": dict(self.rows), "keys": sorted(self.keys)}, option=orjson.OPT_INDENT_2)


@dataclass(frozen=True, slots=True)
class Contents:
    head: Head
    end: End

    @property
    def rows(self) -> int:
        return sum(self.end.rows.values())


def part_name(table: str, number: int) -> str:
    return f"{_ROWS}{table}/{number:06d}.jsonl"


def look_through(parts: Iterable[tuple[str, bytes]]) -> Contents:
    """Read a backup to its end. Raises Damaged, and what reading its parts raises."""
    reader = Reader(parts)
    for _ in reader.rows():
        pass
    return reader.contents


class Reader:
    """Goes through a backup once: `head` first, then `rows`, and after them `contents`. Raises Damaged."""

    def __init__(self, parts: Iterable[tuple[str, bytes]]) -> None:
        self._parts = iter(parts)
        name, content = next(self._parts, ("", b""))
        if name != HEAD:
            raise Damaged("this is no backup of the assistant")
        self.head = _head(content)
        self._end: End | None = None

    @property
    def contents(self) -> Contents:
        if self._end is None:
            raise Damaged("the file ends too early")
        return Contents(self.head, self._end)

    def rows(self) -> Iterator[tuple[str, list[bytes]]]:
        """Table and lines, part after part; counted against what the backup says."""
        seen: Counter[str] = Counter()
        for name, content in self._parts:
            if name == END:
                self._end = _end(content)
                continue
            table = name.removeprefix(_ROWS).partition("/")[0]
            if table not in self.head.tables or self._end is not None:
                raise Damaged(f"{name!r} is no part of this backup")
            lines = content.splitlines()
            seen[table] += len(lines)
            yield table, lines
        if {table: seen[table] for table in self.head.tables} != dict(self.contents.end.rows):
            raise Damaged("rows are missing")


def _head(content: bytes) -> Head:
    found = _object(content)
    try:
        if found["format"] != FORMAT:
            raise Damaged(f"the backup has the form {found['format']}, this version of the assistant reads {FORMAT}")
        tables = {table: [Column(*one) for one in columns] for table, columns in found["tables"].items()}
        return Head(datetime.fromisoformat(found["made_at"]), found["version"], found["schema"], tables)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"{HEAD} is not as it should be ({type(error).__name__})") from error


def _end(content: bytes) -> End:
    found = _object(content)
    try:
        return End(found["rows"], frozenset(found["keys"]))
    except (KeyError, TypeError) as error:
        raise Damaged(f"{END} is not as it should be ({type(error).__name__})") from error


def _object(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Damaged("a part of the file is not JSON") from error
