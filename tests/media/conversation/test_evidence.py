"""What the log proves about a call: marks that came back, answers that were cut (L14)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.media.conversation.virtual_call import Plan, VirtualCall

Line = dict[str, Any]
MarkFate = Callable[[str], float | None]


def on_time(_name: str) -> float | None:
    return 0.0


def logged(latency_ms: float, mark_fate: MarkFate = on_time, interrupt: bool = False) -> tuple[VirtualCall, list[Line]]:
    """A call of two questions; over the first answer the caller says the second when told to."""
    with capture_logs() as lines:
        call = VirtualCall(latency_ms=latency_ms, mark_fate=mark_fate, plans=[Plan(2000), Plan(1000)])
        call.connect()
        call.run(2000)
        call.say("מתי אתם פתוחים?")
        call.run(1500 if interrupt else 5000)
        call.say("ואיפה?")
        call.run(6000)
    return call, list(lines)


def of(lines: list[Line], event: str) -> list[Line]:
    return [line for line in lines if line["event"] == event]


@pytest.mark.parametrize("latency_ms", [10, 60, 150])
def test_each_answer_heard_to_its_end_has_one_line_with_the_round_trip_of_its_mark(latency_ms: float) -> None:
    _call, lines = logged(latency_ms)
    acks = of(lines, "[MARK] ACK")
    assert [(ack["item"], ack["sent_ms"]) for ack in acks] == [("item_1", 2000), ("item_2", 1000)]
    for ack in acks:
        assert 2 * latency_ms <= ack["round_trip_ms"] <= 2 * latency_ms + 30  # a far end's frame, and the clock's step
        assert ack["back_after_ms"] >= ack["round_trip_ms"]
        assert ack["kind"] == "answer"


def test_an_answer_that_was_cut_has_a_line_of_its_stop_and_none_of_its_mark() -> None:
    call, lines = logged(30, interrupt=True)
    [stop] = of(lines, "[BARGE-IN] Stopped")
    [cut] = [turn for turn in call.journal.turns.values() if turn.interrupted]
    assert (stop["heard_ms"], stop["total_ms"]) == (cut.heard_ms, 2000)
    [held] = of(lines, "[BARGE-IN] Held")
    assert lines.index(held) < lines.index(stop)
    assert [ack["item"] for ack in of(lines, "[MARK] ACK")] == ["item_2"]


def test_a_mark_that_never_comes_back_is_said_to_be_missing() -> None:
    _call, lines = logged(30, mark_fate=lambda name: None if name.endswith("e") else 0.0)
    assert [(line["item"], line["log_level"]) for line in of(lines, "[MARK] Missing")] == [
        ("item_1", "warning"),
        ("item_2", "warning"),
    ]
    assert not of(lines, "[MARK] ACK")


def test_a_hum_over_an_answer_has_its_reason_between_the_hold_and_the_resumption() -> None:
    with capture_logs() as lines:
        call = VirtualCall(plans=[Plan(4000)])
        call.connect()
        call.run(2000)
        call.say("מתי אתם פתוחים?")
        call.run(1500)
        call.say("אהה", 500)
        call.run(6000)
    story = [line["event"] for line in lines if line["event"].startswith(("[BARGE-IN]", "[TRANSCRIPT"))]
    assert story == ["[BARGE-IN] Held", "[TRANSCRIPT FILTER]", "[BARGE-IN] Resumed"]
    assert [line["item"] for line in lines if line["event"] == "[MARK] ACK"] == ["item_1"]
