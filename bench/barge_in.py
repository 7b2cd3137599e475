"""Barge-in through real sockets: how soon the ear is silent, what was missed, what ended an answer and should not have.

python -m bench.barge_in                          500 interruptions and 500 false alarms, 40 calls at once
python -m bench.barge_in --true 40 --false 40     quickly; --write puts the tables into docs/benchmarks.md
python -m bench.barge_in --engine google          on the cascade
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable

from bench.markdown import table
from bench.report import command_line, percentile, provenance, write
from bench.trials import Outcome, false_alarms, interruptions, play

SEAM_MS = 20  # nobody outside Twilio knows the position closer than a frame


def interruption_table(outcomes: Iterable[Outcome]) -> str:
    rows = []
    for kind, group in _by_kind(outcomes).items():
        late = [outcome.silent_after_ms() for outcome in group]
        times = [ms for ms in late if ms is not None]
        rows.append(
            [
                kind,
                str(len(group)),
                str(late.count(None)),
                *(f"{percentile(times, share):.0f}" for share in (0.5, 0.9, 0.99)),
            ]
        )
    return table(["interruption by", "calls", "missed", "p50 ms", "p90 ms", "p99 ms"], rows)


def false_alarm_table(outcomes: Iterable[Outcome]) -> str:
    rows = []
    for kind, group in _by_kind(outcomes).items():
        whole = [outcome for outcome in group if not outcome.events]
        held = [outcome for outcome in group if outcome.stored["metrics"]["barge_in_candidates"]]
        damaged = [outcome for outcome in whole if seam_ms(outcome) > SEAM_MS]
        worst = max((seam_ms(outcome) for outcome in whole), default=0)
        cells = (len(group), len(held), len(group) - len(whole), len(damaged), worst)
        rows.append([kind, *map(str, cells)])
    head = [
        "false alarm",
        "calls",
        "held for a moment",
        "ended the answer",
        f"lost or doubled > {SEAM_MS} ms",
        "worst ms",
    ]
    return table(head, rows)


def _by_kind(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.trial.kind].append(outcome)
        groups["all"].append(outcome)
    return groups


def seam_ms(outcome: Outcome) -> int:
    """Milliseconds of the answer that were not heard exactly once."""
    counts = outcome.heard
    return sum(1 for ms in range(outcome.answer_ms) if counts[ms] != 1)


def uncertainty(real: list[Outcome], false: list[Outcome]) -> str:
    """What the simulation's own delays have to do with the figures."""
    late = sum(outcome.far_end_late for outcome in (*real, *false))
    times = [ms for o in real if not o.far_end_late and (ms := o.silent_after_ms()) is not None]
    seams = [seam_ms(o) for o in false if not o.far_end_late and not o.events]
    return (
        f"In {late} of the calls counted the simulated caller was itself more than {SEAM_MS} ms behind its clock in "
        f"the trial. Without these: p99 {percentile(times, 0.99):.0f} ms, worst seam {max(seams, default=0)} ms."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--true", type=int, default=500, dest="real", help="interruptions")
    parser.add_argument("--false", type=int, default=500, dest="false", help="sounds that are none")
    parser.add_argument("--at-once", type=int, default=40, help="calls on the line together")
    parser.add_argument("--engine", choices=("sandbox", "google"), default="sandbox")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    trials = [*interruptions(options.real), *false_alarms(options.false)]
    outcomes = play(trials, options.at_once, engine=options.engine)
    valid = [outcome for outcome in outcomes if outcome.valid]
    real = [outcome for outcome in valid if outcome.trial.is_interruption]
    false = [outcome for outcome in valid if not outcome.trial.is_interruption]
    parts = [
        provenance(command_line("bench.barge_in")),
        interruption_table(real),
        false_alarm_table(false),
        f"{len(outcomes) - len(valid)} of {len(outcomes)} calls did not come to the trial and are not counted.",
        uncertainty(real, false),
    ]
    text = "\n\n".join(parts)
    print(text)
    if options.write:
        write("barge-in", text)


if __name__ == "__main__":
    main()
