"""What came of a round of the cluster's campaign: each call by its own row and ear, and the round's table. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.chaos_report import Outcome, percentile, silences_ms
from bench.cluster.conversation import SAID

LONGEST_SILENCE_MS = 5000.0
FAILOVER_S = 10.0
SPREAD = 0.2


@dataclass(slots=True)
class Round:
    """`fault`: what happened in it ("none": nothing). Times in seconds."""

    fault: str
    hosts: int
    outcomes: list[Outcome]
    # Calls on each host while all were up, before the fault.
    carried: dict[str, int]
    # Summaries that each call's receiver got, by the message's key.
    summaries: Counter[str] = field(default_factory=Counter)
    # Without a new call that was let in, at most.
    closed_s: float = 0.0
    # Of all hosts, and of the balancer.
    cpu_s: float = 0.0
    balancer_cpu_s: float = 0.0
    statements: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def call_seconds(self) -> float:
        return sum(outcome.result.duration_ms for outcome in self.outcomes) / 1000

    @property
    def went_on(self) -> int:
        return sum(outcome.went_on for outcome in self.outcomes)

    @property
    def hit(self) -> int:
        return sum(len(outcome.result.streams) > 1 for outcome in self.outcomes)

    @property
    def turns_missing(self) -> int:
        """What callers said and no row has; for each stream that was lost one turn may have gone with it."""
        return sum(max(0, said(one) - kept(one) - (len(one.result.streams) - 1)) for one in self.outcomes)

    @property
    def spread(self) -> float:
        """How far the host that is farthest from an even share is from it, as a part of that share."""
        even = sum(self.carried.values()) / max(1, len(self.carried))
        return max((abs(count - even) / even for count in self.carried.values()), default=0.0) if even else 0.0

    def rows(self) -> list[tuple[str, str, str, bool]]:
        """(what, measured, goal, whether it is met)."""
        calls = self.outcomes
        silences = [ms for call in calls for ms in silences_ms(call.result)]
        told = sum(call.acknowledged for call in calls)
        lost = sum(call.acknowledged and not call.booked for call in calls)
        doubled = sum(call.booked > 1 for call in calls)
        right = sum(call.right_end for call in calls)
        twice = sum(count - 1 for count in self.summaries.values())
        missing = len(calls) - len(self.summaries)
        worst, closed_s = max(silences, default=0.0), self.closed_s
        return [
            ("calls that went on to their end", f"{self.went_on} of {len(calls)}", "all", self.went_on == len(calls)),
            ("… with one right terminal state", f"{right} of {len(calls)}", "all", right == len(calls)),
            ("… that changed the host", str(self.hit), "", True),
            _within("silence heard by those, p95 ms", percentile(silences, 95), LONGEST_SILENCE_MS),
            _within("… at most, ms", worst, LONGEST_SILENCE_MS),
            ("acknowledged bookings lost", f"{lost} of {told}", "0", not lost),
            ("bookings doubled", str(doubled), "0", not doubled),
            ("turns of callers without a row", str(self.turns_missing), "0", not self.turns_missing),
            ("summaries sent twice, not sent", f"{twice}, {missing}", "0, 0", not twice and not missing),
            ("no new call was let in for, s", f"{closed_s:.1f}", f"≤ {FAILOVER_S:.0f}", closed_s <= FAILOVER_S),
            ("calls by host before it", _shares(self.carried), f"± {SPREAD:.0%}", self.spread <= SPREAD),
            ("CPU of the hosts, ms a call and second", self._ms(self.cpu_s), "", True),
            ("CPU of the balancer, ms a call and second", self._ms(self.balancer_cpu_s), "", True),
            ("statements of the database a call", f"{self.statements / max(1, len(calls)):.0f}", "", True),
        ]

    def _ms(self, cpu_s: float) -> str:
        return f"{cpu_s * 1000 / self.call_seconds:.2f}" if self.call_seconds else "–"

    def failures(self) -> list[str]:
        """A line for each call that did not come out right."""
        lines = []
        for call in self.outcomes:
            if call.went_on and call.right_end and (call.booked or not call.acknowledged):
                continue
            streams = [(stream.closed_by, stream.close_code) for stream in call.result.streams]
            row = f"{call.stored.get('status')} {call.stored.get('end_reason')}"
            who = f"{self.fault} call {call.planned.number} {call.result.call_sid}"
            lines.append(f"{who}: {call.result.ended_by} {call.result.error} row {row} streams {streams}")
        return [*lines, *self.notes]

    @property
    def met(self) -> bool:
        return all(ok for *_, ok in self.rows())


def table(rounds: Sequence[Round]) -> str:
    """One column for each round."""
    columns = [one.rows() for one in rounds]
    heads = [f"{one.fault} ({len(one.outcomes)} calls, {one.hosts} hosts)" for one in rounds]
    lines = ["| | " + " | ".join(heads) + " | goal |", "|---" * (len(rounds) + 2) + "|"]
    for row in zip(*columns, strict=True):
        cells = [found if ok else f"**{found}**" for _, found, _, ok in row]
        lines.append("| " + " | ".join([row[0][0], *cells, row[0][2]]) + " |")
    return "\n".join(lines)


def said(outcome: Outcome) -> int:
    """How often this caller spoke."""
    steps = (str(event.details.get("step", "")) for event in outcome.result.events if event.kind == "say")
    return sum(step.startswith(SAID) for step in steps)


def kept(outcome: Outcome) -> int:
    return sum(turn["role"] == "caller" for turn in outcome.stored.get("turns", []))


def _within(what: str, value: float, goal: float) -> tuple[str, str, str, bool]:
    return what, f"{value:.0f}", f"≤ {goal:.0f}", value <= goal


def _shares(carried: dict[str, int]) -> str:
    return " / ".join(str(count) for count in carried.values())
