"""What callers want, read from the last turns of a call (A1): the door to the parsers, used by the call's booking side.

`parse_utterance` and `read_turns` are the built-in parser (pure, no key). `AppointmentNlp` adds the chat model when
there is one, opening hours, and the order of things: a newer exchange overtakes an older one, a repeated transcript
counts once. Time comes in as an argument; nothing here sleeps or starts a thread.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.business_policy import Policy
from services.nlp.hours import resolve_with_hours
from services.nlp.model import ModelParser, Reading, cross_checked
from services.nlp.offering import NOTHING_OFFERED, Called, Offering
from services.nlp.parser import TurnReader, merged, parse_utterance, read_turns
from services.nlp.types import DateOption, Parsed, TimeOption, Turn

__all__ = [
    "AppointmentNlp",
    "Called",
    "DateOption",
    "Exchange",
    "ModelParser",
    "Offering",
    "Parsed",
    "Reading",
    "TimeOption",
    "Turn",
    "merged",
    "parse_utterance",
    "read_turns",
    "resolve_with_hours",
]

TURNS_READ = 12
DEBOUNCE_MS = 200


@dataclass(frozen=True, slots=True)
class Exchange:
    """Turns to read, ended by the caller's; `number` grows with each."""

    number: int
    turns: tuple[Turn, ...]


class AppointmentNlp:
    """One call's reader. `model` is None without a key; `region` is where phone numbers need no country code.

    `topics`: what the business's appointments can be about, in its own words; `offering`: its services and who gives
    them.
    """

    def __init__(
        self,
        policy: Policy,
        model: ModelParser | None = None,
        *,
        topics: Sequence[str] = (),
        offering: Offering = NOTHING_OFFERED,
        region: str = "IL",
        debounce_ms: int = DEBOUNCE_MS,
    ) -> None:
        self._lock = threading.Lock()  # turns come from the call's threads, readings are taken by the booking thread
        self._policy = policy
        self._model = model
        self._offering = offering
        self._reader = TurnReader(region, topics, offering)
        self._debounce_ms = debounce_ms
        self._turns: deque[Turn] = deque(maxlen=TURNS_READ)
        self._seen: deque[str] = deque(maxlen=4 * TURNS_READ)
        self._number = 0
        self._read_last: tuple[Turn, ...] = ()
        self._due_ms: int | None = None
        self.overtaken = 0

    def heard(self, turn: Turn, turn_id: str, at_ms: int) -> bool:
        """Takes in one finished turn; False when `turn_id` was heard before. `at_ms`: any steady clock."""
        with self._lock:
            if turn_id in self._seen:
                return False
            self._seen.append(turn_id)
            self._turns.append(turn)
            if turn.role == "caller":
                self._number += 1
                self._due_ms = at_ms + self._debounce_ms
        return True

    def recall(self, turns: Sequence[Turn]) -> None:
        """Restores the conversation after a lost socket; nothing becomes due by it."""
        with self._lock:
            self._turns.extend(turns)

    def settle(self) -> None:
        """What was read last has led to its result: it is no wish any more."""
        done = {id(turn) for turn in self._read_last}
        self._read_last = ()
        with self._lock:
            left = [turn for turn in self._turns if id(turn) not in done]
            self._turns.clear()
            self._turns.extend(left)

    def wait_ms(self, at_ms: int) -> int | None:
        """Milliseconds until an exchange is due, 0 when one is, None when nothing waits."""
        return None if self._due_ms is None else max(0, self._due_ms - at_ms)

    def take(self, at_ms: int) -> Exchange | None:
        """The exchange to read now, once the caller has been quiet for the debounce time; None before that."""
        if self._due_ms is None or at_ms < self._due_ms:
            return None
        with self._lock:
            self._due_ms = None
            self._read_last = tuple(self._turns)
            return Exchange(self._number, self._read_last)

    def read(self, exchange: Exchange, now: datetime) -> Parsed | None:
        """Reads an exchange; may wait for the model, so it belongs in the booking thread. `now` is aware.

        None when a newer exchange came in meanwhile: its reading holds all that this one could say.
        """
        wall = now.astimezone(self._policy.zone).replace(tzinfo=None)
        parsed = self._reader.read(exchange.turns, wall)
        if self._model is not None:
            reading = self._model.read(exchange.turns, wall, self._offering)
            parsed = cross_checked(parsed, reading, exchange.turns, self._offering)
        if exchange.number != self._number:
            self.overtaken += 1
            return None
        return resolve_with_hours(parsed, self._policy, now)
