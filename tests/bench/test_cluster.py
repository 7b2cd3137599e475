"""The bench's cluster without its processes: what the balancer is told, sums of metrics, plans, verdicts (O1)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from bench.chaos_plan import BOOKING, LAST_STEP
from bench.chaos_report import Outcome
from bench.cluster.balancer import configuration
from bench.cluster.conversation import plan_calls
from bench.cluster.outcome import Round, table
from bench.cluster.scrape import summed
from sandbox.twilio.result import CallResult, StreamResult, TimelineEvent

ONE = """\
# HELP calls_total Calls
# TYPE calls_total counter
calls_total{kind="new"} 3.0
# HELP threads Threads
# TYPE threads gauge
threads{pid="17"} 5.0
# HELP lag_seconds Lag
# TYPE lag_seconds histogram
lag_seconds_bucket{le="1.0"} 4.0
lag_seconds_bucket{le="+Inf"} 5.0
lag_seconds_sum 2.5
lag_seconds_count 5.0
"""
OTHER = ONE.replace("3.0", "4.0").replace('"17"', '"99"').replace('kind="new"', 'kind="resumed"')


def test_the_metrics_of_all_hosts_are_added_up_sample_by_sample() -> None:
    lines = summed([ONE, "", OTHER, ONE]).splitlines()
    assert 'calls_total{kind="new"} 6.0' in lines
    assert 'calls_total{kind="resumed"} 4.0' in lines
    assert "threads 15.0" in lines, "the process a sample is of says nothing of the whole"
    assert 'lag_seconds_bucket{le="+Inf"} 15.0' in lines
    assert "lag_seconds_sum 7.5" in lines
    assert lines.count("# TYPE calls_total counter") == 1


def test_the_balancer_knows_every_host_and_whom_to_ask_when_none_is_ready() -> None:
    text = configuration({"h1": "10.0.0.1:5000", "h2": "10.0.0.2:5000"}, ["127.0.0.1:80"])
    for host, address in (("h1", "10.0.0.1:5000"), ("h2", "10.0.0.2:5000")):
        assert text.count(f"server {host} {address} ") == 2
        assert text.count(f"server {host}-anyway {address} backup") == 2
    assert "shutdown-sessions\n" not in text.replace("shutdown-sessions here", "")


def test_callers_book_at_three_places_and_the_same_seed_gives_the_same_plan() -> None:
    plans = plan_calls(3, 6, "http://127.0.0.1:1/hook")
    assert plans == plan_calls(3, 6, "http://127.0.0.1:1/hook")
    places = [[step.name for step in plan.scenario.caller].index("books") for plan in plans]
    assert places == [0, 3, 6, 0, 3, 6]
    for plan, place in zip(plans, places, strict=True):
        script = plan.scenario.model
        assert script.transcripts[place].text == BOOKING
        assert [again.transcripts[0].text for again in plan.scenario.model_again] == [BOOKING] * 5


def a_call(*, spoke: int = 2, turns: int = 2, booked: int = 1, streams: int = 1, at_the_end: bool = True) -> Outcome:
    (plan,) = plan_calls(1, 1)
    events = [TimelineEvent(n, "say", {"step": f"question{n}"}) for n in range(spoke)]
    if at_the_end:
        events.append(TimelineEvent(99, "hang-up", {"step": LAST_STEP}))
    result = CallResult("CA1", "+1", "+2", ended_by="caller", events=events)
    result.streams = [StreamResult(f"MZ{n}", 0.0) for n in range(streams)]
    stored = {
        "rows": 1,
        "status": "ended",
        "end_reason": "caller_hangup",
        "turns": [{"role": "caller"}] * turns,
        "appointments": [{"status": "booked"}] * booked,
    }
    return Outcome(plan, result, stored, acknowledged=True)


def a_round(*calls: Outcome) -> Round:
    return Round("vanish", 3, list(calls), {"h1": 5, "h2": 5, "h3": 5}, Counter(["CA1"]))


def test_a_round_in_which_all_went_well_meets_its_goals() -> None:
    assert a_round(a_call()).met
    assert a_round(a_call(streams=2, turns=1)).met, "the words under way may go with their stream"


@pytest.mark.parametrize(
    "wrong",
    [
        a_round(a_call(booked=0)),
        a_round(a_call(booked=2)),
        a_round(a_call(turns=1)),
        a_round(a_call(at_the_end=False)),
        replace(a_round(a_call()), summaries=Counter(["CA1", "CA1"])),
        replace(a_round(a_call()), summaries=Counter()),
        replace(a_round(a_call()), closed_s=10.5),
        replace(a_round(a_call()), carried={"h1": 7, "h2": 4, "h3": 4}),
    ],
)
def test_one_thing_lost_or_doubled_is_a_goal_missed(wrong: Round) -> None:
    assert not wrong.met
    assert "**" in table([wrong])
