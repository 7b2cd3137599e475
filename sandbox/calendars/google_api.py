"""Google Calendar's REST API v3, as far as a calendar is kept in step by it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from sandbox.calendars.faults import google_error
from sandbox.calendars.google_oauth import GoogleOauthServer
from sandbox.calendars.google_store import GoogleCalendarStore, Refusal

_BASE = "/calendar/v3"
_PUSH_TIMEOUT = ClientTimeout(total=5)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Channel:
    id: str
    resource_id: str
    address: str
    token: str
    calendar_id: str
    messages: int = 0


@dataclass
class GoogleApi:
    """page_size: events of one page, whatever is asked for. pushes: how often each change is told."""

    oauth: GoogleOauthServer
    calendars: dict[str, GoogleCalendarStore] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    page_size: int = 250
    pushes: int = 1
    _pages: dict[str, tuple[list[dict[str, Any]], str]] = field(default_factory=dict)
    _told: set[asyncio.Task[None]] = field(default_factory=set)

    def add_routes(self, app: web.Application) -> None:
        events = f"{_BASE}/calendars/{{calendar}}/events"
        routes: list[tuple[str, str, Handler]] = [
            ("GET", f"{_BASE}/users/me/calendarList", self._calendar_list),
            ("GET", events, self._list),
            ("POST", events, self._insert),
            ("POST", f"{events}/watch", self._watch),
            ("POST", f"{_BASE}/channels/stop", self._stop),
            ("GET", f"{events}/{{event}}", self._get),
            ("PATCH", f"{events}/{{event}}", self._patch),
            ("PUT", f"{events}/{{event}}", self._update),
            ("DELETE", f"{events}/{{event}}", self._delete),
        ]
        for method, path, handler in routes:
            app.router.add_route(method, path, self._guarded(handler))

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if not self.oauth.is_authorised(request):
                return google_error(401, "authError")
            try:
                return await handler(request)
            except Refusal as refusal:
                return google_error(refusal.status, refusal.reason)

        return guarded

    def _calendar(self, request: web.Request) -> GoogleCalendarStore:
        found = self.calendars.get(request.match_info["calendar"])
        if found is None:
            raise Refusal(404, "notFound")
        return found

    async def _calendar_list(self, _request: web.Request) -> web.Response:
        items = [{"id": one.id, "summary": one.name, "primary": one.is_primary} for one in self.calendars.values()]
        return web.json_response({"items": items})

    async def _list(self, request: web.Request) -> web.Response:
        calendar, asked = self._calendar(request), request.query
        if asked.get("singleEvents") != "true":
            raise Refusal(400, "badRequest")
        if asked.get("syncToken") and (asked.get("timeMin") or asked.get("timeMax")):
            raise Refusal(400, "syncTokenWithRequestRestrictions")
        if "pageToken" in asked:
            events, token = self._pages.pop(asked["pageToken"], ([], ""))
        elif asked.get("syncToken"):
            events, token = calendar.since(asked["syncToken"]), calendar.token()
        else:
            window = (_moment(asked["timeMin"]), _moment(asked["timeMax"]))
            events, token = calendar.between(*window), calendar.token()
        body: dict[str, Any] = {"kind": "calendar#events", "timeZone": calendar.zone, "items": events[: self.page_size]}
        if rest := events[self.page_size :]:
            page = secrets.token_hex(8)
            self._pages[page] = (rest, token)
            body["nextPageToken"] = page
        else:
            body["nextSyncToken"] = token
        return web.json_response(body)

    async def _get(self, request: web.Request) -> web.Response:
        calendar = self._calendar(request)
        return web.json_response(calendar.told(calendar.matching(request.match_info["event"])))

    async def _insert(self, request: web.Request) -> web.Response:
        calendar = self._calendar(request)
        stored = calendar.insert(await request.json())
        self.tell(calendar)
        return web.json_response(calendar.told(stored))

    async def _patch(self, request: web.Request) -> web.Response:
        calendar = self._calendar(request)
        etag = request.headers.get("If-Match", "")
        stored = calendar.patch(request.match_info["event"], await request.json(), etag)
        self.tell(calendar)
        return web.json_response(calendar.told(stored))

    async def _update(self, request: web.Request) -> web.Response:
        calendar = self._calendar(request)
        etag = request.headers.get("If-Match", "")
        stored = calendar.update(request.match_info["event"], await request.json(), etag)
        self.tell(calendar)
        return web.json_response(calendar.told(stored))

    async def _delete(self, request: web.Request) -> web.Response:
        calendar = self._calendar(request)
        calendar.delete(request.match_info["event"], request.headers.get("If-Match", ""))
        self.tell(calendar)
        return web.Response(status=204)

    async def _watch(self, request: web.Request) -> web.Response:
        calendar, body = self._calendar(request), await request.json()
        resource_id = f"resource-{calendar.id}"
        channel = Channel(body["id"], resource_id, body["address"], body.get("token", ""), calendar.id)
        if channel.id in self.channels:
            raise Refusal(400, "channelIdNotUnique")
        self.channels[channel.id] = channel
        self._push(channel, "sync")
        life = timedelta(seconds=int(body.get("params", {}).get("ttl", 604_800)))
        until = int((datetime.now(UTC) + life).timestamp() * 1000)
        return web.json_response({"id": channel.id, "resourceId": resource_id, "expiration": str(until)})

    async def _stop(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self.channels.pop(body["id"], None) is None:
            raise Refusal(404, "notFound")
        return web.Response(status=204)

    def tell(self, calendar: GoogleCalendarStore) -> None:
        """Post to everybody who watches the calendar. Only within the server's loop."""
        for channel in self.channels.values():
            if channel.calendar_id == calendar.id:
                for _ in range(self.pushes):
                    self._push(channel, "exists")

    def _push(self, channel: Channel, state: str) -> None:
        channel.messages += 1
        headers = {
            "X-Goog-Channel-ID": channel.id,
            "X-Goog-Channel-Token": channel.token,
            "X-Goog-Resource-ID": channel.resource_id,
            "X-Goog-Resource-State": state,
            "X-Goog-Message-Number": str(channel.messages),
        }
        task = asyncio.get_running_loop().create_task(_post(channel.address, headers))
        self._told.add(task)
        task.add_done_callback(self._told.discard)


async def _post(address: str, headers: dict[str, str]) -> None:
    try:
        async with ClientSession(timeout=_PUSH_TIMEOUT) as session, session.post(address, headers=headers):
            pass
    except (ClientError, TimeoutError):
        pass  # nobody listens: Google shrugs too


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
