"""How long anything may take: no silent line, no state that never ends, no caller pressed for an answer. Pure.

Looked at every 200 ms of audio, but for a turn left open, which counts frames. There is no clock here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from media.audio_config import TICK_FRAMES
from media.conversation.state import AUDIBLE, State
from services.audio.g711 import FRAME_MS
from services.deadlines import PAUSE_WITHIN_S

# -- a wait that must end (W8, R4, G3) ------------------------------------------------------------------------------

# An answer may take 5 s; then there is just time to forward the caller, who has heard "one moment", within 6 s (W8).
GIVEN_UP_MS = 5_200
SAID_ONCE_MS = 6_000  # "one moment" is not said twice in one wait


class Alarm(StrEnum):
    GREETING_STUCK = "greeting_stuck"  # let the caller speak
    CLOSING_STUCK = "closing_stuck"  # the goodbye was never heard to its end
    ONE_MOMENT = "one_moment"  # say that it takes a moment
    UNREACHABLE = "unreachable"  # the model is gone: hand the call on
    RENEW = "renew"  # the model does not even say that it heard the request: a new session, asked the same
    PRESUME_DONE = "presume_done"  # all was heard and the model never said it was done
    FORGET_RESPONSE = "forget_response"  # a cancelled response that never reported its end


@dataclass(slots=True)
class TimeoutFacts:
    """What is true right now."""

    state: State
    connected: bool  # a model session is up
    greeting_sounds: bool  # sound of the greeting, or of the notice before it, was queued
    notice_open: bool  # … and the notice was not heard to its end
    awaited_request: int  # number of the request that has no sound yet, 0 when there is none
    acknowledged: bool  # the model is at work on it
    run_dry: bool  # the answer being heard is not done, and nothing of it is left to play
    unwanted_response_active: bool  # the model still reports a response that nobody wants


@dataclass(slots=True)
class _Rule:
    alarm: Alarm
    after_ms: int
    ticks: int = 0

    def holds(self) -> bool:
        """Another tick; true once, when the fact has held for that long."""
        self.ticks += 1
        return self.ticks == self.after_ms // (TICK_FRAMES * FRAME_MS)


@dataclass(slots=True)
class Timeouts:
    """One per call. Each rule counts how long its fact has been true without a break, and fires at its own moments."""

    closing_ms: int = 12_000
    _rules: dict[str, list[_Rule]] = field(default_factory=dict)
    _counting: set[str] = field(default_factory=set)  # whose time is running
    _request: int = 0
    _quiet_ticks: int = 0  # until "one moment" may be said again

    def __post_init__(self) -> None:
        self._rules = {
            "greeting_silent": [_Rule(Alarm.GREETING_STUCK, 6_000)],
            "notice": [_Rule(Alarm.GREETING_STUCK, 45_000)],
            "greeting": [_Rule(Alarm.GREETING_STUCK, 45_000)],
            "closing": [_Rule(Alarm.CLOSING_STUCK, self.closing_ms)],
            "disconnected": [_Rule(Alarm.ONE_MOMENT, 1_600), _Rule(Alarm.UNREACHABLE, GIVEN_UP_MS)],
            "awaiting_sound": [_Rule(Alarm.ONE_MOMENT, 2_600)],
            "answer_overdue": [_Rule(Alarm.UNREACHABLE, GIVEN_UP_MS)],
            "request_not_acknowledged": [_Rule(Alarm.RENEW, 2_800)],
            "run_dry": [_Rule(Alarm.PRESUME_DONE, 3_000)],
            "unwanted_response_active": [_Rule(Alarm.FORGET_RESPONSE, 3_000)],
        }

    def tick(self, facts: TimeoutFacts) -> list[Alarm]:
        """Every TICK_FRAMES of audio. The alarms that go off now."""
        if facts.awaited_request != self._request:  # another request: its time begins now
            self._request = facts.awaited_request
            self._start_anew("awaiting_sound", "answer_overdue", "request_not_acknowledged")
        greeting, closing = facts.state is State.GREETING, facts.state is State.CLOSING
        waits = self._request > 0 and not closing and facts.state not in AUDIBLE
        holds = {
            "greeting_silent": greeting and not facts.greeting_sounds,
            "notice": greeting and facts.notice_open,
            "greeting": greeting and not facts.notice_open,
            "closing": closing,
            "disconnected": not facts.connected and not closing and not (greeting and facts.greeting_sounds),
            "awaiting_sound": waits,
            "answer_overdue": waits and not (greeting and facts.acknowledged),
            "request_not_acknowledged": waits and facts.connected and not facts.acknowledged,
            "run_dry": facts.run_dry,
            "unwanted_response_active": facts.unwanted_response_active,
        }
        alarms = []
        for name, fact in holds.items():
            if fact:
                self._counting.add(name)
                alarms += [rule.alarm for rule in self._rules[name] if rule.holds()]
            elif name in self._counting:
                self._start_anew(name)
        return self._said_once(alarms)

    def _start_anew(self, *names: str) -> None:
        self._counting.difference_update(names)
        for name in names:
            for rule in self._rules[name]:
                rule.ticks = 0

    def _said_once(self, alarms: list[Alarm]) -> list[Alarm]:
        """A connection that is lost while an answer is awaited is one wait to the caller, not two."""
        self._quiet_ticks = max(0, self._quiet_ticks - 1)
        if Alarm.ONE_MOMENT not in alarms:
            return alarms
        said, self._quiet_ticks = self._quiet_ticks > 0, SAID_ONCE_MS // (TICK_FRAMES * FRAME_MS)
        return [alarm for alarm in alarms if alarm is not Alarm.ONE_MOMENT] if said else alarms


# -- a caller who says nothing (G4) ---------------------------------------------------------------------------------


KEY_PATIENCE_FRAMES = 8000 // FRAME_MS  # who looks up a number needs so long between two keys
KEY_PAUSE_FRAMES = 5000 // FRAME_MS  # keys this far apart are told as two moments


class Nudge(StrEnum):
    PROMPT = "prompt"
    END = "end"


@dataclass(slots=True)
class SilenceWatch:
    """Counts how long nobody speaks and nothing is being prepared: one short sentence per 8 s, a limited number of
    times, then a polite end."""

    every_frames: int = 8000 // FRAME_MS
    max_prompts: int = 3
    prompts: int = 0
    _quiet: int = 0

    def tick(self, idle: bool) -> Nudge | None:
        """TICK_FRAMES more; `idle`: it is the caller's turn and the caller is not talking."""
        if not idle:
            self._quiet = 0
            return None
        self._quiet += TICK_FRAMES
        if self._quiet < self.every_frames:
            return None
        self._quiet = 0
        if self.prompts >= self.max_prompts:
            return Nudge.END
        self.prompts += 1
        return Nudge.PROMPT

    def caller_spoke(self) -> None:
        """Real words: patience starts anew."""
        self.prompts = 0
        self._quiet = 0

    def key(self) -> None:
        """A key: the number may go on, however short the business's own patience is (L5)."""
        self.prompts = 0
        self._quiet = min(0, self.every_frames - KEY_PATIENCE_FRAMES)


NO_VOICE_FRAMES = 30_000 // FRAME_MS


@dataclass(slots=True)
class NoVoice:
    """A line without any voice, on which the agent waits to be spoken to (L6)."""

    _quiet: int = 0

    def tick(self, voice: bool) -> bool:
        """TICK_FRAMES more. True when nobody was heard for so long that nobody is there."""
        self._quiet = 0 if voice else self._quiet + TICK_FRAMES
        return self._quiet >= NO_VOICE_FRAMES

    def key(self) -> None:
        """Somebody is there."""
        self._quiet = 0


# -- a turn the model does not end (X5, X6) -------------------------------------------------------------------------

LONGEST_FRAMES = 15_000 // FRAME_MS  # whoever talks so long without a pause is the radio, or can be cut short


@dataclass(slots=True)
class OpenTurn:
    """A turn that the model does not end: by our own listening it is over, so it is committed from here. The model's
    detector may take a noise for a voice that never stops; an answer would wait with it, and the caller on a silent
    line. One per call; `quiet_frames`: more than the model's own detector waits."""

    quiet_frames: int = 1500 // FRAME_MS
    _length: int = 0
    _quiet: int = 0

    def begins(self) -> None:
        """The model hears the caller."""
        self._length = self._quiet = 0

    def frame(self, is_speech: bool) -> bool:
        """A frame of a turn the model has not ended. True once, when it should be ended for it."""
        self._length += 1
        self._quiet = 0 if is_speech else self._quiet + 1
        return self._quiet == self.quiet_frames or self._length == LONGEST_FRAMES


# -- a worker that drains (W10) -------------------------------------------------------------------------------------


@dataclass(slots=True)
class CallDrain:
    """When a call leaves a worker that is going away: in a pause if there is one, in any case in time. One per call;
    asked again and again from the moment its worker drains."""

    pause_within_s: float = PAUSE_WITHIN_S
    _since_s: float | None = None

    def due(self, nobody_speaks: bool, now_s: float) -> bool:
        """Whether to leave now. `now_s` is any steady clock."""
        if self._since_s is None:
            self._since_s = now_s
        return nobody_speaks or now_s - self._since_s >= self.pause_within_s
