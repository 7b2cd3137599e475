"""All of it behind one port, in one event loop."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from aiohttp import web

from sandbox.calendars.dav import DavServer
from sandbox.calendars.faults import Fault, Faults
from sandbox.calendars.google_api import GoogleApi
from sandbox.calendars.google_oauth import GoogleOauthServer
from sandbox.calendars.google_store import GoogleCalendarStore
from sandbox.calendars.ics import IcsServer
from sandbox.calendars.page import CalendarPage

ACCOUNT = "dana@sandbox.example"


class CalendarServer:
    """google, dav, ics: what each protocol holds; faults: what goes wrong. Touch them within the loop only."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.oauth = GoogleOauthServer()
        self.google = GoogleApi(self.oauth, {ACCOUNT: GoogleCalendarStore(ACCOUNT, "Dana")})
        self.dav = DavServer()
        self.ics = IcsServer()
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. Raises OSError when it is taken."""
        app = web.Application(middlewares=[self.faults.middleware], client_max_size=8 * 1024 * 1024)
        for part in (self.oauth, self.google, self.dav, self.ics, CalendarPage(self.google)):
            part.add_routes(app)
        app.router.add_post("/control/fault", self._add_fault)
        app.router.add_get("/control/events", self._events)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _add_fault(self, request: web.Request) -> web.Response:
        fault = Fault(**await request.json())
        self.faults.waiting.append(fault)
        return web.json_response(asdict(fault))

    async def _events(self, _request: web.Request) -> web.Response:
        found: dict[str, Any] = {
            each.id: [each.told(one) for one in each.events.values()] for each in self.google.calendars.values()
        }
        return web.json_response(found)
