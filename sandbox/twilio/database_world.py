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
from services.accounts.businesses import create_business, own_voice_of
from services.accounts.seed import CLINIC, CLINIC_PROMPT, OFFICE, OFFICE_PROMPT
from services.audio.g711 import BYTES_PER_MS
from services.db.database import Database

T = TypeVar("T")
_BASES = {"clinic": (CLINIC_PROMPT, CLINIC), "office": (OFFICE_PROMPT, OFFICE)}


class DatabaseWorld:
    """`control_url` is the sandbox's address, e.g. http://127.0.0.1:5055; `google`: it plays Google's services."""

    def __init__(self, database: Database, control_url: str, *, google: bool = False) -> None:
        self._database = database
        self._control = control_url.rstrip("/") + "/control"
        self._google = google
        self._next_number = secrets.randbelow(10**7)  # numbers drawn one by one would meet again in a thousand calls

    async def prepare(self, scenario: Scenario) -> Prepared:
        """See World. The business has a number of its own and a prompt with a text that no other has."""
        match = f"Reference {secrets.token_hex(8)}."
        number = f"+9723{self._next_number % 10**7:07d}"
        self._next_number += 1
        prompt, settings = _BASES[scenario.business]
        settings = {**settings, **_settings(scenario)}
        if self._google:
            settings |= _for_google(scenario, settings, match)

        def create(session: Session) -> None:
            business = create_business(
                session,
                name=scenario.name,
                numbers=[number],
                prompt="\n".join(part for part in (prompt, scenario.prompt, match) if part),
                settings=settings,
                now=datetime.now(UTC),
            )
            if business.settings.greeting_clip is not None:
                business.settings.clips_made_of = own_voice_of(business.settings).fingerprint

        await self._write(create)
        for script in (scenario.model, *scenario.model_again):
            await self._post("/scripts", {"match": match, "script": script.model_dump(mode="json", exclude_unset=True)})
        return Prepared(number, match)

    async def stored(self, prepared: Prepared, result: CallResult) -> dict[str, Any]:
        """See World."""
        return await settled_call(self._database, result.call_sid)

    async def model(self, prepared: Prepared) -> dict[str, Any]:
        """See World."""
        if self._google:
            return summarise_google(await self._get("/calls", {"match": prepared.match}))
        return summarise(await self._get("/sessions", {"match": prepared.match, "events": "1"}))

    async def _write(self, change: Callable[[Session], T]) -> T:
        return await asyncio.to_thread(self._database.write, change)

    async def _get(self, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
        async with aiohttp.ClientSession() as http, http.get(self._control + path, params=query) as answer:
            found: list[dict[str, Any]] = await answer.json()
            return found

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


def _for_google(scenario: Scenario, settings: dict[str, Any], match: str) -> dict[str, Any]:
    """The recogniser is told no prompt, only words to expect; the greeting is the business's own, not the model's."""
    changes: dict[str, Any] = {"transcription_keywords": [*settings.get("transcription_keywords", []), match]}
    if scenario.model.answers and "greeting_text" not in scenario.settings:
        changes["greeting_text"] = scenario.model.answers[0].text
    return changes


def summarise(sessions: list[dict[str, Any]]) -> dict[str, Any]:
    """What a scenario may ask about the model's side, over all sessions of the call."""
    received: dict[str, int] = {}
    truncated_ms: list[int] = []
    instructions: list[str] = []
    for session in sessions:
        for seen in session["received"]:
            event = seen["event"]
            received[event["type"]] = received.get(event["type"], 0) + 1
            if event["type"] == "conversation.item.truncate":
                truncated_ms.append(event["audio_end_ms"])
            if told := event.get("response", {}).get("instructions"):
                instructions.append(told)
    return {
        "sessions": len(sessions),
        "received": received,
        "truncated_ms": truncated_ms,
        "instructions": instructions,
        "appended_ms": sum(session["append_bytes"] for session in sessions) // BYTES_PER_MS,
        "cancels": received.get("response.cancel", 0),
        "answers_asked": received.get("response.create", 0),
    }


def summarise_google(calls: list[dict[str, Any]]) -> dict[str, Any]:
    """The same of Google's services: an answer is asked for as a chat, or as a sentence that no chat answered with."""
    chats = [chat for call in calls for chat in call["chats"]]
    speech = [one for call in calls for one in call["speech"]]
    streams = [stream for call in calls for stream in call["streams"]]
    told = [chat["messages"][-1] for chat in chats if chat["messages"]]
    return {
        "sessions": len(calls),
        "streams": len(streams),
        "finals": [final for call in calls for final in call["finals"]],
        "spoken": [one["text"] for one in speech],
        "instructions": [message["content"] for message in told if message["role"] == "system"],
        "appended_ms": sum(stream["heard_ms"] for stream in streams),
        "cancels": sum(one["ended"] == "cancelled" for one in (*chats, *speech)),
        # A chat that was thrown away unheard has given its number to the next one.
        "answers_asked": sum(len({one["number"] for one in call["chats"]}) + len(call["fixed"]) for call in calls),
    }
