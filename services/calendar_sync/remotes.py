"""From a stored connection to a calendar that can be read and written (K5)."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.calendar_sync.clients.caldav import CalDavCalendar
from services.calendar_sync.clients.dav_http import DavAccess, DavHttp
from services.calendar_sync.clients.google import GoogleCalendar
from services.calendar_sync.clients.google_http import Access, GoogleHttp
from services.calendar_sync.clients.google_oauth import GoogleOauth, Tokens
from services.calendar_sync.clients.reader import IcalReader
from services.calendar_sync.clients.remote import RemoteCalendar, WritableCalendar
from services.calendar_sync.clients.subscription import IcsSubscription
from services.calendar_sync.core.failures import GrantLost, Refused
from services.db.encryption import NotReadable
from services.db.models import CalendarConnection, CalendarKind
from services.outbox.bounded_http import BoundedHttp

GOOGLE_API = "https://www.googleapis.com/calendar/v3"
DEADLINE_S = 15.0


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection as it was loaded, without its session. zone: the business's."""

    id: int
    business_id: int
    kind: CalendarKind
    account: str
    address: str
    secret: str
    zone: str


def opened(row: CalendarConnection, zone: str) -> Opened:
    """In the session of the row. What no known key opens is "": then only its owner can help."""
    try:
        address, secret = row.address, row.grant_secret or ""
    except NotReadable:
        address = secret = ""
    return Opened(row.id, row.business_id, row.kind, row.account, address, secret, zone)


class Remotes:
    """Calendars of all connections of this installation; safe to use from any thread.

    oauth: None where the installation has no client at Google. push: where Google can tell us of changes, "" where it
    cannot reach us. key: what the secrets of those messages are made of.
    """

    def __init__(
        self,
        http: BoundedHttp,
        now: Callable[[], datetime],
        *,
        oauth: GoogleOauth | None = None,
        google_api: str = GOOGLE_API,
        push: str = "",
        key: bytes = b"",
    ) -> None:
        self.http = http
        self.oauth = oauth
        self.push = push
        self._now = now
        self._google_api = google_api
        self._key = key
        self._reader = IcalReader()
        self._lock = threading.Lock()
        # Access tokens live for an hour: each worker asks for its own, and none is stored.
        self._tokens: dict[str, Tokens] = {}

    def writable(self, connection: Opened) -> WritableCalendar:
        """Raises GrantLost, Refused."""
        if not connection.address:
            raise GrantLost("the grant cannot be read")
        if connection.kind is CalendarKind.GOOGLE:
            return self.google(connection)
        if connection.kind is CalendarKind.CALDAV:
            http = self.dav_http(connection.account, connection.secret)
            return CalDavCalendar(http, self._reader, connection.address, connection.zone, self._now)
        raise Refused("it is read only")

    def readable(self, connection: Opened) -> RemoteCalendar:
        """Raises GrantLost, Refused."""
        if connection.kind is CalendarKind.ICS and connection.address:
            return IcsSubscription(self.http, self._reader, connection.address)
        return self.writable(connection)

    def google(self, connection: Opened) -> GoogleCalendar:
        return GoogleCalendar(self.google_http(connection.secret), connection.address)

    def google_http(self, refresh_token: str) -> GoogleHttp:
        """Raises GrantLost where there is nothing to ask with."""
        oauth = self.oauth
        if oauth is None or not refresh_token:
            raise GrantLost("no grant")

        def renew() -> str:
            found = oauth.refresh(refresh_token)
            with self._lock:
                self._tokens[refresh_token] = found
            return found.access

        def token() -> str:
            with self._lock:
                known = self._tokens.get(refresh_token)
            return known.access if known is not None and known.are_good(self._now()) else renew()

        return GoogleHttp(self.http, self._google_api, Access(token, renew))

    def dav_http(self, name: str, password: str) -> DavHttp:
        return DavHttp(self.http, DavAccess(name, password))

    def forget(self, refresh_token: str) -> None:
        """Of a grant that has ended."""
        with self._lock:
            self._tokens.pop(refresh_token, None)

    def channel_secret(self, channel_id: str) -> str:
        """What Google has to send with each message of a channel."""
        return hmac.digest(self._key, b"calendar channel:" + channel_id.encode(), "sha256").hex()
