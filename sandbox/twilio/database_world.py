"""The world of scenarios on a running installation: its database for businesses and rows, /control for scripts."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import aiohttp
from sqlalchemy.orm import Session

from sandbox.twilio.call_rows import settled_call
from sandbox.twilio.clips import load_clip
from sandbox.twilio.result import CallResult
from sandbox.twilio.scenario import Scenario
from sandbox.twilio.scenario_runner import Prepared
from services.businesses import create_business
from services.database import Database
from services.seed import CLINIC, CLINIC_PROMPT, OFFICE, OFFICE_PROMPT

T = TypeVar("T")
_BASES = {"clinic": (CLINIC_PROMPT, CLINIC), "office": (OFFICE_PROMPT, OFFICE)}


class DatabaseWorld:
    """`control_url` is the sandbox model's address, e.g. http://127.0.0.1:5055."""

    def __init__(self, database: Database, control_url: str) -> None:
        self._database = database
        self._control = control_url.rstrip("/") + "/control"
        self._next_number = secrets.randbelow(10**7)  # numbers drawn one by one would meet again in a thousand calls

    async def prepare(self, scenario: Scenario) -> Prepared:
        """See World. The business has a number of its own and a prompt with a text that no other has."""
        match = f"Reference {secrets.token_hex(8)}."
        number = f"+9723{self._next_number % 10**7:07d}"
        self._next_number += 1
        prompt, settings = _BASES[scenario.business]

        def create(session: Session) -> None:
            create_business(
                session,
                name=scenario.name,
                numbers=[number],
                prompt="\n".join(part for part in (prompt, scenario.prompt, match) if part),
                settings={**settings, **_settings(scenario)},
                now=datetime.now(UTC),
            )

        await self._write(create)
        for script in (scenario.model, *scenario.model_again):
            await self._post("/scripts", {"match": match, "script": script.model_dump(mode="json", exclude_unset=True)})
        return Prepared(number, match)

    async def stored(self, prepared: Prepared, result: CallResult) -> dict[str, Any]:
        """See World."""
        return await settled_call(self._database, result.call_sid)

    async def model(self, prepared: Prepared) -> dict[str, Any]:
        """See World."""
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{self._control}/sessions", params={"match": prepared.match, "events": "1"}) as answer,
        ):
            return summarise(await answer.json())

    async def _write(self, change: Callable[[Session], T]) -> T:
        return await asyncio.to_thread(self._database.write, change)

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        async with aiohttp.ClientSession() as http, http.post(self._control + path, json=body) as answer:
            if answer.status != 200:
                raise RuntimeError(f"{path} answered {answer.status}: {await answer.text()}")


def _settings(scenario: Scenario) -> dict[str, Any]:
    """The file names the greeting's recording; the column holds its sound."""
    settings = dict(scenario.settings)
    if "greeting_clip" in settings:
        settings["greeting_clip"] = load_clip(settings["greeting_clip"], scenario.path.parent)
    return settings


def summarise(sessions: list[dict[str, Any]]) -> dict[str, Any]:
    """What a scenario may ask about the model's side, over all sessions of the call."""
    received: dict[str, int] = {}
    truncated_ms: list[int] = []
    for session in sessions:
        for seen in session["received"]:
            event = seen["event"]
            received[event["type"]] = received.get(event["type"], 0) + 1
            if event["type"] == "conversation.item.truncate":
                truncated_ms.append(event["audio_end_ms"])
    return {
        "sessions": len(sessions),
        "received": received,
        "truncated_ms": truncated_ms,
        "appended_ms": sum(session["append_bytes"] for session in sessions) // 8,
        "cancels": received.get("response.cancel", 0),
        "answers_asked": received.get("response.create", 0),
    }
