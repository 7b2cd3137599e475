"""A query without its business cannot be written by accident; a row of another business is never met."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, exists, func, insert, literal, select, text, union, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, joinedload

from services.db.database import Database
from services.db.models import (
    Base,
    Business,
    BusinessNumber,
    BusinessSettings,
    Call,
    Customer,
    TenantOwned,
    Turn,
    TurnRole,
)
from services.db.tenancy import Rows, SessionRows, TenantError, bind_business, business_of, unscoped
from tests.services.db.fixtures import NOW, Cast

other_call = aliased(Call)

QUERIES: dict[str, Callable[[], Any]] = {
    "entity": lambda: select(Call),
    "column": lambda: select(Call.call_sid),
    "count": lambda: select(func.count()).select_from(Call),
    "count of a column": lambda: select(func.count(Call.id)),
    "alias": lambda: select(other_call.call_sid),
    "join": lambda: select(Turn).join(Call, Call.id == Turn.call_id),
    "outer join": lambda: select(Customer.id).outerjoin(Call, Call.caller == Customer.phone),
    "exists": lambda: select(literal(1)).where(exists().where(Call.call_sid != "")),
    "exists of a select": lambda: select(exists(select(Call.id))),
    "scalar subquery": lambda: select(select(func.max(Call.id)).scalar_subquery()),
    "subquery": lambda: select(select(Call).subquery()),
    "cte": lambda: select(select(Call.id).cte("recent")),
    "union": lambda: union(select(Call.call_sid), select(BusinessNumber.e164)),
    "in subquery": lambda: select(Call.id).where(Call.caller.in_(select(Customer.phone))),
    "locked": lambda: select(Call).with_for_update(),
    "business": lambda: select(Business),
    "business name": lambda: select(Business.name),
    "settings": lambda: select(BusinessSettings).options(joinedload(BusinessSettings.business)),
    "update": lambda: update(Call).values(summary="mine"),
    "delete": lambda: delete(Turn),
    "table": lambda: select(Call.__table__),
    "table column": lambda: select(Call.__table__.c.id),
    "table update": lambda: update(Call.__table__).values(summary="mine"),
    "table delete": lambda: delete(Turn.__table__),
    "text": lambda: text("SELECT * FROM calls"),
    "text join": lambda: text("SELECT t.id FROM businesses b, turns AS t"),
    "text in parentheses": lambda: text("SELECT 1 FROM (calls)"),
    "text without spaces": lambda: text("SELECT 1 FROM users,calls"),
    "text update": lambda: text("UPDATE calls SET summary = 'mine'"),
    "text delete": lambda: text('DELETE FROM "turns"'),
    "entity from text": lambda: select(Call).from_statement(text("SELECT * FROM calls")),
    "insert": lambda: insert(Customer).values(phone="1", created_at=NOW, updated_at=NOW),
}
# Made through tables or text: nothing can narrow these, so a bound session refuses them too.
BELOW_THE_CLASSES = {name for name in QUERIES if name.startswith(("table", "text", "entity from", "insert"))}


@pytest.mark.parametrize("name", QUERIES)
def test_a_session_without_a_business_refuses_the_query(cast: Cast, name: str) -> None:
    with pytest.raises(TenantError):
        cast.database.write(lambda session: session.execute(QUERIES[name]()).all())


@pytest.mark.parametrize("name", sorted(BELOW_THE_CLASSES))
def test_a_query_below_the_mapped_classes_is_refused_even_with_a_business(cast: Cast, name: str) -> None:
    def attempt(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        session.execute(QUERIES[name]())

    with pytest.raises(TenantError):
        cast.database.write(attempt)


@pytest.mark.parametrize("name", sorted(set(QUERIES) - BELOW_THE_CLASSES))
def test_a_bound_session_runs_the_query(cast: Cast, name: str) -> None:
    def run(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        session.execute(QUERIES[name]())

    cast.database.write(run)


def bound(cast: Cast, fn: Callable[[Session], Any]) -> Any:
    """fn in a write transaction of the clinic."""

    def run(session: Session) -> Any:
        bind_business(session, cast.clinic.id)
        return fn(session)

    return cast.database.write(run)


def test_a_bound_session_sees_its_own_rows_only(cast: Cast) -> None:
    assert bound(cast, lambda s: s.scalars(select(Call.call_sid)).all()) == ["CA-clinic"]
    assert bound(cast, lambda s: s.scalars(select(Business.name)).all()) == ["Clinic"]
    assert bound(cast, lambda s: s.scalar(select(func.count()).select_from(Call))) == 1
    assert bound(
        cast, lambda s: s.execute(select(exists(select(Call.id).where(Call.call_sid == "CA-office")))).scalar()
    ) in (
        False,
        0,
    )


def test_a_row_of_another_business_is_not_found_by_its_id(cast: Cast) -> None:
    assert bound(cast, lambda s: s.get(Call, cast.clinic_call.id)) is not None
    assert bound(cast, lambda s: s.get(Call, cast.office_call.id)) is None
    assert bound(cast, lambda s: s.get(Business, cast.office.id)) is None


def test_a_row_that_was_loaded_unscoped_is_not_found_afterwards(cast: Cast) -> None:
    def attempt(session: Session) -> Call | None:
        with unscoped(session, "test"):
            assert session.get(Call, cast.office_call.id) is not None
        return session.get(Call, cast.office_call.id)

    assert bound(cast, attempt) is None


def test_a_row_can_be_refreshed_and_its_deferred_columns_loaded(cast: Cast) -> None:
    def reload(session: Session) -> tuple[str, bytes | None]:
        call = session.scalars(select(Call)).one()
        session.refresh(call)
        session.expire(call)
        settings = session.scalars(select(BusinessSettings)).one()
        return call.call_sid, settings.greeting_clip

    assert bound(cast, reload) == ("CA-clinic", None)


def test_a_change_of_everything_changes_one_business(cast: Cast) -> None:
    bound(cast, lambda s: s.execute(update(Call).values(summary="mine")))

    def summaries(session: Session) -> dict[str, str]:
        with unscoped(session, "test"):
            return dict(session.execute(select(Call.call_sid, Call.summary)).all())

    assert cast.database.read(summaries) == {"CA-clinic": "mine", "CA-office": ""}


def test_a_new_row_is_stamped_with_the_business(cast: Cast) -> None:
    def add(session: Session) -> Customer:
        customer = Customer(phone="+972501111111", created_at=NOW, updated_at=NOW)
        session.add(customer)
        session.flush()
        return customer

    assert bound(cast, add).business_id == cast.clinic.id


def test_a_new_row_of_another_business_is_refused(cast: Cast) -> None:
    row = Customer(business_id=cast.office.id, phone="+972501111111", created_at=NOW, updated_at=NOW)
    with pytest.raises(TenantError):
        bound(cast, lambda s: s.add(row))


def test_a_row_cannot_be_moved_to_another_business(cast: Cast) -> None:
    def move(session: Session) -> None:
        session.scalars(select(Call)).one().business_id = cast.office.id

    with pytest.raises(TenantError):
        bound(cast, move)


def test_a_new_row_without_any_business_is_refused(cast: Cast) -> None:
    row = Customer(phone="+972501111111", created_at=NOW, updated_at=NOW)
    with pytest.raises(TenantError):
        cast.database.write(lambda s: s.add(row))


def test_a_session_serves_one_business_for_good(cast: Cast) -> None:
    with pytest.raises(TenantError):
        bound(cast, lambda s: SessionRows(bind_business(s, cast.office.id)))
    assert bound(cast, lambda s: business_of(bind_business(s, cast.clinic.id))) == cast.clinic.id
    with pytest.raises(TenantError):
        cast.database.read(business_of)


def test_an_unscoped_query_needs_its_reason_and_sees_everything(cast: Cast) -> None:
    def both(session: Session) -> list[str]:
        with unscoped(session, "test"):
            return sorted(session.scalars(select(Call.call_sid)))

    assert cast.database.read(both) == ["CA-clinic", "CA-office"]

    def without(session: Session) -> None:
        with unscoped(session, ""):
            pass

    with pytest.raises(TenantError):
        cast.database.read(without)


def test_the_scope_ends_with_the_unscoped_block_and_with_the_session(cast: Cast) -> None:
    def after(session: Session) -> None:
        with unscoped(session, "test"):
            session.scalars(select(Call)).all()
        session.scalars(select(Call)).all()

    with pytest.raises(TenantError):
        cast.database.read(after)
    bound(cast, lambda s: s.scalars(select(Call)).all())
    with pytest.raises(TenantError):
        cast.database.read(lambda s: s.scalars(select(Call)).all())


@pytest.mark.parametrize("name", ["table", "table column"])
def test_rows_of_a_business_refuse_a_statement_that_does_not_narrow_itself(cast: Cast, name: str) -> None:
    with pytest.raises(TenantError):
        cast.database.write_rows(cast.clinic.id, lambda rows: rows.execute(QUERIES[name](), {}))


def test_a_change_through_the_rows_of_a_business_reaches_no_other(cast: Cast) -> None:
    def change(rows: Rows) -> list[bool]:
        return [rows.update(Call, call.id, {"summary": "mine"}) for call in (cast.clinic_call, cast.office_call)]

    assert cast.database.write_rows(cast.clinic.id, change) == [True, False]


def test_an_upsert_never_overwrites_another_business(cast: Cast) -> None:
    def upsert(session: Session) -> int | None:
        values = {"e164": "+97231110002", "created_at": NOW}
        return SessionRows(bind_business(session, cast.clinic.id)).upsert(BusinessNumber, values, key=["e164"])

    assert cast.database.write(upsert) is None

    def owner(session: Session) -> int:
        with unscoped(session, "test"):
            return session.scalars(
                select(BusinessNumber.business_id).where(BusinessNumber.e164 == "+97231110002")
            ).one()

    assert cast.database.read(owner) == cast.office.id


def test_the_schema_itself_refuses_a_turn_of_another_business_call(cast: Cast) -> None:
    turn = Turn(call_id=cast.office_call.id, seq=0, role=TurnRole.CALLER, created_at=NOW)
    with pytest.raises(IntegrityError):
        bound(cast, lambda s: s.add(turn))


def test_every_table_with_a_business_is_tenant_owned(database: Database) -> None:
    owned = {mapper.class_.__tablename__ for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantOwned)}
    having = {table.name for table in Base.metadata.tables.values() if "business_id" in table.columns}
    # The audit trail is the installation's: its rows name a business without belonging to it, and outlive it (S8).
    assert having - owned == {"audit_events"}
    assert owned <= having
