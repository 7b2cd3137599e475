"""The conversation: its items in order, and what may be done to them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from openai.types.realtime import (
    RealtimeConversationItemAssistantMessage,
    RealtimeConversationItemFunctionCall,
    RealtimeConversationItemFunctionCallOutput,
    RealtimeConversationItemSystemMessage,
    RealtimeConversationItemUserMessage,
)
from pydantic import BaseModel

from sandbox.realtime.session_config import validate
from sandbox.realtime.wire import Event, Refused, input_audio_tokens, new_id, output_audio_tokens, text_tokens

_MESSAGES: dict[str, type[BaseModel]] = {
    "system": RealtimeConversationItemSystemMessage,
    "user": RealtimeConversationItemUserMessage,
    "assistant": RealtimeConversationItemAssistantMessage,
}
_OTHERS: dict[str, type[BaseModel]] = {
    "function_call": RealtimeConversationItemFunctionCall,
    "function_call_output": RealtimeConversationItemFunctionCallOutput,
}
_CONTENT = {
    "system": {"input_text"},
    "user": {"input_text", "input_audio", "input_image"},
    "assistant": {"output_text"},
}


@dataclass(slots=True)
class Item:
    """One item; `wire` is its form in events, `audio_ms` the sound that belongs to it (heard or generated)."""

    wire: Event
    audio_ms: float = 0.0
    truncated_at_ms: float | None = None

    @property
    def id(self) -> str:
        """The item's id."""
        return str(self.wire["id"])

    @property
    def role(self) -> str:
        """system, user, assistant, or empty for what is no message."""
        return str(self.wire.get("role", ""))

    @property
    def text(self) -> str:
        """Everything written or transcribed in it."""
        parts = self.wire.get("content", [])
        return " ".join(part.get("text") or part.get("transcript") or "" for part in parts).strip()

    @property
    def is_spoken(self) -> bool:
        """Whether it is the model's own sound."""
        return self.role == "assistant" and any(p["type"] == "output_audio" for p in self.wire["content"])


@dataclass(slots=True)
class Conversation:
    """The default conversation of a session."""

    id: str = field(default_factory=lambda: new_id("conv"))
    items: list[Item] = field(default_factory=list)

    def append(self, item: Item) -> str | None:
        """Add at the end; returns the id of the item before it."""
        previous = self.items[-1].id if self.items else None
        self.items.append(item)
        return previous

    def create(self, wire: Any, previous_item_id: str | None) -> tuple[Item, str | None]:
        """A client's item, put where it belongs: the item and the id before it. Raises Refused."""
        item = Item(_checked(wire))
        if self.find(item.id):
            message = f"Item with id '{item.id}' already exists."
            raise Refused("item_create_duplicate_item_id", message, param="item.id")
        if previous_item_id is None:
            return item, self.append(item)
        if previous_item_id == "root":
            self.items.insert(0, item)
            return item, None
        before = self._must_find(previous_item_id, "create", "previous_item_id")
        self.items.insert(self.items.index(before) + 1, item)
        return item, previous_item_id

    def delete(self, item_id: str) -> None:
        """Raises Refused when there is no such item."""
        self.items.remove(self._must_find(item_id, "delete", "item_id"))

    def retrieve(self, item_id: str) -> Item:
        """Raises Refused when there is no such item."""
        return self._must_find(item_id, "retrieve", "item_id")

    def truncate(self, item_id: str, content_index: int, audio_end_ms: int) -> Item:
        """Cut the model's sound; its transcript goes. Raises Refused for another item or beyond what was
        generated.
        """
        item = self._must_find(item_id, "truncate", "item_id")
        if not item.is_spoken:
            raise Refused(None, "Only model output audio messages can be truncated", param="item_id")
        if content_index != 0:
            raise Refused("invalid_value", "Invalid 'content_index': only 0 is allowed.", param="content_index")
        if audio_end_ms < 0:
            raise Refused("integer_below_min_value", "Invalid 'audio_end_ms': below 0.", param="audio_end_ms")
        has_ms = item.audio_ms if item.truncated_at_ms is None else item.truncated_at_ms
        if audio_end_ms > has_ms:
            message = f"Audio content of {int(has_ms)}ms is already shorter than {audio_end_ms}ms"
            raise Refused("invalid_value", message, param="audio_end_ms")
        item.truncated_at_ms = audio_end_ms
        item.wire["content"] = [{"type": part["type"]} for part in item.wire["content"]]
        return item

    def find(self, item_id: str) -> Item | None:
        """The item with this id, if it is there."""
        return next((item for item in self.items if item.id == item_id), None)

    def tokens(self) -> tuple[int, int]:
        """Text and audio tokens of everything in it."""
        text = audio = 0
        for item in self.items:
            heard_ms = item.audio_ms if item.truncated_at_ms is None else item.truncated_at_ms
            count = output_audio_tokens if item.role == "assistant" else input_audio_tokens
            audio += count(heard_ms)
            if not item.audio_ms:
                text += text_tokens(item.text)
        return text, audio

    def _must_find(self, item_id: str, verb: str, param: str) -> Item:
        item = self.find(item_id)
        if item is None:
            code = f"item_{verb}_invalid_{param}"
            message = f"Error: the item with id '{item_id}' does not exist in the conversation."
            raise Refused(code, message, param=param)
        return item


def new_message(role: str, content: list[Event], status: str) -> Event:
    """A message item the server itself creates."""
    return {
        "id": new_id("item"),
        "object": "realtime.item",
        "type": "message",
        "status": status,
        "role": role,
        "content": content,
    }


def _checked(wire: Any) -> Event:
    if not isinstance(wire, dict):
        raise Refused("missing_required_parameter", "Missing required parameter: 'item'.", param="item")
    kind = str(wire.get("type"))
    if kind == "message":
        role = str(wire.get("role"))
        if role not in _MESSAGES:
            raise Refused("invalid_value", f"Invalid value: {role!r} for 'item.role'.", param="item.role")
        validate(_MESSAGES[role], wire, "item")
        _check_content(role, wire["content"])
    elif kind in _OTHERS:
        validate(_OTHERS[kind], wire, "item")
    else:
        raise Refused("invalid_value", f"Invalid value: {kind!r} for 'item.type'.", param="item.type")
    return {**wire, "id": wire.get("id") or new_id("item"), "object": "realtime.item", "status": "completed"}


def _check_content(role: str, content: list[Event]) -> None:
    for number, part in enumerate(content):
        kind = part.get("type")
        if kind not in _CONTENT[role]:
            allowed = ", ".join(f"'{name}'" for name in sorted(_CONTENT[role]))
            message = f"Invalid value: {kind!r}. Supported values for role {role!r} are: {allowed}."
            raise Refused("invalid_value", message, param=f"item.content[{number}].type")
        if kind.endswith("_text") and not isinstance(part.get("text"), str):
            where = f"item.content[{number}].text"
            message = f"Missing required parameter: {where!r}."
            raise Refused("missing_required_parameter", message, param=where)
