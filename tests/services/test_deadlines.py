"""Deadlines that depend on each other keep their distance (W6, W9, W10). Each relation is written out here a second
time, so that a number that is changed by hand is noticed.
"""

from __future__ import annotations

import runpy

import pytest
from sqlalchemy import text

from sandbox.launch import DRAIN_S
from services import deadlines as d
from services.calls.wrap_up import RESULT_TIMEOUT
from services.db.database import Database
from services.engines.interface import CONNECTS_WITHIN_S
from tests.places import ROOT


def test_postgresql_gives_a_lock_up_before_the_statement_and_we_give_the_server_up_last() -> None:
    assert 0 < d.LOCK_S < d.STATEMENT_S < d.SILENT_SERVER_S


def test_postgresql_is_told_these_limits(postgres_database: Database) -> None:
    def limit(name: str) -> float:
        with postgres_database.engine.connect() as connection:
            (ms,) = connection.execute(text("SELECT setting FROM pg_settings WHERE name = :name"), {"name": name}).one()
        return int(ms) / 1000

    assert limit("statement_timeout") == d.STATEMENT_S
    assert limit("lock_timeout") == d.LOCK_S
    assert limit("idle_in_transaction_session_timeout") == d.VANISHED_CLIENT_S


def test_a_client_that_lives_is_never_taken_for_one_that_vanished() -> None:
    assert d.SILENT_SERVER_S < d.VANISHED_CLIENT_S


def test_the_stream_stays_open_for_the_record_under_way_a_pause_and_the_last_word() -> None:
    longest_record_s = d.RECORD_S + d.LOCK_S
    assert longest_record_s + d.RETRY_S + longest_record_s <= d.FINAL_RECORD_S


def test_the_booking_side_has_time_for_a_reading_and_its_step() -> None:
    assert d.CHAT_MODEL_S + d.STEP_S + d.LOCK_S <= d.BOOKING_ENDS_S


def test_a_call_is_gone_only_after_its_last_word_and_its_booking() -> None:
    assert d.CALL_ENDS_S >= d.FINAL_RECORD_S + d.RETRY_S
    assert d.CALL_ENDS_S >= d.BOOKING_ENDS_S + d.RETRY_S
    assert d.CALL_ENDS_S > CONNECTS_WITHIN_S, "the realtime thread may be connecting"


def test_a_call_is_summed_up_only_after_its_threads_are_gone() -> None:
    assert RESULT_TIMEOUT.total_seconds() > d.CALL_ENDS_S + d.SILENT_SERVER_S


def test_all_calls_are_gone_when_a_worker_has_to_go() -> None:
    waits_for_a_pause_until = d.LISTENER_CLOSES_S + d.SUCCESSOR_WITHIN_S + d.PAUSE_WITHIN_S
    assert waits_for_a_pause_until + d.CALL_ENDS_S <= d.WORKER_ENDS_S <= 25.0
    assert d.PAUSE_WITHIN_S >= 5.0, "a caller's sentence and the answer's beginning"


def test_a_worker_is_gone_before_the_platform_kills_it_and_the_launcher_waits_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.chdir(str(tmp_path))
    settings = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    assert settings["graceful_timeout"] == d.WORKER_ENDS_S
    assert d.WORKER_ENDS_S + d.JOBS_END_S + 2 * d.TELEMETRY_ENDS_S <= 30.0
    assert d.WORKER_ENDS_S < DRAIN_S
