"""What the sandbox's servers have in common when they start as processes: logs, scripts, ears, and an end by signal."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from pydantic import TypeAdapter

from sandbox.realtime.chat import Chat
from sandbox.realtime.extraction import extract
from sandbox.realtime.script import Script
from sandbox.realtime.server import Options

if TYPE_CHECKING:
    from sandbox.realtime.conversation_brain import Recogniser


def log_to_stderr(*, words: bool) -> None:
    """`words`: with what was heard and said."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("sandbox").setLevel(logging.DEBUG if words else logging.INFO)


def converse(options: Options, folders: list[Path], *, who: str) -> Recogniser:
    """Make the server hear and speak; what its ears are. Exits when the speech wheels are not installed."""
    try:
        from sandbox.realtime.conversation_brain import ConversationBrain, Recogniser
        from sandbox.speech.clips import KnownClips
        from sandbox.speech.voice import clip_directory
    except ImportError as exc:
        sys.exit(f"{who}: {exc}; install requirements-sandbox.txt, or use --brain scripted")
    os.nice(5)  # the calls of a server on the same machine go before the model's thinking
    recogniser = Recogniser(KnownClips(clip_directory(), *folders))
    options.new_brain = lambda: ConversationBrain(recogniser)
    options.chat = Chat(extract)
    return recogniser


def read_scripts(path: Path, *, who: str) -> list[Script]:
    """One script or a list of them; exits with the reason when the file is not in order."""
    try:
        read = orjson.loads(path.read_bytes())
        return TypeAdapter(list[Script]).validate_python(read if isinstance(read, list) else [read])
    except (OSError, ValueError) as exc:  # ValueError: not JSON, or not a script
        sys.exit(f"{who}: {path} cannot be used: {exc}")


async def until_signal(ready: Callable[[], None]) -> None:
    """Say that it is ready, then wait for SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    ready()
    await stop.wait()
