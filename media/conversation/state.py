"""The states of one call and every move between them: one table, nothing else changes state.

Other threads look at `Flags`, which follow the state and are set nowhere else.
The diagram in docs/architecture.md is `mermaid()`; a test holds them together.
"""

from __future__ import annotations

import threading
from enum import StrEnum


class State(StrEnum):
    CONNECTING = "connecting"  # stream is up, nothing said yet
    GREETING = "greeting"  # protected: the caller cannot interrupt, the model hears silence
    LISTENING = "listening"  # the caller's turn
    THINKING = "thinking"  # the caller's turn ended, the answer is on its way or held back unheard
    SPEAKING = "speaking"  # the caller hears the agent
    HELD = "held"  # barge-in candidate: playout stopped, nothing thrown away
    CLOSING = "closing"  # last sentence is playing; the call ends after it
    ENDED = "ended"


AUDIBLE = (State.SPEAKING, State.HELD)  # where barge-in works


class StateEvent(StrEnum):
    GREETING_BEGINS = "greeting_begins"
    READY = "ready"  # no greeting: straight to listening
    GREETING_OVER = "greeting_over"  # heard, failed or stuck
    TURN_ENDED = "turn_ended"
    TURN_DROPPED = "turn_dropped"  # a filler, a cough: no answer, keep listening
    AUDIO_BEGINS = "audio_begins"  # first audible frame of an answer is on its way to the caller
    AUDIO_OVER = "audio_over"  # the caller heard the end
    CANDIDATE = "candidate"  # phase A of barge-in
    RESUMED = "resumed"  # false alarm: go on from the heard word
    INTERRUPTED = "interrupted"  # phase B: the caller won
    CLOSE = "close"  # say the last sentence, then end
    END = "end"


class IllegalTransition(Exception):
    """This event has no meaning in this state; nothing was changed."""


_S, _E = State, StateEvent
_LIVE = (_S.CONNECTING, _S.GREETING, _S.LISTENING, _S.THINKING, _S.SPEAKING, _S.HELD)

TABLE: dict[tuple[State, StateEvent], State] = {
    (_S.CONNECTING, _E.GREETING_BEGINS): _S.GREETING,
    (_S.CONNECTING, _E.READY): _S.LISTENING,
    (_S.GREETING, _E.GREETING_OVER): _S.LISTENING,
    (_S.LISTENING, _E.TURN_ENDED): _S.THINKING,
    (_S.LISTENING, _E.AUDIO_BEGINS): _S.SPEAKING,  # prompts and server facts need no caller turn
    (_S.THINKING, _E.TURN_ENDED): _S.THINKING,  # a second quick turn joins the first
    (_S.THINKING, _E.TURN_DROPPED): _S.LISTENING,
    (_S.THINKING, _E.AUDIO_BEGINS): _S.SPEAKING,
    (_S.SPEAKING, _E.AUDIO_OVER): _S.LISTENING,
    (_S.SPEAKING, _E.CANDIDATE): _S.HELD,
    (_S.SPEAKING, _E.INTERRUPTED): _S.LISTENING,
    (_S.HELD, _E.RESUMED): _S.SPEAKING,
    (_S.HELD, _E.INTERRUPTED): _S.LISTENING,
    **{(state, _E.CLOSE): _S.CLOSING for state in _LIVE},
    **{(state, _E.END): _S.ENDED for state in (*_LIVE, _S.CLOSING, _S.ENDED)},
}


class CallState:
    """The current state. The core alone calls `apply`."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state = State.CONNECTING

    def apply(self, event: StateEvent) -> State:
        """Move along the table. Raises IllegalTransition, and then nothing has changed."""
        try:
            self.state = TABLE[(self.state, event)]
        except KeyError:
            raise IllegalTransition(f"{event} in state {self.state}") from None
        return self.state

    def can(self, event: StateEvent) -> bool:
        return (self.state, event) in TABLE


class Flags:
    """What other threads may know of the state. The shell alone sets them, on entering a state, after everything
    that came before it in the core's commands was carried out (B6)."""

    def __init__(self) -> None:
        self.is_ai_speaking = threading.Event()  # first audio of an answer … its end was heard, or interruption
        self.greeting_playing = threading.Event()
        self.has_real_user_utterance = threading.Event()  # set once, never cleared (G2)
        self.hold = threading.Event()
        self.closing = threading.Event()
        self.model_hangs = threading.Event()  # its session was closed for that; until the next one is up

    def enter(self, state: State) -> None:
        _put(self.hold, state is State.HELD)
        _put(self.greeting_playing, state is State.GREETING)
        _put(self.closing, state in (State.CLOSING, State.ENDED))
        # Last, so that whoever wakes on it finds every other flag already true (B6).
        _put(self.is_ai_speaking, state in (State.GREETING, State.SPEAKING, State.HELD, State.CLOSING))


def _put(flag: threading.Event, value: bool) -> None:
    if value and not flag.is_set():
        flag.set()
    elif not value and flag.is_set():
        flag.clear()


def mermaid() -> str:
    """The table as a Mermaid state diagram for docs/architecture.md."""
    lines = ["stateDiagram-v2", "    [*] --> connecting"]
    common = {(_S.CLOSING, _E.CLOSE), (_S.ENDED, _E.END)}
    for (source, event), target in TABLE.items():
        if (target, event) not in common:
            lines.append(f"    {source} --> {target}: {event}")
    live = ", ".join(_LIVE)
    lines.append(f"    note right of closing: close leads here from {live}; end leads from everywhere to ended")
    lines.append("    closing --> ended: end")
    return "\n".join(lines)
