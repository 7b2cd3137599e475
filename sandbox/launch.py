"""`make run`: migrate, seed a demo when the database is empty, start what is needed, say how to call, end it all.

Starts gunicorn, and with ENGINE=sandbox the sandbox's model server in front of it. Ctrl-C or SIGTERM ends both in
order: gunicorn first, so that live calls can finish against a model that is still there.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from types import FrameType

from app.settings import ROOT, SANDBOX_API, Settings, SettingsError, child_environment, load_settings
from sandbox.child import Child
from services.database import Database, DatabaseUnavailable
from services.migration import migrate
from services.seed import DemoLogin, seed_demo

READY_WITHIN_S = 60.0
DRAIN_S = 28.0  # gunicorn's graceful_timeout and a little


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--follow-parent", action="store_true", help="end when the process that started this one ends")
    arguments = parser.parse_args()
    try:
        settings = load_settings()
        require_free_port(settings.port)
        logins = prepare_database(settings)
    except SettingsError as error:
        sys.exit(f"Refusing to start: {error}")
    except DatabaseUnavailable as error:
        sys.exit(f"Refusing to start: DATABASE_URL cannot be used: {error}")
    sys.exit(Launcher(settings, logins, follow_parent=arguments.follow_parent).run())


def prepare_database(settings: Settings) -> list[DemoLogin]:
    """Bring the schema up to date and seed an empty database; the logins of what was seeded."""
    database = Database(settings.database_url)
    try:
        database.ping()  # a wrong address is told at once; migrating would wait for it to come up
        migrate(database)
        return seed_demo(database)
    finally:
        database.dispose()


def require_free_port(port: int) -> None:
    """Raises SettingsError when something else listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError as error:
            raise SettingsError(f"PORT={port} is not accepted: a free port ({error.strerror})") from None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Launcher:
    """Starts the children, waits until something ends, ends the rest."""

    def __init__(self, settings: Settings, logins: list[DemoLogin], *, follow_parent: bool) -> None:
        self._settings = settings
        self._logins = logins
        self._parent = os.getppid() if follow_parent else None
        self._stop = False
        self._children: list[Child] = []
        self._model_port: int | None = None

    def run(self) -> int:
        """Exit status: 0 after Ctrl-C or SIGTERM, 1 when a child ended by itself."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            self._start()
            ready = self._wait_until_ready()
            if ready:
                print(banner(self._settings, self._logins), flush=True)
                self._watch()
        finally:
            for child in reversed(self._children):
                child.stop(DRAIN_S)
        return 0 if self._stop else 1

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._stop:  # asked twice: no more waiting for live calls
            for child in self._children:
                child.kill()
        self._stop = True

    def _start(self) -> None:
        changes: dict[str, str] = {}
        if self._settings.engine == "sandbox" and self._settings.openai_base_url == SANDBOX_API:
            self._model_port = free_port()
            self._spawn("model", "-m", "sandbox.realtime", "--port", str(self._model_port))
            changes["OPENAI_BASE_URL"] = f"http://127.0.0.1:{self._model_port}/v1"
        self._spawn("web", "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app", changes=changes)

    def _spawn(self, name: str, *arguments: str, changes: dict[str, str] | None = None) -> None:
        environment = child_environment(changes or {})
        self._children.append(Child(name, [sys.executable, *arguments], cwd=ROOT, environment=environment))

    def _wait_until_ready(self) -> bool:
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._over():
            if self._model_answers() and is_ready(self._settings.port):
                return True
            if time.monotonic() > deadline:
                print(f"Not ready after {READY_WITHIN_S:.0f} s; see the lines above.", file=sys.stderr)
                return False
            time.sleep(0.1)
        return False

    def _model_answers(self) -> bool:
        if self._model_port is None:
            return True
        try:
            socket.create_connection(("127.0.0.1", self._model_port), timeout=1).close()
        except OSError:
            return False
        return True

    def _watch(self) -> None:
        while not self._over():
            time.sleep(0.2)

    def _over(self) -> bool:
        if self._parent is not None and os.getppid() != self._parent:
            self._stop = True
        for child in self._children:
            if not self._stop and child.ended:
                print(f"The {child.name} process ended by itself (status {child.status}).", file=sys.stderr)
                return True
        return self._stop


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def banner(settings: Settings, logins: list[DemoLogin]) -> str:
    """What a person needs to know once it runs."""
    url = f"http://localhost:{settings.port}"
    lines = [
        "",
        f"  AI Call Assistant is running on {url}   (admin: {url}/admin/)",
        "",
        "  Demo numbers   +97239990001  Hebrew clinic      +97239990002  English office",
        '  Place a call   make call     (in another terminal; ARGS="--help" shows the options)',
    ]
    if settings.engine == "sandbox":
        lines.append("  Model          the built-in sandbox; set OPENAI_API_KEY for the real one")
    else:
        lines.append(f"  Model          {settings.openai_realtime_model}")
    lines += [f"  Login          {login.email} / {login.password}   ({login.what})" for login in logins]
    return "\n".join([*lines, "", "  Ctrl-C ends it.", ""])


if __name__ == "__main__":
    main()
