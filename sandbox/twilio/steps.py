"""What a caller does, and when: declarative steps and the pure actor that decides at every 20 ms what is due.

A step with `at_ms` happens at its time whatever else goes on; the others happen one after the other. A sentence is
over when its last frame was spoken, keys when the last digit was pressed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from services.audio.g711 import BYTES_PER_MS, FRAME_MS

AGENT_LOUD_RMS = 80  # softer than this counts as silence in the ear
AGENT_GAP_MS = 400  # a pause inside the agent's speech, not its end
PATIENCE_MS = 30_000


@dataclass(slots=True, frozen=True)
class Say:
    """Speak: mu-law audio and what it says."""

    audio: bytes
    text: str = ""

    @property
    def length_ms(self) -> int:
        return len(self.audio) // BYTES_PER_MS


@dataclass(slots=True, frozen=True)
class Keys:
    digits: str
    gap_ms: int = 200

    @property
    def length_ms(self) -> int:
        return len(self.digits) * self.gap_ms


@dataclass(slots=True, frozen=True)
class HangUp:
    """End the call. how: "stop" (message, then close), "abrupt" (TCP reset), "half_open" (falls silent for ever)."""

    how: str = "stop"


@dataclass(slots=True, frozen=True)
class LoseSocket:
    """The media socket breaks, the call stays: Twilio goes on with the TwiML after <Connect>."""


@dataclass(slots=True, frozen=True)
class SendRaw:
    """Put any message on the socket, `{streamSid}` filled in: malformed JSON, a second start, a binary frame."""

    data: str | bytes


@dataclass(slots=True, frozen=True)
class Background:
    """Switch the sound around the caller on or off from here on."""

    on: bool


Action = Say | Keys | HangUp | LoseSocket | SendRaw | Background


@dataclass(slots=True, frozen=True)
class When:
    """The moment a step is due; at most one of the triggers, all in milliseconds. None of them: at once.

    at_ms            on the call's clock, 0 = the first stream's `start`
    agent_done_ms    the agent was heard since the previous step was over, then silent for so long
    agent_speaking_ms the agent has been heard for so long since then, without a real pause
    silence_ms       neither side was heard for so long
    after_ms         extra wait, counted from the trigger (or from the end of the previous step when there is none)
    patience_ms      how long the trigger may take before the caller gives up and hangs up
    """

    at_ms: int | None = None
    agent_done_ms: int | None = None
    agent_speaking_ms: int | None = None
    silence_ms: int | None = None
    after_ms: int = 0
    patience_ms: int = PATIENCE_MS

    def __post_init__(self) -> None:
        triggers = (self.at_ms, self.agent_done_ms, self.agent_speaking_ms, self.silence_ms)
        if sum(trigger is not None for trigger in triggers) > 1:
            raise ValueError(f"a step has one trigger, not several: {self}")


@dataclass(slots=True, frozen=True)
class Step:
    do: Action
    when: When = field(default_factory=When)
    name: str = ""  # by which expectations refer to its moment


class GaveUp(Exception):
    """A trigger did not come within the step's patience."""


class Actor:
    """Decides which actions start in each 20 ms. Fed with what the ear hears; owns no clock and no audio."""

    def __init__(self, steps: list[Step]) -> None:
        self._timed = sorted((s for s in steps if s.when.at_ms is not None), key=lambda s: s.when.at_ms or 0)
        self._queue = [s for s in steps if s.when.at_ms is None]
        self._waited_ms = 0  # since the previous step was over
        self._since_trigger_ms: int | None = None
        self._agent_heard = False
        self._agent_run_ms = 0
        self._agent_silent_ms = 0
        self._own_silent_ms = 0

    @property
    def done(self) -> bool:
        return not self._timed and not self._queue

    @property
    def listens(self) -> bool:
        """Whether anything still depends on how loud the agent is."""
        return bool(self._queue)

    def advance(self, now_ms: int, *, agent_loud: bool, busy: bool) -> list[Step]:
        """One frame later. busy: this caller is speaking or pressing keys. Raises GaveUp."""
        self._listen(agent_loud, busy)
        due: list[Step] = []
        while self._timed and (self._timed[0].when.at_ms or 0) <= now_ms:
            due.append(self._timed.pop(0))
        if self._queue and not busy and not any(isinstance(step.do, Say | Keys) for step in due):
            self._next_in_turn(due)
        return due

    def _next_in_turn(self, due: list[Step]) -> None:
        step = self._queue[0]
        self._waited_ms += FRAME_MS
        if self._since_trigger_ms is None and self._triggered(step.when):
            self._since_trigger_ms = 0
        if self._since_trigger_ms is None:
            if self._waited_ms > step.when.patience_ms:
                raise GaveUp(f"waited {step.when.patience_ms} ms for {_trigger_name(step.when)}")
            return
        if self._since_trigger_ms < step.when.after_ms:
            self._since_trigger_ms += FRAME_MS
            return
        self._queue.pop(0)
        self._waited_ms, self._since_trigger_ms, self._agent_heard, self._agent_run_ms = 0, None, False, 0
        due.append(step)

    def _listen(self, agent_loud: bool, busy: bool) -> None:
        self._own_silent_ms = 0 if busy else self._own_silent_ms + FRAME_MS
        if busy:  # what is heard while this caller is still at it does not count as an answer
            self._agent_heard, self._agent_run_ms = False, 0
            self._agent_silent_ms = 0 if agent_loud else self._agent_silent_ms + FRAME_MS
            return
        if agent_loud:
            self._agent_heard = True
            self._agent_run_ms += FRAME_MS + min(self._agent_silent_ms, AGENT_GAP_MS) * (self._agent_run_ms > 0)
            self._agent_silent_ms = 0
            return
        self._agent_silent_ms += FRAME_MS
        if self._agent_silent_ms > AGENT_GAP_MS:
            self._agent_run_ms = 0

    def _triggered(self, when: When) -> bool:
        if when.agent_done_ms is not None:
            return self._agent_heard and self._agent_silent_ms >= when.agent_done_ms
        if when.agent_speaking_ms is not None:
            return self._agent_silent_ms == 0 and self._agent_run_ms >= when.agent_speaking_ms
        if when.silence_ms is not None:
            return min(self._agent_silent_ms, self._own_silent_ms) >= when.silence_ms
        return True


def _trigger_name(when: When) -> str:
    if when.agent_done_ms is not None:
        return f"the agent to speak and then be silent for {when.agent_done_ms} ms"
    if when.agent_speaking_ms is not None:
        return f"the agent to speak for {when.agent_speaking_ms} ms"
    return f"{when.silence_ms} ms of silence"
