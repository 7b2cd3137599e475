"""What is behind a session: something that hears turns and plans answers. Two of them exist, scripted and
conversation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from sandbox.realtime.detector import Detector, EnergyDetector
from sandbox.realtime.items import Item
from sandbox.realtime.script import DEFAULT_CHUNK_BYTES
from sandbox.realtime.session_config import SessionConfig, silence_ms
from sandbox.realtime.wire import Event

Status = Literal["completed", "failed", "incomplete", "cancelled"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One message item of an answer: what is said, and its sound as mu-law (ignored when text was asked for)."""

    text: str
    sound: bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """An answer, ready to be sent. Milliseconds count the answer's own sound."""

    pieces: tuple[Piece, ...]
    think_ms: float = 0.0
    rate: float = 8.0
    chunk_bytes: tuple[int, ...] = tuple(DEFAULT_CHUNK_BYTES)
    format: str | None = None
    status: Status = "completed"
    reason: str | None = None
    error_code: str | None = None
    end_ms: float | None = None
    stall_at_ms: float | None = None
    stall_ms: float | None = None
    never_done: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What an answer is asked for: the instructions in force and the items the model may see."""

    instructions: str
    own_instructions: bool
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Hearing:
    """What became of a turn's transcription. `after_next`: told only once the next turn's has been."""

    text: str
    delay_ms: float = 0.0
    deltas: bool = True
    failed: str | None = None
    twice: bool = False
    never: bool = False
    after_next: bool = False


@dataclass(frozen=True, slots=True)
class HeardTurn:
    """A committed turn: its item and its sound as mu-law."""

    item_id: str
    sound: bytes = field(repr=False)
    number: int = 0


class Brain(Protocol):
    """One session's brain; every method runs in the server's event loop and returns at once."""

    def configured(self, config: SessionConfig) -> None:
        """The session was configured, or changed; it may put its own formats into `config`."""

    def detector(self, turn_detection: Event) -> Detector:
        """Finds turns under these settings."""

    def answer(self, question: Question, deliver: Callable[[Plan], None]) -> None:
        """Plan an answer and deliver it, now or later, in the event loop."""

    def transcribe(self, turn: HeardTurn, deliver: Callable[[Hearing], None]) -> None:
        """Hear a committed turn. Called for every one, also when the session wants no transcripts."""

    def close(self) -> None:
        """The session is over; deliver nothing any more."""


def energy_detector(turn_detection: Event) -> Detector:
    """The detector both brains use unless a script says otherwise."""
    threshold = turn_detection.get("threshold")
    return EnergyDetector(0.5 if threshold is None else threshold, silence_ms(turn_detection))
