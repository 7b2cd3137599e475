"""A lean fake Realtime model: one listener per session, GA events, answers five times as fast as real time.

Speaks mu-law where a session asks for it, else 24 kHz PCM, which is the API's default.
"""

from __future__ import annotations

import random
import re
from binascii import b2a_base64
from typing import TYPE_CHECKING, Any

import orjson
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from bench.load_world import WITHHELD, World, audible, is_loud, tag_of, to_pcm

if TYPE_CHECKING:
    from bench.load_caller import Caller

DELTA_BYTES = 800  # 100 ms: 1.2 KB as JSON
DELTAS = 50  # 5 s of answer
DELTA_EVERY_S = 0.02  # five times real time
THINK_S = 0.4  # from the end of a turn to the first sound
TRANSCRIPT_S = 0.3  # from the end of a turn to its words
# Both sides say something else each time: an assistant that repeats itself is taken for stuck, and is.
VOCABULARY = (  # noqa: SIM905
    "צבע עץ רחוב חניה קומה מעלית מרפאה רופא בדיקה מחיר תשלום קבלה ביטוח מסמך תעודה כתובת שכונה תחנה אוטובוס רכבת "
    "חורף קיץ גשם שמש דלת חלון שולחן כיסא ספר עיתון מחשב טלפון מכתב חבילה מפתח ארנק תיק משקפיים כובע מעיל נעליים לחם"
).split()
QUESTION_WORDS, ANSWER_WORDS = 5, 17


def words(count: int) -> str:
    return " ".join(random.sample(VOCABULARY, count))


class ModelSession(WSListener):
    """One websocket from the server under test. Which caller it serves shows in the first frame it hears; a session in
    PCM names the caller's stream in its instructions."""

    def __init__(self, world: World, callers: list[Caller]) -> None:
        self._world = world
        self._callers = callers
        self._transport: WSTransport | None = None
        self._answers_by_itself = self._in_pcm = True
        self._events = 0
        self._turns = self._responses = 0
        self._response = ""  # of the answer being sent
        self._words: list[str] = []  # of the answer, one for each third delta
        self._unclaimed: list[bytes] = []  # answers (a greeting) to a caller that was not heard yet
        self.caller: Caller | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self._send({"type": "session.created", "session": {"type": "realtime"}})

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._transport = None

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
        if frame.msg_type != WSMsgType.TEXT:
            return
        event = orjson.loads(frame.get_payload_as_memoryview())
        kind = event["type"]
        if kind == "input_audio_buffer.append":
            self._hear(event["audio"])
        elif kind == "session.update":
            self._configure(event["session"])
            self._send({"type": "session.updated", "session": event["session"]})
        elif kind == "response.create":
            self._answer_soon()
        elif kind == "response.cancel":
            self._cancel()
        elif kind == "conversation.item.create":
            item = {"id": f"item_c{self._turns}", "object": "realtime.item", "status": "completed", **event["item"]}
            self._send({"type": "conversation.item.added", "item": item, "previous_item_id": None})
            self._send({"type": "conversation.item.done", "item": item, "previous_item_id": None})

    def _configure(self, session: dict[str, Any]) -> None:
        heard = session["audio"]["input"]
        self._answers_by_itself = (heard.get("turn_detection") or {}).get("create_response", True)
        self._in_pcm = (heard.get("format") or {}).get("type") != "audio/pcmu"
        stream = re.search(r"\bMZ([0-9a-f]{32})\b", session.get("instructions") or "") if self._in_pcm else None
        if stream:
            self._claim(self._callers[int(stream[1], 16)])

    # -- the caller's turn, told by the caller itself -----------------------------------------------------------

    def speech_started(self, at_ms: int) -> None:
        self._turns += 1
        item = f"item_u{self._turns}"
        self._send({"type": "input_audio_buffer.speech_started", "item_id": item, "audio_start_ms": at_ms})

    def speech_stopped(self, at_ms: int) -> None:
        """End of turn with its words; the answer follows, asked for by the server or not."""
        item = f"item_u{self._turns}"
        content = {"type": "input_audio", "transcript": None}
        message = {"id": item, "type": "message", "role": "user", "status": "completed", "content": [content]}
        self._send({"type": "input_audio_buffer.speech_stopped", "item_id": item, "audio_end_ms": at_ms})
        self._send({"type": "input_audio_buffer.committed", "item_id": item, "previous_item_id": None})
        self._send({"type": "conversation.item.added", "item": message, "previous_item_id": None})
        self._world.loop.call_later(TRANSCRIPT_S, self._transcribe, item)
        if self._answers_by_itself:
            self._answer_soon()

    def _transcribe(self, item: str) -> None:
        self._send(
            {
                "type": "conversation.item.input_audio_transcription.completed",
                "item_id": item,
                "content_index": 0,
                "transcript": f"{words(QUESTION_WORDS)}?",
                "usage": {"type": "duration", "seconds": 2},
            }
        )

    # -- answers ------------------------------------------------------------------------------------------------

    def _hear(self, payload: str) -> None:
        if self._in_pcm:
            if self.caller is not None and is_loud(payload):
                self.caller.loud_frame_arrived()
            return
        tag = tag_of(payload)
        if tag == WITHHELD:
            if self._world.measuring:
                self._world.samples.withheld_frames += 1
            if self.caller is not None:
                self.caller.frame_withheld()
            return
        caller = self._callers[tag >> 16]
        if self.caller is not caller:
            self._claim(caller)
        caller.frame_arrived(tag & 0xFFFF)

    def _claim(self, caller: Caller) -> None:
        self.caller = caller
        caller.session = self
        caller.expect_earlier(b"".join(self._unclaimed))

    def _answer_soon(self) -> None:
        self._world.loop.call_later(THINK_S, self._answer)

    def _answer(self) -> None:
        self._responses += 1
        response = self._response = f"resp_{self._responses}"
        ids = {"response_id": response, "item_id": f"item_a{self._responses}", "output_index": 0, "content_index": 0}
        item = {"id": ids["item_id"], "type": "message", "role": "assistant", "status": "in_progress", "content": []}
        self._send({"type": "response.created", "response": {"id": response, "status": "in_progress", "output": []}})
        self._send(
            {"type": "response.output_item.added", "response_id": response, "output_index": 0, "item": item},
        )
        self._words = words(ANSWER_WORDS).split()
        audio = audible(DELTA_BYTES * DELTAS)
        if self.caller is not None:
            self.caller.expect(audio)
        else:
            self._unclaimed.append(audio)
        self._go_on(ids, audio, 0, self._world.now())

    def _go_on(self, ids: dict[str, Any], audio: bytes, number: int, due: float) -> None:
        """One delta every so often, on an absolute schedule; a word with every third."""
        if self._response != ids["response_id"]:
            return
        piece = audio[number * DELTA_BYTES : (number + 1) * DELTA_BYTES]
        delta = b2a_base64(to_pcm(piece) if self._in_pcm else piece, newline=False).decode()
        self._send({"type": "response.output_audio.delta", **ids, "delta": delta})
        if number % 3 == 0:
            self._send(
                {"type": "response.output_audio_transcript.delta", **ids, "delta": f"{self._words[number // 3]} "}
            )
        number, due = number + 1, due + DELTA_EVERY_S
        if number < DELTAS:
            self._world.loop.call_at(due, self._go_on, ids, audio, number, due)
        else:
            self._finish(ids, "completed")

    def _finish(self, ids: dict[str, Any], status: str) -> None:
        self._response = ""
        self._send({"type": "response.output_audio.done", **ids})
        self._send({"type": "response.output_audio_transcript.done", **ids, "transcript": " ".join(self._words)})
        details = {"type": "cancelled", "reason": "client_cancelled"} if status == "cancelled" else None
        usage = {"total_tokens": 400, "input_token_details": {"audio_tokens": 100}, "output_token_details": {}}
        response = {"id": ids["response_id"], "status": status, "output": [], "usage": usage, "status_details": details}
        self._send({"type": "response.done", "response": response})

    def _cancel(self) -> None:
        if self._response:
            self._world.samples.cancelled += self._world.measuring
            if self.caller is not None:
                self.caller.cancelled()
            self._finish({"response_id": self._response, "item_id": f"item_a{self._responses}"}, "cancelled")

    def _send(self, event: dict[str, Any]) -> None:
        if self._transport is not None:
            self._events += 1
            self._transport.send(WSMsgType.TEXT, orjson.dumps({"event_id": f"event_{self._events}", **event}))
