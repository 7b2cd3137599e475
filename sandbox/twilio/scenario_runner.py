"""Plays scenarios against a running server, many at once, and reports what did not come out as expected."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp

from sandbox.speech import say
from sandbox.twilio.caller import Caller, CallerOptions
from sandbox.twilio.clips import build_line, build_steps, load_clip
from sandbox.twilio.expect import Check, check_call
from sandbox.twilio.lateness import MachineWatch
from sandbox.twilio.result import CallResult
from sandbox.twilio.scenario import Heard, Scenario
from sandbox.twilio.verbs import DialOutcome

BETWEEN_CALLS_S = 0.15  # so that the lateness that one makes is seen before the next comes
ALWAYS_AT_ONCE = 2
BEHIND_MS = 40.0  # of the callers' loop
LATE_MS_PER_S = 250.0  # of server and model together: the product hides about 100 ms in a row from the caller


@dataclass(slots=True, frozen=True)
class Prepared:
    """What a scenario got to itself: a number to dial, and the text that its prompt and its script share."""

    number: str
    match: str


class World(Protocol):
    """What stands behind the server: rows and the model's scripts. Tests may bring their own."""

    async def prepare(self, scenario: Scenario) -> Prepared:
        """A business of its own for the scenario, and its script at the model."""

    async def stored(self, prepared: Prepared, result: CallResult) -> dict[str, Any]:
        """The call's row, once it is final, with its metrics and turns; see docs/scenarios.md."""

    async def model(self, prepared: Prepared) -> dict[str, Any]:
        """What the model saw of this scenario's sessions."""


@dataclass(slots=True)
class Report:
    """What came of one scenario."""

    scenario: Scenario
    result: CallResult
    checks: list[Check] = field(default_factory=list)
    stored: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return all(check.ok for check in self.checks)

    def text(self) -> str:
        """Readable: each failed expectation with what was found, then the call's story."""
        lines = [f"{'pass' if self.passed else 'FAIL'} {self.scenario.name}: {self.scenario.about}"]
        for check in self.checks:
            if not check.ok:
                lines += [f"  expected  {check.what}", f"  found     {check.found}"]
        if not self.passed:
            late_ms = self.result.late_ms(0, self.result.duration_ms)
            lines += [f"  the call (made late by the machine: {late_ms:.0f} ms in all):"] + [
                f"    {event.at_ms:8.0f} ms  {event.kind}  "
                + " ".join(f"{key}={value!r}"[:160] for key, value in event.details.items())
                for event in self.result.events
            ]
        return "\n".join(lines)


class Admission:
    """Lets calls on the line: one after the other, and while the machine makes them late no more than a few."""

    def __init__(self, at_once: int, watch: MachineWatch | None) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._door = asyncio.Lock()
        self._watch = watch
        self._calls = 0

    async def __aenter__(self) -> None:
        await self._places.acquire()
        async with self._door:
            while await self._is_late() and self._calls >= ALWAYS_AT_ONCE:
                pass
            self._calls += 1

    async def __aexit__(self, *error: object) -> None:
        self._calls -= 1
        self._places.release()

    async def _is_late(self) -> bool:
        """Looked at for a moment: the callers' own loop, and what the machine took from server and model lately."""
        if not self._calls:
            return False
        now_s = time.monotonic()
        await asyncio.sleep(BETWEEN_CALLS_S)
        behind_ms = (time.monotonic() - now_s - BETWEEN_CALLS_S) * 1000
        taken_ms = self._watch.late_ms(now_s - 1.0, now_s) if self._watch is not None else 0.0
        return behind_ms > BEHIND_MS or taken_ms > LATE_MS_PER_S


class ScenarioRunner:
    """Runs scenarios against one server. Use inside an event loop."""

    def __init__(
        self,
        world: World,
        webhook_base: str,
        *,
        public_base: str | None = None,
        auth_token: str = "",
        watch: MachineWatch | None = None,
    ) -> None:
        """watch: how late the machine makes the processes behind `webhook_base`; without it only the caller knows."""
        self._world = world
        self._base = webhook_base
        self._public = public_base
        self._token = auth_token
        self._watch = watch

    def admission(self, at_once: int) -> Admission:
        """The door that all calls go through which are on the line together."""
        return Admission(at_once, self._watch)

    async def run_all(self, scenarios: Sequence[Scenario], at_once: int = 12) -> list[Report]:
        """All of them, in the given order; at most `at_once` on the line together, fewer on a busy machine."""
        admission = self.admission(at_once)
        # A connection of its own for each request: one that is kept may be closed at the moment it is used again.
        connector = aiohttp.TCPConnector(limit=0, force_close=True)

        async with aiohttp.ClientSession(connector=connector) as http:

            async def one(scenario: Scenario) -> Report:
                async with admission:
                    return await self.run(scenario, http)

            return await asyncio.gather(*(one(scenario) for scenario in scenarios))

    async def run(self, scenario: Scenario, http: aiohttp.ClientSession | None = None) -> Report:
        """One scenario from the dialled number to the checked rows."""
        caller, prepared = await self.place(scenario, http)
        return await self.judge(scenario, prepared, await caller.run())

    async def judge(self, scenario: Scenario, prepared: Prepared, result: CallResult) -> Report:
        """What came of a call that was placed here."""
        report = Report(scenario, result)
        if self._watch is not None:
            result.machine = self._watch.since(result.zero_s)
        if scenario.expect.stored:
            report.stored = await self._world.stored(prepared, result)
        if scenario.expect.model:
            report.model = await self._world.model(prepared)
        report.checks = check_call(scenario, result, report.stored, report.model, _clip)
        return report

    async def place(self, scenario: Scenario, http: aiohttp.ClientSession | None = None) -> tuple[Caller, Prepared]:
        """The caller of a scenario, ready to run: for tests that act during the call."""
        beside = scenario.path.parent
        steps, line = await asyncio.to_thread(
            lambda: (build_steps(scenario.caller, beside), build_line(scenario.line, beside))
        )
        prepared = await self._world.prepare(scenario)
        call = scenario.call
        caller = Caller(
            self._base,
            frm=call.number,
            to=call.to or prepared.number,
            public_base=self._public,
            auth_token=self._token,
            steps=steps,
            line=line,
            options=_options(scenario),
            http=http,
        )
        return caller, prepared


def _options(scenario: Scenario) -> CallerOptions:
    call = scenario.call
    return CallerOptions(
        webhook_repeats=call.webhook_repeats,
        signature=call.signature,
        socket_signature=call.socket_signature,
        parameters=call.parameters,
        action_on_hangup=call.action_on_hangup,
        max_duration_s=call.max_s,
        half_open_s=call.half_open_s,
        verb_time_scale=0.1,
        dial={number: DialOutcome(status) for number, status in call.dial.items()},
    )


def _clip(heard: Heard) -> bytes:
    if heard.text is not None:
        return say(heard.text, heard.language)
    assert heard.clip is not None
    return load_clip(heard.clip)
