"""The short fault campaign, and what a caller meets beyond a limit (W8–W11; docs/reliability.md)."""

from __future__ import annotations

import argparse
import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.chaos import run_campaign
from bench.chaos_plan import FINAL, RECOVERABLE, plan_calls
from services.calls.lifecycle import claim_stream, open_call
from services.calls.limits import CALLER_LIMIT, CALLS_LIMIT, MINUTES_LIMIT, exceeded
from services.db.database import Database
from services.db.models import BusinessSettings, Call
from tests.services.booking.played_dialogue import make_business
from tests.services.db.fixtures import ADMIN_URL, NOW

CALLER, DIALLED = "+972501234567", "+97231110001"


def test_a_seed_always_plans_the_same_calls_and_every_fault_has_its_turn() -> None:
    plans = [plan_calls(7, 150) for _ in range(2)]
    assert plans[0] == plans[1]
    assert {call.fault for call in plans[0]} == {"", *RECOVERABLE, *FINAL}
    assert sum(bool(call.fault) for call in plans[0]) == 30


@pytest.mark.slow
def test_no_call_is_lost_while_sockets_break_and_a_worker_is_killed(bare_postgres_url: str) -> None:
    """`bare_postgres_url` skips the test where there is no PostgreSQL."""
    options = argparse.Namespace(
        calls=14, at_once=14, fewer_when_late=True, faults=0.3, events=True, postgres=ADMIN_URL, leak_calls=0
    )
    campaign = asyncio.run(run_campaign(11, options))
    assert campaign.events["kill"] == 1
    assert not [call for call in campaign.outcomes if not call.right_end], campaign.failures()
    assert not [call for call in campaign.outcomes if call.can_go_on and not call.went_on], campaign.failures()
    assert not [call for call in campaign.outcomes if call.acknowledged and call.booked != 1]


def limited(database: Database, limits: dict[str, int], caller: str = CALLER) -> str | None:
    """What the limits say to a new call, after two calls of ten minutes, one of them still going on."""
    business_id = make_business(database, DIALLED, "he")

    def ring(session: Session, call_sid: str, frm: str, minutes_ago: int) -> Call:
        now = NOW - timedelta(minutes=minutes_ago)
        return open_call(session, business_id=business_id, call_sid=call_sid, caller=frm, dialled=DIALLED, now=now)

    def work(session: Session) -> str | None:
        for minutes_ago in (30, 10):
            call = ring(session, f"CA{minutes_ago}", CALLER, minutes_ago)
            claim_stream(
                session,
                call_sid=call.call_sid,
                business_id=business_id,
                nonce=call.stream_nonce,
                now=call.started_at,
            )
        session.scalars(select(Call).where(Call.call_sid == "CA30")).one().ended_at = NOW - timedelta(minutes=20)
        settings = BusinessSettings(timezone="Asia/Jerusalem", **limits)
        return exceeded(session, settings, ring(session, "CAnew", caller, 0), NOW)

    return database.write(work)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({}, None),
        ({"max_calls_per_caller_hour": 2}, CALLER_LIMIT),
        ({"max_calls_per_caller_hour": 3}, None),
        ({"max_calls_at_once": 1}, CALLS_LIMIT),
        ({"max_calls_at_once": 2}, None),
        ({"daily_minutes": 20}, MINUTES_LIMIT),
        ({"daily_minutes": 21}, None),
    ],
)
def test_a_call_beyond_a_limit_of_its_business_is_not_taken(
    database: Database, limits: dict[str, int], said: str | None
) -> None:
    assert limited(database, limits) == said


@pytest.mark.parametrize("caller", ["+972501112223", ""])
def test_another_number_and_a_withheld_one_are_not_counted_with_it(database: Database, caller: str) -> None:
    assert limited(database, {"max_calls_per_caller_hour": 1}, caller=caller) is None


def ring_as(
    database: Database, business_id: int, call_sid: str, caller: str = "", *, is_test: bool = False
) -> str | None:
    """A call at NOW, and what the limits say to it; one that is refused is over."""

    def work(session: Session) -> str | None:
        call = open_call(
            session,
            business_id=business_id,
            call_sid=call_sid,
            caller=caller,
            dialled=DIALLED,
            now=NOW,
            is_test=is_test,
        )
        said = exceeded(session, session.scalars(select(BusinessSettings)).one(), call, NOW)
        if said is not None:
            call.ended_at = NOW
        return said

    return database.write(work)


def limits_of(database: Database, **limits: int | None) -> int:
    """A business with these limits."""
    return make_business(database, DIALLED, "he", **limits)


def test_everybody_who_withholds_his_number_is_one_caller(database: Database) -> None:
    business_id = limits_of(database, max_calls_per_caller_hour=3)
    said = [ring_as(database, business_id, f"CA{n}") for n in range(5)]
    assert said == [None] * 3 + [CALLER_LIMIT] * 2


def test_invented_numbers_meet_the_limits_that_a_new_business_has(database: Database) -> None:
    business_id = limits_of(database)
    said = [ring_as(database, business_id, f"CA{n}", f"+97250{n:07d}") for n in range(65)]
    assert said == [None] * 20 + [CALLS_LIMIT] * 45


def test_test_calls_count_with_the_others_but_take_no_number_from_them(database: Database) -> None:
    business_id = limits_of(database, max_calls_per_caller_hour=1, max_calls_at_once=2)
    assert ring_as(database, business_id, "BROWSER1", CALLER, is_test=True) is None
    assert ring_as(database, business_id, "CA1", CALLER) is None
    assert ring_as(database, business_id, "BROWSER2", CALLER, is_test=True) == CALLER_LIMIT
    assert ring_as(database, business_id, "BROWSER3", is_test=True) == CALLS_LIMIT


def test_of_many_calls_at_once_no_more_than_the_limit_are_taken(database: Database) -> None:
    business_id = limits_of(database, max_calls_at_once=3)
    with ThreadPoolExecutor(12) as threads:
        said = list(threads.map(lambda n: ring_as(database, business_id, f"CA{n}", f"+97250{n:07d}"), range(12)))
    assert said.count(None) == 3
