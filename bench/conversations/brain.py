"""The model of this bench behind the sandbox's Realtime protocol: it hears what the author wrote and says what the
author, the server or nobody has given it to say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bench.conversations.live import LiveCall
from bench.conversations.voice import neutral, voiced
from sandbox import coded_audio
from sandbox.realtime.brain import HeardTurn, Hearing, Piece, Plan, Question
from sandbox.realtime.briefing import Briefing, read_briefing
from sandbox.realtime.detector import WINDOW_MS, Decision, Detector
from sandbox.realtime.items import Item
from sandbox.realtime.responder import say_as_told
from sandbox.realtime.server import RealtimeServer
from sandbox.realtime.server_facts import is_server_fact
from sandbox.realtime.session_config import SessionConfig, silence_ms
from sandbox.realtime.wire import Event
from services.audio.g711 import BYTES_PER_MS

# Longer than the server takes to read what was said, so that one answer knows its facts, as a real model's mostly does.
THINK_S = 0.5
_MS_PER_CHARACTER, _SHORTEST_MS, _LONGEST_MS = 16, 300, 1000
_SOUND = coded_audio.encode(1, 0, _LONGEST_MS)
_LOUD_RMS = 250.0
_ONSET_WINDOWS = 3


class CallsBySession:
    """Which call a session belongs to: its instructions hold a text that no other call's have."""

    def __init__(self) -> None:
        self.server: RealtimeServer | None = None
        self._calls: dict[str, LiveCall] = {}

    def expect(self, match: str, call: LiveCall) -> None:
        self._calls[match] = call

    def forget(self, match: str) -> None:
        self._calls.pop(match, None)

    def call_of(self, config: SessionConfig) -> LiveCall | None:
        """The call of a session that was configured; it is told of the session."""
        call = next((call for match, call in self._calls.items() if match in config.instructions), None)
        if call is not None and self.server is not None:
            session_id = config.wire["id"]
            call.joined(next(record for record in reversed(self.server.sessions) if record.id == session_id))
        return call


class DialogueBrain:
    """One session's."""

    def __init__(self, calls_by_session: CallsBySession) -> None:
        self._calls_by_session = calls_by_session
        self._loop = asyncio.get_running_loop()
        self._call: LiveCall | None = None
        self._briefing: Briefing = read_briefing("")
        self._timers: list[asyncio.TimerHandle] = []

    def configured(self, config: SessionConfig) -> None:
        """See Brain."""
        self._briefing = read_briefing(config.instructions)
        self._call = self._calls_by_session.call_of(config)

    def detector(self, turn_detection: Event) -> Detector:
        """See Brain."""
        return SpeechOrSilence(silence_ms(turn_detection))

    def transcribe(self, turn: HeardTurn, deliver: Callable[[Hearing], None]) -> None:
        """See Brain. Sound that nobody spoke has no words."""
        texts = self._call.unheard if self._call else None
        deliver(Hearing(texts.popleft() if texts else ""))

    def answer(self, question: Question, deliver: Callable[[Plan], None]) -> None:
        """See Brain."""
        text = self._say(question)
        self._timers.append(self._loop.call_later(THINK_S, self._deliver, text, deliver))

    def close(self) -> None:
        """See Brain."""
        for timer in self._timers:
            timer.cancel()

    def _deliver(self, text: str, deliver: Callable[[Plan], None]) -> None:
        length_ms = min(_LONGEST_MS, max(_SHORTEST_MS, len(text) * _MS_PER_CHARACTER))
        deliver(Plan((Piece(text, _SOUND[: length_ms * BYTES_PER_MS]),)))

    def _say(self, question: Question) -> str:
        if question.own_instructions:
            return say_as_told(question.instructions, self._briefing, ())
        said = [item.text for item in question.items if item.role == "assistant" and item.text]
        facts = _facts_since_answer(question.items)
        turn = self._call.next_turn if self._call else None
        if turn is not None and turn.agent_before:
            if not _said_since_caller(question.items, turn.agent_before):
                return turn.agent_before
            return f"{voiced(self._briefing, facts, said)} {turn.agent_before}" if facts else turn.agent_before
        if facts:
            return voiced(self._briefing, facts, said) or neutral(self._briefing.language, said)
        due = self._call.answer_due() if self._call else None
        if due is not None:  # a model that knows what is missing asks for it again
            return voiced(self._briefing, [due[1].text], said)
        return neutral(self._briefing.language, said)


def _facts_since_answer(items: tuple[Item, ...]) -> list[str]:
    facts: list[str] = []
    for item in reversed(items):
        if item.role == "assistant":
            break
        if item.role == "system" and is_server_fact(item.text):
            facts.insert(0, item.text)
    return facts


def _said_since_caller(items: tuple[Item, ...], text: str) -> bool:
    for item in reversed(items):
        if item.role == "user":
            return False
        if item.role == "assistant" and item.text.endswith(text):
            return True
    return False


@dataclass(slots=True)
class SpeechOrSilence:
    """Turns of a caller on a line without noise: loud, or not. However even the sound, it stays speech."""

    silence_ms: float
    onset_ms: float = 0.0
    _windows: int = 0
    _loud: int = 0
    _silent: int = 0
    _speaking: bool = False

    def feed(self, rms: float) -> Decision | None:
        """See Detector."""
        self._windows += 1
        loud = rms >= _LOUD_RMS
        if self._speaking:
            self._silent = 0 if loud else self._silent + 1
            if self._silent * WINDOW_MS < self.silence_ms:
                return None
            self.reset()
            return "stopped"
        self._loud = self._loud + 1 if loud else 0
        if self._loud < _ONSET_WINDOWS:
            return None
        self._speaking, self._silent = True, 0
        self.onset_ms = (self._windows - self._loud) * WINDOW_MS
        return "started"

    def reset(self) -> None:
        """See Detector."""
        self._speaking, self._loud, self._silent = False, 0, 0
