"""The release before this one on this one's schema: what a deploy is made of, since its workers go on until the last
call has left them (O2).

Its code is kept packed beside the tests, so that a clone without history has it too: `.ci/pack-release`.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from sandbox.fault_proxy import proxy_thread
from sandbox.realtime import RunningServer as Model
from sandbox.twilio.call_rows import read_call
from sandbox.twilio.database_world import DatabaseWorld
from sandbox.twilio.scenario import load_scenario
from sandbox.twilio.scenario_runner import Report, ScenarioRunner
from services.db.database import Database
from services.db.migration import migrate
from services.db.schema_fit import number_of, schema_of_code, serves_from
from tests.calls.test_deploy import Installations, conversation, ready, routing
from tests.places import DATA, ROOT, SCENARIOS
from tests.services.db.fixtures import new_postgres_database
from tests.serving import AUTH_TOKEN, PUBLIC_BASE, environment, running_app, wait_until

# Booking, moving and cancelling are what writes to the tables that change most.
CALLS = [load_scenario(SCENARIOS / f"{name}.toml") for name in ("booked_moved_and_cancelled", "two_turns")]


@pytest.fixture(scope="session")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the release before, with the sounds of today."""
    place = tmp_path_factory.mktemp("previous")
    with tarfile.open(DATA / "previous_release.tar.xz") as packed:
        packed.extractall(place, filter="data")
    shutil.copytree(ROOT / "media" / "playout" / "clips", place / "media" / "playout" / "clips")
    return place


@pytest.fixture
def old_database(previous: Path) -> Iterator[Database]:
    """Migrated by the release before. PostgreSQL: an SQLite file belongs to one machine, which stops first."""
    with ExitStack() as stack:
        url = stack.enter_context(new_postgres_database())
        migrate_with(previous, url)
        database = Database(url)
        stack.callback(database.dispose)
        yield database


def migrate_with(code: Path, url: str) -> None:
    command = [sys.executable, "-m", "app.commands.migrate"]
    variables = environment(url, PYTHONPATH=str(code))
    done = subprocess.run(command, check=False, cwd=code, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def url_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def runner(database: Database, model: Model, base: str, public: str) -> ScenarioRunner:
    world = DatabaseWorld(database, f"http://127.0.0.1:{model.port}")
    return ScenarioRunner(world, base, public_base=public, auth_token=AUTH_TOKEN)


def test_the_schema_of_today_serves_the_release_before(previous: Path) -> None:
    """A release later what it needs may go; until then it is what a rolled-back deploy starts."""
    names = sorted(file.name for file in (previous / "migrations" / "versions").glob("[0-9]*.py"))
    assert serves_from(schema_of_code()) <= number_of(names[-1][:4])


@pytest.mark.slow
def test_its_workers_take_calls_and_book_on_the_new_schema(
    previous: Path, old_database: Database, tmp_path: Path, model: Model
) -> None:
    """One that ran before the migration, as in a deploy, and one that starts after it, as when it is restarted."""
    url = url_of(old_database)
    changes = {"OPENAI_REALTIME_URL": model.realtime_url}
    with running_app(tmp_path / "before", url, code=previous, **changes) as before:
        migrate(old_database)
        with running_app(tmp_path / "after", url, code=previous, **changes) as after:
            for server in (before, after):
                playing = runner(old_database, model, server.url, PUBLIC_BASE).run_all(CALLS)
                for report in asyncio.run(asyncio.wait_for(playing, 150)):
                    assert report.passed, report.text()
                assert "Traceback" not in server.logs(), server.logs()


@contextmanager
def deploy(directory: Path, previous: Path, url: str, database: Database, model: Model) -> Iterator[Installations]:
    """The release before and this one behind one address."""
    with ExitStack() as stack:
        proxy = stack.enter_context(proxy_thread([]))
        public = f"http://127.0.0.1:{proxy.port}"
        changes = {"OPENAI_REALTIME_URL": model.realtime_url, "PUBLIC_BASE_URL": public}
        old = stack.enter_context(running_app(directory / "old", url, code=previous, **changes))
        migrate(database)
        new = stack.enter_context(running_app(directory / "new", url, **changes))
        stack.enter_context(routing(proxy, [old, new]))
        wait_until(lambda: ready(f"{public}/readyz"), what="the router leads somewhere")
        yield Installations(old, new, public, database)


async def hand_over(running: Installations, model: Model) -> Report:
    """A call talks with the old release, which is then told to go."""
    scenario = conversation(0)
    heard = [scenario.expect.heard[0]]  # the caller may be quicker than the apology after the change of hands
    scenario = scenario.model_copy(update={"expect": scenario.expect.model_copy(update={"heard": heard})})
    calls = runner(running.database, model, running.public, running.public)
    caller, prepared = await calls.place(scenario)
    calling = asyncio.create_task(caller.run())

    def turns() -> int:
        return len(running.database.read(lambda session: read_call(session, caller.call_sid)).get("turns", []))

    while not calling.done() and await asyncio.to_thread(turns) < 3:
        await asyncio.sleep(0.05)
    running.old.terminate()
    report = await calls.judge(scenario, prepared, await calling)
    assert await asyncio.to_thread(running.old.process.wait, 25) == 0
    return report


@pytest.mark.slow
def test_a_call_that_began_with_the_release_before_goes_on_with_this_one(
    previous: Path, tmp_path: Path, model: Model
) -> None:
    with new_postgres_database() as url:
        migrate_with(previous, url)
        database = Database(url)
        with deploy(tmp_path, previous, url, database, model) as running:
            report = asyncio.run(asyncio.wait_for(hand_over(running, model), 150))
            assert report.passed, report.text()
            assert {turn["generation"] for turn in report.stored["turns"]} == {0, 1}
            for server in (running.old, running.new):
                assert "Traceback" not in server.logs(), server.logs()
        database.dispose()
