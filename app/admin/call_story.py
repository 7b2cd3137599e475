"""A call as one line of time: turns, interruptions and server messages in the order they happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.models import TurnRole
from services.reports_calls import CallDetail

# Speech rarely comes faster; used only where a caller's turn does not say how long it was.
_MS_PER_CHARACTER = 65


@dataclass(frozen=True, slots=True)
class Moment:
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
    moments: Sequence[Moment]
    strips: Sequence[Strip]
    length_ms: int


def tell(found: CallDetail, seconds: float | None, recorded_ms: int = 0) -> Story:
    """The story of a call that lasted `seconds` so far, of which so much sound is kept."""
    moments = sorted([*_turns(found), *_server(found), *_events(found)], key=_order)
    spoken = [m for m in moments if m.kind in ("caller", "agent")]
    ends = [m.at_ms + m.length_ms for m in spoken] + [m.at_ms for m in moments]
    length = max([int((seconds or 0) * 1000), recorded_ms, *ends, 1000])
    strips = [_strip(m.kind, m.at_ms, m.length_ms, length) for m in spoken]
    cuts = [_strip("cut", m.at_ms, 0, length) for m in moments if m.name == "barge_in"]
    return Story(moments, [*strips, *cuts], length)


def _order(moment: Moment) -> tuple[int, int]:
    """A turn before what happened in it at the same instant."""
    return moment.at_ms, moment.kind in ("server", "event")


def _strip(kind: str, at_ms: int, length_ms: int, whole_ms: int) -> Strip:
    return Strip(kind, round(1000 * at_ms / whole_ms, 1), max(round(1000 * length_ms / whole_ms, 1), 3.0))


def _turns(found: CallDetail) -> list[Moment]:
    return [
        Moment(
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


def _server(found: CallDetail) -> list[Moment]:
    return [
        Moment(kind="server", at_ms=event.at_ms, text=event.text, name=event.kind, detail=event.detail)
        for event in found.server_events
    ]


def _events(found: CallDetail) -> list[Moment]:
    return [
        Moment(kind="event", at_ms=event.at_ms, name=event.kind, detail=event.detail, text=_said(event.detail))
        for event in found.events
    ]


def _said(detail: Mapping[str, Any]) -> str:
    """The part of an event's detail that a reader may want: short values only."""
    return " · ".join(str(value)[:120] for value in detail.values() if isinstance(value, (str, int, float)) and value)
