"""The housekeeper's thread does its rounds until the worker drains, whatever a round meets."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app import housekeeper
from app.drain import Drain
from app.settings import load_settings
from services.calls import find_business_by_number, find_call, finish_call, open_call
from services.database import Database
from services.seed import CLINIC_NUMBER
from services.tenancy import unscoped


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended_call(database: Database, call_sid: str) -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)

    def work(session) -> None:  # type: ignore[no-untyped-def]
        business = find_business_by_number(session, CLINIC_NUMBER)
        assert business is not None
        call = open_call(session, business_id=business.id, call_sid=call_sid, caller="", dialled=CLINIC_NUMBER, now=now)
        finish_call(session, call.id, end_reason="caller_hangup", metrics={}, now=now)

    database.write(work)


def is_wrapped_up(database: Database, call_sid: str) -> bool:
    call = database.read(lambda session: find_call(session, call_sid))
    return call is not None and call.wrapped_up_at is not None


def test_ended_calls_are_wrapped_up_until_the_worker_drains(
    seeded_database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(housekeeper, "EVERY_S", 0.01)
    settings, drain = load_settings(database_url="sqlite:///unused.db"), Drain()
    ended_call(seeded_database, "CA1")
    thread = housekeeper.start_housekeeping(settings, seeded_database, drain)
    until(lambda: is_wrapped_up(seeded_database, "CA1"))

    def rename(before: str, after: str) -> None:
        def work(session) -> None:  # type: ignore[no-untyped-def]
            with unscoped(session, "test"):
                session.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))

        seeded_database.write(work)

    rename("outbox", "outbox_gone")
    ended_call(seeded_database, "CA2")
    until(lambda: is_wrapped_up(seeded_database, "CA2"))
    rename("outbox_gone", "outbox")
    ended_call(seeded_database, "CA3")
    until(lambda: is_wrapped_up(seeded_database, "CA3"))
    drain.begin()
    thread.join(20)
    assert not thread.is_alive()
