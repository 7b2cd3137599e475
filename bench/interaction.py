"""Who has the floor: the measures of voice-agent research, through real sockets (docs/benchmarks.md defines them).

python -m bench.interaction                       60 calls of each kind, 24 at once
python -m bench.interaction --each 12             quickly; --write puts the table into docs/benchmarks.md
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from bench.interaction_trials import interaction_trials
from bench.markdown import table
from bench.report import command_line, percentile, provenance, write
from bench.trials import Outcome, play, sounding
from sandbox import coded_audio
from services.audio.g711 import BYTES_PER_MS, FRAME_MS

YIELD_WITHIN_MS = 2000
NOTICED_MS = 200  # a shorter silence is a pause between words
SELECTIVE = ("backchannel", "tic", "to others")


def responses(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """The caller's question, with and without a pause inside: was it answered, how soon, and over whose words?

    A pause of 600 ms and more ends a turn, and the answer to its first half may be thrown away for that to the whole.
    """
    rows = []
    for kind, what in (("turn", "a question"), ("pause", "a question with a pause inside")):
        group = [outcome for outcome in outcomes if outcome.trial.kind == kind]
        times = [ms for ms in map(response_ms, group) if ms is not None]
        spread = [f"{percentile(times, share):.0f}" for share in (0.5, 0.9, 0.99)]
        over = sum(map(speaks_into_the_caller, group))
        rows.append([what, str(len(group)), _share(len(times), len(group)), *spread, _share(over, len(group))])
    return rows


def yields(outcomes: Sequence[Outcome]) -> list[list[str]]:
    rows = []
    for kind in ("sentence", "word"):
        group = [outcome for outcome in outcomes if outcome.trial.kind == kind]
        times = [ms for ms in map(Outcome.silent_after_ms, group) if ms is not None]
        in_time = sum(ms <= YIELD_WITHIN_MS for ms in times)
        spread = [f"{percentile(times, share):.0f}" for share in (0.5, 0.9, 0.99)]
        rows.append([kind, str(len(group)), _share(in_time, len(group)), *spread])
    return rows


def selectivity(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Per kind and for each group of kinds: what became of the answer."""
    rows = []
    for group in SELECTIVE:
        chosen = [outcome for outcome in outcomes if outcome.trial.kind.startswith(group)]
        kinds = dict.fromkeys(outcome.trial.kind for outcome in chosen)
        rows += [_selectivity_row(kind, [o for o in chosen if o.trial.kind == kind]) for kind in kinds]
        rows.append(_selectivity_row(f"**{group}, all**", chosen))
    return rows


def _selectivity_row(name: str, group: Sequence[Outcome]) -> list[str]:
    kept = [outcome for outcome in group if keeps_the_floor(outcome)]
    silences = [ms for outcome in kept if (ms := longest_silence_ms(outcome)) >= NOTICED_MS]
    median = f"{percentile(silences, 0.5):.0f}" if silences else "–"
    return [name, str(len(group)), _share(len(kept), len(group)), _share(len(silences), len(group)), median]


def keeps_the_floor(outcome: Outcome) -> bool:
    """Nothing was interrupted or answered: the whole answer was heard, and no other."""
    heard = outcome.heard
    other = any(run.answer != 0 for run in coded_audio.runs(outcome.result.heard))
    return not outcome.events and not other and all(heard[ms] for ms in range(FRAME_MS, outcome.answer_ms - FRAME_MS))


def longest_silence_ms(outcome: Outcome) -> float:
    """Inside the answer, as the caller heard it."""
    runs = [run for run in coded_audio.runs(outcome.result.heard) if run.answer == 0]
    ends = [run.at / BYTES_PER_MS + run.end_ms - run.start_ms for run in runs]
    return max((run.at / BYTES_PER_MS - end for run, end in zip(runs[1:], ends, strict=False)), default=0.0)


def response_ms(outcome: Outcome) -> float | None:
    """From the question's last sound to the first of an answer after it; None when there is none."""
    said = _said(outcome)
    runs = coded_audio.runs(outcome.result.heard)
    starts = [run.at / BYTES_PER_MS for run in runs if run.answer > 0 and run.start_ms == 0]
    return next((start - said[-1] - FRAME_MS for start in starts if start > said[-1]), None) if said else None


def speaks_into_the_caller(outcome: Outcome) -> bool:
    """An answer begins between the first and the last sound of what the caller says."""
    said = _said(outcome)
    starts = [run.at / BYTES_PER_MS for run in coded_audio.runs(outcome.result.heard) if run.start_ms == 0]
    return bool(said) and any(said[0] < start < said[-1] for start in starts)


def _said(outcome: Outcome) -> list[int]:
    """When, in milliseconds of the call, the caller was heard in the trial."""
    began, length = outcome.began_ms, len(outcome.trial.sound) / BYTES_PER_MS
    return [at for at in sounding(outcome.result.said) if began - FRAME_MS <= at < began + length]


def _share(count: int, of: int) -> str:
    return f"{100 * count / of:.1f} %" if of else "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=60, help="calls of each kind")
    parser.add_argument("--at-once", type=int, default=24, help="calls on the line together")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    outcomes = play(interaction_trials(options.each), options.at_once)
    valid = [outcome for outcome in outcomes if outcome.valid]
    spread = ["p50 ms", "p90 ms", "p99 ms"]
    parts = [
        provenance(command_line("bench.interaction")),
        table(["the caller asks", "calls", "answered", *spread, "the agent begins over the caller"], responses(valid)),
        table(["the caller interrupts with a", "calls", "yields within 2 s", *spread], yields(valid)),
        table(
            [
                "over the answer",
                "calls",
                "the answer goes on",
                f"silent for {NOTICED_MS} ms or more",
                "p50 of these, ms",
            ],
            selectivity(valid),
        ),
        f"{len(outcomes) - len(valid)} of {len(outcomes)} calls did not come to the trial and are not counted.",
    ]
    text = "\n\n".join(parts)
    print(text)
    if options.write:
        write("interaction", text)


if __name__ == "__main__":
    main()
