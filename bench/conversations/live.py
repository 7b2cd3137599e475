"""One call while it goes on: what its caller, the model's brain and the driver know of each other. One event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from bench.conversations.dialogue import Answers, Dialogue, Turn
from bench.conversations.facts import Ask, Fact, open_ask, read_facts
from sandbox.realtime.record import SessionRecord
from sandbox.twilio.result import TimelineEvent
from services.audio.g711 import SILENCE_FRAME


@dataclass(slots=True)
class _Watch:
    """A session's record, and how far its events were counted."""

    record: SessionRecord
    seen: int = 0
    open_responses: int = 0

    def busy(self) -> bool:
        sent = self.record.sent
        while self.seen < len(sent):
            kind = sent[self.seen].event["type"]
            self.open_responses += (kind == "response.created") - (kind == "response.done")
            self.seen += 1
        return self.record.is_open and self.open_responses > 0


@dataclass(slots=True)
class LiveCall:
    """`unheard`: texts of what was spoken and not yet transcribed, in order."""

    dialogue: Dialogue
    unheard: deque[str] = field(default_factory=deque)
    turns_said: int = 0
    answered: set[int] = field(default_factory=set)
    """Positions of the facts that the caller has answered after the turns were used up."""
    streaming: bool = False
    streamed: bool = False
    agent_spoke_s: float = 0.0
    story: list[tuple[float, str]] = field(default_factory=list)
    """(seconds of the event loop, line) of what was said, asked and told."""
    _sessions: list[_Watch] = field(default_factory=list)

    # -- the caller's telephone

    def on_event(self, event: TimelineEvent) -> None:
        if event.kind == "stream-start":
            self.streaming = self.streamed = True
        elif event.kind == "stream-end":
            self.streaming = False

    def on_frame(self, ms: int, heard: bytes, said: bytes) -> None:
        if heard != SILENCE_FRAME:
            self.agent_spoke_s = _now()

    def note(self, line: str) -> None:
        self.story.append((_now(), line))

    # -- the model

    def joined(self, record: SessionRecord) -> None:
        """A session of this call was configured."""
        if all(watch.record is not record for watch in self._sessions):
            self._sessions.append(_Watch(record))

    @property
    def model_busy(self) -> bool:
        return any(watch.busy() for watch in self._sessions)

    @property
    def records(self) -> list[SessionRecord]:
        return [watch.record for watch in self._sessions]

    @property
    def facts(self) -> list[Fact]:
        """The [SERVER] facts that the model was told so far."""
        return read_facts(item.text for record in self.records for item in record.items if item.role == "system")

    # -- what comes next

    @property
    def next_turn(self) -> Turn | None:
        """The author's next turn; None when they are used up."""
        turns = self.dialogue.turn
        return turns[self.turns_said] if self.turns_said < len(turns) else None

    def answer_due(self) -> tuple[int, Fact, Turn] | None:
        """What is asked for and not answered yet, with the caller's answer; None before the turns are used up. A caller
        whose last turn is to end the call answers nothing more."""
        facts = self.facts
        position = None if self.next_turn or self.dialogue.expect.call == "ended" else open_ask(facts)
        if position is None or position in self.answered:
            return None
        turn = answer_to(facts[position], self.dialogue.answers)
        return None if turn is None else (position, facts[position], turn)


def answer_to(fact: Fact, answers: Answers) -> Turn | None:
    """What the caller answers to what a fact asks for; None when the author gives no answer."""
    a, keyed = answers, None
    if fact.ask is Ask.NAME:
        said = a.name
    elif fact.ask is Ask.OWN_NUMBER:
        said, keyed = a.use_this_number or (None if a.phone_keys else a.phone), a.phone_keys
    elif fact.ask is Ask.PHONE:
        said, keyed = None if a.phone_keys else (a.phone or a.use_this_number), a.phone_keys
    elif fact.ask is Ask.PICK:
        several = len(fact.offered) > 1
        said = (a.pick or a.confirm) if several else (a.confirm or a.pick)
    elif fact.ask is Ask.CONFIRM:
        said = a.confirm
    elif fact.ask is Ask.SERVICE:
        said = a.service
    elif fact.ask is Ask.PERSON:
        said = a.person
    else:
        return None
    if said is not None:
        return Turn(says=said)
    return Turn(keys=keyed) if keyed is not None else None


def _now() -> float:
    return asyncio.get_running_loop().time()
