"""Calendars of others as their owner connects them, against the sandbox's servers (K5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qsl, urlsplit
from urllib.request import urlopen

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from app.admin.auth.security import limiter
from app.context import Worker
from app.factory import create_app
from app.settings import load_settings
from sandbox.calendars import RunningCalendars, running_calendars
from sandbox.calendars.dav import NAME, PASSWORD
from sandbox.calendars.google_oauth import CLIENT_ID, CLIENT_SECRET
from sandbox.calendars.google_store import GoogleCalendarStore
from services.calendar_sync.reading import due, read_connection
from services.db.models import AuditEvent, AuditKind, CalendarConnection, CalendarKind, CalendarState
from services.db.tenancy import bind_business
from tests.app.admin.cast import CLINIC, OFFICE, OTHER, OWNER, VIEWER, Visitor, add_people
from tests.serving import AUTH_TOKEN, PUBLIC_BASE, SECRET_KEY

PAGE = f"/admin/b/{CLINIC}/connections"
DAV = {"account": NAME, "password": PASSWORD, "resource": "0"}


@pytest.fixture
def world() -> Iterator[RunningCalendars]:
    with running_calendars() as running:
        yield running


class House:
    """The app, pointed at the sandbox's calendars."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.worker: Worker = app.extensions["assistant"]

    def visitor(self, email: str, language: str = "en") -> Visitor:
        return Visitor(self.app, email, language)

    def rows(self) -> list[CalendarConnection]:
        row = CalendarConnection
        query = select(row).options(undefer(row.address), undefer(row.grant_secret)).order_by(row.id)
        return self.worker.database.read(lambda s: list(bind_business(s, CLINIC).scalars(query)))

    def read(self) -> None:
        """As the worker's thread does."""
        later = datetime.now(UTC) + timedelta(minutes=1)
        for turn in self.worker.database.read(lambda s: due(s, later)):
            read_connection(self.worker.database, self.worker.calendars, turn, lambda: later)

    def acts(self) -> list[AuditKind]:
        def read(s: Session) -> list[AuditKind]:
            return list(s.scalars(select(AuditEvent.kind).order_by(AuditEvent.id)))

        return [kind for kind in self.worker.database.read(read) if kind.value.startswith("calendar")]


@pytest.fixture
def house(seeded_url: str, world: RunningCalendars, compiled_templates: FileSystemBytecodeCache) -> Iterator[House]:
    settings = load_settings(
        database_url=seeded_url,
        secret_key=SECRET_KEY,
        twilio_auth_token=AUTH_TOKEN,
        public_base_url=PUBLIC_BASE,
        engine="sandbox",
        google_calendar_client_id=CLIENT_ID,
        google_calendar_client_secret=CLIENT_SECRET,
        google_calendar_url=world.url,
    )
    app = create_app(settings)
    app.jinja_env.bytecode_cache = compiled_templates
    found = House(app)
    add_people(found.worker.database)
    with app.app_context():
        limiter.reset()
    yield found
    found.worker.database.dispose()


def consent(page: str, choice: str = "allow") -> str:
    """Google's page is opened and answered; where it leads back to, as a path of ours."""
    link = re.search(r'id="google" href="([^"]+)"', page)
    assert link is not None
    asked = dict(parse_qsl(urlsplit(unescape(link[1])).query))
    assert asked["code_challenge_method"] == "S256"
    with urlopen(unescape(link[1])) as answer:
        shown = answer.read().decode()
    decision = re.search(rf'id="{choice}" href="([^"]+)"', shown)
    assert decision is not None
    base = unescape(link[1]).partition("/o/oauth2")[0]
    return path_of(base + unescape(decision[1]))


def path_of(url: str) -> str:
    """Where an address of Google's sends the browser, without following it there."""
    from http.client import HTTPConnection

    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=5)
    connection.request("GET", f"{parts.path}?{parts.query}")
    back = connection.getresponse().getheader("Location") or ""
    connection.close()
    assert back.startswith(PUBLIC_BASE)
    return back.removeprefix(PUBLIC_BASE)


def connect_google(house: House, owner: Visitor) -> CalendarConnection:
    assert owner.get(consent(owner.get(f"{PAGE}/new").text)).status_code == 302
    return house.rows()[-1]


def test_google_is_connected_by_consent_and_shows_what_it_found(house: House, world: RunningCalendars) -> None:
    owner = house.visitor(OWNER)
    row = connect_google(house, owner)
    assert (row.kind, row.state, row.address) == (CalendarKind.GOOGLE, CalendarState.ACTIVE, world.account)
    now = datetime.now(UTC)
    world.add(now, now + timedelta(minutes=30), summary="nobody's business")
    house.read()
    page = owner.get(PAGE).text
    assert world.account in page
    assert re.search(r'Foreign events this week"><bdi[^>]*>1<', page)
    assert "nobody" not in page
    assert "not yet" not in page
    assert house.acts() == [AuditKind.CALENDAR_CONNECTED]


def test_of_several_calendars_the_owner_chooses_one(house: House, world: RunningCalendars) -> None:
    second = GoogleCalendarStore("practice@sandbox.example", "The practice", is_primary=False)
    world.do(lambda server: server.google.calendars.update({second.id: second}))
    owner = house.visitor(OWNER)
    row = connect_google(house, owner)
    assert row.state is CalendarState.CHOOSING
    page = owner.get(f"{PAGE}/{row.id}").text
    assert "The practice" in page
    assert owner.post(f"{PAGE}/{row.id}/choose", calendar="somebody@else.example").status_code == 302
    assert house.rows()[0].state is CalendarState.CHOOSING
    owner.post(f"{PAGE}/{row.id}/choose", calendar=second.id)
    (row,) = house.rows()
    assert (row.state, row.address, row.calendar_name) == (CalendarState.ACTIVE, second.id, "The practice")
    assert house.acts() == [AuditKind.CALENDAR_CONNECTED] * 2


def test_a_calendar_that_is_gone_says_so_and_is_tried_again_when_it_is_back(
    house: House, world: RunningCalendars
) -> None:
    owner = house.visitor(OWNER)
    row = connect_google(house, owner)
    store = world.do(lambda server: server.google.calendars.pop(world.account))
    house.read()
    assert house.rows()[0].state is CalendarState.REFUSED
    assert "The calendar is gone" in owner.get(PAGE).text
    world.do(lambda server: server.google.calendars.update({world.account: store}))
    owner.post(f"{PAGE}/{row.id}/again")
    house.read()
    assert house.rows()[0].state is CalendarState.ACTIVE
    assert house.acts() == [AuditKind.CALENDAR_CONNECTED] * 2


def test_a_changed_password_of_caldav_is_mended_with_the_new_one(house: House, world: RunningCalendars) -> None:
    owner = house.visitor(OWNER)
    owner.post(f"{PAGE}/caldav", **DAV, address=world.url)
    world.do(lambda server: setattr(server.dav, "password", "changed"))
    house.read()
    (row,) = house.rows()
    assert row.state is CalendarState.LOST
    assert owner.post(f"{PAGE}/{row.id}/password", password="wrong").status_code == 409
    assert owner.post(f"{PAGE}/{row.id}/password", password="changed").status_code == 302
    house.read()
    assert house.rows()[0].state is CalendarState.ACTIVE


def test_the_grant_is_sealed_where_it_is_stored(house: House) -> None:
    row = connect_google(house, house.visitor(OWNER))
    with house.worker.database.engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT address, grant_secret FROM calendar_connections").all()
    assert row.grant_secret
    assert all(value.startswith("sealed1:") for value in stored[-1])


def test_who_says_no_at_google_is_connected_to_nothing(house: House) -> None:
    owner = house.visitor(OWNER)
    back = consent(owner.get(f"{PAGE}/new").text, "deny")
    assert "Nothing was allowed" in owner.client.get(back, follow_redirects=True).text
    assert house.rows() == []


def test_a_consent_of_somebody_elses_browser_connects_nothing(house: House) -> None:
    """Nobody gets an owner to connect a stranger's calendar (RFC 6749, 10.12)."""
    back = consent(house.visitor(OWNER).get(f"{PAGE}/new").text)
    for other in (OTHER, VIEWER, OWNER):
        assert house.visitor(other).get(back).status_code == 302
    assert house.rows() == []


def test_a_caldav_account_is_connected_and_a_wrong_password_is_told(house: House, world: RunningCalendars) -> None:
    owner = house.visitor(OWNER)
    wrong = owner.post(f"{PAGE}/caldav", **{**DAV, "address": world.url, "password": "wrong"})
    assert wrong.status_code == 409
    assert "not accepted" in wrong.text
    assert house.rows() == []
    assert owner.post(f"{PAGE}/caldav", **DAV, address=world.url).status_code == 302
    (row,) = house.rows()
    assert (row.state, row.calendar_name, row.address) == (CalendarState.ACTIVE, "Work", world.dav_url)
    house.read()
    assert house.rows()[0].last_synced_at is not None


def test_an_ics_address_is_looked_at_before_it_is_kept(house: House, world: RunningCalendars) -> None:
    owner = house.visitor(OWNER)
    for address, status in (
        ("no address", 422),
        (f"{world.url}/ics/nothing.ics", 409),
        (f"{world.url}/ics/huge.ics", 409),
        (f"{world.url}/ics/circle.ics", 409),
    ):
        answer = owner.post(f"{PAGE}/ics", address=address, resource="0")
        assert answer.status_code == status, address
        assert 'class="error"' in answer.text
    assert owner.post(f"{PAGE}/ics", address=f"{world.url}/ics/calendar.ics", name="Dana").status_code == 302
    assert [row.calendar_name for row in house.rows()] == ["Dana"]


def test_a_lost_grant_is_on_the_page_and_a_new_one_mends_it(house: House, world: RunningCalendars) -> None:
    owner = house.visitor(OWNER)
    row = connect_google(house, owner)
    world.do(lambda server: server.oauth.withdraw())
    house.read()
    assert house.rows()[0].state is CalendarState.LOST
    assert "Booking goes on in our own calendar" in owner.get(PAGE).text
    assert "קביעת התורים נמשכת" in house.visitor(OWNER, "he").get(PAGE).text
    owner.post("/admin/language", language="en")
    assert owner.get(consent(owner.get(f"{PAGE}/{row.id}").text)).status_code == 302
    house.read()
    (again,) = house.rows()
    assert (again.id, again.state) == (row.id, CalendarState.ACTIVE)
    assert again.last_synced_at is not None


def test_disconnecting_ends_the_grant_and_frees_what_was_blocked(house: House, world: RunningCalendars) -> None:
    owner = house.visitor(OWNER)
    row = connect_google(house, owner)
    house.read()
    assert owner.post(f"{PAGE}/{row.id}/disconnect").status_code == 302
    assert house.rows() == []
    assert row.grant_secret not in world.do(lambda server: set(server.oauth.refresh_tokens))
    assert house.acts() == [AuditKind.CALENDAR_CONNECTED, AuditKind.CALENDAR_DISCONNECTED]


def test_a_viewer_and_a_stranger_connect_nothing(house: House, world: RunningCalendars) -> None:
    assert house.visitor(VIEWER).get(PAGE).status_code == 200
    assert house.visitor(VIEWER).get(f"{PAGE}/new").status_code == 403
    assert house.visitor(VIEWER).post(f"{PAGE}/caldav", **DAV, address=world.url).status_code == 403
    assert house.visitor(OTHER).post(f"{PAGE}/caldav", **DAV, address=world.url).status_code == 404
    assert house.visitor(OWNER).get(f"/admin/b/{OFFICE}/connections").status_code == 404


def test_google_tells_of_a_change_with_the_channels_secret_and_nobody_else_does(house: House) -> None:
    connect_google(house, house.visitor(OWNER))
    house.read()
    row = house.rows()[0]
    assert row.channel_id is not None
    waits = row.next_poll_at
    client = house.app.test_client()
    headers = {"X-Goog-Channel-ID": row.channel_id, "X-Goog-Resource-State": "exists"}
    assert client.post("/calendars/google", headers={**headers, "X-Goog-Channel-Token": "x"}).status_code == 404
    assert client.post("/calendars/google", headers=headers).status_code == 404
    assert house.rows()[0].next_poll_at == waits
    secret = house.worker.calendars.channel_secret(row.channel_id)
    assert client.post("/calendars/google", headers={**headers, "X-Goog-Channel-Token": secret}).status_code == 204
    assert house.rows()[0].next_poll_at < waits
