"""Many calls on the cascade in one worker: what they cost, and whether anything stands still (C8, C10).

    python -m bench.cascade --calls 1,10,50

Google's services and the callers are processes beside it, on what is left of the machine. CPU is the worker's with all
its threads, gRPC's too; the loop's lag is what the worker itself measures every 50 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
import urllib.request
from pathlib import Path

from bench.markdown import table
from bench.report import command_line, percentile, provenance
from bench.trials import QUESTION
from sandbox.twilio.scenario import Scenario
from sandbox.twilio.scenario_runner import Report
from sandbox.twilio.stage import stage

QUESTIONS = 3
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
HEAD = ("calls", "answered", "CPU ms per call-s", "core used", "loop lag p99 ms", "answered p50/p99 ms", "paced late")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", default="1,10,50", help="how many at once, one run each")
    options = parser.parse_args()
    rows = [measure(int(calls)) for calls in options.calls.split(",")]
    print("\n\n".join([provenance(command_line("bench.cascade")), table(HEAD, rows)]))


def measure(calls: int) -> list[str]:
    environment = {"MAX_CALLS_PER_WORKER": str(2 * calls), "LOG_LEVEL": "INFO"}
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        stage(Path(directory), environment=environment, engine="google") as running,
    ):
        [worker] = children(running.server.pid)
        before = cpu_s(worker)
        runner = running.runner()
        reports = asyncio.run(runner.run_all([scenario()] * calls, at_once=calls))
        used_s = cpu_s(worker) - before
        lag_ms = lag_p99_ms(running.webhook_base)
    call_s = sum(seconds(report) for report in reports)
    longest_s = max(seconds(report) for report in reports)
    turns = [turn for report in reports for turn in report.stored["metrics"]["latencies"]]
    times = [turn["total"] for turn in turns] or [0.0]
    late_ms = max(report.stored["metrics"]["pacing_late_ms_max"] for report in reports)
    return [
        str(calls),
        f"{len(turns)} of {QUESTIONS * calls}",
        f"{1000 * used_s / call_s:.1f}",
        f"{100 * used_s / longest_s:.0f} %",
        f"≤ {lag_ms:.0f}",
        f"{percentile(times, 0.5):.0f} / {percentile(times, 0.99):.0f}",
        f"{late_ms:.0f} ms at most",
    ]


def scenario() -> Scenario:
    """A caller who asks three times and hears three answers."""
    answers = [{"text": f"This is answer {n}. It has a second sentence.", "length_ms": 3000} for n in range(QUESTIONS)]
    first = {"name": "q0", "clip": QUESTION, "at_ms": 400}
    more = [{"name": f"q{n}", "clip": QUESTION, "agent_done_ms": 1200} for n in range(1, QUESTIONS)]
    return Scenario.model_validate(
        {
            "about": "Three questions",
            "settings": {"enable_greeting": False},
            "model": {
                "answers": [{**answer, "think_ms": 300} for answer in answers],
                "transcripts": [{"text": f"Question number {n}?", "delay_ms": 300} for n in range(QUESTIONS)],
                "google": {"first_sound_ms": 150, "think_ms": 300},
            },
            "caller": [first, *more, {"hang_up": "stop", "agent_done_ms": 800}],
            "expect": {"stored": {"end_reason": "caller_hangup"}},
        }
    )


def seconds(report: Report) -> float:
    return float(report.stored["metrics"]["seconds"])


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_s(pid: int) -> float:
    """Of a process with all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def lag_p99_ms(base: str) -> float:
    """The bucket in which the 99th of a hundred of the worker's own measurements lies."""
    with urllib.request.urlopen(f"{base}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found = re.findall(r'assistant_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)', text)
    buckets = [(float(limit.replace("+Inf", "inf")), float(count)) for limit, count in found]
    return 1000 * next(limit for limit, count in buckets if count >= 0.99 * buckets[-1][1])


if __name__ == "__main__":
    main()
