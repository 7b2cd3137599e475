"""Transactions, the only door to the database: SQLite by default, PostgreSQL through psycopg 3.

Neither ever holds up the other greenlets of a worker: SQLite is opened with no busy timeout and waited for
cooperatively outside any transaction, psycopg yields by itself. The functions handed in may run more than once,
and must neither sleep nor talk to the network.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import psycopg
from psycopg.abc import RV, PQGen
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, Connection, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, QueuePool

from services.db import slow_reads
from services.db.encryption import Keyring
from services.db.tenancy import Rows, TenantSession, check_statement, forget_session, mark_read_only
from services.deadlines import LOCK_S, SILENT_SERVER_S, STATEMENT_S, VANISHED_CLIENT_S

T = TypeVar("T")

DEFAULT_DEADLINE_S = 5.0
_FIRST_WAIT_S = 0.002
_LONGEST_WAIT_S = 0.05
_ALIVE_WITHIN_S = 2.0  # an idle connection that does not answer the pool's question by then is dead
# serialization_failure, deadlock_detected, lock_not_available
_RETRY_SQLSTATES = {"40001", "40P01", "55P03"}
# read_only_sql_transaction: the server has become a standby, and somewhere is another that takes writes.
_STANDBY = "25006"
_SESSION = "target_session_attrs"
# What a session asks of PostgreSQL: bounded statements, and that a client which vanishes without a word holds no lock
# and no connection for long. (The kernel would wait for hours.)
_SERVER_SIDE = {
    "timezone": "UTC",
    "statement_timeout": f"{STATEMENT_S * 1000:.0f}ms",
    "lock_timeout": f"{LOCK_S * 1000:.0f}ms",
    "idle_in_transaction_session_timeout": f"{VANISHED_CLIENT_S * 1000:.0f}ms",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": f"{VANISHED_CLIENT_S * 1000:.0f}ms",
}
_SQLITE_LOCKS = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_OUTAGES = _SQLITE_LOCKS | {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_INTERRUPT,  # a search that took too long
}


class DatabaseUnavailable(Exception):
    """The database cannot be reached, or could not do the work before the deadline. Nothing was written."""


class CommitUncertain(DatabaseUnavailable):
    """The connection was lost during COMMIT: the work may or may not have been kept. Look it up by its key."""


def normalise_url(url: str) -> URL:
    """A database URL with our drivers named. Raises ValueError for anything but SQLite files and PostgreSQL.

    PostgreSQL may have several hosts, as libpq writes them: of `h1:5432,h2:5432` whichever takes writes is used.
    """
    try:
        parsed = make_url(_one_host_each(url))
    except ArgumentError as error:
        raise ValueError("not a database URL") from error
    if parsed.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"}:
        if not parsed.database or parsed.database == ":memory:":
            raise ValueError("SQLite needs a file")
        return parsed.set(drivername="sqlite")
    raise ValueError("a database URL starts with sqlite:///, postgresql:// or postgres://")


def _one_host_each(url: str) -> str:
    """libpq's list of hosts as SQLAlchemy has it: a `host=` for each in the query."""
    parts = urlsplit(url)
    account, at, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return url
    each = [host if host.rpartition(":")[2].isdigit() else f"{host}:5432" for host in hosts.split(",")]
    query = [("host", host) for host in each] + parse_qsl(parts.query)
    if _SESSION not in dict(query):
        query.append((_SESSION, "read-write"))
    return f"{parts.scheme}://{account}{at}{parts.path}?{urlencode(query)}"


class _BoundedConnection(psycopg.Connection[Any]):
    """Gives up a server that keeps the connection open and says nothing, as in a failover or behind a stuck pooler:
    then neither TCP nor statement_timeout ever ends the wait."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        if timeout is None:  # only the pool's question is asked in autocommit
            timeout = _ALIVE_WITHIN_S if self.autocommit else SILENT_SERVER_S
        deadline = time.monotonic() + timeout
        try:
            return super().wait(gen, interval, timeout)
        except psycopg.OperationalError:
            if time.monotonic() >= deadline:
                self.pgconn.finish()  # its answer may come any time: nobody else must get it
            raise


class _Hosts:
    """Of several hosts the one that took the latest connection is tried first: after a failover nobody waits for the
    dead one again and again."""

    def __init__(self) -> None:
        self.latest = ("", "")

    def latest_first(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """libpq's parameters, with `host` and `port` as lists with commas between them."""
        names = str(parameters.get("host", "")).split(",")
        ports = str(parameters.get("port", "")).split(",")
        hosts = list(zip(names, ports, strict=False))
        if len(names) != len(ports) or self.latest not in hosts:
            return parameters
        hosts.sort(key=lambda host: host != self.latest)
        return {**parameters, "host": ",".join(h for h, _ in hosts), "port": ",".join(p for _, p in hosts)}


class Database:
    """Read and write transactions on one database; safe to use from any thread.

    Make it after forking: connections are opened at first use. deadline_s bounds each transaction's wait for a
    locked or unreachable database, in seconds. keys: what sealed columns are written and read with. aside: carries
    what reads much of an SQLite file to another thread.
    """

    def __init__(
        self,
        url: str,
        *,
        keys: Keyring | None = None,
        aside: slow_reads.Aside = slow_reads.in_place,
        pool_size: int = 5,
        max_overflow: int = 10,
        deadline_s: float = DEFAULT_DEADLINE_S,
    ) -> None:
        self.url = normalise_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._deadline_s = deadline_s
        # SQLite has one writer at a time: those of this process queue here instead of polling the file.
        self._turn = threading.Lock() if self.is_sqlite else None
        self.engine = _make_engine(self.url, pool_size, max_overflow)
        self.engine.dialect.keyring = keys  # type: ignore[attr-defined]
        if self.is_sqlite:
            slow_reads.read_aside(self.engine, aside)
        self._writer = self.engine.execution_options(sqlite_begin="IMMEDIATE")

    def read(self, fn: Callable[[Session], T], *, deadline_s: float | None = None) -> T:
        """fn's value from one read transaction. Raises DatabaseUnavailable."""

        def once(_: float) -> T:
            with TenantSession(self.engine, expire_on_commit=False, autoflush=False) as session:
                mark_read_only(session)
                return fn(session)

        return self._retry(once, deadline_s)

    def write(self, fn: Callable[[Session], T], *, deadline_s: float | None = None) -> T:
        """fn's value once its changes are committed; all of them or none. Raises DatabaseUnavailable."""

        return self._in_turn(lambda: self._write_once(fn), deadline_s)

    def write_rows(self, business_id: int, fn: Callable[[Rows], T], *, deadline_s: float | None = None) -> T:
        """As `write`, for what is written all the time: no session, no mapped objects, half the cost."""
        return self._in_turn(lambda: self._write_rows_once(business_id, fn), deadline_s)

    def ping(self) -> None:
        """Raises DatabaseUnavailable unless the database answers now."""

        def once(_: float) -> None:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))

        self._retry(once, 0.0)

    def checkpoint(self) -> None:
        """SQLite: bring what the write-ahead log holds into the file. Waits for the disk, so it is nothing for a
        thread that carries calls; transactions never do it. Raises DatabaseUnavailable."""
        if not self.is_sqlite:
            return
        try:
            with closing(sqlite3.connect(str(self.url.database), timeout=0)) as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.OperationalError as error:
            raise DatabaseUnavailable(type(error).__name__) from error

    def dispose(self) -> None:
        """Close the pooled connections; they are opened anew at the next use."""
        self.engine.dispose()

    def _write_once(self, fn: Callable[[Session], T]) -> T:
        with TenantSession(self._writer, expire_on_commit=False) as session:
            # SQLite takes its write lock with the first statement, before anything was read; without one, never.
            value = fn(session)
            session.flush()
            _commit(session.commit)
            return value

    def _write_rows_once(self, business_id: int, fn: Callable[[Rows], T]) -> T:
        with self._writer.connect() as connection:
            transaction = connection.begin()
            value = fn(Rows(connection, business_id))
            _commit(transaction.commit)
            return value

    def _in_turn(self, write: Callable[[], T], deadline_s: float | None) -> T:
        def once(left_s: float) -> T:
            if self._turn is None:
                return write()
            if not self._turn.acquire(timeout=max(left_s, 0.0)):
                raise DatabaseUnavailable("the database is busy")
            try:
                return write()
            finally:
                self._turn.release()

        return self._retry(once, deadline_s)

    def _retry(self, once: Callable[[float], T], deadline_s: float | None) -> T:
        deadline = time.monotonic() + (self._deadline_s if deadline_s is None else deadline_s)
        wait_s = _FIRST_WAIT_S
        while True:
            try:
                return once(deadline - time.monotonic())
            except PoolTimeout as error:
                raise DatabaseUnavailable("every database connection is in use") from error
            except DBAPIError as error:
                if not _is_outage(error):
                    raise
                if not is_worth_retrying(error) or time.monotonic() + wait_s > deadline:
                    raise DatabaseUnavailable(type(error.orig).__name__) from error
            time.sleep(wait_s * random.uniform(0.5, 1.0))
            wait_s = min(wait_s * 1.6, _LONGEST_WAIT_S)


def _commit(commit: Callable[[], None]) -> None:
    try:
        commit()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise CommitUncertain("the connection was lost during COMMIT") from error
        raise


def _is_outage(error: DBAPIError) -> bool:
    """Whether the database, not the query, is what failed."""
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.OperationalError):
        return _sqlite_code(error.orig) in _SQLITE_OUTAGES
    return isinstance(error.orig, (psycopg.OperationalError, psycopg.InterfaceError))


def is_worth_retrying(error: DBAPIError) -> bool:
    """Whether the same transaction may succeed in a moment: a lock, a deadlock, a lost connection."""
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.OperationalError):
        return _sqlite_code(error.orig) in _SQLITE_LOCKS
    sqlstate = getattr(error.orig, "sqlstate", None)
    # No state: the server could not be reached at all. 57P03: it is starting up. 53300: too many clients.
    return sqlstate is None or sqlstate in _RETRY_SQLSTATES | {"57P01", "57P03", "53300"}


def _sqlite_code(error: sqlite3.OperationalError) -> int:
    """The primary result code; the extended codes keep it in their low byte."""
    return error.sqlite_errorcode & 0xFF


def _make_engine(url: URL, pool_size: int, max_overflow: int) -> Engine:
    if url.get_backend_name() == "sqlite":
        _keep_private(Path(str(url.database)))
        arguments: dict[str, Any] = {
            "timeout": 0,
            "check_same_thread": False,
            "factory": slow_reads.Connection,
        }
    else:
        # No prepared statements: a pooler between us and the server may hand each transaction another backend.
        # A peer that vanished without a word is noticed within seconds, not after the kernel's quarter of an hour.
        arguments = {
            "connect_timeout": 3,
            "keepalives_idle": 10,
            "keepalives_interval": 3,
            "keepalives_count": 3,
            "tcp_user_timeout": 8000,
            "prepare_threshold": None,
        }
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=DEFAULT_DEADLINE_S,
        pool_pre_ping=url.get_backend_name() != "sqlite",
        connect_args=arguments,
        hide_parameters=True,
    )
    _install_events(engine)
    return engine


def _keep_private(file: Path) -> None:
    """The SQLite file is for its owner; a group that was let in stays. The files beside it get the mode that it has."""
    file.absolute().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(OSError):  # one that cannot be made or changed is told of when it is opened
        file.touch(mode=0o600)
        for each in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
            if each.exists() and each.stat().st_mode & 0o007:
                each.chmod(each.stat().st_mode & 0o770)


def migration_engine(url: URL) -> Engine:
    """An engine for schema changes: one connection, foreign keys unenforced on SQLite while tables are rebuilt."""
    arguments = {"timeout": 0} if url.get_backend_name() == "sqlite" else {"connect_timeout": 3}
    engine = create_engine(url, poolclass=NullPool, connect_args=arguments)
    if url.get_backend_name() == "sqlite":
        _keep_private(Path(str(url.database)))
        event.listen(engine, "connect", _open_sqlite_for_migration)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def snapshot_engine(url: URL) -> Engine:
    """An engine for reading everything: each transaction sees the database as it was at its first statement, writes
    nothing and may take its time."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": DEFAULT_DEADLINE_S})
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    options = "-c timezone=UTC -c statement_timeout=0"
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 3, "options": options})
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _install_events(engine: Engine) -> None:
    event.listen(engine, "before_cursor_execute", check_statement)

    @event.listens_for(engine, "checkin")
    def checkin(_connection: object, entry: ConnectionPoolEntry) -> None:
        forget_session(entry.info)

    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return

    @event.listens_for(engine, "handle_error")
    def handle_error(context: ExceptionContext) -> None:
        """Connections to a server that takes no writes any more are as good as lost."""
        if getattr(context.original_exception, "sqlstate", None) == _STANDBY:
            context.is_disconnect = True

    hosts = _Hosts()

    @event.listens_for(engine, "do_connect")
    def do_connect(_dialect: object, _entry: object, args: list[Any], parameters: dict[str, Any]) -> Any:
        connection = _BoundedConnection.connect(*args, **hosts.latest_first(parameters))
        hosts.latest = connection.info.host, str(connection.info.port)
        return connection

    @event.listens_for(engine, "connect")
    def connect(connection: psycopg.Connection[Any], _entry: ConnectionPoolEntry) -> None:
        connection.execute(
            "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS asked (name, value)",
            (list(_SERVER_SIDE), list(_SERVER_SIDE.values())),
        )
        connection.commit()


def _open_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # The driver must not begin transactions of its own: _begin_sqlite does.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    # Only a checkpoint waits for the disk, at worst for half a second: see Database.checkpoint.
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    begin = f"BEGIN {kind}"
    try:  # past SQLAlchemy, which takes three times as long for a statement as SQLite
        connection.connection.execute(begin)
    except sqlite3.Error as error:
        raise OperationalError(begin, None, error, hide_parameters=True) from error


def _open_sqlite_for_migration(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = OFF")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode = WAL")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
