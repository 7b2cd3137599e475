"""The engine interface: anything that hears frames and speaks, what it can, and the typed events it emits.

`services/openai_realtime_client.py` and `services/engines/google/cascade.py` implement it; the sandbox is either of
them pointed at another address. What one can and another cannot is an ability: nobody asks for an engine's name.
Times are milliseconds of audio, never wall-clock; audio is base64 of raw 8 kHz mu-law (8 bytes = 1 ms).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True, frozen=True)
class Abilities:
    """What one engine can do and another cannot (C1). What every engine can is in the methods of `Engine`.

    ends_turns: it hears by itself when the caller has finished (SpeechStarted, SpeechStopped, TurnCommitted); where it
    does not, our own listening does, and `commit_turn` tells it. hears_sound: it can answer a turn whose transcript
    never came, since it has heard the sound itself. partial_words: it tells the caller's words while they are said
    (CallerPartial).
    """

    ends_turns: bool = True
    hears_sound: bool = True
    partial_words: bool = False


@dataclass(slots=True, frozen=True)
class SessionReady:
    """The engine accepted the configuration. Formats are what the other side says it will really use."""

    input_format: str
    output_format: str


@dataclass(slots=True, frozen=True)
class SpeechStarted:
    item_id: str
    audio_start_ms: int


@dataclass(slots=True, frozen=True)
class SpeechStopped:
    item_id: str
    audio_end_ms: int


@dataclass(slots=True, frozen=True)
class TurnCommitted:
    """The caller's turn became a conversation item; its transcript follows later, out of order, or never."""

    item_id: str


@dataclass(slots=True, frozen=True)
class CallerPartial:
    """The words of the turn under way as far as they are known; the next one, or the transcript, may say otherwise.

    is_stable: the recogniser does not expect to change them."""

    text: str
    is_stable: bool


@dataclass(slots=True, frozen=True)
class CallerTranscript:
    """`seconds`: of sound that the provider says it transcribed; 0 when it does not say. `confidence`: from 0 to 1;
    None when it does not say."""

    item_id: str
    text: str
    seconds: float = 0.0
    confidence: float | None = None


@dataclass(slots=True, frozen=True)
class TranscriptFailed:
    item_id: str
    message: str


@dataclass(slots=True, frozen=True)
class ResponseStarted:
    response_id: str


@dataclass(slots=True, frozen=True)
class AnswerParts:
    """What the time until an answer's first sound was spent on, in milliseconds by name; before that sound (C8)."""

    response_id: str
    parts: Mapping[str, float]


@dataclass(slots=True, frozen=True)
class AudioDelta:
    """A piece of the answer's sound: base64 mu-law of any length, not a multiple of 160 bytes."""

    response_id: str
    item_id: str
    payload: str


@dataclass(slots=True, frozen=True)
class AudioDone:
    response_id: str
    item_id: str


@dataclass(slots=True, frozen=True)
class AgentTextDelta:
    response_id: str
    item_id: str
    text: str


@dataclass(slots=True, frozen=True)
class AgentText:
    """The complete text of what the agent says in one item (it may have been heard only in part)."""

    response_id: str
    item_id: str
    text: str


@dataclass(slots=True, frozen=True)
class Usage:
    """Tokens of one response; cached ones are part of the input. spoken_characters: given to a voice that is paid by
    them."""

    input_text_tokens: int = 0
    input_audio_tokens: int = 0
    cached_text_tokens: int = 0
    cached_audio_tokens: int = 0
    output_text_tokens: int = 0
    output_audio_tokens: int = 0
    spoken_characters: int = 0


@dataclass(slots=True, frozen=True)
class ResponseDone:
    """status: completed, cancelled, failed or incomplete; reason: max_output_tokens, client_cancelled, ..."""

    response_id: str
    status: str
    reason: str = ""
    error_code: str = ""
    usage: Usage = field(default_factory=Usage)


@dataclass(slots=True, frozen=True)
class EngineError:
    """An error event. Recoverable ones (fatal=False) are counted and ignored."""

    code: str
    message: str
    fatal: bool
    event_id: str | None = None


@dataclass(slots=True, frozen=True)
class EngineClosed:
    """The connection is gone; no event follows. code is the websocket close code, 1006 when there was none.
    is_hopeless: another session of this engine would end the same way."""

    code: int
    reason: str
    is_hopeless: bool = False


EngineEvent = (
    SessionReady
    | SpeechStarted
    | SpeechStopped
    | TurnCommitted
    | CallerPartial
    | CallerTranscript
    | TranscriptFailed
    | ResponseStarted
    | AnswerParts
    | AudioDelta
    | AudioDone
    | AgentTextDelta
    | AgentText
    | ResponseDone
    | EngineError
    | EngineClosed
)


class EngineUnavailable(Exception):
    """The engine cannot be reached or refused the session; the call goes to its fallback."""


CONNECTS_WITHIN_S = 5.0


class Engine(Protocol):
    """One conversation with a model. `events` is read by one thread; every other method may be called by any."""

    @property
    def abilities(self) -> Abilities:
        """The same for the whole session."""

    def connect(self, within_s: float = CONNECTS_WITHIN_S) -> None:
        """Open the connection and configure the session, all of it within this time. Raises EngineUnavailable."""

    def events(self) -> Iterator[EngineEvent]:
        """Typed events until EngineClosed, which is always the last."""

    def hear(self, payload: str) -> None:
        """One frame of the caller's sound: base64 mu-law, passed on as it is unless the session's format differs."""

    def commit_turn(self) -> None:
        """The caller's turn is over, by our own listening. Answered with TurnCommitted at once."""

    def answer(self, instructions: str | None = None) -> None:
        """Ask for an answer; `instructions` replaces the session's for this one answer. May be asked for before the
        words it answers are known; ends in one ResponseDone."""

    def say(self, words: str) -> None:
        """Speak exactly these words; an answer like any other."""

    def say_server(self, text: str) -> None:
        """Put a [SERVER] fact into the conversation as a system item; triggers nothing by itself."""

    def remember(self, role: str, text: str) -> None:
        """Re-create a past turn (role user or assistant) after a reconnect or resume."""

    def delete_item(self, item_id: str) -> None:
        """Take a stray item out of the conversation."""

    def cancel(self, response_id: str) -> None:
        """Stop generating. Harmless when nothing is being generated."""

    def truncate(self, item_id: str, audio_end_ms: int) -> None:
        """Tell the model how much of an item the caller really heard."""

    def close(self) -> None:
        """Idempotent; makes `events` end."""
