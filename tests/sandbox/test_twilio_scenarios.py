"""Scenario files: the format refuses nonsense, the runner plays them, the checks find exactly what went wrong."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox import coded_audio
from sandbox.twilio.expect import Check, check_call, differences
from sandbox.twilio.result import CallResult, TimelineEvent
from sandbox.twilio.scenario import Scenario, ScenarioError, load_scenario, load_scenarios
from sandbox.twilio.scenario_runner import Prepared, Report, ScenarioRunner
from tests.places import SCENARIOS
from tests.sandbox.voice_server import STREAM_TWIML, StreamPeer, VoiceServer, voice_server

SILENCE = b"\xff" * 8


def scenario(**tables: Any) -> Scenario:
    return Scenario.model_validate({"about": "a test", **tables})


def heard(*parts: bytes, steps: dict[str, float] | None = None) -> CallResult:
    events = [TimelineEvent(at_ms, "say", {"step": name, "length_ms": 100}) for name, at_ms in (steps or {}).items()]
    data = b"".join(parts).ljust(8000, b"\xff")
    return CallResult("CA1", "+1", "+2", state="completed", heard=data, events=events)


def failures(expect: dict[str, Any], result: CallResult, **tables: Any) -> list[Check]:
    checks = check_call(scenario(expect=expect, **tables), result, {}, {}, lambda heard: b"clip")
    return [check for check in checks if not check.ok]


def test_every_scenario_file_is_in_order() -> None:
    assert len(load_scenarios(SCENARIOS)) >= 10


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("about = 1", "about"),
        ('about = "x"\nwhatever = 1', "whatever"),
        ('about = "x"\n[[caller]]\nkeys = "1"\nhang_up = "stop"', "exactly one"),
        ('about = "x"\n[[caller]]\nkeys = "1"\nat_ms = 1\nsilence_ms = 1', "at most one"),
        ('about = "x"\n[[expect.silence]]\nafter = "nothing"', "no step"),
        ('about = "x"\n[[expect.heard]]\ntimes = 1', "one of answer"),
        ('about = "x"\n[[model.answers]]\nlenght_ms = 1', "lenght_ms"),
        ("about = ", "Invalid value"),
    ],
)
def test_a_file_with_a_mistake_is_refused_with_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=complaint):
        load_scenario(path)


def test_an_answer_heard_whole_and_once_is_fine() -> None:
    expect = {"heard": [{"answer": 0, "to_ms": 500}]}
    assert failures(expect, heard(SILENCE, coded_audio.encode(0, 0, 500))) == []


def test_missing_and_repeated_milliseconds_are_named() -> None:
    expect = {"heard": [{"answer": 0, "to_ms": 500}], "once": False}
    lost = heard(coded_audio.encode(0, 0, 100), coded_audio.encode(0, 120, 380))
    (check,) = failures(expect, lost)
    assert check.found == "missing 100..120 ms"
    doubled = heard(coded_audio.encode(0, 0, 200), coded_audio.encode(0, 180, 320))
    (check,) = failures(expect, doubled)
    assert check.found == "twice 180..200 ms"
    (check,) = failures({}, doubled)
    assert "180..500 ms" in check.found


def test_the_length_of_an_answer_comes_from_the_script() -> None:
    model = {"answers": [{"length_ms": 300}]}
    assert failures({"heard": [{"answer": 0}]}, heard(coded_audio.encode(0, 0, 300)), model=model) == []
    assert failures({"heard": [{"answer": 0}]}, heard(coded_audio.encode(0, 0, 299)), model=model) != []


def test_a_cut_answer_ends_in_its_range_and_does_not_come_back() -> None:
    expect = {"heard": [{"answer": 0, "ends": [200, 260]}], "once": False}
    assert failures(expect, heard(coded_audio.encode(0, 0, 240))) == []
    assert failures(expect, heard(coded_audio.encode(0, 0, 300)))[0].found == "ended at 300 ms"
    stray = heard(coded_audio.encode(0, 0, 240), SILENCE, coded_audio.encode(0, 260, 20))
    assert "260..279" in failures(expect, stray)[0].found


def test_spans_count_from_the_start_or_the_end_of_a_step() -> None:
    result = heard(SILENCE * 300, coded_audio.encode(1, 0, 100), steps={"question": 100.0})
    assert (
        failures({"heard": [{"answer": 1, "to_ms": 100, "after": "question", "start_ms": 100}]}, result, **ASKED) == []
    )
    assert failures({"sound": [{"within_ms": 120, "after": "question"}]}, result, **ASKED) == []
    assert failures({"sound": [{"within_ms": 80, "after": "question"}]}, result, **ASKED)[0].found == "after 100 ms"
    assert failures({"silence": [{"since": "question", "end_ms": 200}]}, result, **ASKED) == []
    assert "300 ms" in failures({"silence": [{"since": "question"}]}, result, **ASKED)[0].found
    assert failures({"never": [{"answer": 1, "from_ms": 50}]}, result, **ASKED)[0].found.startswith("heard 50..100")
    assert failures({"silence": [{"since": "question"}]}, heard(), **ASKED)[0].found == "step 'question' never began"


ASKED: dict[str, Any] = {"caller": [{"name": "question", "keys": "1"}]}


def test_rows_are_compared_by_the_keys_that_are_named() -> None:
    found = {"status": "ended", "metrics": {"a": 3, "b": 0}, "turns": [{"role": "agent", "text": "hello there"}]}
    assert differences({"status": "ended", "metrics": {"a": {"min": 2, "max": 4}}}, found, "row") == []
    assert differences({"turns": [{"text": {"contains": "there"}}]}, found, "row") == []
    assert differences({"status": {"any": ["live", "ended"]}}, found, "row") == []
    assert differences({"metrics": {"a": {"min": 4}}}, found, "row") == ["row.metrics.a is 3"]
    assert differences({"metrics": {"c": 0}}, found, "row") == ["row.metrics.c is not there"]
    assert "0 items" not in differences({"turns": []}, found, "row")[0]
    assert differences({"status": {"x": 1}}, found, "row") == ["row.status is 'ended'"]


@dataclass
class SmallWorld:
    """No database, no model: hands out numbers."""

    prepared: list[str] = field(default_factory=list)

    async def prepare(self, scenario: Scenario) -> Prepared:
        self.prepared.append(scenario.about)
        return Prepared("+97231110001", "ref")

    async def stored(self, prepared: Prepared, result: CallResult) -> dict[str, Any]:
        return {"rows": 1, "sid": result.call_sid}

    async def model(self, prepared: Prepared) -> dict[str, Any]:
        return {"sessions": 1}


def play(scenarios: list[Scenario]) -> list[Report]:
    """Against a server that greets with coded answer 0 for 400 ms and answers the caller's first word with 1."""

    async def talk(peer: StreamPeer) -> None:
        await peer.next("start")
        await peer.media(coded_audio.encode(0, 0, 400))
        while not any(not m["media"]["payload"].startswith("////") for m in peer.of("media")):
            if await peer.next("media") is None:
                return
        await peer.media(coded_audio.encode(1, 0, 200))
        await peer.until_closed()

    async def run() -> list[Report]:
        server = VoiceServer({"/webhook/incoming_call": STREAM_TWIML}, talk=talk)
        async with voice_server(server):
            runner = ScenarioRunner(SmallWorld(), server.base, public_base="https://calls.example")
            return await runner.run_all(scenarios)

    return asyncio.run(run())


def test_scenarios_are_played_side_by_side_and_reported(tmp_path: Path) -> None:
    steps = [
        {"name": "word", "sound": {"kind": "tone", "ms": 200}, "agent_done_ms": 300},
        {"hang_up": "stop", "agent_done_ms": 300},
    ]
    good = {"heard": [{"answer": 0, "to_ms": 400}, {"answer": 1, "to_ms": 200, "since": "word"}]}
    bad = {"heard": [{"answer": 1, "to_ms": 300}], "stored": {"rows": 2}, "model": {"sessions": 1}}
    passing, failing = play([scenario(caller=steps, expect=good), scenario(caller=steps, expect=bad)])
    assert passing.passed, passing.text()
    assert not failing.passed
    assert "missing 200..300 ms" in failing.text()
    assert "stored.rows is 2" in failing.text()
    assert "hang-up" in failing.text()


def test_the_example_in_the_documentation_is_in_order(tmp_path: Path) -> None:
    page = (SCENARIOS.parent.parent / "docs" / "scenarios.md").read_text("utf-8")
    example = tmp_path / "example.toml"
    example.write_text(page.partition("```toml\n")[2].partition("```")[0], "utf-8")
    assert load_scenario(example).expect.heard[1].after == "question"
