"""google.cloud.speech.v1.Speech: StreamingRecognize over real gRPC, with the limits and the manners of the service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

from sandbox.google import results
from sandbox.google.calls import Calls, GoogleCall, key_of
from sandbox.google.record import StreamRecord
from sandbox.google.refusals import ONE_CONFIG, Refusal, check_chunk, check_recognition, invalid
from sandbox.google.script import GoogleFault
from sandbox.google.serialise import GARBAGE, serialise
from sandbox.google.sound import ToTelephone
from sandbox.google.utterances import Moment, StreamSound, Utterance
from services.audio.g711 import BYTES_PER_MS

SERVICE = "google.cloud.speech.v1.Speech"

_LIMIT = "Exceeded maximum allowed stream duration of {seconds:.0f} seconds."
_NO_AUDIO = "Audio Timeout Error: Long duration elapsed without audio. Audio should be sent close to real time."
_LINEAR16 = 1


class Recognition:
    """The service. All streams run in the server's event loop."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def handlers(self) -> grpc.GenericRpcHandler:
        """For add_generic_rpc_handlers."""
        method = grpc.stream_stream_rpc_method_handler(self._streaming_recognize, results.Request.FromString, serialise)
        return grpc.method_handlers_generic_handler(SERVICE, {"StreamingRecognize": method})

    async def _streaming_recognize(self, requests: AsyncIterator[Any], context: grpc.aio.ServicerContext) -> None:
        metadata = {str(key): str(value) for key, value in context.invocation_metadata() or ()}
        try:
            first: Any = await anext(requests, None)
            if first is None:
                raise invalid(ONE_CONFIG)
            check_recognition(first)
        except Refusal as refusal:
            await context.abort(refusal.code, refusal.details)
        config = first.streaming_config
        record = StreamRecord(config, metadata)
        phrases = [phrase for one in config.config.speech_contexts for phrase in one.phrases]
        call = await self._calls.of(key_of(metadata.items()), "\n".join(phrases))
        call.record.streams.append(record)
        stream = _Stream(call, config, record, keeps_replies=self._calls.options.keeps_replies)
        await stream.serve(requests, context)


class _Stream:
    """One recognition stream: a task reads, others find words, the handler itself writes what they queue."""

    def __init__(self, call: GoogleCall, config: Any, record: StreamRecord, *, keeps_replies: bool) -> None:
        self._call, self._config, self._record = call, config, record
        self._keeps_replies = keeps_replies
        self._loop = asyncio.get_running_loop()
        self._opened_s = self._loop.time()
        conduct = call.conduct
        self._limit_ms, self._audio_timeout_ms = conduct.stream_limit_ms, conduct.audio_timeout_ms
        self._sound = StreamSound(conduct.quiet_ms, conduct.interim_ms)
        self._language = str(config.config.language_code)
        linear = config.config.encoding == _LINEAR16
        self._to_telephone = ToTelephone(linear=linear, rate_hz=config.config.sample_rate_hertz)
        self._ears = call.ears(self._sound, self._language)
        self._faults = call.faults("recognise", call.count("recognise"))
        self._replies: asyncio.Queue[Any] = asyncio.Queue()
        self._flows = asyncio.Event()
        self._flows.set()
        self._failure: Refusal | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._guess: asyncio.Task[None] | None = None
        self._to_guess: tuple[Utterance, bool] | None = None
        self._last_final: asyncio.Task[None] | None = None
        self._finals_told = 0

    async def serve(self, requests: AsyncIterator[Any], context: grpc.aio.ServicerContext) -> None:
        """Until the stream is over, from whichever side."""
        self._record.ended = "cancelled"  # unless it ends in another way
        self._begin(self._read(requests))
        try:
            while (reply := await self._next()) is not None:
                await context.write(reply)
                if self._keeps_replies and not isinstance(reply, bytes):
                    self._record.replies.append(reply)
            self._record.ended = self._failure.code.name if self._failure else "half_closed"
        finally:
            self._record.closed_s = self._loop.time()
            for task in self._tasks:
                task.cancel()
        if self._failure:
            await context.abort(self._failure.code, self._failure.details)

    async def _next(self) -> Any:
        """The next message to send; None at the end."""
        reply = await self._replies.get()
        await self._flows.wait()
        return None if self._failure else reply

    def _begin(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _fail(self, refusal: Refusal) -> None:
        self._failure = refusal
        self._flows.set()
        self._replies.put_nowait(None)

    # -- what comes in

    async def _read(self, requests: AsyncIterator[Any]) -> None:
        try:
            self._due_faults()
            while (request := await self._request(requests)) is not None:
                self._hear(check_chunk(request))
        except Refusal as refusal:
            self._fail(refusal)
            return
        for moment in self._sound.finish():
            self._on(moment)
        if self._last_final:
            await asyncio.wait([self._last_final])
        self._replies.put_nowait(results.billed(self._sound.heard_ms))
        self._replies.put_nowait(None)

    async def _request(self, requests: AsyncIterator[Any]) -> Any:
        """The next one; None when the client has no more. Raises Refusal when none comes in time."""
        left_ms = self._limit_ms - self._age_ms()
        try:
            async with asyncio.timeout(min(left_ms, self._audio_timeout_ms) / 1000):
                return await anext(requests, None)
        except TimeoutError:
            if left_ms <= self._audio_timeout_ms:
                raise self._too_long() from None
            raise Refusal(grpc.StatusCode.OUT_OF_RANGE, _NO_AUDIO) from None

    def _hear(self, data: bytes) -> None:
        self._record.chunks += 1
        self._record.heard_bytes += len(data)
        self._record.largest_chunk = max(self._record.largest_chunk, len(data))
        sound = self._to_telephone(data)
        ahead_ms = self._sound.heard_ms + len(sound) / BYTES_PER_MS - self._age_ms()
        self._sound.ahead_ms = max(self._sound.ahead_ms, ahead_ms)
        for moment in self._sound.feed(sound):
            self._on(moment)
        if max(self._sound.heard_ms, self._age_ms()) >= self._limit_ms:
            raise self._too_long()
        self._due_faults()
        self._due_silence()

    def _due_silence(self) -> None:
        """`voice_activity_timeout`: the stream ends when nobody speaks for so long, at first or after an utterance."""
        limits = self._config.voice_activity_timeout
        last = self._sound.utterances[-1] if self._sound.utterances else None
        limit = limits.speech_end_timeout if last else limits.speech_start_timeout
        limit_ms = limit.seconds * 1000 + limit.nanos / 1_000_000
        silent_ms = self._sound.heard_ms - (last.end_ms if last else 0.0)
        if limit_ms and not self._sound.current and silent_ms >= limit_ms:
            self._replies.put_nowait(results.event(results.ACTIVITY_TIMEOUT, self._sound.heard_ms))
            self._replies.put_nowait(None)

    def _age_ms(self) -> float:
        return (self._loop.time() - self._opened_s) * 1000

    def _too_long(self) -> Refusal:
        return Refusal(grpc.StatusCode.OUT_OF_RANGE, _LIMIT.format(seconds=self._limit_ms / 1000))

    # -- what is said about it

    def _on(self, moment: Moment) -> None:
        utterance = moment.utterance
        if moment.kind == "began":
            self._ears.began(utterance)
            self._tell_activity(results.ACTIVITY_BEGIN, utterance.start_ms)
        elif moment.kind == "ended":
            self._tell_activity(results.ACTIVITY_END, utterance.end_ms)
            if self._config.single_utterance:
                self._replies.put_nowait(results.event(results.END_OF_SINGLE_UTTERANCE, utterance.end_ms))
            self._last_final = self._begin(self._tell_final(utterance, self._last_final))
        elif self._config.interim_results:
            self._to_guess = (utterance, moment.kind == "paused")
            if self._guess is None or self._guess.done():
                self._guess = self._begin(self._tell_partials())

    def _tell_activity(self, kind: int, at_ms: float) -> None:
        if self._config.enable_voice_activity_events:
            self._replies.put_nowait(results.event(kind, at_ms))

    async def _tell_partials(self) -> None:
        """What seems to be said, again as long as there is something new to listen to."""
        while self._to_guess is not None:
            (utterance, paused), self._to_guess = self._to_guess, None
            heard = await self._ears.partial(utterance, paused)
            waits = self._last_final is not None and not self._last_final.done()
            if heard and not utterance.is_over and not waits:  # the results of a stream are consecutive
                end_ms, follows = heard.words[-1].end_ms, self._finals_told > 0
                self._replies.put_nowait(results.interim(heard, end_ms, self._language, follows=follows))

    async def _tell_final(self, utterance: Utterance, earlier: asyncio.Task[None] | None) -> None:
        if earlier:
            await asyncio.wait([earlier])
        heard = await self._ears.final(utterance)
        if heard is not None:
            await asyncio.sleep(heard.delay_ms / 1000)
            words = bool(self._config.config.enable_word_time_offsets)
            for _ in range(heard.times):
                follows = self._finals_told > 0
                told = results.final(heard, utterance.end_ms, self._language, follows=follows, words=words)
                self._replies.put_nowait(told)
            self._finals_told += 1
        if self._config.single_utterance:
            self._replies.put_nowait(None)

    # -- what goes wrong

    def _due_faults(self) -> None:
        """Raises Refusal for a fault that ends the stream with a status."""
        while self._faults and self._faults[0].after_ms <= self._sound.heard_ms:
            self._carry_out(self._faults.pop(0))

    def _carry_out(self, fault: GoogleFault) -> None:
        now_ms = self._sound.heard_ms
        code = grpc.StatusCode[fault.code]
        if fault.do == "status":
            raise Refusal(code, fault.message)
        if fault.do == "end":
            self._replies.put_nowait(None)
        elif fault.do == "stall":
            self._flows.clear()
            if fault.for_ms is not None:
                self._loop.call_later(fault.for_ms / 1000, self._flows.set)
        else:
            said = {
                "garbage": GARBAGE,
                "empty": results.Response(),
                "no_alternatives": results.without_alternatives(now_ms),
                "phantom": results.phantom(now_ms, self._language),
                "error_field": results.with_error(int(code.value[0]), fault.message),
            }
            self._replies.put_nowait(said[fault.do])
