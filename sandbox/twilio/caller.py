"""A simulated call as Twilio would carry it: asks the webhook, obeys the TwiML, opens the media stream.

result = await Caller(webhook_base="http://127.0.0.1:5000", public_base="https://calls.example",
                      auth_token="...", frm="+972501234567", to="+97239990001", steps=[...]).run()
"""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urljoin

import aiohttp

from sandbox.twilio.line import LineConditions
from sandbox.twilio.phone import CallClock, Phone
from sandbox.twilio.result import CallResult, TimelineEvent
from sandbox.twilio.steps import Step
from sandbox.twilio.twiml import Document, TwimlError, Verb, parse_twiml
from sandbox.twilio.verbs import CallOver, DialOutcome, Next, VerbRunner
from sandbox.twilio.webhook import PublicWeb, TwilioHttp, WebhookFailed

T = TypeVar("T")
MAX_REDIRECTS = 10


@dataclass(slots=True, frozen=True)
class CallerOptions:
    """Everything about the carrier that is not the line and not the caller's words."""

    account_sid: str = "AC" + "0" * 32
    webhook_path: str = "/webhook/incoming_call"
    webhook_repeats: int = 1  # how often the first webhook is sent: Twilio repeats it after a lost answer
    status_path: str | None = "/webhook/call_status"
    fallback_path: str | None = None
    signature: str = "good"  # of webhooks: "good", "forged", "missing"
    socket_signature: str = "good"
    parameters: Mapping[str, str] | None = None  # replaces the TwiML's <Parameter>s: a thief's token
    action_on_hangup: bool = False  # whether <Connect action> is asked after the caller hung up
    max_duration_s: float = 60.0  # then the caller hangs up
    half_open_s: float = 8.0  # how long a half-open socket is held
    verb_time_scale: float = 1.0  # shortens Say, Pause, Dial, Record; never <Play> or streams
    dial: Mapping[str, DialOutcome] = field(default_factory=dict)  # by number; others answer
    record_s: float = 3.0  # how long the caller speaks to <Record>; 0: not at all, then no action is asked
    hang_up_in: str = ""  # "Dial" or "Record": the caller hangs up while that verb runs
    keep_audio: bool = True  # False: nothing heard is kept (benches with hundreds of calls)


class Redirected(Exception):
    """The REST API replaced what the call is doing."""

    def __init__(self, command: Document | Next | None) -> None:
        super().__init__(command)
        self.command = command


class Caller:
    """One call. `run` it once; `command` and `hang_up` may interrupt it from the same event loop."""

    def __init__(
        self,
        webhook_base: str,
        *,
        frm: str,
        to: str,
        public_base: str | None = None,
        auth_token: str = "",
        steps: Sequence[Step] = (),
        line: LineConditions | None = None,
        options: CallerOptions | None = None,
        call_sid: str | None = None,
        http: aiohttp.ClientSession | None = None,
        on_event: Callable[[TimelineEvent], None] | None = None,
        on_frame: Callable[[int, bytes, bytes], None] | None = None,
        **more_options: Any,
    ) -> None:
        self.options = dataclasses.replace(options or CallerOptions(), **more_options)
        self.web = PublicWeb(webhook_base, public_base, auth_token)
        self.line = line or LineConditions()
        self.clock = CallClock()
        self.phone = Phone(list(steps), self.line, record=self.options.keep_audio, on_frame=on_frame)
        self.call_sid = call_sid or "CA" + secrets.token_hex(16)
        self.result = CallResult(self.call_sid, frm, to)
        self.status = "ringing"
        self._shared_http = http
        self._on_event = on_event
        self._events: list[tuple[float, TimelineEvent]] = []
        self._command: asyncio.Future[Document | Next | None] | None = None
        self._background: set[asyncio.Task[Any]] = set()
        self._verbs: VerbRunner | None = None
        self.http: TwilioHttp

    @property
    def in_progress(self) -> bool:
        return self.status == "in-progress"

    async def run(self) -> CallResult:
        """Place the call and return when it is over. Raises nothing for what a server may do wrong: see `error`."""
        started_s = asyncio.get_running_loop().time()
        session = self._shared_http or aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True))
        self.http = TwilioHttp(self.web, session, self.result.webhooks, _loop_s, self.options.signature)
        self._verbs = VerbRunner(self)
        self.note("dial", frm=self.result.frm, to=self.result.to)
        try:
            await asyncio.wait_for(self._converse(), self.options.max_duration_s)
        except CallOver as over:
            self._over(over)
        except TimeoutError:
            self._verbs.end_stream("caller")
            self._over(CallOver("time_limit"))
        finally:
            await self._finish(session, started_s)
        return self.result

    def command(self, command: Document | Next | None) -> None:
        """What the REST API asks: a document, a URL to fetch one from, or None to end the call."""
        if self._command is not None and not self._command.done():
            self._command.set_result(command)

    def hang_up(self, how: str = "caller") -> None:
        """The person puts the receiver down now."""
        if self._verbs is not None and not self._verbs.end_stream(how):
            self.command(None)

    def note(self, kind: str, *, at_s: float | None = None, **details: Any) -> None:
        """Add a line to the call's story, of now or of loop time `at_s`, and tell whoever watches."""
        now_s = _loop_s() if at_s is None else at_s
        event = TimelineEvent(self.clock.at_ms(now_s), kind, details)
        self._events.append((now_s, event))
        if self._on_event is not None:
            self._on_event(event)

    def form(self, **extra: str) -> dict[str, str]:
        """The fields of every voice request (Twilio sends more than it documents: so does this)."""
        frm, to = self.result.frm, self.result.to
        return {
            "AccountSid": self.options.account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": self.call_sid,
            "CallStatus": self.status,
            "Called": to,
            "Caller": frm,
            "CallerCountry": "IL",
            "Direction": "inbound",
            "From": frm,
            "FromCountry": "IL",
            "To": to,
            "ToCountry": "IL",
            **extra,
        }

    def post_later(self, url: str, form: dict[str, str], method: str = "POST") -> None:
        """A callback: sent beside the call, its answer only recorded."""
        task = asyncio.get_running_loop().create_task(self.http.request(method, url, form))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def unless_commanded(self, work: Awaitable[T]) -> T:
        """Wait for the work; raises Redirected as soon as the REST API wants something else."""
        assert self._command is not None
        task = asyncio.ensure_future(work)
        waited: set[asyncio.Future[Any]] = {task, self._command}
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        finally:
            task.cancel()
        command = self._command.result()
        self._command = asyncio.get_running_loop().create_future()
        raise Redirected(command)

    # -- the call ------------------------------------------------------------------------------------------------

    async def _converse(self) -> None:
        self._command = asyncio.get_running_loop().create_future()
        url = self.web.url(self.options.webhook_path)
        for _ in range(self.options.webhook_repeats - 1):
            await self.http.request("POST", url, self.form())
        step: Next | Document | None = Next(url)
        redirects = 0
        while True:
            if isinstance(step, Next):
                redirects = redirects + 1 if step.is_redirect else 0
                if redirects > MAX_REDIRECTS:
                    raise CallOver("error", "11215: more than 10 redirects", state="failed")
            try:
                document = step if isinstance(step, Document) else await self._fetch(step)
                step = await self._obey(document)
            except Redirected as redirected:
                self.note("rest", command="hang up" if redirected.command is None else "new TwiML")
                if redirected.command is None:
                    raise CallOver("rest") from None
                step = redirected.command

    async def _fetch(self, step: Next | None) -> Document:
        if step is None:
            raise CallOver("server")
        try:
            return await self._read(step)
        except (WebhookFailed, TwimlError) as error:
            self.note("error", reason=str(error))
            if self.options.fallback_path is None:
                raise CallOver("error", str(error), state="failed") from error
            failure = error
        try:
            return await self._read(Next(self.web.url(self.options.fallback_path)))
        except (WebhookFailed, TwimlError) as error:
            raise CallOver("error", f"{failure}; fallback: {error}", state="failed") from error

    async def _read(self, step: Next) -> Document:
        if not self.web.is_ours(step.url):
            self.note("foreign-host", url=step.url)
        text = await self.unless_commanded(self.http.twiml(step.method, step.url, self.form(**step.extra)))
        return dataclasses.replace(parse_twiml(text), url=step.url)

    async def _obey(self, document: Document) -> Next | None:
        assert self._verbs is not None
        self.note("twiml", text=document.text)
        for warning in document.warnings:
            self.note("warning", reason=warning)
        for position, verb in enumerate(document.verbs):
            if verb.name != "Reject":
                self.status = "in-progress"
            self.note("verb", name=verb.name, **_short(verb))
            step = await self._verbs.run(verb)
            if step is not None:
                url = urljoin(document.url or self.web.url("/"), step.url)
                # Only redirects that nothing happens between can go on for ever.
                return dataclasses.replace(step, url=url, is_redirect=step.is_redirect and position == 0)
        return None

    def _over(self, over: CallOver) -> None:
        self.result.ended_by, self.result.error = over.ended_by, over.error
        self.result.state = self.status = over.state

    async def _finish(self, session: aiohttp.ClientSession, started_s: float) -> None:
        seconds = _loop_s() - started_s
        self.result.duration_ms = seconds * 1000
        if self._verbs is not None:
            await self._verbs.settle()
        self.note("over", ended_by=self.result.ended_by, error=self.result.error)
        if self.options.status_path is not None and self.result.ended_by:
            self.post_later(self.web.url(self.options.status_path), self.form(CallDuration=str(round(seconds))))
        if self._background:
            await asyncio.wait(set(self._background), timeout=5.0)
        if self._shared_http is None:
            await session.close()
        self._publish()

    def _publish(self) -> None:
        zero_s = self.clock.zero_s
        base_s = zero_s if zero_s is not None else (self._events[0][0] if self._events else 0.0)
        self.result.zero_s = base_s
        self.result.events = [dataclasses.replace(event, at_ms=(at_s - base_s) * 1000) for at_s, event in self._events]
        self.result.webhooks[:] = [
            dataclasses.replace(webhook, at_ms=(webhook.at_ms - base_s) * 1000) for webhook in self.result.webhooks
        ]
        self.result.heard, self.result.said = bytes(self.phone.heard), bytes(self.phone.said)


def _loop_s() -> float:
    return asyncio.get_running_loop().time()


def _short(verb: Verb) -> dict[str, Any]:
    return {"text": verb.text} if verb.text else {}
