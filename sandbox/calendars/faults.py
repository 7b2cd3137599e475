"""What goes wrong, by script: the next requests that fit are refused, slow, or carried out without an answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Fault:
    """kind: "refuse" (answered with `status`, nothing done), "lost_answer" (done, then the connection breaks), "slow"
    (done after `delay_s`), "dead" (never answered, nothing done).

    where: a pattern for "METHOD /path?query". reason: Google's word for it, or the precondition of WebDAV.
    """

    kind: str = "refuse"
    where: str = ""
    times: int = 1
    status: int = 500
    reason: str = ""
    delay_s: float = 0.0
    retry_after_s: int | None = None


class Faults:
    """The script, in order: each request uses up the first fault that fits."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self.seen: list[str] = []  # every request, as "METHOD /path"

    def take(self, request: web.Request) -> Fault | None:
        name = f"{request.method} {request.path_qs}"
        self.seen.append(f"{request.method} {request.path}")
        for fault in self.waiting:
            if re.search(fault.where, name):
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/control"):
            return await handler(request)
        fault = self.take(request)
        if fault is None:
            return await handler(request)
        if fault.kind == "refuse":
            return _refusal(request, fault)
        if fault.kind == "dead":
            await asyncio.sleep(3600)
        await asyncio.sleep(fault.delay_s)
        answer = await handler(request)
        if fault.kind == "lost_answer" and request.transport is not None:
            request.transport.abort()
        return answer


def _refusal(request: web.Request, fault: Fault) -> web.Response:
    headers = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
    if request.path.startswith("/dav"):
        body = f'<?xml version="1.0"?><d:error xmlns:d="DAV:"><d:{fault.reason}/></d:error>' if fault.reason else ""
        return web.Response(status=fault.status, text=body, content_type="application/xml", headers=headers)
    return google_error(fault.status, fault.reason, headers)


def google_error(status: int, reason: str, headers: dict[str, str] | None = None) -> web.Response:
    """An error in the form of Google's APIs."""
    errors = [{"domain": "calendar", "reason": reason, "message": reason}]
    body = {"error": {"errors": errors, "code": status, "message": reason}}
    return web.json_response(body, status=status, headers=headers)
