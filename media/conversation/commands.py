"""What can be done: the core returns these, in order, and the shell carries them out. Plain values.

Milliseconds are of audio; sound is raw 8 kHz mu-law, or base64 of it where it came so.
"""

from __future__ import annotations

from dataclasses import dataclass

from media.conversation.state import State
from media.log_lines import LogLevel
from media.playout.queue import Utterance
from services.calls.context import TurnRecord
from services.calls.kinds import CallEventKind

# -- the model ---------------------------------------------------------------------------------------------------


@dataclass(slots=True, frozen=True)
class Ask:
    """Ask for an answer; `instructions` replace the session's for this one."""

    instructions: str | None


@dataclass(slots=True, frozen=True)
class Say:
    """Have exactly these words spoken, as an answer."""

    words: str


@dataclass(slots=True, frozen=True)
class CancelResponse:
    response_id: str


@dataclass(slots=True, frozen=True)
class Truncate:
    """The caller heard so much of this item."""

    item_id: str
    heard_ms: int


@dataclass(slots=True, frozen=True)
class DeleteItem:
    item_id: str


@dataclass(slots=True, frozen=True)
class CommitTurn:
    """The caller's turn is over."""


@dataclass(slots=True, frozen=True)
class SayServer:
    """A [SERVER] fact for the model."""

    text: str


@dataclass(slots=True, frozen=True)
class RememberAgent:
    """The agent said this without the model (a recorded greeting)."""

    text: str


@dataclass(slots=True, frozen=True)
class RenewSession:
    """This session does not answer: the realtime thread opens the next one."""


# -- what the caller hears ---------------------------------------------------------------------------------------


@dataclass(slots=True, frozen=True)
class Open:
    """Put an utterance in line."""

    utterance: Utterance


@dataclass(slots=True, frozen=True)
class Append:
    """More sound of an utterance. A full queue answers with QueueOverflow (T4)."""

    utterance: Utterance
    payload: str


@dataclass(slots=True, frozen=True)
class Complete:
    utterance: Utterance


@dataclass(slots=True, frozen=True)
class Release:
    utterance: Utterance


@dataclass(slots=True, frozen=True)
class Drop:
    """Nobody heard anything of it."""

    utterance: Utterance


@dataclass(slots=True, frozen=True)
class PlayClip:
    """A recorded sentence, whole."""

    utterance: Utterance
    clip: bytes


@dataclass(slots=True, frozen=True)
class Hold:
    """Silence at once; nothing is thrown away."""


@dataclass(slots=True, frozen=True)
class Duck:
    """Go on quietly instead."""


@dataclass(slots=True, frozen=True)
class Resume:
    """Go on from the sample that was heard last."""


@dataclass(slots=True, frozen=True)
class Interrupt:
    """Clear the far end and forget what was not heard. Answered with Interrupted, before the next command."""


# -- the record and the call -------------------------------------------------------------------------------------


@dataclass(slots=True, frozen=True)
class RecordTurn:
    turn: TurnRecord


@dataclass(slots=True, frozen=True)
class RecordEvent:
    """A moment on the call's time line."""

    kind: CallEventKind
    detail: str = ""


@dataclass(slots=True, frozen=True)
class RecordLanguage:
    """The caller is answered in this language from now on: the booking side too, and a later stream of the call."""

    language: str


@dataclass(slots=True, frozen=True)
class RecordGreetingDone:
    """The greeting is over: a resumed call does not greet again."""


@dataclass(slots=True, frozen=True)
class RecordNotice:
    """What was heard of the notice at the start (D2); ended: to its end."""

    heard_ms: int
    total_ms: int
    ended: bool


@dataclass(slots=True, frozen=True)
class Log:
    """`fields` are the line's structured parts."""

    level: LogLevel
    text: str
    fields: tuple[tuple[str, object], ...] = ()


@dataclass(slots=True, frozen=True)
class EnterState:
    """The state changed: other threads may see it now."""

    state: State


@dataclass(slots=True, frozen=True)
class FirstWords:
    """The caller really said something (G2)."""


@dataclass(slots=True, frozen=True)
class EndCall:
    reason: str


Command = (
    Ask
    | Say
    | CancelResponse
    | Truncate
    | DeleteItem
    | CommitTurn
    | SayServer
    | RememberAgent
    | RenewSession
    | Open
    | Append
    | Complete
    | Release
    | Drop
    | PlayClip
    | Hold
    | Duck
    | Resume
    | Interrupt
    | RecordTurn
    | RecordEvent
    | RecordLanguage
    | RecordGreetingDone
    | RecordNotice
    | Log
    | EnterState
    | FirstWords
    | EndCall
)
