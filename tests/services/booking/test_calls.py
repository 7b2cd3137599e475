"""Two callers on real sockets want one time: one hears of a row that is there, the other gets alternatives (A3–A6)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.twilio.result import CallResult
from sandbox.twilio.scenario import Scenario
from sandbox.twilio.stage import Stage, stage
from services.calls.lifecycle import find_call
from services.db.models import Appointment, ServerEvent, Turn, TurnRole

EVERY_DAY = {day: [["08:00", "20:00"]] for day in ("sun", "mon", "tue", "wed", "thu", "fri", "sat")}
STREAM_STARTS_WITHIN_MS = 1500  # rows count from the first webhook, turns from the stream's first frame
WISH = "אני רוצה לקבוע תור מחר בעשר בבוקר"


def said(*texts: str) -> list[dict[str, Any]]:
    return [{"text": text} for text in texts]


def script(*heard: str) -> dict[str, Any]:
    """A model that hears this and says something harmless each time."""
    answers = [{"text": text, "length_ms": 700} for text in ("רגע.", "כן.", "תודה.", "בסדר.", "הבנתי.", "הנה.")]
    return {"answers": answers, "transcripts": said(*heard)}


def turns(*clips: str) -> list[dict[str, Any]]:
    """The caller's sentences, each when the agent is done."""
    first = {"clip": clips[0], "at_ms": 400}
    return [first, *({"clip": clip, "agent_done_ms": 1500} for clip in clips[1:])]


FIRST = Scenario.model_validate(
    {
        "about": "books by voice and keypad, and is in no hurry",
        "settings": {
            "enable_greeting": False,
            "observe_holidays": False,
            "caller_id_allowed": False,
            "opening_hours_json": EVERY_DAY,
        },
        "call": {"number": "+972501111111"},
        "model": script(WISH, "רגע, אני מחפשת משהו", "קוראים לי דנה כהן"),
        "model_again": [script(WISH, "עשר וחצי מתאים לי", "קוראים לי רון לוי")],  # the second caller's
        "caller": [
            *turns(
                "en-sentence-followme_no-recording.ulaw",
                "en-sentence-vm-savefolder.ulaw",
                "en-sentence-vm-whichbox.ulaw",
            ),
            {"keys": "0501111111#", "agent_done_ms": 1500},
            {"hang_up": "stop", "agent_done_ms": 1500},
        ],
        "path": Path(__file__),
    }
)
SECOND = Scenario.model_validate(
    {
        "about": "wants the same time",
        "call": {"number": "+972502222222"},
        "caller": [
            *turns(
                "en-sentence-followme_no-recording.ulaw",
                "en-sentence-vm-savefolder.ulaw",
                "en-sentence-vm-whichbox.ulaw",
            ),
            {"keys": "0502222222#", "agent_done_ms": 1500},
            {"hang_up": "stop", "agent_done_ms": 1500},
        ],
        "path": Path(__file__),
    }
)


def rows(running: Stage, call_sid: str) -> dict[str, Any]:
    """What the database holds of a call: when the row came to be, what was told, when the agent spoke."""

    def find(session: Session) -> dict[str, Any]:
        call = find_call(session, call_sid)
        assert call is not None

        def every(model: Any) -> list[Any]:
            return list(session.scalars(select(model).where(model.call_id == call.id).order_by(model.id)))

        return {
            "started": call.started_at,
            "appointments": [(one.starts_at, one.name, one.created_at) for one in every(Appointment)],
            "told": [(one.kind, one.text, one.at_ms) for one in every(ServerEvent)],
            "agent": [one.started_ms for one in every(Turn) if one.role is TurnRole.AGENT],
        }

    return running.database.read(find)


def play_together(running: Stage, first: Scenario, second: Scenario) -> tuple[CallResult, CallResult]:
    """The second caller dials the first one's business once the first holds the slot."""

    async def play() -> tuple[CallResult, CallResult]:
        runner = running.runner()
        one, prepared = await runner.place(first)
        two, _ = await runner.place(second)
        two.result.to = prepared.number
        calling = asyncio.create_task(one.run())
        while "slot_available" not in await asyncio.to_thread(kinds, running, one.call_sid):
            await asyncio.sleep(0.1)
        return await asyncio.gather(calling, two.run())

    return asyncio.run(asyncio.wait_for(play(), 90))


def kinds(running: Stage, call_sid: str) -> list[str]:
    def find(session: Session) -> list[str]:
        call = find_call(session, call_sid)
        if call is None:
            return []
        return list(session.scalars(select(ServerEvent.kind).where(ServerEvent.call_id == call.id)))

    return running.database.read(find)


def test_one_caller_gets_the_time_and_the_other_gets_alternatives(tmp_path: Path) -> None:
    with stage(tmp_path) as running:
        one, two = play_together(running, FIRST, SECOND)
        first, second = rows(running, one.call_sid), rows(running, two.call_sid)
    assert [kind for kind, *_ in first["told"]] == ["slot_available", "need_name", "need_phone", "appointment_created"]
    assert [kind for kind, *_ in second["told"]] == [
        "slot_unavailable",
        "slot_available",
        "need_name",
        "need_phone",
        "appointment_created",
    ]
    assert "10:30" in second["told"][0][1]
    assert [name for _, name, _ in first["appointments"]] == ["דנה כהן"]
    assert [name for _, name, _ in second["appointments"]] == ["רון לוי"]
    assert second["appointments"][0][0] != first["appointments"][0][0]
    for call in (first, second):
        # The row was there when the model was told, and the agent spoke of it only after that.
        [(_, _, created_at)] = call["appointments"]
        booked_ms = (created_at - call["started"]).total_seconds() * 1000
        told_ms = call["told"][-1][2]
        assert booked_ms <= told_ms + 1
        assert max(call["agent"]) + STREAM_STARTS_WITHIN_MS >= told_ms
