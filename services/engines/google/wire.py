"""Google's two services over gRPC: channels, credentials, messages. Nothing else imports Google's packages (C9, C10).

Raw stubs on channels that belong to the worker: the clients' own methods block until the first response, try again by
themselves, and cost more. Import this file only when the engine is wanted: the packages are no part of the product's
own requirements. A worker under gevent has to have prepared gRPC before (app/worker/native_thread.py).
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import grpc
from google.auth.transport.grpc import AuthMetadataPlugin
from google.auth.transport.requests import Request as AuthRequest
from google.cloud import speech_v1, texttospeech_v1
from google.oauth2 import service_account

from services.audio.g711 import SAMPLE_RATE_HZ
from services.engines.google.credentials import BadCredentials, Endpoint
from services.engines.google.session import Recognition, Voice

# A connection carries so many recogniser streams: the service's own limit is said to be 100, and a rotation needs two.
STREAMS_PER_CHANNEL = 50
MULAW_STT, MULAW_TTS = 3, 5  # their numbers of the encoding
BOOST = 10.0
_OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),  # else channels to one address share one connection
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.ping_timeout_ms", 5_000),
    # A service that was away is found again at once: callers wait, and by default gRPC looks after two minutes.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 2_000),  # for one try to connect
    ("grpc.max_reconnect_backoff_ms", 2_000),
)
_RECOGNISE = "/google.cloud.speech.v1.Speech/StreamingRecognize"
_SYNTHESISE = "/google.cloud.texttospeech.v1.TextToSpeech/SynthesizeSpeech"
_STREAM = "/google.cloud.texttospeech.v1.TextToSpeech/StreamingSynthesize"


def channels_for(calls: int) -> int:
    """How many so many calls at once need: the recogniser's, and one for the voice."""
    return -(-calls // STREAMS_PER_CHANNEL) + 1


class WireError(Exception):
    """A call ended otherwise than well. code: the name of the gRPC status."""

    def __init__(self, code: str, details: str) -> None:
        super().__init__(f"{code}: {details}")
        self.code = code
        self.details = details


class Call:
    """One streamed call: iterate over what comes, cancel from anywhere."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def __iter__(self) -> Iterator[Any]:
        """Raises WireError."""
        try:
            yield from self._call
        except grpc.RpcError as error:
            raise _wire_error(error) from None

    def cancel(self) -> None:
        self._call.cancel()


class Wire:
    """Made once in each worker; any thread may use it."""

    def __init__(self, speech: Endpoint, tts: Endpoint, account: dict[str, Any] | None, calls: int) -> None:
        """calls: how many at once. Raises BadCredentials."""
        credentials = _credentials(account)
        self._speech = [_channel(speech, credentials) for _ in range(channels_for(calls) - 1)]
        self._tts = _channel(tts, credentials)
        requests, responses = speech_v1.StreamingRecognizeRequest.pb(), speech_v1.StreamingRecognizeResponse.pb()
        self._recognise = itertools.cycle(
            [c.stream_stream(_RECOGNISE, requests.SerializeToString, responses.FromString) for c in self._speech]
        )
        self._synthesise = self._tts.unary_unary(
            _SYNTHESISE,
            texttospeech_v1.SynthesizeSpeechRequest.pb().SerializeToString,
            texttospeech_v1.SynthesizeSpeechResponse.pb().FromString,
        )
        self._stream = self._tts.stream_stream(
            _STREAM,
            texttospeech_v1.StreamingSynthesizeRequest.pb().SerializeToString,
            texttospeech_v1.StreamingSynthesizeResponse.pb().FromString,
        )

    def wait_until_ready(self, within_s: float) -> str:
        """ "" when both services can be reached within this time, else which cannot."""
        until_s = time.monotonic() + within_s
        for name, channel in (("recogniser", self._speech[0]), ("voice", self._tts)):
            ready = grpc.channel_ready_future(channel)
            try:
                ready.result(timeout=max(0.0, until_s - time.monotonic()))
            except grpc.FutureTimeoutError:
                ready.cancel()
                return name
        return ""

    def recognise(self, recognition: Recognition, sound: Iterable[bytes], reason: str) -> Call:
        """A stream that hears `sound` piece by piece. reason: names the session to the service."""
        requests = itertools.chain([_listening(recognition)], map(_sound_request, sound))
        return Call(next(self._recognise)(requests, metadata=_metadata(reason)))

    def synthesise(self, text: str, voice: Voice, within_s: float, reason: str) -> Any:
        """A call under way; its `result()` is the sound, with or without a header. See `sound_of_call`."""
        request = texttospeech_v1.SynthesizeSpeechRequest.pb()(
            input={"text": text},
            voice={"language_code": voice.language, "name": voice.name},
            audio_config={
                "audio_encoding": MULAW_TTS,
                "sample_rate_hertz": SAMPLE_RATE_HZ,
                "speaking_rate": voice.rate,
            },
        )
        return self._synthesise.future(request, timeout=within_s, metadata=_metadata(reason))

    def speak(self, texts: Iterable[str], voice: Voice, within_s: float, reason: str) -> Call:
        """A voice that begins before it knows all of the text."""
        config = texttospeech_v1.StreamingSynthesizeRequest.pb()(
            streaming_config={
                "voice": {"language_code": voice.language, "name": voice.name},
                "streaming_audio_config": {
                    "audio_encoding": MULAW_TTS,
                    "sample_rate_hertz": SAMPLE_RATE_HZ,
                    "speaking_rate": voice.rate,
                },
            }
        )
        requests = itertools.chain([config], map(_text_request, texts))
        return Call(self._stream(requests, timeout=within_s, metadata=_metadata(reason)))


def sound_of_call(call: Any) -> bytes:
    """The sound of a `synthesise` call. Raises WireError."""
    try:
        return bytes(call.result().audio_content)
    except grpc.FutureCancelledError:
        raise WireError("CANCELLED", "cancelled here") from None
    except grpc.RpcError as error:
        raise _wire_error(error) from None


def _listening(recognition: Recognition) -> Any:
    config: dict[str, Any] = {
        "encoding": MULAW_STT,
        "sample_rate_hertz": SAMPLE_RATE_HZ,
        "language_code": recognition.language,
        "use_enhanced": recognition.enhanced,
        "max_alternatives": 1,
        "enable_word_time_offsets": True,
        "enable_word_confidence": True,
        "enable_automatic_punctuation": True,
    }
    if recognition.model:
        config["model"] = recognition.model
    if recognition.phrases:
        config["speech_contexts"] = [{"phrases": list(recognition.phrases), "boost": BOOST}]
    return speech_v1.StreamingRecognizeRequest.pb()(
        streaming_config={"config": config, "interim_results": True, "enable_voice_activity_events": True}
    )


def _sound_request(sound: bytes) -> Any:
    return speech_v1.StreamingRecognizeRequest.pb()(audio_content=sound)


def _text_request(text: str) -> Any:
    return texttospeech_v1.StreamingSynthesizeRequest.pb()(input={"text": text})


def _metadata(reason: str) -> Sequence[tuple[str, str]]:
    return (("x-goog-request-reason", reason),)


def _credentials(account: dict[str, Any] | None) -> Any:
    """Tokens are signed here, without asking anybody."""
    if account is None:
        return None
    try:
        return service_account.Credentials.from_service_account_info(account, always_use_jwt_access=True)
    except ValueError:
        raise BadCredentials("its private_key cannot be read as a key") from None


def _channel(endpoint: Endpoint, credentials: Any) -> Any:
    if endpoint.is_insecure:
        return grpc.insecure_channel(endpoint.target, options=_OPTIONS)
    if credentials is None:
        raise BadCredentials("it is needed for a service that is not insecure")
    tokens = AuthMetadataPlugin(credentials, AuthRequest(), default_host=endpoint.host)
    both = grpc.composite_channel_credentials(grpc.ssl_channel_credentials(), grpc.metadata_call_credentials(tokens))
    return grpc.secure_channel(endpoint.target, both, options=_OPTIONS)


def _wire_error(error: Any) -> WireError:
    code: Callable[[], Any] | None = getattr(error, "code", None)
    name = code().name if code is not None and code() is not None else "UNKNOWN"
    details = error.details() if code is not None else ""
    return WireError(name, str(details or ""))
