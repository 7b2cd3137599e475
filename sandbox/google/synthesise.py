"""google.cloud.texttospeech.v1.TextToSpeech over real gRPC: in one piece, as a stream, and the list of voices."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
from google.cloud.texttospeech_v1.types import cloud_tts

from sandbox.google import wav
from sandbox.google.answers import SpokenPart
from sandbox.google.calls import Calls, GoogleCall, key_of, language_of
from sandbox.google.record import SpeechRecord
from sandbox.google.refusals import (
    Refusal,
    check_rate,
    check_streaming_voice,
    check_text,
    check_voice,
    invalid,
    text_of_ssml,
)
from sandbox.google.script import GoogleFault
from sandbox.google.serialise import GARBAGE, serialise
from sandbox.google.sound import ALAW, FORMATS, LINEAR16, MULAW, PCM, from_telephone
from sandbox.google.voices import VOICES, Voice, gender_of
from sandbox.realtime.script import DEFAULT_CHUNK_BYTES
from services.audio.g711 import BYTES_PER_MS, SAMPLE_RATE_HZ

SERVICE = "google.cloud.texttospeech.v1.TextToSpeech"

_SynthesizeRequest: Any = cloud_tts.SynthesizeSpeechRequest.pb()
_SynthesizeResponse: Any = cloud_tts.SynthesizeSpeechResponse.pb()
_StreamRequest: Any = cloud_tts.StreamingSynthesizeRequest.pb()
_StreamResponse: Any = cloud_tts.StreamingSynthesizeResponse.pb()
_VoicesRequest: Any = cloud_tts.ListVoicesRequest.pb()
_VoicesResponse: Any = cloud_tts.ListVoicesResponse.pb()

_GENDERS = {"male": 1, "female": 2}
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’״׳)\]]*\s*\Z|\n\Z")
_HEADER_BYTES = 44  # of LINEAR16
_NO_INPUT = (
    "Stream aborted due to long duration elapsed without input sent. "
    "Input must be sent continuously, at least every 5s seconds."
)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How a request wants its sound."""

    voice: Any
    encoding: int
    rate_hz: int
    rate: float


class _Cut(Exception):
    """A fault ends the sound here as if that were all."""


class Synthesis:
    """The service. Everything runs in the server's event loop; the voice itself in worker threads."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def handlers(self) -> grpc.GenericRpcHandler:
        """For add_generic_rpc_handlers."""
        methods = {
            "SynthesizeSpeech": grpc.unary_unary_rpc_method_handler(
                self._synthesize, _SynthesizeRequest.FromString, serialise
            ),
            "StreamingSynthesize": grpc.stream_stream_rpc_method_handler(
                self._streaming_synthesize, _StreamRequest.FromString, serialise
            ),
            "ListVoices": grpc.unary_unary_rpc_method_handler(self._list_voices, _VoicesRequest.FromString, serialise),
        }
        return grpc.method_handlers_generic_handler(SERVICE, methods)

    async def _list_voices(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        wanted = str(request.language_code).replace("iw-", "he-")
        found = [one for one in VOICES.values() if any(code.startswith(wanted) for code in one.language_codes)]
        return _VoicesResponse(voices=[_listed(voice) for voice in found])

    async def _synthesize(self, request: Any, context: grpc.aio.ServicerContext) -> Any:
        metadata = {str(key): str(value) for key, value in context.invocation_metadata() or ()}
        call = await self._calls.known(key_of(metadata.items()))
        config = request.audio_config
        record = SpeechRecord("", request.voice.name, config.speaking_rate or 1.0, False, metadata, ended="cancelled")
        call.record.speech.append(record)
        try:
            record.text = _text_of(request.input)
            check_text(record.text)
            check_voice(request.voice)
            wanted = _Wanted(request.voice, config.audio_encoding, _rate_hz(config), config.speaking_rate)
            _check_sound(wanted, (LINEAR16, MULAW, ALAW, PCM))
            answer = await self._whole(call, record, wanted)
            record.ended = "done"
            return answer
        except Refusal as refusal:
            record.ended = refusal.code.name
            await context.abort(refusal.code, refusal.details)

    async def _whole(self, call: GoogleCall, record: SpeechRecord, wanted: _Wanted) -> Any:
        """The answer with all of the sound, or what a fault makes of it. Raises Refusal."""
        part = await _spoken(call, record.text, wanted)
        sound = part.sound
        await asyncio.sleep(call.conduct.first_sound_ms / 1000)
        for fault in call.faults("synthesise", call.count("synthesise")):
            if fault.do == "status":
                raise Refusal(grpc.StatusCode[fault.code], fault.message)
            if fault.do == "stall":
                await _stall(fault)
            elif fault.do == "garbage":
                return GARBAGE
            else:  # end, empty: part of the sound, or none
                sound = sound[: fault.after_ms * BYTES_PER_MS] if fault.do == "end" else b""
        record.first_sound_s = asyncio.get_running_loop().time()
        record.sent_bytes = len(sound)
        if sound == part.sound:
            part.sent()
        data = from_telephone(sound, wanted.encoding, wanted.rate_hz)
        return _SynthesizeResponse(audio_content=_header(len(data), wanted, call.conduct.wav_header) + data)

    async def _streaming_synthesize(self, requests: AsyncIterator[Any], context: grpc.aio.ServicerContext) -> None:
        metadata = {str(key): str(value) for key, value in context.invocation_metadata() or ()}
        call = await self._calls.known(key_of(metadata.items()))
        record = SpeechRecord("", "", 1.0, True, metadata, ended="cancelled")
        call.record.speech.append(record)
        stream = _SpeechStream(call, record, requests, context)
        try:
            await stream.serve()
        except _Cut:
            pass
        except Refusal as refusal:
            record.ended = refusal.code.name
            await context.abort(refusal.code, refusal.details)
        record.ended = "done"


class _SpeechStream:
    """One StreamingSynthesize: a task collects sentences while the earlier ones are sent."""

    def __init__(
        self, call: GoogleCall, record: SpeechRecord, requests: AsyncIterator[Any], context: grpc.aio.ServicerContext
    ) -> None:
        self._call, self._record, self._requests, self._context = call, record, requests, context
        self._loop = asyncio.get_running_loop()
        self._faults = call.faults("synthesise", call.count("synthesise"))
        self._sentences: asyncio.Queue[str | Refusal | None] = asyncio.Queue()
        self._sent_ms = 0.0

    async def serve(self) -> None:
        """Until all is spoken. Raises Refusal, or _Cut where a fault ends it."""
        wanted = await self._configured()
        reading = self._loop.create_task(self._read())
        try:
            if self._call.conduct.stream_header and wanted.encoding in FORMATS:
                header = wav.header(None, FORMATS[wanted.encoding], wanted.rate_hz, self._call.conduct.wav_header)
                await self._context.write(_StreamResponse(audio_content=header))
            while (sentence := await self._sentences.get()) is not None:
                if isinstance(sentence, Refusal):
                    raise sentence
                await self._say(sentence, wanted)
        finally:
            reading.cancel()

    async def _configured(self) -> _Wanted:
        first = await anext(self._requests, None)
        if first is None or first.WhichOneof("streaming_request") != "streaming_config":
            raise invalid("The first message of a stream must be its streaming_config.")
        config = first.streaming_config
        audio = config.streaming_audio_config
        self._record.voice, self._record.rate = config.voice.name, audio.speaking_rate or 1.0
        check_streaming_voice(config.voice)
        wanted = _Wanted(config.voice, audio.audio_encoding or PCM, _rate_hz(audio), audio.speaking_rate)
        _check_sound(wanted, (MULAW, ALAW, PCM))
        return wanted

    async def _read(self) -> None:
        """Collects what comes up to the end of a sentence: nothing is spoken in halves."""
        text = ""
        timeout_s = self._call.conduct.input_timeout_ms / 1000
        try:
            while True:
                async with asyncio.timeout(timeout_s):
                    request = await anext(self._requests, None)
                if request is None:
                    break
                text += _input_of(request)
                self._record.text += _input_of(request)
                if _SENTENCE_END.search(text):
                    self._put(text)
                    text = ""
        except TimeoutError:
            self._sentences.put_nowait(Refusal(grpc.StatusCode.ABORTED, _NO_INPUT))
            return
        except Refusal as refusal:
            self._sentences.put_nowait(refusal)
            return
        self._put(text)
        self._sentences.put_nowait(None)

    def _put(self, sentence: str) -> None:
        if sentence.strip():
            self._sentences.put_nowait(sentence)

    async def _say(self, sentence: str, wanted: _Wanted) -> None:
        part = await _spoken(self._call, sentence, wanted)
        if not self._sent_ms:
            await asyncio.sleep(self._call.conduct.first_sound_ms / 1000)
        answer = part.given.answer if part.given else None
        sizes = answer.chunk_bytes if answer else DEFAULT_CHUNK_BYTES
        rate = answer.rate if answer else 8.0
        at = turn = 0
        due_s = self._loop.time()
        while at < len(part.sound):
            await self._due_faults()
            piece = part.sound[at : at + sizes[turn % len(sizes)]]
            await self._context.write(
                _StreamResponse(audio_content=from_telephone(piece, wanted.encoding, wanted.rate_hz))
            )
            self._record.first_sound_s = self._record.first_sound_s or self._loop.time()
            self._record.sent_bytes += len(piece)
            self._sent_ms += len(piece) / BYTES_PER_MS
            at, turn = at + len(piece), turn + 1
            if rate:
                due_s += len(piece) / BYTES_PER_MS / 1000 / rate
                await asyncio.sleep(due_s - self._loop.time())
        await self._due_faults()
        part.sent()

    async def _due_faults(self) -> None:
        """Raises Refusal or _Cut for a fault that ends the stream."""
        while self._faults and self._faults[0].after_ms <= self._sent_ms:
            fault = self._faults.pop(0)
            if fault.do == "status":
                raise Refusal(grpc.StatusCode[fault.code], fault.message)
            if fault.do == "end":
                raise _Cut
            if fault.do == "stall":
                await _stall(fault)
            else:
                await self._context.write(GARBAGE if fault.do == "garbage" else _StreamResponse())


@dataclass(frozen=True, slots=True)
class _Said:
    """The sound of a sentence; `part`: where it belongs in a script."""

    sound: bytes
    part: SpokenPart | None

    @property
    def given(self) -> Any:
        return self.part.given if self.part else None

    def sent(self) -> None:
        if self.part:
            self.part.sent()


async def _spoken(call: GoogleCall, text: str, wanted: _Wanted) -> _Said:
    """A sentence's sound as mu-law, by script or by the sandbox's voice."""
    if call.is_scripted:
        part = call.answers.spoken(text)
        if part.given.is_fixed:
            call.record.fixed.append(text.strip())
        return _Said(part.sound, part)
    from sandbox.speech.voice import say_as_voice  # needs the speech wheels; scripts without speech do not

    language, rate = language_of(wanted.voice.language_code), wanted.rate or 1.0
    sound = await asyncio.to_thread(say_as_voice, text.strip(), language, gender_of(wanted.voice.name), rate)
    return _Said(sound, None)


async def _stall(fault: GoogleFault) -> None:
    """Hold back for so long, or until the other side has had enough."""
    if fault.for_ms is None:
        await asyncio.Event().wait()
    else:
        await asyncio.sleep(fault.for_ms / 1000)


def _text_of(given: Any) -> str:
    kind = given.WhichOneof("input_source")
    if kind == "ssml":
        check_text(given.ssml)
        return text_of_ssml(given.ssml)
    return str(given.text if kind == "text" else "")


def _input_of(request: Any) -> str:
    """The text of a later message of a stream. Raises Refusal."""
    if request.WhichOneof("streaming_request") != "input":
        raise invalid("Only the first message of a stream may hold its streaming_config.")
    check_text(request.input.text)
    return str(request.input.text)


def _rate_hz(config: Any) -> int:
    return int(config.sample_rate_hertz or 24_000)


def _check_sound(wanted: _Wanted, encodings: tuple[int, ...]) -> None:
    check_rate(wanted.rate)
    if wanted.encoding not in encodings:
        raise invalid(f"Unsupported audio encoding ({wanted.encoding}) here.")
    if not SAMPLE_RATE_HZ <= wanted.rate_hz <= 48_000:
        raise invalid(f"Invalid sample_rate_hertz: {wanted.rate_hz}.")


def _header(length: int, wanted: _Wanted, size: int) -> bytes:
    """PCM comes bare."""
    if wanted.encoding not in FORMATS:
        return b""
    size = _HEADER_BYTES if wanted.encoding == LINEAR16 else size
    return wav.header(length, FORMATS[wanted.encoding], wanted.rate_hz, size)


def _listed(voice: Voice) -> dict[str, Any]:
    return {
        "name": voice.name,
        "language_codes": voice.language_codes,
        "ssml_gender": _GENDERS[voice.gender],
        "natural_sample_rate_hertz": voice.natural_rate_hz,
    }
