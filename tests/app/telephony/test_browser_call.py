"""The one upgrade of the media socket that Twilio does not sign: the telephone in our own page (W3, W4)."""

from __future__ import annotations

import http.cookiejar
import json
import re
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import websocket

from app.telephony import stream_token
from services.calls.lifecycle import find_call
from services.db.models import Call
from services.db.tenancy import bind_business
from tests.app.admin.cast import CLINIC, OFFICE, OTHER, OWNER, PASSWORD, VIEWER, add_people
from tests.patience import PATIENCE_S
from tests.serving import PUBLIC_BASE, RunningServer, wait_until

HOME = f"/admin/b/{CLINIC}/"
SECRET = b"a-secret-for-tests-only-0123456789"


@pytest.fixture(scope="module")
def people(server: RunningServer) -> RunningServer:
    """The running server, with people who can log in."""
    add_people(server.database)
    return server


@dataclass
class Browser:
    """A logged-in browser, seen from the wire."""

    server: RunningServer
    opener: urllib.request.OpenerDirector
    jar: http.cookiejar.CookieJar

    @classmethod
    def logged_in(cls, server: RunningServer, email: str) -> Browser:
        jar = http.cookiejar.CookieJar()
        browser = cls(server, urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar)), jar)
        browser.post("/admin/login", email=email, password=PASSWORD)
        return browser

    def token(self) -> str:
        page = self.opener.open(self.server.url + "/admin/login", timeout=PATIENCE_S).read().decode()
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found is not None
        return found[1]

    def post(self, path: str, **fields: str) -> str:
        data = urllib.parse.urlencode({"csrf_token": self.token(), **fields}).encode()
        answer: bytes = self.opener.open(self.server.url + path, data, timeout=PATIENCE_S).read()
        return answer.decode()

    def place_call(self) -> dict[str, str]:
        opened: dict[str, str] = json.loads(self.post(f"{HOME}phone/call", caller="050-123-4567"))
        return opened

    @property
    def cookie(self) -> str:
        return "; ".join(f"{each.name}={each.value}" for each in self.jar)

    def open_socket(
        self, call_sid: str, token: str, *, origin: str = "", cookie: str | None = None
    ) -> websocket.WebSocket:
        query = urllib.parse.urlencode({"call": call_sid, "token": token})
        socket = websocket.WebSocket()
        socket.connect(
            f"ws://127.0.0.1:{self.server.port}/ws/twilio-media?{query}",
            origin=origin or self.server.url,
            cookie=self.cookie if cookie is None else cookie,
            timeout=PATIENCE_S,
        )
        return socket


def status_of_refusal(browser: Browser, call_sid: str, token: str, **how: str) -> int:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        browser.open_socket(call_sid, token, **how)
    status: int = refused.value.status_code
    return status


def start(socket: websocket.WebSocket, call_sid: str, token: str) -> None:
    media_format = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
    details = {
        "streamSid": "MZ1",
        "callSid": call_sid,
        "mediaFormat": media_format,
        "customParameters": {"token": token},
    }
    socket.send(json.dumps({"event": "start", "sequenceNumber": "1", "start": details, "streamSid": "MZ1"}))


def call_of(server: RunningServer, call_sid: str) -> Call:
    found = server.database.read(lambda s: find_call(s, call_sid))
    assert found is not None
    return found


def test_a_logged_in_owner_places_a_test_call_that_is_marked_as_one(people: RunningServer) -> None:
    browser = Browser.logged_in(people, OWNER)
    opened = browser.place_call()
    socket = browser.open_socket(opened["call_sid"], opened["token"])
    start(socket, opened["call_sid"], opened["token"])
    wait_until(lambda: call_of(people, opened["call_sid"]).stream_claimed_at)
    call = call_of(people, opened["call_sid"])
    assert (call.business_id, call.is_test, call.caller) == (CLINIC, True, "+972501234567")
    assert call.dialled == "+97239990001"
    socket.send(json.dumps({"event": "stop", "streamSid": "MZ1"}))
    wait_until(lambda: call_of(people, opened["call_sid"]).ended_at)
    browser.post(f"{HOME}phone/{call.id}/hung-up")
    assert call_of(people, opened["call_sid"]).carrier_status == "completed"


def test_without_a_log_in_a_token_opens_nothing(people: RunningServer) -> None:
    browser = Browser.logged_in(people, OWNER)
    opened = browser.place_call()
    assert status_of_refusal(browser, opened["call_sid"], opened["token"], cookie="") == 403


def test_another_sites_page_cannot_use_ones_log_in(people: RunningServer) -> None:
    browser = Browser.logged_in(people, OWNER)
    opened = browser.place_call()
    for origin in ("https://evil.example", "null", f"{people.url}.evil.example"):
        assert status_of_refusal(browser, opened["call_sid"], opened["token"], origin=origin) == 403
    browser.open_socket(opened["call_sid"], opened["token"], origin=PUBLIC_BASE).close()


@pytest.mark.parametrize("email", [VIEWER, OTHER])
def test_a_token_is_good_only_for_who_may_change_its_business(people: RunningServer, email: str) -> None:
    opened = Browser.logged_in(people, OWNER).place_call()
    assert status_of_refusal(Browser.logged_in(people, email), opened["call_sid"], opened["token"]) == 403


def test_a_log_in_opens_no_call_of_the_carriers_and_no_forged_one(people: RunningServer) -> None:
    browser = Browser.logged_in(people, OWNER)
    later = datetime.now(UTC) + timedelta(minutes=1)
    carriers = stream_token.mint(SECRET, "CA123", CLINIC, "nonce", later)
    assert status_of_refusal(browser, "CA123", carriers) == 403
    forged = stream_token.mint(b"x" * 32, "BROWSER123", CLINIC, "nonce", later)
    assert status_of_refusal(browser, "BROWSER123", forged) == 403
    expired = stream_token.mint(SECRET, "BROWSER123", CLINIC, "nonce", datetime.now(UTC) - timedelta(seconds=1))
    assert status_of_refusal(browser, "BROWSER123", expired) == 403
    assert status_of_refusal(browser, "BROWSER123", "") == 403


def test_a_token_opens_one_call_once(people: RunningServer) -> None:
    browser = Browser.logged_in(people, OWNER)
    opened = browser.place_call()
    first = browser.open_socket(opened["call_sid"], opened["token"])
    start(first, opened["call_sid"], opened["token"])
    wait_until(lambda: call_of(people, opened["call_sid"]).stream_claimed_at)
    second = browser.open_socket(opened["call_sid"], opened["token"])
    start(second, opened["call_sid"], opened["token"])
    opcode, frame = second.recv_data()
    assert opcode == websocket.ABNF.OPCODE_CLOSE
    assert int.from_bytes(frame[:2], "big") == 1008
    first.close()


def test_a_test_call_whose_line_was_lost_goes_on_with_a_new_token(people: RunningServer) -> None:
    browser = Browser.logged_in(people, OWNER)
    opened = browser.place_call()
    socket = browser.open_socket(opened["call_sid"], opened["token"])
    start(socket, opened["call_sid"], opened["token"])
    wait_until(lambda: call_of(people, opened["call_sid"]).stream_claimed_at)
    socket.shutdown()
    call = call_of(people, opened["call_sid"])
    answer = json.loads(browser.post(f"{HOME}phone/{call.id}/next"))
    assert answer["call_sid"] == opened["call_sid"]
    again = browser.open_socket(answer["call_sid"], answer["token"])
    start(again, answer["call_sid"], answer["token"])
    wait_until(lambda: call_of(people, opened["call_sid"]).stream_claimed_at)
    assert call_of(people, opened["call_sid"]).resume_count == 1
    again.send(json.dumps({"event": "stop", "streamSid": "MZ1"}))
    wait_until(lambda: call_of(people, opened["call_sid"]).ended_at)
    assert "ended" in json.loads(browser.post(f"{HOME}phone/{call.id}/next"))


def test_only_test_calls_are_reached_through_the_phone_page(people: RunningServer) -> None:
    browser = Browser.logged_in(people, OWNER)
    opened = browser.place_call()
    call = call_of(people, opened["call_sid"])

    def make_real(s: object) -> None:
        bind_business(s, CLINIC).get_one(Call, call.id).is_test = False  # type: ignore[arg-type]

    people.database.write(make_real)
    for what in ("next", "hung-up"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            browser.post(f"{HOME}phone/{call.id}/{what}")


def test_a_call_as_no_number_at_all_is_refused_in_words(people: RunningServer) -> None:
    browser = Browser.logged_in(people, OWNER)
    with pytest.raises(urllib.error.HTTPError, match="422"):
        browser.post(f"{HOME}phone/call", caller="nobody")


def test_a_stranger_cannot_place_a_test_call(people: RunningServer) -> None:
    browser = Browser.logged_in(people, OTHER)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        browser.post(f"{HOME}phone/call")
    assert json.loads(browser.post(f"/admin/b/{OFFICE}/phone/call"))["call_sid"]
