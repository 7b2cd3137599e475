"""ICS addresses: one that can be changed, and ones that mean harm."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from hashlib import sha256

from aiohttp import web

EMPTY = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Sandbox//EN\r\nEND:VCALENDAR\r\n"
HUGE_BYTES = 2_000_000_000


@dataclass
class IcsServer:
    """has_etags: whether it knows what it sent last. sent_bytes: of the file that never ends."""

    text: str = EMPTY
    has_etags: bool = True
    sent_bytes: int = 0
    unchanged: int = 0  # answers with 304

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/ics/calendar.ics", self._calendar)
        app.router.add_get("/ics/huge.ics", self._huge)
        app.router.add_get("/ics/endless.ics", self._endless)
        app.router.add_get("/ics/dripping.ics", self._dripping)
        app.router.add_get("/ics/moved.ics", self._moved)
        app.router.add_get("/ics/circle.ics", self._circle)

    async def _calendar(self, request: web.Request) -> web.Response:
        etag = f'"{sha256(self.text.encode()).hexdigest()[:16]}"'
        if self.has_etags and request.headers.get("If-None-Match") == etag:
            self.unchanged += 1
            return web.Response(status=304)
        headers = {"ETag": etag} if self.has_etags else {}
        return web.Response(text=self.text, content_type="text/calendar", headers=headers)

    async def _huge(self, request: web.Request) -> web.StreamResponse:
        return await self._flood(request, HUGE_BYTES)

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        return await self._flood(request, None)

    async def _flood(self, request: web.Request, length: int | None) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/calendar"})
        answer.content_length = length
        await answer.prepare(request)
        piece = (EMPTY * 400).encode()
        for _ in range(HUGE_BYTES // len(piece)):
            await answer.write(piece)
            self.sent_bytes += len(piece)
        return answer

    async def _dripping(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/calendar"})
        await answer.prepare(request)
        while True:
            await answer.write(b"X")
            await asyncio.sleep(0.05)

    async def _moved(self, request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.query.get("to", "/ics/calendar.ics")})

    async def _circle(self, _request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/ics/circle.ics"})
