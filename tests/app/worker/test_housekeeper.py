"""The housekeeper's thread does its rounds until the worker drains, whatever a round meets."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.worker import housekeeper
from app.worker.drain import Drain
from services.accounts.seed import CLINIC_NUMBER, OFFICE_NUMBER
from services.calls.lifecycle import find_business_by_number, find_call, finish_call, open_call
from services.db.database import Database
from services.db.models import BusinessSettings
from services.db.tenancy import bind_business, unscoped
from tests.patience import PATIENCE_S


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended_call(database: Database, call_sid: str, number: str = CLINIC_NUMBER) -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)

    def work(session: Session) -> None:
        business = find_business_by_number(session, number)
        assert business is not None
        call = open_call(session, business_id=business.id, call_sid=call_sid, caller="", dialled=number, now=now)
        finish_call(session, call.id, end_reason="caller_hangup", metrics={}, now=now)

    database.write(work)


def is_wrapped_up(database: Database, call_sid: str) -> bool:
    call = database.read(lambda session: find_call(session, call_sid))
    return call is not None and call.wrapped_up_at is not None


def test_ended_calls_are_wrapped_up_until_the_worker_drains(
    seeded_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeper, "EVERY_S", 0.01)
    drain = Drain()
    ended_call(seeded_database, "CA1")
    thread = housekeeper.start_housekeeping(seeded_database, drain, "")
    until(lambda: is_wrapped_up(seeded_database, "CA1"))

    def rename(before: str, after: str) -> None:
        def work(session: Session) -> None:
            with unscoped(session, "test"):
                session.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))

        seeded_database.write(work)

    rename("recording_chunks", "chunks_gone")
    ended_call(seeded_database, "CA2")
    until(lambda: is_wrapped_up(seeded_database, "CA2"))
    rename("chunks_gone", "recording_chunks")
    ended_call(seeded_database, "CA3")
    until(lambda: is_wrapped_up(seeded_database, "CA3"))
    drain.begin()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_a_business_whose_calls_cannot_be_summed_up_holds_up_nobody(
    seeded_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its settings were broken by hand. Its call is set aside with the reason, the other's is wrapped up (S3)."""

    def break_settings(session: Session) -> None:
        business = find_business_by_number(session, OFFICE_NUMBER)
        assert business is not None
        bind_business(session, business.id)
        settings = session.scalars(select(BusinessSettings)).one()
        settings.timezone, settings.recording_retention_days = "Mars/Olympus", -(10**9)

    seeded_database.write(break_settings)
    monkeypatch.setattr(housekeeper, "EVERY_S", 0.01)
    drain = Drain()
    for number in range(3):
        ended_call(seeded_database, f"CA-bad{number}", OFFICE_NUMBER)
    ended_call(seeded_database, "CA-good")
    thread = housekeeper.start_housekeeping(seeded_database, drain, "")
    until(lambda: is_wrapped_up(seeded_database, "CA-good"))
    until(lambda: is_wrapped_up(seeded_database, "CA-bad2"))
    drain.begin()
    thread.join(20)
    bad = seeded_database.read(lambda session: find_call(session, "CA-bad0"))
    assert bad is not None
    assert bad.outcome == {"result": "not_summed_up", "reason": "ZoneInfoNotFoundError"}
