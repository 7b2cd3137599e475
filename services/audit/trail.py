"""The audit trail: written in the transaction of the act it tells of, read with a filter, exported as CSV.

A business sees what was done in it, and the log-ins of its people since they belong to it. The installation sees all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import ColumnElement, CompoundSelect, exists, or_, select, union_all
from sqlalchemy.orm import Session

from services.db.database import Database
from services.db.models import AuditEvent, AuditKind, Membership
from services.db.text import storable_json, storable_text
from services.reports.csv import BOM, PAGE_ROWS, csv_line, safe_cell

K = AuditKind
# Acts on an account that say something to each business of that person.
_OF_ACCOUNTS = (
    K.LOG_IN, K.LOG_IN_REFUSED, K.CODE_REFUSED, K.LOG_OUT, K.SESSION_ENDED, K.PASSWORD_CHANGED, K.PASSWORD_REFUSED,
    K.PASSWORD_RESET, K.FACTOR_ON, K.FACTOR_OFF, K.FACTOR_REMOVED, K.CODES_RENEWED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What is asked for; empty values do not narrow. Both times: since ≤ at < until."""

    kind: AuditKind | None = None
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """One act that is to be written down."""

    kind: AuditKind
    at: datetime
    actor: str
    user_id: int | None = None
    business_id: int | None = None
    subject: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    client_address: str = ""


def record(session: Session, act: Act) -> None:
    """Write an act down, in the transaction that does it: both are kept or neither."""
    session.add(
        AuditEvent(
            at=act.at,
            business_id=act.business_id,
            user_id=act.user_id,
            actor=storable_text(act.actor, 254),
            kind=act.kind,
            subject=storable_text(act.subject, 254),
            detail=storable_json(act.detail),
            client_address=storable_text(act.client_address, 64),
        )
    )


def was_recorded(session: Session, *, kind: AuditKind, user_id: int, subject: str, since: datetime) -> bool:
    """Whether this person did this lately: a player asks for a recording piece by piece."""
    same = (AuditEvent.user_id == user_id, AuditEvent.kind == kind, AuditEvent.subject == subject)
    return bool(session.scalar(select(exists().where(*same, AuditEvent.at >= since))))


def audit_rows(
    session: Session,
    business_id: int | None,
    wanted: AuditFilter,
    *,
    before: int | None = None,
    limit: int,
    skip: int = 0,
) -> Sequence[AuditEvent]:
    """Acts, newest first, those with smaller ids than `before`. business_id: None for the whole installation."""
    narrowed = _conditions(wanted)
    if before is not None:
        narrowed.append(AuditEvent.id < before)
    if business_id is not None:
        narrowed = [AuditEvent.id.in_(_newest_of_business(business_id, narrowed, skip + limit))]
    query = select(AuditEvent).where(*narrowed).order_by(AuditEvent.id.desc())
    return session.scalars(query.offset(skip).limit(limit)).all()


def audit_csv(database: Database, business_id: int | None, wanted: AuditFilter, zone: ZoneInfo) -> Iterator[bytes]:
    """UTF-8 CSV with a header, newest first, piece by piece. Raises DatabaseUnavailable."""
    yield (BOM + csv_line(["at", "actor", "kind", "subject", "detail", "business_id", "client_address"])).encode()
    before: int | None = None
    while True:
        page = partial(audit_rows, business_id=business_id, wanted=wanted, before=before, limit=PAGE_ROWS)
        rows = database.read(page)
        if not rows:
            return
        before = rows[-1].id
        yield "".join(csv_line(_cells(row, zone)) for row in rows).encode()


def _cells(row: AuditEvent, zone: ZoneInfo) -> list[str]:
    at = row.at.astimezone(zone).isoformat(timespec="seconds")
    detail = orjson.dumps(row.detail).decode() if row.detail else ""
    business = "" if row.business_id is None else str(row.business_id)
    texts = [safe_cell(text) for text in (row.actor, row.kind.value, row.subject, detail)]
    return [at, *texts, business, safe_cell(row.client_address)]


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.kind is not None:
        found.append(AuditEvent.kind == wanted.kind)
    if wanted.text:
        columns = (AuditEvent.actor, AuditEvent.subject, AuditEvent.client_address)
        found.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in columns)))
    if wanted.since is not None:
        found.append(AuditEvent.at >= wanted.since)
    if wanted.until is not None:
        found.append(AuditEvent.at < wanted.until)
    return found


def _newest_of_business(
    business_id: int, narrowed: Sequence[ColumnElement[bool]], limit: int
) -> CompoundSelect[tuple[int]]:
    """Ids of what was done in it, and of what was done to the accounts of its people while they are its people.

    Each part has an index of its own: one condition with "or" would read the trail of the whole installation.
    """
    own = select(AuditEvent.id).where(AuditEvent.business_id == business_id, *narrowed)
    of_its_people = (
        select(AuditEvent.id)
        .join(Membership, Membership.user_id == AuditEvent.user_id)
        .where(Membership.business_id == business_id, Membership.created_at <= AuditEvent.at)
        .where(AuditEvent.business_id.is_(None), AuditEvent.kind.in_(_OF_ACCOUNTS), *narrowed)
    )
    newest = (part.order_by(AuditEvent.id.desc()).limit(limit).subquery() for part in (own, of_its_people))
    return union_all(*(select(part.c.id) for part in newest))
