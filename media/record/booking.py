"""Booking: the call's thread that reads what was said and books. It may wait for a chat model and for the calendar.

Turns and keys come in through a bounded queue and nobody waits for them. What this side has to say goes back as
[SERVER] facts. It writes its rows in transactions of its own (services/booking/dialogue.py), none of them through the
journal, and goes by the turns as they were heard, not by their rows.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from functools import partial

import structlog

from services.booking.dialogue import BookingDialogue, PendingMessage
from services.calls.context import TurnRecord
from services.deadlines import RETRY_S

log = structlog.get_logger("booking")

QUEUE_JOBS = 200

Job = Callable[[int], list[PendingMessage]]


class BookingThread:
    """The booking side of one call. Start `loop` in a thread; `close` ends it.

    `tell` hands a [SERVER] fact to the conversation: (text, speak) → whether a model was told.
    """

    def __init__(self, dialogue: BookingDialogue, tell: Callable[[str, bool], bool]) -> None:
        self._dialogue = dialogue
        self._tell = tell
        self._queue: queue.Queue[Job] = queue.Queue(QUEUE_JOBS)
        self._closing = threading.Event()
        self._given_up = threading.Event()
        self._rests_until = 0.0  # time.monotonic(), seconds

    @property
    def false_claims(self) -> int:
        """Booking claims of the agent that had to be corrected (A5)."""
        return self._dialogue.false_claims

    @property
    def waiting(self) -> int:
        """How many turns and keys were not looked at yet."""
        return self._queue.qsize()

    # -- any thread, never waits, raises nothing -----------------------------------------------------------------

    def turn(self, record: TurnRecord) -> None:
        """One side's turn, as the journal has it. The caller's words overtake a reading that is under way."""
        self._dialogue.heard(record.role, record.text, f"{record.generation}.{record.seq}", _ms())
        if record.role == "agent":
            self._put(partial(self._dialogue.agent_said, record.text))
        else:
            self._put(_look_again)

    def speak(self, language: str) -> None:
        """The language of the answers has changed (L11)."""
        self._put(partial(self._dialogue.speak, language))

    def key(self, digit: str) -> None:
        """One key of the keypad (A6)."""
        self._put(partial(self._dialogue.key, digit))

    def close(self) -> None:
        """The call is over, no more turns come. What is under way or in the queue is finished; words that were to be
        read later are not read. The loop ends within BOOKING_ENDS_S, or else has to be given up."""
        self._closing.set()
        self._put(_look_again)

    def give_up(self) -> None:
        """It took too long: nothing is booked any more, whatever a reading still brings."""
        self._given_up.set()
        self._dialogue.stop()

    def _put(self, job: Job) -> None:
        try:
            self._queue.put_nowait(job)
        except queue.Full:
            log.error("booking is busy, a turn or a key was not looked at")

    # -- the thread --------------------------------------------------------------------------------------------

    def loop(self) -> None:
        """Job after job, in order; between them what has become due."""
        while not self._given_up.is_set():
            try:
                job = self._queue.get(timeout=self._wait_s())
            except queue.Empty:
                if self._closing.is_set():
                    return
                job = self._dialogue.tick
            self._step(job)

    def _wait_s(self) -> float | None:
        """How long the queue may be waited for, in seconds; None: until something comes."""
        if self._closing.is_set():
            return 0.0
        due_ms = self._dialogue.wait_ms(_ms())
        return None if due_ms is None else max(due_ms / 1000, self._rests_until - time.monotonic(), 0.0)

    def _step(self, job: Job) -> None:
        """Do it, put its messages before the model, and note that the model has them."""
        try:
            told = job(_ms())
            reached = [one for one in told if self._tell(one.message.text, one.message.speak)]
            self._dialogue.delivered(reached)
        except Exception:  # outermost level of one job: a sentence nobody thought of must not end the booking side
            log.exception("booking side failed")
            self._rests_until = time.monotonic() + RETRY_S


def _look_again(_at_ms: int) -> list[PendingMessage]:
    """Nothing to do: wakes the loop, which then looks when something is due."""
    return []


def _ms() -> int:
    return int(time.monotonic() * 1000)
