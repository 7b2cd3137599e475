"""The cluster's campaign: many calls at once over three hosts and a balancer, while hosts, Redis and PostgreSQL go.

    python -m bench.cluster --calls 150                   every fault, 150 calls at once in each
    python -m bench.cluster --calls 12 --faults vanish    one, small
    python -m bench.cluster --calls 30 --growth           so many a host, on 1, 2 and 3: CPU and statements a call

Exit status 1 when a goal was missed. Starts all it needs on this machine: HAProxy, Redis and PostgreSQL must be
installed.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.cluster.campaign import FAULTS, play_round
from bench.cluster.hosts import HostFailed
from bench.cluster.installation import HOSTS, Cluster, Missing, cluster
from bench.cluster.outcome import Round, table
from bench.cluster.postgres import NoPostgres
from bench.cluster.processes import NotStarted, end_in_order


def main() -> int:
    options = _options()
    end_in_order()
    try:
        rounds = _growth(options) if options.growth else _faults(options)
    except (Missing, NoPostgres, NotStarted, HostFailed) as error:
        print(f"skipped: {error}", file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        print(f"{error}\n{(error.stderr or b'').decode(errors='replace')}", file=sys.stderr)
        return 2
    print(table(rounds), *(line for one in rounds for line in one.failures()), sep="\n", flush=True)
    return 0 if all(one.met for one in rounds) else 1


def _faults(options: argparse.Namespace) -> list[Round]:
    """All of them on one installation, one after the other."""
    with _directory() as directory, cluster(Path(directory), places=options.places) as running:
        _tell(running)
        rounds = []
        try:
            for number, fault in enumerate(options.faults):
                rounds.append(asyncio.run(play_round(running, fault, options.calls, options.seed + number)))
                print(f"{fault}: played", flush=True)
        finally:
            if options.keep:
                _keep_logs(Path(directory), Path(options.keep))
        return rounds


def _keep_logs(directory: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for log in directory.rglob("*.log"):
        shutil.copy(log, target)


def _growth(options: argparse.Namespace) -> list[Round]:
    """Each host gets as many calls: the load grows with the hosts."""
    rounds = []
    for hosts in range(1, len(HOSTS) + 1):
        with _directory() as directory, cluster(Path(directory), hosts=hosts, places=options.places) as running:
            rounds.append(asyncio.run(play_round(running, "none", options.calls * hosts, options.seed + hosts)))
    return rounds


def _directory() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="cluster-", ignore_cleanup_errors=True)


def _tell(running: Cluster) -> None:
    if running.network.why_loopback:
        reason = running.network.why_loopback
        print(f"loopback addresses ({reason}): a host that vanishes is killed, and its peers are told", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.cluster", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=150, help="at once; with --growth for each host")
    parser.add_argument("--faults", type=_names, default=list(FAULTS), help=",".join(FAULTS))
    parser.add_argument("--growth", action="store_true", help="no faults: 1, 2, 3 hosts")
    parser.add_argument("--places", type=int, default=80, help="MAX_CALLS_PER_WORKER")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", default="", metavar="FOLDER", help="copy the logs there")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(FAULTS):
        raise argparse.ArgumentTypeError(f"not {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    sys.exit(main())
