"""What callers of the cluster's campaign do: a few questions, and an appointment at the beginning, in the middle or at
the end, so that any fault meets some of them while they book. Pure: numbers in, scenarios out."""

from __future__ import annotations

import random
from typing import Any

from bench.chaos_plan import ALL_DAYS, BOOKING, CLIP, CLIP_MS, CLIPS, CONNECTIONS, LAST_STEP, PlannedCall
from sandbox.realtime.script import Script, ScriptedAnswer, Transcript
from sandbox.twilio.scenario import CallerStep, CallSection, Scenario

QUESTIONS = 6
EXCHANGES = QUESTIONS + 4  # with the booking's, and a few that a lost stream makes anew
ANSWER_MS = 1500
SAID = ("question", "books")  # steps in which the caller says something


def plan_calls(seed: int, calls: int, webhook_url: str = "", questions: int = QUESTIONS) -> list[PlannedCall]:
    """The same seed gives the same plan. webhook_url: where each business wants its summaries."""
    return [_planned(seed, number, webhook_url, questions) for number in range(calls)]


def _planned(seed: int, number: int, webhook_url: str, questions: int) -> PlannedCall:
    chance = random.Random(f"{seed}.{number}")
    steps: list[dict[str, Any]] = [{"name": f"question{n}", "clip": CLIP, "to_ms": CLIP_MS} for n in range(questions)]
    at = (number % 3) * questions // 2
    steps[at:at] = [{"name": "books", "clip": CLIP, "to_ms": CLIP_MS}, {"name": "keys", "keys": "0501234567"}]
    steps = [{"patience_ms": 30_000, "agent_done_ms": 700, **step} for step in steps]
    steps[0] |= {"agent_done_ms": None, "at_ms": 300}
    steps.append({"name": LAST_STEP, "hang_up": "stop", "agent_done_ms": 700, "patience_ms": 30_000})
    hears = [_question(seed, number, n) for n in range(EXCHANGES)]
    hears.insert(at, BOOKING)
    values: dict[str, Any] = {
        "about": f"call {number}",
        "settings": {
            "enable_greeting": False,
            "opening_hours_json": ALL_DAYS,
            "observe_holidays": False,
            "silence_prompt_s": 20,
            "webhook_url": webhook_url or None,
        },
        "call": CallSection(max_s=150.0),
        "model": _script(0, hears, chance),
        # A stream that was lost took words with it: its successor hears the wish first.
        "model_again": [_script(n, [BOOKING, *hears], chance) for n in range(1, CONNECTIONS)],
        "caller": [CallerStep.model_validate({k: v for k, v in step.items() if v is not None}) for step in steps],
        "path": CLIPS / f"cluster-{number}.toml",
    }
    return PlannedCall(number, "", Scenario.model_validate(values))


def _question(seed: int, number: int, n: int) -> str:
    return f"ומה לגבי שאלה מספר {seed * 1000 + number * 20 + n}?"


def _script(connection: int, hears: list[str], chance: random.Random) -> Script:
    answers = [
        ScriptedAnswer(text=f"תשובה מספר {connection}{n} {_words(chance)}", length_ms=ANSWER_MS)
        for n in range(2 * EXCHANGES)
    ]
    transcripts = [Transcript(text=text) for text in hears]
    return Script(answers=answers, transcripts=transcripts, first_number=connection * 100)


def _words(chance: random.Random) -> str:
    """No two answers alike, and no goodbye among them."""
    return " ".join("".join(chance.choices("אבגדהוזחטכלמנ", k=4)) for _ in range(6))
