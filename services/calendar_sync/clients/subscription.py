"""An ICS address: fetched when it has changed, read as busy times, never written."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urljoin

import orjson

from services.calendar_sync.clients.answers import header, reached, retry_after
from services.calendar_sync.clients.reader import IcalReader
from services.calendar_sync.clients.remote import Window
from services.calendar_sync.core.events import Changes
from services.calendar_sync.core.failures import CalendarAway, Refused
from services.calendar_sync.core.ical_reading import Document
from services.outbox.bounded_http import BoundedHttp, HttpAnswer

# A calendar of ten years with some thousand events. A longer one is not read to its end.
MAX_BYTES = 4_000_000
_MOVED = (301, 302, 303, 307, 308)
_REDIRECTS = 3


class IcsSubscription:
    """services.calendar_sync.clients.remote.RemoteCalendar for an address."""

    def __init__(self, http: BoundedHttp, reader: IcalReader, url: str) -> None:
        self._http = http
        self._reader = reader
        self._url = plain_address(url)

    def changes(self, token: str, window: Window) -> Changes:
        known = _read_token(token)
        answer = self._get(_conditions(known))
        if answer.status == 304:
            return Changes(token=token)
        digest = sha256(answer.body).hexdigest()
        new_token = orjson.dumps(
            {"etag": header(answer, "ETag"), "modified": header(answer, "Last-Modified"), "digest": digest}
        ).decode()
        if known.get("digest") == digest:  # many servers do not know what they sent last
            return Changes(token=new_token)
        text = answer.body.decode("utf-8-sig", "replace")
        if "BEGIN:VCALENDAR" not in text[:2000].upper():
            raise Refused("it is no calendar")
        reading = self._reader.read([Document(text)], window.span, window.zone)
        return Changes(tuple(reading.events), token=new_token, is_full=True, unreadable=reading.unreadable)

    def _get(self, conditions: Mapping[str, str]) -> HttpAnswer:
        headers = {"User-Agent": "ai-call-assistant", "Accept": "text/calendar", **conditions}
        url = self._url
        for _ in range(_REDIRECTS + 1):
            answer = self._fetch(url, headers)
            if answer.status not in _MOVED:
                return _good(answer)
            url = urljoin(url, header(answer, "Location"))
        raise Refused("it leads in circles")

    def _fetch(self, url: str, headers: Mapping[str, str]) -> HttpAnswer:
        return reached(lambda: self._http.request("GET", url, headers=headers, keep_bytes=MAX_BYTES))


def plain_address(url: str) -> str:
    """The address as it is fetched: webcal:// is only a wish to open a calendar program."""
    for scheme in ("webcal://", "webcals://"):
        if url.lower().startswith(scheme):
            return "https://" + url[len(scheme) :]
    return url


def _good(answer: HttpAnswer) -> HttpAnswer:
    if answer.status in (200, 304):
        return answer
    if answer.status in (401, 403, 404, 410):
        raise Refused(f"HTTP {answer.status}")
    raise CalendarAway(f"HTTP {answer.status}", retry_after(answer))


def _conditions(known: Mapping[str, str]) -> dict[str, str]:
    names = {"etag": "If-None-Match", "modified": "If-Modified-Since"}
    return {names[key]: known[key] for key in names if known.get(key)}


def _read_token(token: str) -> dict[str, str]:
    try:
        found = orjson.loads(token) if token else {}
    except orjson.JSONDecodeError:
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
