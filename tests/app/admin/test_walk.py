"""Every page, walked by the app's own URL map: a page added tomorrow is under these tests without a word here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.app.admin.cast import ADMIN, CLINIC, OFFICE, OWNER, VIEWER, Rows, Visitor, add_rows
from tests.app.admin.fixtures import Admin

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}\u202e=cmd|'/c calc'!A1"
# Values for parts of an address that are no id.
WORDS = {"what": "calls", "action": "end", "token": "nobody-signed-this"}
# What is no page.
FILES = {
    "business.recording",
    "business.voice_message",
    "business.csv_file",
    "business.trail_csv",
    "business.receipt_file",
}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def rules(app: Flask, *, of_business: bool) -> Iterator[Rule]:
    prefix = "business." if of_business else "admin."
    yield from (rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(prefix))


def address(rule: Rule, business: int, rows: Rows) -> str:
    """The rule's address with the ids of `rows`."""
    values = {"business_id": business, **asdict(rows), **WORDS}
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), rule.rule)


def method_of(rule: Rule) -> str:
    return "GET" if "GET" in (rule.methods or ()) else "POST"


def ask(visitor: Visitor, method: str, path: str) -> int:
    if method == "GET":
        return visitor.get(path).status_code
    return visitor.client.post(path, data={"csrf_token": visitor.token()}).status_code


def has_ids(rule: Rule) -> bool:
    return bool(rule.arguments - {"business_id"} - set(WORDS))


def test_the_walk_sees_the_pages(admin: Admin) -> None:
    assert len(list(rules(admin.app, of_business=True))) > 40
    assert any(has_ids(rule) for rule in rules(admin.app, of_business=True))


def test_every_page_opens_for_its_owner(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    wrong = {
        path: status
        for rule in rules(admin.app, of_business=True)
        if method_of(rule) == "GET" and rule.endpoint != "business.recording"
        for path in [address(rule, CLINIC, admin.clinic)]
        if (status := ask(visitor, "GET", path)) != 200
    }
    assert not wrong


def test_a_strangers_business_is_not_there(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    found = {
        f"{method} {address(rule, OFFICE, admin.office)}"
        for rule in rules(admin.app, of_business=True)
        for method in sorted(rule.methods or ())
        if method in {"GET", "POST"} and ask(visitor, method, address(rule, OFFICE, admin.office)) != 404
    }
    assert not found


def test_a_strangers_ids_are_not_in_ones_own_business(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    # The version's number is counted per business; one that only the other has:
    office = Rows(**{**asdict(admin.office), "number": 77})
    found = {
        f"{method} {address(rule, CLINIC, office)}"
        for rule in rules(admin.app, of_business=True)
        if has_ids(rule)
        for method in sorted(rule.methods or ())
        if method in {"GET", "POST"} and ask(visitor, method, address(rule, CLINIC, office)) != 404
    }
    assert not found


def test_without_a_log_in_every_page_leads_to_the_door(admin: Admin) -> None:
    open_pages = set()
    for of_business in (True, False):
        for rule in rules(admin.app, of_business=of_business):
            visitor = admin.visitor()  # a new one each time: logging out ends a visitor's form token
            answer = visitor.client.open(
                address(rule, CLINIC, admin.clinic), method=method_of(rule), data={"csrf_token": visitor.token()}
            )
            if answer.status_code != 302 or "/admin/login" not in answer.headers["Location"]:
                open_pages.add(rule.endpoint)
    assert open_pages <= {
        "admin.login",
        "admin.login_code",
        "admin.grid_css",
        "admin.change_language",
        "admin.logout",
        "admin.forgot_password",
        "admin.reset_password",
        "admin.invitation",
        "admin.accept_as_new_person",
    }


@pytest.mark.parametrize("who", [ADMIN, OWNER])
def test_every_change_without_a_token_is_refused(admin: Admin, who: str) -> None:
    visitor = admin.visitor(who)
    accepted = set()
    for of_business in (True, False):
        for rule in rules(admin.app, of_business=of_business):
            for method in UNSAFE & set(rule.methods or ()):
                path = address(rule, CLINIC, admin.clinic)
                for form in ({}, {"csrf_token": "forged"}):
                    if visitor.client.open(path, method=method, data=form).status_code != 400:
                        accepted.add(f"{method} {path}")
    assert not accepted


def test_a_viewer_changes_nothing(admin: Admin) -> None:
    visitor = admin.visitor(VIEWER)
    may = set()
    for rule in rules(admin.app, of_business=True):
        path = address(rule, CLINIC, admin.clinic)
        if "POST" in (rule.methods or ()) and ask(visitor, "POST", path) not in (403, 404):
            may.add(rule.endpoint)
    assert may == {"business.prompt_preview"}


def test_what_is_the_administrators_does_not_exist_for_an_owner(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    assert owner.get("/admin/businesses/new").status_code == 404
    assert owner.post(f"/admin/b/{CLINIC}/numbers", e164="+97239990009").status_code == 404
    assert owner.post(f"/admin/b/{CLINIC}/numbers/{admin.clinic.number_id}/remove").status_code == 404
    assert admin.visitor(ADMIN).get("/admin/businesses/new").status_code == 200


@pytest.mark.parametrize(("language", "business"), [("he", CLINIC), ("en", OFFICE)])
def test_hostile_text_of_callers_stays_text_on_every_page(admin: Admin, language: str, business: int) -> None:
    rows = add_rows(admin.database, business, admin.people[OWNER], text=HOSTILE, phone="+972509998877", hour=11)
    visitor = admin.visitor(ADMIN, language)
    seen = 0
    for rule in rules(admin.app, of_business=True):
        if method_of(rule) != "GET" or rule.endpoint in FILES:
            continue
        page = visitor.get(address(rule, business, rows)).text
        assert "<script>alert" not in page, rule.endpoint
        assert "<img src=x" not in page, rule.endpoint
        seen += "&lt;script&gt;alert" in page and "{{7*7}}" in page
    assert seen >= 8


def test_every_page_says_what_it_may_load_and_nothing_inline(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    for rule in rules(admin.app, of_business=True):
        if method_of(rule) != "GET" or rule.endpoint in FILES:
            continue
        answer = visitor.get(address(rule, CLINIC, admin.clinic))
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] in ("no-store", "private, no-cache")
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", answer.text), rule.endpoint


def test_no_page_is_heavy(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    for rule in rules(admin.app, of_business=True):
        if method_of(rule) == "GET" and rule.endpoint != "business.recording":
            assert len(visitor.get(address(rule, CLINIC, admin.clinic)).data) < 150_000, rule.endpoint
