"""Plays the dialogues and prints how many came out as their authors demand.

    python -m bench.conversations                        # all in bench/conversations/dialogues
    python -m bench.conversations --only he-a-01 en-05   # some
    python -m bench.conversations --verbose he-a-01      # one, with the whole call
    python -m bench.conversations --dir some/directory   # those of another directory

Exit status 1 when something could not be played; a dialogue that comes out wrong is a result.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import orjson

from bench.conversations import report
from bench.conversations.dialogue import DIRECTORY, Dialogue, DialogueError, load
from bench.conversations.play import Played
from bench.conversations.run import play_all
from bench.report import command_line, provenance, write
from sandbox.twilio.stage import ROOT, StageFailed

SECTION = "conversations"


def main() -> int:
    """The exit status."""
    options = _options()
    try:
        dialogues = _chosen(options)
        began_s = time.monotonic()
        results = asyncio.run(play_all(dialogues, options.at_once, _progress))
    except (DialogueError, StageFailed) as error:
        print(error, file=sys.stderr)
        return 1
    print(file=sys.stderr)
    table = report.right_of_played(results)
    lines = [*report.wrong_ones(results), *report.unplayed(results)]
    late = report.lateness(results)
    for played in results:
        if played.dialogue.id in options.verbose:
            print(report.whole_call(played), end="\n\n")
    print(table, "", *lines, *([late] if late else []), sep="\n")
    print(f"\n{len(results)} dialogues in {time.monotonic() - began_s:.0f} s, {options.at_once} at once")
    if options.json:
        options.json.write_bytes(orjson.dumps([report.as_json(one) for one in results], option=orjson.OPT_INDENT_2))
    if options.write:
        where = f"{provenance(command_line('bench.conversations'))} · commit {_commit()}"
        write(SECTION, "\n\n".join(part for part in (table, late, where) if part))
    return 1 if report.unplayed(results) else 0


def _progress(played: Played) -> None:
    print("." if played.right else "?" if played.problem else "x", end="", file=sys.stderr, flush=True)


def _chosen(options: argparse.Namespace) -> list[Dialogue]:
    dialogues = load(options.dir)
    wanted = [*options.only, *options.verbose]
    unknown = set(wanted) - {one.id for one in dialogues}
    if unknown:
        raise DialogueError(f"{options.dir}: no dialogue {', '.join(sorted(unknown))}")
    if wanted:
        dialogues = [one for one in dialogues if one.id in wanted]
    return dialogues[: options.first]


def _commit() -> str:
    """What was played: the commit, and whether the working copy was changed."""
    git = ["git", "-C", str(ROOT)]
    name = _output([*git, "rev-parse", "--short", "HEAD"])
    return f"{name or 'unknown'}{' and changes' if _output([*git, 'status', '--porcelain']) else ''}"


def _output(command: Sequence[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, default=DIRECTORY, help="where the dialogues are, folders included")
    parser.add_argument("--only", nargs="+", default=[], metavar="ID", help="only these")
    parser.add_argument("--verbose", nargs="+", default=[], metavar="ID", help="only these, with the whole call")
    parser.add_argument("--first", type=int, metavar="N", help="only the first N of them")
    parser.add_argument("--at-once", type=int, default=12, choices=range(1, 13), metavar="1..12")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all results with their calls, for programs")
    parser.add_argument("--write", action="store_true", help="the table into docs/benchmarks.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
