"""Codes of a generator app against the standard's own figures, and under races (S4)."""

from __future__ import annotations

from base64 import b32encode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import update

from services.accounts.second_factor import (
    begin_second_factor,
    confirm_second_factor,
    has_second_factor,
    recovery_codes_left,
    use_code,
)
from services.accounts.users import create_user, find_user
from services.db.database import Database
from services.db.models import SecondFactor, User
from tests.services.db.fixtures import NOW


@pytest.fixture
def user(database: Database) -> User:
    return database.write(lambda s: create_user(s, email="a@x.il", password_hash="x", now=NOW))


def begin(database: Database) -> str:
    """The secret."""

    def work(s) -> str:  # type: ignore[no-untyped-def]
        user = find_user(s, "a@x.il")
        assert user is not None
        return begin_second_factor(s, user, NOW)

    return database.write(work).partition("secret=")[2].partition("&")[0]


def turn_on(database: Database, user: User) -> tuple[str, list[str]]:
    secret = begin(database)
    codes = database.write(lambda s: confirm_second_factor(s, user.id, pyotp.TOTP(secret).at(NOW), NOW))
    assert codes is not None
    return secret, codes


@pytest.mark.parametrize(("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (2000000000, "279037")])
def test_codes_are_those_of_rfc_6238(database: Database, user: User, seconds: int, code: str) -> None:
    begin(database)
    now = datetime.fromtimestamp(seconds, UTC)
    secret = b32encode(b"12345678901234567890").decode()
    database.write(
        lambda s: s.execute(update(SecondFactor).values(secret=secret, confirmed_at=now, last_step=0)) and None
    )
    assert database.write(lambda s: use_code(s, user.id, code, now))


def test_it_counts_once_a_code_was_entered(database: Database, user: User) -> None:
    begin(database)
    assert not database.read(lambda s: has_second_factor(s, user.id))
    assert not database.write(lambda s: use_code(s, user.id, "000000", NOW))
    turn_on(database, user)
    assert database.read(lambda s: has_second_factor(s, user.id))


def test_a_clock_may_be_wrong_by_half_a_minute_and_not_by_more(database: Database, user: User) -> None:
    secret, _ = turn_on(database, user)
    later = NOW + timedelta(minutes=10)
    for seconds, good in ((-60, False), (60, False), (-30, True), (30, True)):
        code = pyotp.TOTP(secret).at(later + timedelta(seconds=seconds))
        assert database.write(lambda s, c=code: use_code(s, user.id, c, later)) is good, seconds


@pytest.mark.parametrize("which", ["generator", "recovery"])
def test_one_code_tried_by_eight_at_once_opens_for_one(database: Database, user: User, which: str) -> None:
    secret, codes = turn_on(database, user)
    later = NOW + timedelta(minutes=10)
    code = pyotp.TOTP(secret).at(later) if which == "generator" else codes[3]
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: database.write(lambda s: use_code(s, user.id, code, later)), range(8)))
    assert opened.count(True) == 1
    left = database.read(lambda s: recovery_codes_left(s, user.id))
    assert left == (10 if which == "generator" else 9)
