"""A CalDAV server: discovery, sync-collection, queries, texts with ETags and conditions (RFC 4791, 6578)."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from urllib.parse import unquote
from xml.etree import ElementTree

import recurring_ical_events
from aiohttp import web
from icalendar import Calendar

NAME, PASSWORD = "dana", "sandbox-password"
_DAV, _CALDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
_SPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://calendarserver.org/ns/"'
_ROOT = "/dav/"
_PRINCIPAL = f"{_ROOT}principals/{NAME}/"
_HOME = f"{_ROOT}calendars/{NAME}/"
COLLECTION = f"{_HOME}work/"
_TOKEN = re.compile(r"^http://sandbox/sync/(\d+)/(\d+)$")
_BAD_TOKEN = f'<?xml version="1.0"?><d:error {_SPACES}><d:valid-sync-token/></d:error>'


@dataclass(slots=True)
class Resource:
    """text: None once it is deleted."""

    text: str | None
    change: int

    @property
    def etag(self) -> str:
        return f'"{self.change}"'


@dataclass
class DavServer:
    """One account with one calendar. has_sync: whether it knows sync-collection; tells_etags: whether the answer to a
    PUT names the new ETag."""

    password: str = PASSWORD
    resources: dict[str, Resource] = field(default_factory=dict)
    changes: int = 0
    generation: int = 1
    has_sync: bool = True
    tells_etags: bool = True

    def add_routes(self, app: web.Application) -> None:
        app.router.add_route("*", "/.well-known/caldav", self._well_known)
        app.router.add_route("*", "/dav/{path:.*}", self._dav)

    def put(self, name: str, text: str) -> Resource:
        """As somebody's own program writes it."""
        self.changes += 1
        stored = self.resources[name] = Resource(text, self.changes)
        return stored

    def delete(self, name: str) -> None:
        self.changes += 1
        self.resources[name] = Resource(None, self.changes)

    def texts(self) -> dict[str, str]:
        return {name: one.text for name, one in self.resources.items() if one.text is not None}

    def forget_tokens(self) -> None:
        self.generation += 1

    @property
    def token(self) -> str:
        return f"http://sandbox/sync/{self.generation}/{self.changes}"

    async def _well_known(self, _request: web.Request) -> web.Response:
        return web.Response(status=301, headers={"Location": _ROOT})

    async def _dav(self, request: web.Request) -> web.StreamResponse:
        if not self._is_authorised(request):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="sandbox"'})
        if request.method == "PROPFIND":
            return self._propfind(request)
        if request.method == "REPORT":
            return await self._report(request)
        name = unquote(request.path).removeprefix(COLLECTION)
        if not name or "/" in name or not request.path.startswith(COLLECTION):
            return web.Response(status=404)
        if request.method == "PUT":
            return await self._put_text(request, name)
        if request.method == "DELETE":
            return self._delete_text(request, name)
        return self._get_text(name)

    def _is_authorised(self, request: web.Request) -> bool:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        return kind == "Basic" and b64decode(given).decode() == f"{NAME}:{self.password}"

    def _propfind(self, request: web.Request) -> web.Response:
        path = request.path.rstrip("/") + "/"
        principal = f"<d:current-user-principal><d:href>{_PRINCIPAL}</d:href></d:current-user-principal>"
        home = f"<c:calendar-home-set><d:href>{_HOME}</d:href></c:calendar-home-set>"
        folder = "<d:resourcetype><d:collection/></d:resourcetype>"
        about = {_ROOT: folder + principal, _PRINCIPAL: folder + principal + home, _HOME: folder}
        if path == COLLECTION:
            return _multistatus([_found(COLLECTION, self._about_collection())])
        if path not in about:
            return web.Response(status=404)
        inside = [_found(path, about[path])]
        if path == _HOME and request.headers.get("Depth") == "1":
            inside.append(_found(COLLECTION, self._about_collection()))
        return _multistatus(inside)

    def _about_collection(self) -> str:
        parts = [
            "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype><d:displayname>Work</d:displayname>",
            '<c:supported-calendar-component-set><c:comp name="VEVENT"/></c:supported-calendar-component-set>',
            "<d:current-user-privilege-set><d:privilege><d:read/></d:privilege><d:privilege><d:write/></d:privilege>",
            f"</d:current-user-privilege-set><s:getctag>{self.changes}</s:getctag>",
        ]
        if self.has_sync:
            parts.append(f"<d:sync-token>{self.token}</d:sync-token>")
        return "".join(parts)

    async def _report(self, request: web.Request) -> web.Response:
        if request.path.rstrip("/") + "/" != COLLECTION:
            return web.Response(status=404)
        root = ElementTree.fromstring(await request.read())
        if root.tag == f"{_DAV}sync-collection":
            return self._sync(root.findtext(f"{_DAV}sync-token") or "")
        if root.tag == f"{_CALDAV}calendar-multiget":
            names = [_name(one.text or "") for one in root.findall(f"{_DAV}href")]
            return _multistatus(self._texts(names))
        span = next(root.iter(f"{_CALDAV}time-range"))
        start, end = (datetime.strptime(span.attrib[side] + "+0000", "%Y%m%dT%H%M%SZ%z") for side in ("start", "end"))
        found = [name for name, text in self.texts().items() if _touches(text, start, end)]
        return _multistatus(_found(COLLECTION + name, _etag(self.resources[name])) for name in found)

    def _sync(self, token: str) -> web.Response:
        if not self.has_sync:
            return web.Response(status=501)
        known = _TOKEN.match(token)
        if token and (known is None or int(known[1]) != self.generation):
            return web.Response(status=403, text=_BAD_TOKEN, content_type="application/xml")
        after = int(known[2]) if known else 0
        changed = [
            _found(COLLECTION + name, _etag(one)) if one.text is not None else _gone(COLLECTION + name)
            for name, one in self.resources.items()
            if one.change > after
        ]
        return _multistatus(changed, f"<d:sync-token>{self.token}</d:sync-token>")

    def _texts(self, names: Iterable[str]) -> Iterable[str]:
        for name in names:
            one = self.resources.get(name)
            if one is None or one.text is None:
                yield _gone(COLLECTION + name)
            else:
                data = f"<c:calendar-data>{escape(one.text)}</c:calendar-data>"
                yield _found(COLLECTION + name, _etag(one) + data)

    def _get_text(self, name: str) -> web.Response:
        one = self.resources.get(name)
        if one is None or one.text is None:
            return web.Response(status=404)
        return web.Response(text=one.text, content_type="text/calendar", headers={"ETag": one.etag})

    async def _put_text(self, request: web.Request, name: str) -> web.Response:
        one = self.resources.get(name)
        is_there = one is not None and one.text is not None
        wanted = request.headers.get("If-Match")
        if request.headers.get("If-None-Match") == "*" and is_there:
            return web.Response(status=412)
        if wanted and (not is_there or one is None or wanted != one.etag):
            return web.Response(status=412)
        stored = self.put(name, (await request.read()).decode())
        headers = {"ETag": stored.etag} if self.tells_etags else {}
        return web.Response(status=204 if is_there else 201, headers=headers)

    def _delete_text(self, request: web.Request, name: str) -> web.Response:
        one = self.resources.get(name)
        if one is None or one.text is None:
            return web.Response(status=404)
        if request.headers.get("If-Match", one.etag) != one.etag:
            return web.Response(status=412)
        self.delete(name)
        return web.Response(status=204)


def _touches(text: str, start: datetime, end: datetime) -> bool:
    return bool(recurring_ical_events.of(Calendar.from_ical(text)).between(start, end))


def _name(href: str) -> str:
    return unquote(href.strip()).rpartition("/")[2]


def _etag(one: Resource) -> str:
    return f"<d:getetag>{escape(one.etag)}</d:getetag>"


def _found(href: str, properties: str) -> str:
    inside = f"<d:prop>{properties}</d:prop><d:status>HTTP/1.1 200 OK</d:status>"
    return f"<d:response><d:href>{href}</d:href><d:propstat>{inside}</d:propstat></d:response>"


def _gone(href: str) -> str:
    return f"<d:response><d:href>{href}</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>"


def _multistatus(responses: Iterable[str], more: str = "") -> web.Response:
    body = f'<?xml version="1.0" encoding="utf-8"?><d:multistatus {_SPACES}>{"".join(responses)}{more}</d:multistatus>'
    return web.Response(status=207, text=body, content_type="application/xml")
