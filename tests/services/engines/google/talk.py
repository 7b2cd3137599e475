"""A cascade session against services that speak the real protocols, and a caller who talks to it."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from openai import OpenAI

from sandbox import coded_audio
from sandbox.google.running import RunningGoogle, running_google
from services.audio.g711 import BYTES_PER_MS, FRAME_BYTES, silence
from services.engines import interface as e
from services.engines.google.cascade import Cascade
from services.engines.google.credentials import read_endpoint
from services.engines.google.session import CascadeConfig, CascadeDefaults, Recognition, Voices, voices_of
from services.engines.google.wire import Wire
from tests.patience import PATIENCE_S
from tests.serving import wait_until

QUESTION = "When do you open on Tuesday morning"
VOICE = coded_audio.encode(4000, 0, 1000)
PAUSE = silence(700 * BYTES_PER_MS)
CHIRP = "en-US-Chirp3-HD-Kore"
T = TypeVar("T")


class Talk:
    """One session, its events collected by a thread as the call's own thread would."""

    def __init__(self, google: RunningGoogle, voice: str = "", endpoint: str = "") -> None:
        wire = Wire(
            read_endpoint(endpoint or google.speech_endpoint, ""),
            read_endpoint(google.tts_endpoint, ""),
            None,
            calls=1,
        )
        client = OpenAI(api_key="none", base_url=google.base_url)
        self.engine = Cascade(wire, client, config(voices_of("en", "female", voice, CascadeDefaults("m"))))
        self.events: list[e.EngineEvent] = []
        self._reader = threading.Thread(target=self._read, daemon=True)

    def _read(self) -> None:
        self.events.extend([])
        for event in self.engine.events():
            self.events.append(event)

    def begin(self) -> None:
        self.engine.connect()
        self._reader.start()

    def end(self) -> None:
        self.engine.close()
        self._reader.join(PATIENCE_S)
        assert not self._reader.is_alive()

    def hear(self, sound: bytes, *, speed: float = 4.0) -> None:
        """The caller's sound, some times faster than it was said."""
        began = time.monotonic()
        for n, at in enumerate(range(0, len(sound), FRAME_BYTES)):
            self.engine.hear(base64.b64encode(sound[at : at + FRAME_BYTES]).decode())
            ahead = began + n * 0.02 / speed - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)

    def turn(self, sound: bytes = VOICE + PAUSE) -> str:
        """A turn of the caller, until its words are known; the words."""
        before = len(self.of(e.CallerTranscript))
        self.hear(sound)
        self.engine.commit_turn()
        return self.wait(lambda: self.of(e.CallerTranscript)[before:])[0].text

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in list(self.events) if isinstance(event, kind)]

    def wait(self, condition: Callable[[], T]) -> T:
        return wait_until(condition, what=str(self.events[-5:]))

    def answered(self) -> e.ResponseDone:
        """The end of the answer that is asked for now."""
        before = len(self.of(e.ResponseDone))
        self.engine.answer()
        return self.wait(lambda: self.of(e.ResponseDone)[before:])[0]

    def sound(self) -> bytes:
        return b"".join(base64.b64decode(event.payload) for event in self.of(e.AudioDelta))


def config(voices: Voices) -> CascadeConfig:
    return CascadeConfig(
        instructions="You answer the phone.",
        recognition=Recognition("en-US", phrases=("Sunrise clinic",)),
        language_names=("en-US", "en-GB"),
        voices=voices,
        chat_model="gpt-6-luna",
    )


@contextmanager
def talking(script: dict[str, Any] | None = None, voice: str = "") -> Iterator[tuple[Talk, RunningGoogle]]:
    with running_google(scripts=[script or {}]) as google:
        talk = Talk(google, voice)
        talk.begin()
        try:
            yield talk, google
        finally:
            talk.end()


def says(*answers: str, heard: tuple[str, ...] = (QUESTION,), **google: Any) -> dict[str, Any]:
    return {
        "answers": [{"text": text, "length_ms": 60 * len(text)} for text in answers],
        "transcripts": [{"text": text} for text in heard],
        "google": google,
    }
