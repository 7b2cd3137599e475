"""Fixtures that several test files share: a seeded database, the app in this process, the app as a server."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from hypothesis import settings as property_tests
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.settings import load_settings
from sandbox.realtime import RunningServer as Model
from sandbox.realtime import running_server
from services.accounts import users
from services.accounts.seed import seed_demo
from services.db.database import Database
from services.db.migration import migrate
from services.db.models import BusinessSettings
from services.db.tenancy import unscoped
from tests.serving import AUTH_TOKEN, PUBLIC_BASE, SECRET_KEY, RunningServer, copy_database, running_app

pytest_plugins = ["tests.app.admin.fixtures", "tests.services.db.fixtures"]

# How long an example takes says nothing on a machine that others use too. What is new is looked for where somebody can
# mend it; the check of a change tries the same examples each time.
property_tests.register_profile("shared machine", deadline=None, derandomize=bool(os.environ.get("CI")))
property_tests.load_profile("shared machine")

ServerMaker = Callable[..., RunningServer]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-scenario", action="store_true", help="all scenarios under plain threads too")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests, which mostly wait, come one by one after every second file of others: side by side with what works,
    and none of them last, when nothing is left to do beside it."""
    slow = deque(item for item in items if item.get_closest_marker("slow"))
    others = [item for item in items if not item.get_closest_marker("slow")]
    items.clear()
    for number, (_path, of_one_file) in enumerate(groupby(others, key=attrgetter("path"))):
        items += of_one_file
        if number % 2 and slow:
            items.append(slow.popleft())
    items += slow


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """The same kind of hash at a thousandth of its cost; the product's own cost is held in tests/services/accounts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(users, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        patch.setattr(users, "_NOBODY", users.hash_password("nobody"))
        yield


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """The pages' templates, compiled once and not by each test's app."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


def _lift_limits(session: Session) -> None:
    """Calls of many tests, few of which end, share a server and its two businesses."""
    with unscoped(session, "both demo businesses"):
        for settings in session.scalars(select(BusinessSettings)):
            settings.max_calls_at_once = settings.daily_minutes = settings.max_calls_per_caller_hour = None


@pytest.fixture(scope="session")
def seeded_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file with the demo businesses; closed, so that it can be copied."""
    path = tmp_path_factory.mktemp("template") / "seeded.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    seed_demo(database)
    database.write(_lift_limits)
    database.dispose()
    return path


@pytest.fixture
def seeded_url(seeded_template: Path, tmp_path: Path) -> str:
    """The URL of this test's own database with the demo in it."""
    return copy_database(seeded_template, tmp_path / "db")


@pytest.fixture
def seeded_database(seeded_url: str) -> Iterator[Database]:
    database = Database(seeded_url)
    yield database
    database.dispose()


@pytest.fixture
def web_app(seeded_url: str, compiled_templates: FileSystemBytecodeCache) -> Flask:
    """The app in this process, signatures checked, as behind a proxy at PUBLIC_BASE."""
    from app.factory import create_app

    settings = load_settings(
        database_url=seeded_url,
        secret_key=SECRET_KEY,
        twilio_auth_token=AUTH_TOKEN,
        public_base_url=PUBLIC_BASE,
        engine="sandbox",
    )
    app = create_app(settings)
    app.jinja_env.bytecode_cache = compiled_templates
    return app


@pytest.fixture
def make_server(seeded_template: Path, tmp_path: Path) -> Iterator[ServerMaker]:
    """Starts servers for one test: `make_server(worker="gthread", LOG_FORMAT="json")`. All are stopped at its end."""
    with ExitStack() as stack:
        count = 0

        def start(*, worker: str = "gevent", database_url: str | None = None, **changes: str) -> RunningServer:
            nonlocal count
            count += 1
            directory = tmp_path / f"server{count}"
            url = database_url or copy_database(seeded_template, directory)
            return stack.enter_context(running_app(directory, url, worker=worker, **changes))

        yield start


@pytest.fixture(scope="session")
def model() -> Iterator[Model]:
    """A Realtime model for all servers of this process; give your calls scripts that only they match."""
    with running_server() as running:
        yield running


@pytest.fixture(scope="session", params=["gevent", "gthread"])
def server(
    request: pytest.FixtureRequest, seeded_template: Path, tmp_path_factory: pytest.TempPathFactory, model: Model
) -> Iterator[RunningServer]:
    """A server that many tests use, once under gevent and once under plain threads. Use your own call ids."""
    directory = tmp_path_factory.mktemp(f"server-{request.param}")
    url = copy_database(seeded_template, directory)
    with running_app(directory, url, worker=request.param, OPENAI_REALTIME_URL=model.realtime_url) as running:
        yield running
