"""A call ends, or its worker is killed, while a slow chat model reads what was said last (SPEC W6, W9, X7, A3)."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy.orm import Session

from bench.chaos import workers
from sandbox.twilio.call_rows import read_call
from sandbox.twilio.caller import Caller
from sandbox.twilio.result import CallResult, TimelineEvent
from sandbox.twilio.scenario import Scenario
from sandbox.twilio.stage import Stage, stage
from services.calls.events import request_action
from services.calls.lifecycle import find_call
from services.calls.wrap_up import RESULT_TIMEOUT, calls_to_wrap_up
from tests.calls.outages import CLIP, EVERY_DAY, WISH
from tests.services.db.fixtures import new_postgres_database

SOON_S = 60.0  # a worker that was killed has a successor by then
READING_MS = 60_000  # the chat model is given up long before
NOTED, BOOKED = "phone_noted", "appointment_created"
ANSWERS = ["תודה, רשמתי את המספר שלך.", "רגע אחד, אני בודקת ביומן שלנו."]


@pytest.fixture(scope="module", params=[("sqlite", "gthread"), ("postgresql", "gevent")], ids=" ".join)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """An installation with a chat model that never answers in time."""
    kind, worker = request.param
    with ExitStack() as stack:
        url = stack.enter_context(new_postgres_database()) if kind == "postgresql" else None
        yield stack.enter_context(
            stage(
                tmp_path_factory.mktemp("endings"),
                environment={"OPENAI_API_KEY": "sandbox"},
                worker=worker,
                database_url=url,
            )
        )


def scenario() -> Scenario:
    """Keys a number, says what appointment is wanted, and stays on the line."""
    return Scenario.model_validate(
        {
            "about": "stays on the line while the chat model reads",
            "settings": {
                "enable_greeting": False,
                "opening_hours_json": EVERY_DAY,
                "observe_holidays": False,
                "silence_prompt_s": 60,
            },
            "call": {"max_s": 60.0},
            "model": {
                "answers": [{"text": text, "length_ms": 700} for text in ANSWERS],
                "transcripts": [{"text": WISH}],
            },
            "caller": [
                {"name": "keys", "keys": "0501234567", "at_ms": 300},
                {"name": "wish", **CLIP, "agent_done_ms": 600},
            ],
            "path": Path(__file__),
        }
    )


@dataclass
class PlayedCall:
    """A call that is being read."""

    stage: Stage
    caller: Caller
    run: asyncio.Task[CallResult]

    async def rows(self) -> dict[str, Any]:
        return await asyncio.to_thread(self.stage.database.read, self._read)

    async def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The call's rows, once they are so."""
        return await soon(self.rows, holds)

    def end_by_staff(self) -> None:
        def ask(session: Session) -> None:
            call = find_call(session, self.caller.call_sid)
            assert call is not None
            assert request_action(session, business_id=call.business_id, call_id=call.id, action="end")

        self.stage.database.write(ask)

    def _read(self, session: Session) -> dict[str, Any]:
        call = find_call(session, self.caller.call_sid)
        found = read_call(session, self.caller.call_sid)
        return {**found, "settled": call is not None and call.finished_at is not None}


async def soon(look: Callable[[], Awaitable[Any]], holds: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(SOON_S):
        while not holds(found := await look()):
            await asyncio.sleep(0.02)
    return found


async def being_read(running: Stage) -> PlayedCall:
    """A call whose caller has said everything; the chat model began to read it this moment."""

    async def ready() -> bool:
        try:
            async with http.get(f"{running.webhook_base}/readyz") as got:
                return got.status == 200
        except aiohttp.ClientError:
            return False

    async def requests() -> int:
        async with http.get(chat) as got:
            return len(await got.json())

    async with aiohttp.ClientSession() as http:
        chat = f"{running.model_base}/control/chat"
        await soon(ready, bool)
        await http.delete(chat)
        await http.post(chat, json={"times": 0, "delay_ms": READING_MS})
        caller, _ = await running.runner().place(scenario())
        call = PlayedCall(running, caller, asyncio.create_task(caller.run()))
        await soon(requests, lambda number: number > 0)
    return call


def told(rows: dict[str, Any]) -> list[str]:
    return [kind for kind in rows["server_events"] if kind != NOTED]


def texts(rows: dict[str, Any]) -> list[str]:
    return [turn["text"] for turn in rows["turns"]]


@pytest.mark.slow
def test_what_twilio_is_told_after_staff_ended_the_call_does_not_wait_for_the_reading(running: Stage) -> None:
    seen: list[dict[str, Any]] = []

    async def play() -> tuple[CallResult, dict[str, Any]]:
        call = await being_read(running)

        def closed(event: TimelineEvent) -> None:
            if event.kind == "stream-end":
                seen.append(running.database.read(call._read))

        call.caller._on_event = closed
        call.end_by_staff()
        return await call.run, await call.until(lambda rows: rows["settled"])

    result, rows = asyncio.run(play())
    (at_close,) = seen
    assert (at_close["next_step"], at_close["end_reason"], at_close["status"]) == ("hang_up", "ended_by_staff", "ended")
    assert not at_close["settled"], "the chat model was still reading"
    assert result.verbs == ["Connect", "Hangup"]
    assert len(result.streams) == 1
    assert_booked_and_not_told(rows)


@pytest.mark.slow
def test_the_row_of_a_caller_who_hangs_up_does_not_wait_for_the_reading(running: Stage) -> None:
    async def play() -> tuple[dict[str, Any], dict[str, Any]]:
        call = await being_read(running)
        call.caller.hang_up()
        decided = await call.until(lambda rows: rows["next_step"] != "resume")
        await call.run
        return decided, await call.until(lambda rows: rows["settled"])

    decided, rows = asyncio.run(play())
    assert (decided["next_step"], decided["end_reason"]) == ("hang_up", "caller_hangup")
    assert not decided["settled"], "the chat model was still reading"
    assert_booked_and_not_told(rows)


def assert_booked_and_not_told(rows: dict[str, Any]) -> None:
    """What was under way at the call's end was finished, by the built-in parser alone."""
    assert WISH in texts(rows)
    assert [one["status"] for one in rows["appointments"]] == ["booked"]
    assert told(rows)[-1] == BOOKED


@pytest.mark.slow
def test_a_killed_worker_takes_no_turn_with_it_that_was_heard_during_the_reading(running: Stage) -> None:
    async def play() -> tuple[dict[str, Any], dict[str, Any]]:
        call = await being_read(running)
        before = await call.until(lambda rows: texts(rows)[-2:] == [WISH, ANSWERS[1]])
        kill_worker(running)
        call.run.cancel()  # the next stream is another test's matter (tests/calls/test_deploy.py)
        return before, await call.rows()

    before, rows = asyncio.run(play())
    assert told(before) == [], "the chat model was still reading"
    assert texts(rows) == [ANSWERS[0], WISH, ANSWERS[1]]
    assert rows["next_step"] == "resume"


@pytest.mark.slow
def test_a_worker_that_is_killed_between_the_last_word_and_the_end_of_the_reading_leaves_a_whole_record(
    running: Stage,
) -> None:
    async def play() -> tuple[CallResult, dict[str, Any]]:
        call = await being_read(running)
        call.end_by_staff()
        result = await call.run
        kill_worker(running)
        return result, await call.rows()

    result, rows = asyncio.run(play())
    assert result.verbs == ["Connect", "Hangup"]
    assert not rows["settled"], "the chat model was still reading"
    assert told(rows) == []
    assert rows["appointments"] == []
    assert texts(rows)[:2] == [ANSWERS[0], WISH]
    assert (rows["next_step"], rows["end_reason"], rows["status"]) == ("hang_up", "ended_by_staff", "ended")
    later = datetime.now(UTC) + RESULT_TIMEOUT + timedelta(seconds=1)
    assert running.database.read(lambda session: calls_to_wrap_up(session, 10, later)), "it is summed up all the same"


def kill_worker(running: Stage) -> None:
    (worker,) = workers(running)
    os.kill(worker, signal.SIGKILL)
