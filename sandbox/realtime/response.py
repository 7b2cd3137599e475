"""One response: its events in the documented order, its sound in deltas on time, and how it ends.

The sending is a generator that yields how long to wait; absolute deadlines keep the rate.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.realtime.brain import Piece, Plan
from sandbox.realtime.items import Item, new_message
from sandbox.realtime.session_config import SessionConfig
from sandbox.realtime.sound import chunks
from sandbox.realtime.wire import Event, new_id, output_audio_tokens, text_tokens
from services.audio.g711 import BYTES_PER_MS

_TEXT_LEAD_MS = 600  # the transcript runs a little ahead of the sound
_FOREVER = float("inf")


class Host(Protocol):
    """What a response needs of its session."""

    loop: asyncio.AbstractEventLoop
    config: SessionConfig

    def send(self, event: Event) -> None: ...
    def add_output(self, item: Item) -> str | None: ...
    def progress(self, response: Response) -> None: ...
    def finished(self, response: Response) -> None: ...
    def context_tokens(self) -> tuple[int, int, int]: ...


@dataclass(slots=True)
class _Open:
    """The item being sent: what of its text and sound is out."""

    item: Item
    index: int
    text: str = ""


class Response:
    """In progress from its creation until `finish`; `sent_ms` counts the sound that went out."""

    def __init__(self, host: Host, number: int, params: Event) -> None:
        self.id = new_id("resp")
        self.number = number
        self.params = params
        self.out_of_band = params.get("conversation") == "none"
        self.sent_ms = 0.0
        self.is_active = True
        self.status = "in_progress"
        self._host = host
        self._details: Event | None = None
        self._output: list[Item] = []
        self._open: _Open | None = None
        self._steps: Iterator[float] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = host.loop.time()
        self._spoken_text = ""
        self._plan: Plan | None = None

    @property
    def has_sound(self) -> bool:
        """Whether any of its sound was sent."""
        return self.sent_ms > 0

    def announce(self) -> None:
        """Send response.created."""
        self._host.send({"type": "response.created", "response": self.wire()})

    def deliver(self, plan: Plan) -> None:
        """Begin sending; harmless after the end."""
        if self.is_active and self._steps is None:
            self._plan = plan
            self._steps = self._sending(self._limited(plan))
            self._advance()

    def cancel(self, reason: str) -> None:
        """End it as cancelled; `reason` is turn_detected or client_cancelled."""
        self.finish("cancelled", reason)

    def finish(self, status: str, reason: str | None = None, error_code: str | None = None) -> None:
        """Close what is open and send response.done; harmless when done before."""
        if not self.is_active:
            return
        self.stop()
        self.status = status
        if status != "completed" or reason:
            self._details = {"type": status, "reason": reason}
        if error_code:
            message = "The server had an error while processing your request."
            self._details = {
                "type": status,
                "error": {"type": error_code, "code": error_code, "message": message},
            }
        if self._open:
            self._close_item("completed" if status == "completed" else "incomplete")
        self._host.send({"type": "response.done", "response": self.wire(self._usage())})
        self._host.finished(self)

    def stop(self) -> None:
        """End without a word: the connection is gone."""
        self.is_active = False
        if self._timer:
            self._timer.cancel()

    def wire(self, usage: Event | None = None) -> Event:
        """The response object as events carry it."""
        config = self._host.config.wire
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": self.status,
            "status_details": self._details,
            "output": [dict(item.wire) for item in self._output],
            "conversation_id": None if self.out_of_band else self.params["conversation_id"],
            "output_modalities": self._modalities(),
            "max_output_tokens": self._max_tokens(),
            "audio": {"output": {"format": {"type": self._format()}, "voice": config["audio"]["output"]["voice"]}},
            "usage": usage,
            "metadata": self.params.get("metadata"),
        }

    # -- sending

    def _advance(self) -> None:
        """Take steps until one has to wait."""
        assert self._steps is not None
        loop = self._host.loop
        while self.is_active:
            wait_s = next(self._steps, None)
            if wait_s is None or wait_s == _FOREVER:
                return
            self._due += wait_s
            if self._due > loop.time():
                self._timer = loop.call_at(self._due, self._advance)
                return

    def _sending(self, plan: Plan) -> Iterator[float]:
        yield plan.think_ms / 1000
        if plan.end_ms == 0 and plan.status != "completed":
            self.finish(plan.status, plan.reason, plan.error_code)
            return
        for index, piece in enumerate(plan.pieces):
            if index:
                self._close_item("completed")
            self._open_item(index)
            yield from self._speaking(piece, plan) if self._speaks() else self._writing(piece)
        if plan.never_done:
            yield _FOREVER
        self.finish(plan.status, plan.reason, plan.error_code)

    def _speaking(self, piece: Piece, plan: Plan) -> Iterator[float]:
        """Deltas of sound and transcript. The generator is dropped at a wait when the response ends."""
        assert self._open is not None
        audio_format = plan.format or self._format()
        total_ms = len(piece.sound) / BYTES_PER_MS
        stall_at_ms = plan.stall_at_ms
        for payload, size in chunks(piece.sound, plan.chunk_bytes, audio_format):
            size_ms = size / BYTES_PER_MS
            self._write_until(piece.text, (self._open.item.audio_ms + size_ms + _TEXT_LEAD_MS) / total_ms)
            self._send_part("response.output_audio.delta", delta=payload)
            self._open.item.audio_ms += size_ms
            self.sent_ms += size_ms
            self._host.progress(self)
            yield size_ms / 1000 / plan.rate if plan.rate else 0.0
            if stall_at_ms is not None and self.sent_ms >= stall_at_ms:
                stall_at_ms = None
                yield _FOREVER if plan.stall_ms is None else plan.stall_ms / 1000
        self._write_until(piece.text, 1.0)

    def _writing(self, piece: Piece) -> Iterator[float]:
        for tenth in range(1, 11):
            self._write_until(piece.text, tenth / 10)
            yield 0.01

    def _write_until(self, text: str, fraction: float) -> None:
        """Send the words of `text` up to this part of it."""
        assert self._open is not None
        end = len(text) if fraction >= 1 else text.rfind(" ", 0, int(len(text) * fraction) + 1) + 1
        delta = text[len(self._open.text) : end]
        if delta:
            kind = "output_audio_transcript" if self._speaks() else "output_text"
            self._open.text += delta
            self._send_part(f"response.{kind}.delta", delta=delta)

    # -- items

    def _open_item(self, index: int) -> None:
        item = Item(new_message("assistant", [], "in_progress"))
        self._open = _Open(item, index)
        self._output.append(item)
        self._send_item("response.output_item.added", index, item)
        if not self.out_of_band:
            previous = self._host.add_output(item)
            self._host.send({"type": "conversation.item.added", "previous_item_id": previous, "item": dict(item.wire)})
        part = {"type": "audio", "transcript": ""} if self._speaks() else {"type": "text", "text": ""}
        self._send_part("response.content_part.added", part=part)

    def _close_item(self, status: str) -> None:
        assert self._open is not None
        item, index, text = self._open.item, self._open.index, self._open.text
        self._spoken_text += text
        if self._speaks():
            self._send_part("response.output_audio.done")
            self._send_part("response.output_audio_transcript.done", transcript=text)
            self._send_part("response.content_part.done", part={"type": "audio", "transcript": text})
            content: Event = {"type": "output_audio", "transcript": text}
        else:
            self._send_part("response.output_text.done", text=text)
            self._send_part("response.content_part.done", part={"type": "text", "text": text})
            content = {"type": "output_text", "text": text}
        item.wire["status"] = status
        item.wire["content"] = [content]
        self._send_item("response.output_item.done", index, item)
        if not self.out_of_band:
            self._host.send({"type": "conversation.item.done", "item": dict(item.wire)})
        self._open = None

    def _send_item(self, kind: str, index: int, item: Item) -> None:
        event = {"type": kind, "response_id": self.id, "output_index": index, "item": dict(item.wire)}
        self._host.send(event)

    def _send_part(self, kind: str, **more: Any) -> None:
        assert self._open is not None
        event = {
            "type": kind,
            "response_id": self.id,
            "item_id": self._open.item.id,
            "output_index": self._open.index,
            "content_index": 0,
            **more,
        }
        self._host.send(event)

    # -- settings in force

    def _modalities(self) -> list[str]:
        return list(self.params.get("output_modalities") or self._host.config.wire["output_modalities"])

    def _speaks(self) -> bool:
        return self._modalities() == ["audio"]

    def _format(self) -> str:
        own = ((self.params.get("audio") or {}).get("output") or {}).get("format")
        return str(own["type"]) if own else self._host.config.output_format

    def _max_tokens(self) -> int | str:
        own: int | str | None = self.params.get("max_output_tokens")
        return own if own is not None else self._host.config.wire["max_output_tokens"]

    def _limited(self, plan: Plan) -> Plan:
        """The plan with its sound and text cut where it ends, by script or by max_output_tokens."""
        total_ms = sum(len(piece.sound) for piece in plan.pieces) / BYTES_PER_MS
        end_ms = total_ms if plan.end_ms is None else min(plan.end_ms, total_ms)
        limit = self._max_tokens()
        tokens = sum(text_tokens(piece.text) for piece in plan.pieces)
        tokens += output_audio_tokens(total_ms) if self._speaks() else 0
        status, reason, error_code = plan.status, plan.reason, plan.error_code
        if isinstance(limit, int) and tokens > limit and total_ms * limit / tokens < end_ms:
            end_ms = total_ms * limit / tokens
            status, reason, error_code = "incomplete", "max_output_tokens", None
        pieces = tuple(_cut(plan.pieces, end_ms)) if end_ms < total_ms else plan.pieces
        return Plan(
            pieces, plan.think_ms, plan.rate, plan.chunk_bytes, plan.format, status, reason, error_code,
            plan.end_ms, plan.stall_at_ms, plan.stall_ms, plan.never_done,
        )  # fmt: skip

    def _usage(self) -> Event:
        text_in, audio_in, cached = self._host.context_tokens()
        text_out, audio_out = text_tokens(self._spoken_text), output_audio_tokens(self.sent_ms)
        return {
            "total_tokens": text_in + audio_in + text_out + audio_out,
            "input_tokens": text_in + audio_in,
            "output_tokens": text_out + audio_out,
            "input_token_details": {
                "text_tokens": text_in,
                "audio_tokens": audio_in,
                "image_tokens": 0,
                "cached_tokens": cached,
                "cached_tokens_details": {"text_tokens": cached, "audio_tokens": 0, "image_tokens": 0},
            },
            "output_token_details": {"text_tokens": text_out, "audio_tokens": audio_out},
        }


def _cut(pieces: tuple[Piece, ...], end_ms: float) -> Iterator[Piece]:
    """Pieces up to this millisecond of their sound, the text of the last one in proportion."""
    left = int(end_ms) * BYTES_PER_MS
    for piece in pieces:
        if left >= len(piece.sound):
            yield piece
        elif left > 0:
            yield Piece(piece.text[: len(piece.text) * left // len(piece.sound)], piece.sound[:left])
        left -= len(piece.sound)
