"""A fake of Twilio's REST API: updates simulated calls, keeps SMS and WhatsApp messages, checks basic auth.

`python -m sandbox.twilio.rest --port N` serves it alone and prints every message: `make run` sends them there when
there is no account. Answer one with `make text` (sandbox/text.py).

The official client is pointed at it by one attribute (its `region` and `edge` can only name twilio.com hosts)::

    client = twilio.rest.Client(account_sid, auth_token, http_client=TwilioHttpClient(timeout=5))
    client.api.base_url = rest.base          # "http://127.0.0.1:PORT"
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import re
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from app.settings import SANDBOX_ACCOUNT
from sandbox.twilio.caller import Caller
from sandbox.twilio.twiml import TwimlError, parse_twiml
from sandbox.twilio.verbs import Next

MAX_TWIML_CHARACTERS = 4000  # error 32018
FORM = web.RequestKey("form", dict[str, str])
_WHATSAPP = "whatsapp:"
_PREFIX = "/2010-04-01/Accounts/{account}"


@dataclass(slots=True, frozen=True)
class Sms:
    """A message. to, sender: with "whatsapp:" where it is one. A template has no text here, but its variables."""

    sid: str
    to: str
    sender: str
    body: str
    template: str = ""
    variables: str = ""
    status_url: str = ""


@dataclass(slots=True, frozen=True)
class Fault:
    """What happens to one request. kind: "error" (answered with `status`, nothing done), "lost_answer" (done, then the
    connection breaks), "slow" (answered after `delay_s`)."""

    kind: str
    status: int = 500
    delay_s: float = 0.0


@dataclass
class FakeTwilioRest:
    """One account. Runs in the event loop of the callers it drives; `faults` are used up one per request."""

    account_sid: str
    auth_token: str
    base: str = ""
    calls: dict[str, Caller] = field(default_factory=dict)
    messages: list[Sms] = field(default_factory=list)
    # (from, to) that get nothing any more: what Twilio keeps when somebody answers STOP.
    unsubscribed: set[tuple[str, str]] = field(default_factory=set)
    on_message: Callable[[Sms], None] | None = None
    faults: deque[Fault] = field(default_factory=deque)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    # WAV files by recording sid. One that is not there yet is answered with 404, as while Twilio still writes it.
    recordings: dict[str, bytes] = field(default_factory=dict)

    def add(self, caller: Caller) -> Caller:
        """Let the API control this call."""
        self.calls[caller.call_sid] = caller
        return caller

    def sms_to(self, number: str) -> list[Sms]:
        return [message for message in self.messages if message.to == number]

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[str]:
        """Serve on 127.0.0.1; gives the base URL."""
        app = web.Application(middlewares=[self._guard])
        app.router.add_post(_PREFIX + "/Calls/{sid}.json", self._update_call)
        app.router.add_get(_PREFIX + "/Calls/{sid}.json", self._fetch_call)
        app.router.add_post(_PREFIX + "/Messages.json", self._create_message)
        app.router.add_get(_PREFIX + "/Messages.json", self._list_messages)
        app.router.add_get(_PREFIX + "/Recordings/{sid}.wav", self._recording)
        runner = web.AppRunner(app, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self.base
        finally:
            await runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.requests.append((request.method, request.path, form))
        request[FORM] = form
        if not self._authorised(request):
            return _error(401, 20003, "Authenticate")
        fault = self.faults.popleft() if self.faults else None
        if fault is not None and fault.kind == "error":
            return _error(fault.status, 20500, "Injected error")
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.delay_s)
        response: web.StreamResponse = await handler(request)
        if fault is not None and fault.kind == "lost_answer" and request.transport is not None:
            request.transport.close()
        return response

    def _authorised(self, request: web.Request) -> bool:
        expected = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        account = request.match_info.get("account")
        return scheme == "Basic" and secrets.compare_digest(given, expected) and account == self.account_sid

    async def _update_call(self, request: web.Request) -> web.Response:
        call = self.calls.get(request.match_info["sid"])
        form = request[FORM]
        if call is None:
            return _error(404, 20404, f"The requested resource {request.path} was not found")
        if "Twiml" in form and "Url" in form:
            return _error(400, 21218, "Url and Twiml exclude each other")
        if not call.in_progress:
            return _error(400, 21220, "Call is not in-progress. Cannot redirect.")
        if form.get("Status") in {"completed", "canceled"}:
            call.command(None)
        elif "Twiml" in form:
            if len(form["Twiml"]) > MAX_TWIML_CHARACTERS:
                return _error(400, 32018, "Twiml is longer than 4000 characters")
            try:
                call.command(parse_twiml(form["Twiml"]))
            except TwimlError as error:
                return _error(400, 12100, str(error))
        elif "Url" in form:
            call.command(Next(form["Url"], form.get("Method", "POST")))
        return web.json_response(self._call_resource(call))

    async def _fetch_call(self, request: web.Request) -> web.Response:
        call = self.calls.get(request.match_info["sid"])
        if call is None:
            return _error(404, 20404, f"The requested resource {request.path} was not found")
        return web.json_response(self._call_resource(call))

    async def _create_message(self, request: web.Request) -> web.Response:
        form = request[FORM]
        to, body = form.get("To", ""), form.get("Body", "")
        sender = form.get("From") or form.get("MessagingServiceSid", "")
        if not re.fullmatch(r"(whatsapp:)?\+\d{8,15}", to):
            return _error(400, 21211, f"Invalid 'To' Phone Number: {to}")
        if not sender:
            return _error(400, 21603, "A 'From' phone number is required.")
        if to.startswith(_WHATSAPP) != sender.startswith(_WHATSAPP):
            return _error(400, 63007, "Twilio could not find a Channel with the specified From address")
        if not body and "ContentSid" not in form:
            return _error(400, 21602, "Message body is required.")
        if (sender, to) in self.unsubscribed:
            return _error(400, 21610, "Attempt to send to unsubscribed recipient")
        template, variables = form.get("ContentSid", ""), form.get("ContentVariables", "")
        sid = "SM" + secrets.token_hex(16)
        message = Sms(sid, to, sender, body, template, variables, form.get("StatusCallback", ""))
        self.messages.append(message)
        if self.on_message is not None:
            self.on_message(message)
        return web.json_response(self._message_resource(message), status=201)

    async def _list_messages(self, request: web.Request) -> web.Response:
        to, sender = request.query.get("To"), request.query.get("From")
        found = [m for m in self.messages if to in {None, m.to} and sender in {None, m.sender}]
        body = {"messages": [self._message_resource(m) for m in found], "next_page_uri": None, "page": 0}
        return web.json_response(body)

    async def _recording(self, request: web.Request) -> web.Response:
        sound = self.recordings.get(request.match_info["sid"])
        if sound is None:
            return _error(404, 20404, f"The requested resource {request.path} was not found")
        return web.Response(body=sound, content_type="audio/x-wav")

    def _call_resource(self, call: Caller) -> dict[str, Any]:
        return {
            "sid": call.call_sid,
            "account_sid": self.account_sid,
            "from": call.result.frm,
            "to": call.result.to,
            "status": call.status,
            "direction": "inbound",
            "api_version": "2010-04-01",
            "uri": f"{_PREFIX.format(account=self.account_sid)}/Calls/{call.call_sid}.json",
        }

    def _message_resource(self, message: Sms) -> dict[str, Any]:
        return {
            "sid": message.sid,
            "account_sid": self.account_sid,
            "to": message.to,
            "from": message.sender,
            "body": message.body,
            "status": "queued",
            "direction": "outbound-api",
            "date_created": format_datetime(datetime.now(UTC)),
            "uri": f"{_PREFIX.format(account=self.account_sid)}/Messages/{message.sid}.json",
        }


def _error(status: int, code: int, message: str) -> web.Response:
    body = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return web.json_response(body, status=status)


async def _serve(port: int) -> None:
    def show(message: Sms) -> None:
        text = message.body or f"{message.template} {message.variables}"
        print(f"\n  message {message.sender} → {message.to}\n  {text}\n", flush=True)

    rest = FakeTwilioRest(*SANDBOX_ACCOUNT, on_message=show)
    async with rest.serving(port) as base:
        print(f"sandbox twilio ready: {base}", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.twilio.rest", description="Twilio's REST API, played.")
    parser.add_argument("--port", type=int, required=True)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
