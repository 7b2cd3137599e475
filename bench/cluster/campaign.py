"""Rounds of calls through the balancer, a fault in each: what happens, and what is measured meanwhile."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import aiohttp
from twilio.request_validator import RequestValidator

from bench.chaos_plan import PlannedCall
from bench.chaos_report import CREATED, Outcome
from bench.cluster.conversation import plan_calls
from bench.cluster.installation import Cluster
from bench.cluster.outcome import Round
from sandbox.twilio.caller import Caller
from sandbox.twilio.database_world import DatabaseWorld
from sandbox.twilio.scenario_runner import Prepared, ScenarioRunner
from sandbox.twilio.stage import AUTH_TOKEN
from services.calls.workers import PRESENT

APART_S = 0.08  # between two callers who begin
SETTLED_S = 3.0  # all are talking by then
VANISHED_S = 20.0  # then the machine is back, with all that it believes
AWAY_S = 5.0  # of the database, when it restarts
PROMOTED_AFTER_S = 2.0  # so long somebody needs to see that the primary is gone
SUMMARIES_WITHIN_S = 40.0
PROBE_EVERY_S = 0.5

Fault = Callable[[Cluster], Awaitable[None]]


async def vanish(running: Cluster) -> None:
    """The busiest host is cut off without a goodbye, and comes back later."""
    host = max(running.hosts, key=lambda one: one.live_calls())
    await asyncio.to_thread(host.vanish)
    await asyncio.sleep(VANISHED_S)
    await asyncio.to_thread(host.come_back)
    await asyncio.to_thread(running.wait_until_ready)


async def deploy(running: Cluster) -> None:
    """One host is drained and started again."""
    await asyncio.to_thread(running.hosts[0].deploy)
    await asyncio.to_thread(running.wait_until_ready)


async def redis(running: Cluster) -> None:
    await asyncio.to_thread(running.lose_redis)


async def restart(running: Cluster) -> None:
    await asyncio.to_thread(running.postgres.restart, AWAY_S)


async def failover(running: Cluster) -> None:
    await asyncio.to_thread(running.postgres.fail_over, PROMOTED_AFTER_S)


async def nothing(_running: Cluster) -> None:
    """A round to compare with."""


# In this order: after the failover there is no standby any more.
FAULTS: dict[str, Fault] = {
    "none": nothing,
    "vanish": vanish,
    "deploy": deploy,
    "redis": redis,
    "restart": restart,
    "failover": failover,
}


async def play_round(running: Cluster, fault: str, calls: int, seed: int) -> Round:
    """So many calls at once, and the fault while all of them talk."""
    with summaries_receiver(running.network.here) as (url, received):
        placed = await _place(running, plan_calls(seed, calls, url))
        cpu, balancer, began = _cpu_s(running), _balancer_s(running), time.monotonic()
        statements = await _statements(running)
        calling = [asyncio.create_task(_call_later(APART_S * n, caller)) for n, (_, caller, _) in enumerate(placed)]
        async with Probe(running) as probe:
            await asyncio.sleep(APART_S * calls + SETTLED_S)
            carried = {host.name: await asyncio.to_thread(host.live_calls) for host in running.hosts}
            await FAULTS[fault](running)
            await asyncio.gather(*calling)
        cpu, balancer = _cpu_s(running) - cpu, _balancer_s(running) - balancer
        outcomes = [await _outcome(running, *one) for one in placed]
        statements = await _statements(running) - statements
        took_s = time.monotonic() - began
        await _until(lambda: len(received) >= calls, SUMMARIES_WITHIN_S)
    notes = [f"{fault}: took {took_s:.0f} s"]
    return Round(
        fault=fault,
        hosts=len(running.hosts),
        outcomes=outcomes,
        carried=carried,
        summaries=Counter(received),
        closed_s=probe.closed_s,
        cpu_s=cpu,
        balancer_cpu_s=balancer,
        statements=statements,
        notes=notes,
    )


async def _place(running: Cluster, plans: list[PlannedCall]) -> list[tuple[PlannedCall, Caller, Prepared]]:
    world = DatabaseWorld(running.database, running.model_base)
    runner = ScenarioRunner(world, running.base, public_base=running.public, auth_token=AUTH_TOKEN)
    found = []
    for plan in plans:
        caller, prepared = await runner.place(plan.scenario)
        found.append((plan, caller, prepared))
    return found


async def _call_later(seconds: float, caller: Caller) -> None:
    await asyncio.sleep(seconds)
    await caller.run()


async def _outcome(running: Cluster, plan: PlannedCall, caller: Caller, prepared: Prepared) -> Outcome:
    world = DatabaseWorld(running.database, running.model_base)
    stored = await world.stored(prepared, caller.result)
    query = {"match": prepared.match, "events": "1"}
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{running.model_base}/control/sessions", params=query) as answer,
    ):
        sessions: list[dict[str, Any]] = await answer.json()
    texts = (str(seen["event"]) for session in sessions for seen in session["received"])
    acknowledged = any(CREATED in text and "✅" in text for text in texts if "'system'" in text)
    return Outcome(plan, caller.result, stored, acknowledged)


def _cpu_s(running: Cluster) -> float:
    return sum(host.cpu_s() for host in running.hosts)


def _balancer_s(running: Cluster) -> float:
    return running.balancer.cpu_s() if running.balancer is not None else 0.0


async def _statements(running: Cluster) -> float:
    """Of all sessions since the server was started."""
    ask = partial(running.postgres.primary.ask, "SELECT sum(calls) FROM pg_stat_statements", "cluster")
    found = await asyncio.to_thread(ask)
    return float(str(found or 0))


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        await asyncio.sleep(0.1)


class Probe:
    """Rings every half second as somebody new: `closed_s` is the longest time in which nobody was let in."""

    def __init__(self, running: Cluster) -> None:
        self.closed_s = 0.0
        self._running = running
        self._signer = RequestValidator(AUTH_TOKEN)
        self._number = ""

    async def __aenter__(self) -> Probe:
        (plan,) = plan_calls(0, 1)
        settings = {**plan.scenario.settings, "max_calls_at_once": None, "max_calls_per_caller_hour": None}
        scenario = plan.scenario.model_copy(update={"settings": settings})
        world = DatabaseWorld(self._running.database, self._running.model_base)
        self._number = (await world.prepare(scenario)).number
        self._task = asyncio.create_task(self._loop())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _loop(self) -> None:
        """Each ringing is a task of its own: one that waits for an answer holds up no other."""
        self._let_in_at = time.monotonic()
        ringing: set[asyncio.Task[None]] = set()
        timeout = aiohttp.ClientTimeout(total=15)
        connector = aiohttp.TCPConnector(force_close=True, limit=0)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as http:
            try:
                while True:
                    task = asyncio.create_task(self._ring(http))
                    ringing.add(task)
                    task.add_done_callback(ringing.discard)
                    await asyncio.sleep(PROBE_EVERY_S)
            finally:
                for task in list(ringing):
                    task.cancel()

    async def _ring(self, http: aiohttp.ClientSession) -> None:
        sid = "CA" + secrets.token_hex(16)
        form = {"CallSid": sid, "From": "+972501112222", "To": self._number, "CallStatus": "ringing"}
        with suppress(aiohttp.ClientError, TimeoutError):
            if "<Stream" not in await self._post(http, "incoming_call", form):
                return
            now = time.monotonic()
            self.closed_s = max(self.closed_s, now - self._let_in_at - PROBE_EVERY_S)
            self._let_in_at = max(self._let_in_at, now)
            await self._post(http, "call_status", {**form, "CallStatus": "completed"})

    async def _post(self, http: aiohttp.ClientSession, what: str, form: dict[str, str]) -> str:
        path = f"/webhook/{what}"
        signature = self._signer.compute_signature(self._running.public + path, form)
        headers = {"X-Twilio-Signature": signature}
        async with http.post(self._running.base + path, data=form, headers=headers) as answer:
            return await answer.text()


@contextmanager
def summaries_receiver(address: str) -> Iterator[tuple[str, list[str]]]:
    """Where businesses want their summaries: its URL, and the key of every message that came."""
    received: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(str(json.loads(body)["call"]["sid"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not to the bench's output."""

    with ThreadingHTTPServer((address, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://{address}:{server.server_address[1]}/summary", received
        finally:
            server.shutdown()
            thread.join()


assert PRESENT.total_seconds() < VANISHED_S, "a machine that is back was taken for gone before"
