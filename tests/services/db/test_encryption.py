"""Sound and secrets are sealed in the database, plain in the program, and outlive a change of SECRET_KEY (S8)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Session, undefer

from services.accounts.second_factor import begin_second_factor, confirm_second_factor, has_second_factor
from services.accounts.users import create_user
from services.calendar_sync.connections import add_connection
from services.calls.context import SoundChunk
from services.calls.recordings import add_chunk, sound_of
from services.calls.voice_messages import add_message, keep_sound, message_sound, messages_of
from services.db.database import Database
from services.db.encryption import Keyring, NotReadable, is_sealed
from services.db.models import (
    BusinessSettings,
    CalendarConnection,
    CalendarKind,
    Call,
    RecordingChunk,
    SecondFactor,
    User,
)
from services.db.reseal import reseal, sealed_columns
from services.db.tenancy import bind_business, unscoped
from tests.services.db.fixtures import NOW, Cast

OLD, NEW = b"the first secret of all", b"the second secret of all"
SOUND = bytes(range(256)) * 20
COLUMNS = {
    "business_settings.webhook_secret",
    "calendar_connections.address",
    "calendar_connections.grant_secret",
    "recording_chunks.agent",
    "recording_chunks.caller",
    "second_factors.secret",
    "voice_messages.sound",
}


def with_keys(database: Database, *secrets: bytes) -> Database:
    """The same database, opened with these secrets, the newest first."""
    url = database.url.render_as_string(hide_password=False)
    return Database(url, keys=Keyring(secrets) if secrets else None)


def fill(database: Database, cast: Cast) -> None:
    """A value in every sealed column."""
    chunk = SoundChunk(0, 1, 0, 5000, SOUND, b"")
    database.write_rows(cast.clinic.id, lambda rows: add_chunk(rows, cast.clinic_call.id, chunk, now=NOW))

    def work(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        call = session.get_one(Call, cast.clinic_call.id)
        add_message(session, call, "RE1", 2, NOW)
        keep_sound(session, cast.clinic.id, "RE1", SOUND)
        session.scalars(select(BusinessSettings)).one().webhook_secret = "hook"
        user = create_user(session, email="a@b.c", password_hash="x", now=NOW)
        begin_second_factor(session, user, NOW)
        calendar = CalendarConnection(kind=CalendarKind.GOOGLE, address="hook@example.com", grant_secret="hooked")
        add_connection(session, calendar, NOW)

    database.write(work)


def contents(database: Database, cast: Cast) -> tuple[object, ...]:
    """What the program reads."""

    def work(session: Session) -> tuple[object, ...]:
        bind_business(session, cast.clinic.id)
        sound = sound_of(session, session.scalars(select(RecordingChunk.id)).one())
        (message,) = messages_of(session, cast.clinic_call.id)
        query = select(BusinessSettings).options(undefer(BusinessSettings.webhook_secret))
        secret = session.scalars(select(SecondFactor.secret)).one()
        row = CalendarConnection
        calendar = session.execute(select(row.address, row.grant_secret)).one()
        webhook_secret = session.scalars(query).one().webhook_secret
        return sound, message_sound(session, message.id), webhook_secret, len(secret), tuple(calendar)

    return database.read(work)


def stored(database: Database) -> dict[str, bytes]:
    """What stands in the tables, by column."""

    def work(session: Session) -> dict[str, bytes]:
        with unscoped(session, "test"):
            found = {}
            for column in sealed_columns():
                value = session.execute(
                    text(f"SELECT {column.name} FROM {column.model.__tablename__} WHERE {column.name} IS NOT NULL")
                ).scalar()
                found[column.place] = value.encode() if isinstance(value, str) else bytes(value)
            return found

    return database.read(work)


EXPECTED = ((SOUND, b""), SOUND, "hook", 32, ("hook@example.com", "hooked"))


def test_every_place_for_sound_and_secrets_is_sealed() -> None:
    assert {column.place for column in sealed_columns()} == COLUMNS


def test_the_program_reads_what_the_tables_do_not_show(cast: Cast) -> None:
    database = with_keys(cast.database, OLD)
    fill(database, cast)
    assert contents(database, cast) == EXPECTED
    for place, value in stored(database).items():
        assert value.startswith(b"sealed1:") or is_sealed(value), place
        assert SOUND[:64] not in value
        assert b"hook" not in value
    database.dispose()


def test_without_the_key_nothing_can_be_read(cast: Cast) -> None:
    fill(with_keys(cast.database, OLD), cast)
    for other in (with_keys(cast.database, NEW), with_keys(cast.database)):
        with pytest.raises(NotReadable):
            contents(other, cast)
        other.dispose()


def test_plain_values_of_before_are_read_and_sealed_by_the_command(cast: Cast) -> None:
    fill(with_keys(cast.database), cast)
    database, keys = with_keys(cast.database, OLD), Keyring([OLD])
    assert SOUND in stored(database).values()
    assert contents(database, cast) == EXPECTED
    for column in sealed_columns():
        assert reseal(database, keys, column, drop_unreadable=False)["sealed"] == 1, column.place
        assert reseal(database, keys, column, drop_unreadable=False) == Counter()
    assert contents(database, cast) == EXPECTED
    assert SOUND not in stored(database).values()
    database.dispose()


def test_a_new_secret_reads_the_old_ones_values_until_they_are_sealed_anew(cast: Cast) -> None:
    fill(with_keys(cast.database, OLD), cast)
    both, keys = with_keys(cast.database, NEW, OLD), Keyring([NEW, OLD])
    assert contents(both, cast) == EXPECTED
    for column in sealed_columns():
        assert reseal(both, keys, column, drop_unreadable=False)["sealed"] == 1, column.place
    alone = with_keys(cast.database, NEW)
    assert contents(alone, cast) == EXPECTED
    for database in (both, alone):
        database.dispose()


def test_many_rows_are_sealed_in_steps(cast: Cast) -> None:
    for number in range(130):
        chunk = SoundChunk(0, number, number, 80, SOUND[:80], SOUND[:80])
        cast.database.write_rows(cast.clinic.id, lambda rows, c=chunk: add_chunk(rows, cast.clinic_call.id, c, now=NOW))
    database = with_keys(cast.database, OLD)
    (column,) = [one for one in sealed_columns() if one.place == "recording_chunks.caller"]
    assert reseal(database, Keyring([OLD]), column, drop_unreadable=False) == {"sealed": 130}
    database.dispose()


def test_what_a_lost_key_sealed_is_told_and_only_forgotten_on_purpose(cast: Cast) -> None:
    fill(with_keys(cast.database, OLD), cast)
    database, keys = with_keys(cast.database, NEW), Keyring([NEW])
    for column in sealed_columns():
        assert reseal(database, keys, column, drop_unreadable=False) == {"unreadable": 1}, column.place
    for column in sealed_columns():
        reseal(database, keys, column, drop_unreadable=True)
        assert reseal(database, keys, column, drop_unreadable=False) == Counter(), column.place
    database.dispose()


def test_a_lost_key_keeps_nobody_out_who_has_no_second_factor(cast: Cast) -> None:
    """Pages ask on every request whether there is one: its secret is not read for that."""
    database = with_keys(cast.database, OLD)

    def begin(session: Session) -> int:
        user = create_user(session, email="a@b.c", password_hash="x", now=NOW)
        begin_second_factor(session, user, NOW)
        assert confirm_second_factor(session, user.id, "000000", NOW + timedelta(seconds=1)) is None
        return user.id

    user_id = database.write(begin)
    other = with_keys(cast.database, NEW)
    assert not other.read(lambda session: has_second_factor(session, user_id))
    assert other.read(lambda session: session.get(User, user_id)) is not None
    for each in (database, other):
        each.dispose()


@given(st.binary(max_size=300), st.sampled_from(["recording", "voice message"]))
def test_what_is_sealed_is_opened_and_nothing_else(plain: bytes, purpose: str) -> None:
    keys = Keyring([OLD])
    sealed = keys.seal(plain, purpose)
    assert keys.open(sealed, purpose) == plain
    assert Keyring([NEW, OLD]).open(sealed, purpose) == plain
    assert keys.seal(plain, purpose) != sealed, "the same value twice looks different"
    with pytest.raises(NotReadable):
        keys.open(sealed, "another column")
    with pytest.raises(NotReadable):
        keys.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), purpose)
    if not is_sealed(plain):
        assert keys.open(plain, purpose) == plain
