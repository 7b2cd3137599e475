"""`make attack`: floods held against a production server while calls go on, and attacks spoken on the telephone.

    make attack                            all of it, under ten minutes
    make attack ARGS="--quick"             shorter floods and fewer calls, to see that all works
    make attack ARGS="--only spoken"       or floods
    make attack ARGS="--flood idle"        the floods whose name holds this
    make attack ARGS="--spoken FILE"       the attacks of another file or directory
    make attack ARGS="--write"             and the tables into docs/security.md

Needs a PostgreSQL server (--postgres names a role that may create databases). Exit status 1 when a goal was missed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import psycopg

from bench.attack.campaign import run_floods
from bench.attack.report import floods_table, missed, spoken_table
from bench.attack.spoken import MATERIAL, Attack, play, read_attacks
from bench.attack.spoken_judge import judge
from bench.attack.spoken_world import World
from bench.postgres import POSTGRES, new_database
from bench.report import command_line, provenance, write
from services.db.database import Database
from services.db.migration import migrate

PAGE = Path(__file__).resolve().parents[2] / "docs" / "security.md"
CALLS, SECONDS = 20, 20.0
QUICK_CALLS, QUICK_SECONDS = 6, 8.0


def main() -> int:
    options = _options()
    try:
        with new_database(options.postgres, "attack") as url:
            spoken = options.only == "floods" or _spoken(url, options)
        return 0 if (options.only == "spoken" or _floods(options)) and spoken else 1
    except psycopg.OperationalError as error:
        print(f"make attack: skipped, it needs PostgreSQL: {str(error).splitlines()[0]}", file=sys.stderr)
        return 0


def _floods(options: argparse.Namespace) -> bool:
    """Whether every goal was met."""
    calls, seconds = (QUICK_CALLS, QUICK_SECONDS) if options.quick else (CALLS, SECONDS)
    results = run_floods(options.postgres, calls, seconds, options.flood)
    failures = [f"- {result.name}: {'; '.join(goals)}" for result in results if (goals := missed(result))]
    verdict = ["Goals missed:", "", *failures] if failures else ["Every goal was met."]
    _publish("floods", "\n".join([f"{calls} calls.", "", floods_table(results), "", *verdict]), options)
    return not failures


def _spoken(url: str, options: argparse.Namespace) -> bool:
    """Whether no attacker got anything."""
    judged: list[tuple[Attack, list[str]]] = []
    database = Database(url)
    try:
        migrate(database)
        for attack in read_attacks(options.spoken):
            world = World(database, language=attack.lang, caller=attack.caller)
            judged.append((attack, judge(play(world, attack), world)))
    finally:
        database.dispose()
    _publish("spoken", spoken_table(judged), options)
    return not any(complaints for _, complaints in judged)


def _publish(name: str, text: str, options: argparse.Namespace) -> None:
    print(f"\n{text}", flush=True)
    if options.write:
        write(f"attack-{name}", f"{text}\n\n{provenance(command_line('bench.attack'))}", PAGE)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer calls, shorter floods")
    parser.add_argument("--write", action="store_true", help="into docs/security.md")
    parser.add_argument("--only", choices=("floods", "spoken"))
    parser.add_argument("--flood", default="", help="only floods whose name holds this")
    parser.add_argument("--spoken", type=Path, default=MATERIAL, help="a file or a directory of attacks")
    parser.add_argument("--postgres", default=POSTGRES)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
