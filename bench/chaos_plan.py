"""The fault campaign's plan: which call meets which fault, and when. Pure: a seed in, scenarios out."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.realtime.script import Fault, Script, ScriptedAnswer, Transcript
from sandbox.twilio.scenario import CallerStep, CallSection, Scenario

CLIPS = Path(__file__).parents[1] / "tests" / "data" / "audio"
CLIP = "en-sentence-vm-leavemsg.ulaw"
CLIP_MS = 2000
BOOKING = "אני רוצה לקבוע תור לשיננית מחר בעשר בבוקר, קוראים לי דנה כהן"
THANKS = "כן, מצוין, תודה"
CONNECTIONS = 6  # scripts per call: reconnects and resumes
ALL_DAYS = {day: [["08:00", "20:00"]] for day in ("sun", "mon", "tue", "wed", "thu", "fri", "sat")}
LAST_STEP = "last"

# The call can go on, and must.
RECOVERABLE = (
    "socket_lost",
    "socket_lost_twice",
    "model_drops_in_answer",
    "model_drops_while_listening",
    "model_closes",
    "session_expires",
    "error_event",
    "unknown_event",
    "garbage",
    "binary",
    "answer_fails",
    "answer_stalls",
    "never_done",
    "slow_answer",
    "transcript_never",
    "transcript_late",
    "webhook_repeats",
    "marks_lost",
)
# The call cannot go on: it has one right end.
FINAL = {
    "model_mute": "model_unreachable",
    "hang_up_abrupt": "caller_hangup",
    "hang_up_half_open": "caller_hangup",
}


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """`fault` is "" for a call that nothing is done to."""

    number: int
    fault: str
    scenario: Scenario


def plan_calls(seed: int, calls: int, fault_share: float = 0.2) -> list[PlannedCall]:
    """The same seed gives the same plan."""
    chance = random.Random(seed)
    faulted = set(chance.sample(range(calls), round(calls * fault_share)))
    kinds = [*RECOVERABLE, *FINAL]
    chance.shuffle(kinds)
    planned = []
    for number in range(calls):
        fault = kinds[len([n for n in faulted if n < number]) % len(kinds)] if number in faulted else ""
        planned.append(PlannedCall(number, fault, _scenario(number, fault, random.Random(f"{seed}.{number}"))))
    return planned


def _scenario(number: int, fault: str, chance: random.Random) -> Scenario:
    steps = [
        {"name": "books", "clip": CLIP, "to_ms": CLIP_MS, "at_ms": 300},
        {"name": "keys", "keys": "0501234567", "agent_done_ms": 700},
        {"name": "thanks", "clip": CLIP, "to_ms": CLIP_MS, "agent_done_ms": 700},
        {"name": LAST_STEP, "hang_up": "stop", "agent_done_ms": 700},
    ]
    steps += _deeds(fault, chance)
    values: dict[str, Any] = {
        "about": f"call {number}: {fault or 'no fault'}",
        "settings": {
            "enable_greeting": False,
            "opening_hours_json": ALL_DAYS,
            "observe_holidays": False,
            "silence_prompt_s": 20,
        },
        "call": CallSection(max_s=60.0, webhook_repeats=3 if fault == "webhook_repeats" else 1, half_open_s=9.0),
        "line": {"mark_loss": 0.5} if fault == "marks_lost" else {},
        "model": _script(0, fault, chance),
        "model_again": [_script(n, "", chance) for n in range(1, CONNECTIONS)],
        "caller": [CallerStep.model_validate({"patience_ms": 25_000, **step}) for step in steps],
        "path": CLIPS / f"chaos-{number}.toml",
    }
    return Scenario.model_validate(values)


def _deeds(fault: str, chance: random.Random) -> list[dict[str, Any]]:
    at_ms = chance.randrange(600, 9000)
    if fault == "socket_lost":
        return [{"lose_socket": True, "at_ms": at_ms}]
    if fault == "socket_lost_twice":
        return [{"lose_socket": True, "at_ms": at_ms}, {"lose_socket": True, "at_ms": at_ms + 3500}]
    if fault.startswith("hang_up_"):
        return [{"name": "gone", "hang_up": fault.removeprefix("hang_up_"), "at_ms": at_ms}]
    return []


def _script(connection: int, fault: str, chance: random.Random) -> Script:
    answers = [ScriptedAnswer(text=f"תשובה מספר {connection}{n} {_words(chance)}", length_ms=1500) for n in range(8)]
    transcripts = [Transcript(text=BOOKING), *(Transcript(text=THANKS) for _ in range(3))]
    nth = chance.randrange(2)
    faults: list[Fault] = []
    if changed := _ANSWERS.get(fault):
        answers[nth] = answers[nth].model_copy(update=changed)
    if fault.startswith("transcript_"):
        transcripts[0] = Transcript(text=BOOKING, never=fault.endswith("never"), delay_ms=2500)
    if fault in _ON_ANSWER:
        faults.append(Fault(when="answer", nth=nth, after_ms=chance.randrange(0, 1200), **_ON_ANSWER[fault]))
    if fault in _ON_AUDIO:
        faults.append(Fault(when="audio", after_ms=chance.randrange(200, 9000), **_ON_AUDIO[fault]))
    return Script(answers=answers, transcripts=transcripts, faults=faults, first_number=connection * 100)


def _words(chance: random.Random) -> str:
    """No two answers alike: an agent that repeats itself would be taken for a loop. Nor a "בייי" among them: a
    goodbye ends the call."""
    return " ".join("".join(chance.choices("אבגדהוזחטכלמנ", k=4)) for _ in range(6))


_ANSWERS: dict[str, dict[str, Any]] = {
    "answer_fails": {"status": "failed", "error_code": "server_error", "end_ms": 0},
    "answer_stalls": {"stall_at_ms": 500, "stall_ms": 1500},
    "never_done": {"never_done": True},
    "slow_answer": {"think_ms": 3500},
}
_ON_ANSWER: dict[str, dict[str, Any]] = {
    "model_drops_in_answer": {"do": "drop"},
    "model_closes": {"do": "close"},
    "error_event": {"do": "error"},
    "unknown_event": {"do": "unknown"},
    "garbage": {"do": "garbage"},
    "binary": {"do": "binary"},
}
_ON_AUDIO: dict[str, dict[str, Any]] = {
    "model_drops_while_listening": {"do": "drop"},
    "session_expires": {"do": "expire"},
    "model_mute": {"do": "mute"},
}
