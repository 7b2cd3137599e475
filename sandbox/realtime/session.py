"""One Realtime session: client events in, server events out, in the order the service documents.

Everything here runs in the server's event loop and never waits; time comes from the loop's timers, audio time
from the sound.
"""

from __future__ import annotations

import asyncio
import binascii
import time
from collections.abc import Callable
from typing import Any

import orjson

from sandbox.realtime.brain import Brain, HeardTurn, Question
from sandbox.realtime.caller_audio import CallerAudio
from sandbox.realtime.faults import Faults, expire
from sandbox.realtime.items import Conversation, Item, new_message
from sandbox.realtime.line import Line
from sandbox.realtime.record import SessionRecord
from sandbox.realtime.response import Response
from sandbox.realtime.script import Script
from sandbox.realtime.session_config import SessionConfig, beta_shape, check_response
from sandbox.realtime.transcription import Transcription
from sandbox.realtime.wire import OLD_NAMES, Event, Refused, error, new_id
from services.audio.g711 import BYTES_PER_MS

_MOST_APPENDED = 15 * 1024 * 1024
_LEAST_COMMITTED_MS = 100.0
_TOKENS_PER_MINUTE = 10_000_000


Choose = Callable[[str], tuple[Brain, Script]]
"""A session's instructions -> its brain, and a script for what no brain decides: faults, limits, names."""


class Session:
    """`choose` is asked once, when the session is first configured or used."""

    def __init__(self, record: SessionRecord, line: Line, choose: Choose) -> None:
        self.loop = asyncio.get_running_loop()
        self.record = record
        self.line = line
        self.config = SessionConfig(record.id, record.model, int(time.time()) + 3600)
        self._choose = choose
        self._brain: Brain | None = None
        self._faults = Faults([])
        self._old_names = False
        self._conversation = Conversation()
        self._audio = CallerAudio()
        self._transcription = Transcription(self.loop, self.send)
        self._responses: dict[str, Response] = {}
        self._response_count = 0
        self._turn_count = 0
        self._turn_item = ""
        self._turn_start_ms = 0.0
        self._idle_at_ms = float("inf")
        self._idle_from_ms = 0.0
        self._cached_tokens = 0
        self._has_spoken = False
        self._detects: Event | None = None
        self._is_over = False
        self._limit: asyncio.TimerHandle | None = None
        self._handlers: dict[str, Callable[[Event], None]] = {
            "session.update": self._update,
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit_by_client,
            "input_audio_buffer.clear": self._clear,
            "conversation.item.create": self._create_item,
            "conversation.item.retrieve": self._retrieve_item,
            "conversation.item.delete": self._delete_item,
            "conversation.item.truncate": self._truncate_item,
            "response.create": self._create_response,
            "response.cancel": self._cancel_response,
            "output_audio_buffer.clear": self._clear_output,
        }
        record.items = self._conversation.items
        record.session = self.config.wire

    # -- life

    def begin(self, *, beta: bool) -> None:
        """The connection is open; `beta` says that the client asked for the dead dialect."""
        if beta:
            self._refuse(beta_shape(), None)
            return
        self.send({"type": "session.created", "session": self.config.wire})

    def end(self) -> None:
        """The connection is gone or about to close: stop every timer."""
        self._is_over = True
        for response in self._responses.values():
            response.stop()
        self._responses.clear()
        self._transcription.close()
        if self._brain:
            self._brain.close()
        if self._limit:
            self._limit.cancel()

    def receive(self, data: str | bytes) -> None:
        """Take one text message from the client."""
        if self._is_over:
            return
        try:
            event = orjson.loads(data)
            kind = event["type"]
            handler = self._handlers.get(kind)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            self.send(error("invalid_json", "The message is not a JSON object with a 'type'."))
            return
        if kind == "input_audio_buffer.append":
            self._guarded(self._append, event)
            return
        self.record.note_received(event)
        if handler is None:
            names = ", ".join(f"'{name}'" for name in self._handlers)
            message = f"Invalid value: '{kind}'. Supported values are: {names}."
            handler = _refusing(Refused("invalid_value", message, param="type"))
        self._guarded(handler, event)

    def receive_binary(self) -> None:
        """Binary frames are no part of the protocol."""
        self.send(error("invalid_json", "Binary messages are not supported."))

    def send(self, event: Event) -> None:
        """Send one event; it gets its id here."""
        if self._is_over:
            return
        event["event_id"] = new_id("event")
        if self._old_names:
            event["type"] = OLD_NAMES.get(event["type"], event["type"])
        self.record.note_sent(event)
        self.line.send(orjson.dumps(event))

    def _guarded(self, handler: Callable[[Event], None], event: Event) -> None:
        try:
            handler(event)
        except Refused as refused:
            self._refuse(refused, event.get("event_id"))

    def _refuse(self, refused: Refused, event_id: str | None) -> None:
        named = event_id if refused.names_event else None
        self.send(error(refused.code, refused.message, param=refused.param, event_id=named))
        if refused.close_code:
            self.line.close(refused.close_code, refused.message[:120])
            self.end()

    # -- session

    def _update(self, event: Event) -> None:
        self.config.update(event.get("session"), has_spoken=self._has_spoken)
        self._settle()
        if not self._faults.at_session_update(self):
            self.send({"type": "session.updated", "session": self.config.wire})

    def _settle(self) -> None:
        """Put the configuration into force; the first time, also what the script says about the session as a
        whole.
        """
        brain = self._brain
        if brain is None:
            brain, script = self._choose(self.config.instructions)
            self._brain = brain
            self._faults = Faults(script.faults)
            self._old_names = script.old_names
            self._limit = self.loop.call_later(script.session_limit_ms / 1000, expire, self)
        brain.configured(self.config)
        self._apply_config(brain)

    def _apply_config(self, brain: Brain) -> None:
        self.record.session = self.config.wire
        if self._audio.sound.format != self.config.input_format:
            self._audio.sound.format = self.config.input_format
        wanted = self.config.turn_detection
        if wanted != self._detects:
            self._detects = wanted
            self._audio.detector = brain.detector(wanted) if wanted else None

    # -- the caller's sound

    def _append(self, event: Event) -> None:
        try:
            data = binascii.a2b_base64(event["audio"], strict_mode=True)
        except (KeyError, TypeError, ValueError) as exc:
            message = "Invalid 'audio'. Expected base64-encoded audio bytes."
            raise Refused("invalid_value", message, param="audio") from exc
        if len(data) > _MOST_APPENDED:
            raise Refused("invalid_value", "Invalid 'audio': more than 15 MiB.", param="audio")
        self.record.heard(data)
        if self._brain is None:
            self._settle()
        audio = self._audio
        audio.append(data)
        while decision := audio.scan():
            if decision == "started":
                self._speech_started()
            else:
                self._speech_stopped()
        now_ms = audio.now_ms
        if now_ms >= self._faults.audio_at_ms:
            self._faults.at_audio(self, now_ms)
        if now_ms >= self._idle_at_ms and not audio.speaking:
            self._idle()

    def _speech_started(self) -> None:
        settings = self.config.turn_detection or {}
        assert self._audio.detector is not None
        padding = settings.get("prefix_padding_ms", 300)
        self._turn_start_ms = max(0.0, self._audio.detector.onset_ms - padding)
        self._turn_item = new_id("item")
        self._idle_at_ms = float("inf")
        event = {"type": "input_audio_buffer.speech_started", "item_id": self._turn_item}
        self.send({**event, "audio_start_ms": int(self._turn_start_ms)})
        active = self._active()
        if active and settings.get("interrupt_response"):
            active.cancel("turn_detected")

    def _speech_stopped(self) -> None:
        settings = self.config.turn_detection or {}
        event = {"type": "input_audio_buffer.speech_stopped", "item_id": self._turn_item}
        self.send({**event, "audio_end_ms": int(self._audio.now_ms)})
        self._commit(self._turn_item, self._audio.take(self._turn_start_ms))
        if settings.get("create_response"):
            self._respond({})

    def _commit(self, item_id: str, sound: bytes) -> None:
        """The turn becomes an item; its words follow when they are known."""
        wire = new_message("user", [{"type": "input_audio", "transcript": None}], "completed")
        item = Item({**wire, "id": item_id}, audio_ms=len(sound) / BYTES_PER_MS)
        previous = self._conversation.append(item)
        self.send({"type": "input_audio_buffer.committed", "item_id": item_id, "previous_item_id": previous})
        self._announce_item(item, previous)
        self._turn_count += 1
        if self._brain:
            turn = HeardTurn(item_id, sound, self._turn_count)
            self._transcription.begin(self._brain, item, turn, self.config.transcribes)

    def _idle(self) -> None:
        """Nothing was said for as long as idle_timeout_ms after the answer was heard."""
        item_id = new_id("item")
        end_ms = self._audio.now_ms
        self._idle_at_ms = float("inf")
        event = {"type": "input_audio_buffer.timeout_triggered", "item_id": item_id}
        self.send({**event, "audio_start_ms": int(self._idle_from_ms), "audio_end_ms": int(end_ms)})
        self._commit(item_id, self._audio.take(self._idle_from_ms))
        self._respond({})

    def _commit_by_client(self, event: Event) -> None:
        buffered_ms = self._audio.buffered_ms
        if buffered_ms < _LEAST_COMMITTED_MS:
            message = (
                "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
                f"but buffer only has {buffered_ms:.2f}ms of audio."
            )
            raise Refused("input_audio_buffer_commit_empty", message)
        item_id = self._turn_item if self._audio.speaking else new_id("item")
        self._commit(item_id, self._audio.take())

    def _clear(self, event: Event) -> None:
        self._audio.clear()
        self.send({"type": "input_audio_buffer.cleared"})

    # -- items

    def _create_item(self, event: Event) -> None:
        item, previous = self._conversation.create(event.get("item"), event.get("previous_item_id"))
        self._announce_item(item, previous)

    def _announce_item(self, item: Item, previous: str | None) -> None:
        for kind in ("conversation.item.added", "conversation.item.done"):
            self.send({"type": kind, "previous_item_id": previous, "item": dict(item.wire)})

    def _retrieve_item(self, event: Event) -> None:
        item = self._conversation.retrieve(_text(event, "item_id"))
        self.send({"type": "conversation.item.retrieved", "item": dict(item.wire)})

    def _delete_item(self, event: Event) -> None:
        item_id = _text(event, "item_id")
        self._conversation.delete(item_id)
        self.send({"type": "conversation.item.deleted", "item_id": item_id})

    def _truncate_item(self, event: Event) -> None:
        item_id = _text(event, "item_id")
        index, end_ms = event.get("content_index"), event.get("audio_end_ms")
        if not isinstance(index, int) or not isinstance(end_ms, int):
            message = "'content_index' and 'audio_end_ms' must be integers."
            raise Refused("invalid_type", message, param="audio_end_ms")
        self._conversation.truncate(item_id, index, end_ms)
        done = {"type": "conversation.item.truncated", "item_id": item_id}
        self.send({**done, "content_index": index, "audio_end_ms": end_ms})

    # -- responses

    def _create_response(self, event: Event) -> None:
        params = check_response(event.get("response"))
        if self._brain is None:
            self._settle()
        self._respond(params)

    def _respond(self, params: Event) -> None:
        """Begin an answer, asked for by the client or by a turn's end. Raises Refused while one is in
        progress.
        """
        active = self._active()
        if active and params.get("conversation") != "none":
            message = (
                f"Conversation already has an active response in progress: {active.id}. "
                "Wait until the response is finished before creating a new one."
            )
            refused = Refused("conversation_already_has_active_response", message)
            refused.names_event = False  # field reports show null here
            raise refused
        response = Response(self, self._response_count, {**params, "conversation_id": self._conversation.id})
        self._response_count += 1
        self._responses[response.id] = response
        response.announce()
        self._faults.at_answer(self, response.number, 0.0)
        if not self._is_over and self._brain:
            self._brain.answer(self._question(params), response.deliver)

    def _question(self, params: Event) -> Question:
        own = params.get("instructions")
        return Question(
            instructions=self.config.instructions if own is None else own,
            own_instructions=own is not None,
            items=self._context(params.get("input")),
        )

    def _context(self, own_input: list[Event] | None) -> tuple[Item, ...]:
        """The conversation, or the items and references that a response brings along instead."""
        if own_input is None:
            return tuple(self._conversation.items)
        found = [
            self._conversation.find(wire.get("id", ""))
            if wire["type"] == "item_reference"
            else Item({"id": "", **wire})
            for wire in own_input
        ]
        return tuple(item for item in found if item)

    def _cancel_response(self, event: Event) -> None:
        wanted = event.get("response_id")
        response = self._active() if wanted is None else self._responses.get(str(wanted))
        if response is None:
            message = "Cancellation failed: no active response found"
            raise Refused("response_cancel_not_active", message)
        response.cancel("client_cancelled")

    def _clear_output(self, event: Event) -> None:
        raise Refused("invalid_value", "output_audio_buffer.clear is only for WebRTC and SIP.", param="type")

    def _active(self) -> Response | None:
        """The response that writes to the default conversation."""
        return next((one for one in self._responses.values() if not one.out_of_band), None)

    # -- what a response tells its host

    def add_output(self, item: Item) -> str | None:
        """Its item joins the conversation."""
        return self._conversation.append(item)

    def progress(self, response: Response) -> None:
        """More of its sound was sent."""
        self._has_spoken = True
        self._faults.at_answer(self, response.number, response.sent_ms)

    def finished(self, response: Response) -> None:
        """Its response.done was sent."""
        self._responses.pop(response.id, None)
        left = {"name": "tokens", "limit": _TOKENS_PER_MINUTE, "remaining": _TOKENS_PER_MINUTE - 4000}
        self.send({"type": "rate_limits.updated", "rate_limits": [{**left, "reset_seconds": 0.024}]})
        settings = self.config.turn_detection
        idle_ms = settings.get("idle_timeout_ms") if settings else None
        if idle_ms and not response.out_of_band:
            self._idle_from_ms = self._audio.now_ms + response.sent_ms
            self._idle_at_ms = self._idle_from_ms + idle_ms

    def context_tokens(self) -> tuple[int, int, int]:
        """Text and audio tokens of the context, and how many of them an earlier response had already seen."""
        text, audio = self._conversation.tokens()
        text += len(self.config.instructions) // 4
        cached, self._cached_tokens = min(self._cached_tokens, text), text
        return text, audio, cached


def _refusing(refused: Refused) -> Callable[[Event], None]:
    def refuse(event: Event) -> None:
        raise refused

    return refuse


def _text(event: Event, name: str) -> str:
    value: Any = event.get(name)
    if not isinstance(value, str):
        raise Refused("missing_required_parameter", f"Missing required parameter: '{name}'.", param=name)
    return value
