"""Prompt versions, people and the demo."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.businesses import save_prompt
from services.accounts.catalogue import catalogue_of
from services.accounts.demo_team import HADDAD, LEVI, SHIRA
from services.accounts.seed import CLINIC_NUMBER, OFFICE_NUMBER, OWNER_EMAIL, seed_demo
from services.accounts.sessions import find_session, open_session
from services.accounts.users import (
    create_user,
    find_user,
    find_user_by_key,
    grant,
    hash_password,
    memberships,
    password_matches,
    set_password,
)
from services.calls.lifecycle import find_business_by_number, load_call_context, open_call
from services.db.database import Database
from services.db.models import Business, Membership, PromptVersion, Role, User
from services.db.tenancy import bind_business
from services.policy.catalogue import Catalogue
from tests.services.db.fixtures import NOW, Cast


def test_every_saved_prompt_is_a_version_and_the_newest_is_in_use(cast: Cast) -> None:
    def edit(session: Session) -> list[tuple[int, str]]:
        bind_business(session, cast.clinic.id)
        save_prompt(session, text="Second.", author_id=None, now=NOW, note="shorter")
        save_prompt(session, text="You are Clinic.", author_id=None, now=NOW, note="restored 1")
        rows = session.execute(select(PromptVersion.number, PromptVersion.text).order_by(PromptVersion.number))
        return [(row.number, row.text) for row in rows]

    expected = [(1, "You are Clinic."), (2, "Second."), (3, "You are Clinic.")]
    assert cast.database.write(edit) == expected
    context = cast.database.read(lambda s: load_call_context(s, cast.clinic_call.id))
    assert context.business_prompt == "You are Clinic."


def test_a_password_is_checked_and_a_change_ends_every_session(database: Database) -> None:
    hashed = hash_password("correct horse")
    user = database.write(lambda s: create_user(s, email="Dana@Example.com", password_hash=hashed, now=NOW))
    assert password_matches(user, "correct horse")
    assert not password_matches(user, "wrong")
    assert not password_matches(None, "correct horse")
    renewed = hash_password("battery staple")

    def change(session: Session) -> User:
        found = find_user(session, " dana@example.com")
        assert found is not None
        set_password(session, found, renewed)
        return found

    _, token = database.write(lambda s: open_session(s, user, now=NOW, client_address="192.0.2.1", agent="a browser"))
    assert database.read(lambda s: find_session(s, token, NOW)) is not None
    changed = database.write(change)
    assert database.read(lambda s: find_session(s, token, NOW)) is None
    assert database.read(lambda s: find_user_by_key(s, user.session_key)) is None
    assert database.read(lambda s: find_user_by_key(s, changed.session_key)) is not None
    assert password_matches(changed, "battery staple")


def test_someone_switched_off_can_neither_log_in_nor_go_on(database: Database) -> None:
    hashed = hash_password("correct horse")

    def switch_off(session: Session) -> User:
        user = create_user(session, email="a@x.il", password_hash=hashed, now=NOW)
        user.is_active = False
        return user

    user = database.write(switch_off)
    _, token = database.write(lambda s: open_session(s, user, now=NOW, client_address="", agent=""))
    assert not password_matches(user, "correct horse")
    assert database.read(lambda s: find_session(s, token, NOW)) is None
    assert database.read(lambda s: find_user_by_key(s, user.session_key)) is None


def test_a_role_is_given_per_business_and_can_change(cast: Cast) -> None:
    user = cast.database.write(lambda s: create_user(s, email="a@x.il", password_hash="x", now=NOW))
    for business, role in ((cast.clinic, Role.OWNER), (cast.office, Role.VIEWER), (cast.clinic, Role.VIEWER)):
        cast.database.write(lambda s, b=business, r=role: grant(s, user, business_id=b.id, role=r, now=NOW))
    found: list[Membership] = cast.database.read(lambda s: memberships(s, user.id))
    assert {row.business_id: row.role for row in found} == {cast.clinic.id: Role.VIEWER, cast.office.id: Role.VIEWER}


@pytest.mark.parametrize(("number", "language"), [(CLINIC_NUMBER, "he"), (OFFICE_NUMBER, "en")])
def test_the_demo_can_be_called(database: Database, number: str, language: str) -> None:
    logins = seed_demo(database, NOW)
    assert len(logins) == 2

    def ring(session: Session) -> int:
        business = find_business_by_number(session, number)
        assert business is not None
        call = open_call(session, business_id=business.id, call_sid="CA1", caller="", dialled=number, now=NOW)
        return call.id

    call_id = database.write(ring)
    context = database.read(lambda s: load_call_context(s, call_id))
    assert (context.language, context.enable_greeting) == (language, True)
    assert context.greeting_text
    assert context.prompt_version_id is not None
    assert len(context.policy.weekly[4]) == 1, "short Friday"


def test_the_demo_clinic_has_two_dentists_and_a_hygienist_and_the_office_nobody_by_name(database: Database) -> None:
    seed_demo(database, NOW, with_team=True)

    def catalogue(session: Session, number: str) -> Catalogue:
        business = find_business_by_number(session, number)
        assert business is not None
        bind_business(session, business.id)
        return catalogue_of(session)

    clinic = database.read(lambda s: catalogue(s, CLINIC_NUMBER))
    gives = {each.name: [who.name for who in clinic.who_gives(each.id)] for each in clinic.bookable}
    assert gives == {"בדיקה": [LEVI, HADDAD], "סתימה": [LEVI, HADDAD], "טיפול שורש": [HADDAD], "ניקוי שיניים": [SHIRA]}
    assert clinic.given_by_nobody == ()
    office = database.read(lambda s: catalogue(s, OFFICE_NUMBER))
    assert (office.offered, [each.name for each in office.team]) == ((), [""])


def test_the_demo_is_seeded_once_and_its_logins_work(database: Database) -> None:
    logins = {login.email: login for login in seed_demo(database, NOW)}
    assert seed_demo(database, NOW) == []
    owner = database.read(lambda s: find_user(s, OWNER_EMAIL))
    assert owner is not None
    assert password_matches(owner, logins[OWNER_EMAIL].password)
    assert len(database.read(lambda s: memberships(s, owner.id))) == 2


def test_an_installation_in_use_is_not_seeded(cast: Cast) -> None:
    assert seed_demo(cast.database, NOW) == []

    def names(session: Session) -> list[str]:
        bind_business(session, cast.clinic.id)
        return list(session.scalars(select(Business.name)))

    assert cast.database.read(names) == ["Clinic"]
