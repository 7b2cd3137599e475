"""The server: GA Realtime at /v1/realtime over a websocket, the chat endpoint beside it, /control for other
processes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from sandbox.realtime.brain import Brain
from sandbox.realtime.chat import Chat
from sandbox.realtime.control import add_control
from sandbox.realtime.faults import carry_out
from sandbox.realtime.line import Line
from sandbox.realtime.record import SessionRecord
from sandbox.realtime.script import Fault, Script
from sandbox.realtime.script_queue import ScriptQueue
from sandbox.realtime.scripted_brain import ScriptedBrain
from sandbox.realtime.session import Session
from sandbox.realtime.wire import Event, new_id
from services.sockets.frames import CLOSE_ABNORMAL, CLOSE_GOING_AWAY

_LARGEST_MESSAGE = 21 * 1024 * 1024  # 15 MiB of sound as base64, and some
_KEPT_SESSIONS = 2_000
_KEPT_AUDIO_BYTES = 120 * 8_000  # of each session: two minutes of mu-law
_NO_SCRIPT = Script()


@dataclass(slots=True)
class Options:
    """`api_key`: the only one accepted, or None for any. `keeps_events`: whether records keep events and the
    caller's sound, or only counts.
    """

    api_key: str | None = None
    keeps_events: bool = True
    new_brain: Callable[[], Brain] | None = None
    """Makes the brain of a session that no script is for; None: the scripted one with a plain script."""
    chat: Chat = field(default_factory=Chat)


class RealtimeServer:
    """One server in one event loop. `sessions` are the records of all connections, the oldest first."""

    def __init__(self, options: Options | None = None, scripts: Iterable[Script] = ()) -> None:
        self.options = options or Options()
        self.script_queue = ScriptQueue(scripts)
        self.sessions: list[SessionRecord] = []
        self.refused_handshakes = 0
        self.add_routes: Callable[[web.Application], None] | None = None
        """What else is served beside it."""
        self.port = 0
        self._runner: web.AppRunner | None = None
        self._open: set[web.WebSocketResponse] = set()

    @property
    def realtime_url(self) -> str:
        """ws://127.0.0.1:PORT/v1/realtime"""
        return f"ws://127.0.0.1:{self.port}/v1/realtime"

    @property
    def base_url(self) -> str:
        """http://127.0.0.1:PORT/v1, what the openai package wants as its base_url."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. Raises OSError when the port is taken."""
        app = web.Application(client_max_size=_LARGEST_MESSAGE)
        app.router.add_get("/v1/realtime", self._realtime)
        self.options.chat.add_routes(app, self.is_authorised)
        add_control(app, self)
        if self.add_routes:
            self.add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, backlog=1024)
        await site.start()
        self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Close every connection with 1001 and stop listening."""
        closing = [socket.close(code=CLOSE_GOING_AWAY, message=b"server going away") for socket in list(self._open)]
        await asyncio.gather(*closing, return_exceptions=True)
        if self._runner:
            await self._runner.cleanup()

    def is_authorised(self, request: web.BaseRequest) -> bool:
        """Whether the request carries a key that is accepted."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        return scheme == "Bearer" and bool(key) and self.options.api_key in (None, key)

    # -- the websocket

    async def _realtime(self, request: web.Request) -> web.StreamResponse:
        script = self.script_queue.for_handshake()
        handshake = script.handshake if script else None
        if handshake and handshake.delay_ms:
            await asyncio.sleep(handshake.delay_ms / 1000)
        status = handshake.status if handshake else None
        if status is None and not self.is_authorised(request):
            status = 401
        if status is None and not request.query.get("model"):
            status = 400
        if status is not None:
            self.refused_handshakes += 1
            return _refusal(status)
        socket = web.WebSocketResponse(compress=False, max_msg_size=_LARGEST_MESSAGE, decode_text=False, timeout=2.0)
        await socket.prepare(request)
        self._open.add(socket)
        try:
            await self._serve(request, socket, script)
        finally:
            self._open.discard(socket)
        return socket

    async def _serve(self, request: web.Request, socket: web.WebSocketResponse, script: Script | None) -> None:
        line = Line(socket, lambda: _abort(request))
        record = SessionRecord(
            id=new_id("sess"),
            model=request.query["model"],
            headers={name.lower(): value for name, value in request.headers.items()},
            keeps_events=self.options.keeps_events,
            keeps_audio_bytes=_KEPT_AUDIO_BYTES if self.options.keeps_events else 0,
        )
        session = self._session(record, line, script)
        pump = asyncio.create_task(line.pump())
        session.begin(beta="realtime=v1" in request.headers.get("OpenAI-Beta", ""))
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    session.receive(message.data)
                elif message.type == WSMsgType.BINARY:
                    session.receive_binary()
        finally:
            session.end()
            pump.cancel()
            record.close_code = line.close_code or socket.close_code or CLOSE_ABNORMAL
            record.closed_s = asyncio.get_running_loop().time()

    def _session(self, record: SessionRecord, line: Line, script: Script | None) -> Session:
        loop = asyncio.get_running_loop()

        def choose(instructions: str) -> tuple[Brain, Script]:
            chosen = script or self.script_queue.for_session(instructions)
            if chosen is None and self.options.new_brain:
                return self.options.new_brain(), _NO_SCRIPT
            return ScriptedBrain(chosen or _NO_SCRIPT), chosen or _NO_SCRIPT

        session = Session(record, line, choose)

        def do(fault: Fault) -> None:
            loop.call_soon_threadsafe(carry_out, fault, session)

        def send(event: Event) -> None:
            loop.call_soon_threadsafe(session.send, dict(event))

        record.do, record.send = do, send
        self.sessions.append(record)
        del self.sessions[:-_KEPT_SESSIONS]
        return session


def _abort(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()


def _refusal(status: int) -> web.Response:
    codes = {401: "invalid_api_key", 429: "rate_limit_exceeded", 400: "missing_model"}
    code = codes.get(status, "server_error")
    return web.json_response({"error": {"message": "Refused.", "type": code, "code": code}}, status=status)
