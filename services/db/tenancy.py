"""One business at a time: no query on a tenant-owned table runs without saying whose rows it means.

A session starts with no business. `bind_business(session, business_id)` binds it, for good, to one: from then on every
SELECT, UPDATE and DELETE made through the mapped classes is narrowed to that business, new rows are stamped with
it, and rows of another business are refused. `unscoped(session, reason)` is for the few jobs that belong to no
business yet (looking a number up, logging in) and for those that serve all (the outbox).

Two nets: the narrowing itself (`with_loader_criteria`), and a check of the finished SQL that every mention of an
owned table carries its business, which also catches text and table-level queries that the first cannot narrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Delete, Insert, Select, Update, bindparam, event, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria

from services.db.models import Base, Business, TenantOwned

_SCOPE = "tenant_scope"
_BUSINESS = "tenant_business"
_READ_ONLY = "read_only"
_FLUSHING = "tenant_flushing"
_EVERYBODY = "everybody"

M = TypeVar("M", bound=Base)


class TenantError(Exception):
    """A query, row or session that does not belong to the business at hand."""


class ReadOnlyError(Exception):
    """A write inside a read transaction."""


class TenantSession(Session):
    """A Session that knows which business it serves; made by services.db.database only."""

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """As Session.get, but a row of another business is not found even when it was loaded unscoped."""
        found = super().get(*args, **kwargs)
        scope = self.info.get(_SCOPE)
        if found is not None and scope is not _EVERYBODY and _owner(found) not in (None, scope):
            return None
        return found


class Rows:
    """The rows of one business, by statements on tables that were built once: what is written all the time. No session
    is needed for it; what a session has pending is not flushed, and what it has loaded keeps its values."""

    def __init__(self, connection: Connection, business_id: int) -> None:
        self.business_id = business_id
        self.info = {_SCOPE: business_id}  # what `check_statement` asks for
        self._connection = connection
        connection.info[_SCOPE] = self

    def insert(self, model: type[M], values: Mapping[str, Any]) -> int:
        """Insert a row; its id."""
        return int(self._insert(model, values, (), ()).scalar_one())

    def insert_missing(self, model: type[M], values: Mapping[str, Any], key: Sequence[str]) -> bool:
        """Insert a row unless one with the same `key` columns exists; whether it was inserted."""
        return self._insert(model, values, tuple(key), ()).scalar() is not None

    def upsert(
        self, model: type[M], values: Mapping[str, Any], key: Sequence[str], keep: Sequence[str] = ()
    ) -> int | None:
        """Insert a row, or overwrite this business's row with the same `key`, its columns in `keep` excepted.

        The row's id; None if the row with this key is another business's.
        """
        overwrite = tuple(name for name in values if name not in {*key, *keep})
        found: int | None = self._insert(model, values, tuple(key), overwrite).scalar()
        return found

    def update(self, model: type[M], row_id: int, values: Mapping[str, Any]) -> bool:
        """Change columns of the row with this id; False when it is not this business's."""
        result = self.execute(_update_statement(model, tuple(values)), {"row_id": row_id, **values})
        return bool(result.rowcount)

    def execute(self, statement: Any, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Run a statement that narrows itself to the business `owner_id`."""
        return self._run(statement, {"owner_id": self.business_id, **values})

    def _insert(
        self, model: type[M], values: Mapping[str, Any], key: tuple[str, ...], overwrite: tuple[str, ...]
    ) -> CursorResult[Any]:
        statement = _insert_statement(self._open().dialect.name, model, key, overwrite)
        return self._run(statement, {"business_id": self.business_id, **values})

    def _run(self, statement: Any, values: Mapping[str, Any]) -> CursorResult[Any]:
        return self._open().execute(statement, values)

    def _open(self) -> Connection:
        return self._connection


class SessionRows(Rows):
    """`Rows` of the business that a session serves, in its transaction. Raises TenantError when it serves none."""

    def __init__(self, session: Session) -> None:
        self.business_id = business_of(session)
        self._session = session

    def _run(self, statement: Any, values: Mapping[str, Any]) -> CursorResult[Any]:
        if self._session.info.get(_READ_ONLY) and not isinstance(statement, Select):
            raise ReadOnlyError("a read transaction cannot change rows")
        return super()._run(statement, values)

    def _open(self) -> Connection:
        return self._session.connection()


def bind_business(session: Session, business_id: int) -> Session:
    """From now on the session serves this business and no other; the session. To bind it twice to the same business is
    harmless. Raises TenantError when it serves another."""
    bound = session.info.get(_BUSINESS)
    if bound is not None and bound != business_id:
        raise TenantError(f"the session already serves business {bound}, not {business_id}")
    session.info[_BUSINESS] = business_id
    session.info[_SCOPE] = business_id
    return session


@cache
def _insert_statement(dialect: str, model: type[Base], key: tuple[str, ...], overwrite: tuple[str, ...]) -> Any:
    """An insert that leaves alone, or overwrites in part, a row with the same key, and says which row it wrote.

    Built once: building it costs more than running it, and every turn of every call is written by one.
    """
    table: Any = model.__table__
    if not key:
        return insert(table).returning(table.c.id)
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    if overwrite:
        statement = statement.on_conflict_do_update(
            index_elements=list(key),
            set_={name: statement.excluded[name] for name in overwrite},
            where=table.c.business_id == statement.excluded.business_id,
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(key))
    return statement.returning(table.c.id)


@cache
def _update_statement(model: type[Base], columns: tuple[str, ...]) -> Any:
    """An update of these columns of the row `row_id`."""
    table: Any = model.__table__
    mine = (table.c.id == bindparam("row_id"), table.c.business_id == bindparam("owner_id"))
    return update(table).where(*mine).values({name: bindparam(name) for name in columns})


@contextmanager
def unscoped(session: Session, reason: str) -> Iterator[Session]:
    """Queries over all businesses, with the reason written where they are made. What is pending is flushed."""
    if not reason:
        raise TenantError("an unscoped query needs its reason")
    session.flush()
    before = session.info.get(_SCOPE)
    session.info[_SCOPE] = _EVERYBODY
    try:
        yield session
        session.flush()
    finally:
        # A session that was bound inside stays bound.
        session.info[_SCOPE] = session.info.get(_BUSINESS, before)


def business_of(session: Session) -> int:
    """The business the session is bound to. Raises TenantError when it is bound to none."""
    bound = session.info.get(_BUSINESS)
    if not isinstance(bound, int):
        raise TenantError("the session serves no business")
    return bound


def is_bound(session: Session) -> bool:
    """Whether it is known which business the session serves."""
    return isinstance(session.info.get(_BUSINESS), int)


def mark_read_only(session: Session) -> None:
    """From now on the session refuses to write."""
    session.info[_READ_ONLY] = True


@cache
def _owned_tables() -> dict[str, str]:
    """Table name → the column that names its business."""
    mapped = [mapper for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantOwned)]
    owned = {str(mapper.class_.__table__.name): "business_id" for mapper in mapped}
    return owned | {Business.__tablename__: "id"}


def _owner(row: object) -> int | None:
    if isinstance(row, TenantOwned):
        return row.business_id
    return row.id if isinstance(row, Business) else None


@event.listens_for(TenantSession, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    session = state.session
    statement = state.statement
    changes = isinstance(statement, (Insert, Update, Delete))
    if changes and session.info.get(_READ_ONLY):
        raise ReadOnlyError("a read transaction cannot change rows")
    scope = session.info.get(_SCOPE)
    if scope is _EVERYBODY:
        return
    if isinstance(statement, Insert):
        if statement.table.name in _owned_tables():
            raise TenantError(f"insert into {statement.table.name} through the session or Rows, not as a statement")
        return
    if scope is not None and (state.is_select or changes):
        state.statement = statement.options(
            with_loader_criteria(TenantOwned, lambda cls: cls.business_id == scope, include_aliases=True),
            with_loader_criteria(Business, Business.id == scope, include_aliases=True),
        )
        _narrow_refresh(state, scope)


def _narrow_refresh(state: ORMExecuteState, scope: int) -> None:
    """Reading a loaded row again is not narrowed by options; a condition does it."""
    if state.is_column_load and state.bind_mapper is not None and isinstance(state.statement, Select):
        model = state.bind_mapper.class_
        column = _owned_tables().get(model.__tablename__)
        if column is not None:
            state.statement = state.statement.where(getattr(model, column) == scope)


@event.listens_for(TenantSession, "before_flush")
def _check_rows(session: Session, _context: UOWTransaction, _instances: object) -> None:
    if session.info.get(_READ_ONLY) and (session.new or session.dirty or session.deleted):
        raise ReadOnlyError("a read transaction cannot change rows")
    scope = session.info.get(_SCOPE)
    if scope is not _EVERYBODY:
        for row in [*session.new, *session.dirty, *session.deleted]:
            _check_row(row, scope, is_new=row in session.new)
    session.info[_FLUSHING] = True


def _check_row(row: object, scope: int | None, *, is_new: bool) -> None:
    if not isinstance(row, (TenantOwned, Business)):
        return
    name = type(row).__name__
    if scope is None:
        raise TenantError(f"{name} written by a session that serves no business")
    if isinstance(row, TenantOwned) and is_new and row.business_id is None:
        row.business_id = scope
    if _owner(row) != scope:
        raise TenantError(f"{name} of business {_owner(row)} written in a session of business {scope}")


@event.listens_for(TenantSession, "after_flush")
def _flushed(session: Session, _context: UOWTransaction) -> None:
    session.info.pop(_FLUSHING, None)


@event.listens_for(TenantSession, "after_begin")
def _announce(session: Session, _transaction: object, connection: Connection) -> None:
    connection.info[_SCOPE] = session


def check_statement(
    connection: Connection,
    _cursor: DBAPICursor,
    sql: str,
    _parameters: object,
    _context: ExecutionContext | None,
    _many: bool,
) -> None:
    """Engine event: refuse SQL of a session, or of `Rows`, that reaches an owned table without its business."""
    session: Session | Rows | None = connection.info.get(_SCOPE)
    if session is None or session.info.get(_FLUSHING) or session.info.get(_SCOPE) is _EVERYBODY:
        return
    loose = _loose_mentions(sql)
    if loose:
        raise TenantError(f"a query on {', '.join(loose)} without its business: {sql[:200]}")


def forget_session(connection_info: dict[str, Any]) -> None:
    """A connection returned to the pool serves nobody."""
    connection_info.pop(_SCOPE, None)


@lru_cache(maxsize=2048)
def _loose_mentions(sql: str) -> tuple[str, ...]:
    """Owned tables that the SQL reads or changes without comparing their business column."""
    tables = _owned_tables()
    names = "|".join(sorted(tables, key=len, reverse=True))
    mention = re.compile(
        rf'(?:\bFROM\s|\bJOIN\s|\bUPDATE\s|,|\()\s*"?({names})\b"?(?!\.|\s*\()(?:\s+AS\s+"?(\w+)"?)?', re.IGNORECASE
    )
    loose = []
    for match in mention.finditer(sql):
        table, alias = match.group(1).lower(), match.group(2) or match.group(1)
        if not re.search(rf'(?<!\w)"?{re.escape(alias)}"?\.{tables[table]} = [%?:$]', sql):
            loose.append(table)
    return tuple(loose)
