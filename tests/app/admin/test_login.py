"""Getting in and out: passwords, limits, sessions, roles, the operator's command."""

from __future__ import annotations

import io
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from app.commands import create_user as command
from services.accounts.users import find_user, password_matches
from services.db.database import Database
from tests.app.admin.cast import ADMIN, CLINIC, OTHER, OWNER, PASSWORD, VIEWER, add_people
from tests.app.admin.fixtures import Admin
from tests.conftest import ServerMaker

HOME = f"/admin/b/{CLINIC}/"


def test_a_right_password_opens_the_business(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    assert visitor.get("/admin/").headers["Location"] == HOME
    assert visitor.get(HOME).status_code == 200


@pytest.mark.parametrize(("email", "password"), [(OWNER, "wrong"), ("nobody@test", PASSWORD), ("", "")])
def test_a_wrong_password_and_an_unknown_address_look_the_same(admin: Admin, email: str, password: str) -> None:
    answer = admin.visitor().log_in(email, password)
    assert answer.status_code == 401
    assert "The address or the password is wrong." in answer.text


def test_guessing_is_stopped_after_a_few_tries(admin: Admin) -> None:
    visitor = admin.visitor()
    tries = [visitor.log_in(OWNER, f"guess {n}").status_code for n in range(7)]
    assert tries[:5] == [401] * 5
    assert tries[5:] == [429] * 2
    # The limit is on this address and this account, not on everybody.
    assert visitor.log_in(OTHER, PASSWORD).status_code == 302


def test_two_workers_count_together(make_server: ServerMaker) -> None:
    """More tries than one worker allows, on a connection each: which worker takes one is the kernel's choice."""
    running = make_server(WEB_CONCURRENCY="2")
    add_people(running.database)
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def guess() -> int:
        page = browser.open(f"{running.url}/admin/login").read().decode()
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        form = urllib.parse.urlencode({"csrf_token": token[1], "email": OWNER, "password": "a guess"}).encode()
        try:
            return int(browser.open(f"{running.url}/admin/login", form).status)
        except urllib.error.HTTPError as refused:
            return refused.code

    assert [guess() for _ in range(12)] == [401] * 5 + [429] * 7


def test_right_passwords_are_not_counted(admin: Admin) -> None:
    for _ in range(8):
        assert admin.visitor().log_in(OWNER, PASSWORD).status_code == 302


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ("/admin/b/1/calls", "/admin/b/1/calls"),
        ("https://evil.example/admin/", "/admin/"),
        ("//evil.example/admin/", "/admin/"),
        ("/admin/\\evil.example", "/admin/"),
        ("/webhook/call_status", "/admin/"),
        ("javascript:alert(1)", "/admin/"),
    ],
)
def test_the_door_leads_to_our_own_pages_only(admin: Admin, wanted: str, place: str) -> None:
    answer = admin.visitor().log_in(OWNER, PASSWORD, next=wanted)
    assert answer.headers["Location"] == place


def test_a_new_password_ends_every_other_session(admin: Admin) -> None:
    here, elsewhere = admin.visitor(OWNER), admin.visitor(OWNER)
    answer = here.post("/admin/account/password", current=PASSWORD, new="another long password")
    assert answer.status_code == 302
    assert here.get(HOME).status_code == 200
    assert "/admin/login" in elsewhere.get(HOME).headers["Location"]
    assert admin.visitor().log_in(OWNER, PASSWORD).status_code == 401


@pytest.mark.parametrize(("current", "new"), [("wrong", "a long new password"), (PASSWORD, "short")])
def test_a_password_is_not_changed_by_a_wrong_or_for_a_short_one(admin: Admin, current: str, new: str) -> None:
    visitor = admin.visitor(OWNER)
    answer = visitor.post("/admin/account/password", current=current, new=new)
    assert answer.status_code == 200
    assert 'class="error"' in answer.text
    assert admin.visitor().log_in(OWNER, PASSWORD).status_code == 302


def test_logging_out_ends_the_session_and_needs_a_token(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    assert visitor.client.post("/admin/logout").status_code == 400
    assert visitor.post("/admin/logout").headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "/admin/login" in visitor.get(HOME).headers["Location"]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(admin: Admin) -> None:
    answer = admin.visitor().log_in(OWNER, PASSWORD)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_language_is_kept_with_the_account(admin: Admin) -> None:
    visitor = admin.visitor(OWNER, language="he")
    assert '<html lang="he" dir="rtl">' in visitor.get(HOME).text
    visitor.post("/admin/language", language="en", next=HOME)
    assert '<html lang="en" dir="ltr">' in visitor.get(HOME).text
    visitor.post("/admin/logout")
    visitor.log_in(OWNER, PASSWORD)
    assert '<html lang="en" dir="ltr">' in visitor.get(HOME).text


def test_an_unknown_language_changes_nothing(admin: Admin) -> None:
    visitor = admin.visitor(OWNER, language="he")
    visitor.post("/admin/language", language="<script>")
    assert '<html lang="he"' in visitor.get(HOME).text


def test_a_script_gets_401_instead_of_the_door(admin: Admin) -> None:
    answer = admin.visitor().client.get(f"{HOME}live/calls", headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 401


def test_an_administrator_opens_every_business_and_an_owner_his_own(admin: Admin) -> None:
    assert admin.visitor(ADMIN).get("/admin/b/2/").status_code == 200
    assert admin.visitor(OWNER).get("/admin/b/2/").status_code == 404
    assert admin.visitor(OWNER).get("/admin/b/999/").status_code == 404


def test_a_viewer_is_shown_no_buttons_that_change(admin: Admin) -> None:
    page = admin.visitor(VIEWER).get(f"{HOME}prompt").text
    assert "Save as a new version" not in page
    assert "readonly" in page


def run(database: Database, monkeypatch: pytest.MonkeyPatch, *arguments: str, typed: str = "") -> str:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{database.url.database}")
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    command.main(list(arguments))
    return out.getvalue()


def test_the_command_makes_the_first_administrator(
    admin: Admin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    run(admin.database, monkeypatch, "First@Admin.test", "--admin", typed="typed by the operator\n")
    user = admin.database.read(lambda s: find_user(s, "first@admin.test"))
    assert user is not None
    assert user.is_admin
    assert password_matches(user, "typed by the operator")


def test_the_command_shows_a_password_it_made(admin: Admin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    out = run(admin.database, monkeypatch, "new@test", "--business", "2", "--role", "viewer", "--generate")
    email, password = out.strip().split(" / ")
    visitor = admin.visitor()
    assert visitor.log_in(email, password).status_code == 302
    assert visitor.get("/admin/b/2/").status_code == 200


def test_the_command_gives_a_forgetful_person_a_new_password(
    admin: Admin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    logged_in = admin.visitor(OWNER)
    run(admin.database, monkeypatch, OWNER, "--reset", typed="a password to remember\n")
    assert "/admin/login" in logged_in.get(HOME).headers["Location"]
    assert admin.visitor().log_in(OWNER, "a password to remember").status_code == 302


@pytest.mark.parametrize(
    ("arguments", "typed", "reason"),
    [
        ((OWNER,), "long enough to be taken\n", "somebody has this address"),
        (("x@test", "--reset"), "long enough to be taken\n", "nobody has this address"),
        (("x@test", "--business", "77"), "long enough to be taken\n", "no business 77"),
        (("x@test",), "short\n", "at least 10"),
        (("x@test",), "password1234\n", "too easy to guess"),
        (("dana.levi@shop.test",), "dana levi shop\n", "made of the address"),
        (("x@test",), "x" * 257 + "\n", "at most 256"),
        ((OWNER, "--remove-second-factor"), "", "has a second factor"),
    ],
)
def test_the_command_says_in_one_line_what_cannot_be_done(
    admin: Admin,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: tuple[str, ...],
    typed: str,
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=reason):
        run(admin.database, monkeypatch, *arguments, typed=typed)
