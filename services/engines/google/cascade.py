"""The cascade engine: recogniser, chat model and voice joined behind the engine interface (C1).

It hears and speaks; every decision is made in media/. `events` belongs to one thread, the other methods may be called
by any and never wait. What it does by itself: a turn's words are collected after its end, and while the caller is quiet
the chat model is asked on words that are not going to change; when they do, that answer is dropped before anybody asked
for it (C4).
"""

from __future__ import annotations

import base64
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from queue import SimpleQueue

from openai import OpenAI

from services.audio import g711
from services.audio.g711 import BYTES_PER_MS
from services.engines import interface as e
from services.engines.audio_convert import PCMU
from services.engines.google.answer import Answer
from services.engines.google.chat import Chat, ChatAnswer
from services.engines.google.failures import Kind, Languages, is_hopeless, kind_of
from services.engines.google.memory import Memory, Message
from services.engines.google.recogniser import Listeners, Recogniser, TurnEnd
from services.engines.google.session import CascadeConfig
from services.engines.google.speech import Speech
from services.engines.google.threads import in_thread
from services.engines.google.wire import Wire
from services.sockets.frames import CLOSE_ABNORMAL, CLOSE_NORMAL

EARLY_QUIET_MS = 200  # a pause so long may be the end of the turn: the chat model is asked on what is known
WORDS_KNOWN_WITHIN_S = 1.5  # an answer waits so long for the words it answers
TAIL = g711.silence(200 * BYTES_PER_MS)  # after each answer (C7)
_KEPT_DETAILS = 200


class Cascade:
    """See services.engines.interface.Engine."""

    abilities = e.Abilities(ends_turns=False, hears_sound=False, partial_words=True)

    def __init__(self, wire: Wire, client: OpenAI, config: CascadeConfig) -> None:
        self._wire = wire
        self._config = config
        self._session = secrets.token_hex(6)  # names it to all three services
        self._chat = Chat(client, config.chat_model, {**config.chat_options, "prompt_cache_key": self._session})
        self._count = 0
        self._events: SimpleQueue[e.EngineEvent] = SimpleQueue()
        self._turns: SimpleQueue[tuple[str, TurnEnd] | None] = SimpleQueue()
        self._lock = threading.RLock()
        self._words_known = threading.Condition(self._lock)
        self._memory = Memory(config.instructions)
        self._turns_open = 0  # ended, and their words are not known yet
        self._answer: Answer | None = None
        self._early: _EarlyAnswer | None = None
        self._closed = False
        self._recogniser = Recogniser(
            wire,
            config.recognition,
            Languages(config.language_names),
            self._session,
            Listeners(self._words, self._stream_failed, self._stream_gone),
        )

    def connect(self, within_s: float = e.CONNECTS_WITHIN_S) -> None:
        """Both services can be reached. Raises EngineUnavailable."""
        missing = self._wire.wait_until_ready(within_s)
        if missing or self._closed:
            raise e.EngineUnavailable(f"connect: the {missing} does not answer" if missing else "closed")
        in_thread("turns", self._collect_turns, self._broke)
        self._events.put(e.SessionReady(PCMU, PCMU))

    def events(self) -> Iterator[e.EngineEvent]:
        """Typed events until EngineClosed, always the last."""
        while True:
            event = self._events.get()
            yield event
            if isinstance(event, e.EngineClosed):
                return

    # -- the caller -----------------------------------------------------------------------------------------------

    def hear(self, payload: str) -> None:
        if self._recogniser.hear(base64.b64decode(payload)):
            self._ask_early()

    def commit_turn(self) -> None:
        item_id = self.new_id("item")
        with self._lock:
            self._memory.add("user", "", item_id)
            self._turns_open += 1
        self._events.put(e.TurnCommitted(item_id))
        self._turns.put((item_id, self._recogniser.commit()))

    def _collect_turns(self) -> None:
        """A thread: the words of one turn after the other."""
        while (turn := self._turns.get()) is not None:
            item_id, end = turn
            taken, seconds = self._recogniser.turn(end)
            with self._words_known:
                self._memory.words(item_id, taken.text)
                self._turns_open -= 1
                self._words_known.notify_all()
            self._events.put(e.CallerTranscript(item_id, taken.text, seconds, taken.confidence))

    def _words(self, text: str, is_stable: bool) -> None:
        self._events.put(e.CallerPartial(text, is_stable))

    def _stream_failed(self, code: str, details: str) -> None:
        is_fatal = kind_of(code, details) is Kind.FATAL
        self._events.put(e.EngineError(f"stt_{code.lower()}", details[:_KEPT_DETAILS], is_fatal))

    def _stream_gone(self, code: str, details: str) -> None:
        self._finish(CLOSE_ABNORMAL, f"recogniser: {code}", is_hopeless=is_hopeless(code, details))

    def _broke(self, what: str) -> None:
        """Words would go to no turn any more: the session is over, and the next one works."""
        self._events.put(e.EngineError("engine_broke", what, fatal=True))
        self._finish(CLOSE_ABNORMAL, f"broke: {what}")

    # -- what the model knows -------------------------------------------------------------------------------------

    def say_server(self, text: str) -> None:
        with self._lock:
            self._memory.add("system", text)

    def remember(self, role: str, text: str) -> None:
        with self._lock:
            self._memory.add(role, text)

    def delete_item(self, item_id: str) -> None:
        with self._lock:
            self._memory.delete(item_id)

    def truncate(self, item_id: str, audio_end_ms: int) -> None:
        with self._lock:
            self._memory.truncate(item_id, audio_end_ms)

    # -- answers --------------------------------------------------------------------------------------------------

    def answer(self, instructions: str | None = None) -> None:
        self._begin(Answer(self, instructions=instructions))

    def say(self, words: str) -> None:
        self._begin(Answer(self, words=words))

    def cancel(self, response_id: str) -> None:
        answer = self._answer
        if answer is not None and answer.response_id == response_id:
            answer.cancel()

    def close(self) -> None:
        """Idempotent; makes `events` end."""
        self._finish(CLOSE_NORMAL, "closed")

    def _begin(self, answer: Answer) -> None:
        with self._lock:
            if self._closed:
                return
            self._answer = answer
        self._events.put(e.ResponseStarted(answer.response_id))
        in_thread("answer", answer.run, answer.broke)

    def _finish(self, code: int, reason: str, *, is_hopeless: bool = False) -> None:
        with self._words_known:
            if self._closed:
                return
            self._closed = True
            answer, early, self._early = self._answer, self._early, None
            self._words_known.notify_all()
        if answer is not None:
            answer.lose()
        self._events.put(e.EngineClosed(code, reason, is_hopeless))
        if early is not None:
            early.chat.cancel()
        self._recogniser.close()
        self._turns.put(None)

    # -- asked before the turn is over (C4) -----------------------------------------------------------------------

    def _ask_early(self) -> None:
        """The caller is quiet and the words will not change: the chat model may begin."""
        text = self._recogniser.stable_text(EARLY_QUIET_MS)
        early = self._early
        if not text or (early is not None and early.text == text):
            return
        with self._lock:
            if self._closed or self._turns_open or self._is_answering:
                return
            if early is not None:
                early.chat.cancel()
            messages = self._memory.messages(extra=text)
            self._early = _EarlyAnswer(text, messages, self._chat.ask(messages))

    @property
    def _is_answering(self) -> bool:
        return self._answer is not None and not self._answer.is_over

    # -- for an answer's thread -----------------------------------------------------------------------------------

    def ask_chat(self, instructions: str | None) -> ChatAnswer:
        """The chat model's answer to what is known once the words of every turn are: the one begun early if it was
        asked the same. Waits for the words."""
        with self._words_known:
            self._words_known.wait_for(lambda: self._closed or not self._turns_open, WORDS_KNOWN_WITHIN_S)
            messages = self._memory.messages(instructions)
            early, self._early = self._early, None
        if early is not None:
            if _ask_the_same(early.messages, messages):
                return early.chat
            early.chat.cancel()
        return self._chat.ask(messages)

    def speech(self, text: str) -> Speech:
        """The voice for an answer that begins with this text."""
        return Speech(self._wire, self._config.voices.for_text(text), self._session)

    def tell(self, event: e.EngineEvent) -> None:
        self._events.put(event)

    def sound_ends(self, item_id: str) -> str:
        with self._lock:
            return self._memory.sound_ends(item_id)

    def spoken(self, item_id: str, text: str, *, one_sound: bool) -> None:
        with self._lock:
            self._memory.sentence(item_id, text, one_sound=one_sound)

    def sounded(self, item_id: str, ms: float, *, is_whole: bool) -> None:
        with self._lock:
            if ms:
                self._memory.sound(item_id, ms)
            if is_whole:
                self._memory.sound_is_whole(item_id)

    def forget(self, item_id: str) -> None:
        self.delete_item(item_id)

    def new_id(self, kind: str) -> str:
        with self._lock:
            self._count += 1
            return f"{kind}_{self._session}_{self._count}"


@dataclass(frozen=True, slots=True)
class _EarlyAnswer:
    """Asked before the turn was over, on `text`."""

    text: str
    messages: list[Message]
    chat: ChatAnswer


def _ask_the_same(one: list[Message], other: list[Message]) -> bool:
    """But for punctuation of the caller's last words, which a recogniser adds late."""
    return one == other or (one[:-1] == other[:-1] and one[-1]["role"] == "user" and _bare(one[-1]) == _bare(other[-1]))


def _bare(message: Message) -> list[str]:
    return "".join(c if c.isalnum() or c in "'\"׳״" else " " for c in message["content"]).lower().split()
