"""Google's own clients, pointed at the sandbox, for tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import speech_v1, texttospeech_v1
from google.cloud.speech_v1.services.speech import SpeechClient
from google.cloud.speech_v1.services.speech.transports import SpeechGrpcTransport
from google.cloud.texttospeech_v1.services.text_to_speech.transports import TextToSpeechGrpcTransport

from sandbox import coded_audio
from sandbox.google.running import RunningGoogle
from services.audio.g711 import BYTES_PER_MS, silence
from tests.patience import PATIENCE_S

MULAW = speech_v1.RecognitionConfig.AudioEncoding.MULAW
TO_MULAW = texttospeech_v1.AudioEncoding.MULAW
CHUNK = 100 * BYTES_PER_MS
QUIET = silence(800 * BYTES_PER_MS)
VOICE = coded_audio.encode(4000, 0, 1000)
WAVENET, CHIRP = "he-IL-Wavenet-A", "he-IL-Chirp3-HD-Kore"


def spoken(*numbers: int, each_ms: int = 300, gap_ms: int = 60) -> bytes:
    """Words of coded sound, as sandbox.google's coded ears hear them."""
    gap = silence(gap_ms * BYTES_PER_MS)
    return b"".join(coded_audio.encode(number, 0, each_ms) + gap for number in numbers)


def chunks(sound: bytes, size: int = CHUNK) -> Iterator[bytes]:
    for at in range(0, len(sound), size):
        yield sound[at : at + size]


@contextmanager
def channel(google: RunningGoogle, *, alone: bool = False) -> Iterator[grpc.Channel]:
    """alone: a connection that no other channel shares."""
    options = [("grpc.use_local_subchannel_pool", 1)] if alone else []
    with grpc.insecure_channel(google.grpc_address, options=options) as found:
        yield found


@dataclass
class Ears:
    """Google's recognition client. What it got of a stream, and the error that ended it, come back together."""

    client: SpeechClient

    def config(self, **fields: Any) -> speech_v1.StreamingRecognitionConfig:
        of_stream = {"interim_results", "single_utterance", "enable_voice_activity_events", "voice_activity_timeout"}
        streaming = {name: fields.pop(name) for name in of_stream & set(fields)}
        plain = {"encoding": MULAW, "sample_rate_hertz": 8000, "language_code": "he-IL", **fields}
        return speech_v1.StreamingRecognitionConfig(
            config=speech_v1.RecognitionConfig(**plain), **{"interim_results": True, **streaming}
        )

    def stream(self, requests: Iterator[Any], key: str = "") -> tuple[list[Any], Exception | None]:
        """Everything the service said to these requests."""
        got: list[Any] = []
        metadata = [("x-goog-request-reason", key)] if key else []
        try:
            replies = self.client.streaming_recognize(
                requests=requests, retry=None, metadata=metadata, timeout=PATIENCE_S
            )
            for reply in replies:
                got.append(reply)
        except GoogleAPICallError as error:
            return got, error
        return got, None

    def hear(
        self, sound: bytes, key: str = "", *, speed: float = 20.0, stay_s: float = 0.0, **config: Any
    ) -> tuple[list[Any], Exception | None]:
        """What is heard in a sound, sent `speed` times as fast as it was said; the stream stays open for `stay_s`."""

        def requests() -> Iterator[Any]:
            yield speech_v1.StreamingRecognizeRequest(streaming_config=self.config(**config))
            for chunk in chunks(sound):
                yield speech_v1.StreamingRecognizeRequest(audio_content=chunk)
                time.sleep(len(chunk) / BYTES_PER_MS / 1000 / speed)
            time.sleep(stay_s)

        return self.stream(requests(), key)


@contextmanager
def ears(google: RunningGoogle, *, alone: bool = False) -> Iterator[Ears]:
    with channel(google, alone=alone) as found:
        yield Ears(SpeechClient(transport=SpeechGrpcTransport(channel=found)))


def finals(replies: list[Any]) -> list[str]:
    results = [result for reply in replies for result in reply.results if result.is_final]
    return [result.alternatives[0].transcript for result in results]


def partials(replies: list[Any]) -> list[str]:
    told = [[one for one in reply.results if not one.is_final and one.alternatives] for reply in replies]
    return ["".join(piece.alternatives[0].transcript for piece in pieces) for pieces in told if pieces]


@dataclass
class Voice:
    """Google's synthesis client."""

    client: texttospeech_v1.TextToSpeechClient

    def say(self, text: str, key: str = "", *, name: str = WAVENET, encoding: int = TO_MULAW, **audio: Any) -> bytes:
        """The content of one unary answer."""
        answer = self.client.synthesize_speech(
            input=texttospeech_v1.SynthesisInput(text=text),
            voice=texttospeech_v1.VoiceSelectionParams(language_code=name[:5], name=name),
            audio_config=texttospeech_v1.AudioConfig(
                **{"audio_encoding": encoding, "sample_rate_hertz": 8000, **audio}
            ),
            metadata=[("x-goog-request-reason", key)] if key else [],
            timeout=PATIENCE_S,
        )
        return bytes(answer.audio_content)

    def stream(
        self, texts: Iterator[str] | list[str], key: str = "", *, name: str = CHIRP, **audio: Any
    ) -> list[bytes]:
        """The pieces of a streamed answer."""

        def requests() -> Iterator[Any]:
            yield self.streaming_config(name, **audio)
            for text in texts:
                yield texttospeech_v1.StreamingSynthesizeRequest(
                    input=texttospeech_v1.StreamingSynthesisInput(text=text)
                )

        return self.pieces(requests(), key)

    def streaming_config(self, name: str = CHIRP, **audio: Any) -> texttospeech_v1.StreamingSynthesizeRequest:
        return texttospeech_v1.StreamingSynthesizeRequest(
            streaming_config=texttospeech_v1.StreamingSynthesizeConfig(
                voice=texttospeech_v1.VoiceSelectionParams(language_code=name[:5], name=name),
                streaming_audio_config=texttospeech_v1.StreamingAudioConfig(
                    **{"audio_encoding": TO_MULAW, "sample_rate_hertz": 8000, **audio}
                ),
            )
        )

    def pieces(self, requests: Iterator[Any], key: str = "") -> list[bytes]:
        metadata = [("x-goog-request-reason", key)] if key else []
        replies = self.client.streaming_synthesize(requests, metadata=metadata, timeout=PATIENCE_S)
        return [bytes(reply.audio_content) for reply in replies]


@contextmanager
def voice(google: RunningGoogle) -> Iterator[Voice]:
    with channel(google) as found:
        transport = TextToSpeechGrpcTransport(channel=found)
        yield Voice(texttospeech_v1.TextToSpeechClient(transport=transport))
