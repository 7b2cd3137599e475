"""How long anything may take before it is given up: no silent line, no state that never ends (W8, R4, G3). Pure.

Looked at every 200 ms of audio. Each rule counts how long its fact has been true without a break, and fires at its
own moments; there is no clock here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from media.audio_config import FRAME_MS, TICK_FRAMES
from media.call_state import AUDIBLE, State

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
class Facts:
    """What is true right now."""

    state: State
    connected: bool  # a model session is up
    greeting_sounds: bool  # sound of the greeting was queued
    awaited_request: int  # number of the request that has no sound yet, 0 when there is none
    acknowledged: bool  # the model is at work on it
    run_dry: bool  # the answer being heard is not done, and nothing of it is left to play
    lingering: bool  # the model still reports a response that nobody wants


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
class Patience:
    """One per call."""

    closing_ms: int = 12_000
    _rules: dict[str, list[_Rule]] = field(default_factory=dict)
    _counting: set[str] = field(default_factory=set)  # whose time is running
    _request: int = 0
    _quiet_ticks: int = 0  # until "one moment" may be said again

    def __post_init__(self) -> None:
        self._rules = {
            "greeting_silent": [_Rule(Alarm.GREETING_STUCK, 6_000)],
            "greeting": [_Rule(Alarm.GREETING_STUCK, 45_000)],
            "closing": [_Rule(Alarm.CLOSING_STUCK, self.closing_ms)],
            "disconnected": [_Rule(Alarm.ONE_MOMENT, 1_600), _Rule(Alarm.UNREACHABLE, GIVEN_UP_MS)],
            "awaiting_sound": [_Rule(Alarm.ONE_MOMENT, 2_600)],
            "awaiting_in_vain": [_Rule(Alarm.UNREACHABLE, GIVEN_UP_MS)],
            "unheeded": [_Rule(Alarm.RENEW, 2_800)],
            "run_dry": [_Rule(Alarm.PRESUME_DONE, 3_000)],
            "lingering": [_Rule(Alarm.FORGET_RESPONSE, 3_000)],
        }

    def tick(self, facts: Facts) -> list[Alarm]:
        """Every TICK_FRAMES of audio. The alarms that go off now."""
        if facts.awaited_request != self._request:  # another request: its time begins now
            self._request = facts.awaited_request
            self._start_anew("awaiting_sound", "awaiting_in_vain", "unheeded")
        greeting, closing = facts.state is State.GREETING, facts.state is State.CLOSING
        waits = self._request > 0 and not closing and facts.state not in AUDIBLE
        holds = {
            "greeting_silent": greeting and not facts.greeting_sounds,
            "greeting": greeting,
            "closing": closing,
            "disconnected": not facts.connected and not closing and not (greeting and facts.greeting_sounds),
            "awaiting_sound": waits,
            "awaiting_in_vain": waits and not (greeting and facts.acknowledged),
            "unheeded": waits and facts.connected and not facts.acknowledged,
            "run_dry": facts.run_dry,
            "lingering": facts.lingering,
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
