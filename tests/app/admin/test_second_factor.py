"""The second factor: set up, asked for, used once, lost, and demanded of administrators in production (S4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from flask import Flask
from sqlalchemy import update

from app.admin.auth.security import limiter
from app.commands import create_user as command
from app.context import Worker
from app.factory import create_app
from app.settings import load_settings
from services.db.models import SecondFactor
from tests.app.admin.cast import ADMIN, CLINIC, OTHER, OWNER, PASSWORD, Visitor, add_people
from tests.app.admin.fixtures import Admin
from tests.serving import AUTH_TOKEN, PUBLIC_BASE

HOME = f"/admin/b/{CLINIC}/"
SECURITY, FACTOR = "/admin/account/security", "/admin/account/second-factor"


def code_of(secret: str, steps: int = 0) -> str:
    """The generator's code now, or `steps` of 30 seconds away."""
    return pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=steps)


def begin(visitor: Visitor) -> str:
    """The secret that the page shows."""
    assert visitor.post(FACTOR, current=PASSWORD).status_code == 302
    shown = re.search(r"data-secret>([^<]+)<", visitor.get(FACTOR).text)
    assert shown is not None
    return shown[1].replace(" ", "")


def set_up(visitor: Visitor) -> tuple[str, list[str]]:
    """The secret and the recovery codes."""
    secret = begin(visitor)
    # The step before: the code of this one is still free for a log-in.
    page = visitor.post(f"{FACTOR}/confirm", code=code_of(secret, -1)).text
    codes = re.findall(r"<code>((?:[a-z2-7]{4}-){3}[a-z2-7]{4})</code>", page)
    assert len(codes) == 10
    return secret, codes


def half_way(admin: Admin, email: str = OWNER) -> Visitor:
    visitor = admin.visitor()
    answer = visitor.log_in(email, PASSWORD)
    assert "/admin/login/code" in answer.headers["Location"]
    return visitor


def test_a_password_alone_no_longer_opens_the_business(admin: Admin) -> None:
    secret, _ = set_up(admin.visitor(OWNER))
    visitor = half_way(admin)
    assert "/admin/login" in visitor.get(HOME).headers["Location"]
    assert visitor.post("/admin/login/code", code="000000").status_code == 401
    assert "/admin/login" in visitor.get(HOME).headers["Location"]
    assert visitor.post("/admin/login/code", code=code_of(secret)).status_code == 302
    assert visitor.get(HOME).status_code == 200


def test_the_way_to_the_page_that_was_wanted_survives_the_code(admin: Admin) -> None:
    secret, _ = set_up(admin.visitor(OWNER))
    visitor = admin.visitor()
    place = visitor.log_in(OWNER, PASSWORD, next=f"{HOME}calls").headers["Location"]
    assert visitor.get(place).status_code == 200
    answer = visitor.post("/admin/login/code", code=code_of(secret), next=f"{HOME}calls")
    assert answer.headers["Location"] == f"{HOME}calls"


def test_no_code_works_twice(admin: Admin) -> None:
    secret, codes = set_up(admin.visitor(OWNER))
    code = code_of(secret)
    assert half_way(admin).post("/admin/login/code", code=code).status_code == 302
    assert half_way(admin).post("/admin/login/code", code=code).status_code == 401
    assert half_way(admin).post("/admin/login/code", code=codes[0].upper().replace("-", " ")).status_code == 302
    assert half_way(admin).post("/admin/login/code", code=codes[0]).status_code == 401
    assert half_way(admin).post("/admin/login/code", code=codes[1]).status_code == 302


def test_guessing_codes_is_stopped_whatever_browser_guesses(admin: Admin) -> None:
    secret, _ = set_up(admin.visitor(OWNER))
    tries = [half_way(admin).post("/admin/login/code", code=f"{n:06}").status_code for n in range(7)]
    assert tries == [401] * 5 + [429] * 2
    assert half_way(admin).post("/admin/login/code", code=code_of(secret)).status_code == 429


def test_half_a_log_in_ends_with_the_password(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    secret, _ = set_up(owner)
    waiting = half_way(admin)
    owner.post("/admin/account/password", current=PASSWORD, new="another long password")
    answer = waiting.post("/admin/login/code", code=code_of(secret))
    assert "/admin/login" in answer.headers["Location"]
    assert "/admin/login" in waiting.get(HOME).headers["Location"]


def test_an_open_browser_alone_neither_sets_it_up_nor_takes_it_away(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    assert visitor.post(FACTOR, current="wrong").status_code == 422
    assert visitor.get(FACTOR).headers["Location"] == SECURITY
    secret, _ = set_up(visitor)
    assert visitor.post(f"{FACTOR}/off", current="wrong", code=code_of(secret)).status_code == 422
    assert visitor.post(f"{FACTOR}/off", current=PASSWORD, code="000000").status_code == 422
    assert visitor.post(f"{FACTOR}/codes", current="wrong").status_code == 422
    half_way(admin)
    assert visitor.post(f"{FACTOR}/off", current=PASSWORD, code=code_of(secret)).status_code == 302
    assert admin.visitor().log_in(OWNER, PASSWORD).headers["Location"] == "/admin/"


def test_setting_it_up_logs_other_devices_out(admin: Admin) -> None:
    other = admin.visitor(OWNER)
    here = admin.visitor(OWNER)
    set_up(here)
    assert here.get(HOME).status_code == 200
    assert "/admin/login" in other.get(HOME).headers["Location"]


def test_a_wrong_first_code_puts_nothing_in_force(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    begin(visitor)
    assert visitor.post(f"{FACTOR}/confirm", code="000000").status_code == 422
    assert admin.visitor().log_in(OWNER, PASSWORD).headers["Location"] == "/admin/"


def test_a_secret_that_was_shown_long_ago_is_not_put_in_force(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    secret = begin(visitor)
    long_ago = datetime.now(UTC) - timedelta(minutes=16)
    admin.database.write(lambda s: s.execute(update(SecondFactor).values(created_at=long_ago)) and None)
    assert visitor.post(f"{FACTOR}/confirm", code=code_of(secret)).status_code == 302
    assert admin.visitor().log_in(OWNER, PASSWORD).headers["Location"] == "/admin/"


def test_new_recovery_codes_replace_the_old(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    _, old = set_up(visitor)
    new = re.findall(r"<code>([^<]+)</code>", visitor.post(f"{FACTOR}/codes", current=PASSWORD).text)
    assert not set(old) & set(new)
    assert half_way(admin).post("/admin/login/code", code=old[0]).status_code == 401
    assert half_way(admin).post("/admin/login/code", code=new[0]).status_code == 302


def test_an_administrator_takes_away_a_lost_one_but_not_his_own(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    set_up(owner)
    boss = admin.visitor(ADMIN)
    set_up(boss)
    assert boss.post(f"/admin/people/{admin.people[ADMIN]}/second-factor").status_code == 404
    half_way(admin, ADMIN)
    assert admin.visitor(OTHER).post(f"/admin/people/{admin.people[OWNER]}/second-factor").status_code == 404
    boss.post(f"/admin/people/{admin.people[OWNER]}/second-factor")
    assert "/admin/login" in owner.get(HOME).headers["Location"]
    assert admin.visitor().log_in(OWNER, PASSWORD).headers["Location"] == "/admin/"


def test_the_operators_command_takes_one_away(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(admin.visitor(OWNER))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{admin.database.url.database}")
    command.main([OWNER, "--remove-second-factor"])
    assert admin.visitor().log_in(OWNER, PASSWORD).headers["Location"] == "/admin/"


# -- production ------------------------------------------------------------------------------------------------


@pytest.fixture
def production(seeded_url: str) -> Iterator[Flask]:
    settings = load_settings(
        app_env="production",
        database_url=seeded_url,
        secret_key="a-secret-for-tests-only-0123456789",
        twilio_auth_token=AUTH_TOKEN,
        public_base_url=PUBLIC_BASE,
        openai_api_key="sk-not-used-by-the-pages",
    )
    app = create_app(settings)
    worker: Worker = app.extensions["assistant"]
    add_people(worker.database)
    with app.app_context():
        limiter.reset()
    # The cookie travels over TLS only.
    app.config["PREFERRED_URL_SCHEME"] = "https"
    yield app
    worker.database.dispose()


def tls(visitor: Visitor) -> Visitor:
    visitor.client.environ_base["wsgi.url_scheme"] = "https"
    visitor.client.environ_base["HTTP_REFERER"] = "https://localhost/admin/"
    return visitor


def test_in_production_an_administrator_gets_nowhere_without_a_second_factor(production: Flask) -> None:
    boss = tls(Visitor(production))
    assert boss.log_in(ADMIN, PASSWORD).status_code == 302
    for path in ("/admin/", "/admin/people", "/admin/trail", "/admin/businesses", HOME, f"{HOME}customers"):
        assert boss.get(path).headers["Location"] == SECURITY, path
    boss._token = re.search(r'name="csrf_token" value="([^"]+)"', boss.get(SECURITY).text)[1]  # type: ignore[index]
    assert boss.post("/admin/businesses/new", name="X", language="en").headers["Location"] == SECURITY
    set_up(boss)
    assert boss.get("/admin/people").status_code == 200
    assert boss.get(HOME).status_code == 200


def test_in_production_an_owner_may_choose(production: Flask) -> None:
    owner = tls(Visitor(production))
    owner.log_in(OWNER, PASSWORD)
    assert owner.get(HOME).status_code == 200
