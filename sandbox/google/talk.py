"""The chat model that talks to callers: POST /v1/chat/completions with "stream": true.

It answers by script, or from the rules that the sandbox's Realtime model follows, so that the demo's conversation is
the same whatever engine holds it.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import orjson
from aiohttp import ClientConnectionError, web

from sandbox.google.answers import Given
from sandbox.google.calls import KEY_IN_CHAT, Calls, GoogleCall
from sandbox.google.record import ChatRecord
from sandbox.google.script import GoogleFault
from sandbox.realtime.briefing import read_briefing
from sandbox.realtime.responder import Said, reply, say_as_told
from sandbox.realtime.server_facts import is_server_fact
from sandbox.realtime.wire import Event, new_id, text_tokens

_TOKEN = re.compile(r"\s*\S+")
_FINISH = {"max_output_tokens": "length", "content_filter": "content_filter"}
_GARBAGE = b'data: {"choices": [{"delta": {"conte\n\n'
_MISSHAPEN = b'data: {"choices": [null]}\n\n'


class _Over(Exception):
    """A fault ended the answer; what was to be sent of it was sent."""


class Talk:
    """Streams chat answers, each to the call it belongs to."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def answer(self, request: web.Request, asked: Event) -> web.StreamResponse:
        """One streamed answer to a request whose body is `asked`."""
        messages = asked["messages"]
        prompt = str(messages[0].get("content") or "") if messages else ""
        call = await self._calls.of(str(asked.get(KEY_IN_CHAT) or ""), prompt)
        faults = call.faults("chat", call.count("chat"))
        given = call.answers.next() if call.is_scripted else None
        text = given.text if given else answer_by_rules(messages)
        record = ChatRecord(asked, given.number if given else None, text, ended="cancelled")
        call.record.chats.append(record)
        return await _Answer(request, call, record, given, faults).send()


class _Answer:
    """One answer on its way. ended of the record: done, cancelled, or what a fault made of it."""

    def __init__(
        self,
        request: web.Request,
        call: GoogleCall,
        record: ChatRecord,
        given: Given | None,
        faults: list[GoogleFault],
    ) -> None:
        self._request, self._call, self._record, self._given, self._faults = request, call, record, given, faults
        self._response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        self._id = new_id("chatcmpl")
        self._spoken_ms = 0
        self._is_empty = False

    async def send(self) -> web.StreamResponse:
        """All of it, unless the client goes away or a fault comes between."""
        answer = self._given.answer if self._given else None
        if answer and answer.status == "failed" and not answer.end_ms:
            self._failed()
            return _refusal(500, answer.error_code or "server_error")
        await asyncio.sleep((answer.think_ms if answer else self._call.conduct.think_ms) / 1000)
        refused = self._refused()
        if refused is not None:
            return refused
        try:
            await self._response.prepare(self._request)
            await self._stream()
            self._record.ended = "done"
        except _Over:
            self._record.ended = "failed"
        except (ConnectionError, ClientConnectionError):
            return self._response  # the client had heard enough
        return self._response

    def _refused(self) -> web.Response | None:
        """A fault that comes before the first word, as an answer of its own."""
        if self._faults and self._faults[0].do == "status" and not self._faults[0].after_ms:
            fault = self._faults.pop(0)
            self._record.ended = "failed"
            return _refusal(fault.http_status, "rate_limit_exceeded" if fault.http_status == 429 else "server_error")
        return None

    async def _stream(self) -> None:
        await self._chunk({"role": "assistant", "content": ""})
        async for token in self._tokens():
            self._record.sent_text += token
            await self._chunk({"content": token})
        answer = self._given.answer if self._given else None
        if answer and answer.never_done:
            await asyncio.Event().wait()
        if answer and answer.status == "failed":
            self._failed()
            await self._error()
        await self._chunk({}, finish=_FINISH.get((answer and answer.reason) or "", "stop"))
        if (self._record.asked.get("stream_options") or {}).get("include_usage"):
            await self._usage()
        await self._write(b"data: [DONE]\n\n")

    async def _tokens(self) -> AsyncIterator[str]:
        """The words that are sent, at their pace."""
        text = self._limited()
        for token in _TOKEN.findall(text):
            await self._due_faults()
            if self._is_empty:
                return
            yield token
            await asyncio.sleep(self._call.conduct.token_ms / 1000)
            self._spoken_ms += self._call.conduct.token_ms
        await self._due_faults()

    def _limited(self) -> str:
        """The text, cut where the script ends the answer."""
        given = self._given
        if given is None or given.answer.status in ("completed", "cancelled") or given.answer.end_ms is None:
            return self._record.text
        total_ms = max(1.0, sum(len(piece.sound) for piece in given.plan.pieces) / 8)
        return given.text[: int(len(given.text) * given.answer.end_ms / total_ms)]

    async def _due_faults(self) -> None:
        while self._faults and self._faults[0].after_ms <= self._spoken_ms:
            fault = self._faults.pop(0)
            if fault.do == "status":
                await self._error()
            elif fault.do == "end":
                await self._write(b"data: [DONE]\n\n")
                raise _Over
            elif fault.do == "drop":
                if self._request.transport:
                    self._request.transport.abort()
                raise _Over
            elif fault.do == "garbage":
                await self._write(_GARBAGE)
            elif fault.do == "misshapen":
                await self._write(_MISSHAPEN)
            elif fault.do == "empty":
                self._is_empty = True
            elif fault.for_ms is None:
                await asyncio.Event().wait()
            else:
                await asyncio.sleep(fault.for_ms / 1000)

    def _failed(self) -> None:
        """The script's own end of this answer: the next try gets the next one."""
        self._record.ended = "failed"
        if self._given:
            self._given.is_used = True

    async def _error(self) -> None:
        """An error in the middle of a stream, which ends it."""
        error = {"message": "The server had an error while processing your request.", "type": "server_error"}
        await self._write(b"data: " + orjson.dumps({"error": {**error, "code": None, "param": None}}) + b"\n\n")
        raise _Over

    async def _chunk(self, delta: Event, finish: str | None = None) -> None:
        await self._event(choices=[{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}], usage=None)

    async def _usage(self) -> None:
        asked = sum(text_tokens(str(one.get("content") or "")) for one in self._record.messages)
        told = text_tokens(self._record.sent_text)
        usage = {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told}
        await self._event(choices=[], usage={**usage, "prompt_tokens_details": {"cached_tokens": 0}})

    async def _event(self, **body: Any) -> None:
        about = {"id": self._id, "object": "chat.completion.chunk", "created": int(time.time())}
        model = self._record.asked.get("model", "")
        await self._write(b"data: " + orjson.dumps({**about, "model": model, **body}) + b"\n\n")

    async def _write(self, data: bytes) -> None:
        await self._response.write(data)


def answer_by_rules(messages: Sequence[Event]) -> str:
    """What the sandbox's model says next in a conversation: its first message is the prompt, a last one of the system
    that is no fact of the server tells what to say.
    """
    said = [Said(str(one.get("role", "")), _content(one)) for one in messages]
    prompt = said[0].text if said and said[0].role == "system" else ""
    briefing, conversation = read_briefing(prompt), said[1:] if prompt else said
    last = conversation[-1] if conversation else None
    if last and last.role == "system" and not is_server_fact(last.text):
        return say_as_told(last.text, briefing, conversation[:-1])
    return reply(briefing, conversation)


def _content(message: Event) -> str:
    """A message's words; parts of another kind are left out."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else " ".join(str(part.get("text") or "") for part in content)


def _refusal(status: int, kind: str) -> web.Response:
    error = {"message": f"The request failed ({kind}).", "type": kind, "code": kind, "param": None}
    return web.json_response({"error": error}, status=status)
