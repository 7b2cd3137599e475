"""What Google's services were asked in each call and what they did, for tests to look at and wait for. Written by the
server's loop, read by any thread.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.realtime.record import wait_until
from services.audio.g711 import BYTES_PER_MS


@dataclass(slots=True)
class StreamRecord:
    """One recognition stream. ended: half_closed, cancelled, or the name of the status that ended it."""

    config: Any = field(repr=False)
    metadata: dict[str, str] = field(repr=False)
    opened_s: float = field(default_factory=time.monotonic)
    closed_s: float | None = None
    ended: str = ""
    heard_bytes: int = 0
    chunks: int = 0
    largest_chunk: int = 0
    replies: list[Any] = field(default_factory=list, repr=False)

    @property
    def phrases(self) -> list[str]:
        """What the recogniser was told to expect."""
        return [phrase for context in self.config.config.speech_contexts for phrase in context.phrases]

    @property
    def finals(self) -> list[str]:
        """The transcripts that are settled, in order."""
        results = [result for reply in list(self.replies) for result in reply.results if result.is_final]
        return [result.alternatives[0].transcript if result.alternatives else "" for result in results]

    @property
    def partials(self) -> list[str]:
        """Each interim hypothesis, put together of its pieces."""
        told = []
        for reply in list(self.replies):
            pieces = [r.alternatives[0].transcript for r in reply.results if not r.is_final and r.alternatives]
            if pieces:
                told.append("".join(pieces))
        return told


@dataclass(slots=True)
class SpeechRecord:
    """One synthesis. ended: "" while it goes on, done, cancelled, or the name of a status."""

    text: str
    voice: str
    rate: float
    streamed: bool
    metadata: dict[str, str] = field(repr=False)
    asked_s: float = field(default_factory=time.monotonic)
    sent_bytes: int = 0
    first_sound_s: float | None = None
    ended: str = ""


@dataclass(slots=True)
class ChatRecord:
    """One streamed chat answer. number: of the scripted answer, None when it was made up. ended: as in SpeechRecord."""

    asked: dict[str, Any] = field(repr=False)
    number: int | None = None
    text: str = ""
    sent_text: str = ""
    asked_s: float = field(default_factory=time.monotonic)
    ended: str = ""

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation as the model was told it."""
        return list(self.asked.get("messages", []))


@dataclass(slots=True)
class CallRecord:
    """Everything that carried one id."""

    key: str
    match: str = ""
    streams: list[StreamRecord] = field(default_factory=list)
    speech: list[SpeechRecord] = field(default_factory=list)
    chats: list[ChatRecord] = field(default_factory=list)
    fixed: list[str] = field(default_factory=list)
    """Texts that were spoken and that no chat answer held."""

    @property
    def finals(self) -> list[str]:
        """The settled transcripts of all streams, in order."""
        return [final for stream in list(self.streams) for final in stream.finals]

    def wait_streams(self, count: int, timeout_s: float = 10.0) -> StreamRecord:
        """The `count`-th recognition stream; raises TimeoutError."""
        wait_until(lambda: len(self.streams) >= count, timeout_s, f"stream number {count}")
        return self.streams[count - 1]

    def wait_finals(self, count: int, timeout_s: float = 10.0) -> list[str]:
        """All finals, once there are this many; raises TimeoutError."""
        wait_until(lambda: len(self.finals) >= count, timeout_s, f"{count} finals")
        return self.finals

    def summary(self) -> dict[str, Any]:
        """This record as JSON for other processes."""
        return {
            "key": self.key,
            "match": self.match,
            "finals": self.finals,
            "fixed": list(self.fixed),
            "streams": [
                {
                    "ended": one.ended,
                    "opened_s": one.opened_s,
                    "closed_s": one.closed_s,
                    "heard_ms": one.heard_bytes // BYTES_PER_MS,
                    "chunks": one.chunks,
                    "largest_chunk": one.largest_chunk,
                    "phrases": one.phrases,
                    "language": one.config.config.language_code,
                    "model": one.config.config.model,
                    "finals": one.finals,
                    "partials": one.partials,
                }
                for one in list(self.streams)
            ],
            "speech": [
                {
                    "text": one.text,
                    "voice": one.voice,
                    "rate": one.rate,
                    "streamed": one.streamed,
                    "sent_bytes": one.sent_bytes,
                    "ended": one.ended,
                }
                for one in list(self.speech)
            ],
            "chats": [
                {"number": one.number, "text": one.text, "ended": one.ended, "messages": one.messages}
                for one in list(self.chats)
            ],
        }
