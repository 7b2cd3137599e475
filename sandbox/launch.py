"""`make run`: migrate, seed a demo when the database is empty, start what is needed, say how to call, end it all.

Starts gunicorn, and with ENGINE=sandbox the sandbox's model server in front of it; with ENGINE=google and nobody's
account Google's services of the sandbox; without a Twilio account the sandbox's, which prints the SMS; without a
client at Google the sandbox's calendars. Ctrl-C or SIGTERM ends all in order: gunicorn first, so that live calls can
finish against a model that is still there.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from functools import partial
from types import FrameType

from sqlalchemy.orm import Session

from app.database import open_database
from app.settings import (
    ROOT,
    SANDBOX_API,
    SANDBOX_GOOGLE,
    Settings,
    SettingsError,
    child_environment,
    load_settings,
)
from sandbox.calendars.google_oauth import CLIENT_ID, CLIENT_SECRET
from sandbox.child import Child
from services.accounts.seed import CLINIC_NUMBER, OFFICE_NUMBER, DemoLogin, seed_demo
from services.calls.lifecycle import find_business_by_number
from services.clips.jobs import want_clips
from services.db.database import Database, DatabaseUnavailable
from services.db.migration import migrate
from services.db.tenancy import bind_business

READY_WITHIN_S = 60.0
GOOGLE_ENDPOINTS = ("GOOGLE_SPEECH_ENDPOINT", "GOOGLE_TTS_ENDPOINT")
DRAIN_S = 28.0  # gunicorn's graceful_timeout and a little


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--follow-parent", action="store_true", help="end when the process that started this one ends")
    arguments = parser.parse_args()
    try:
        settings = load_settings()
        require_packages(settings)
        require_free_port(settings.port)
        logins = prepare_database(settings)
    except SettingsError as error:
        sys.exit(f"Refusing to start: {error}")
    except DatabaseUnavailable as error:
        sys.exit(f"Refusing to start: DATABASE_URL cannot be used: {error}")
    sys.exit(Launcher(settings, logins, follow_parent=arguments.follow_parent).run())


def prepare_database(settings: Settings) -> list[DemoLogin]:
    """Bring the schema up to date and, but in production, seed an empty database; the logins of what was seeded."""
    database = open_database(settings)
    try:
        database.ping()  # a wrong address is told at once; migrating would wait for it to come up
        migrate(database)
        logins = [] if settings.production else seed_demo(database, with_team=True)
        if logins:
            record_demo(database)
            if settings.twilio_account is None:
                text_demo(database)
        return logins
    finally:
        database.dispose()


def record_demo(database: Database) -> None:
    """The demo's businesses get their greeting's sound as soon as the model is up, as if somebody had saved them."""
    now = datetime.now(UTC)

    def want(session: Session, number: str) -> None:
        business = find_business_by_number(session, number)
        if business is not None:
            bind_business(session, business.id)
            want_clips(session, now)

    for number in (CLINIC_NUMBER, OFFICE_NUMBER):
        database.write(partial(want, number=number))


def text_demo(database: Database) -> None:
    """The demo's customers get confirmations and reminders: nobody pays for the sandbox's SMS."""

    def switch_on(session: Session, number: str) -> None:
        business = find_business_by_number(session, number)
        if business is not None:
            bind_business(session, business.id)
            business.settings.sms_confirmation, business.settings.reminders = True, [1440, 120]

    for number in (CLINIC_NUMBER, OFFICE_NUMBER):
        database.write(partial(switch_on, number=number))


def require_packages(settings: Settings) -> None:
    """Raises SettingsError when the engine needs packages that are not installed."""
    if settings.engine == "google" and importlib.util.find_spec("grpc") is None:
        needed = "python -m pip install -r requirements-google.txt"
        raise SettingsError(f"ENGINE='google' is not accepted: Google's packages are not installed ({needed})")


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
        if self._settings.engine == "google" and self._settings.google_speech_endpoint == SANDBOX_GOOGLE:
            changes |= self._start_google()
        if self._settings.twilio_account is None and not self._settings.production:
            port = free_port()
            self._spawn("twilio", "-m", "sandbox.twilio.rest", "--port", str(port))
            changes["TWILIO_API_URL"] = f"http://127.0.0.1:{port}"
        if plays_calendars(self._settings):
            port = free_port()
            self._spawn("calendars", "-m", "sandbox.calendars", "--port", str(port))
            changes["GOOGLE_CALENDAR_URL"] = f"http://127.0.0.1:{port}"
            changes["GOOGLE_CALENDAR_CLIENT_ID"], changes["GOOGLE_CALENDAR_CLIENT_SECRET"] = CLIENT_ID, CLIENT_SECRET
        self._spawn("web", "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app", changes=changes)

    def _start_google(self) -> dict[str, str]:
        """Google's services and, unless another one is set, the chat model: what the server must know of them."""
        self._model_port, grpc_port = free_port(), free_port()
        ports = ("--port", str(self._model_port), "--grpc-port", str(grpc_port))
        self._spawn("google", "-m", "sandbox.google", *ports)
        changes = dict.fromkeys(GOOGLE_ENDPOINTS, f"insecure:127.0.0.1:{grpc_port}")
        if self._settings.openai_base_url == SANDBOX_API:
            changes["OPENAI_BASE_URL"] = f"http://127.0.0.1:{self._model_port}/v1"
        return changes

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


def plays_calendars(settings: Settings) -> bool:
    """Whether the sandbox's Google Calendar is started: nobody's client at Google is given."""
    return settings.google_calendar_client_id is None and not settings.production


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
    ]
    if settings.production:
        lines.append("  First login    python -m app.commands.create_user ADDRESS --admin")
    else:
        lines += [
            "  Demo numbers   +97239990001  Hebrew clinic      +97239990002  English office",
            '  Place a call   make call     (in another terminal; ARGS="--help" shows the options)',
        ]
    if settings.twilio_account is None and not settings.production:
        lines.append("  SMS            printed here  (answer one in another terminal: make text ARGS=1)")
    if plays_calendars(settings):
        lines.append("  Calendar       a sandbox's Google Calendar: connect it under Calendars in the pages")
    if settings.engine == "sandbox":
        lines.append("  Model          the built-in sandbox; set OPENAI_API_KEY for the real one")
    elif settings.google_speech_endpoint == SANDBOX_GOOGLE:
        real = "GOOGLE_CLOUD_SERVICE_ACCOUNT_JSON and OPENAI_API_KEY"
        lines.append(f"  Model          the built-in sandbox as Google's services; set {real} for the real ones")
    else:
        lines.append(f"  Model          {settings.openai_realtime_model}")
    lines += [f"  Login          {login.email} / {login.password}   ({login.what})" for login in logins]
    return "\n".join([*lines, "", "  Ctrl-C ends it.", ""])


if __name__ == "__main__":
    main()
