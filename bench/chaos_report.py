"""What came of a fault campaign: each call judged by its own row and ear, and the table. Pure."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bench.chaos_plan import FINAL, LAST_STEP, PlannedCall
from sandbox.twilio.result import CallResult
from services.audio.g711 import BYTES_PER_MS, FRAME_BYTES, FRAME_MS
from services.sockets.frames import CLOSE_ABNORMAL, CLOSE_GOING_AWAY

LONG_SILENCE_MS = 3000
SAME_SOUND_MS = 400  # a longer gap between frames is a pause between answers
SILENCE = (0xFF, 0x7F)
CREATED = "appointment_created"
# A stream that our side ended without being asked: the worker died or handed the call on.
TAKEN_AWAY = (CLOSE_GOING_AWAY, CLOSE_ABNORMAL)


@dataclass(slots=True)
class Outcome:
    """One call: what was planned, what the caller saw, what the rows and the model's side hold."""

    planned: PlannedCall
    result: CallResult
    stored: dict[str, Any]
    acknowledged: bool  # the model was told that a booking was made

    @property
    def hit(self) -> bool:
        """Whether a worker was taken away under it."""
        return any(s.closed_by == "server" and s.close_code in TAKEN_AWAY for s in self.result.streams)

    @property
    def untouched(self) -> bool:
        return not self.planned.fault and not self.hit

    @property
    def can_go_on(self) -> bool:
        return self.planned.fault not in FINAL

    @property
    def went_on(self) -> bool:
        """The caller came to the end of what they wanted to say, answered each time."""
        last = any(event.details.get("step") == LAST_STEP for event in self.result.events)
        return last and self.result.ended_by == "caller"

    @property
    def right_end(self) -> bool:
        """One row, ended, for the reason that fits."""
        if self.stored.get("rows") != 1 or self.stored.get("status") != "ended":
            return False
        wanted = {"caller_hangup", FINAL.get(self.planned.fault, "caller_hangup")}
        return self.stored["end_reason"] in wanted

    @property
    def booked(self) -> int:
        return sum(one["status"] == "booked" for one in self.stored.get("appointments", []))


@dataclass(slots=True)
class Campaign:
    """All outcomes and what the servers measured of themselves."""

    seed: int
    outcomes: list[Outcome]
    events: Counter[str]
    seconds: float
    loop_lag: dict[str, float] = field(default_factory=dict)  # ms: p99, max (upper ends of the histogram's buckets)
    leaks: dict[str, float] = field(default_factory=dict)

    def rows(self) -> list[tuple[str, str, str, bool]]:
        """(what, measured, goal, whether it is met)."""
        calls = self.outcomes
        faulted = [c for c in calls if not c.untouched and c.can_go_on]
        untouched = [c for c in calls if c.untouched]
        on, well = sum(c.went_on for c in faulted), sum(c.went_on for c in untouched)
        right = sum(c.right_end for c in calls)
        gaps = [gap for c in untouched for gap in gaps_ms(c.result)]
        silences = [ms for c in calls for ms in silences_ms(c.result)]
        told = sum(c.acknowledged for c in calls)
        lost = sum(c.acknowledged and not c.booked for c in calls)
        invented = sum(c.booked > 1 for c in calls)
        share = on / len(faulted) if faulted else 1.0
        rows = [
            ("calls with one right terminal state", f"{right} of {len(calls)}", "all", right == len(calls)),
            ("faulted calls that can go on and did", f"{on} of {len(faulted)}", "≥ 99.5 %", share >= 0.995),
            ("unfaulted calls as if nothing had been", f"{well} of {len(untouched)}", "all", well == len(untouched)),
            _row("pacing of unfaulted calls, p99 ms between frames", percentile(gaps, 99), 40),
            _row("silence heard by a resumed caller, p95 ms", percentile(silences, 95), LONG_SILENCE_MS),
            ("acknowledged bookings lost", f"{lost} of {told}", "0", not lost),
            ("bookings doubled or invented", f"{invented}", "0", not invented),
        ]
        if self.loop_lag:
            rows.append(_row("event loop late, p99.9 ms", self.loop_lag["p999"], 100))
        for name, (value, goal) in _leak_rows(self.leaks).items():
            rows.append((name, f"{value:.1f}", f"≤ {goal}", value <= goal))
        return rows

    def table(self) -> str:
        resumed = sum(len(c.result.streams) > 1 for c in self.outcomes)
        events = ", ".join(f"{count} × {name}" for name, count in sorted(self.events.items())) or "none"
        faulted = sum(bool(c.planned.fault) for c in self.outcomes)
        lines = [
            f"seed {self.seed}: {len(self.outcomes)} calls in {self.seconds:.0f} s, {faulted} faulted by plan, "
            f"{sum(c.hit for c in self.outcomes)} whose worker went away, {resumed} resumed; {events}",
            "",
            "| what | measured | goal | |",
            "|---|---|---|---|",
            *(f"| {what} | {found} | {goal} | {'✓' if ok else 'missed'} |" for what, found, goal, ok in self.rows()),
        ]
        return "\n".join(lines)

    def failures(self) -> list[str]:
        """A line for each call that did not come out right."""
        lines = []
        for call in self.outcomes:
            who = (
                f"call {call.planned.number} ({call.planned.fault or 'no fault'}{', worker gone' if call.hit else ''})"
            )
            if not call.right_end or (call.can_go_on and not call.went_on):
                streams = [(stream.closed_by, stream.close_code) for stream in call.result.streams]
                row = f"{call.stored.get('status')} {call.stored.get('end_reason')}"
                lines.append(f"{who}: {call.result.ended_by} {call.result.error} row {row} streams {streams}")
            silences = [ms for ms in silences_ms(call.result) if ms > LONG_SILENCE_MS]
            lines += [f"{who}: nothing heard for {ms:.0f} ms after its stream was lost" for ms in silences]
        return lines

    @property
    def met(self) -> bool:
        return all(ok for *_, ok in self.rows())


def _row(what: str, value: float, goal: float) -> tuple[str, str, str, bool]:
    return what, f"{value:.0f}", f"≤ {goal:.0f}", value <= goal


def _leak_rows(leaks: dict[str, float]) -> dict[str, tuple[float, float]]:
    goals = {"file descriptors": 0, "threads and greenlets": 0, "memory, KB a call": 1.0}
    return {f"left behind: {name}": (leaks[name], goal) for name, goal in goals.items() if name in leaks}


def gaps_ms(result: CallResult) -> list[float]:
    """Milliseconds between frames of the same sound."""
    found = []
    for stream in result.streams:
        times = [arrival.at_ms for arrival in stream.arrivals]
        found += [later - earlier for earlier, later in itertools.pairwise(times)]
    return [gap for gap in found if gap < SAME_SOUND_MS]


def silences_ms(result: CallResult) -> list[float]:
    """After each lost stream that another followed: how long until the agent was heard again."""
    found = []
    for before, after in itertools.pairwise(result.streams):
        end_ms = after.ended_ms or result.duration_ms
        heard = first_sound_ms(result.heard, after.started_ms, end_ms)
        if heard is not None:
            found.append(heard - before.ended_ms)
    return found


def first_sound_ms(heard: bytes, from_ms: float, to_ms: float) -> float | None:
    start = -(-int(from_ms) // FRAME_MS) * FRAME_BYTES
    for position in range(max(0, start), min(len(heard), int(to_ms) * BYTES_PER_MS), FRAME_BYTES):
        if any(byte not in SILENCE for byte in heard[position : position + FRAME_BYTES]):
            return position / BYTES_PER_MS
    return None


def percentile(values: Iterable[float], percent: float) -> float:
    """0 when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0
