"""The conversation as a chat model is given it: every turn as it was heard, [SERVER] facts in their place (C6). Pure.

What nobody heard is not in it: an answer that was cut holds the words until then, one that was thrown away is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict

_CHARACTERS_PER_S = 16  # of speech, where the end of a sentence's sound is not there yet


class Message(TypedDict):
    role: str
    content: str


@dataclass(slots=True)
class _Part:
    """One stretch of text and the sound made of it so far."""

    text: str
    sound_ms: float = 0
    is_whole: bool = False  # no more sound comes of it


@dataclass(slots=True)
class _Entry:
    role: str
    item_id: str = ""
    text: str = ""
    parts: list[_Part] = field(default_factory=list)

    @property
    def content(self) -> str:
        return " ".join(part.text for part in self.parts) if self.parts else self.text


class Memory:
    """One per session, used by one thread at a time. `instructions` are the prompt."""

    def __init__(self, instructions: str) -> None:
        self._instructions = instructions
        self._entries: list[_Entry] = []

    def messages(self, instructions: str | None = None, extra: str = "") -> list[Message]:
        """What a chat model is asked with. instructions: for this one answer. extra: words of the caller that are no
        turn yet."""
        said = [(entry.role, entry.content) for entry in self._entries]
        asked = [("system", self._instructions), *said, ("user", extra), ("system", instructions or "")]
        return [Message(role=role, content=content) for role, content in asked if content]

    # -- what was said -----------------------------------------------------------------------------------------

    def add(self, role: str, text: str, item_id: str = "") -> None:
        """A turn or a fact. role: system, user or assistant. A caller's turn may have no words yet."""
        self._entries.append(_Entry(role, item_id, text))

    def words(self, item_id: str, text: str) -> None:
        """The words of a caller's turn that was added without."""
        for entry in self._entries:
            if entry.item_id == item_id:
                entry.text = text

    def sentence(self, item_id: str, text: str, *, one_sound: bool = False) -> None:
        """The agent is going to say this, as part of an item. one_sound: all of the item is one piece of sound."""
        entry = self._find(item_id)
        if entry is None:
            entry = _Entry("assistant", item_id)
            self._entries.append(entry)
        if one_sound and entry.parts:
            entry.parts[-1].text += f" {text}"
        else:
            entry.parts.append(_Part(text))

    def sound(self, item_id: str, ms: float) -> None:
        """Sound of the latest sentence of an item was made."""
        entry = self._find(item_id)
        if entry is not None and entry.parts:
            entry.parts[-1].sound_ms += ms

    def sound_is_whole(self, item_id: str) -> None:
        """No more sound comes of the latest sentence of an item."""
        entry = self._find(item_id)
        if entry is not None and entry.parts:
            entry.parts[-1].is_whole = True

    def sound_ends(self, item_id: str) -> str:
        """No more sound comes of an item: text that has none was not said. What there is of it."""
        entry = self._find(item_id)
        if entry is None or not entry.parts:
            return ""
        last = entry.parts[-1]
        if not last.is_whole:
            last.text, last.is_whole = _beginning(last, last.sound_ms), True
        entry.parts = [part for part in entry.parts if part.text]
        return entry.content

    # -- what was heard of it -----------------------------------------------------------------------------------

    def truncate(self, item_id: str, heard_ms: float) -> None:
        """So much of an item was heard: the rest was never said."""
        entry = self._find(item_id)
        if entry is not None:
            entry.text, entry.parts = _heard(entry.parts, heard_ms), []
            if not entry.text:
                self._entries.remove(entry)

    def delete(self, item_id: str) -> None:
        self._entries = [entry for entry in self._entries if entry.item_id != item_id or not item_id]

    def _find(self, item_id: str) -> _Entry | None:
        return next((entry for entry in reversed(self._entries) if entry.item_id == item_id), None)


def _heard(parts: Sequence[_Part], heard_ms: float) -> str:
    """Whole sentences that were heard, and of the next one the words that fit."""
    heard = []
    for part in parts:
        if part.is_whole and heard_ms >= part.sound_ms:
            heard.append(part.text)
            heard_ms -= part.sound_ms
            continue
        heard.append(_beginning(part, heard_ms))
        break
    return " ".join(text for text in heard if text)


def _beginning(part: _Part, heard_ms: float) -> str:
    if part.is_whole and part.sound_ms:
        length = int(len(part.text) * heard_ms / part.sound_ms)
    else:
        length = int(heard_ms / 1000 * _CHARACTERS_PER_S)
    if length >= len(part.text):
        return part.text
    space = part.text.rfind(" ", 0, length + 1)
    return part.text[:space].rstrip() if space > 0 else ""
