"""One response of the cascade: chat, voice, and exactly one end (C6, C7)."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from services.audio import g711
from services.audio.g711 import BYTES_PER_MS
from services.engines import interface as e
from services.engines.google.chat import ChatAnswer, ChatFailed
from services.engines.google.sentences import SentenceCutter, speakable
from services.engines.google.speech import Speech, SpeechFailed, Step

TAIL = g711.silence(200 * BYTES_PER_MS)  # after each answer (C7)
WHOLE_ENDS = (".", "!", "?", "…", "؟", '"', ")")
_KEPT_DETAILS = 200


class Session(Protocol):
    """What an answer needs of its engine. Any thread."""

    def new_id(self, kind: str) -> str: ...
    def tell(self, event: e.EngineEvent) -> None: ...
    def ask_chat(self, instructions: str | None) -> ChatAnswer:
        """The chat model's answer to what is known once the words of every turn are. Waits for the words."""

    def speech(self, text: str) -> Speech:
        """The voice for an answer that begins with this text."""

    def spoken(self, item_id: str, text: str, *, one_sound: bool) -> None:
        """A sentence that is going to be heard, for the memory."""

    def sounded(self, item_id: str, ms: float, *, is_whole: bool) -> None:
        """Sound of that sentence."""

    def sound_ends(self, item_id: str) -> str:
        """No more sound comes; the text of what there is."""

    def forget(self, item_id: str) -> None:
        """Nothing of it can be heard."""


class Answer:
    """Its text, its sound, its end. `run` is its thread; `cancel` may be called by any. words: said as they are,
    without the chat model."""

    def __init__(self, engine: Session, *, words: str | None = None, instructions: str | None = None) -> None:
        self._engine = engine
        self._words = words
        self._instructions = instructions
        self.response_id = engine.new_id("resp")
        self._item_id = engine.new_id("item")
        self._lock = threading.Lock()
        self.is_over = False
        self._chat: ChatAnswer | None = None
        self._speech: Speech | None = None
        self._text: list[str] = []
        self._has_sound = False
        self._began = time.monotonic()
        self._parts: dict[str, float] = {}

    def cancel(self) -> None:
        """Idempotent; harmless once it is over."""
        self._end("cancelled", reason="client_cancelled")
        self._stop()

    def lose(self) -> None:
        """The session is over, and it is asked again in the next one if nobody heard any of it: no end is told."""
        with self._lock:
            if not self.is_over and self._has_sound:
                self._close_sound(self._engine.sound_ends(self._item_id))
            self.is_over = True
        self._stop()

    def run(self) -> None:
        """Until it was said, failed or was cancelled."""
        try:
            self._speak(self._sentences())
        except ChatFailed as failed:
            self._failed(failed.code, "")
        except SpeechFailed as failed:
            self._failed(failed.code, str(failed)[:_KEPT_DETAILS])
        else:
            with self._lock:
                if not self.is_over and self._has_sound:
                    self._sound(TAIL)
                    self._close_sound(" ".join(self._text))
            self._end("completed")

    def broke(self, what: str) -> None:
        """Its thread failed where nobody expected it."""
        self._failed("answer_broke", what)

    # -- its thread -----------------------------------------------------------------------------------------------

    def _sentences(self) -> Iterator[str]:
        """Raises ChatFailed."""
        if self._words is not None:
            words = speakable(self._words)
            yield from [words] if words else []
            return
        self._chat = chat = self._engine.ask_chat(self._instructions)
        self._took("words")
        if self.is_over:
            chat.cancel()
            return
        cutter, failed = SentenceCutter(), None
        try:
            for piece in chat:
                self._took("chat")
                yield from self._noticed(cutter.feed(piece))
        except ChatFailed as failure:
            failed = failure
        rest, spoken = cutter.finish(), "sentence" in self._parts
        is_part = (chat.was_cut or failed is not None) and not (rest and rest[-1].endswith(WHOLE_ENDS))
        if failed is not None and (self.is_over or (is_part and not spoken)):
            raise failed
        if failed is not None:  # what was made of it is an answer: it is spoken as far as its sentences go
            self._engine.tell(e.EngineError(failed.code, "in the middle of an answer", fatal=False))
        if not (is_part and spoken):
            yield from self._noticed(rest)

    def _noticed(self, sentences: list[str]) -> list[str]:
        if sentences:
            self._took("sentence")
        return sentences

    def _speak(self, sentences: Iterator[str]) -> None:
        first = next(sentences, None)
        if first is None or self.is_over:
            return
        self._speech = speech = self._engine.speech(first)
        for step in speech.steps(_after(first, sentences)):
            if self.is_over:
                speech.cancel()
                return
            with self._lock:
                if not self.is_over:
                    self._told(step, one_sound=speech.is_one_sound)

    def _told(self, step: Step, *, one_sound: bool) -> None:
        """With the lock: what was cut is neither told nor remembered."""
        if step.text:
            self._engine.spoken(self._item_id, step.text, one_sound=one_sound)
            self._engine.tell(e.AgentTextDelta(self.response_id, self._item_id, self._joined(step.text)))
        if step.sound:
            self._sound(step.sound)
        if step.sound or step.is_whole:
            self._engine.sounded(self._item_id, len(step.sound) / BYTES_PER_MS, is_whole=step.is_whole)

    def _joined(self, text: str) -> str:
        self._text.append(text)
        return text if len(self._text) == 1 else f" {text}"

    def _sound(self, sound: bytes) -> None:
        if not self._has_sound:
            self._has_sound = True
            self._engine.tell(e.AnswerParts(self.response_id, self._measured()))
        payload = base64.b64encode(sound).decode("ascii")
        self._engine.tell(e.AudioDelta(self.response_id, self._item_id, payload))

    def _close_sound(self, text: str) -> None:
        """With the lock: no more comes, and this is what was said."""
        self._engine.tell(e.AudioDone(self.response_id, self._item_id))
        self._engine.tell(e.AgentText(self.response_id, self._item_id, text))

    def _failed(self, code: str, details: str) -> None:
        """A sentence that never got its sound was not said: neither to the memory nor to the record."""
        with self._lock:
            if not self.is_over and self._has_sound:
                self._close_sound(self._engine.sound_ends(self._item_id))
        self._end("failed", code=code, details=details)
        self._stop()

    def _stop(self) -> None:
        if self._chat is not None:
            self._chat.cancel()
        if self._speech is not None:
            self._speech.cancel()

    def _end(self, status: str, *, reason: str = "", code: str = "", details: str = "") -> None:
        usage = self._chat.usage if self._chat is not None else e.Usage()
        characters = self._speech.characters if self._speech is not None else 0
        with self._lock:
            if self.is_over:
                return
            self.is_over = True
            if code:
                self._engine.tell(e.EngineError(code, details, fatal=False))
            if not self._has_sound:
                self._engine.forget(self._item_id)
            used = replace(usage, spoken_characters=characters)
            self._engine.tell(e.ResponseDone(self.response_id, status, reason, code, used))

    # -- how long it took -----------------------------------------------------------------------------------------

    def _ms(self) -> float:
        return round((time.monotonic() - self._began) * 1000, 1)

    def _took(self, part: str) -> None:
        """So long until then; the first time counts."""
        self._parts.setdefault(part, self._ms())

    def _measured(self) -> dict[str, float]:
        """Each part without those before it: until the words were known, the chat model's first token, its first
        sentence, and the voice."""
        measured: dict[str, float] = {}
        before = 0.0
        for part in ("words", "chat", "sentence"):
            if part in self._parts:
                measured[part], before = round(self._parts[part] - before, 1), self._parts[part]
        return {**measured, "voice": round(self._ms() - before, 1)}


def _after(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
