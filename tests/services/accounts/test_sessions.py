"""Sessions of the server's: they go on, they end, each by its own rule (S4)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from services.accounts.sessions import (
    LONGEST,
    LONGEST_IDLE,
    MOST,
    end_session,
    end_sessions,
    find_session,
    note_seen,
    open_session,
    sessions_of,
)
from services.accounts.users import create_user
from services.db.database import Database
from services.db.models import User
from tests.services.db.fixtures import NOW


@pytest.fixture
def user(database: Database) -> User:
    return database.write(lambda s: create_user(s, email="a@x.il", password_hash="x", now=NOW))


def start(database: Database, user: User, at: datetime = NOW) -> tuple[int, str]:
    row, token = database.write(lambda s: open_session(s, user, now=at, client_address="192.0.2.1", agent="x" * 999))
    return row.id, token


def goes_on(database: Database, token: str, at: datetime) -> bool:
    return database.read(lambda s: find_session(s, token, at)) is not None


def test_a_session_ends_without_use_and_in_any_case_after_two_weeks(database: Database, user: User) -> None:
    number, token = start(database, user)
    assert goes_on(database, token, NOW + LONGEST_IDLE - timedelta(seconds=1))
    assert not goes_on(database, token, NOW + LONGEST_IDLE)
    for day in range(1, 14):
        database.write(lambda s, d=day: note_seen(s, number, NOW + timedelta(days=d)))
    assert goes_on(database, token, NOW + LONGEST - timedelta(seconds=1))
    assert not goes_on(database, token, NOW + LONGEST)


def test_the_table_alone_opens_nothing(database: Database, user: User) -> None:
    _, token = start(database, user)
    row = database.read(lambda s: sessions_of(s, user.id, NOW))[0]
    assert token not in repr(vars(row))
    assert not goes_on(database, row.token_hash, NOW)


def test_a_session_is_ended_by_its_own_person_only(database: Database, user: User) -> None:
    other = database.write(lambda s: create_user(s, email="b@x.il", password_hash="x", now=NOW))
    number, token = start(database, user)
    assert not database.write(lambda s: end_session(s, other.id, number))
    assert goes_on(database, token, NOW)
    assert database.write(lambda s: end_session(s, user.id, number))
    assert not goes_on(database, token, NOW)


def test_all_others_end_and_this_one_stays(database: Database, user: User) -> None:
    started = [start(database, user) for _ in range(3)]
    assert database.write(lambda s: end_sessions(s, user.id, but=started[1][0])) == 2
    assert [goes_on(database, token, NOW) for _, token in started] == [False, True, False]


def test_what_is_over_is_swept_away_and_nobody_opens_without_end(database: Database, user: User) -> None:
    _, old = start(database, user, NOW - LONGEST)
    tokens = [start(database, user, NOW + timedelta(seconds=n))[1] for n in range(MOST + 2)]
    now = NOW + timedelta(minutes=2)
    assert len(database.read(lambda s: sessions_of(s, user.id, now))) == MOST
    assert [goes_on(database, token, now) for token in (old, tokens[0], tokens[1], tokens[2], tokens[-1])] == [
        False, False, False, True, True,
    ]  # fmt: skip
