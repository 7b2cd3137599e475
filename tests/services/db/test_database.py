"""Transactions: all or nothing, never lost under contention, honest when the database is away."""

from __future__ import annotations

import socket
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from sandbox.fault_proxy import proxy_thread
from services.accounts.users import create_user
from services.db.database import CommitUncertain, Database, DatabaseUnavailable, normalise_url
from services.db.migration import migrate
from services.db.models import Business, Customer, User
from services.db.tenancy import ReadOnlyError, bind_business
from tests.patience import PATIENCE_S
from tests.places import ROOT
from tests.services.db.fixtures import ADMIN_URL, NOW, Cast


def add_user(session: Session, email: str) -> User:
    return create_user(session, email=email, password_hash="x", now=NOW)


def emails(database: Database) -> list[str]:
    return sorted(database.read(lambda session: session.scalars(select(User.email)).all()))


def test_a_write_that_fails_leaves_nothing_behind(database: Database) -> None:
    def fail(session: Session) -> None:
        add_user(session, "a@example.com")
        raise KeyError("in the middle")

    with pytest.raises(KeyError):
        database.write(fail)
    assert emails(database) == []


def test_what_was_written_is_readable_after_the_transaction(database: Database) -> None:
    user = database.write(lambda session: add_user(session, "A@Example.com "))
    assert user.email == "a@example.com"
    assert user.created_at == NOW
    assert emails(database) == ["a@example.com"]


@pytest.mark.parametrize("how", ["add", "change", "delete", "statement"])
def test_a_read_transaction_cannot_write(database: Database, cast: Cast, how: str) -> None:
    def attempt(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        business = session.scalars(select(Business)).one()
        if how == "add":
            add_user(session, "a@example.com")
        elif how == "change":
            business.name = "changed"
            session.flush()
        elif how == "delete":
            session.delete(business)
            session.flush()
        else:
            session.execute(Business.__table__.update().values(name="changed"))

    with pytest.raises(ReadOnlyError):
        database.read(attempt)
    assert emails(database) == []


def test_writers_of_many_threads_all_get_through(database: Database, cast: Cast) -> None:
    def visit(_: int) -> None:
        def change(session: Session) -> None:
            bind_business(session, cast.clinic.id)
            customer = session.scalars(select(Customer).with_for_update()).one()
            customer.notes += "x"

        database.write(change, deadline_s=30)

    def add(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        session.add(Customer(phone="+972501111111", created_at=NOW, updated_at=NOW))

    database.write(add)
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(visit, range(160)))

    def notes(session: Session) -> str:
        bind_business(session, cast.clinic.id)
        return session.scalars(select(Customer.notes)).one()

    assert database.read(notes) == "x" * 160


def test_two_transactions_in_each_others_way_both_finish(database: Database) -> None:
    """Opposite lock order: PostgreSQL breaks the deadlock by failing one, which is run again."""
    first, second = (database.write(lambda session, e=email: add_user(session, e)).id for email in ("a@x.il", "b@x.il"))
    meet = threading.Barrier(2)

    def cross(order: list[int]) -> None:
        tries = []

        def change(session: Session) -> None:
            for step, user_id in enumerate(order):
                user = session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
                user.name += "x"
                session.flush()
                if step == 0 and not tries and not database.is_sqlite:
                    tries.append(1)
                    meet.wait(PATIENCE_S)

        database.write(change, deadline_s=30)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(cross, [[first, second], [second, first]]))
    assert database.read(lambda session: session.scalars(select(User.name)).all()) == ["xx", "xx"]


def test_a_locked_sqlite_file_is_given_up_at_the_deadline_and_used_when_it_is_free(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    other = sqlite3.connect(str(database.url.database), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable):
        database.write(lambda session: add_user(session, "a@example.com"), deadline_s=0.05)
    assert emails(database) == [], "readers are not held up by a writer"
    release = threading.Timer(0.1, other.execute, ["COMMIT"])
    release.start()
    database.write(lambda session: add_user(session, "b@example.com"), deadline_s=30)
    release.join()
    assert emails(database) == ["b@example.com"]
    other.close()
    database.dispose()


def test_waiting_for_a_locked_file_lets_other_greenlets_run(sqlite_url: str) -> None:
    """The lock is only released by a greenlet that must have run meanwhile: a stalled loop would never end."""
    script = textwrap.dedent(f"""
        from gevent import monkey; monkey.patch_all()
        import gevent, sqlite3
        from datetime import UTC, datetime
        from services.db.database import Database
        from services.accounts.users import create_user
        database = Database({sqlite_url!r})
        other = sqlite3.connect({sqlite_url.removeprefix("sqlite:///")!r}, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        add = lambda name: database.write(lambda s: create_user(
            s, email=name, password_hash="x", now=datetime.now(UTC)).email, deadline_s=60)
        writers = [gevent.spawn(add, f"w{{n}}@x.il") for n in range(3)]
        for _ in range(50):
            gevent.sleep(0.001)
        assert not any(writer.ready() for writer in writers)
        other.execute("COMMIT")
        print(*[writer.get() for writer in writers])
    """)
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=90)
    assert done.stdout.split() == ["w0@x.il", "w1@x.il", "w2@x.il"], done.stderr


def test_waiting_for_a_row_of_postgresql_lets_other_greenlets_run(postgres_url: str) -> None:
    """The row's lock is only released by a greenlet that must have run meanwhile."""
    script = textwrap.dedent(f"""
        from gevent import monkey; monkey.patch_all()
        import gevent
        from sqlalchemy import text
        from services.db.database import Database
        database = Database({postgres_url!r})
        lock = text("SELECT pg_advisory_xact_lock(7)")
        def hold(session):
            session.execute(lock)
            for _ in range(50):
                gevent.sleep(0.001)
        holder = gevent.spawn(database.write, hold)
        gevent.sleep(0)
        waiters = [gevent.spawn(database.write, lambda session: session.execute(lock).all()) for _ in range(3)]
        gevent.joinall([holder, *waiters], timeout=60, raise_error=True)
        print(all(one.successful() for one in [holder, *waiters]))
    """)
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=90)
    assert done.stdout.split() == ["True"], done.stderr


def test_a_full_disk_is_an_outage_not_a_bug(sqlite_url: str) -> None:
    database = Database(sqlite_url)

    def fill(session: Session) -> None:
        session.connection().exec_driver_sql("PRAGMA max_page_count = 1")
        for number in range(2000):
            add_user(session, f"{number:060d}@example.com")

    with pytest.raises(DatabaseUnavailable):
        database.write(fill)
    database.dispose()


def test_a_full_disk_of_postgresql_is_an_outage_that_is_not_waited_for(postgres_database: Database) -> None:
    tries = []

    def fail(session: Session) -> None:
        tries.append(1)
        session.execute(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$"))

    with pytest.raises(DatabaseUnavailable, match="DiskFull"):
        postgres_database.write(fail, deadline_s=60)
    assert tries == [1]


def test_a_mistake_in_a_query_is_not_called_an_outage(database: Database) -> None:
    with pytest.raises(Exception, match="no_such_table") as caught:
        database.read(lambda session: session.execute(text("SELECT * FROM no_such_table")))
    assert not isinstance(caught.value, DatabaseUnavailable)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    database = Database("postgres://nobody@127.0.0.1:1/none", deadline_s=0.1)
    for attempt in (database.ping, lambda: database.read(lambda session: session.execute(text("SELECT 1")))):
        with pytest.raises(DatabaseUnavailable):
            attempt()


def test_connections_the_server_dropped_are_replaced(postgres_url: str) -> None:
    database = Database(postgres_url)

    def pid(session: Session) -> int:
        return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())

    before = database.read(pid)
    terminate(before)
    assert database.read(pid) != before
    assert database.write(pid) != before
    database.ping()
    database.dispose()


def test_a_connection_lost_in_mid_transaction_runs_the_work_again(postgres_database: Database) -> None:
    runs: list[int] = []

    def work(session: Session) -> int:
        pid = int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())
        runs.append(pid)
        if len(runs) == 1:
            terminate(pid)
        return int(session.execute(text("SELECT 42")).scalar_one())

    assert postgres_database.write(work) == 42
    assert len(runs) == 2


def test_a_connection_lost_at_commit_is_said_to_be_uncertain(postgres_database: Database) -> None:
    def work(session: Session) -> None:
        terminate(int(session.execute(text("SELECT pg_backend_pid()")).scalar_one()))

    with pytest.raises(CommitUncertain):
        postgres_database.write(work)
    postgres_database.ping()


def terminate(pid: int) -> None:
    with psycopg.connect(ADMIN_URL, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg"),
        ("postgresql://u:p@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg"),
        ("sqlite:///x.db", "sqlite"),
        ("sqlite+pysqlite:///x.db", "sqlite"),
    ],
)
def test_database_urls_are_given_our_drivers(given: str, driver: str) -> None:
    assert normalise_url(given).drivername == driver


@pytest.mark.parametrize("given", ["", "nonsense", "mysql://h/d", "sqlite://", "sqlite:///:memory:"])
def test_other_database_urls_are_refused(given: str) -> None:
    with pytest.raises(ValueError):
        normalise_url(given)


class Gate:
    """A TCP proxy before PostgreSQL that can be shut: connections are cut and new ones refused."""

    def __init__(self, host: str, port: int) -> None:
        self._behind = (host, port)
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []
        self.port = 0
        self.let_in()

    def let_in(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def shut(self) -> None:
        assert self._listener is not None
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._behind)
                self._open += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._copy, args=(source, target), daemon=True).start()

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def test_an_outage_is_survived_and_its_end_is_noticed_at_once(postgres_database: Database) -> None:
    url = postgres_database.url
    gate = Gate(url.host or "127.0.0.1", url.port or 5432)
    database = Database(url.set(host="127.0.0.1", port=gate.port).render_as_string(hide_password=False))
    try:
        select_one = text("SELECT 1")
        assert database.write(lambda s: s.execute(select_one).scalar()) == 1
        gate.shut()
        for attempt in (database.read, database.write):
            with pytest.raises(DatabaseUnavailable):
                attempt(lambda s: s.execute(select_one).scalar(), deadline_s=0.2)
        gate.let_in()
        assert database.write(lambda s: s.execute(select_one).scalar(), deadline_s=0) == 1
        gate.shut()
        reopen = threading.Timer(0.2, gate.let_in)
        reopen.start()
        assert database.write(lambda s: s.execute(select_one).scalar(), deadline_s=20) == 1, "waited for its end"
        reopen.join()
    finally:
        database.dispose()
        gate.shut()


@pytest.mark.slow
def test_a_server_that_holds_the_connection_and_says_nothing_is_given_up(postgres_database: Database) -> None:
    """Idle connections are asked first; a statement that was under way ends a little after the server's own limit."""
    url = postgres_database.url
    select_one = text("SELECT 1")
    with proxy_thread([(url.host or "127.0.0.1", url.port or 5432)]) as proxy:
        through = url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        database = Database(through)
        assert database.read(lambda s: s.execute(select_one).scalar()) == 1

        def stuck(session: Session) -> None:
            session.execute(select_one)
            proxy.freeze(True)
            session.execute(text("SELECT pg_sleep(0.2)"))

        for attempt in (stuck, lambda s: s.execute(select_one).scalar()):
            with pytest.raises(DatabaseUnavailable):
                database.write(attempt, deadline_s=0.2)
        proxy.freeze(False)
        assert database.read(lambda s: s.execute(select_one).scalar(), deadline_s=5) == 1
        database.dispose()


@pytest.mark.slow
def test_a_machine_that_vanishes_in_mid_transaction_holds_no_lock_for_long(postgres_database: Database) -> None:
    """Nothing tells the server that its client is gone (O1)."""
    url = postgres_database.url
    take = text("SELECT pg_advisory_xact_lock(4711)")
    with proxy_thread([(url.host or "127.0.0.1", url.port or 5432)]) as proxy:
        vanishing = Database(url.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False))
        taken = threading.Event()

        def take_and_vanish(session: Session) -> None:
            session.execute(take)
            proxy.freeze(True)
            taken.set()
            session.execute(text("SELECT 1"))

        def write() -> None:
            with pytest.raises(DatabaseUnavailable):
                vanishing.write(take_and_vanish, deadline_s=0.2)

        with ThreadPoolExecutor(1) as threads:
            gone = threads.submit(write)
            assert taken.wait(PATIENCE_S)
            postgres_database.write(lambda s: s.execute(take) and None, deadline_s=PATIENCE_S)
            gone.result(PATIENCE_S)
        proxy.freeze(False)
        vanishing.dispose()


def test_a_server_that_has_become_a_standby_is_away_until_one_takes_writes(postgres_database: Database) -> None:
    """A failover that leaves connections open: what they say of it, and that the next connection is a new one."""
    database = Database(postgres_database.url.render_as_string(hide_password=False))
    tries = []

    def attempt(session: Session) -> None:
        tries.append(session.scalar(text("SELECT pg_backend_pid()")))
        session.execute(text("SET TRANSACTION READ ONLY" if len(tries) < 3 else "SELECT 1"))
        session.execute(text("INSERT INTO limit_counts VALUES ('standby', 1, now())"))

    database.write(attempt)
    assert len(set(tries)) == 3
    database.dispose()


def test_a_list_of_hosts_is_taken_as_libpq_has_it(postgres_database: Database) -> None:
    url = postgres_database.url
    here = f"{url.host or '127.0.0.1'}:{url.port or 5432}"
    nobody = "127.0.0.1:9"
    database = Database(f"postgresql://{url.username}@{nobody},{here}/{url.database}")
    assert database.read(lambda s: s.scalar(text("SELECT 1"))) == 1
    assert database.url.query["target_session_attrs"] == "read-write"
    database.dispose()


def test_a_sqlite_file_and_those_beside_it_are_its_owners(tmp_path: Path) -> None:
    file = tmp_path / "new" / "app.db"
    database = Database(f"sqlite:///{file}")
    migrate(database)
    database.write(lambda session: add_user(session, "a@example.com") and None)
    assert {stat.S_IMODE(each.stat().st_mode) for each in file.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    database.dispose()


def test_what_others_may_do_with_an_older_file_is_taken_away_and_its_group_stays(tmp_path: Path) -> None:
    file = tmp_path / "app.db"
    file.touch()
    file.chmod(0o664)
    Database(f"sqlite:///{file}").ping()
    assert stat.S_IMODE(file.stat().st_mode) == 0o660
