"""What a server shows in production, to whom, and with which headers (S1, S8)."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import load_settings
from sandbox.launch import banner, prepare_database
from sandbox.realtime import RunningServer as Model
from services.accounts.seed import OWNER_EMAIL
from services.accounts.users import find_user
from services.db.database import Database
from tests.app.admin.cast import OWNER, PASSWORD, add_people
from tests.serving import (
    AUTH_TOKEN,
    PUBLIC_BASE,
    ROOT,
    HttpAnswer,
    RunningServer,
    copy_database,
    environment,
    running_app,
)

TOKEN = "a token of the metrics' own"
SECRET = "a-secret-for-tests-only-0123456789"
PREVIEW = "/webhook/incoming_call_preview"


@pytest.fixture(scope="module")
def production(
    seeded_template: Path, tmp_path_factory: pytest.TempPathFactory, model: Model
) -> Iterator[RunningServer]:
    directory = tmp_path_factory.mktemp("production")
    changes = {"OPENAI_REALTIME_URL": model.realtime_url, "METRICS_TOKEN": TOKEN, "APP_ENV": "production"}
    with running_app(directory, copy_database(seeded_template, directory), **changes) as running:
        yield running


def ask(server: RunningServer, path: str, authorization: str) -> int:
    request = urllib.request.Request(server.url + path, headers={"Authorization": authorization})
    try:
        return int(urllib.request.urlopen(request, timeout=30).status)
    except urllib.error.HTTPError as refused:
        return refused.code


@pytest.mark.parametrize("path", ["/metrics", PREVIEW, f"{PREVIEW}?To=%2B97239990001"])
def test_the_inside_is_shown_to_those_who_may_see_it(production: RunningServer, path: str) -> None:
    assert production.get(path).status == 404
    for wrong in (
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}\xfc",
    ):
        assert ask(production, path, wrong) == 404
    assert ask(production, path, f"Bearer {TOKEN}") == 200


@pytest.mark.parametrize("path", ["/version", "/healthz", "/readyz", "/"])
def test_health_checks_need_nothing(production: RunningServer, path: str) -> None:
    assert production.get(path).status == 200


def pages(server: RunningServer) -> Iterator[HttpAnswer]:
    login = server.get("/admin/login")
    yield login
    for found in re.findall(r'(?:src|href)="(/static/[^"]+)"', login.body):
        yield server.get(found)
    yield server.get("/calendar/nothing.ics")
    yield server.post("/webhook/incoming_call", {}, signature="")
    yield server.get("/healthz")
    yield server.get("/not/there")


def test_every_answer_says_that_it_is_https_only_and_what_it_says_it_is(production: RunningServer) -> None:
    for answer in pages(production):
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        policy = answer.headers["Content-Security-Policy"]
        for directive in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert directive in policy
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_cookie_is_this_hosts_alone_and_taken_over_https_only(production: RunningServer) -> None:
    add_people(production.database)
    page = production.get("/admin/login")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.body)
    assert token is not None
    session = page.headers["Set-Cookie"].partition(";")[0]
    form = urllib.parse.urlencode({"csrf_token": token[1], "email": OWNER, "password": PASSWORD}).encode()
    request = urllib.request.Request(f"{production.url}/admin/login", form, headers={"Cookie": session})
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.build_opener(NoRedirects()).open(request, timeout=30)
    assert answer.value.code == 302
    cookies = [session, *answer.value.headers.get_all("Set-Cookie")]
    assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-assistant", "__Secure-assistant_device"}
    for cookie in cookies[1:]:
        parts = {part.strip() for part in cookie.split(";")[1:]}
        assert {"Secure", "HttpOnly", "SameSite=Lax"} <= parts
        assert not any(part.startswith("Domain") for part in parts)
        assert len(cookie.partition(";")[0]) < 4096
        if cookie.startswith("__Host-"):
            assert "Path=/" in parts


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def test_development_asks_nobody_to_stay_with_https(server: RunningServer) -> None:
    for answer in pages(server):
        assert "Strict-Transport-Security" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_nobody_is_seeded_in_production(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/var/app.db"
    settings = load_settings(
        database_url=url,
        app_env="production",
        secret_key=SECRET,
        twilio_auth_token=AUTH_TOKEN,
        public_base_url=PUBLIC_BASE,
        openai_api_key="sk-1",
    )
    assert prepare_database(settings) == []
    assert Database(url).read(lambda s: find_user(s, OWNER_EMAIL)) is None
    assert "+972" not in banner(settings, [])


def test_production_without_a_model_refuses_to_start_with_one_line(tmp_path: Path) -> None:
    for command in (
        ["-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "wsgi:app"],
        ["-m", "sandbox.launch"],
    ):
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env=environment(f"sqlite:///{tmp_path}/x.db", APP_ENV="production", ENGINE=""),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode != 0
        said = (done.stdout + done.stderr).strip()
        assert said == "Refusing to start: OPENAI_API_KEY is not set: APP_ENV=production needs an OpenAI key"
