"""`python -m sandbox.google --grpc-port 8766 --port 8767 [--brain scripted|conversation] [--script FILE]`.

Prints one line when it is ready; SIGTERM and SIGINT end it cleanly.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from sandbox.google.account import Account, make_account
from sandbox.google.script import GoogleConduct
from sandbox.google.server import GoogleServer, ServerOptions
from sandbox.realtime.server import Options
from sandbox.realtime.starting import converse, log_to_stderr, read_scripts, until_signal

_WHO = "sandbox google"


def main() -> int:
    """Run until a signal; the exit code."""
    arguments = _arguments()
    log_to_stderr(words=arguments.verbose)
    options = ServerOptions(http=Options(keeps_events=not arguments.lean))
    options.streams_per_connection = arguments.streams_per_connection
    if arguments.secure:
        options.account = _write_account(arguments.secure)
    options.google.keeps_replies = not arguments.lean
    options.google.conduct = GoogleConduct(
        interim_ms=500,  # really listening again costs a part of a second each time
        first_sound_ms=arguments.first_sound_ms,
        think_ms=arguments.think_ms,
        stream_limit_ms=int(arguments.stream_limit_s * 1000),
    )
    scripts = read_scripts(arguments.script, who=_WHO) if arguments.script else []
    brain = arguments.brain or ("scripted" if arguments.script else "conversation")
    warm_up: Callable[[], None] = _nothing
    if brain == "conversation":
        recogniser = converse(options.http, arguments.clips, who=_WHO)
        options.google.recogniser = recogniser
        warm_up = recogniser.warm_up
    return asyncio.run(_run(GoogleServer(options, scripts), arguments, brain, warm_up))


def _write_account(directory: Path) -> Account:
    account = make_account()
    (directory / "account.json").write_text(account.json_text)
    (directory / "certificate.pem").write_bytes(account.certificate)
    return account


def _nothing() -> None:
    """A scripted brain needs no warming up."""


async def _run(server: GoogleServer, arguments: argparse.Namespace, brain: str, warm_up: Callable[[], None]) -> int:
    try:
        await server.start(arguments.host, arguments.port, arguments.grpc_port)
    except OSError as exc:
        print(f"{_WHO} cannot listen on {arguments.host}: {exc}", file=sys.stderr)
        return 1

    def ready() -> None:
        print(f"{_WHO} ready: grpc {server.grpc_address} chat {server.http.base_url} (brain: {brain})", flush=True)
        warm_up()

    await until_signal(ready)
    await server.stop()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox.google", description="Google's speech services on this machine.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--grpc-port", type=int, default=8766, help="of both services; 0 takes a free one")
    parser.add_argument("--port", type=int, default=8767, help="of chat and /control; 0 takes a free one")
    parser.add_argument(
        "--brain",
        choices=["scripted", "conversation"],
        help="conversation hears, answers and speaks (default), scripted does what scripts say (default with --script)",
    )
    parser.add_argument("--script", type=Path, help="JSON: one script or a list (sandbox/realtime/script.py)")
    parser.add_argument(
        "--clips", type=Path, action="append", default=[], help="folder of further known clips: x.ulaw beside x.json"
    )
    parser.add_argument("--think-ms", type=int, default=250, help="from a chat request to its first word (%(default)s)")
    parser.add_argument("--first-sound-ms", type=int, default=150, help="from a text to its sound (%(default)s)")
    parser.add_argument("--stream-limit-s", type=float, default=305, help="longest recognition stream (%(default)s)")
    parser.add_argument("--streams-per-connection", type=int, help="what comes beyond waits (default: no limit)")
    parser.add_argument(
        "--secure",
        type=Path,
        metavar="DIRECTORY",
        help="TLS, and only with the key of an account made now: account.json and certificate.pem are written there",
    )
    parser.add_argument("--lean", action="store_true", help="keep counts, not what was said (benches)")
    parser.add_argument("--verbose", action="store_true", help="log the words that were heard and said")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
