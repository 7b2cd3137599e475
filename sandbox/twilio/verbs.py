"""Carries out TwiML verbs for a simulated call: streams, dialling, recording, speech."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sandbox.twilio import audio
from sandbox.twilio.messages import StreamIds
from sandbox.twilio.stream import MediaStream
from sandbox.twilio.twiml import StreamNoun, Verb
from sandbox.twilio.webhook import WebhookFailed
from sandbox.twilio.websocket import HandshakeRefused
from services.audio.g711 import BYTES_PER_MS, SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from sandbox.twilio.caller import Caller

SPEECH_MS_PER_CHARACTER = 65  # about how long <Say> takes
CALLER_ENDED = frozenset({"caller", "abrupt", "gave_up"})


class CallOver(Exception):
    """The call ends here. ended_by as in CallResult; state is its final status."""

    def __init__(self, ended_by: str, error: str = "", state: str = "completed") -> None:
        super().__init__(ended_by, error)
        self.ended_by = ended_by
        self.error = error
        self.state = state


@dataclass(slots=True, frozen=True)
class Next:
    """Where the next document comes from. A relative URL is relative to the document that names it."""

    url: str
    method: str = "POST"
    extra: dict[str, str] = field(default_factory=dict)
    is_redirect: bool = False


@dataclass(slots=True, frozen=True)
class DialOutcome:
    """What happens at a dialled number: status completed, busy, no-answer, failed."""

    status: str = "completed"
    ring_s: float = 1.0
    talk_s: float = 2.0


class VerbRunner:
    """Runs the verbs of one call, one at a time."""

    def __init__(self, call: Caller) -> None:
        self._call = call
        self._stream: MediaStream | None = None
        self._streams: list[MediaStream] = []

    async def run(self, verb: Verb) -> Next | None:
        """None: go on with the next verb. Raises CallOver, Redirected."""
        call = self._call
        if verb.name == "Connect":
            return await self._connect(verb)
        if verb.name == "Redirect":
            return Next(verb.text, verb.attributes.get("method", "POST"), is_redirect=True)
        if verb.name == "Dial":
            return await self._dial(verb)
        if verb.name == "Record":
            return await self._record(verb)
        if verb.name == "Say":
            call.result.spoken_by_twiml.append(verb.text)
            await self._pass(len(verb.text) * SPEECH_MS_PER_CHARACTER / 1000)
        elif verb.name == "Play":
            await self._play(verb)
        elif verb.name == "Pause":
            await self._pass(float(verb.attributes.get("length", "1")))
        elif verb.name == "Hangup":
            raise CallOver("server")
        elif verb.name == "Reject":
            raise CallOver("server", state="busy" if verb.attributes.get("reason") == "busy" else "no-answer")
        return None

    def end_stream(self, how: str) -> bool:
        """End the running stream from Twilio's side. False when there is none."""
        if self._stream is None or self._stream.ended.done():
            return False
        self._stream.finish(how)
        return True

    async def settle(self) -> None:
        """Wait for the sockets to be closed; half-open ones are let go."""
        for stream in self._streams:
            await stream.drained()

    # -- streams -------------------------------------------------------------------------------------------------

    async def _connect(self, verb: Verb) -> Next | None:
        assert verb.stream is not None
        how = await self._run_stream(verb.stream)
        call = self._call
        if how == "half_open":
            await asyncio.sleep(call.options.half_open_s)
            self._streams[-1].drop()
        if how in CALLER_ENDED or how == "half_open":
            if call.options.action_on_hangup and "action" in verb.attributes:
                call.status = "completed"
                call.post_later(call.web.url(verb.attributes["action"]), call.form())
            reason = self._streams[-1].gave_up_because
            raise CallOver("gave_up" if reason else "caller", reason)
        if "action" in verb.attributes:
            return Next(verb.attributes["action"], verb.attributes.get("method", "POST"))
        return None

    async def _run_stream(self, noun: StreamNoun) -> str:
        call = self._call
        ids = StreamIds(call.options.account_sid, call.call_sid, "MZ" + secrets.token_hex(16))
        fault = _url_fault(noun.url)
        stream = MediaStream(
            ids,
            call.phone,
            call.line,
            clock=call.clock,
            note=call.note,
            record_arrivals=call.options.keep_audio,
        )
        if fault is None:
            fault = await self._open(stream, noun)
        if fault is not None:
            call.note("stream-error", reason=fault)
            self._callback(noun, ids, "stream-error", StreamError=fault)
            return "refused"
        self._stream = stream
        self._streams.append(stream)
        call.result.streams.append(stream.result)
        stream.begin(dict(noun.parameters if call.options.parameters is None else call.options.parameters))
        call.note("stream-start", stream_sid=ids.stream_sid)
        self._callback(noun, ids, "stream-started")
        try:
            how = await call.unless_commanded(asyncio.shield(stream.ended))
        finally:
            stream.finish("rest")  # nothing to do when it is over already
            call.note("stream-end", closed_by=stream.result.closed_by, code=stream.result.close_code)
            self._callback(noun, ids, "stream-stopped")
        return how

    async def _open(self, stream: MediaStream, noun: StreamNoun) -> str | None:
        call = self._call
        if not call.web.is_ours(noun.url):
            call.note("foreign-host", url=noun.url)
        headers = call.web.socket_headers(noun.url, call.options.socket_signature)
        url = "ws" + noun.url.removeprefix("wss")
        try:
            await call.unless_commanded(stream.open(url, call.web.address, headers))
        except HandshakeRefused as refused:
            code = 31920 if refused.status else 31902
            return f"{code}: {refused}"
        return None

    def _callback(self, noun: StreamNoun, ids: StreamIds, event: str, **extra: str) -> None:
        if noun.status_callback is None:
            return
        form = {
            "AccountSid": ids.account_sid,
            "CallSid": ids.call_sid,
            "StreamSid": ids.stream_sid,
            "StreamName": noun.name or ids.stream_sid,
            "StreamEvent": event,
            "Timestamp": datetime.now(UTC).isoformat(timespec="microseconds"),
            **extra,
        }
        self._call.post_later(noun.status_callback, form, noun.status_callback_method)

    # -- the other verbs -----------------------------------------------------------------------------------------

    async def _dial(self, verb: Verb) -> Next | None:
        call = self._call
        if call.options.hang_up_in == "Dial":
            raise self._hung_up(verb, {"DialCallStatus": "no-answer", "DialCallDuration": "0", "DialBridged": "false"})
        status, talked_s, number = "failed", 0.0, ""
        for number in verb.numbers:
            outcome = call.options.dial.get(number, DialOutcome())
            status = outcome.status
            await self._pass(min(outcome.ring_s, float(verb.attributes.get("timeout", "30"))))
            if status == "completed":
                talked_s = outcome.talk_s
                call.note("dialled", number=number, status=status)
                await self._pass(talked_s)
                break
            call.note("dialled", number=number, status=status)
        if "action" not in verb.attributes:
            return None
        extra = {
            "DialCallStatus": status,
            "DialCallSid": "CA" + secrets.token_hex(16),
            "DialCallDuration": str(round(talked_s)),
            "DialBridged": "true" if status == "completed" else "false",
        }
        return Next(verb.attributes["action"], verb.attributes.get("method", "POST"), extra)

    async def _record(self, verb: Verb) -> Next | None:
        call = self._call
        if not call.options.record_s:
            await self._pass(float(verb.attributes.get("timeout", "5")))
            return None
        seconds = min(call.options.record_s, float(verb.attributes.get("maxLength", "3600")))
        await self._pass(seconds)
        sid = "RE" + secrets.token_hex(16)
        recording = {
            "RecordingSid": sid,
            "RecordingUrl": f"https://api.twilio.com/2010-04-01/Accounts/{call.options.account_sid}/Recordings/{sid}",
            "RecordingDuration": str(max(1, round(seconds))),
        }
        call.note("recorded", seconds=seconds)
        callback = verb.attributes.get("recordingStatusCallback")
        if callback is not None:
            form = {"AccountSid": call.options.account_sid, "CallSid": call.call_sid, **recording}
            call.post_later(call.web.url(callback), {**form, "RecordingStatus": "completed"})
        if call.options.hang_up_in == "Record":
            raise self._hung_up(verb, {**recording, "Digits": "hangup"})
        # Without an action the current document is asked for again.
        action = verb.attributes.get("action", "")
        return Next(action, verb.attributes.get("method", "POST"), {**recording, "Digits": "#"})

    def _hung_up(self, verb: Verb, told: dict[str, str]) -> CallOver:
        """The caller hung up in this verb: its action is asked all the same, and nobody obeys the answer."""
        call = self._call
        call.status = "completed"
        if "action" in verb.attributes:
            call.post_later(call.web.url(verb.attributes["action"]), call.form(**told))
        return CallOver("caller")

    async def _play(self, verb: Verb) -> None:
        call = self._call
        if not verb.text:
            return
        url = call.web.url(verb.text)
        try:
            data = await call.unless_commanded(call.http.sound(url))
            sound = audio.wav_to_mulaw(data) if data.startswith(b"RIFF") else data
        except (WebhookFailed, ValueError) as error:
            call.note("error", reason=f"<Play>: {error}")
            return
        call.result.played_by_twiml.append(url)
        call.clock.start_of_next_frame(call.phone)
        call.note("played", url=url, length_ms=len(sound) // BYTES_PER_MS)
        call.phone.hear_outside_stream(sound)
        await call.unless_commanded(asyncio.sleep(len(sound) / SAMPLE_RATE_HZ))

    async def _pass(self, seconds: float) -> None:
        await self._call.unless_commanded(asyncio.sleep(seconds * self._call.options.verb_time_scale))


def _url_fault(url: str) -> str | None:
    parts = urlsplit(url)
    if parts.scheme != "wss":
        return f"31922: the scheme of {url!r} is not wss"
    if not parts.hostname:
        return f"31923: malformed URL {url!r}"
    if parts.query:
        return f"31920: query string in {url!r}"
    return None
