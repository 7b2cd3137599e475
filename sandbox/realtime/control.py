"""/control: what tests and benches in other processes use. JSON in, JSON out, no key.

POST   /control/scripts                {"match": "...", "script": {...}} or a Script as it stands
DELETE /control/scripts
POST   /control/chat                   a ChatAnswer; DELETE forgets them
GET    /control/chat                   the requests the text model got
GET    /control/sessions?match=...     summaries of the sessions whose instructions contain it; &events=1 with
their events POST   /control/sessions/{id}/do       a Fault, now POST   /control/sessions/{id}/send     any
server event, now
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web
from pydantic import ValidationError

from sandbox.realtime.chat import ChatAnswer
from sandbox.realtime.record import SessionRecord
from sandbox.realtime.script import Fault, Script

if TYPE_CHECKING:
    from sandbox.realtime.server import RealtimeServer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_control(app: web.Application, server: RealtimeServer) -> None:
    """Serve /control on this application."""
    chat = server.options.chat

    async def add_script(request: web.Request) -> web.Response:
        body = await _body(request)
        given = {**body["script"], "match": body.get("match")} if "script" in body else body
        server.script_queue.add(Script.model_validate(given))
        return _json({"ok": True})

    async def clear_scripts(request: web.Request) -> web.Response:
        server.script_queue.clear()
        return _json({"ok": True})

    async def add_chat(request: web.Request) -> web.Response:
        chat.add(ChatAnswer.model_validate(await _body(request)))
        return _json({"ok": True})

    async def clear_chat(request: web.Request) -> web.Response:
        chat.clear()
        return _json({"ok": True})

    async def chat_requests(request: web.Request) -> web.Response:
        return _json(chat.requests)

    async def sessions(request: web.Request) -> web.Response:
        match, events = request.query.get("match", ""), request.query.get("events") == "1"
        found = [one for one in server.sessions if match in one.instructions]
        return _json([one.summary(events=events) for one in found])

    async def act(request: web.Request) -> web.Response:
        _find(server, request).do(Fault.model_validate({"when": "audio", **await _body(request)}))
        return _json({"ok": True})

    async def send(request: web.Request) -> web.Response:
        _find(server, request).send(await _body(request))
        return _json({"ok": True})

    app.router.add_post("/control/scripts", _checked(add_script))
    app.router.add_delete("/control/scripts", clear_scripts)
    app.router.add_post("/control/chat", _checked(add_chat))
    app.router.add_delete("/control/chat", clear_chat)
    app.router.add_get("/control/chat", chat_requests)
    app.router.add_get("/control/sessions", sessions)
    app.router.add_post("/control/sessions/{id}/do", _checked(act))
    app.router.add_post("/control/sessions/{id}/send", _checked(send))


def _checked(handler: Handler) -> Handler:
    """Answer 400 with the reason to a body that is not in order."""

    async def checked(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (ValidationError, orjson.JSONDecodeError, TypeError, KeyError) as exc:
            return _json({"error": str(exc)}, status=400)

    return checked


async def _body(request: web.Request) -> dict[str, Any]:
    body = orjson.loads(await request.read())
    if not isinstance(body, dict):
        raise TypeError("the body is not a JSON object")
    return body


def _find(server: RealtimeServer, request: web.Request) -> SessionRecord:
    wanted = request.match_info["id"]
    for record in server.sessions:
        if record.id == wanted:
            return record
    raise web.HTTPNotFound(text=f"no session {wanted}")


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")
