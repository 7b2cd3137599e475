"""A whole installation for scenarios: the product's server and the sandbox's model, as processes on free ports.

The database is a file in a directory of its own unless a URL is given; nothing of the surrounding environment's
configuration reaches the server.
"""

from __future__ import annotations

import contextlib
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, TypeVar

from app.settings import ROOT, Settings, child_environment
from sandbox.child import Child
from sandbox.twilio.database_world import DatabaseWorld
from sandbox.twilio.lateness import MachineWatch
from sandbox.twilio.scenario_runner import ScenarioRunner
from services.db.database import Database
from services.db.encryption import Keyring
from services.db.migration import migrate

PUBLIC_BASE = "https://calls.sandbox.example"
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
SECRET_KEY = "a-secret-of-the-sandbox-only-0123456789"
START_WITHIN_S = 180.0  # a few seconds, but for a busy machine
WORKERS = {
    "gevent": ["wsgi:app"],
    "gthread": ["-k", "gthread", "--threads", "200", "app.factory:application()"],
}

T = TypeVar("T")


Engine = Literal["sandbox", "google"]


class StageFailed(Exception):
    """A process did not come up; the message ends with its last lines."""


@dataclass(slots=True)
class Stage:
    """A running installation."""

    webhook_base: str
    model_base: str
    database: Database
    server: Child
    log: Path
    watch: MachineWatch  # how late the machine makes server and model
    engine: Engine = "sandbox"

    def world(self) -> DatabaseWorld:
        return DatabaseWorld(self.database, self.model_base, google=self.engine == "google")

    def runner(self) -> ScenarioRunner:
        """Plays scenarios here."""
        return ScenarioRunner(
            self.world(), self.webhook_base, public_base=PUBLIC_BASE, auth_token=AUTH_TOKEN, watch=self.watch
        )

    def logs(self) -> str:
        return self.log.read_text("utf-8", errors="replace")


@contextmanager
def stage(
    directory: Path,
    *,
    environment: Mapping[str, str] | None = None,
    worker: str = "gevent",
    brain: str = "scripted",
    database_url: str | None = None,
    model_base: str | None = None,
    application: str | None = None,
    engine: Engine = "sandbox",
    secure: bool = False,
) -> Iterator[Stage]:
    """Start everything, give it, end everything. Raises StageFailed.

    engine: sandbox, a Realtime model, or google, the cascade with sandbox.google behind it; secure: that one with TLS
    and a service account. worker: gevent or gthread.
    environment: variables of the server, e.g. {"BARGE_IN": "off"}. model_base: a Realtime model that runs already,
    http://HOST:PORT; else one with this `brain` is started. application: what gunicorn serves instead of wsgi:app.
    """
    directory.mkdir(parents=True, exist_ok=True)
    keys = Keyring([SECRET_KEY.encode()])
    database = Database(database_url or f"sqlite:///{directory / 'stage.db'}", keys=keys)
    migrate(database)
    with contextlib.ExitStack() as stack:
        stack.callback(database.dispose)
        watched: list[int] = []  # a model that ran before may be anywhere
        of_engine = {"ENGINE": "sandbox"}
        if engine == "google":
            model_base, of_engine, model = _start_google(stack, brain, directory, secure=secure)
            watched.append(model.pid)
        elif model_base is None:
            model_base, model = _start_model(stack, brain, directory)
            watched.append(model.pid)
        variables = {**_server_environment(database, model_base), **of_engine, **(environment or {})}
        conf = str(ROOT / "gunicorn.conf.py")
        served = [application] if application else WORKERS[worker]
        arguments = ["-m", "gunicorn", "-c", conf, "-b", "127.0.0.1:0", *served]
        server, log = _start(stack, "server", arguments, directory, variables)
        found = _wait(server, log, lambda text: re.search(r"Listening at: (http://127\.0\.0\.1:\d+)", text))
        base = found.group(1)
        _wait(server, log, lambda text: _ready(base) or None)
        watch = stack.enter_context(MachineWatch([*watched, server.pid]))
        yield Stage(base, model_base, database, server, log, watch, engine)


def _start_model(stack: contextlib.ExitStack, brain: str, directory: Path) -> tuple[str, Child]:
    arguments = ["-m", "sandbox.realtime", "--port", "0", "--brain", brain]
    model, log = _start(stack, "model", arguments, directory, {})
    found = _wait(model, log, lambda text: re.search(r"ready: ws://127\.0\.0\.1:(\d+)", text))
    return f"http://127.0.0.1:{found.group(1)}", model


def _start_google(
    stack: contextlib.ExitStack, brain: str, directory: Path, *, secure: bool
) -> tuple[str, dict[str, str], Child]:
    """Google's services: the address of their chat model, what the server must know of them, and the process."""
    arguments = ["-m", "sandbox.google", "--port", "0", "--grpc-port", "0", "--brain", brain]
    arguments += ["--secure", str(directory)] if secure else []
    model, log = _start(stack, "google", arguments, directory, {})
    found = _wait(model, log, lambda text: re.search(r"ready: grpc (\S+) chat (http://127\.0\.0\.1:\d+)/v1", text))
    endpoint = found.group(1) if secure else f"insecure:{found.group(1)}"
    variables = {
        "ENGINE": "google",
        "GOOGLE_SPEECH_ENDPOINT": endpoint,
        "GOOGLE_TTS_ENDPOINT": endpoint,
    }
    if secure:
        variables["GOOGLE_CLOUD_SERVICE_ACCOUNT_JSON"] = (directory / "account.json").read_text()
        variables["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = str(directory / "certificate.pem")
    return found.group(2), variables, model


def _environment(changes: Mapping[str, str]) -> dict[str, str]:
    """Nothing of what configures another installation, from the environment or an .env file, gets through."""
    configured = {name.upper() for name in Settings.model_fields}
    clean = {name: value for name, value in child_environment({}).items() if name not in configured}
    return {**clean, "PYTHONPATH": str(ROOT), **changes}


def _server_environment(database: Database, model_base: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database.url.render_as_string(hide_password=False),
        "SECRET_KEY": SECRET_KEY,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "PUBLIC_BASE_URL": PUBLIC_BASE,
        "OPENAI_BASE_URL": f"{model_base}/v1",
        "LOG_LEVEL": "DEBUG",
    }


def _start(
    stack: contextlib.ExitStack, name: str, arguments: list[str], directory: Path, environment: Mapping[str, str]
) -> tuple[Child, Path]:
    log = directory / f"{name}.log"
    output: IO[bytes] = stack.enter_context(log.open("wb"))
    child = Child(
        name,
        [sys.executable, *arguments],
        cwd=directory,
        environment=_environment(environment),
        output=output,
        dies_with_parent=False,
    )
    stack.callback(child.stop, 10.0)
    return child, log


def _wait(child: Child, log: Path, look: Callable[[str], T | None]) -> T:
    deadline = time.monotonic() + START_WITHIN_S
    while True:
        text = log.read_text("utf-8", errors="replace")
        found = look(text)
        if found is not None:
            return found
        if child.ended or time.monotonic() > deadline:
            lines = "\n".join(text.splitlines()[-15:])
            raise StageFailed(f"the {child.name} did not come up (status {child.status}):\n{lines}")
        time.sleep(0.05)


def _ready(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
