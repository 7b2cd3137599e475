"""How far the ledger is from the ear: heard milliseconds of interrupted answers against the sound that was heard.

python -m bench.heard_position --virtual 500 --calls 60 [--write]
"""

from __future__ import annotations

import argparse
import logging
import random

import structlog

from bench.markdown import table
from bench.report import command_line, percentile, provenance, write
from bench.trials import interruptions, play
from tests.media.conversation.virtual_call import Plan, VirtualCall

LINES = {
    "perfect line": (0, 0.0, 0.0, 0),
    "120 ms each way": (120, 0.0, 0.0, 0),
    "a third of the marks lost": (60, 0.33, 0.0, 0),
    "half of the marks late by up to 500 ms": (60, 0.0, 0.5, 500),
    "no marks at all": (60, 1.0, 0.0, 0),
}


def virtual_error(latency_ms: int, lost: float, late: float, late_ms: int, rng: random.Random) -> float | None:
    """Stored minus heard in one call on the virtual clock; None when the answer was over before it was cut."""

    def fate(_: str) -> float | None:
        if rng.random() < lost:
            return None
        return rng.uniform(0, late_ms) if rng.random() < late else 0.0

    call = VirtualCall(latency_ms=latency_ms, mark_fate=fate, plans=[Plan(length_ms=9000, text="one")])
    call.connect()
    call.run(1600)
    call.say("first question")
    call.run_until(lambda: bool(call.runs()))
    if rng.random() < 0.5:
        call.run(rng.uniform(400, 1500))
        call.say("hmm", 400)  # a held answer that goes on: the position must survive it
        call.run(2500)
    call.run(rng.uniform(300, 2500))
    call.say("wait a moment", 1200)
    call.run(1500)
    cut = [turn for turn in call.journal.turns.values() if turn.interrupted]
    if not cut:
        return None
    return cut[0].heard_ms - (max(call.heard_of(1)) + 1)


def row(name: str, errors: list[float]) -> list[str]:
    size = [abs(error) for error in errors]
    return [name, str(len(errors)), *(f"{percentile(size, share):.0f}" for share in (0.5, 0.99)), f"{max(size):.0f}"]


def socket_errors(calls: int, at_once: int) -> list[float]:
    """Stored minus heard in calls through real sockets."""
    errors = []
    for outcome in play(interruptions(calls, seed=7), at_once):
        cut = [turn for turn in outcome.stored.get("turns", []) if turn["interrupted"]]
        heard = outcome.heard
        if outcome.valid and cut and heard:
            errors.append(cut[0]["heard_ms"] - (max(heard) + 1))
    return errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--virtual", type=int, default=500, help="calls on the virtual clock, over all lines")
    parser.add_argument("--calls", type=int, default=60, help="calls through real sockets")
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    rng = random.Random(5)
    rows = []
    for name, line in LINES.items():
        found = [virtual_error(*line, rng) for _ in range(options.virtual // len(LINES))]
        rows.append(row(name, [error for error in found if error is not None]))
    if options.calls:
        rows.append(row("real sockets", socket_errors(options.calls, options.at_once)))
    head = ["line", "interrupted answers", "error p50 ms", "p99 ms", "worst ms"]
    text = "\n\n".join([provenance(command_line("bench.heard_position")), table(head, rows)])
    print(text)
    if options.write:
        write("heard-position", text)


if __name__ == "__main__":
    main()
