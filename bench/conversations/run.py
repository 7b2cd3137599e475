"""The installation that dialogues are played on, and many of them side by side."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from bench.conversations.brain import CallsBySession, DialogueBrain
from bench.conversations.dialogue import Dialogue
from bench.conversations.play import Played, Player
from sandbox.realtime.server import Options, RealtimeServer
from sandbox.twilio.stage import Stage, stage

APPLICATION = "bench.conversations.served:app"
IN_STEP_S = 0.4  # between the first calls' beginnings
AGAIN_AT_ONCE = (4, 2)


@asynccontextmanager
async def installation() -> AsyncIterator[tuple[Stage, CallsBySession]]:
    """The product's server as a process of its own with a fresh database; the model in this event loop."""
    calls_by_session = CallsBySession()
    server = calls_by_session.server = RealtimeServer(Options(new_brain=lambda: DialogueBrain(calls_by_session)))
    await server.start()
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="conversations-")))
        standing = stage(
            directory,
            environment={"LOG_LEVEL": "INFO"},
            model_base=f"http://127.0.0.1:{server.port}",
            application=APPLICATION,
        )
        running = await asyncio.to_thread(standing.__enter__)
        try:
            yield running, calls_by_session
        finally:
            await asyncio.to_thread(standing.__exit__, None, None, None)
            await server.stop()


async def play_all(
    dialogues: Sequence[Dialogue], at_once: int, done: Callable[[Played], None] = lambda played: None
) -> list[Played]:
    """All of them in the given order, at most `at_once` on the line together. What could not be played is tried twice
    more, with fewer at once: a machine that was too busy is no result. Raises StageFailed."""
    async with (
        installation() as (running, calls_by_session),
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
    ):
        player = Player(running, calls_by_session, http)
        results: dict[int, Played] = {}

        async def some(numbers: Sequence[int], at_once: int, *, last: bool) -> None:
            places = asyncio.Semaphore(at_once)

            async def one(place: int, number: int) -> None:
                await asyncio.sleep(IN_STEP_S * min(place, at_once))
                results[number] = played = await player.play(dialogues[number], places)
                if last or not played.problem:
                    done(played)

            await asyncio.gather(*(one(place, number) for place, number in enumerate(numbers)))

        await some(range(len(dialogues)), at_once, last=False)
        for fewer in AGAIN_AT_ONCE:
            again = [number for number, played in results.items() if played.problem]
            await some(again, min(fewer, at_once), last=fewer == AGAIN_AT_ONCE[-1])
        return [results[number] for number in range(len(dialogues))]
