"""Attacks on accounts, made through the pages of a running server: a stranger's account waiting for somebody, a copied
cookie, questions about who has an account (S4)."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.orm import Session

from services.accounts.users import create_user, find_user, grant, hash_password
from services.db.database import Database
from services.db.models import Role
from tests.app.admin.cast import CLINIC, NOW, OFFICE, OTHER, OWNER, PASSWORD, VIEWER, add_people, add_rows
from tests.app.admin.http_person import HttpPerson, Page, link_on
from tests.conftest import ServerMaker
from tests.serving import RunningServer, wait_until
from tests.smtp_server import MailServer, mail_server

CLINIC_HOME, OFFICE_HOME = f"/admin/b/{CLINIC}/", f"/admin/b/{OFFICE}/"
ACCOUNT = "/admin/account"
COLLEAGUE = "colleague@office.test"
STRANGERS, THEIRS = "purple kettle on the roof", "seven quiet green boats"


@pytest.fixture
def site(make_server: ServerMaker) -> RunningServer:
    return _fill(make_server())


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def mailing_site(make_server: ServerMaker, mail: MailServer) -> RunningServer:
    return _fill(make_server(SMTP_URL=mail.url, SMTP_FROM="assistant@phone.example.com"))


def _fill(site: RunningServer) -> RunningServer:
    ids = add_people(site.database)
    add_rows(site.database, OFFICE, ids[OTHER], text="a customer of the office")
    return site


def somebody(site: RunningServer, email: str, password: str = PASSWORD) -> HttpPerson:
    person = HttpPerson(site.url)
    answer = person.log_in(email, password)
    assert answer.status == 302, answer.text
    return person


def id_of(site: RunningServer, email: str) -> int:
    user = site.database.read(lambda s: find_user(s, email))
    assert user is not None
    return user.id


def open_account(database: Database) -> None:
    """As a business could until there were invitations: an account for an address, with a password it knows."""
    password_hash = hash_password(STRANGERS)

    def add(s: Session) -> None:
        made = create_user(s, email=COLLEAGUE, password_hash=password_hash, now=NOW)
        grant(s, made, business_id=CLINIC, role=Role.VIEWER, now=NOW)

    database.write(add)


def invite(person: HttpPerson, home: str, email: str) -> Page:
    return person.post(f"{home}users", form_at=f"{home}users", email=email, role="viewer")


def join_as_new(person: HttpPerson, link: str, password: str) -> Page:
    return person.post(f"{link}/new", form_at=link, name="Somebody", new=password)


# -- an account that a stranger opened in somebody's name ------------------------------------------------------


def test_a_stranger_who_opened_the_colleagues_account_first_sees_nothing_of_the_office(site: RunningServer) -> None:
    """The finding: the clinic's owner knows the password of an account with the office colleague's address, the
    office adds that address, and its customers are open to the clinic's owner."""
    clinic_owner, office_owner = somebody(site, OWNER), somebody(site, OTHER)
    stranger = HttpPerson(site.url)
    assert join_as_new(stranger, link_on(invite(clinic_owner, CLINIC_HOME, COLLEAGUE)), STRANGERS).status == 302
    assert stranger.get(CLINIC_HOME).status == 200

    shown = invite(office_owner, OFFICE_HOME, COLLEAGUE)
    link = link_on(shown)
    assert stranger.get(f"{OFFICE_HOME}customers").status == 404
    assert somebody(site, COLLEAGUE, STRANGERS).get(f"{OFFICE_HOME}customers").status == 404
    # The real colleague, with the link, cannot be led into the stranger's account: its password would be asked for.
    colleague = HttpPerson(site.url)
    assert join_as_new(colleague, link, THEIRS).status == 409
    assert stranger.get(f"{OFFICE_HOME}customers").status == 404


def test_a_link_that_is_handed_over_makes_an_unproved_account_change_its_password(site: RunningServer) -> None:
    """Whoever told the colleague "your account is ready, the password is …" is shut out as well."""
    clinic_owner, office_owner = somebody(site, OWNER), somebody(site, OTHER)
    stranger = HttpPerson(site.url)
    join_as_new(stranger, link_on(invite(clinic_owner, CLINIC_HOME, COLLEAGUE)), STRANGERS)
    link = link_on(invite(office_owner, OFFICE_HOME, COLLEAGUE))

    colleague = somebody(site, COLLEAGUE, STRANGERS)
    assert colleague.post(f"{link}/accept", form_at=link).status == 422
    assert colleague.get(f"{OFFICE_HOME}customers").status == 404
    assert colleague.post(f"{link}/accept", form_at=link, new=THEIRS).status == 302
    assert colleague.get(f"{OFFICE_HOME}customers").status == 200
    assert "/admin/login" in stranger.get(f"{OFFICE_HOME}customers").leads_to
    assert HttpPerson(site.url).log_in(COLLEAGUE, STRANGERS).status == 401


def test_an_account_from_before_invitations_is_as_unproved(site: RunningServer) -> None:
    open_account(site.database)
    stranger = somebody(site, COLLEAGUE, STRANGERS)
    invite(somebody(site, OTHER), OFFICE_HOME, COLLEAGUE)
    assert stranger.get(CLINIC_HOME).status == 200
    assert stranger.get(f"{OFFICE_HOME}customers").status == 404


def test_a_mailed_invitation_is_shown_to_nobody_and_gives_the_address_its_account(
    mailing_site: RunningServer, mail: MailServer
) -> None:
    office_owner = somebody(mailing_site, OTHER)
    open_account(mailing_site.database)
    stranger = somebody(mailing_site, COLLEAGUE, STRANGERS)
    answer = invite(office_owner, OFFICE_HOME, COLLEAGUE)
    assert answer.status == 302
    assert "/admin/invitation/" not in office_owner.get(answer.leads_to).text
    link = wait_until(lambda: mail.link_to(COLLEAGUE), what="the mail")
    colleague = HttpPerson(mailing_site.url)
    assert join_as_new(colleague, link, THEIRS).status == 302
    assert colleague.get(f"{OFFICE_HOME}customers").status == 200
    assert "/admin/login" in stranger.get(f"{OFFICE_HOME}customers").leads_to
    assert HttpPerson(mailing_site.url).log_in(COLLEAGUE, STRANGERS).status == 401


def test_nothing_in_the_pages_sets_somebody_elses_password(site: RunningServer) -> None:
    owner = somebody(site, OWNER)
    answer = owner.post(f"{CLINIC_HOME}users/{id_of(site, VIEWER)}/password", form_at=ACCOUNT)
    assert answer.status == 404
    assert HttpPerson(site.url).log_in(VIEWER, PASSWORD).status == 302


# -- a cookie that was copied ----------------------------------------------------------------------------------


def thief_of(person: HttpPerson) -> HttpPerson:
    """Another browser with a copy of this one's cookie."""
    found = HttpPerson(person.url)
    found.cookies.set_cookie(copy.copy(person.cookie()))
    return found


def change_password(person: HttpPerson) -> None:
    person.post(f"{ACCOUNT}/password", form_at=ACCOUNT, current=PASSWORD, new=THEIRS)


def log_out(person: HttpPerson) -> None:
    person.post("/admin/logout", form_at=ACCOUNT)


def end_all_others(person: HttpPerson) -> None:
    second = HttpPerson(person.url)
    second.log_in(OWNER, PASSWORD)
    second.post(f"{ACCOUNT}/sessions/end-others", form_at=ACCOUNT)


@pytest.mark.parametrize("act", [log_out, change_password, end_all_others])
def test_a_copied_cookie_dies_with_its_session(site: RunningServer, act: Callable[[HttpPerson], None]) -> None:
    owner = somebody(site, OWNER)
    thief = thief_of(owner)
    assert thief.get(CLINIC_HOME).status == 200
    act(owner)
    answer = thief.get(CLINIC_HOME)
    assert "/admin/login" in answer.leads_to
    # … and it is not renewed either: the answer gives the thief no way back.
    assert "/admin/login" in thief.get(CLINIC_HOME).leads_to


def test_another_role_ends_the_sessions_of_the_person(site: RunningServer) -> None:
    viewer, owner = somebody(site, VIEWER), somebody(site, OWNER)
    assert viewer.get(CLINIC_HOME).status == 200
    owner.post(f"{CLINIC_HOME}users/{id_of(site, VIEWER)}/role", form_at=f"{CLINIC_HOME}users", role="owner")
    assert "/admin/login" in viewer.get(CLINIC_HOME).leads_to
    assert owner.get(CLINIC_HOME).status == 200


# -- who has an account ----------------------------------------------------------------------------------------


def masked(page: Page) -> str:
    """The page without its token."""
    return re.sub(r'value="[^"]{40,}"', "", page.text)


@pytest.mark.parametrize("site_name", ["site", "mailing_site"])
def test_a_forgotten_password_is_answered_alike_to_everybody(request: pytest.FixtureRequest, site_name: str) -> None:
    place: RunningServer = request.getfixturevalue(site_name)
    answers = {
        masked(HttpPerson(place.url).post("/admin/forgot", form_at="/admin/forgot", email=email))
        for email in (OWNER, "nobody@test", "not an address")
    }
    assert len(answers) == 1


def test_an_invitation_looks_alike_for_an_address_with_an_account_and_without(site: RunningServer) -> None:
    owner = somebody(site, OWNER)
    pages = []
    for email in (OTHER, "nobody@test"):
        shown = invite(owner, CLINIC_HOME, email)
        behind = HttpPerson(site.url).get(link_on(shown))
        token = link_on(shown).rpartition("/")[2]
        pages.append(masked(behind).replace(email, "X").replace(token, "T"))
    assert pages[0] == pages[1]


def test_a_link_in_a_mail_leads_to_us_whatever_host_the_request_claimed(
    mailing_site: RunningServer, mail: MailServer
) -> None:
    person = HttpPerson(mailing_site.url)
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    person.post("/admin/forgot", form_at="/admin/forgot", headers=headers, email=OWNER)
    wait_until(lambda: mail.mails, what="the mail")
    assert "https://phone.example.com/admin/reset/" in mail.mails[0].get_content()
    assert "evil" not in mail.mails[0].as_string()


def test_a_mailed_link_sets_a_new_password_once(mailing_site: RunningServer, mail: MailServer) -> None:
    logged_in = somebody(mailing_site, OWNER)
    HttpPerson(mailing_site.url).post("/admin/forgot", form_at="/admin/forgot", email=f" {OWNER.upper()} ")
    link = wait_until(lambda: mail.link_to(OWNER), what="the mail")
    person = HttpPerson(mailing_site.url)
    assert person.post(link, form_at=link, new="owner@test").status == 422
    assert person.post(link, form_at=link, new=THEIRS).status == 302
    assert person.get(link).status == 410
    assert "/admin/login" in logged_in.get(CLINIC_HOME).leads_to
    assert HttpPerson(mailing_site.url).log_in(OWNER, PASSWORD).status == 401
    assert HttpPerson(mailing_site.url).log_in(OWNER, THEIRS).status == 302
