"""PostgreSQL of a bench's own: a primary and a streaming standby, each on a machine that can be cut off.

A commit is acknowledged when the standby has it too (synchronous), so that nothing that was acknowledged can be lost
with the primary. PostgreSQL does not run as root: it runs as `postgres` there.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from bench.cluster.network import Machine

PORT = 5433  # of both; where machines have no address of their own it would be taken by the other
DATABASE = "cluster"
STARTS_WITHIN_S = 60.0


class NoPostgres(Exception):
    """There are no server programs on this machine."""


class Server:
    """One PostgreSQL server, started and stopped as a whole."""

    def __init__(self, programs: Path, directory: Path, machine: Machine, user: str) -> None:
        self.machine = machine
        self._programs = programs
        self._data = directory / machine.name
        self._directory = directory
        self._user = user

    @property
    def address(self) -> str:
        return f"{self.machine.address}:{PORT}"

    @property
    def url(self) -> str:
        """From a machine that can reach it."""
        return f"postgresql://{self._user}@{self.address}/{DATABASE}"

    def make(self) -> None:
        """An empty cluster that a standby may follow."""
        self._program("initdb", "-D", str(self._data), "-A", "trust", "-U", self._user, "-E", "UTF8", "--no-sync")
        with (self._data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 0.0.0.0/0 trust\nhost replication all 0.0.0.0/0 trust\n")
        self._configure(
            f"listen_addresses = '{self.machine.address}'",
            f"port = {PORT}",
            "unix_socket_directories = ''",
            "max_connections = 300",
            "shared_preload_libraries = 'pg_stat_statements'",
            "wal_keep_size = 256MB",
            # Commits wait for the standby: it must not take five seconds to see that the primary is back.
            "wal_retrieve_retry_interval = 500ms",
        )

    def make_standby_of(self, primary: Server) -> None:
        host, port = primary.address.split(":")
        copy = ("-h", host, "-p", port, "-U", self._user, "-D", str(self._data), "-R", "-X", "stream", "-c", "fast")
        self._program("pg_basebackup", *copy, "--no-sync")
        self._configure(f"listen_addresses = '{self.machine.address}'", "synchronous_standby_names = ''")

    def wait_for_standby(self) -> None:
        """From now on a commit is acknowledged when one standby has it."""
        self.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.ask("SELECT pg_reload_conf()")

    def start(self) -> None:
        self._control("start", "-l", str(self._data) + ".log")

    def stop(self, how: str = "fast") -> None:
        """how: fast, or immediate, as if the power had gone."""
        self._control("stop", "-m", how)

    def promote(self) -> None:
        """The standby becomes the primary."""
        self._control("promote")

    def ask(self, sql: str, database: str = "postgres") -> object:
        """The first value of what the server answers, None for none."""
        host, port = self.address.split(":")
        with psycopg.connect(
            host=host, port=port, user=self._user, dbname=database, autocommit=True, connect_timeout=3
        ) as connection:
            cursor = connection.execute(sql.encode())
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    def _configure(self, *lines: str) -> None:
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write("\n".join(lines) + "\n")

    def _control(self, *arguments: str) -> None:
        self._program("pg_ctl", "-D", str(self._data), "-w", "-t", f"{STARTS_WITHIN_S:.0f}", *arguments)

    def _program(self, name: str, *arguments: str) -> None:
        """Never as root. Raises subprocess.CalledProcessError."""
        as_nobody_special = ("runuser", "-u", self._user, "--") if os.geteuid() == 0 else ()
        command = [*self.machine.enter, *as_nobody_special, str(self._programs / name), *arguments]
        subprocess.run(
            command, check=True, cwd=self._directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120
        )


class PostgresPair:
    """`primary` is whichever takes writes now."""

    def __init__(self, primary: Server, standby: Server) -> None:
        self.primary, self.standby = primary, standby

    @property
    def url(self) -> str:
        """Both servers, of which a client uses the one that takes writes."""
        user = self.primary.url.partition("@")[0]
        return f"{user}@{self.primary.address},{self.standby.address}/{DATABASE}"

    def restart(self, away_s: float) -> None:
        """The primary, for so long, in order."""
        self.primary.stop()
        time.sleep(away_s)
        self.primary.start()

    def fail_over(self, promoted_after_s: float) -> None:
        """The primary's machine vanishes; so much later somebody promotes the standby."""
        if self.primary.machine.can_be_cut:
            self.primary.machine.cut()
        else:
            self.primary.stop("immediate")
        time.sleep(promoted_after_s)
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary


@contextmanager
def postgres_pair(directory: Path, one: Machine, other: Machine) -> Iterator[PostgresPair]:
    """Raises NoPostgres, and subprocess.CalledProcessError when a server does not start."""
    programs = _programs()
    user = "postgres" if os.geteuid() == 0 else getpass.getuser()
    if os.geteuid() == 0:
        shutil.chown(directory, user)
    servers = [Server(programs, directory, machine, user) for machine in (one, other)]
    primary, standby = servers
    primary.make()
    try:
        primary.start()
        primary.ask(f"CREATE DATABASE {DATABASE}")
        primary.ask("CREATE EXTENSION pg_stat_statements", DATABASE)
        standby.make_standby_of(primary)
        standby.start()
        primary.wait_for_standby()
        yield PostgresPair(primary, standby)
    finally:
        for server in servers:
            if server.machine.can_be_cut:
                server.machine.mend()
            with suppress(subprocess.CalledProcessError):  # it was stopped, or never started
                server.stop("immediate")


def _programs() -> Path:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    if found is None:
        raise NoPostgres("no PostgreSQL server programs (initdb, pg_ctl, pg_basebackup)")
    return Path(found).parent
