"""The chat model's answer as it is made (C6): a request under way, its pieces of text, and its end.

Each request is read by a thread of its own into a queue, so that it can be begun before it is wanted, watched while a
provider keeps the line open and says nothing, and thrown away at any moment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from openai import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    OpenAI,
    OpenAIError,
    RateLimitError,
    Stream,
    Timeout,
)

from services.engines.google.memory import Message
from services.engines.google.threads import in_thread
from services.engines.interface import Usage

CONNECT_S = 2.0
FIRST_WORDS_S = 3.4  # so that there is time for a second try before the caller is put through (W8)
NEXT_WORDS_S = 1.5
WHOLE_ENDS = ("stop", "length")  # what was cut at the limit is spoken as far as its sentences go


class ChatFailed(Exception):
    """No answer, or not all of one; code says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ChatAnswer:
    """One request. Iterate over its text once; `cancel` from anywhere."""

    def __init__(self, client: OpenAI, request: dict[str, Any]) -> None:
        self._client = client
        self._request = request
        self._pieces: SimpleQueue[str | ChatFailed | None] = SimpleQueue()
        self._cancelled = threading.Event()
        self._stream: Stream[Any] | None = None
        self._began = time.monotonic()
        self.first_words_ms = 0.0
        self.was_cut = False  # at the limit of tokens
        self.usage = Usage()
        in_thread("chat", self._read, lambda _what: self._pieces.put(ChatFailed("chat_broke")))

    def __iter__(self) -> Iterator[str]:
        """Raises ChatFailed."""
        within_s = max(0.1, FIRST_WORDS_S - (time.monotonic() - self._began))
        while True:
            try:
                piece = self._pieces.get(timeout=within_s)
            except Empty:
                self.cancel()
                raise ChatFailed("chat_slow") from None
            if isinstance(piece, ChatFailed):
                raise piece
            if piece is None:
                return
            within_s = NEXT_WORDS_S
            yield piece

    def cancel(self) -> None:
        """Nothing more is wanted of it. Idempotent."""
        self._cancelled.set()
        stream = self._stream
        if stream is not None:
            stream.close()

    # -- its thread -----------------------------------------------------------------------------------------------

    def _read(self) -> None:
        self._pieces.put(self._outcome())

    def _outcome(self) -> ChatFailed | None:
        try:
            self._stream = stream = self._client.chat.completions.create(**self._request)
            if self._cancelled.is_set():
                stream.close()
                return ChatFailed("cancelled")
            return self._pump(stream)
        except APITimeoutError:
            return ChatFailed("chat_slow")
        except APIConnectionError:
            return ChatFailed("cancelled" if self._cancelled.is_set() else "chat_unreachable")
        except RateLimitError:
            return ChatFailed("chat_quota")
        except APIStatusError as error:
            return ChatFailed(f"chat_{error.status_code}")
        except OpenAIError:
            return ChatFailed("chat_error")
        except ValueError:  # what came is no JSON
            return ChatFailed("chat_garbled")

    def _pump(self, stream: Stream[Any]) -> ChatFailed | None:
        ended = None
        for chunk in stream:
            if chunk.usage is not None:
                self.usage = _usage(chunk.usage)
            if not chunk.choices:
                continue
            choice = chunk.choices[0]
            ended = choice.finish_reason or ended
            if choice.delta.refusal:
                return ChatFailed("chat_refused")
            if choice.delta.content:
                self.first_words_ms = self.first_words_ms or (time.monotonic() - self._began) * 1000
                self._pieces.put(choice.delta.content)
        self.was_cut = ended == "length"
        return None if ended in WHOLE_ENDS else ChatFailed("chat_filtered" if ended else "chat_cut")


class Chat:
    """A session's chat model. `client` is the worker's; `options` go into every request."""

    def __init__(self, client: OpenAI, model: str, options: dict[str, Any]) -> None:
        # No retries: the client would wait for as long as a Retry-After says, and the caller with it.
        limits = Timeout(connect=CONNECT_S, read=FIRST_WORDS_S, write=CONNECT_S, pool=CONNECT_S)
        self._client = client.with_options(max_retries=0, timeout=limits)
        self._request = {"model": model, "stream": True, "stream_options": {"include_usage": True}, **options}

    def ask(self, messages: Sequence[Message]) -> ChatAnswer:
        """Begin an answer."""
        return ChatAnswer(self._client, {**self._request, "messages": list(messages)})


def _usage(counted: Any) -> Usage:
    cached = counted.prompt_tokens_details.cached_tokens if counted.prompt_tokens_details is not None else 0
    return Usage(
        input_text_tokens=counted.prompt_tokens,
        cached_text_tokens=cached or 0,
        output_text_tokens=counted.completion_tokens,
    )
