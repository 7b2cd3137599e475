"""`python -m sandbox.calendars --port 8768`: Google Calendar, CalDAV and ICS; / is a page to look at and add events.

Prints one line when it is ready; SIGTERM and SIGINT end it cleanly.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from sandbox.calendars.server import CalendarServer
from sandbox.realtime.starting import until_signal

_WHO = "sandbox calendars"


def main() -> int:
    """Run until a signal; the exit code."""
    parser = argparse.ArgumentParser(prog="sandbox.calendars", description="Calendars on this machine.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8768, help="0 takes a free one (default 8768)")
    arguments = parser.parse_args()
    return asyncio.run(_run(arguments.host, arguments.port))


async def _run(host: str, port: int) -> int:
    server = CalendarServer()
    try:
        await server.start(host, port)
    except OSError as error:
        print(f"{_WHO} cannot listen on {host}:{port}: {error}", file=sys.stderr)
        return 1
    await until_signal(lambda: print(f"{_WHO} ready: {server.url}", flush=True))
    await server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
