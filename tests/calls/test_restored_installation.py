"""An installation that was lost and restored from its backup answers the next call, and knows what it knew (O5)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sandbox.twilio.database_world import DatabaseWorld
from sandbox.twilio.scenario import Scenario, load_scenario
from sandbox.twilio.scenario_runner import Prepared, Report, ScenarioRunner
from sandbox.twilio.stage import AUTH_TOKEN, PUBLIC_BASE, SECRET_KEY, Stage, stage
from services.db.database import Database
from services.db.encryption import Keyring
from tests.app.commands.test_backup import PASSPHRASE, run
from tests.calls.test_recorded_calls import kept
from tests.places import SCENARIOS
from tests.services.db.fixtures import new_postgres_database

BOOKING = load_scenario(SCENARIOS / "booking_by_voice_and_keypad.toml")
FIRST = BOOKING.model_copy(update={"settings": {**BOOKING.settings, "keep_recordings": True}})
# Somebody else wants the same hour: it is taken, by a row that only the backup had.
SECOND = Scenario.model_validate(
    {
        "about": "asks the restored business for an hour that was booked before",
        "call": {"number": "+972527654321"},
        "model": {
            "answers": [{"text": "רגע, אני בודקת.", "length_ms": 900}, {"text": "זה תפוס.", "length_ms": 900}],
            "transcripts": [{"text": "אני רוצה לקבוע תור לשיננית מחר בעשר בבוקר"}],
        },
        "caller": [
            {"name": "wish", "clip": "en-sentence-followme_no-recording.ulaw", "at_ms": 400},
            {"hang_up": "stop", "agent_done_ms": 1500},
        ],
        "expect": {
            "ended_by": "caller",
            "heard": [{"answer": 0}],
            "stored": {"status": "ended", "server_events": ["slot_unavailable"], "appointments": []},
        },
        "path": Path(__file__),
    }
)


class Restored(DatabaseWorld):
    """No business is made for a scenario: the one that was called before is called again."""

    def __init__(self, stage: Stage, before: Prepared) -> None:
        super().__init__(stage.database, stage.model_base)
        self._before = before

    async def prepare(self, scenario: Scenario) -> Prepared:
        body = scenario.model.model_dump(mode="json", exclude_unset=True)
        await self._post("/scripts", {"match": self._before.match, "script": body})
        return self._before


async def first_call(running: Stage) -> tuple[Report, Prepared]:
    runner = running.runner()
    caller, prepared = await runner.place(FIRST)
    return await runner.judge(FIRST, prepared, await caller.run()), prepared


async def next_call(running: Stage, before: Prepared) -> Report:
    world = Restored(running, before)
    return await ScenarioRunner(world, running.webhook_base, public_base=PUBLIC_BASE, auth_token=AUTH_TOKEN).run(SECOND)


@pytest.mark.slow
@pytest.mark.parametrize(("source", "target"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_a_restored_business_answers_and_its_calendar_is_as_it_was(tmp_path: Path, source: str, target: str) -> None:
    """(O5) … on the other kind of database, from a backup that was made while the server ran."""
    file = tmp_path / "backup"
    changes = {"SECRET_KEY": SECRET_KEY, "BACKUP_PASSPHRASE": PASSPHRASE}
    with new_postgres_database() as postgres:
        urls = {"sqlite": f"sqlite:///{tmp_path}/calls.db", "postgresql": postgres}
        with stage(tmp_path / "lost", database_url=urls[source]) as running:
            report, before = asyncio.run(first_call(running))
            assert report.passed, report.text()
            done = run("backup", urls[source], file, "--encrypt", **changes)
            assert done.returncode == 0, done.stderr
        done = run("restore", urls[target], file, **changes)
        assert done.returncode == 0, done.stderr
        with stage(tmp_path / "new", database_url=urls[target]) as running:
            after = asyncio.run(next_call(running, before))
            assert after.passed, after.text()
            assert "Traceback" not in running.logs()
        assert recording_of(urls[target], report) == recording_of(urls[source], report) != b""


def recording_of(url: str, report: Report) -> bytes:
    database = Database(url, keys=Keyring([SECRET_KEY.encode()]))
    try:
        found = kept(database, report.result.call_sid)
        return found.agent if found is not None else b""
    finally:
        database.dispose()
