"""Transcripts of the caller's turns: asynchronous to everything else, as late or out of order as the brain
says.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from sandbox.realtime.brain import Brain, HeardTurn, Hearing
from sandbox.realtime.items import Item
from sandbox.realtime.wire import Event, input_audio_tokens, text_tokens
from services.audio.g711 import BYTES_PER_MS

_PREFIX = "conversation.item.input_audio_transcription."


class Transcription:
    """Sends delta, completed or failed for each turn. The words join the item even when the session wants no
    transcripts.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, send: Callable[[Event], None]) -> None:
        self._loop = loop
        self._send = send
        self._timers: set[asyncio.TimerHandle] = set()
        self._waiting: list[Callable[[], None]] = []
        self._is_over = False

    def begin(self, brain: Brain, item: Item, turn: HeardTurn, is_wanted: bool) -> None:
        """Have the brain hear a committed turn; `is_wanted` says whether the client asked for transcripts."""

        def deliver(hearing: Hearing) -> None:
            if self._is_over or hearing.never:
                return
            if hearing.after_next:
                self._waiting.append(lambda: self._say(item, turn, hearing, is_wanted))
            else:
                self._later(hearing.delay_ms, lambda: self._tell(item, turn, hearing, is_wanted))

        brain.transcribe(turn, deliver)

    def close(self) -> None:
        """Stop every timer."""
        self._is_over = True
        for timer in self._timers:
            timer.cancel()

    def _later(self, delay_ms: float, tell: Callable[[], None]) -> None:
        def run() -> None:
            self._timers.discard(timer)
            tell()

        timer = self._loop.call_later(delay_ms / 1000, run)
        self._timers.add(timer)

    def _tell(self, item: Item, turn: HeardTurn, hearing: Hearing, is_wanted: bool) -> None:
        self._say(item, turn, hearing, is_wanted)
        waiting, self._waiting = self._waiting, []
        for say in waiting:
            say()

    def _say(self, item: Item, turn: HeardTurn, hearing: Hearing, is_wanted: bool) -> None:
        if not hearing.failed:
            item.wire["content"] = [{"type": "input_audio", "transcript": hearing.text}]
        if not is_wanted:
            return
        about = {"item_id": item.id, "content_index": 0}
        if hearing.failed:
            failure = {"type": "transcription_error", "code": hearing.failed, "param": None}
            failure["message"] = "Input transcription failed for this item."
            self._send({"type": _PREFIX + "failed", **about, "error": failure})
            return
        if hearing.deltas:
            for word in re.findall(r"\s*\S+", hearing.text):
                self._send({"type": _PREFIX + "delta", **about, "delta": word})
        for _ in range(2 if hearing.twice else 1):
            completed = {"type": _PREFIX + "completed", **about, "transcript": hearing.text}
            self._send({**completed, "usage": _usage(turn, hearing)})


def _usage(turn: HeardTurn, hearing: Hearing) -> Event:
    heard = input_audio_tokens(len(turn.sound) / BYTES_PER_MS)
    written = text_tokens(hearing.text)
    return {
        "type": "tokens",
        "input_tokens": heard,
        "output_tokens": written,
        "total_tokens": heard + written,
        "input_token_details": {"audio_tokens": heard, "text_tokens": 0},
    }
