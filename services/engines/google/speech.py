"""An answer's text as sound (C7): sentence by sentence, or as one stream where the voice can.

What is spoken comes back as (text, sound) steps in the order the caller hears them: the text before its sound.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from functools import partial
from queue import SimpleQueue
from typing import Any, NamedTuple

from services.engines.google.chat import ChatFailed
from services.engines.google.failures import Kind, kind_of
from services.engines.google.session import Voice
from services.engines.google.threads import in_thread
from services.engines.google.wav import BadSound, SoundReader, sound_of
from services.engines.google.wire import Call, Wire, WireError, sound_of_call

SENTENCE_WITHIN_S = 5.0
STREAM_WITHIN_S = 60.0


class Step(NamedTuple):
    """A sentence and its sound; or one that is going to be spoken, and sound of what was told before. is_whole: all of
    that sentence's."""

    text: str = ""
    sound: bytes = b""
    is_whole: bool = False


class SpeechFailed(Exception):
    """The voice did not say it; code says why."""

    def __init__(self, code: str, details: str) -> None:
        super().__init__(f"{code}: {details}")
        self.code = code


class Speech:
    """The voice of one answer. `steps` is read by one thread, `cancel` may be called by any."""

    def __init__(self, wire: Wire, voice: Voice, reason: str) -> None:
        self._wire = wire
        self._voice = voice
        self._reason = reason
        self._call: Any = None
        self._lock = threading.Lock()
        self._cancelled = False
        self.characters = 0

    @property
    def is_one_sound(self) -> bool:
        """Sound cannot be told apart by sentences."""
        return self._voice.streams

    def steps(self, sentences: Iterable[str]) -> Iterator[Step]:
        """Raises SpeechFailed, and ChatFailed where `sentences` does."""
        return self._streamed(sentences) if self._voice.streams else self._one_by_one(sentences)

    def cancel(self) -> None:
        """Nothing more is wanted of it. Idempotent."""
        with self._lock:
            self._cancelled = True
            call = self._call
        if call is not None:
            call.cancel()

    # -- a request for each sentence ------------------------------------------------------------------------------

    def _one_by_one(self, sentences: Iterable[str]) -> Iterator[Step]:
        for sentence in sentences:
            yield Step(sentence, self._sentence(sentence), is_whole=True)

    def _sentence(self, text: str) -> bytes:
        """Tried twice where the failure may pass."""
        self.characters += len(text)
        try:
            return self._synthesised(text)
        except WireError as error:
            if self._cancelled or kind_of(error.code, error.details) is not Kind.PASSING:
                raise _failed(error) from None
        try:
            return self._synthesised(text)
        except WireError as error:
            raise _failed(error) from None

    def _synthesised(self, text: str) -> bytes:
        """Raises WireError, SpeechFailed."""
        call = self._wire.synthesise(text, self._voice, SENTENCE_WITHIN_S, self._reason)
        self._hold(call)
        try:
            sound = sound_of(sound_of_call(call))
        except BadSound as bad:
            raise SpeechFailed("tts_bad_sound", str(bad)) from None
        if not sound:
            raise SpeechFailed("tts_empty", "no sound came")
        return sound

    # -- one stream -----------------------------------------------------------------------------------------------

    def _streamed(self, sentences: Iterable[str]) -> Iterator[Step]:
        """The texts go out and the sound comes in at the same time; one queue keeps their order."""
        waiting = iter(sentences)
        first = next(waiting, None)
        if first is None:
            return  # a stream that is given nothing would be aborted
        done: SimpleQueue[Step | SpeechFailed | None] = SimpleQueue()
        failures: list[ChatFailed] = []
        texts = self._told(first, waiting, done, failures)
        call = self._wire.speak(texts, self._voice, STREAM_WITHIN_S, self._reason)
        self._hold(call)
        in_thread("voice", partial(_listen, call, done), lambda what: done.put(SpeechFailed("tts_broke", what)))
        heard = False
        while (step := done.get()) is not None:
            if isinstance(step, SpeechFailed):
                raise failures[0] if failures else step
            heard = heard or bool(step.sound)
            yield step
        if failures:
            raise failures[0]
        if not heard:
            raise SpeechFailed("tts_empty", "no sound came")
        yield Step(is_whole=True)

    def _told(
        self, first: str, rest: Iterator[str], done: SimpleQueue[Step | SpeechFailed | None], failures: list[ChatFailed]
    ) -> Iterator[str]:
        """What the voice is given; read by gRPC, which would swallow an error of ours."""
        text: str | None = first
        while text is not None:
            self.characters += len(text)
            done.put(Step(text=text))
            yield f"{text} "
            try:
                text = next(rest, None)
            except ChatFailed as error:
                failures.append(error)
                return

    def _hold(self, call: Any) -> None:
        """The call under way, to be cancelled with the answer."""
        with self._lock:
            self._call, cancelled = call, self._cancelled
        if cancelled:
            call.cancel()


def _listen(call: Call, done: SimpleQueue[Step | SpeechFailed | None]) -> None:
    reader = SoundReader()
    try:
        for response in call:
            sound = reader.feed(response.audio_content)
            if sound:
                done.put(Step(sound=sound))
        rest = reader.finish()
        if rest:
            done.put(Step(sound=rest))
        done.put(None)
    except WireError as error:
        done.put(_failed(error))
    except BadSound as bad:
        done.put(SpeechFailed("tts_bad_sound", str(bad)))


def _failed(error: WireError) -> SpeechFailed:
    return SpeechFailed(f"tts_{error.code.lower()}", error.details)
