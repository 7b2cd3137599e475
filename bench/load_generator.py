"""N callers and the fake model in one process, to be pinned to a core of its own. Started by bench/load.py.

Prints one JSON object: what was measured between the window's start and end, all calls up.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import json
import os
import re
import time
import traceback
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvloop
from picows import ws_connect, ws_create_server

from bench.load_caller import CYCLE_S, FIRST_WORDS_S, Caller
from bench.load_model import ModelSession
from bench.load_world import FRAME_BYTES, FRAME_S, Frame, World

PHASES = 20  # callers are spread over the frame in steps of 1 ms
CALLS_PER_S = 25  # how fast calls are set up
WARM_UP_S = FIRST_WORDS_S + CYCLE_S
LAST_WORDS_S = 12.0
STATUSES, STATUS_EVERY_S = 100, 0.04


class Generator:
    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._world = World(options.lossy)
        speech = frames(Path(options.speech).read_bytes())
        # A quiet line: the lowest levels of mu-law, both signs.
        quiet = frames(bytes(byte & 0x81 | 0x7E for byte in os.urandom(FRAME_BYTES * 50)))
        self._callers: list[Caller] = []
        self._sids: list[str] = []
        for number in range(options.calls):
            turned = number * 37 % len(speech)
            self._callers.append(Caller(self._world, number, speech[turned:] + speech[:turned], quiet))

    async def run(self) -> dict[str, Any]:
        world, options = self._world, self._options
        world.loop.set_exception_handler(self._failed)
        server = await ws_create_server(lambda _: ModelSession(world, self._callers), "127.0.0.1", options.model_port)
        memory_before = memory_mb(options.pid)
        self._tick(world.now(), 0)
        if options.spin:
            self._spin()
        await self._set_up()
        await asyncio.sleep(WARM_UP_S)
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
            "mb_per_call": memory / carried,
            "lost_bytes": sum(one for one, _ in lost) if lost else None,
            "doubled_bytes": sum(two for _, two in lost) if lost else None,
            **samples,
        }

    def _spin(self) -> None:
        """Never sleep: a server that wakes a sleeping peer on the same machine pays for the waking, as it would not
        for a packet on a wire."""
        self._world.loop.call_soon(self._spin)

    def _failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A mistake in a callback would make every figure worthless."""
        traceback.print_exception(context.get("exception"))
        os._exit(1)

    async def _set_up(self) -> None:
        pending = []
        for caller_number in range(len(self._callers)):
            pending.append(asyncio.create_task(self._call(caller_number)))
            await asyncio.sleep(1 / CALLS_PER_S)
        await asyncio.gather(*pending)

    async def _call(self, number: int) -> None:
        """Ask the webhook like Twilio (when there is one), then open the stream it names."""
        options, caller = self._options, self._callers[number]
        call_sid, parameters, path = f"CA{os.urandom(16).hex()}", {}, "/ws/twilio-media"
        self._sids.append(call_sid)
        if options.webhook:
            form = {"CallSid": call_sid, "AccountSid": "AC" + "0" * 32, "CallStatus": "ringing", "Direction": "inbound"}
            form |= {"From": f"+9725012{number:05d}", "To": options.number, "ApiVersion": "2010-04-01"}
            url = f"http://127.0.0.1:{options.port}/webhook/incoming_call"
            twiml = await self._world.loop.run_in_executor(None, post, url, form)
            parameters = dict(re.findall(r'<Parameter name="(\w+)" value="([^"]*)"', twiml))
            if "<Stream" not in twiml:
                self._world.samples.refused_calls += 1
                return
        await ws_connect(lambda: caller, f"ws://127.0.0.1:{options.port}{path}")
        caller.begin(call_sid, parameters)

    async def _statuses(self) -> list[float]:
        """How long the server takes for status webhooks while it carries all calls; not while its CPU is measured."""
        took = []
        for number in range(STATUSES):
            began = self._world.now()
            await self._post_status(self._sids[number % len(self._sids)])
            took.append((self._world.now() - began) * 1000)
            await asyncio.sleep(STATUS_EVERY_S)
        return took

    async def _post_status(self, call_sid: str) -> None:
        form = urllib.parse.urlencode({"CallSid": call_sid, "CallStatus": "in-progress"})
        head = "POST /webhook/call_status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", self._options.port)
        writer.write((head + form).encode())
        answer = await reader.readline()
        writer.close()
        if b" 204 " not in answer:
            raise ValueError(f"a status webhook was answered with {answer!r}")

    def _tick(self, due: float, phase: int) -> None:
        """Every millisecond the callers of that phase speak, on an absolute schedule."""
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


def frames(audio: bytes) -> list[Frame]:
    return [Frame(audio[at : at + FRAME_BYTES]) for at in range(0, len(audio) - FRAME_BYTES + 1, FRAME_BYTES)]


def post(url: str, form: dict[str, str]) -> str:
    with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode(), timeout=20) as answer:
        text: str = answer.read().decode()
        return text


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
    parser.add_argument("--speech", required=True, help="raw 8 kHz mu-law that the callers say")
    parser.add_argument("--spin", action="store_true", help="keep the generator's core awake")
    parser.add_argument("--lossy", action="store_true", help="the server resamples: no tags, no comparison of bytes")
    parser.add_argument("--webhook", action="store_true", help="ask /webhook/incoming_call first")
    parser.add_argument("--number", default="+97239990001", help="the number to dial")

    async def main() -> dict[str, Any]:
        return await Generator(parser.parse_args()).run()

    print(json.dumps(uvloop.run(main())))
