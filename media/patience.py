"""How long anything may take before it is given up: no silent line, no state that never ends (W8, R4, G3). Pure.

Looked at every 200 ms of audio. Each rule counts how long its fact has been true without a break, and fires at its
own moments; there is no clock here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from media.audio_config import FRAME_MS
from media.call_state import State

TICK_FRAMES = 200 // FRAME_MS


class Alarm(StrEnum):
    GREETING_STUCK = "greeting_stuck"  # let the caller speak
    CLOSING_STUCK = "closing_stuck"  # the goodbye was never heard to its end
    ONE_MOMENT = "one_moment"  # say that it takes a moment
    UNREACHABLE = "unreachable"  # the model is gone: apologise and hand the call on
    ASK_ANEW = "ask_anew"  # the model took the request and says nothing
    PRESUME_DONE = "presume_done"  # all was heard and the model never said it was done
    FORGET_RESPONSE = "forget_response"  # a cancelled response that never reported its end


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true right now."""

    state: State
    connected: bool  # a model session is up
    greeting_sounds: bool  # sound of the greeting was queued
    awaited_request: int  # number of the request that has no sound yet, 0 when there is none
    run_dry: bool  # the answer being heard is not done, and nothing of it is left to play
    lingering: bool  # the model still reports a response that nobody wants


@dataclass(slots=True)
class _Rule:
    alarm: Alarm
    after_ms: int
    ticks: int = 0

    def holds(self, fact: bool) -> bool:
        """True once, when the fact has held for that long."""
        self.ticks = self.ticks + 1 if fact else 0
        return self.ticks == self.after_ms // (TICK_FRAMES * FRAME_MS)


@dataclass(slots=True)
class Patience:
    """One per call."""

    closing_ms: int = 12_000
    _rules: dict[str, list[_Rule]] = field(default_factory=dict)
    _request: int = 0

    def __post_init__(self) -> None:
        self._rules = {
            "greeting_silent": [_Rule(Alarm.GREETING_STUCK, 6_000)],
            "greeting": [_Rule(Alarm.GREETING_STUCK, 45_000)],
            "closing": [_Rule(Alarm.CLOSING_STUCK, self.closing_ms)],
            "disconnected": [_Rule(Alarm.ONE_MOMENT, 1_600), _Rule(Alarm.UNREACHABLE, 3_400)],
            "awaiting_sound": [
                _Rule(Alarm.ONE_MOMENT, 2_600),
                _Rule(Alarm.ASK_ANEW, 6_000),
                _Rule(Alarm.UNREACHABLE, 12_000),
            ],
            "run_dry": [_Rule(Alarm.PRESUME_DONE, 3_000)],
            "lingering": [_Rule(Alarm.FORGET_RESPONSE, 3_000)],
        }

    def tick(self, facts: Facts) -> list[Alarm]:
        """Every TICK_FRAMES of audio. The alarms that go off now."""
        if facts.awaited_request != self._request:  # another request: its time begins now
            self._request = facts.awaited_request
            for rule in self._rules["awaiting_sound"]:
                rule.ticks = 0
        greeting, closing = facts.state is State.GREETING, facts.state is State.CLOSING
        holds = {
            "greeting_silent": greeting and not facts.greeting_sounds,
            "greeting": greeting,
            "closing": closing,
            "disconnected": not facts.connected and not closing and not (greeting and facts.greeting_sounds),
            "awaiting_sound": facts.connected and self._request > 0 and not closing and not greeting,
            "run_dry": facts.run_dry,
            "lingering": facts.lingering,
        }
        return [rule.alarm for name, rules in self._rules.items() for rule in rules if rule.holds(holds[name])]
