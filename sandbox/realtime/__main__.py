"""`python -m sandbox.realtime --port 8765 [--brain scripted|conversation] [--script FILE]`.

Prints one line when it is ready; SIGTERM and SIGINT end it cleanly.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from sandbox.realtime.server import Options, RealtimeServer
from sandbox.realtime.starting import converse, log_to_stderr, read_scripts, until_signal

_WHO = "sandbox realtime"


def main() -> int:
    """Run until a signal; the exit code."""
    arguments = _arguments()
    log_to_stderr(words=arguments.verbose)
    options = Options(api_key=arguments.api_key, keeps_events=not arguments.lean)
    scripts = read_scripts(arguments.script, who=_WHO) if arguments.script else []
    brain = arguments.brain or ("scripted" if arguments.script else "conversation")
    warm_up: Callable[[], None] = _nothing
    if brain == "conversation":
        warm_up = converse(options, arguments.clips, who=_WHO).warm_up
    return asyncio.run(_run(RealtimeServer(options, scripts), arguments, brain, warm_up))


def _nothing() -> None:
    """A scripted brain needs no warming up."""


async def _run(server: RealtimeServer, arguments: argparse.Namespace, brain: str, warm_up: Callable[[], None]) -> int:
    try:
        await server.start(arguments.host, arguments.port)
    except OSError as exc:
        print(f"{_WHO} cannot listen on {arguments.host}:{arguments.port}: {exc}", file=sys.stderr)
        return 1

    def ready() -> None:
        print(f"{_WHO} ready: {server.realtime_url} (brain: {brain})", flush=True)
        warm_up()

    await until_signal(ready)
    await server.stop()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox.realtime", description="A Realtime model on this machine.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8765, help="0 takes a free one (default 8765)")
    parser.add_argument(
        "--brain",
        choices=["scripted", "conversation"],
        help="conversation hears and speaks (default), scripted does what scripts say (default with --script); "
        "scripts for single sessions can be posted to /control either way",
    )
    parser.add_argument("--script", type=Path, help="JSON: one script or a list (sandbox/realtime/script.py)")
    parser.add_argument(
        "--clips", type=Path, action="append", default=[], help="folder of further known clips: x.ulaw beside x.json"
    )
    parser.add_argument("--api-key", help="the only key accepted (default: any)")
    parser.add_argument("--lean", action="store_true", help="keep counts of events, not the events (benches)")
    parser.add_argument("--verbose", action="store_true", help="log the words that were heard and said")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
