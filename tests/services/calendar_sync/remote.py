"""Our clients, pointed at the sandbox's server, and what they write in these tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sandbox.calendars import RunningCalendars
from sandbox.calendars.dav import NAME, PASSWORD
from sandbox.calendars.google_oauth import CLIENT_ID, CLIENT_SECRET, DEMO_REFRESH_TOKEN
from services.calendar_sync.clients.caldav import CalDavCalendar
from services.calendar_sync.clients.dav_http import DavAccess, DavHttp
from services.calendar_sync.clients.google import GoogleCalendar
from services.calendar_sync.clients.google_http import Access, GoogleHttp
from services.calendar_sync.clients.google_oauth import GoogleOauth, OauthAddresses
from services.calendar_sync.clients.reader import IcalReader
from services.calendar_sync.clients.remote import Window
from services.calendar_sync.clients.subscription import IcsSubscription
from services.calendar_sync.core.events import Span, Version, Written, event_id
from services.outbox.bounded_http import BoundedHttp

NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
ZONE = "Asia/Jerusalem"
WINDOW = Window(Span(NOW - timedelta(days=1), NOW + timedelta(days=200)), ZONE)
UID, CONNECTION = "7d9f0c1e-0000-4000-8000-000000000001", 3
OURS = event_id(UID, CONNECTION)
DEADLINE_S = 5.0


def at(hour: int, *, day: int = 2, minutes: int = 30) -> Span:
    """A time in March 2027, in UTC."""
    start = datetime(2027, 3, day, hour, 0, tzinfo=UTC)
    return Span(start, start + timedelta(minutes=minutes))


def written(sequence: int, span: Span) -> Written:
    return Written(UID, CONNECTION, Version(sequence, span), "טל לוי – סתימה", "+972501234567", ZONE)


def http(deadline_s: float = DEADLINE_S) -> BoundedHttp:
    return BoundedHttp(deadline_s=deadline_s, allow_private=True)


def oauth(world: RunningCalendars) -> GoogleOauth:
    addresses = OauthAddresses(f"{world.url}/o/oauth2/v2/auth", f"{world.url}/token", f"{world.url}/revoke")
    return GoogleOauth(http(), CLIENT_ID, CLIENT_SECRET, lambda: NOW, addresses)


def google_http(world: RunningCalendars, deadline_s: float = DEADLINE_S) -> GoogleHttp:
    """With the demo's grant; each token is asked for anew."""
    client = oauth(world)
    first: list[str] = []

    def renew() -> str:
        return client.refresh(DEMO_REFRESH_TOKEN).access

    def token() -> str:
        if not first:
            first.append(renew())
        return first[0]

    return GoogleHttp(http(deadline_s), f"{world.url}/calendar/v3", Access(token, renew))


def google(world: RunningCalendars, deadline_s: float = DEADLINE_S) -> GoogleCalendar:
    return GoogleCalendar(google_http(world, deadline_s), world.account)


def dav_http(password: str = PASSWORD) -> DavHttp:
    return DavHttp(http(), DavAccess(NAME, password))


def dav(world: RunningCalendars, password: str = PASSWORD) -> CalDavCalendar:
    return CalDavCalendar(dav_http(password), IcalReader(), world.dav_url, ZONE, lambda: NOW)


def ics(world: RunningCalendars, name: str = "calendar.ics", deadline_s: float = DEADLINE_S) -> IcsSubscription:
    return IcsSubscription(http(deadline_s), IcalReader(), f"{world.url}/ics/{name}")
