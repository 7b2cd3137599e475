"""SQLite statements that read much of the file: in a native thread, so that the loop goes on meanwhile (S1).

SQLite runs in the thread that asks it and lets go of the GIL, but not of gevent's loop: a search of 0.3 s would be
0.3 s of silence in every call of the worker. PostgreSQL runs elsewhere, and psycopg yields.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExecutionContext

from services.deadlines import STATEMENT_S

# Carries a piece of work elsewhere and returns its value.
Aside = Callable[[Callable[[], Any]], Any]

# The option of a query that may look at a great many rows.
READS_MUCH: Mapping[str, Any] = {"reads_much": True}


def in_place(work: Callable[[], Any]) -> Any:
    """Where nobody else is held up."""
    return work()


class Cursor(sqlite3.Cursor):
    """Finds its rows where `aside` says; the rows of a search are looked for while they are fetched."""

    aside: Aside = staticmethod(in_place)

    def fetchone(self) -> Any:
        return self.aside(super().fetchone)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        rows = partial(super().fetchmany, self.arraysize if size is None else size)
        return cast("list[Any]", self.aside(rows))

    def fetchall(self) -> list[Any]:
        return cast("list[Any]", self.aside(super().fetchall))


class Connection(sqlite3.Connection):
    """Cursors that can read elsewhere."""

    def cursor(self, factory: Any = Cursor) -> Any:
        return super().cursor(factory)


def read_aside(engine: Engine, aside: Aside) -> None:
    """Send what a query marked READS_MUCH asks of this SQLite engine through `aside`. A statement that takes longer
    than STATEMENT_S is ended, as PostgreSQL does it."""

    @event.listens_for(engine, "do_execute")
    def do_execute(cursor: Cursor, statement: str, parameters: Any, context: ExecutionContext) -> bool:
        if not context.execution_options.get("reads_much"):
            return False
        cursor.aside = partial(_in_time, cursor.connection, aside)
        cursor.aside(partial(cursor.execute, statement, parameters))
        return True


def _in_time(connection: sqlite3.Connection, aside: Aside, work: Callable[[], Any]) -> Any:
    timer = threading.Timer(STATEMENT_S, connection.interrupt)
    timer.start()
    try:
        return aside(work)
    finally:
        timer.cancel()
