"""N callers and the fake model in one process, to be pinned to a core of its own. Started by bench/load.py.

Prints one JSON object: what was measured between the window's start and end, all calls up. With --windows the calls go
on for as long as standard input is open: each pair of lines `begin` and `end` is a window with a line of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import json
import os
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvloop
from picows import ws_connect, ws_create_server

from bench.load_caller import FIRST_WORDS_S, Caller, Script
from bench.load_model import ModelSession
from bench.load_webhooks import MEDIA_PATH, Webhooks, new_call_sid
from bench.load_world import CYCLE_S, FRAME_BYTES, FRAME_S, Frame, Samples, World

PHASES = 20  # callers are spread over the frame in steps of 1 ms
CALLS_PER_S = 25  # how fast calls are set up, at most
CALLS_A_CYCLE = int(CALLS_PER_S * CYCLE_S)
GOLDEN = 0.618034  # its multiples, without their whole part, spread evenly however many there are
WARM_UP_S = FIRST_WORDS_S + CYCLE_S
LAST_WORDS_S = 12.0
STATUSES, STATUS_EVERY_S = 100, 0.04
ASK_EVERY_S = 0.1  # a webhook, while a window is open
RING_EVERY = 5  # so many webhooks, one of them of a new call


class Generator:
    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._world = World(options.lossy)
        scripts = read_scripts(Path(options.sounds))
        self._callers = [Caller(self._world, number, scripts[number % len(scripts)]) for number in range(options.calls)]
        self._sids: list[str] = []
        self._webhooks = Webhooks(options.port, options.number, options.public_base, options.auth_token)
        self._late_s = 0.0  # behind its own schedule, at worst: then it measures itself

    async def run(self) -> dict[str, Any]:
        """Call, measure one window, hang up."""
        world, options = self._world, self._options
        memory_before = memory_mb(options.pid)
        server = await self._begin()
        world.measuring = True
        began, cpu, own = time.monotonic(), cpu_s(options.pid), time.process_time()
        await asyncio.sleep(options.seconds)
        world.measuring = False
        lasted = time.monotonic() - began
        cpu, own = cpu_s(options.pid) - cpu, time.process_time() - own
        memory = memory_mb(options.pid) - memory_before
        statuses = await self._statuses() if options.webhook else []
        await self._finish()
        server.close()
        carried = max(1, options.calls - world.samples.refused_calls)
        lost = [caller.lost_and_doubled() for caller in self._callers if not options.lossy]
        samples = {**asdict(world.samples), "statuses": statuses}
        for name in ("to_model", "to_caller", "gaps", "ahead", "statuses"):
            samples[name] = spread(samples[name])
        return {
            "calls": options.calls,
            "cpu_ms_per_call_s": cpu * 1000 / lasted / carried,
            "cpu_share": cpu / lasted,
            "generator_share": own / lasted,
            "generator_late_ms": self._late_s * 1000,
            "mb_per_call": memory / carried,
            "lost_bytes": sum(one for one, _ in lost) if lost else None,
            "doubled_bytes": sum(two for _, two in lost) if lost else None,
            **samples,
        }

    async def attend(self) -> None:
        """Call, and measure window after window as standard input says; a line of JSON for each, and one before them
        when all calls are up."""
        server = await self._begin()
        tell({"calls": len(self._callers), "refused_calls": self._world.samples.refused_calls})
        gone = self._gone()
        while await self._said() == "begin":
            measured, before = await self._window(), gone
            gone = self._gone()
            tell({**measured, "lost_calls": gone - before})
        await self._finish()
        server.close()

    def _gone(self) -> int:
        return sum(caller.is_gone for caller in self._callers)

    async def _window(self) -> dict[str, Any]:
        """What is measured until standard input says something."""
        samples = self._world.samples = Samples()
        self._late_s = 0.0
        self._world.measuring = True
        asking = asyncio.create_task(self._ask())
        await self._said()
        self._world.measuring = False
        webhooks, unanswered = await asking
        return {
            "gaps": spread(samples.gaps),
            "to_model": spread(samples.to_model),
            "webhooks": spread(webhooks),
            "unanswered_webhooks": unanswered,
            "silent_turns": samples.silent_turns,
            "lost_frames": samples.lost_frames,
            "generator_late_ms": self._late_s * 1000,
        }

    async def _said(self) -> str:
        """A line of standard input; "" at its end."""
        return (await self._world.loop.run_in_executor(None, sys.stdin.readline)).strip()

    async def _ask(self) -> tuple[list[float], int]:
        """Webhooks as long as the window is open: how long each took, in ms, and how many got no answer."""
        took: list[float] = []
        asked = 0
        pending: set[asyncio.Task[float]] = set()
        while self._world.measuring:
            pending.add(asyncio.create_task(self._one_webhook(asked)))
            asked += 1
            await asyncio.sleep(ASK_EVERY_S)
        for one in await asyncio.gather(*pending, return_exceptions=True):
            if isinstance(one, float):
                took.append(one)
        return took, asked - len(took)

    async def _one_webhook(self, number: int) -> float:
        """A status of a call that goes on, or a new call that hangs up at once. Raises OSError and ValueError."""
        began, sid = self._world.now(), new_call_sid()
        if number % RING_EVERY:
            await self._webhooks.status(self._sids[number % len(self._sids)])
            return (self._world.now() - began) * 1000
        await self._webhooks.ring(sid, f"+97254{number % 10**7:07d}")
        took = (self._world.now() - began) * 1000
        await self._webhooks.status(sid, "completed")
        return took

    async def _begin(self) -> asyncio.Server:
        """All calls up and warm; the server is the model's."""
        world, options = self._world, self._options
        world.loop.set_exception_handler(self._failed)
        server = await ws_create_server(lambda _: ModelSession(world, self._callers), "127.0.0.1", options.model_port)
        self._tick(world.now(), 0)
        if options.spin:
            self._spin()
        await self._set_up()
        await asyncio.sleep(WARM_UP_S)
        return server

    def _spin(self) -> None:
        """Never sleep: a server that wakes a sleeping peer on the same machine pays for the waking, as it would not
        for a packet on a wire."""
        self._world.loop.call_soon(self._spin)

    def _failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A mistake in a callback would make every figure worthless."""
        traceback.print_exception(context.get("exception"))
        os._exit(1)

    async def _set_up(self) -> None:
        """Callers begin at different points of the cycle, so that no two moments of a run differ."""
        await asyncio.gather(*(self._call(number) for number in range(len(self._callers))))

    async def _call(self, number: int) -> None:
        """Ask the webhook like Twilio (when there is one), then open the stream it names."""
        cycle, place = divmod(number, CALLS_A_CYCLE)
        await asyncio.sleep((cycle + place * GOLDEN % 1) * CYCLE_S)
        caller, call_sid = self._callers[number], new_call_sid()
        parameters: dict[str, str] | None = {}
        self._sids.append(call_sid)
        if self._options.webhook:
            parameters = await self._webhooks.ring(call_sid, f"+9725012{number:05d}")
        if parameters is None:
            self._world.samples.refused_calls += 1
            return
        url = f"ws://127.0.0.1:{self._options.port}{MEDIA_PATH}"
        await ws_connect(lambda: caller, url, extra_headers=self._webhooks.upgrade_headers())
        caller.begin(call_sid, parameters)

    async def _statuses(self) -> list[float]:
        """How long the server takes for status webhooks while it carries all calls; not while its CPU is measured."""
        took = []
        for number in range(STATUSES):
            began = self._world.now()
            await self._webhooks.status(self._sids[number % len(self._sids)])
            took.append((self._world.now() - began) * 1000)
            await asyncio.sleep(STATUS_EVERY_S)
        return took

    def _tick(self, due: float, phase: int) -> None:
        """Every millisecond the callers of that phase speak, on an absolute schedule."""
        if self._world.measuring:
            self._late_s = max(self._late_s, self._world.now() - due)
        for caller in self._callers[phase::PHASES]:
            caller.send_frame()
        due += FRAME_S / PHASES
        self._world.loop.call_at(due, self._tick, due, (phase + 1) % PHASES)

    async def _finish(self) -> None:
        """No new turns; each caller hears its answer to the end, then hangs up."""
        self._world.stopping = True
        deadline = self._world.now() + LAST_WORDS_S
        while self._world.now() < deadline and not all(caller.is_gone for caller in self._callers):
            for caller in self._callers:
                if caller.is_idle:
                    caller.hang_up()
            await asyncio.sleep(0.1)
        for caller in self._callers:
            caller.hang_up()
        await asyncio.sleep(0.5)


def read_scripts(directory: Path) -> list[Script]:
    """What bench/load_sounds.py wrote there: one script for each level."""
    noise = frames((directory / "noise.ulaw").read_bytes())
    return [
        Script(noise, frames(question.read_bytes()), frames(interruption.read_bytes()))
        for question, interruption in zip(
            sorted(directory.glob("question-*.ulaw")), sorted(directory.glob("interruption-*.ulaw")), strict=True
        )
    ]


def frames(audio: bytes) -> list[Frame]:
    return [Frame(audio[at : at + FRAME_BYTES]) for at in range(0, len(audio) - FRAME_BYTES + 1, FRAME_BYTES)]


def tell(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


def cpu_s(pids: Sequence[int]) -> float:
    """User and system time that these processes have used, to the nanosecond (/proc counts in ticks of 10 ms)."""
    seconds, clock = 0.0, ctypes.c_int()
    for pid in pids:
        if failed := ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock)):
            raise OSError(failed, os.strerror(failed))
        seconds += time.clock_gettime(clock.value)
    return seconds


def memory_mb(pids: Sequence[int]) -> float:
    """Resident memory of these processes."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values) or [float("nan")]
    last = len(ordered) - 1
    return {"p50": ordered[last // 2], "p99": ordered[int(last * 0.99)], "max": ordered[-1], "count": len(values)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--port", type=int, required=True, help="of the server under test")
    parser.add_argument("--model-port", type=int, required=True, help="where the fake model is to listen")
    parser.add_argument("--pid", type=int, action="append", required=True, help="whose CPU and memory count")
    parser.add_argument("--sounds", required=True, help="where what the callers say lies")
    parser.add_argument("--spin", action="store_true", help="keep the generator's core awake")
    parser.add_argument("--lossy", action="store_true", help="the server resamples: no tags, no comparison of bytes")
    parser.add_argument("--webhook", action="store_true", help="ask /webhook/incoming_call first")
    parser.add_argument("--number", default="+97239990001", help="the number to dial")
    parser.add_argument("--public-base", default="", help="the address that webhooks are signed for")
    parser.add_argument("--auth-token", default="", help="what they are signed with")
    parser.add_argument("--windows", action="store_true", help="measure what standard input says")

    async def main() -> None:
        options = parser.parse_args()
        generator = Generator(options)
        if options.windows:
            await generator.attend()
        else:
            tell(await generator.run())

    uvloop.run(main())
