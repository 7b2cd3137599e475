"""The text model's endpoints: POST /v1/chat/completions with structured output, and GET /v1/models."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from sandbox.realtime.wire import Event, new_id, text_tokens

# name -> announced end, as GET /v1/models tells it
MODELS = {
    "gpt-realtime-2.1": None,
    "gpt-realtime-2.1-mini": None,
    "gpt-realtime-2": None,
    "gpt-realtime": "2027-01-20",
    "gpt-realtime-mini": "2027-01-20",
    "gpt-transcribe": None,
    "gpt-live-transcribe": None,
    "whisper-1": "2027-02-26",
    "gpt-4o-transcribe": "2027-02-26",
    "gpt-6-luna": None,
    "gpt-4o-mini": "2027-01-14",
}

Extractor = Callable[[list[Event], Event], Awaitable[Event | None]]
"""Messages and the JSON schema asked for -> the object to answer with, or None."""
Talk = Callable[[web.Request, Event], Awaitable[web.StreamResponse]]
"""A request and its body -> an answer that streams."""


class ChatAnswer(BaseModel):
    """What the text model answers once (`times` times), to the first request that has `match` in its
    messages.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: str | None = None
    times: Annotated[int, Field(ge=0)] = 1
    """How many requests it answers; 0: every one."""
    content: str | dict[str, Any] | None = None
    """The message: an object is sent as JSON, a string as it stands (also one of the wrong shape). None: made
    up.
    """
    delay_ms: Annotated[int, Field(ge=0)] = 0
    status: int = 200
    """Another HTTP status is an error of that kind: 429, 500, 400, 401."""
    refusal: str | None = None
    finish_reason: str = "stop"
    """length or content_filter make the openai package raise."""


class Chat:
    """Answers by script, then by `extractor`, then with the emptiest object the schema allows."""

    def __init__(self, extractor: Extractor | None = None) -> None:
        self.requests: list[Event] = []
        self.talk: Talk | None = None
        """Who answers requests with "stream": true; nobody: they are refused."""
        self._extractor = extractor
        self._answers: list[tuple[ChatAnswer, int]] = []

    def add(self, answer: ChatAnswer) -> None:
        """Put an answer behind the others."""
        self._answers.append((answer, answer.times))

    def clear(self) -> None:
        """Forget scripted answers and the requests seen."""
        self._answers.clear()
        self.requests.clear()

    def add_routes(self, app: web.Application, is_authorised: Callable[[web.BaseRequest], bool]) -> None:
        """Serve the two endpoints to whoever has the key."""

        async def models(request: web.Request) -> web.Response:
            return web.json_response(_models()) if is_authorised(request) else _failure(401)

        async def complete(request: web.Request) -> web.StreamResponse:
            return await self._complete(request) if is_authorised(request) else _failure(401)

        app.router.add_get("/v1/models", models)
        app.router.add_post("/v1/chat/completions", complete)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        try:
            asked = orjson.loads(await request.read())
            messages = asked["messages"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return _failure(400)
        self.requests.append(asked)
        if asked.get("stream"):
            return await self.talk(request, asked) if self.talk else _failure(400)
        schema = ((asked.get("response_format") or {}).get("json_schema") or {}).get("schema") or {}
        answer = self._take(orjson.dumps(messages).decode())
        await asyncio.sleep(answer.delay_ms / 1000)
        if answer.status != 200:
            return _failure(answer.status)
        content: Any = answer.content
        if content is None and self._extractor:
            content = await self._extractor(messages, schema)
        if content is None:
            content = emptiest(schema, schema)
        text = content if isinstance(content, str) else orjson.dumps(content).decode()
        return web.json_response(_completion(asked, messages, answer, text))

    def _take(self, messages: str) -> ChatAnswer:
        for at, (answer, times) in enumerate(self._answers):
            if answer.match is None or answer.match in messages:
                if times == 1:
                    del self._answers[at]
                elif times:
                    self._answers[at] = (answer, times - 1)
                return answer
        return ChatAnswer()


def emptiest(schema: Event, root: Event) -> Any:
    """The least that a JSON schema allows: null where it may be, else the first choice, an empty text, zero."""
    if "$ref" in schema:
        return emptiest(root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], root)
    choices = schema.get("anyOf", [])
    if any(choice.get("type") == "null" for choice in choices):
        return None
    if choices:
        return emptiest(choices[0], root)
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("type") == "object":
        return {name: emptiest(part, root) for name, part in schema.get("properties", {}).items()}
    return {"string": "", "integer": 0, "number": 0.0, "boolean": False, "array": []}.get(schema.get("type", ""))


def _completion(asked: Event, messages: list[Event], answer: ChatAnswer, text: str) -> Event:
    refused = answer.refusal is not None
    message = {"role": "assistant", "content": None if refused else text, "refusal": answer.refusal}
    asked_tokens = sum(text_tokens(str(one.get("content") or "")) for one in messages)
    return {
        "id": new_id("chatcmpl"),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": asked.get("model", ""),
        "choices": [{"index": 0, "message": message, "finish_reason": answer.finish_reason, "logprobs": None}],
        "usage": {
            "prompt_tokens": asked_tokens,
            "completion_tokens": text_tokens(text),
            "total_tokens": asked_tokens + text_tokens(text),
        },
    }


def _models() -> Event:
    data = [
        {"id": name, "object": "model", "created": 1_750_000_000, "owned_by": "sandbox", "shutdown_date": end}
        for name, end in MODELS.items()
    ]
    return {"object": "list", "data": data}


def _failure(status: int) -> web.Response:
    kinds = {401: "invalid_api_key", 429: "rate_limit_exceeded", 400: "invalid_request_error"}
    kind = kinds.get(status, "server_error")
    body = {"error": {"message": f"The request failed ({kind}).", "type": kind, "code": kind, "param": None}}
    return web.json_response(body, status=status)
