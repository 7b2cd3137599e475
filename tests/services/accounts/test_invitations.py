"""Invitations under races, on both databases (S4)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.accounts.invitations import Accepted, Offer, accept_as_new, change_role, find_offer, invite
from services.accounts.links import LinkKind, link_path, read_token
from services.accounts.resets import make_reset, use_reset
from services.accounts.users import create_user, grant, memberships
from services.db.database import Database
from services.db.models import Role, User
from services.db.tenancy import bind_business
from tests.services.db.fixtures import NOW, Cast

KEY = b"a key for tests"


def offer_in(cast: Cast, *, was_mailed: bool = False) -> Offer:
    def make(s: Session) -> Offer | None:
        bind_business(s, cast.clinic.id)
        owner = create_user(s, email="owner@x.il", password_hash="x", now=NOW)
        made = invite(s, email="new@x.il", role=Role.VIEWER, invited_by=owner.id, was_mailed=was_mailed, now=NOW)
        assert made is not None
        return find_offer(s, made.id, made.nonce, NOW)

    offer = cast.database.write(make)
    assert offer is not None
    return offer


def test_a_link_accepted_by_eight_at_once_makes_one_account(cast: Cast) -> None:
    offer = offer_in(cast)

    def join(number: int) -> Accepted:
        return cast.database.write(
            lambda s: accept_as_new(s, offer, name="", language="en", password_hash=f"hash {number}", now=NOW)[0]
        )

    def safely(number: int) -> str:
        try:
            return join(number).value
        except Exception as error:  # noqa: BLE001  the loser of a race may be told by the database
            return type(error).__name__

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(safely, range(8)))
    assert done.count("joined") == 1, done
    users = cast.database.read(lambda s: s.scalars(select(User).where(User.email == "new@x.il")).all())
    assert len(users) == 1
    assert [each.business_id for each in cast.database.read(lambda s: memberships(s, users[0].id))] == [cast.clinic.id]


def test_a_reset_used_by_eight_at_once_sets_one_password(database: Database) -> None:
    user = database.write(lambda s: create_user(s, email="a@x.il", password_hash="old", now=NOW))
    made = database.write(lambda s: make_reset(s, user, was_mailed=True, now=NOW))
    with ThreadPoolExecutor(8) as pool:
        used = list(
            pool.map(lambda n: database.write(lambda s: use_reset(s, made.id, made.nonce, f"hash {n}", NOW)), range(8))
        )
    assert sum(each is not None for each in used) == 1


def test_two_owners_cannot_both_leave_at_once(cast: Cast) -> None:
    def add(s: Session, email: str) -> User:
        user = create_user(s, email=email, password_hash="x", now=NOW)
        grant(s, user, business_id=cast.clinic.id, role=Role.OWNER, now=NOW)
        return user

    owners = [cast.database.write(lambda s, e=email: add(s, e)) for email in ("a@x.il", "b@x.il")]

    def leave(user: User) -> bool:
        def work(s: Session) -> bool:
            bind_business(s, cast.clinic.id)
            return change_role(s, s.get_one(User, user.id), None, now=NOW)

        return cast.database.write(work)

    with ThreadPoolExecutor(2) as pool:
        left = list(pool.map(leave, owners))
    assert sorted(left) == [False, True]


@pytest.mark.parametrize("kind", list(LinkKind))
def test_a_link_is_read_back_and_a_strange_one_is_not(kind: LinkKind) -> None:
    token = link_path(KEY, kind, 17, "nonce").rpartition("/")[2]
    other = next(each for each in LinkKind if each is not kind)
    assert read_token(KEY, kind, token) == (17, "nonce")
    assert read_token(b"another key", kind, token) is None
    assert read_token(KEY, other, token) is None
    for strange in ("", "x", token[:-1], token + "x", "é", "\x00", "." * 50):
        assert read_token(KEY, kind, strange) is None


def test_somebody_who_belongs_there_is_not_invited_again(cast: Cast) -> None:
    offer = offer_in(cast)
    cast.database.write(lambda s: accept_as_new(s, offer, name="", language="en", password_hash="x", now=NOW)[0])

    def again(s: Session) -> object:
        bind_business(s, cast.clinic.id)
        return invite(s, email="new@x.il", role=Role.OWNER, invited_by=1, was_mailed=False, now=NOW)

    assert cast.database.write(again) is None
    assert cast.database.read(lambda s: s.scalar(select(func.count(User.id)))) == 2
