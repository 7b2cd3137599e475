"""The product as a process of its own: gunicorn on a free port against a database of its own."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from twilio.request_validator import RequestValidator

from services.db.database import Database
from services.db.encryption import Keyring
from tests.patience import PATIENCE_S
from tests.places import ROOT

AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
SECRET_KEY = "a-secret-for-tests-only-0123456789"
PUBLIC_BASE = "https://phone.example.com"
CLINIC, OFFICE = "+97239990001", "+97239990002"
CALLER = "+972501234567"

WORKERS = {
    "gevent": ["wsgi:app"],
    "gthread": ["-k", "gthread", "--threads", "64", "app.factory:application()"],
}

T = TypeVar("T")


def wait_until(condition: Callable[[], T], timeout_s: float = PATIENCE_S, what: str = "") -> T:
    """The condition's first true value; AssertionError when it has none in time."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what or condition}"
        time.sleep(0.02)
    return value


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    body: str
    headers: Mapping[str, str]


class RunningServer:
    """A started server. `database` opens the same database from the test's side."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path, database_url: str) -> None:
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.database_url = database_url
        self.database = Database(database_url, keys=Keyring([SECRET_KEY.encode()]))
        self._log = log

    def logs(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_log(self, text: str, timeout_s: float = PATIENCE_S) -> str:
        """The first log line holding `text`."""

        def found() -> str:
            return next((line for line in self.logs().splitlines() if text in line), "")

        return wait_until(found, timeout_s, f"log line {text!r}")

    def get(self, path: str) -> HttpAnswer:
        return _request(urllib.request.Request(self.url + path))

    def post(self, path: str, form: Mapping[str, str], *, signature: str | None = None) -> HttpAnswer:
        """A webhook as Twilio sends it, signed for PUBLIC_BASE unless a signature is given ("" for none)."""
        data = urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(self.url + path, data=data)
        if signature is None:
            signature = sign(PUBLIC_BASE + path, form)
        if signature:
            request.add_header("X-Twilio-Signature", signature)
        return _request(request)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """End it now; the exit status."""
        self.database.dispose()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()


def sign(url: str, form: Mapping[str, str]) -> str:
    """Twilio's signature of a POST."""
    signature: str = RequestValidator(AUTH_TOKEN).compute_signature(url, dict(form))
    return signature


def environment(database_url: str, **changes: str) -> dict[str, str]:
    """A clean environment: nothing of the machine's own settings reaches the server."""
    fixed = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/nonexistent",
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET_KEY,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "PUBLIC_BASE_URL": PUBLIC_BASE,
        "ENGINE": "sandbox",
        "LOG_LEVEL": "DEBUG",
    }
    return {name: value for name, value in {**fixed, **changes}.items() if value}


@contextmanager
def running_app(
    directory: Path, database_url: str, *, worker: str = "gevent", code: Path = ROOT, **changes: str
) -> Iterator[RunningServer]:
    """gunicorn with our configuration. `changes` are environment variables; an empty value unsets one. code: where the
    product is that runs."""
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / "server.log"
    command = [sys.executable, "-m", "gunicorn", "-c", str(code / "gunicorn.conf.py"), "-b", "127.0.0.1:0"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *WORKERS[worker]],
            cwd=directory,
            env=environment(database_url, **{"PYTHONPATH": str(code), **changes}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        port = int(wait_until(lambda: _listening(process, log), what="gunicorn listens"))
        server = RunningServer(process, port, log, database_url)
        wait_until(lambda: _is_ready(server), what="the server is ready")
        try:
            yield server
        finally:
            server.stop()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def copy_database(template: Path, directory: Path) -> str:
    """The URL of a fresh copy of a closed SQLite database."""
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / "app.db"
    shutil.copyfile(template, target)
    return f"sqlite:///{target}"


def _listening(process: subprocess.Popen[bytes], log: Path) -> str | None:
    text = log.read_text(errors="replace")
    assert process.poll() is None, f"the server ended with {process.returncode}:\n{text}"
    found = re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", text)
    return found and found.group(1)


def _is_ready(server: RunningServer) -> bool:
    assert server.process.poll() is None, server.logs()
    try:
        return server.get("/readyz").status == 200
    except OSError:
        return False


def _request(request: urllib.request.Request) -> HttpAnswer:
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return HttpAnswer(answer.status, answer.read().decode(), answer.headers)
    except urllib.error.HTTPError as error:
        return HttpAnswer(error.code, error.read().decode(), error.headers)
