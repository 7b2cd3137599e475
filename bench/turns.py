"""A turn through real sockets: from the caller's last sound to the answer's first, and whose time it was.

python -m bench.turns --calls 100 --at-once 20 [--engine google] [--write]
"""

from __future__ import annotations

import argparse

from bench.markdown import table
from bench.report import command_line, percentile, provenance, write
from bench.trials import QUESTION, Trial, play
from sandbox.twilio.clips import load_clip

PARTS = {
    "endpointing": "endpointing: the model notices that the caller has stopped",
    "model": "model: until there are words and sound",
    "ours": "ours: everything else",
    "words": "of the cascade: until the words were known",
    "chat": "… the chat model's first word",
    "sentence": "… its first sentence",
    "voice": "… the voice's first sound",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--engine", choices=("sandbox", "google"), default="sandbox")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    trial = Trial("turn", load_clip(QUESTION), "יש אצלכם חניה?", 0)
    outcomes = play([trial] * options.calls, options.at_once, engine=options.engine)
    seen = [ms for ms in (outcome.answered_after_ms() for outcome in outcomes if outcome.valid) if ms is not None]
    own = [turn for outcome in outcomes if outcome.valid for turn in outcome.stored["metrics"]["latencies"][1:]]
    values = {"heard by the caller, whole": seen} | {
        what: [turn[name] for turn in own if name in turn] for name, what in PARTS.items()
    }
    rows = [
        [what, str(len(times)), *(f"{percentile(times, share):.0f}" for share in (0.5, 0.9, 0.99))]
        for what, times in values.items()
        if times
    ]
    text = "\n\n".join(
        [provenance(command_line("bench.turns")), table(["part", "turns", "p50 ms", "p90 ms", "p99 ms"], rows)]
    )
    print(text)
    if options.write:
        write("turns", text)


if __name__ == "__main__":
    main()
