"""How long the server takes for each page of a business with ten thousand calls, and how heavy the pages are.

python -m bench.admin_pages [--calls N] [--rounds N] [--database URL]

The app runs in this process; a request is timed from its first byte in to its last byte out, log-in and all.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.factory import create_app
from app.settings import load_settings
from bench.admin_filling import fill, fill_recording
from services.accounts.seed import ADMIN_EMAIL, seed_demo
from services.accounts.sessions import open_session
from services.accounts.users import find_user
from services.db.database import Database
from services.db.migration import migrate
from services.db.models import Appointment, Call, User
from services.db.tenancy import bind_business

BUSINESS = 1
PAGES = {
    "home": "",
    "calls": "calls",
    "calls, page 100": "calls?page=100",
    "calls of a number": "calls?q=1000123",
    "calls in which a common word was said": "calls?q=שיננית",
    "calls in which a word was said that nobody said": "calls?q=אבטיח",
    "calls that booked": "calls?result=booked",
    "calls with interruptions": "calls?result=interrupted",
    "one call": "calls/{call}",
    "a recorded call of a quarter of an hour": "calls/{recorded}",
    "live calls": "live/calls",
    "week": "calendar",
    "appointments": "appointments",
    "one appointment": "appointments/{appointment}",
    "customers": "customers",
    "a customer": "customers/3",
    "customers by name": "customers?q=נועה",
    "leads": "leads",
    "prompt": "prompt",
    "hours": "settings/hours",
    "settings": "settings",
    "why not offered": "why?day={day}&time=14:00",
    "set-up": "setup",
    "users": "users",
    "audit trail": "trail",
    "phone": "phone",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """Server time of one page in milliseconds, and its weight."""

    name: str
    median_ms: float
    worst_ms: float
    kilobytes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--database", help="of a migrated, empty database; a temporary SQLite file when not given")
    options = parser.parse_args()
    with filled(options.database, options.calls) as database:
        rows = measure(database, options.rounds)
    print(f"| page, {options.calls:,} calls stored | median ms | worst ms | KB |\n|---|---:|---:|---:|")
    for row in rows:
        print(f"| {row.name} | {row.median_ms:.0f} | {row.worst_ms:.0f} | {row.kilobytes:.0f} |")


@contextmanager
def filled(url: str | None, calls: int) -> Iterator[Database]:
    """A database with the demo businesses, the first of them with a past."""
    with tempfile.TemporaryDirectory() as directory:
        database = Database(url or f"sqlite:///{Path(directory) / 'bench.db'}")
        try:
            migrate(database)
            seed_demo(database)
            fill(database, BUSINESS, calls=calls)
            yield database
        finally:
            database.dispose()


def measure(database: Database, rounds: int) -> list[Measured]:
    """Every page of PAGES, asked for by a logged-in administrator."""
    settings = load_settings(
        database_url=database.url.render_as_string(hide_password=False),
        secret_key=secrets.token_urlsafe(24),
        engine="sandbox",
    )
    client = create_app(settings).test_client()
    log_in(client, database)
    call, recorded, appointment = database.read(
        lambda s: (
            bind_business(s, BUSINESS).scalar(select(func.min(Call.id))),
            s.scalar(select(func.max(Call.id))),
            s.scalar(select(func.max(Appointment.id))),
        )
    )
    assert recorded is not None
    fill_recording(database, recorded)
    values = {"call": call, "recorded": recorded, "appointment": appointment, "day": f"{datetime.now(UTC):%Y-%m-%d}"}
    return [_measure(client, name, path.format(**values), rounds) for name, path in PAGES.items()]


def log_in(client: FlaskClient, database: Database) -> None:
    """Without the password: the bench measures pages, not argon2."""
    user: User | None = database.read(lambda s: find_user(s, ADMIN_EMAIL))
    assert user is not None
    now = datetime.now(UTC)
    _, token = database.write(lambda s: open_session(s, user, now=now, client_address="", agent="bench"))
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"], session["language"] = token, True, "he"


def _measure(client: FlaskClient, name: str, path: str, rounds: int) -> Measured:
    address, times, size = f"/admin/b/{BUSINESS}/{path}", [], 0
    for _ in range(rounds + 1):
        began = time.perf_counter()
        answer = client.get(address)
        size = len(answer.data)
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
    times = times[1:]  # the first one compiles the template
    return Measured(name, statistics.median(times), max(times), size / 1000)


if __name__ == "__main__":
    main()
