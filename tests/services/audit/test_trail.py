"""The audit trail's table: rows are added, never changed, and each business reads its own (S8)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.accounts.users import create_user, grant
from services.audit.trail import Act, AuditFilter, audit_rows, record, was_recorded
from services.db.database import Database
from services.db.models import AuditEvent, AuditKind, Business, Role
from services.db.tenancy import unscoped
from tests.services.db.fixtures import NOW, Cast

ANY = AuditFilter()


def write(database: Database, *, at: datetime = NOW, business: int | None = None, user: int | None = None,
          kind: AuditKind = AuditKind.LOG_IN, subject: str = "") -> None:  # fmt: skip
    database.write(lambda s: record(s, Act(kind, at, "who@test", user, business, subject)))


def seen(database: Database, business: int | None, wanted: AuditFilter = ANY) -> list[str]:
    return [row.subject for row in database.read(lambda s: audit_rows(s, business, wanted, limit=50))]


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.execute(update(AuditEvent).values(actor="nobody")),
        lambda s: s.execute(delete(AuditEvent)),
        lambda s: s.execute(text("UPDATE audit_events SET kind = 'log_out'")),
        lambda s: s.execute(text("DELETE FROM audit_events WHERE id > 0")),
    ],
)
def test_the_database_refuses_to_change_or_delete_a_row(database: Database, change) -> None:  # type: ignore[no-untyped-def]
    write(database, subject="first")
    with pytest.raises(IntegrityError, match="ex_audit_events_only_added"):
        database.write(lambda s: change(s) and None)
    assert seen(database, None) == ["first"]


def test_an_act_that_is_undone_leaves_no_row(database: Database) -> None:
    def fail(s: Session) -> None:
        record(s, Act(AuditKind.LOG_IN, NOW, "who@test"))
        s.flush()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.write(fail)
    assert seen(database, None) == []


def test_a_row_outlives_its_business_and_its_person(cast: Cast) -> None:
    person = cast.database.write(lambda s: create_user(s, email="a@x.il", password_hash="x", now=NOW).id)
    write(cast.database, business=cast.office.id, user=person, subject="there")

    def remove(s: Session) -> None:
        with unscoped(s, "a test removes a business"):
            s.execute(delete(Business).where(Business.id == cast.office.id))
        s.execute(text("DELETE FROM users"))

    cast.database.write(remove)
    assert seen(cast.database, None) == ["there"]


def test_a_business_sees_its_own_acts_and_the_log_ins_of_its_people_since_they_are_its_people(cast: Cast) -> None:
    database, clinic, office = cast.database, cast.clinic.id, cast.office.id
    person = database.write(lambda s: create_user(s, email="a@x.il", password_hash="x", now=NOW))
    database.write(lambda s: grant(s, person, business_id=clinic, role=Role.OWNER, now=NOW))
    write(database, business=clinic, subject="ours")
    write(database, business=office, subject="theirs")
    write(database, user=person.id, subject="log-in", at=NOW + timedelta(minutes=1))
    write(database, user=person.id, subject="earlier", at=NOW - timedelta(minutes=1))
    write(database, user=person.id, subject="private", kind=AuditKind.RESET_ASKED, at=NOW + timedelta(minutes=1))
    assert seen(database, clinic) == ["log-in", "ours"]
    assert seen(database, office) == ["theirs"]
    assert len(seen(database, None)) == 5


def test_a_filter_narrows_by_kind_words_and_time(database: Database) -> None:
    write(database, subject="100%_sure", at=NOW)
    write(database, subject="later", at=NOW + timedelta(days=1), kind=AuditKind.LOG_OUT)
    assert seen(database, None, AuditFilter(kind=AuditKind.LOG_OUT)) == ["later"]
    assert seen(database, None, AuditFilter(text="%_S")) == ["100%_sure"]
    assert seen(database, None, AuditFilter(since=NOW + timedelta(hours=1))) == ["later"]
    assert seen(database, None, AuditFilter(until=NOW + timedelta(hours=1))) == ["100%_sure"]


def test_text_that_no_database_can_store_is_made_storable(database: Database) -> None:
    act = Act(
        AuditKind.LOG_IN, NOW, "a\x00b\ud800" * 200, subject="\x00", detail={"x": "\x00y"}, client_address="z" * 99
    )
    database.write(lambda s: record(s, act))
    assert seen(database, None) == [""]


def test_what_was_done_lately_is_known(database: Database) -> None:
    write(database, user=7, kind=AuditKind.RECORDING_HEARD, subject="3")

    def known(subject: str, since: datetime, user: int = 7) -> bool:
        return database.read(
            lambda s: was_recorded(s, kind=AuditKind.RECORDING_HEARD, user_id=user, subject=subject, since=since)
        )

    assert known("3", NOW - timedelta(minutes=1))
    assert not known("3", NOW + timedelta(minutes=1))
    assert not known("4", NOW - timedelta(minutes=1))
    assert not known("3", NOW - timedelta(minutes=1), user=8)
