"""Fixtures that several test files share: a seeded database, the app in this process, the app as a server."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import pytest
from flask import Flask

from app.settings import load_settings
from sandbox.realtime import RunningServer as Model
from sandbox.realtime import running_server
from services.database import Database
from services.migration import migrate
from services.seed import seed_demo
from tests.serving import AUTH_TOKEN, PUBLIC_BASE, RunningServer, copy_database, running_app

pytest_plugins = ["tests.fixtures_admin", "tests.fixtures_database"]

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


@pytest.fixture(scope="session")
def seeded_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file with the demo businesses; closed, so that it can be copied."""
    path = tmp_path_factory.mktemp("template") / "seeded.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    seed_demo(database)
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
def web_app(seeded_url: str) -> Flask:
    """The app in this process, signatures checked, as behind a proxy at PUBLIC_BASE."""
    from app.factory import create_app

    settings = load_settings(
        database_url=seeded_url,
        secret_key="a-secret-for-tests-only-0123456789",
        twilio_auth_token=AUTH_TOKEN,
        public_base_url=PUBLIC_BASE,
        engine="sandbox",
    )
    return create_app(settings)


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
