"""CPU, memory, latency and capacity of the call server under load, beside the bare paced relay, in one run.

    python -m bench.load                                                          # relay and ours, some 4 minutes
    python -m bench.load --server ours --server bridge --server pipecat --calls 1,10
    python -m bench.load --server ours --capacity

The server under test has one core to itself, callers and model (bench/load_generator.py) another. Prints a table in
Markdown; notes go to standard error.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from bench.load_servers import SERVERS, pin
from bench.load_sounds import NOISE_RMS, write_sounds
from bench.load_world import CYCLE_S
from bench.markdown import table
from bench.peers.environment import ROOT, python_of
from sandbox.launch import free_port, prepare_database
from services.accounts.seed import CLINIC_NUMBER
from services.db.database import Database
from services.db.models import BusinessSettings
from services.db.tenancy import unscoped

Result = dict[str, Any]
# What a server must keep to be said to carry so many calls.
MAX_TO_MODEL_MS, MAX_GAP_MS = 60.0, 40.0
LATE_MS = 20.0
CAPACITY_START, CAPACITY_STEP = 150, 25
# Whose cost is told as a multiple of whose, round by round, where both were measured.
COMPARED = (("ours", "relay"), ("library", "relay"), ("library", "ours"))
HEAD = (
    "server",
    "calls",
    "CPU ms per call-second",
    "of the relay",
    "core used",
    "MB a call",
    "outbound gap p50/p99 ms",
    "held by Twilio p99 ms",
    "caller→model p50/p99 ms",
    "model→caller p50/p99 ms",
    "status webhook p50/p99 ms",
    "answers",
    "bytes lost/doubled",
    "calls lost/refused, silent turns",
)


def measure(server: str, calls: int, seconds: float, sounds: Path, spin: bool) -> Result:
    """One load on one server. What cannot be measured on it is None."""
    model_port = free_port()
    with SERVERS[server](model_port, calls) as subject:
        command = [str(python_of("relay")), "-m", "bench.load_generator", "--calls", str(calls)]
        command += ["--seconds", str(seconds), "--port", str(subject.port), "--model-port", str(model_port)]
        command += ["--sounds", str(sounds), "--number", CLINIC_NUMBER]
        command += [part for pid in subject.pids for part in ("--pid", str(pid))]
        command += ["--webhook"] * subject.webhook + ["--lossy"] * subject.lossy + ["--spin"] * spin
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as generator:
            pin(generator.pid, 1)
            try:
                output, _ = generator.communicate()
            finally:
                generator.kill()  # when interrupted; else it has ended
    if generator.returncode:
        raise SystemExit(f"the load generator ended with {generator.returncode}")
    result: Result = json.loads(output)
    print(f"{server} {calls}: {json.dumps(result)}", file=sys.stderr)
    if result["generator_late_ms"] > LATE_MS:
        print(f"the callers were {result['generator_late_ms']:.0f} ms late: the machine is not quiet", file=sys.stderr)
    if not subject.paced:
        result["gaps"] = None
    return {"server": server, **result}


def keeps_the_limits(result: Result) -> bool:
    wrong = ("lost_calls", "refused_calls", "silent_turns", "lost_bytes", "doubled_bytes")
    gap = result["gaps"]["p99"] if result["gaps"] else 0.0
    whole = not any(result[name] for name in wrong)
    return whole and result["to_model"]["p99"] <= MAX_TO_MODEL_MS and gap <= MAX_GAP_MS


def search_capacity(keeps: Callable[[int], bool], start: int, step: int) -> int:
    """The most calls at which `keeps` holds, to within `step`: outwards in growing strides, then by halves."""
    good, bad, stride = 0, None, 4 * step
    calls = start
    while bad is None or bad - good > step:
        if keeps(calls):
            good = calls
        else:
            bad = calls
        if bad is None:
            calls, stride = good + stride, 2 * stride
        else:
            calls = good + max(step, (bad - good) // 2 // step * step)
    return good


def middle_round(results: list[Result]) -> list[Result]:
    """Of each server and load the round whose CPU is the median: what a call costs changes with the machine's hour."""
    loads = dict.fromkeys((result["calls"], result["server"]) for result in results)
    rounds = [[result for result in results if (result["calls"], result["server"]) == load] for load in loads]
    return [sorted(of_one, key=itemgetter("cpu_ms_per_call_s"))[len(of_one) // 2] for of_one in rounds]


def compared(results: list[Result]) -> list[str]:
    """Sentences: CPU of one server against another's in the same round, where there were several rounds."""
    costs: dict[int, dict[str, list[float]]] = {}
    for result in results:
        costs.setdefault(result["calls"], {}).setdefault(result["server"], []).append(result["cpu_ms_per_call_s"])
    return [
        f"{one} at {calls} calls against {other}, round by round: {', '.join(f'{a / b:.2f} x' for a, b in pairs)}."
        for one, other in COMPARED
        for calls, of in costs.items()
        if len(pairs := list(zip(of.get(one, []), of.get(other, []), strict=False))) > 1
    ]


def middle_and_worst(spread: dict[str, float] | None) -> str:
    """p50 and p99, where they say something and anything was measured."""
    return f"{spread['p50']:.1f} / {spread['p99']:.1f}" if spread and spread["count"] else "–"


def rows(results: list[Result]) -> list[list[str]]:
    relays = {result["calls"]: result for result in results if result["server"] == "relay"}
    lines = []
    for result in results:
        beside = relays.get(result["calls"])
        lost = result["lost_bytes"]
        lines.append(
            [
                result["server"],
                f"{result['calls']}",
                f"{result['cpu_ms_per_call_s']:.2f}",
                f"{result['cpu_ms_per_call_s'] / beside['cpu_ms_per_call_s']:.2f} x" if beside else "–",
                f"{result['cpu_share']:.0%}",
                f"{result['mb_per_call']:.2f}",
                middle_and_worst(result["gaps"]),
                f"{result['ahead']['p99']:.0f}" if result["ahead"]["count"] else "–",
                middle_and_worst(result["to_model"]),
                middle_and_worst(result["to_caller"]),
                middle_and_worst(result["statuses"]),
                f"{result['answers']}",
                f"{lost} / {result['doubled_bytes']}" if lost is not None else "–",
                f"{result['lost_calls']} / {result['refused_calls']} / {result['silent_turns']}",
            ]
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", choices=SERVERS, action="append", help="may be given several times")
    parser.add_argument("--calls", default="1,10,50", help="loads to measure, with commas")
    parser.add_argument("--seconds", type=float, default=CYCLE_S, help="how long each load is measured: whole cycles")
    parser.add_argument("--rounds", type=int, default=1, help="how often each load; the table has the median by CPU")
    parser.add_argument("--noise", type=float, default=NOISE_RMS, help="RMS of the noise on every line, all the time")
    parser.add_argument(
        "--spin",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep the generator's core awake, so that no server pays for waking it (default); needs that core whole",
    )
    parser.add_argument("--capacity", action="store_true", help="search the most calls within the limits")
    parser.add_argument("--start", type=int, default=CAPACITY_START, help="where the capacity search begins")
    parser.add_argument("--step", type=int, default=CAPACITY_STEP, help="how exactly it searches")
    parser.add_argument("--prepare-database", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.prepare_database:
        _prepare()
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        write_sounds(Path(directory), options.noise)
        results, conclusions = all_of(options, Path(directory))
    print("\n\n".join([table(HEAD, rows(results)), *conclusions]))


def _prepare() -> None:
    """The demo businesses, without the limits that a business begins with: all calls of a load go to one number."""
    from app.settings import load_settings

    settings = load_settings()
    prepare_database(settings)
    no_limit = update(BusinessSettings).values(max_calls_at_once=None, daily_minutes=None)

    def lift(session: Session) -> None:
        with unscoped(session, "a bench fills every demo business"):
            session.execute(no_limit.execution_options(synchronize_session=False))

    Database(settings.database_url).write(lift)


def all_of(options: argparse.Namespace, sounds: Path) -> tuple[list[Result], list[str]]:
    """What was asked for, measured: a result for each row, and sentences about them."""
    results: list[Result] = []

    def run(server: str, calls: int) -> Result:
        results.append(measure(server, calls, options.seconds, sounds, options.spin))
        return results[-1]

    servers = options.server or ["relay", "ours"]
    if options.capacity:
        conclusions = []
        for server in servers:

            def keeps(calls: int, server: str = server) -> bool:
                return keeps_the_limits(run(server, calls))

            most = search_capacity(keeps, options.start, options.step)
            conclusions.append(f"{server}: {most} calls (searched in steps of {options.step}).")
        return results, conclusions
    for calls in options.calls.split(","):
        for _round in range(options.rounds):
            for server in servers:
                result = run(server, int(calls))
                if result["lost_calls"] + result["refused_calls"] >= int(calls):
                    raise SystemExit(f"{server} kept none of {calls} calls: nothing was measured")
    return middle_round(results), compared(results)


if __name__ == "__main__":
    main()
