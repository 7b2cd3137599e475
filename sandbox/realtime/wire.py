"""What goes over the wire: ids, event bodies and errors in the GA dialect. Pure.

Field names and shapes are those of `openai.types.realtime`; a test parses everything sent with those types.
"""

from __future__ import annotations

import itertools
import secrets
from typing import Any

Event = dict[str, Any]

_counter = itertools.count(1)
_salt = secrets.token_hex(4)

OLD_NAMES = {
    "response.output_audio.delta": "response.audio.delta",
    "response.output_audio.done": "response.audio.done",
    "response.output_audio_transcript.delta": "response.audio_transcript.delta",
    "response.output_audio_transcript.done": "response.audio_transcript.done",
    "response.output_text.delta": "response.text.delta",
    "response.output_text.done": "response.text.done",
    "conversation.item.added": "conversation.item.created",
}


def new_id(prefix: str) -> str:
    """An id like the service's: `item_1f09a77c00002b`, never the same twice."""
    return f"{prefix}_{_salt}{next(_counter):06x}"


class Refused(Exception):
    """A client event that draws an `error` event; the session goes on unless `close_code` says otherwise."""

    def __init__(
        self, code: str | None, message: str, *, param: str | None = None, close_code: int | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.param, self.close_code = code, message, param, close_code
        self.names_event = True  # whether error.event_id carries the id of the client event


def error(
    code: str | None,
    message: str,
    *,
    kind: str = "invalid_request_error",
    param: str | None = None,
    event_id: str | None = None,
) -> Event:
    """An `error` event. `event_id` is the client event's own, where it had one."""
    detail = {"type": kind, "code": code, "message": message, "param": param, "event_id": event_id}
    return {"type": "error", "error": detail}


def text_tokens(text: str) -> int:
    """Tokens of a text, at about four characters each."""
    return -(-len(text) // 4)


def input_audio_tokens(ms: float) -> int:
    """Tokens of heard sound: one for each 100 ms."""
    return round(ms / 100)


def output_audio_tokens(ms: float) -> int:
    """Tokens of spoken sound: one for each 50 ms."""
    return round(ms / 50)
