"""Plays the floods one after the other on one installation, while calls go on, and measures each."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.attack.calls import Calls, calls_on
from bench.attack.floods import FLOODS, Flood
from bench.attack.installation import Installation, installation
from bench.load_sounds import NOISE_RMS, write_sounds
from bench.load_world import FRAME_S
from bench.report import percentile
from sandbox.launch import free_port

RISE_S, REST_S = 2.0, 3.0  # until a flood is at its height; until the next one
ENDS_WITHIN_S = 90.0
# Whoever attacks does so from another machine: what is left of this one's processors is theirs.
ATTACKERS_NICE = 10


@dataclass(frozen=True, slots=True)
class Measured:
    """One flood. `calls`: what the load generator saw meanwhile (bench/load_generator.py); `found`: what the attackers
    were answered; `reached`: what they got of what they must not get, "" for nothing."""

    name: str
    calls: dict[str, Any]
    found: dict[str, int]
    reached: str
    memory_mb: float
    tracebacks: int
    machine_ms: float  # p99 of what the machine took from a worker's loop within a frame


class LoopWatch:
    """How long the threads that carry the calls were ready to run while the processor did something else: attackers on
    the same machine, hashes, other people's work. No thread of theirs is in it that the calls do not wait for."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._files = [Path(f"/proc/{pid}/task/{pid}/schedstat") for pid in pids]
        self._over = threading.Event()
        self._late_ms: list[float] = []
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> LoopWatch:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def p99_ms(self) -> float:
        return percentile(self._late_ms, 0.99)

    def _watch(self) -> None:
        before = self._waited_ns()
        while not self._over.wait(FRAME_S):
            now = self._waited_ns()
            self._late_ms += [(after - earlier) / 1e6 for earlier, after in zip(before, now, strict=True)]
            before = now

    def _waited_ns(self) -> list[int]:
        return [int(file.read_text().split()[1]) for file in self._files] if sys.platform == "linux" else []


def run_floods(postgres: str, calls: int, seconds: float, only: str) -> list[Measured]:
    """Those whose name holds `only`. Raises psycopg.OperationalError when there is no PostgreSQL."""
    chosen = [flood for flood in FLOODS if only in flood.name]
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="attack-")))
        sounds = directory / "sounds"
        sounds.mkdir()
        write_sounds(sounds, NOISE_RMS)
        model_port = free_port()
        target = stack.enter_context(installation(postgres, directory / "server", model_port))
        under_way = stack.enter_context(calls_on(target.port, model_port, target.worker_pids, calls, sounds))
        os.nice(ATTACKERS_NICE)
        return asyncio.run(_play(chosen, target, under_way, seconds))


async def _play(floods: list[Flood], target: Installation, calls: Calls, seconds: float) -> list[Measured]:
    results = []
    for flood in floods:
        results.append(await _measure(flood, target, calls, seconds))
        print(f"{results[-1]}", flush=True)
        await asyncio.sleep(REST_S)
    return results


async def _measure(flood: Flood, target: Installation, calls: Calls, seconds: float) -> Measured:
    stop = asyncio.Event()
    memory, tracebacks = target.memory_mb(), target.tracebacks()
    attack = asyncio.ensure_future(flood.attack(target, stop))
    await asyncio.sleep(RISE_S)
    calls.begin()
    with LoopWatch(target.worker_pids) as watch:
        await asyncio.wait([attack], timeout=seconds)  # it ends only when it has failed
    seen = await asyncio.to_thread(calls.end)
    grown = target.memory_mb() - memory
    stop.set()
    found = await asyncio.wait_for(attack, ENDS_WITHIN_S)
    errors = target.tracebacks() - tracebacks
    return Measured(flood.name, seen, dict(found), flood.reached(found), grown, errors, watch.p99_ms())
