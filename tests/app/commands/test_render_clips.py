"""`python -m app.commands.render_clips`: the model records fixed sentences and the next call plays them (G1, W8)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import coded_audio
from sandbox.twilio.result import CallResult
from sandbox.twilio.scenario import Scenario
from sandbox.twilio.stage import Stage, stage
from tests.serving import ROOT, environment

ONE_MOMENT, TROUBLE, GREETING, CALL = 50, 60, 70, 80


def session(number: int, length_ms: int) -> dict[str, object]:
    """A model session whose first answer is coded with this number."""
    return {"first_number": number, "answers": [{"text": "בסדר.", "length_ms": length_ms}]}


SCENARIO = Scenario.model_validate(
    {
        "about": "hears the recorded greeting, then a model that says nothing",
        "settings": {"enable_greeting": True, "greeting_text": "שלום, הגעתם למרפאה.", "fallback": "message"},
        "model": session(ONE_MOMENT, 700),
        "model_again": [
            session(TROUBLE, 1500),
            session(GREETING, 1200),
            {**session(CALL, 1000), "faults": [{"when": "answer", "do": "mute"}]},
        ],
        "caller": [{"clip": "en-sentence-vm-leavemsg.ulaw", "to_ms": 2000, "agent_done_ms": 800}],
        "path": Path(__file__),
    }
)


def render(database_url: str, model_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.commands.render_clips", *arguments]
    variables = environment(database_url, OPENAI_BASE_URL=f"{model_url}/v1")
    return subprocess.run(command, check=False, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=60)


async def recorded_and_called(running: Stage) -> tuple[subprocess.CompletedProcess[str], CallResult]:
    caller, prepared = await running.runner().place(SCENARIO)
    url = running.database.url.render_as_string(hide_password=False)
    done = await asyncio.to_thread(render, url, running.model_base, "--business", prepared.number)
    return done, await caller.run()


@pytest.mark.slow
def test_what_the_model_recorded_is_heard_in_the_next_call(tmp_path: Path) -> None:
    with stage(tmp_path) as running:
        done, result = asyncio.run(recorded_and_called(running))
    assert (done.returncode, done.stderr) == (0, "")
    for clip in ("one_moment_clip 0.7 s", "trouble_clip 1.5 s", "greeting_clip 1.2 s"):
        assert clip in done.stdout
    heard = [(run.answer, run.start_ms, run.end_ms) for run in coded_audio.runs(result.heard)]
    assert heard == [(GREETING, 0, 1200), (ONE_MOMENT, 0, 700)]
    assert result.verbs == ["Connect", "Play", "Hangup"]


@pytest.mark.parametrize(
    ("number", "why"),
    [("+97239990001", "not recorded: connect"), ("+97230000000", "no active business has the number +97230000000")],
)
def test_what_cannot_be_recorded_is_said_and_changes_nothing(seeded_url: str, number: str, why: str) -> None:
    done = render(seeded_url, "http://127.0.0.1:1", "--business", number)
    assert done.returncode == 1
    assert why in done.stderr
    assert not done.stdout
