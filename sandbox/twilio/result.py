"""What a call left behind: everything the caller saw, heard and said, on one clock.

Times are milliseconds of the call's clock: 0 is the moment the first stream's `start` was sent, earlier is negative.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.twilio import audio
from sandbox.twilio.lateness import Late, late_between
from services.audio.g711 import BYTES_PER_MS


@dataclass(slots=True, frozen=True)
class TimelineEvent:
    """One line of the call's story. kind: dial, twiml, verb, stream-start, say, key, clear, hang-up, over, ..."""

    at_ms: float
    kind: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class Webhook:
    """One HTTP request that Twilio made. status 0: no answer."""

    at_ms: float
    url: str
    form: dict[str, str]
    status: int
    body: str
    took_ms: float
    content_type: str = ""


@dataclass(slots=True, frozen=True)
class Arrival:
    """One media message: when it reached Twilio, its length, and how much was still waiting to be played before it."""

    at_ms: float
    size_bytes: int
    lead_bytes: int


@dataclass(slots=True, frozen=True)
class MarkEcho:
    """A mark's way: received, sent back (None: lost or never due). cleared: `clear` released it, it was not heard."""

    name: str
    received_ms: float
    echoed_ms: float | None
    cleared: bool


@dataclass(slots=True)
class StreamResult:
    stream_sid: str
    started_ms: float
    first_tick: int = 0
    ended_ms: float = 0.0
    arrivals: list[Arrival] = field(default_factory=list)
    media_bytes: int = 0
    marks: list[MarkEcho] = field(default_factory=list)
    clears: list[tuple[float, int]] = field(default_factory=list)  # when, how many bytes were dropped
    late_ticks: list[tuple[float, float]] = field(default_factory=list)  # when, and how many ms behind its own clock
    violations: list[str] = field(default_factory=list)
    warnings: list[int] = field(default_factory=list)  # Twilio's numbers, each at most once per stream
    frames_sent: int = 0
    close_code: int | None = None
    close_reason: str = ""
    closed_by: str = ""  # "server", "caller", "lost"


@dataclass(slots=True)
class CallResult:
    """Everything about one call.

    state: completed, failed, busy, no-answer. ended_by: caller, server, rest, gave_up, time_limit, error.
    """

    call_sid: str
    frm: str
    to: str
    state: str = "in-progress"
    ended_by: str = ""
    error: str = ""
    heard: bytes = b""
    said: bytes = b""
    duration_ms: float = 0.0
    streams: list[StreamResult] = field(default_factory=list)
    webhooks: list[Webhook] = field(default_factory=list)
    events: list[TimelineEvent] = field(default_factory=list)
    spoken_by_twiml: list[str] = field(default_factory=list)
    played_by_twiml: list[str] = field(default_factory=list)  # addresses
    zero_s: float = 0.0  # time.monotonic() at 0 ms of the call's clock
    machine: list[Late] = field(default_factory=list)  # how late it made the processes the call went through

    @property
    def twiml(self) -> list[str]:
        """Every TwiML document that was obeyed, in order."""
        return [event.details["text"] for event in self.events if event.kind == "twiml"]

    @property
    def verbs(self) -> list[str]:
        """The verbs that were executed, in order."""
        return [event.details["name"] for event in self.events if event.kind == "verb"]

    @property
    def protocol_violations(self) -> list[str]:
        return [violation for stream in self.streams for violation in stream.violations]

    @property
    def marks(self) -> list[MarkEcho]:
        return [mark for stream in self.streams for mark in stream.marks]

    @property
    def clears(self) -> list[tuple[float, int]]:
        return [clear for stream in self.streams for clear in stream.clears]

    def behind_ms(self, from_ms: float, to_ms: float) -> float:
        """How far the simulation itself was behind its clock in that time: what it says of it is as uncertain."""
        ticks = (tick for stream in self.streams for tick in stream.late_ticks)
        return max((late_ms for at_ms, late_ms in ticks if from_ms <= at_ms <= to_ms + late_ms), default=0.0)

    def late_ms(self, from_ms: float, to_ms: float) -> float:
        """What the machine took from the call in that time: from the caller, the server and the model."""
        taken_ms = late_between(self.machine, self.zero_s + from_ms / 1000, self.zero_s + to_ms / 1000)
        return taken_ms + self.behind_ms(from_ms, to_ms)

    def fair_ms(self, from_ms: float, within_ms: float) -> float:
        """The moment at which `within_ms` have passed since `from_ms`, not counting what the machine took."""
        to_ms = from_ms + within_ms
        while (later_ms := from_ms + within_ms + self.late_ms(from_ms, to_ms)) > to_ms + 1:
            to_ms = later_ms
        return to_ms

    @property
    def close_code(self) -> int | None:
        """Close code of the last stream, None when there was none."""
        return self.streams[-1].close_code if self.streams else None

    def heard_between(self, from_ms: float, to_ms: float) -> bytes:
        """mu-law bytes the ear heard in a span of the call's clock."""
        return self.heard[max(0, int(from_ms)) * BYTES_PER_MS : max(0, int(to_ms)) * BYTES_PER_MS]

    def heard_at(self, position: int) -> float:
        """When the byte at this position of `heard` sounded, in ms."""
        return position / BYTES_PER_MS

    def write_wav(self, path: Path) -> None:
        """Left: what the caller said into the line. Right: what the caller heard."""
        audio.write_wav(path, self.said, self.heard)
