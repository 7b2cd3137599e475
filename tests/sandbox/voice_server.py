"""A tiny server for tests of the simulated caller: canned TwiML per path and one websocket handler, on a real port."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

STREAM_TWIML = (
    '<Response><Connect><Stream url="wss://calls.example/ws/twilio-media" statusCallback='
    '"https://calls.example/webhook/stream_status"><Parameter name="token" value="t1"/></Stream></Connect></Response>'
)


@dataclass
class Request:
    method: str
    path: str
    form: dict[str, str]
    headers: dict[str, str]


class StreamPeer:
    """The server's end of one media stream."""

    def __init__(self, ws: web.WebSocketResponse, headers: dict[str, str]) -> None:
        self.ws = ws
        self.headers = headers
        self.messages: list[dict[str, Any]] = []
        self.stream_sid = ""

    async def next(self, event: str | None = None) -> dict[str, Any] | None:
        """The next message, or the next of this kind; None when the socket is closed."""
        async for raw in self.ws:
            if raw.type is not WSMsgType.TEXT:
                self.messages.append({"event": "?", "raw": raw.data})
                continue
            message = json.loads(raw.data)
            self.messages.append(message)
            self.stream_sid = message.get("streamSid", self.stream_sid)
            if event is None or message["event"] == event:
                return message
        return None

    async def until_closed(self) -> None:
        while await self.next() is not None:
            pass

    async def media(self, audio: bytes) -> None:
        payload = base64.b64encode(audio).decode()
        await self.send({"event": "media", "streamSid": self.stream_sid, "media": {"payload": payload}})

    async def mark(self, name: str) -> None:
        await self.send({"event": "mark", "streamSid": self.stream_sid, "mark": {"name": name}})

    async def clear(self) -> None:
        await self.send({"event": "clear", "streamSid": self.stream_sid})

    async def send(self, message: dict[str, Any]) -> None:
        await self.ws.send_str(json.dumps(message))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["event"] == event]


@dataclass
class VoiceServer:
    twiml: dict[str, str | Callable[[dict[str, str]], str]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    talk: Callable[[StreamPeer], Awaitable[None]] | None = None
    refuse_upgrade: int = 0
    base: str = ""
    requests: list[Request] = field(default_factory=list)
    peers: list[StreamPeer] = field(default_factory=list)

    def posts(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    async def _http(self, request: web.Request) -> web.StreamResponse:
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.requests.append(Request(request.method, request.path, form, dict(request.headers)))
        if request.path in self.files:
            return web.Response(body=self.files[request.path])
        answer = self.twiml.get(request.path)
        if answer is None:
            return web.Response(status=204 if "status" in request.path else 404)
        return web.Response(text=answer if isinstance(answer, str) else answer(form), content_type="text/xml")

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if self.refuse_upgrade:
            return web.Response(status=self.refuse_upgrade)
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        peer = StreamPeer(ws, dict(request.headers))
        self.peers.append(peer)
        if self.talk is not None:
            await self.talk(peer)
        await ws.close()
        return ws


@asynccontextmanager
async def voice_server(server: VoiceServer) -> AsyncIterator[VoiceServer]:
    """Serve until the block ends; `server.base` is its address."""
    app = web.Application()
    app.router.add_get("/ws/twilio-media", server._socket)
    app.router.add_route("*", "/{path:.*}", server._http)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    server.base = f"http://127.0.0.1:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()
