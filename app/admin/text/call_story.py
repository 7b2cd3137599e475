"""A call as one line of time: turns, interruptions and server messages as they happened, and its sound as two lanes of
SVG paths on the same line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.calls.kinds import CallEventKind
from services.calls.recordings import PEAK_MS, Recording
from services.db.models import TurnRole
from services.reports.calls import CallDetail

# Speech rarely comes faster; used only where a caller's turn does not say how long it was.
_MS_PER_CHARACTER = 65
# The recording is drawn in a box of this size.
WIDTH, HEIGHT = 1000, 112
LANE_MIDDLES = (28, 84)  # caller, agent
_REACH = 25.0  # from a lane's middle to its loudest
_LEAST = 0.6  # silence is a thin line
_QUIET = 40  # a call that stays below this is drawn as quiet as it is
_COLUMNS = 360  # more could not be told apart, and would make the page heavy
_SOFTNESS = 0.55  # speech is mostly far below full scale; loudness is no straight line


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One entry of the story. kind: "caller", "agent", "server" or "event"; `at_ms` from the call's beginning.

    `latency`: (part, milliseconds) of the answer, total left out; `name`: kind of a server message or event.
    """

    kind: str
    at_ms: int
    text: str = ""
    unheard: str = ""
    length_ms: int = 0
    interrupted: bool = False
    name: str = ""
    latency: tuple[tuple[str, float], ...] = ()
    total_ms: float = 0.0
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Strip:
    """A stretch of sound on the overview: who spoke, from and to in thousandths of the whole call."""

    kind: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Story:
    moments: Sequence[TimelineEntry]
    strips: Sequence[Strip]
    length_ms: int


def tell(found: CallDetail, seconds: float | None, recorded_ms: int = 0) -> Story:
    """The story of a call that lasted `seconds` so far, of which so much sound is kept."""
    moments = sorted([*_turns(found), *_server(found), *_events(found)], key=_order)
    spoken = [m for m in moments if m.kind in ("caller", "agent")]
    ends = [m.at_ms + m.length_ms for m in spoken] + [m.at_ms for m in moments]
    length = max([int((seconds or 0) * 1000), recorded_ms, *ends, 1000])
    strips = [_strip(m.kind, m.at_ms, m.length_ms, length) for m in spoken]
    cuts = [_strip("cut", m.at_ms, 0, length) for m in moments if m.name == CallEventKind.BARGE_IN]
    return Story(moments, [*strips, *cuts], length)


def _order(entry: TimelineEntry) -> tuple[int, int]:
    """A turn before what happened in it at the same instant."""
    return entry.at_ms, entry.kind in ("server", "event")


def _strip(kind: str, at_ms: int, length_ms: int, whole_ms: int) -> Strip:
    return Strip(kind, round(1000 * at_ms / whole_ms, 1), max(round(1000 * length_ms / whole_ms, 1), 3.0))


def _turns(found: CallDetail) -> list[TimelineEntry]:
    return [
        TimelineEntry(
            kind="caller" if turn.role is TurnRole.CALLER else "agent",
            at_ms=turn.started_ms,
            text=turn.text,
            unheard=turn.text_unheard,
            length_ms=turn.heard_ms or len(turn.text) * _MS_PER_CHARACTER,
            interrupted=turn.interrupted,
            latency=tuple((part, float(ms)) for part, ms in turn.latency.items() if part != "total"),
            total_ms=float(turn.latency.get("total", 0)),
        )
        for turn in found.turns
        if turn.text or turn.text_unheard
    ]


def _server(found: CallDetail) -> list[TimelineEntry]:
    return [
        TimelineEntry(kind="server", at_ms=event.at_ms, text=event.text, name=event.kind, detail=event.detail)
        for event in found.server_events
    ]


def _events(found: CallDetail) -> list[TimelineEntry]:
    return [
        TimelineEntry(kind="event", at_ms=event.at_ms, name=event.kind, detail=event.detail, text=_said(event.detail))
        for event in found.events
    ]


def _said(detail: Mapping[str, Any]) -> str:
    """The part of an event's detail that a reader may want: short values only."""
    return " · ".join(str(value)[:120] for value in detail.values() if isinstance(value, (str, int, float)) and value)


@dataclass(frozen=True, slots=True)
class Waveform:
    """Path data of each side, in a box of WIDTH by HEIGHT that stands for the call's whole length."""

    caller: str
    agent: str


def waveform(recording: Recording, length_ms: int) -> Waveform:
    """Drawn over `length_ms` of the call, as everything else on its time line."""
    columns = max(2, min(_COLUMNS, length_ms // PEAK_MS))
    lanes = [_loudest(lane, length_ms, columns) for lane in (recording.caller_peaks, recording.agent_peaks)]
    full = max(_QUIET, *(max(lane) for lane in lanes))
    return Waveform(*(_path(lane, full, middle) for lane, middle in zip(lanes, LANE_MIDDLES, strict=True)))


def _loudest(lane: Sequence[tuple[int, bytes]], length_ms: int, columns: int) -> list[int]:
    """The loudest moment of each column."""
    loudest = [0] * columns
    for start_ms, peaks in lane:
        for number, peak in enumerate(peaks):
            column = (start_ms + number * PEAK_MS) * columns // length_ms
            if column < columns and peak > loudest[column]:
                loudest[column] = peak
    return loudest


def _path(lane: Sequence[int], full: int, middle: int) -> str:
    """An outline in steps, `full` its greatest height: along the top, and back along the bottom."""
    step = WIDTH / len(lane)
    reach = [max(_LEAST, _REACH * (peak / full) ** _SOFTNESS) for peak in lane]
    top = [f"V{middle - each:.3g}H{(n + 1) * step:.4g}" for n, each in enumerate(reach)]
    bottom = [f"V{middle + each:.3g}H{n * step:.4g}" for n, each in reversed([*enumerate(reach)])]
    return f"M0 {middle}{''.join(top)}{''.join(bottom)}Z"
