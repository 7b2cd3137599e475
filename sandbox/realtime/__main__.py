"""`python -m sandbox.realtime --port 8765 [--brain scripted|conversation] [--script FILE]`.

Prints one line when it is ready; SIGTERM and SIGINT end it cleanly.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
from pydantic import TypeAdapter

from sandbox.realtime.chat import Chat
from sandbox.realtime.extraction import extract
from sandbox.realtime.script import Script
from sandbox.realtime.server import Options, RealtimeServer


def main() -> int:
    """Run until a signal; the exit code."""
    arguments = _arguments()
    level = logging.DEBUG if arguments.verbose else logging.INFO
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("sandbox").setLevel(level)
    options = Options(api_key=arguments.api_key, keeps_events=not arguments.lean)
    scripts = _scripts(arguments.script) if arguments.script else []
    brain = arguments.brain or ("scripted" if arguments.script else "conversation")
    warm_up: Callable[[], None] = _nothing
    if brain == "conversation":
        os.nice(5)  # the calls of a server on the same machine go before the model's thinking
        warm_up = _converse(options, arguments.clips)
    return asyncio.run(_run(RealtimeServer(options, scripts), arguments, brain, warm_up))


def _nothing() -> None:
    """A scripted brain needs no warming up."""


def _converse(options: Options, folders: list[Path]) -> Callable[[], None]:
    """Make the server hear and speak; what loads the recogniser. Exits when the speech wheels are not installed."""
    try:
        from sandbox.realtime.conversation_brain import ConversationBrain, Ears
        from sandbox.speech.clips import KnownClips
        from sandbox.speech.voice import clip_directory
    except ImportError as exc:
        sys.exit(f"sandbox realtime: {exc}; install requirements-sandbox.txt, or use --brain scripted")
    ears = Ears(KnownClips(clip_directory(), *folders))
    options.new_brain = lambda: ConversationBrain(ears)
    options.chat = Chat(extract)
    return ears.warm_up


async def _run(server: RealtimeServer, arguments: argparse.Namespace, brain: str, warm_up: Callable[[], None]) -> int:
    try:
        await server.start(arguments.host, arguments.port)
    except OSError as exc:
        print(f"sandbox realtime cannot listen on {arguments.host}:{arguments.port}: {exc}", file=sys.stderr)
        return 1
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(f"sandbox realtime ready: {server.realtime_url} (brain: {brain})", flush=True)
    warm_up()
    await stop.wait()
    await server.stop()
    return 0


def _scripts(path: Path) -> list[Script]:
    """One script or a list of them; exits with the reason when the file is not in order."""
    try:
        read = orjson.loads(path.read_bytes())
        return TypeAdapter(list[Script]).validate_python(read if isinstance(read, list) else [read])
    except (OSError, ValueError) as exc:  # ValueError: not JSON, or not a script
        sys.exit(f"sandbox realtime: {path} cannot be used: {exc}")


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
