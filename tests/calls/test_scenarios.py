"""Every scenario file of tests/scenarios through real sockets, against the product and a scripted model.

Scenarios that need the same server environment share a server; all servers run side by side and their calls are on the
line together, as many as the machine carries. All of them are played under gevent and every third under plain threads;
`--every-scenario` plays all of them under both.
"""

from __future__ import annotations

import asyncio
import socket
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sandbox.google.account import make_account
from sandbox.twilio.scenario import Scenario, load_scenario, load_scenarios
from sandbox.twilio.stage import Stage, stage
from tests.places import SCENARIOS

AT_ONCE = 24
# What these scenarios look at is a Realtime model's own; the cascade has its tests in tests/services/engines/google.
REALTIME_ONLY = {
    "answer_fails": "which of the script's answers a second try is",
    "answer_never_done": "an answer without an end: a chat that stalls is cut",
    "echo_of_the_greeting": "the greeting's words are the script's",
    "filler_after_an_answer": "numbers of answers that nobody heard",
    "model_insists_on_pcm": "the session's format",
    "model_not_there": "the websocket to the model",
    "notice_before_the_greeting": "how long the notice is: it ends with 200 ms of silence here",
    "tokens_cut_an_answer": "a follow-up: whole sentences are spoken instead",
    "transcript_failed": "a turn answered by its sound",
    "transcript_very_late": "a turn answered by its sound",
    "two_turns": "the greeting's words are the script's",
}
# … and these of what is expected of others: how a Realtime model was told.
REALTIME_RECORDS = {"truncated_ms", "cancels", "instructions", "answers_asked"}
KEPT_ALIVE = "kept_alive"  # three quarters of a minute long: played once, alone


def by_environment(scenarios: list[Scenario]) -> list[list[Scenario]]:
    groups: dict[tuple[tuple[str, str], ...], list[Scenario]] = defaultdict(list)
    for scenario in scenarios:
        groups[tuple(sorted(scenario.server.items()))].append(scenario)
    return list(groups.values())


async def play(servers: list[tuple[Stage, list[Scenario]]]) -> list[str]:
    """What was not as its file says, told for people; nothing when all was."""
    playing = (running.runner().run_all(scenarios, AT_ONCE) for running, scenarios in servers)
    reports = [report for group in await asyncio.gather(*playing) for report in group]
    return [report.text() for report in reports if not report.passed]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("worker", ["gevent", "gthread"])
def test_every_scenario_comes_out_as_its_file_says(tmp_path: Path, worker: str, pytestconfig: pytest.Config) -> None:
    scenarios = [one for one in load_scenarios(SCENARIOS) if one.name != KEPT_ALIVE]
    if worker == "gthread" and not pytestconfig.getoption("--every-scenario"):
        scenarios = scenarios[::3]
    with ExitStack() as stack:
        servers = [
            (stack.enter_context(stage(tmp_path / str(n), environment=group[0].server, worker=worker)), group)
            for n, group in enumerate(by_environment(scenarios))
        ]
        failed = asyncio.run(play(servers))
        assert not failed, "\n\n".join(failed)
        for running, _ in servers:
            assert "Traceback" not in running.logs(), running.logs()


def on_the_cascade() -> list[Scenario]:
    """Those that are about calls and not about one engine: no faults of a Realtime model."""
    found = [one for one in load_scenarios(SCENARIOS) if one.name not in {*REALTIME_ONLY, KEPT_ALIVE}]
    kept = [one for one in found if not any(script.faults for script in (one.model, *one.model_again))]
    return [without_realtime_records(one) for one in kept]


def without_realtime_records(scenario: Scenario) -> Scenario:
    model = {name: wanted for name, wanted in scenario.expect.model.items() if name not in REALTIME_RECORDS}
    return scenario.model_copy(update={"expect": scenario.expect.model_copy(update={"model": model})})


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_same_calls_come_out_the_same_on_the_cascade(tmp_path: Path) -> None:
    """(C1, C11)"""
    scenarios = on_the_cascade()
    assert len(scenarios) >= 90
    with ExitStack() as stack:
        servers = [
            (stack.enter_context(stage(tmp_path / str(n), environment=group[0].server, engine="google")), group)
            for n, group in enumerate(by_environment(scenarios))
        ]
        failed = asyncio.run(play(servers))
        assert not failed, "\n\n".join(failed)
        for running, _ in servers:
            assert "Traceback" not in running.logs(), running.logs()


NO_REALTIME = {"ENGINE": "sandbox", "OPENAI_REALTIME_URL": "ws://127.0.0.1:1/v1/realtime"}


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [True, False])
def test_a_call_goes_on_with_the_second_engine_where_the_business_wants_that(tmp_path: Path, wanted: bool) -> None:
    """(C9) No Realtime model can be reached; Google's services can."""
    expected = {"heard": [{"answer": 0, "after": "question"}], "stored": {"end_reason": "caller_hangup"}}
    scenario = Scenario.model_validate(
        {
            "about": "The second engine answers instead of the fallback",
            "settings": {"enable_greeting": False, "use_second_engine": wanted},
            "model": {
                "answers": [{"text": "At nine.", "length_ms": 1200}],
                "transcripts": [{"text": "Hours?"}],
            },
            "caller": [
                {"name": "question", "clip": "en-sentence-followme_no-recording.ulaw", "at_ms": 1200},
                {"hang_up": "stop", "at_ms": 12000},
            ],
            "expect": expected if wanted else {"stored": {"end_reason": "model_unreachable"}},
        }
    )
    with stage(tmp_path, environment=NO_REALTIME, engine="google") as running:
        [report] = asyncio.run(running.runner().run_all([scenario], at_once=1))
        assert report.passed, report.text()


@pytest.mark.slow
def test_each_business_is_answered_by_the_engine_it_chose(tmp_path: Path) -> None:
    """(C7, C9) One installation has both; this one's own is the Realtime model. What is counted is Google's calls."""
    by_choice = {"google": {"model": {"sessions": 1}}, "openai": {"model": {"sessions": 0}}}
    scenarios = [
        second_engine().model_copy(
            update={
                "settings": {"enable_greeting": False, "engine": engine, "speaking_rate_pct": 110},
                "expect": second_engine().expect.model_copy(update=expected),
            }
        )
        for engine, expected in by_choice.items()
    ]
    with stage(tmp_path, environment={"ENGINE": "sandbox"}, engine="google") as running:
        reports = asyncio.run(running.runner().run_all(scenarios, at_once=2))
        failed = [report.text() for report in reports if not report.passed]
        assert not failed, "\n\n".join(failed)
        assert "Traceback" not in running.logs(), running.logs()


@pytest.mark.slow
@pytest.mark.parametrize("known", [True, False], ids=["with its own key", "with a key of somebody else's"])
def test_the_services_of_the_cascade_are_reached_over_tls_with_the_account_s_key(tmp_path: Path, known: bool) -> None:
    """(C9) As Google has it: the connection is secure, every call carries a token that the service verifies."""
    stranger = {} if known else {"GOOGLE_CLOUD_SERVICE_ACCOUNT_JSON": make_account().json_text}
    refused = second_engine().expect.model_copy(update={"heard": [], "stored": {"end_reason": "model_unreachable"}})
    scenario = second_engine() if known else second_engine().model_copy(update={"expect": refused})
    with stage(tmp_path, engine="google", secure=True, environment=stranger) as running:
        [report] = asyncio.run(running.runner().run_all([scenario], at_once=1))
        assert report.passed, report.text()
        assert ("stt_unauthenticated" in running.logs()) is not known
        assert "PRIVATE KEY" not in running.logs()
        assert "Traceback" not in running.logs(), running.logs()


def second_engine(**model: Any) -> Scenario:
    """One question, one answer; whoever answers does it by this script."""
    return Scenario.model_validate(
        {
            "about": "The second engine answers in time",
            "settings": {"enable_greeting": False, "use_second_engine": True},
            "model": {
                "answers": [{"text": "At nine.", "length_ms": 1200}],
                "transcripts": [{"text": "Hours?"}],
                "times": 0,
                **model,
            },
            "caller": [
                {"name": "question", "clip": "en-sentence-followme_no-recording.ulaw", "at_ms": 300},
                {"hang_up": "stop", "at_ms": 12000},
            ],
            "expect": {
                "heard": [{"answer": 0, "after": "question"}],
                "stored": {"end_reason": "caller_hangup"},
            },
        }
    )


def a_model_that_hangs() -> Scenario:
    scenario = load_scenario(SCENARIOS / "model_goes_deaf.toml")
    settings = {**scenario.settings, "use_second_engine": True}
    expect = scenario.expect.model_copy(update={"model": {"sessions": 1}})  # the other one is no Realtime session
    return scenario.model_copy(update={"settings": settings, "expect": expect})


@pytest.mark.slow
def test_a_model_that_hangs_leaves_the_second_engine_its_time(tmp_path: Path) -> None:
    """(C9, W8) It never acknowledges the session, or says nothing any more."""
    scenarios = [
        second_engine(faults=[{"when": "session_update", "do": "mute"}]),
        a_model_that_hangs(),
    ]
    with stage(tmp_path, environment={"ENGINE": "sandbox"}, engine="google") as running:
        reports = asyncio.run(running.runner().run_all(scenarios, at_once=2))
        failed = [report.text() for report in reports if not report.passed]
        assert not failed, "\n\n".join(failed)
        assert running.logs().count("the next engine takes over") == 2
        assert "Traceback" not in running.logs(), running.logs()


@pytest.mark.slow
def test_an_address_that_takes_connections_and_never_answers_leaves_the_second_engine_its_time(tmp_path: Path) -> None:
    """(C9, W8)"""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        address = f"ws://127.0.0.1:{listener.getsockname()[1]}/v1/realtime"
        environment = {"ENGINE": "sandbox", "OPENAI_REALTIME_URL": address}
        running = stack.enter_context(stage(tmp_path, environment=environment, engine="google"))
        [report] = asyncio.run(running.runner().run_all([second_engine()], at_once=1))
        assert report.passed, report.text()


@pytest.mark.slow
def test_a_ping_is_sent_and_logged_about_every_18_s(tmp_path: Path) -> None:
    scenario = load_scenario(SCENARIOS / f"{KEPT_ALIVE}.toml")
    with stage(tmp_path, environment=scenario.server) as running:
        [report] = asyncio.run(running.runner().run_all([scenario], at_once=1))
        assert report.passed, report.text()
        assert running.logs().count(f"[{report.result.call_sid}] WS_KEEPALIVE") == 2
