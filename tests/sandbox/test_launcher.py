"""`make run` without make: everything starts, says how to call, and ends with nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from app.settings import SettingsError, load_settings
from sandbox.launch import free_port, require_packages
from services.audio.g711 import SAMPLE_RATE_HZ
from tests.serving import CLINIC, ROOT, environment, wait_until


@contextmanager
def launched(directory: Path, port: int, **changes: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The launcher and the file its output goes to."""
    log = directory / "launch.log"
    settings = environment(
        changes.pop("DATABASE_URL", f"sqlite:///{directory}/var/app.db"),
        TWILIO_AUTH_TOKEN="",
        PUBLIC_BASE_URL="",
        ENGINE=changes.pop("ENGINE", ""),
        PORT=str(port),
        **changes,
    )
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.launch"], cwd=ROOT, env=settings, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield process, log
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(40)


def process_table() -> dict[int, int]:
    """Process id → parent's id, of everything that is not a zombie."""
    table = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
        except OSError:  # ended meanwhile
            continue
        if state != "Z":
            table[int(entry.parent.name)] = int(parent)
    return table


def descendants(pid: int) -> list[int]:
    parents, found, waiting = process_table(), [], [pid]
    while waiting:
        above = waiting.pop()
        below = [child for child, parent in parents.items() if parent == above]
        found += below
        waiting += below
    return found


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_starts_everything_and_ends_everything(tmp_path: Path, end: signal.Signals) -> None:
    port = free_port()
    with launched(tmp_path, port) as (process, log):
        wait_until(lambda: "Ctrl-C ends it" in log.read_text() or process.poll() is not None, 60)
        text = log.read_text()
        assert process.poll() is None, text
        assert f"http://localhost:{port}" in text
        assert CLINIC in text
        assert "make call" in text
        assert re.search(r"Login +\S+@\S+ / \S{8,}", text)
        below = descendants(process.pid)
        assert len(below) >= 3  # gunicorn, its worker, the model
        os.kill(process.pid, end)
        status = process.wait(40)
        assert status == (-signal.SIGKILL if end is signal.SIGKILL else 0)
        wait_until(lambda: not process_table().keys() & set(below), 40, "no process is left")
        assert "Traceback" not in log.read_text()


@pytest.mark.slow
def test_the_demos_greetings_are_recorded_by_the_sandboxs_model(tmp_path: Path) -> None:
    def recorded() -> list[int]:
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(tmp_path / "var" / "app.db")) as database:
            rows = database.execute("SELECT length(greeting_clip) FROM business_settings WHERE clips_made_of NOT NULL")
            return [length for (length,) in rows]
        return []

    with launched(tmp_path, free_port()) as (_, log):
        wait_until(lambda: len(recorded()) == 2, 90, "both businesses have their sound")
        assert min(recorded()) > SAMPLE_RATE_HZ
        assert "Traceback" not in log.read_text()


@pytest.mark.slow
def test_googles_engine_without_an_account_gets_the_sandboxs_services(tmp_path: Path) -> None:
    """(C11)"""
    port = free_port()
    with launched(tmp_path, port, ENGINE="google") as (process, log):
        wait_until(lambda: "Ctrl-C ends it" in log.read_text() or process.poll() is not None, 60)
        text = log.read_text()
        assert process.poll() is None, text
        assert re.search(r"sandbox google ready: grpc 127\.0\.0\.1:\d+ chat http://127\.0\.0\.1:\d+/v1", text)
        assert "the built-in sandbox as Google's services" in text
        below = descendants(process.pid)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(40) == 0
        wait_until(lambda: not process_table().keys() & set(below), 40, "no process is left")
        assert "Traceback" not in log.read_text()


def test_googles_engine_without_its_packages_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install -r requirements-google\.txt"):
        require_packages(load_settings(engine="google"))
    require_packages(load_settings(engine="sandbox"))


def test_a_taken_port_is_refused_with_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with launched(tmp_path, port) as (process, log):
            assert process.wait(30) != 0
            assert re.fullmatch(
                rf"Refusing to start: PORT={port} is not accepted: a free port \(.+\)\n", log.read_text()
            )


def test_a_database_that_cannot_be_used_is_refused_with_one_line(tmp_path: Path) -> None:
    port = free_port()
    with launched(tmp_path, port, DATABASE_URL="postgresql://127.0.0.1:1/none") as (process, log):
        assert process.wait(120) != 0
        lines = log.read_text().splitlines()
        assert len(lines) == 1
        assert lines[0].startswith("Refusing to start: DATABASE_URL cannot be used: ")
