"""The fault campaign: many calls at once over two workers and PostgreSQL, while things break by a seeded plan.

    python -m bench.chaos                          300 calls, 25 at once (make chaos)
    python -m bench.chaos --calls 40 --at-once 8   a short one
    python -m bench.chaos --minutes 60             campaigns with following seeds for an hour (make soak)

Every fifth call meets a fault of its own (bench/chaos_plan.py); in between workers are killed with SIGKILL, restarted
in turn, and PostgreSQL is cut off. Exit status 1 when a goal was missed. Needs a PostgreSQL server: --postgres names a
role that may create databases.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import re
import signal
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy.engine import make_url

from bench.chaos_plan import PlannedCall, plan_calls
from bench.chaos_report import CREATED, Campaign, Outcome
from bench.postgres import POSTGRES, new_database
from sandbox.fault_proxy import ThreadedProxy, proxy_thread
from sandbox.twilio.scenario_runner import Prepared, ScenarioRunner
from sandbox.twilio.stage import Stage, stage

OUTAGE_S = 2.0
EVENTS = ("kill", "reload", "database")
CALLS_PER_EVENT = 25
WORKERS = 2
WARM_UP_CALLS = 60  # of each worker: until then caches fill and the allocator finds its size


def main() -> int:
    options = _options()
    seed, until, met = options.seed, time.monotonic() + options.minutes * 60, True
    while True:
        campaign = asyncio.run(run_campaign(seed, options))
        print(campaign.table(), *campaign.failures(), sep="\n", flush=True)
        met = met and campaign.met
        seed += 1
        if time.monotonic() >= until:
            return 0 if met else 1


async def run_campaign(seed: int, options: argparse.Namespace) -> Campaign:
    """One campaign on an installation of its own."""
    planned = plan_calls(seed, options.calls, options.faults)
    began = time.monotonic()
    async with _installation(options.postgres) as (running, proxy):
        breaker = Breaker(running, proxy, random.Random(seed), options.events)
        outcomes = await _play(running, planned, options.at_once, breaker, fewer_when_late=options.fewer_when_late)
        campaign = Campaign(seed, outcomes, breaker.done, time.monotonic() - began, await _lag(running))
        if options.leak_calls:
            campaign.leaks = await _leaks(running, options.leak_calls, options.at_once)
    return campaign


@asynccontextmanager
async def _installation(postgres: str) -> AsyncIterator[tuple[Stage, ThreadedProxy]]:
    """Two workers whose way to PostgreSQL leads through a proxy; the database is dropped at the end."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        direct = stack.enter_context(new_database(postgres, "chaos"))
        url = make_url(direct)
        proxy = stack.enter_context(proxy_thread([(url.host or "127.0.0.1", url.port or 5432)]))
        through = url.set(host="127.0.0.1", port=proxy.port)
        environment = {
            "WEB_CONCURRENCY": str(WORKERS),
            "DATABASE_URL": through.render_as_string(hide_password=False),
            "LOG_LEVEL": "INFO",
        }
        standing = stage(directory, environment=environment, database_url=direct)
        running = await asyncio.to_thread(standing.__enter__)
        try:
            yield running, proxy
        finally:
            await asyncio.to_thread(standing.__exit__, None, None, None)
            _tell_problems(running)


async def _play(
    running: Stage, planned: list[PlannedCall], at_once: int, breaker: Breaker, *, fewer_when_late: bool = False
) -> list[Outcome]:
    runner = running.runner()
    places = runner.admission(at_once) if fewer_when_late else asyncio.Semaphore(at_once)
    connector = aiohttp.TCPConnector(limit=0, force_close=True)  # nothing is sent over a connection to a dead worker
    async with aiohttp.ClientSession(connector=connector) as http:

        async def one(plan: PlannedCall) -> Outcome:
            async with places:
                await asyncio.sleep(0.15 * (plan.number % at_once))  # not all in step
                breaker.call_begins(plan.number)
                return await _call(runner, running, plan, http)

        outcomes = await asyncio.gather(*(one(plan) for plan in planned))
        await breaker.rest()
        return outcomes


async def _call(runner: ScenarioRunner, running: Stage, plan: PlannedCall, http: aiohttp.ClientSession) -> Outcome:
    caller, prepared = await runner.place(plan.scenario, http)
    result = await caller.run()
    stored = await running.world().stored(prepared, result)
    return Outcome(plan, result, stored, await _acknowledged(running, prepared, http))


async def _acknowledged(running: Stage, prepared: Prepared, http: aiohttp.ClientSession) -> bool:
    """Whether the model was told that a booking was made."""
    query = {"match": prepared.match, "events": "1"}
    async with http.get(f"{running.model_base}/control/sessions", params=query) as answer:
        sessions: list[dict[str, Any]] = await answer.json()
    texts = (str(seen["event"]) for session in sessions for seen in session["received"])
    return any(CREATED in text and "✅" in text for text in texts if "'system'" in text)


class Breaker:
    """Breaks things at the installation as a whole, one after the other, each when a certain call begins."""

    def __init__(self, running: Stage, proxy: ThreadedProxy | None, chance: random.Random, enabled: bool) -> None:
        self.done: Counter[str] = Counter()
        self._running, self._proxy, self._chance, self._enabled = running, proxy, chance, enabled
        self._lock = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._count = 0

    def call_begins(self, number: int) -> None:
        if self._enabled and number % CALLS_PER_EVENT == CALLS_PER_EVENT // 2:
            event = EVENTS[self._count % len(EVENTS)]
            self._count += 1
            self._tasks.append(asyncio.create_task(self._break(event)))

    async def rest(self) -> None:
        """Wait until all is whole again."""
        await asyncio.gather(*self._tasks)

    async def _break(self, event: str) -> None:
        async with self._lock:
            await asyncio.sleep(2.0 + self._chance.random())
            started = self._started()
            if event == "kill":
                os.kill(self._chance.choice(workers(self._running)), signal.SIGKILL)
                await self._until_started(started + 1)
            elif event == "reload":
                os.kill(self._running.server.pid, signal.SIGHUP)
                await self._until_started(started + WORKERS)
            elif self._proxy is not None:
                self._proxy.refuse(True)
                self._proxy.cut()
                await asyncio.sleep(OUTAGE_S)
                self._proxy.refuse(False)
            self.done[event] += 1

    def _started(self) -> int:
        return self._running.logs().count("started app_env=")

    async def _until_started(self, count: int) -> None:
        """Workers that have come up since the beginning; two killed in a row would be nobody's promise."""
        deadline = time.monotonic() + 30
        while self._started() < count and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)


def workers(running: Stage) -> list[int]:
    """Process ids of gunicorn's workers (Linux)."""
    pid = running.server.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def _lag(running: Stage) -> dict[str, float]:
    """From /metrics: the bucket's upper end in ms under which 99.9 % of the loop's wakings lie."""
    text = await asyncio.to_thread(_metrics, running.webhook_base)
    found = re.findall(r'assistant_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)', text)
    buckets = [(float(le) * 1000, float(count)) for le, count in found]
    if not buckets:
        return {}
    total = buckets[-1][1]
    return {"p999": next(le for le, count in buckets if count >= 0.999 * total)}


def _metrics(base: str) -> str:
    with urllib.request.urlopen(f"{base}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
        return text


async def _leaks(running: Stage, calls: int, at_once: int) -> dict[str, float]:
    """What so many calls, a fifth of them faulted, leave behind in the workers once these are warm."""
    quiet = Breaker(running, None, random.Random(0), enabled=False)
    await _play(running, plan_calls(1, max(WARM_UP_CALLS * WORKERS, calls)), at_once, quiet)
    before = await _usage(running)
    await _play(running, plan_calls(2, calls), at_once, quiet)
    after = await _usage(running)
    return {
        "file descriptors": after["fds"] - before["fds"],
        "threads and greenlets": after["threads"] - before["threads"],
        "memory, KB a call": max(0.0, (after["kb"] - before["kb"]) / calls),
    }


async def _usage(running: Stage) -> dict[str, float]:
    """Of all workers together, once no call is left and pools have let go. Memory that is theirs alone: pages of
    libraries count when they are first touched, whoever calls."""
    await asyncio.sleep(12.0)
    text = await asyncio.to_thread(_metrics, running.webhook_base)
    pids = workers(running)
    threads = sum(float(n) for n in re.findall(r"assistant_threads\{[^}]*\} (\S+)", text))
    status = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    kb = sum(int(match[1]) for text in status if (match := re.search(r"RssAnon:\s+(\d+)", text)))
    return {"fds": sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids), "threads": threads, "kb": kb}


def _tell_problems(running: Stage) -> None:
    lines = [one for one in running.logs().splitlines() if re.search("Traceback|outlived|record lost|failed", one)]
    if lines:
        print(f"{len(lines)} problems in the server's log:", *lines[:10], sep="\n", file=sys.stderr)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=25)
    parser.add_argument("--faults", type=float, default=0.2, help="share of calls with a fault of their own")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=0.0, help="go on with the next seeds for so long")
    parser.add_argument("--leak-calls", type=int, default=0, help="then measure what so many calls leave behind")
    parser.add_argument("--no-events", dest="events", action="store_false", help="no kills, restarts, outages")
    parser.add_argument(
        "--fewer-when-late", action="store_true", help="fewer calls at once while the machine is busy with other work"
    )
    parser.add_argument("--postgres", default=POSTGRES)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
