"""What the sandbox's text model understands of a call: the answers of the product's own built-in parser, in
the shape asked for.

It knows the request of `services/nlp/model.py` (the moment in the system message, the turns as JSON) and
fills the properties of the schema that it knows by name; anything else is answered with the emptiest value by
the chat endpoint.
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from typing import Any

import orjson

from sandbox.realtime.chat import emptiest
from sandbox.realtime.wire import Event
from services.nlp.parser import read_turns
from services.nlp.types import Turn

_NOW = re.compile(r"(\d{1,2} [A-Z][a-z]+ \d{4}), (\d{2}:\d{2})")


async def extract(messages: list[Event], schema: Event) -> Event | None:
    """The object for the last turns of a call; None when the request is not one of these."""
    return await asyncio.to_thread(_extract, messages, schema)


def _extract(messages: list[Event], schema: Event) -> Event | None:
    properties = schema.get("properties") or {}
    now, turns = _moment(messages), _turns(messages)
    if "intent" not in properties or now is None or not turns:
        return None
    parsed = read_turns(turns, now)
    known: dict[str, Any] = {
        "intent": parsed.intent,
        "date": parsed.day.isoformat() if parsed.day else None,
        "time": f"{parsed.clock:%H:%M}" if parsed.clock is not None else None,
        "name": parsed.name or None,
        "phone": parsed.phone or None,
        "confidence": parsed.confidence,
    }
    return {name: known[name] if name in known else emptiest(part, schema) for name, part in properties.items()}


def _moment(messages: list[Event]) -> datetime | None:
    for message in messages:
        if found := _NOW.search(str(message.get("content"))):
            return datetime.strptime(" ".join(found.groups()), "%d %B %Y %H:%M")
    return None


def _turns(messages: list[Event]) -> list[Turn]:
    try:
        data = orjson.loads(str(messages[-1].get("content")))
        return [Turn(turn["speaker"], turn["words"]) for turn in data]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        return []
