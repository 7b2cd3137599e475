"""A deploy as a platform does it: two installations on one database, behind a proxy that leads to one that is ready.
The old one gets SIGTERM while it carries calls, and each of them goes on with the new one (W9, W10).
"""

from __future__ import annotations

import asyncio
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox import coded_audio
from sandbox.fault_proxy import ThreadedProxy, proxy_thread
from sandbox.realtime import RunningServer as Model
from sandbox.twilio.call_rows import read_call
from sandbox.twilio.database_world import DatabaseWorld
from sandbox.twilio.scenario import Scenario
from sandbox.twilio.scenario_runner import Report, ScenarioRunner
from services.db.database import Database
from services.db.migration import migrate
from tests.services.db.fixtures import new_postgres_database
from tests.serving import AUTH_TOKEN, RunningServer, running_app, wait_until

CALLS = 4
QUESTIONS = 5
ANSWER_MS = 1200
CLIP = {"clip": "en-sentence-vm-leavemsg.ulaw", "to_ms": 2000}


def script(first_number: int, *first_words: str) -> dict[str, object]:
    """Answers of which no two are alike, and a different question each time."""
    words = [
        *first_words,
        *(" ".join(chr(ord("א") + (first_number + n * 5 + k * 3) % 22) * 4 for k in range(6)) for n in range(9)),
    ]
    return {
        "first_number": first_number,
        "answers": [{"text": text, "length_ms": ANSWER_MS} for text in words],
        "transcripts": [{"text": f"ומה לגבי שאלה מספר {first_number + n}?"} for n in range(9)],
    }


def conversation(number: int) -> Scenario:
    """Is greeted, asks one question after the other, hangs up."""
    questions = [{"name": f"question{n}", **CLIP, "agent_done_ms": 800 + 150 * number} for n in range(QUESTIONS)]
    return Scenario.model_validate(
        {
            "about": f"call {number} through a deploy",
            "settings": {"enable_greeting": True, "silence_prompt_s": 30},
            "call": {"max_s": 90.0},
            "model": script(0, "שלום, במה אפשר לעזור?"),
            "model_again": [script(50, "סליחה על ההפרעה, אני כאן.")],
            "caller": [*questions, {"name": "last", "hang_up": "stop", "agent_done_ms": 900}],
            "expect": {
                "ended_by": "caller",
                "streams": 2,
                "verbs": ["Connect", "Connect"],
                "heard": [{"answer": 0}, {"answer": 50}],
                "stored": {
                    "rows": 1,
                    "status": "ended",
                    "end_reason": "caller_hangup",
                    "resume_count": 1,
                    "greeting_done": True,
                },
                "model": {"sessions": 2},
            },
            "path": Path(__file__),
        }
    )


@dataclass(frozen=True, slots=True)
class Installations:
    """Two of them behind one address; the old one is asked first."""

    old: RunningServer
    new: RunningServer
    public: str
    database: Database


@contextmanager
def installations(directory: Path, model: Model) -> Iterator[Installations]:
    with ExitStack() as stack:
        url = stack.enter_context(new_postgres_database())
        database = Database(url)
        stack.callback(database.dispose)
        migrate(database)
        proxy = stack.enter_context(proxy_thread([]))
        public = f"http://127.0.0.1:{proxy.port}"
        changes = {"OPENAI_REALTIME_URL": model.realtime_url, "PUBLIC_BASE_URL": public}
        old, new = (stack.enter_context(running_app(directory / name, url, **changes)) for name in ("old", "new"))
        stack.enter_context(routing(proxy, [old, new]))
        wait_until(lambda: ready(f"{public}/readyz"), what="the router leads somewhere")
        yield Installations(old, new, public, database)


@contextmanager
def routing(proxy: ThreadedProxy, servers: list[RunningServer]) -> Iterator[None]:
    """What a platform's router does: looks at /readyz again and again."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.2):
            proxy.lead_to([("127.0.0.1", one.port) for one in servers if ready(f"{one.url}/readyz")])

    thread = threading.Thread(target=look, name="router")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:  # nobody there, or 503
        return False


async def deploy(running: Installations, model: Model) -> list[Report]:
    """All calls talk with the old installation; then it is told to go."""
    world = DatabaseWorld(running.database, f"http://127.0.0.1:{model.port}")
    runner = ScenarioRunner(world, running.public, public_base=running.public, auth_token=AUTH_TOKEN)
    scenarios = [conversation(number) for number in range(CALLS)]
    placed = [await runner.place(scenario) for scenario in scenarios]
    calling = [asyncio.create_task(caller.run()) for caller, _ in placed]

    def turns(call_sid: str) -> int:
        return len(running.database.read(lambda session: read_call(session, call_sid)).get("turns", []))

    for call, (caller, _) in zip(calling, placed, strict=True):
        while (
            not call.done() and await asyncio.to_thread(turns, caller.call_sid) < 3
        ):  # the greeting, a question, its answer
            await asyncio.sleep(0.05)
    running.old.terminate()
    results = await asyncio.gather(*calling)
    assert await asyncio.to_thread(running.old.process.wait, 25) == 0
    return [
        await runner.judge(scenario, prepared, result)
        for scenario, (_, prepared), result in zip(scenarios, placed, results, strict=True)
    ]


@pytest.mark.slow
def test_every_call_goes_on_with_the_next_installation(tmp_path: Path, model: Model) -> None:
    with installations(tmp_path, model) as running:
        reports = asyncio.run(asyncio.wait_for(deploy(running, model), 150))
        for report in reports:
            assert report.passed, report.text()
            began = [run.answer for run in coded_audio.runs(report.result.heard) if run.start_ms == 0]
            assert began.count(0) == 1, "no second greeting"
            assert len([number for number in began if number > 50]) >= 2, "the conversation went on"
            assert {turn["generation"] for turn in report.stored["turns"]} == {0, 1}
        for server in (running.old, running.new):
            assert "Traceback" not in server.logs(), server.logs()
