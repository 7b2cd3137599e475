"""What strangers have tried against a running server, over real sockets (S1, S2; docs/security.md)."""

from __future__ import annotations

import re
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.http_rules import MAX_BODY_BYTES, MAX_FIELDS
from app.worker.connections import STRANGERS
from sandbox.realtime import RunningServer as Model
from services.calls.lifecycle import find_business_by_number
from services.db.tenancy import bind_business
from tests.app.admin.cast import OWNER, add_people
from tests.app.telephony.test_media_route import upgrade
from tests.app.telephony.test_webhooks import INCOMING, new_sid, ring
from tests.serving import OFFICE, RunningServer, copy_database, running_app, wait_until

# With MAX_CALLS_PER_WORKER=1 a worker takes 202 connections: more than all of them.
MANY = 260
HEAD = "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
UNFINISHED = "Content-Length: 1000\r\n\r\nFrom="

ATTACKS = {
    "a body that does not come, unsigned": HEAD.format(path=INCOMING) + UNFINISHED,
    "a body that does not come, wrongly signed": HEAD.format(path=INCOMING) + "X-Twilio-Signature: x\r\n" + UNFINISHED,
    "a log-in that does not come": HEAD.format(path="/admin/login") + UNFINISHED,
    "a chunked body that does not come": HEAD.format(path="/admin/login") + "Transfer-Encoding: chunked\r\n\r\n5\r\n",
    "half a head": "GET /healthz HTTP/1.1\r\nHost:",
    "nothing": "",
    "a kept connection": "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.fixture(scope="module")
def small(seeded_template: Path, tmp_path_factory: pytest.TempPathFactory, model: Model) -> Iterator[RunningServer]:
    """A gevent worker for one call."""
    directory = tmp_path_factory.mktemp("small")
    url = copy_database(seeded_template, directory)
    changes = {"OPENAI_REALTIME_URL": model.realtime_url, "MAX_CALLS_PER_WORKER": "1"}
    with running_app(directory, url, **changes) as running:
        add_people(running.database)
        yield running


@contextmanager
def connections(
    server: RunningServer, number: int, said: str, *, receive_buffer: int = 0
) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        opened = []
        for _ in range(number):
            one = stack.enter_context(socket.socket())
            if receive_buffer:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            one.settimeout(60)
            one.connect(("127.0.0.1", server.port))
            if said:
                one.sendall(said.encode())
            opened.append(one)
        yield opened


def everything_works(server: RunningServer) -> None:
    assert server.get("/healthz").status == 200
    assert ring(server, new_sid(), "+97239999999").status == 200
    with upgrade(server) as upgraded:
        assert upgraded.response is not None
        assert upgraded.response.status_code == 101


@pytest.mark.parametrize("said", ATTACKS.values(), ids=ATTACKS.keys())
def test_strangers_who_hold_connections_leave_room_for_health_and_for_what_is_signed(
    small: RunningServer, said: str
) -> None:
    with connections(small, MANY, said), upgrade(small) as signed:
        everything_works(small)
        with connections(small, MANY, said):
            everything_works(small)
        assert signed.ping().wait(60)  # what Twilio signed is nobody's to cut


def test_readers_who_do_not_read_leave_room_too(small: RunningServer) -> None:
    page = small.get("/admin/login").body
    script = re.search(r'src="(/static/[^"]+)"', page)
    assert script is not None
    asked = f"GET {script[1]} HTTP/1.1\r\nHost: x\r\n\r\n" * 40
    with connections(small, MANY, asked, receive_buffer=2048):
        everything_works(small)


def ends(connection: socket.socket) -> bool:
    """Whether the other side ends it, whatever it says before."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


@pytest.mark.slow
def test_a_body_has_a_deadline_whoever_waits_for_it(server: RunningServer) -> None:
    for name in ("a body that does not come, wrongly signed", "a log-in that does not come"):
        with connections(server, 1, ATTACKS[name]) as (slow,):
            slow.settimeout(45)
            assert ends(slow)


def test_an_unsigned_webhook_is_refused_before_its_body_is_there(server: RunningServer) -> None:
    with connections(server, 1, ATTACKS["a body that does not come, unsigned"]) as (one,):
        assert one.recv(12) == b"HTTP/1.1 403"


@pytest.mark.parametrize("path", ["/admin/login", "/admin/language", "/admin/logout", "/", "/calendar/x.ics", INCOMING])
@pytest.mark.parametrize(
    "form", ["a" * (MAX_BODY_BYTES + 1), "&" * MAX_FIELDS, "email=%00"], ids=["large", "of many fields", "with NUL"]
)
def test_a_strangers_form_is_refused_before_it_is_read(server: RunningServer, path: str, form: str) -> None:
    request = urllib.request.Request(server.url + path, data=form.encode(), headers={"X-Twilio-Signature": "x"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert refused.value.code in (400, 403, 405, 413)
    assert "Traceback" not in server.logs()


class Guesser:
    """A browser at the log-in page."""

    def __init__(self, server: RunningServer) -> None:
        self._url = f"{server.url}/admin/login"
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        page = self._opener.open(self._url, timeout=60).read().decode()
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        self._token = token[1]

    def guess(self, email: str, password: str) -> int:
        form = urllib.parse.urlencode({"csrf_token": self._token, "email": email, "password": password}).encode()
        try:
            return int(self._opener.open(self._url, form, timeout=120).status)
        except urllib.error.HTTPError as refused:
            return refused.code


def at_once(number: int, work: Callable[[int], int]) -> Counter[int]:
    with ThreadPoolExecutor(number) as threads:
        return Counter(threads.map(work, range(number)))


def test_of_sixty_guesses_at_once_no_more_than_the_limit_are_looked_at(small: RunningServer) -> None:
    guesser = Guesser(small)
    found = at_once(60, lambda n: guesser.guess(OWNER, f"guess {n}"))
    assert found[401] <= 5
    assert found[401] + found[429] == 60


def test_guesses_at_many_accounts_at_once_are_hashed_one_after_the_other(small: RunningServer) -> None:
    guesser = Guesser(small)
    before = resident_mib(small)
    found = at_once(40, lambda n: guesser.guess(f"somebody{n}@test", "guess"))
    assert set(found) <= {401, 429}
    # One hash takes 64 MiB; forty at once, as many as gevent's own pool has threads, took 640.
    assert resident_mib(small) - before < 200


def resident_mib(server: RunningServer) -> int:
    """The most memory that the server's worker ever had."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    status = Path(f"/proc/{children[0]}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) // 1024


def test_withheld_and_invented_numbers_get_no_more_streams_than_their_business_has(small: RunningServer) -> None:
    def limit(session: Session) -> None:
        settings = find_business_by_number(session, OFFICE)
        assert settings is not None
        bind_business(session, settings.id)
        settings.settings.max_calls_per_caller_hour, settings.settings.max_calls_at_once = 3, 5

    small.database.write(limit)
    # A worker that is late gives a fallback to calls that it could take: there may be fewer streams.
    withheld = at_once(20, lambda _: "<Connect" in ring(small, new_sid(), OFFICE, "anonymous").body)
    invented = at_once(20, lambda n: "<Connect" in ring(small, new_sid(), OFFICE, f"+97250{n:07d}").body)
    assert withheld[True] <= 3
    assert withheld[True] + invented[True] <= 5
    assert sum(withheld.values()) + sum(invented.values()) == 40


def test_no_line_of_the_log_can_be_forged_through_an_address(server: RunningServer) -> None:
    forged = "2026-11-20T10:00:00Z INFO    [CA1] everything is fine"
    path = f"/webhook/x%0A{urllib.parse.quote(forged)}%E2%80%A8{urllib.parse.quote(forged)}"
    assert server.post(path, {}, signature="x").status == 403
    line = server.wait_log("the signature is wrong or missing path=/webhook/x")
    assert r"\n2026-11-20T10:00:00Z" in line
    assert not [each for each in server.logs().splitlines() if each.startswith(forged)]


def test_the_router_redirects_to_no_host_that_the_request_names(server: RunningServer) -> None:
    for path in ("/admin", "/admin?next=/x", "//evil.example/admin"):
        with connections(server, 1, f"GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n") as (
            one,
        ):
            answer = b""
            while piece := one.recv(65536):
                answer += piece
        location = re.search(rb"(?im)^location: (.*?)\r$", answer)
        assert location is None or location[1].startswith(b"/admin"), answer


def test_strangers_have_fewer_places_than_a_worker_has(small: RunningServer) -> None:
    wait_until(lambda: "connections: 202" in small.logs().replace("worker_connections", "connections"))
    assert STRANGERS < 202
