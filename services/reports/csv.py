"""Calls, customers, leads and appointments as CSV for a spreadsheet: streamed, and harmless when opened there (A7).

A cell that a spreadsheet would take for a formula gets an apostrophe before it. Rows are read in pages of their own
short transactions, so that a slow download holds nothing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from services.appointments.customers import ERASED
from services.db.database import Database
from services.db.models import Appointment, BusinessSettings, Call, Customer, Lead
from services.db.slow_reads import READS_MUCH
from services.db.tenancy import bind_business

# A page takes some milliseconds: between two of them others must have their turn.
PAGE_ROWS = 100
# Spreadsheets guess the encoding of a file without this mark wrongly for Hebrew.
BOM = "\ufeff"
# What a spreadsheet may run, behind the blanks and quotes that it takes off.
_FORMULA = re.compile(r"""[\t\r\n]|[\s"']*[=+\-@＝＋－＠]""")
# One of another country splits cells at these marks: what follows may become the beginning of a cell.
_INNER_FORMULA = re.compile(r"""([;,\t\r\n|][\s"']*)(?=[=+\-@＝＋－＠])""")


class Export(StrEnum):
    CALLS = "calls"
    CUSTOMERS = "customers"
    LEADS = "leads"
    APPOINTMENTS = "appointments"


Column = tuple[str, Callable[[Any], object]]


@dataclass(frozen=True, slots=True)
class _Table:
    model: type[Call] | type[Customer] | type[Lead] | type[Appointment]
    columns: Sequence[Column]
    only: Sequence[ColumnElement[bool]] = ()


_TABLES: dict[Export, _Table] = {
    Export.CALLS: _Table(
        Call,
        [
            ("started_at", lambda row: row.started_at),
            ("ended_at", lambda row: row.ended_at),
            ("caller", lambda row: row.caller),
            ("dialled", lambda row: row.dialled),
            ("language", lambda row: row.language),
            ("status", lambda row: row.status),
            ("end_reason", lambda row: row.end_reason),
            ("result", lambda row: row.outcome.get("result")),
            ("summary", lambda row: row.summary),
            ("cost_usd", lambda row: row.cost_usd),
            ("cost_ils", lambda row: row.cost_ils),
            ("is_test", lambda row: row.is_test),
            ("call_sid", lambda row: row.call_sid),
        ],
    ),
    Export.CUSTOMERS: _Table(
        Customer,
        [
            ("phone", lambda row: row.phone),
            ("name", lambda row: row.name),
            ("city", lambda row: row.city),
            ("notes", lambda row: row.notes),
            ("created_at", lambda row: row.created_at),
        ],
        only=[Customer.phone != ERASED],
    ),
    Export.LEADS: _Table(
        Lead,
        [
            ("created_at", lambda row: row.created_at),
            ("status", lambda row: row.status),
            ("name", lambda row: row.name),
            ("phone", lambda row: row.phone),
            ("city", lambda row: row.city),
            ("service", lambda row: row.service),
            ("notes", lambda row: row.notes),
        ],
    ),
    Export.APPOINTMENTS: _Table(
        Appointment,
        [
            ("starts_at", lambda row: row.starts_at),
            ("ends_at", lambda row: row.ends_at),
            ("status", lambda row: row.status),
            ("name", lambda row: row.name),
            ("phone", lambda row: row.customer.phone),
            ("service", lambda row: row.service),
            ("with", lambda row: row.resource.name),
            ("notes", lambda row: row.notes),
            ("created_at", lambda row: row.created_at),
        ],
    ),
}


def export(
    database: Database, business_id: int, what: Export, *, only: Sequence[ColumnElement[bool]] = ()
) -> Iterator[bytes]:
    """UTF-8 CSV with a header, piece by piece; times in the business's zone. Raises DatabaseUnavailable.

    only: conditions that narrow the rows.
    """
    table = _TABLES[what]
    zone = database.read(partial(_zone, business_id=business_id))
    yield (BOM + csv_line([name for name, _ in table.columns])).encode()
    last_id = 0
    while True:
        rows = database.read(partial(_page, business_id=business_id, table=table, after=last_id, only=only))
        if not rows:
            return
        last_id = rows[-1].id
        yield "".join(csv_line([_cell(read(row), zone) for _, read in table.columns]) for row in rows).encode()


def safe_cell(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would run as a formula."""
    safe = _INNER_FORMULA.sub(r"\1'", text)
    return "'" + safe if _FORMULA.match(text) else safe


def _cell(value: object, zone: ZoneInfo) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, bool):
        return "1" if value else "0"
    return safe_cell(str(value))


def csv_line(cells: Sequence[str]) -> str:
    """One line; cells that people wrote went through `safe_cell`."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def _zone(session: Session, *, business_id: int) -> ZoneInfo:
    bind_business(session, business_id)
    return ZoneInfo(session.scalars(select(BusinessSettings.timezone)).one())


def _page(
    session: Session, *, business_id: int, table: _Table, after: int, only: Sequence[ColumnElement[bool]]
) -> Sequence[Any]:
    bind_business(session, business_id)
    model = table.model
    query = select(model).where(model.id > after, *only, *table.only).execution_options(**READS_MUCH)
    return session.scalars(query.order_by(model.id).limit(PAGE_ROWS)).all()
