"""Every scenario file of tests/scenarios through real sockets, against the product and a scripted model.

Scenarios that need the same server environment share a server and are on the line together. All of them are played
under gevent and every third under plain threads; `--every-scenario` plays all of them under both. One that fails in
the crowd is played again with few beside it: callers keep real time, and the machine may be busy with other work.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox.twilio.scenario import Scenario, load_scenarios
from sandbox.twilio.scenario_runner import Report
from sandbox.twilio.stage import stage

SCENARIOS = Path(__file__).parent / "scenarios"
AT_ONCE = 24
AT_ONCE_AGAIN = 4
MIGRATING = threading.Lock()  # Alembic's context is one for the process


def by_environment(scenarios: list[Scenario]) -> list[list[Scenario]]:
    groups: dict[tuple[tuple[str, str], ...], list[Scenario]] = defaultdict(list)
    for scenario in scenarios:
        groups[tuple(sorted(scenario.server.items()))].append(scenario)
    return list(groups.values())


def play(scenarios: list[Scenario], directory: Path, worker: str, at_once: int = AT_ONCE) -> list[Report]:
    with ExitStack() as stack:
        with MIGRATING:
            running = stack.enter_context(stage(directory, environment=scenarios[0].server, worker=worker))
        reports = asyncio.run(running.runner().run_all(scenarios, at_once=at_once))
        assert "Traceback" not in running.logs(), running.logs()
        return reports


def play_twice_at_most(scenarios: list[Scenario], directory: Path, worker: str) -> list[Report]:
    reports = play(scenarios, directory / "crowd", worker)
    again = [scenario for scenario, report in zip(scenarios, reports, strict=True) if not report.passed]
    if not again:
        return reports
    passed = [report for report in reports if report.passed]
    return passed + play(again, directory / "again", worker, AT_ONCE_AGAIN)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("worker", ["gevent", "gthread"])
def test_every_scenario_comes_out_as_its_file_says(tmp_path: Path, worker: str, pytestconfig: pytest.Config) -> None:
    scenarios = load_scenarios(SCENARIOS)
    if worker == "gthread" and not pytestconfig.getoption("--every-scenario"):
        scenarios = scenarios[::3]
    groups = by_environment(scenarios)
    played = [play_twice_at_most(group, tmp_path / str(n), worker) for n, group in enumerate(groups)]
    reports = [report for group in played for report in group]
    failed = [report.text() for report in reports if not report.passed]
    assert not failed, "\n\n".join(failed)


@pytest.mark.slow
def test_a_ping_is_sent_and_logged_about_every_18_s(tmp_path: Path) -> None:
    [scenario] = [one for one in load_scenarios(SCENARIOS) if one.path.stem == "kept_alive"]
    with ExitStack() as stack:
        with MIGRATING:
            running = stack.enter_context(stage(tmp_path, environment=scenario.server))
        [report] = asyncio.run(running.runner().run_all([scenario], at_once=1))
        assert report.passed, report.text()
        assert running.logs().count(f"[{report.result.call_sid}] WS_KEEPALIVE") == 2
