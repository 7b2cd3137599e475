"""Inviting people into a business: who may, what a link is good for and for how long (S4)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from services.db.models import Invitation, Membership, PasswordReset
from services.db.tenancy import bind_business, unscoped
from tests.app.admin.cast import ADMIN, CLINIC, OFFICE, OTHER, OWNER, PASSWORD, VIEWER, Visitor
from tests.app.admin.fixtures import Admin

HOME, USERS = f"/admin/b/{CLINIC}/", f"/admin/b/{CLINIC}/users"
NEW = "nina@new.test"
THEIRS = "seven quiet green boats"


def invite(visitor: Visitor, email: str = NEW, role: str = "viewer") -> str:
    """The path of the link."""
    page = visitor.post(USERS, email=email, role=role).text
    found = re.search(r"data-link>https://[^/]+(/admin/invitation/[^<]+)<", page)
    assert found is not None
    return found[1]


def roles(admin: Admin, business: int = CLINIC) -> dict[int, str]:
    query = select(Membership.user_id, Membership.role)
    rows = admin.database.read(lambda s: bind_business(s, business).execute(query).all())
    return {row[0]: row[1].value for row in rows}


def make_old(admin: Admin, model: type[Invitation] | type[PasswordReset]) -> None:
    """Its time is over."""

    def work(s) -> None:  # type: ignore[no-untyped-def]
        with unscoped(s, "a test lets time pass"):
            s.execute(update(model).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))

    admin.database.write(work)


def test_a_new_person_joins_with_a_password_of_her_own(admin: Admin) -> None:
    link = invite(admin.visitor(OWNER), "Nina@New.test")
    nina = admin.visitor()
    page = nina.get(link).text
    assert NEW in page
    assert nina.post(f"{link}/new", name="Nina", new=THEIRS).headers["Location"] == HOME
    assert nina.get(HOME).status_code == 200
    assert nina.post(f"{HOME}prompt", text="x", base="1").status_code == 403
    assert admin.visitor().log_in(NEW, THEIRS).status_code == 302
    assert "Nina" in admin.visitor(OWNER).get(USERS).text


def test_nobody_belongs_to_a_business_before_accepting(admin: Admin) -> None:
    invite(admin.visitor(OWNER), OTHER)
    assert admin.people[OTHER] not in roles(admin)
    assert admin.visitor(OTHER).get(HOME).status_code == 404


def test_somebody_with_an_account_accepts_logged_in(admin: Admin) -> None:
    link = invite(admin.visitor(OWNER), ADMIN, "owner")
    boss = admin.visitor(ADMIN)
    assert "/accept" in boss.get(link).text
    assert boss.post(f"{link}/accept").headers["Location"] == HOME
    assert roles(admin)[admin.people[ADMIN]] == "owner"


def test_a_link_is_good_for_its_own_address_only(admin: Admin) -> None:
    link = invite(admin.visitor(OWNER))
    other = admin.visitor(OTHER)
    assert f"{link}/accept" not in other.get(link).text
    assert other.post(f"{link}/accept", new=THEIRS).status_code == 409
    assert admin.people[OTHER] not in roles(admin)


def test_a_link_works_once(admin: Admin) -> None:
    link = invite(admin.visitor(OWNER))
    assert admin.visitor().post(f"{link}/new", new=THEIRS).status_code == 302
    again = admin.visitor()
    assert again.get(link).status_code == 410
    assert again.post(f"{link}/new", new="another long password").status_code == 410
    assert admin.visitor().log_in(NEW, THEIRS).status_code == 302


def test_a_link_that_was_tampered_with_is_none(admin: Admin) -> None:
    link = invite(admin.visitor(OWNER))
    visitor = admin.visitor()
    head, _, signature = link.rpartition(".")
    for forged in (f"{head}.{signature[::-1]}", f"{link[:22]}x{link[23:]}", link.replace("invitation", "reset")):
        assert visitor.get(forged).status_code == 410, forged


def test_a_link_is_over_after_a_week_a_withdrawal_or_a_newer_one(admin: Admin) -> None:
    owner, visitor = admin.visitor(OWNER), admin.visitor()
    first = invite(owner)
    second = invite(owner)
    assert (visitor.get(first).status_code, visitor.get(second).status_code) == (410, 200)
    found = re.search(r"/users/invitations/(\d+)/withdraw", owner.get(USERS).text)
    assert found is not None
    assert owner.post(f"{USERS}/invitations/{found[1]}/withdraw").status_code == 302
    assert visitor.get(second).status_code == 410
    third = invite(owner)
    make_old(admin, Invitation)
    assert visitor.get(third).status_code == 410
    assert NEW not in owner.get(USERS).text


def test_an_owner_who_is_none_any_more_leaves_no_door_behind(admin: Admin) -> None:
    """He invites another address of his, is removed, and comes back by the link."""
    boss, owner = admin.visitor(ADMIN), admin.visitor(OWNER)
    link = invite(owner, "again@owner.test", "owner")
    boss.post(f"{USERS}/{admin.people[VIEWER]}/role", role="owner")
    boss.post(f"{USERS}/{admin.people[OWNER]}/remove")
    assert admin.visitor().get(link).status_code == 410


def test_an_invitation_of_somebody_who_was_removed_is_gone(admin: Admin) -> None:
    boss = admin.visitor(ADMIN)
    assert "Already here" in boss.client.get(boss.post(USERS, email=VIEWER, role="owner").headers["Location"]).text
    boss.post(f"{USERS}/{admin.people[VIEWER]}/remove")
    link = invite(boss, VIEWER)
    viewer = admin.visitor(VIEWER)
    viewer.post(f"{link}/accept")
    assert roles(admin)[admin.people[VIEWER]] == "viewer"


@pytest.mark.parametrize("email", ["", "nobody", "a b@c", "x@y\nBcc: z@y", '"<x>"@y', "x" * 250 + "@y.test"])
def test_what_is_no_address_is_not_invited(admin: Admin, email: str) -> None:
    assert admin.visitor(OWNER).post(USERS, email=email, role="viewer").status_code == 422


def test_inviting_is_counted_for_each_person(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    answers = [owner.post(USERS, email=f"n{n}@new.test", role="viewer").status_code for n in range(22)]
    assert answers == [200] * 20 + [429] * 2


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("aaaaaaaaaa", "Too easy to guess"),
        ("1234567890", "Too easy to guess"),
        ("Password123!", "Too easy to guess"),
        (NEW, "made of your address"),
        ("Nina new 1", "made of your address"),
        ("short one", "At least 10"),
        ("long " * 60, "At most 256"),
    ],
)
def test_a_password_that_is_guessed_first_is_refused_with_a_word(admin: Admin, password: str, words: str) -> None:
    link = invite(admin.visitor(OWNER))
    visitor = admin.visitor()
    answer = visitor.post(f"{link}/new", name="Nina", new=password)
    assert answer.status_code == 422
    assert words in answer.text
    assert visitor.get(link).status_code == 200


# -- forgotten passwords without a mail server -----------------------------------------------------------------


def test_without_mail_the_administrator_hands_a_link_over(admin: Admin) -> None:
    boss = admin.visitor(ADMIN)
    logged_in = admin.visitor(OWNER)
    page = boss.post(f"/admin/people/{admin.people[OWNER]}/reset").text
    found = re.search(r"data-link>https://[^/]+(/admin/reset/[^<]+)<", page)
    assert found is not None
    visitor = admin.visitor()
    assert visitor.post(found[1], new=PASSWORD[:9]).status_code == 422
    assert visitor.post(found[1], new=THEIRS).headers["Location"] == "/admin/login"
    assert "/admin/login" in logged_in.get(HOME).headers["Location"]
    assert visitor.get(found[1]).status_code == 410
    assert admin.visitor().log_in(OWNER, THEIRS).status_code == 302


def test_a_link_for_a_new_password_ends_with_time_a_newer_one_and_a_changed_password(admin: Admin) -> None:
    boss, visitor = admin.visitor(ADMIN), admin.visitor()

    def link() -> str:
        page = boss.post(f"/admin/people/{admin.people[OWNER]}/reset").text
        return re.findall(r"data-link>https://[^/]+(/admin/reset/[^<]+)<", page)[0]

    first, second = link(), link()
    assert (visitor.get(first).status_code, visitor.get(second).status_code) == (410, 200)
    admin.visitor(OWNER).post("/admin/account/password", current=PASSWORD, new=THEIRS)
    assert visitor.get(second).status_code == 410
    third = link()
    make_old(admin, PasswordReset)
    assert visitor.get(third).status_code == 410


def test_only_administrators_make_such_links(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    assert owner.get("/admin/people").status_code == 404
    assert owner.post(f"/admin/people/{admin.people[VIEWER]}/reset").status_code == 404


def test_the_people_of_the_installation_are_listed(admin: Admin) -> None:
    page = admin.visitor(ADMIN).get("/admin/people").text
    for email in (OWNER, OTHER, VIEWER, ADMIN):
        assert email in page
    assert "Harbour Accounting" in page


# -- devices ---------------------------------------------------------------------------------------------------


def test_one_sees_ones_devices_and_ends_one_of_them(admin: Admin) -> None:
    here = admin.visitor(OWNER)
    elsewhere = Visitor(admin.app)
    elsewhere.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"
    elsewhere.log_in(OWNER, PASSWORD)
    page = here.get("/admin/account/security").text
    assert "Firefox, Windows" in page
    assert page.count("this one") == 1
    row = page[page.index("Firefox, Windows") :]
    ending = re.search(r"/admin/account/sessions/(\d+)/end", row)
    assert ending is not None
    stranger = admin.visitor(OTHER)
    assert stranger.post(ending[0]).status_code == 404
    assert elsewhere.get(HOME).status_code == 200
    assert here.post(ending[0]).status_code == 302
    assert "/admin/login" in elsewhere.get(HOME).headers["Location"]
    assert here.get(HOME).status_code == 200


def test_a_business_is_nobody_elses_to_invite_into(admin: Admin) -> None:
    assert admin.visitor(OWNER).post(f"/admin/b/{OFFICE}/users", email=NEW, role="owner").status_code == 404
    assert admin.visitor(VIEWER).post(USERS, email=NEW, role="owner").status_code == 403
