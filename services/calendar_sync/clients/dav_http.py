"""One request to a CalDAV server with a name and a password, and what its answer means."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from services.calendar_sync.clients.answers import header, reached, retry_after
from services.calendar_sync.core.dav_xml import Multistatus, NoDav, read_multistatus
from services.calendar_sync.core.failures import BadRequest, CalendarAway, CalendarFailure, Changed, GrantLost, Refused
from services.outbox.bounded_http import BoundedHttp, HttpAnswer

# Some twenty events, or the versions of some thousands.
MAX_BYTES = 2_000_000
_MOVED = (301, 302, 307, 308)
_REDIRECTS = 3
_XML = "application/xml; charset=utf-8"


@dataclass(frozen=True, slots=True)
class DavAccess:
    """name, password: of the account; many providers want a password for programs."""

    name: str
    password: str

    @property
    def header(self) -> str:
        return "Basic " + b64encode(f"{self.name}:{self.password}".encode()).decode()


class DavHttp:
    def __init__(self, http: BoundedHttp, access: DavAccess) -> None:
        self._http = http
        self._access = access

    def report(self, method: str, url: str, body: bytes, depth: int) -> tuple[str, Multistatus]:
        """PROPFIND or REPORT: where it was answered in the end, and what was said.

        Raises CalendarFailure, DavError for a precondition that failed, NoDav for what is no CalDAV server's answer.
        """
        url, answer = self.follow(method, url, body, {"Depth": str(depth), "Content-Type": _XML})
        if answer.status == 207:
            return url, read_multistatus(answer.body)
        errors = _errors(answer) if answer.status in (400, 403, 409, 412, 507) else frozenset()
        if errors:
            raise DavError(errors)
        raise failure_of(answer)

    def follow(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[str, HttpAnswer]:
        """As `send`, also to where the server says it has moved to, as long as that is the same host: our password is
        for nobody else. Raises CalendarFailure."""
        for _ in range(_REDIRECTS):
            answer = self.send(method, url, body, headers)
            if answer.status not in _MOVED:
                return url, answer
            there = urljoin(url, header(answer, "Location"))
            if urlsplit(there)[:2] != urlsplit(url)[:2]:
                raise Refused("it leads to another server")
            url = there
        raise Refused("it leads in circles")

    def send(self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """One request, whatever it answers. Raises CalendarAway."""
        said = {"Authorization": self._access.header, "User-Agent": "ai-call-assistant", **(headers or {})}
        return reached(lambda: self._http.request(method, url, headers=said, body=body, keep_bytes=MAX_BYTES))


class DavError(CalendarFailure):
    """The server names what it wants otherwise. names: of the preconditions (RFC 4918, 16)."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(names))[:100])
        self.names = names


def failure_of(answer: HttpAnswer) -> CalendarFailure:
    """What a refusal means for us."""
    said = f"HTTP {answer.status}"
    if answer.status == 401:
        return GrantLost(said)
    if answer.status in (403, 404, 405, 410):
        return Refused(said)
    if answer.status in (409, 412):
        return Changed(said)
    if answer.status in (408, 425, 429) or answer.status >= 500:
        return CalendarAway(said, retry_after(answer))
    return BadRequest(said)


def _errors(answer: HttpAnswer) -> frozenset[str]:
    try:
        return read_multistatus(answer.body).errors
    except NoDav:
        return frozenset()
