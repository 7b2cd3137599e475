"""A plain page to look at the Google calendar with, and to put events into it by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from aiohttp import web

from sandbox.calendars.google_api import GoogleApi
from sandbox.calendars.google_store import GoogleCalendarStore, Refusal, moment_of, timed

_HEAD = "<!doctype html><meta charset=utf-8><title>Sandbox calendar</title><style>body{font:16px sans-serif;margin:2em}"
_STYLE = "td{padding:.3em 1em}</style>"


class CalendarPage:
    """/ shows the first calendar; its forms add and delete."""

    def __init__(self, api: GoogleApi) -> None:
        self._api = api

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/", self._show)
        app.router.add_post("/add", self._add)
        app.router.add_post("/delete", self._delete)

    @property
    def _calendar(self) -> GoogleCalendarStore:
        return next(iter(self._api.calendars.values()))

    async def _show(self, _request: web.Request) -> web.Response:
        calendar, zone = self._calendar, ZoneInfo(self._calendar.zone)
        now = datetime.now(UTC)
        rows = sorted(
            (moment_of(one["start"], calendar.zone).astimezone(zone), str(one.get("summary", "")), str(one["id"]))
            for one in calendar.between(now - timedelta(days=1), now + timedelta(days=120))
        )
        cells = "".join(
            f"<tr><td>{at:%Y-%m-%d %H:%M}<td dir=auto>{escape(title)}<td><form method=post action=/delete>"
            f"<button name=id value='{escape(event_id)}'>Delete</button></form>"
            for at, title, event_id in rows
        )
        form = (
            "<form method=post action=/add><input name=title placeholder=Title required> "
            "<input name=start type=datetime-local required> <input name=minutes type=number value=30 min=1> "
            "<button>Add</button></form>"
        )
        body = f"{_HEAD}{_STYLE}<h1>{escape(calendar.name)}</h1>{form}<table>{cells}</table>"
        return web.Response(text=body, content_type="text/html")

    async def _add(self, request: web.Request) -> web.Response:
        form, calendar = await request.post(), self._calendar
        start = datetime.fromisoformat(str(form["start"])).replace(tzinfo=ZoneInfo(calendar.zone))
        end = start + timedelta(minutes=int(str(form["minutes"])))
        calendar.insert({"summary": str(form["title"]), "start": timed(start), "end": timed(end)})
        self._api.tell(calendar)
        raise web.HTTPSeeOther("/")

    async def _delete(self, request: web.Request) -> web.Response:
        try:
            self._calendar.delete(str((await request.post())["id"]))
        except Refusal:
            pass  # gone already
        self._api.tell(self._calendar)
        raise web.HTTPSeeOther("/")
