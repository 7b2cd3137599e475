"""One request to Google, with a grant, and what its answer means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from services.calendar_sync.clients.answers import reached, retry_after
from services.calendar_sync.core.failures import BadRequest, CalendarAway, Changed, GrantLost, Refused, TokenGone
from services.calendar_sync.core.google_events import error_reason
from services.outbox.bounded_http import BoundedHttp, HttpAnswer

GOOGLE_API = "https://www.googleapis.com/calendar/v3"
# A page of a list, with what little of each event is asked for, has a tenth of it.
_MAX_BYTES = 2_000_000
_QUOTA = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded", "backendError"}
_NOT_THERE = (404, 410)


class NotThere(Exception):
    """404 or 410 for what was asked about. was_there: Google remembers it."""

    def __init__(self, *, was_there: bool) -> None:
        super().__init__("not there")
        self.was_there = was_there


@dataclass(frozen=True, slots=True)
class Access:
    """token: one that should be good. renew: another one, after Google did not take it; raises GrantLost."""

    token: Callable[[], str]
    renew: Callable[[], str]


class GoogleHttp:
    """base: of the API, without a trailing slash."""

    def __init__(self, http: BoundedHttp, base: str, access: Access) -> None:
        self._http = http
        self._base = base
        self._access = access

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        etag: str = "",
    ) -> dict[str, Any]:
        """The answer's JSON, {} when it has none. Raises CalendarFailure, NotThere."""
        url = f"{self._base}{path}" + (f"?{urlencode(query)}" if query else "")
        answer = self._send(method, url, body, etag, self._access.token())
        if answer.status == 401:
            answer = self._send(method, url, body, etag, self._access.renew())
        found = read_json(answer)
        if 200 <= answer.status < 300:
            return found
        raise failure_of(answer, error_reason(found))

    def _send(self, method: str, url: str, body: Mapping[str, Any] | None, etag: str, token: str) -> HttpAnswer:
        headers = {"Authorization": f"Bearer {token}", "User-Agent": "ai-call-assistant", "Accept": "application/json"}
        if etag:
            headers["If-Match"] = etag
        if body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        content = b"" if body is None else orjson.dumps(body)
        return reached(lambda: self._http.request(method, url, headers=headers, body=content, keep_bytes=_MAX_BYTES))


def read_json(answer: HttpAnswer) -> dict[str, Any]:
    """The object in an answer; {} for anything else, as proxies and failing servers send it."""
    try:
        found = orjson.loads(answer.body) if answer.body else {}
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def failure_of(answer: HttpAnswer, reason: str) -> Exception:
    """What a refusal of Google's means for us."""
    said = f"HTTP {answer.status} {reason}".rstrip()
    if answer.status == 401:
        return GrantLost(said)
    if answer.status == 410 and reason in ("fullSyncRequired", "updatedMinTooLongAgo"):
        return TokenGone(said)
    if answer.status in _NOT_THERE:
        return NotThere(was_there=answer.status == 410)
    if answer.status in (409, 412):
        return Changed(said)
    if answer.status in (408, 425, 429) or answer.status >= 500 or (answer.status == 403 and reason in _QUOTA):
        return CalendarAway(said, retry_after(answer))
    return Refused(said) if answer.status == 403 else BadRequest(said)
