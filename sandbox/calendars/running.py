"""The server in a thread with an event loop of its own, for tests that live in the same process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from sandbox.calendars.dav import COLLECTION
from sandbox.calendars.faults import Fault
from sandbox.calendars.google_store import Stored, timed
from sandbox.calendars.server import ACCOUNT, CalendarServer

_DEADLINE_S = 10.0
T = TypeVar("T")


class RunningCalendars:
    """A handle on a server in another thread; everything here may be called from any thread."""

    def __init__(self, server: CalendarServer, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self.url = server.url
        self.account = ACCOUNT

    @property
    def dav_url(self) -> str:
        """Of the calendar in the CalDAV account."""
        return f"{self.url}{COLLECTION}"

    def do(self, fn: Callable[[CalendarServer], T]) -> T:
        """fn's value, from the server's own thread."""

        async def run() -> T:
            return fn(self._server)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_DEADLINE_S)

    def fault(self, fault: Fault) -> None:
        """Something that goes wrong with one of the next requests."""
        self.do(lambda server: server.faults.waiting.append(fault))

    def requests(self) -> list[str]:
        """Every request so far, as "METHOD /path"."""
        return self.do(lambda server: list(server.faults.seen))

    # what the owner does in the Google calendar

    def add(self, start: datetime, end: datetime, **fields: Any) -> str:
        """A new event; its id."""
        body = {"start": timed(start), "end": timed(end), **fields}
        return self._changed(lambda server: server.google.calendars[ACCOUNT].insert(body).id)

    def patch(self, event_id: str, **fields: Any) -> None:
        self._changed(lambda server: server.google.calendars[ACCOUNT].patch(event_id, fields, ""))

    def move(self, event_id: str, start: datetime, end: datetime) -> None:
        self.patch(event_id, start=timed(start), end=timed(end))

    def delete(self, event_id: str) -> None:
        self._changed(lambda server: server.google.calendars[ACCOUNT].delete(event_id))

    def event(self, event_id: str) -> Stored | None:
        return self.do(lambda server: server.google.calendars[ACCOUNT].events.get(event_id))

    def live_events(self) -> list[dict[str, Any]]:
        """Everything that is not deleted."""

        def find(server: CalendarServer) -> list[dict[str, Any]]:
            calendar = server.google.calendars[ACCOUNT]
            return [calendar.told(one) for one in calendar.events.values() if not one.is_deleted]

        return self.do(find)

    def _changed(self, fn: Callable[[CalendarServer], T]) -> T:
        def run(server: CalendarServer) -> T:
            value = fn(server)
            server.google.tell(server.google.calendars[ACCOUNT])
            return value

        return self.do(run)


@contextmanager
def running_calendars(*, port: int = 0) -> Iterator[RunningCalendars]:
    """A server on 127.0.0.1 that is ready when the block begins and gone when it ends."""
    server, loop = CalendarServer(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sandbox-calendars", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.start(port=port), loop).result(_DEADLINE_S)
        yield RunningCalendars(server, loop)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(_DEADLINE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_DEADLINE_S)
        loop.close()
