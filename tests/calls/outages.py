"""A real call whose database goes away in mid-sentence and comes back, and all that is promised of it."""

from __future__ import annotations

import asyncio
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.twilio.call_rows import read_call
from sandbox.twilio.expect import unbroken
from sandbox.twilio.result import CallResult
from sandbox.twilio.scenario import Scenario
from sandbox.twilio.stage import PUBLIC_BASE, Stage
from tests.patience import PATIENCE_S
from tests.serving import sign

EVERY_DAY = {day: [["08:00", "20:00"]] for day in ("sun", "mon", "tue", "wed", "thu", "fri", "sat")}
CLIP = {"clip": "en-sentence-vm-leavemsg.ulaw", "to_ms": 2000}
WISH = "אני רוצה לקבוע תור לשיננית מחר בעשר בבוקר, קוראים לי דנה כהן"
ANSWER_MS = 1500
RECOVERS_WITHIN_S = 2.0
STALLED_S = 1.0  # what a wait that blocks the loop makes of it
TWILIO_GIVES_UP_S = 15.0
AWAY, CREATED = "❌ error", "✅ appointment_created"

Switch = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Outage:
    """How the database of a stage is taken away and given back."""

    begin: Switch
    end: Switch


@dataclass(slots=True)
class Story:
    """What one call went through."""

    result: CallResult
    told: list[str] = field(default_factory=list)  # [SERVER] messages the model got, in order
    rows: dict[str, Any] = field(default_factory=dict)
    # Without what the machine took meanwhile:
    written_after_s: float = 0.0  # from the database's return to the turns spoken meanwhile
    calendar_after_s: float = 0.0  # and to the calendar's first word
    new_call: str = ""  # the TwiML a call gets that comes meanwhile
    new_call_s: float = 0.0
    loop_late_s: float = 0.0  # the loop's latest waking: the upper end of its bucket
    machine_late_s: float = 0.0  # how much of that the machine did at most


def call_of(sentences: int) -> Scenario:
    """Asks something, wants an appointment, keys a number, says `sentences` more things and stays on the line."""
    heard = ["שלום, מתי אתם פתוחים?", WISH, *(f"ויש לי עוד שאלה מספר {n}" for n in range(sentences))]
    first, wish = {"name": "first", **CLIP, "at_ms": 300}, {"name": "wish", **CLIP, "agent_done_ms": 1000}
    keys = {"name": "keys", "keys": "0501234567", "agent_done_ms": 600}
    more = [{"name": f"more{n}", **CLIP, "agent_done_ms": 1000} for n in range(sentences)]
    return Scenario.model_validate(
        {
            "about": "stays on the line while the database is away",
            "settings": {
                "enable_greeting": False,
                "opening_hours_json": EVERY_DAY,
                "observe_holidays": False,
                "silence_prompt_s": 60,
            },
            "call": {"max_s": 150.0},
            "model": {
                "answers": [{"text": _words(n), "length_ms": ANSWER_MS} for n in range(sentences + 12)],
                "transcripts": [{"text": text} for text in heard],
            },
            "caller": [first, wish, keys, *more],
            "path": Path(__file__),
        }
    )


def _words(number: int) -> str:
    """No two answers alike: an agent that repeats itself would be taken for a loop."""
    return " ".join(chr(ord("א") + (number * 7 + n * 3) % 22) * 4 for n in range(6))


async def live_through(running: Stage, outage: Outage, seconds: float, sentences: int) -> Story:
    """One call whose database goes away after its first answer was recorded, for at least `seconds`."""
    caller, prepared = await running.runner().place(call_of(sentences))
    story = Story(caller.result)
    calling = asyncio.create_task(caller.run())

    async def recorded(turns: int) -> bool:
        rows = await asyncio.to_thread(running.database.read, lambda session: read_call(session, caller.call_sid))
        return len(rows.get("turns", [])) >= turns

    async def told(part: str) -> bool:
        story.told = await _server_messages(running, prepared.match)
        return any(part in text for text in story.told)

    async def calendar_answers() -> bool:
        return await told(AWAY) and AWAY not in story.told[-1]

    try:
        await _until(lambda: recorded(2))
        outage.begin()
        began = time.monotonic()
        ringing = asyncio.create_task(asyncio.to_thread(_ring, running, prepared.number, story))
        await _until(lambda: told(AWAY))
        await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
        await ringing
        outage.end()
        ended = time.monotonic()
        await _until(lambda: recorded(4))  # the wish and its answer, at least
        story.written_after_s = _fair_s(running, ended)
        await _until(calendar_answers)
        story.calendar_after_s = _fair_s(running, ended)
        await _until(lambda: told(CREATED))
        await asyncio.sleep(1.0)
        caller.hang_up()
        await calling
    finally:
        outage.end()
        calling.cancel()
    story.loop_late_s = await asyncio.to_thread(_loop_late_s, running)
    story.machine_late_s = running.watch.worst_ms(STALLED_S) / 1000
    story.result.machine = running.watch.since(story.result.zero_s)
    story.rows = await running.world().stored(prepared, story.result)
    return story


async def lose_socket(running: Stage, outage: Outage, seconds: float) -> tuple[CallResult, dict[str, Any]]:
    """One call whose media socket breaks while the database is away for so long; it ends once it talks again."""
    caller, prepared = await running.runner().place(call_of(1))
    calling = asyncio.create_task(caller.run())

    async def recorded(generation: int) -> bool:
        rows = await asyncio.to_thread(running.database.read, lambda session: read_call(session, caller.call_sid))
        return any(turn["generation"] == generation and turn["role"] == "agent" for turn in rows.get("turns", []))

    try:
        await _until(lambda: recorded(0))
        outage.begin()
        caller.hang_up("lost")
        await asyncio.sleep(seconds)
        outage.end()
        await _until(lambda: recorded(1))
        caller.hang_up()
        result = await calling
    finally:
        outage.end()
        calling.cancel()
    return result, await running.world().stored(prepared, result)


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not await condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s"
        await asyncio.sleep(0.05)


def _fair_s(running: Stage, since_s: float) -> float:
    """The time since then, without what the machine took of it."""
    now_s = time.monotonic()
    return now_s - since_s - running.watch.late_ms(since_s, now_s) / 1000


async def _server_messages(running: Stage, match: str) -> list[str]:
    query = {"match": match, "events": "1"}
    async with aiohttp.ClientSession() as http, http.get(f"{running.model_base}/control/sessions", params=query) as got:
        sessions: list[dict[str, Any]] = await got.json()
    items = [seen["event"].get("item", {}) for session in sessions for seen in session["received"]]
    return [item["content"][0]["text"] for item in items if item.get("role") == "system"]


def _ring(running: Stage, number: str, story: Story) -> None:
    """A new call while the database is away."""
    form = {"CallSid": "CA" + "f" * 32, "From": "+972509999999", "To": number, "CallStatus": "ringing"}
    request = urllib.request.Request(
        running.webhook_base + "/webhook/incoming_call", data=urllib.parse.urlencode(form).encode()
    )
    request.add_header("X-Twilio-Signature", sign(PUBLIC_BASE + "/webhook/incoming_call", form))
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        story.new_call = answer.read().decode()
    story.new_call_s = _fair_s(running, began)


def keeps_its_promises(story: Story) -> None:
    """All that is promised of such a call."""
    runs = unbroken(story.result)
    assert len(runs) >= 3
    # One that was hung up on is cut, and one that the calendar's word overtook was never heard.
    parts = [(run.answer, run.start_ms, run.end_ms) for run in runs[:-1]]
    assert all((start, end) == (0, ANSWER_MS) for _, start, end in parts), f"whole, no gap: {parts}"
    numbers = [run.answer for run in runs]
    assert numbers == sorted(set(numbers))
    assert len(story.result.streams) == 1
    before = story.told[: next(n for n, text in enumerate(story.told) if CREATED in text)]
    assert any(AWAY in text for text in before)
    assert not any("✅" in text for text in before), "nothing was confirmed before it was booked"
    assert "<Play" in story.new_call
    assert "<Hangup" in story.new_call
    assert story.new_call_s < TWILIO_GIVES_UP_S
    turns = story.rows["turns"]
    assert [turn["seq"] for turn in turns] == list(range(1, len(turns) + 1)), "no turn was lost"
    assert WISH in [turn["text"] for turn in turns]
    assert [one["status"] for one in story.rows["appointments"]] == ["booked"]
    assert (story.rows["rows"], story.rows["status"], story.rows["end_reason"]) == (1, "ended", "caller_hangup")
    assert story.written_after_s < RECOVERS_WITHIN_S
    assert story.calendar_after_s < RECOVERS_WITHIN_S
    assert story.loop_late_s < STALLED_S + story.machine_late_s


def _loop_late_s(running: Stage) -> float:
    with urllib.request.urlopen(running.webhook_base + "/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
    buckets = re.findall(r'assistant_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)', text)
    return min(float(le) for le, count in buckets if count == buckets[-1][1])
