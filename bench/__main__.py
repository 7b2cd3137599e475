"""`make bench`: the tables of docs/benchmarks.md, measured here and now, one after another.

    make bench                          # all of them, some minutes each
    make bench ARGS="--only turns"      # one
    make bench ARGS="--quick"           # fewer calls, to see that all works
    make bench ARGS="--write"           # and put them into docs/benchmarks.md

Measure on a machine that does nothing else; where others work, trust ratios of one run and no absolutes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from bench.report import provenance, write

SOCKETS = ["--server", "relay", "--server", "ours", "--server", "library"]
BESIDE_OTHERS = ["--server", "relay", "--server", "ours", "--server", "bridge", "--server", "pipecat"]
# Name of the section in docs/benchmarks.md → the module that prints its table, its options, and those of a quick run.
TABLES: dict[str, tuple[str, list[str], list[str]]] = {
    "load": ("bench.load", ["--calls", "1,10,50", "--rounds", "3"], ["--calls", "10"]),
    "capacity": (
        "bench.load",
        ["--server", "ours", "--capacity"],
        ["--server", "ours", "--capacity", "--step", "100"],
    ),
    "sockets": ("bench.load", [*SOCKETS, "--calls", "10,50", "--rounds", "3"], [*SOCKETS, "--calls", "10"]),
    "peers": ("bench.load", [*BESIDE_OTHERS, "--calls", "1,10"], [*BESIDE_OTHERS, "--calls", "2"]),
    "speech-detection": ("bench.speech_detection", [], ["--no-anchors"]),
    "barge-in": ("bench.barge_in", [], ["--true", "40", "--false", "40"]),
    "interaction": ("bench.interaction", [], ["--each", "12"]),
    "turns": ("bench.turns", [], ["--calls", "20"]),
    "heard-position": ("bench.heard_position", [], ["--virtual", "40", "--calls", "10"]),
    "appointment-corpus": ("bench.appointment_corpus", [], []),
    "claims": ("bench.claims", [], []),
    "conversations": ("bench.conversations", [], ["--first", "12"]),
    "admin-pages": ("bench.admin_pages", [], ["--calls", "300", "--rounds", "3"]),
}
# These write their own section, with what belongs beside the table.
WRITE_THEMSELVES = {"barge-in", "interaction", "turns", "heard-position", "conversations"}


def main() -> int:
    """The exit code: that of the first bench that failed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=TABLES, action="append", help="may be given several times")
    parser.add_argument("--quick", action="store_true", help="small numbers")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    for name in options.only or TABLES:
        module, full, quick = TABLES[name]
        arguments = quick if options.quick else full
        if options.write and name in WRITE_THEMSELVES:
            arguments = [*arguments, "--write"]
        print(f"\n## {name}: python -m {module} {' '.join(arguments)}\n", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True, check=False
        )
        print(done.stdout, flush=True)
        if done.returncode:
            return done.returncode
        if options.write and name not in WRITE_THEMSELVES:
            where = provenance(" ".join(["python -m", module, *arguments]))
            write(name, f"{done.stdout.strip()}\n\n{where}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
