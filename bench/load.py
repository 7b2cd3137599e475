"""CPU, memory, latency and capacity of the call server under load, beside the bare paced relay, in one run.

    python -m bench.load --server relay --server ours --calls 1,10,50 --seconds 20
    python -m bench.load --server ours --capacity

The server under test has one core to itself, callers and model (bench/load_generator.py) another. Prints a table in
Markdown; notes go to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.peers.environment import ROOT, python_of
from sandbox.launch import free_port, prepare_database
from services.seed import CLINIC_NUMBER

Result = dict[str, Any]
START_WITHIN_S = 30
# PEERS: what a server must keep to be said to carry so many calls.
MAX_TO_MODEL_MS, MAX_GAP_MS = 60.0, 40.0
HEAD = (
    "| server | calls | CPU ms per call-second | of the relay | core used | MB a call | outbound gap p50/p99 ms |"
    " caller→model p50/p99 ms | model→caller p50/p99 ms | answers | bytes lost/doubled |"
    " calls lost/refused, silent turns |"
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A running server: its port, the processes whose CPU counts, and whether it has webhooks."""

    port: int
    pids: list[int]
    webhook: bool


def pin(pid: int, core_number: int) -> None:
    """A process, and those it starts from now on, to one core, where the system knows such a thing."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(pid, {cores[core_number % len(cores)]})


@contextmanager
def relay(model_port: int, _calls: int) -> Iterator[Subject]:
    command = [str(python_of("relay")), "bench/peers/bare_relay.py", "--model", f"ws://127.0.0.1:{model_port}/v1"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    pin(process.pid, 0)
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline().split()[1])
        yield Subject(port, [process.pid], webhook=False)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def ours(model_port: int, calls: int) -> Iterator[Subject]:
    """gunicorn with one gevent worker and our configuration, on a database of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        environment = {
            **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")},
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": f"sqlite:///{directory}/bench.db",
            "SECRET_KEY": "for-this-bench-only-" + os.urandom(16).hex(),
            "ENGINE": "sandbox",
            "OPENAI_REALTIME_URL": f"ws://127.0.0.1:{model_port}/v1/realtime",
            "MAX_CALLS_PER_WORKER": str(calls + 50),
            "LOG_LEVEL": "INFO",
        }
        _migrate(environment)
        log = Path(directory) / "server.log"
        command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "-b", "127.0.0.1:0"]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, "wsgi:app"],
                cwd=directory,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        pin(process.pid, 0)
        try:
            yield Subject(_port(process, log), _children(process.pid), webhook=True)
        finally:
            process.terminate()
            process.wait()
            _tell_problems(log)


SERVERS = {"relay": relay, "ours": ours}


def _migrate(environment: dict[str, str]) -> None:
    """In a process of its own: the settings are read from the environment."""
    subprocess.run([sys.executable, "-m", "bench.load", "--prepare-database"], env=environment, cwd=ROOT, check=True)


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    """Once the worker answers."""
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", log.read_text(errors="replace"))
        try:
            if found and urllib.request.urlopen(f"http://127.0.0.1:{found[1]}/readyz", timeout=5).status == 200:
                return int(found[1])
        except OSError:
            pass  # not yet
        time.sleep(0.1)
    raise SystemExit(f"the server did not start:\n{log.read_text(errors='replace')}")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _tell_problems(log: Path) -> None:
    lines = [
        line for line in log.read_text(errors="replace").splitlines() if re.search("error|Traceback|outlived", line)
    ]
    if lines:
        print(f"{len(lines)} problems in the server's log, the first:\n{lines[0]}", file=sys.stderr)


def measure(server: str, calls: int, seconds: float, speech: Path, spin: bool) -> Result:
    """One load on one server."""
    model_port = free_port()
    with SERVERS[server](model_port, calls) as subject:
        command = [str(python_of("relay")), "-m", "bench.load_generator", "--calls", str(calls)]
        command += ["--seconds", str(seconds), "--port", str(subject.port), "--model-port", str(model_port)]
        command += ["--speech", str(speech), "--number", CLINIC_NUMBER]
        command += [part for pid in subject.pids for part in ("--pid", str(pid))]
        command += ["--webhook"] * subject.webhook + ["--spin"] * spin
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as generator:
            pin(generator.pid, 1)
            output, _ = generator.communicate()
    if generator.returncode:
        raise SystemExit(f"the load generator ended with {generator.returncode}")
    result: Result = json.loads(output)
    print(f"{server} {calls}: {json.dumps(result)}", file=sys.stderr)
    return {"server": server, **result}


def keeps_the_limits(result: Result) -> bool:
    wrong = ("lost_calls", "refused_calls", "silent_turns", "lost_bytes", "doubled_bytes")
    whole = not any(result[name] for name in wrong)
    return whole and result["to_model"]["p99"] <= MAX_TO_MODEL_MS and result["gaps"]["p99"] <= MAX_GAP_MS


def capacity(server: str, seconds: float, speech: Path, spin: bool, start: int, step: int) -> list[Result]:
    """Loads from `start` upwards until one breaks a limit; the last that kept them all is the capacity."""
    results = []
    calls = start
    while True:
        results.append(measure(server, calls, seconds, speech, spin))
        if not keeps_the_limits(results[-1]):
            return results
        calls += step


def table(results: list[Result]) -> str:
    relays = {result["calls"]: result for result in results if result["server"] == "relay"}
    lines = [HEAD, "|---" * HEAD.count(" |") + "|"]
    for result in results:
        beside = relays.get(result["calls"])
        ratio = f"{result['cpu_ms_per_call_s'] / beside['cpu_ms_per_call_s']:.2f} x" if beside else "–"
        cells = [
            result["server"],
            f"{result['calls']}",
            f"{result['cpu_ms_per_call_s']:.2f}",
            ratio,
            f"{result['cpu_share']:.0%}",
            f"{result['mb_per_call']:.2f}",
            *(f"{result[name]['p50']:.1f} / {result[name]['p99']:.1f}" for name in ("gaps", "to_model", "to_caller")),
            f"{result['answers']}",
            f"{result['lost_bytes']} / {result['doubled_bytes']}",
            f"{result['lost_calls']} / {result['refused_calls']} / {result['silent_turns']}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def default_speech() -> Path:
    """Real speech of this repository's tests."""
    return sorted((ROOT / "tests" / "data" / "audio").glob("*.ulaw"))[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", choices=sorted(SERVERS), action="append", help="may be given twice")
    parser.add_argument("--calls", default="1,10,50", help="loads to measure, with commas")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each load is measured")
    parser.add_argument("--speech", type=Path, help="raw 8 kHz mu-law that the callers say")
    parser.add_argument(
        "--spin",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep the generator's core awake, so that no server pays for waking it (default); needs that core whole",
    )
    parser.add_argument("--capacity", action="store_true", help="search the most calls within the limits")
    parser.add_argument("--step", type=int, default=50, help="of the capacity search")
    parser.add_argument("--prepare-database", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.prepare_database:
        from app.settings import load_settings

        prepare_database(load_settings())
        return
    speech = options.speech or default_speech()
    results: list[Result] = []
    loads = [int(calls) for calls in options.calls.split(",")]
    servers = options.server or ["relay", "ours"]
    if options.capacity:
        for server in servers:
            results += capacity(server, options.seconds, speech, options.spin, loads[-1], options.step)
    else:
        results = [
            measure(server, calls, options.seconds, speech, options.spin) for calls in loads for server in servers
        ]
    print(table(results))


if __name__ == "__main__":
    main()
