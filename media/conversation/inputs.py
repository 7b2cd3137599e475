"""What can happen to a conversation: these, and the model's events (services.engines.interface). Plain values.

A caller's frame is no object here: fifty a second and call go through `Core.frame`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from media.playout.ledger import EndMark
from media.playout.queue import Utterance
from services.engines.interface import Abilities, EngineEvent


@dataclass(slots=True, frozen=True)
class StreamUp:
    """Twilio's stream has begun."""


@dataclass(slots=True, frozen=True)
class StreamOver:
    """The stream is gone. heard_ms: of each utterance under way, by item id."""

    heard_ms: Mapping[str, int]


@dataclass(slots=True, frozen=True)
class EngineUp:
    """A model session is configured, and can do this."""

    abilities: Abilities = field(default_factory=Abilities)


@dataclass(slots=True, frozen=True)
class EngineDown:
    """The connection to the model is gone; what is queued is still heard while it is tried again."""


@dataclass(slots=True, frozen=True)
class CaughtUp:
    """The session that is up has heard what of the caller no session had heard."""


@dataclass(slots=True, frozen=True)
class ModelUnreachable:
    """Every try to reach the model failed; what is being said is cut for the apology."""


@dataclass(slots=True, frozen=True)
class HeardEnd:
    """The caller heard the end of an utterance: its mark is back."""

    mark: EndMark


@dataclass(slots=True, frozen=True)
class Interrupted:
    """Playout was cut. cuts: each utterance that was queued or playing, and how many ms of it were heard."""

    cuts: Sequence[tuple[Utterance, int]]


@dataclass(slots=True, frozen=True)
class QueueOverflow:
    """The queue of unheard sound is full: this utterance ends where it is (T4)."""


@dataclass(slots=True, frozen=True)
class ServerFact:
    """A [SERVER] fact. speak: the caller is told as soon as the floor is free."""

    text: str
    speak: bool


@dataclass(slots=True, frozen=True)
class StaffRequest:
    """Somebody of the business wants the call ended or handed over (services.calls.end_reasons)."""

    action: str


@dataclass(slots=True, frozen=True)
class Key:
    """The caller pressed a key of the telephone; which one is booking's business."""


@dataclass(slots=True, frozen=True)
class Tick:
    """TICK_FRAMES of audio went by. talking: the caller is, right now. overdue: utterances whose end is to be taken
    as heard although Twilio never said so. buffered_ms: sound at the far end that is not heard yet."""

    talking: bool
    overdue: Sequence[Utterance]
    buffered_ms: float


Input = (
    StreamUp
    | StreamOver
    | EngineUp
    | EngineDown
    | CaughtUp
    | ModelUnreachable
    | HeardEnd
    | Interrupted
    | QueueOverflow
    | ServerFact
    | StaffRequest
    | Key
    | Tick
    | EngineEvent
)
