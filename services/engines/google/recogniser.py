"""One recogniser for a whole call: stream after stream, every word to one turn, once (C2-C4).

`hear` is called by the call's reader and never waits. Each stream has a thread that reads what it says; the decisions
are made in rotation.py, turn_words.py and failures.py. One lock holds their state together.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from services.audio import g711
from services.engines.google.failures import Kind, Languages, Patience, code_name, kind_of
from services.engines.google.results import read_results
from services.engines.google.rotation import ROTATE_AFTER_MS, CallSound
from services.engines.google.session import Recognition
from services.engines.google.threads import in_thread
from services.engines.google.turn_words import TurnText, TurnWords
from services.engines.google.unanswered import Unanswered, Verdict
from services.engines.google.wire import Call, Wire, WireError

PIECE_BYTES = 800  # 100 ms: the size Google asks for
LOUD_RMS = 250  # for finding pauses only; who speaks is decided elsewhere
SILENT_LINE_S = 1.0  # without a frame for so long the stream is kept alive
BEHIND_S = 2.0  # a stream that is so late with what it is given is no stream any more
# From a turn's end until its words are known, or nobody waits for them any more.
WORDS_WITHIN_S = 0.3
LATE_WORDS_WITHIN_S = 1.0  # when somebody spoke and not a word is known
FIRST_WORDS_WITHIN_S = 1.4  # … and the stream has only begun, or has much to hear again
AHEAD_MS = 4_000  # more than a stream that takes over in a pause is played again
MUTE = "MUTE"  # no status of gRPC's: streams that stay open and say nothing
JITTER_MS = 20_000


@dataclass(frozen=True, slots=True)
class Listeners:
    """Whom the recogniser tells, from its own threads and without its lock.

    words: those of the turn under way have changed (text, stable). failed: a stream ended badly (code, details).
    gone: there will be no further one.
    """

    words: Callable[[str, bool], None]
    failed: Callable[[str, str], None]
    gone: Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """A turn that is over. Milliseconds of the call's sound; words_by_s: seconds of the steady clock, from when on
    nobody waits for its words any more."""

    at_ms: int
    voice_end_ms: int
    voice_ms: int  # how much of it was loud
    words_by_s: float


class _Stream:
    """One stream to the service."""

    def __init__(self, wire: Wire, recognition: Recognition, reason: str, keep_alive: Callable[[], bytes]) -> None:
        self.has_answered = False
        self._waiting: SimpleQueue[tuple[float, bytes] | None] = SimpleQueue()
        self._opened_s = self._reached_s = time.monotonic()  # … when that was queued which was taken last
        self._given_ms = 0
        self._keep_alive = keep_alive
        self.call: Call = wire.recognise(recognition, self._sound(), reason)

    def put(self, piece: bytes) -> None:
        self._given_ms += len(piece) // g711.BYTES_PER_MS
        self._waiting.put((time.monotonic(), piece))

    @property
    def catches_up(self) -> bool:
        """It was given much more sound than there was time to say it in."""
        return self._given_ms - (time.monotonic() - self._opened_s) * 1000 > AHEAD_MS

    @property
    def is_stuck(self) -> bool:
        return not self._waiting.empty() and time.monotonic() - self._reached_s > BEHIND_S

    def half_close(self) -> None:
        """Nothing more is said into it."""
        self._waiting.put(None)

    def end(self) -> None:
        self.half_close()
        self.call.cancel()

    def _sound(self) -> Iterator[bytes]:
        while True:
            try:
                queued = self._waiting.get(timeout=SILENT_LINE_S)
            except Empty:
                queued = (time.monotonic(), self._keep_alive())
            if queued is None:
                return
            self._reached_s, piece = queued
            yield piece


class Recogniser:
    """For one session. `hear`, `commit` and `close` may be called by any thread, `turn` by one."""

    def __init__(self, wire: Wire, recognition: Recognition, languages: Languages, reason: str, to: Listeners) -> None:
        self._wire, self._reason, self._to = wire, reason, to
        self._recognition, self._languages = recognition, languages
        self._lock = threading.RLock()
        self._news = threading.Condition(self._lock)
        jitter_ms = random.randrange(-JITTER_MS, JITTER_MS)
        self._sound = CallSound(rotate_after_ms=ROTATE_AFTER_MS + jitter_ms)
        self._words = TurnWords()
        self._patience = Patience()
        self._stream: _Stream | None = None
        self._piece = bytearray()
        self._unanswered = Unanswered()
        self._turn_voice_ms = 0
        self._turns_waiting = 0
        self._reported_ms = 0
        self._over = threading.Event()

    # -- the caller's sound ---------------------------------------------------------------------------------------

    def hear(self, sound: bytes) -> bool:
        """Raw mu-law of any length; handed on in pieces of 100 ms. True when one was."""
        with self._lock:
            self._piece += sound
            is_full = len(self._piece) >= PIECE_BYTES
            while len(self._piece) >= PIECE_BYTES and not self._over.is_set():
                piece = bytes(self._piece[:PIECE_BYTES])
                del self._piece[:PIECE_BYTES]
                self._send(piece)
            return is_full

    def stable_text(self, quiet_ms: int) -> str:
        """The words of the turn under way when the caller has paused for so long and they are not going to change;
        else ""."""
        with self._lock:
            settled = self._sound.quiet_ms >= quiet_ms and self._words.is_stable
            return self._words.text if settled else ""

    def commit(self) -> TurnEnd:
        """The turn ends here; for `turn`."""
        with self._lock:
            if self._piece:
                piece = bytes(self._piece)
                self._piece.clear()
                self._send(piece)
            self._turns_waiting += 1
            voice_ms, self._turn_voice_ms = self._turn_voice_ms, 0
            words_by_s = time.monotonic() + self._words_within_s(voice_ms)
            return TurnEnd(self._sound.at_ms, self._sound.voice_end_ms, voice_ms, words_by_s)

    def turn(self, end: TurnEnd) -> tuple[TurnText, float]:
        """The words of the turn that ended there, as soon as they are known and within a short time of its end in any
        case; and the seconds of sound that were sent since the last turn. Waits."""
        with self._news:
            within_s = max(0.0, end.words_by_s - time.monotonic())
            self._news.wait_for(lambda: self._over.is_set() or self._words.covers(end.voice_end_ms), within_s)
            self._turns_waiting -= 1
            taken = self._words.take(end.at_ms)
            seconds = (self._sound.at_ms - self._reported_ms) / 1000
            self._reported_ms = self._sound.at_ms
            verdict = Verdict.WAIT if taken.text or self._over.is_set() else self._unanswered.turn(end.voice_ms)
            if verdict is Verdict.REPLACE:
                self._open(in_pause=True)
        if verdict is Verdict.GIVE_UP:
            told = "the caller spoke again and again, and not a word came"
            self._to.failed(MUTE, told)
            self._to.gone(MUTE, told)
        return taken, seconds

    def close(self) -> None:
        """Idempotent."""
        self._over.set()
        with self._news:
            stream, self._stream = self._stream, None
            self._news.notify_all()
        if stream is not None:
            stream.end()

    # -- inside, with the lock ------------------------------------------------------------------------------------

    def _send(self, piece: bytes) -> None:
        if self._over.is_set():
            return
        loud = g711.rms(piece) >= LOUD_RMS
        voice_ms = len(piece) // g711.BYTES_PER_MS if loud else 0
        self._turn_voice_ms += voice_ms
        self._sound.sent(piece, loud)
        if self._stream is None:
            self._open()  # plays everything since the last final, this piece with it
            return
        self._stream.put(piece)
        verdict = Verdict.WAIT if self._stream.catches_up else self._unanswered.voice(voice_ms)
        if self._sound.should_rotate(self._words.has_open_interim, self._turns_waiting > 0):
            self._open(in_pause=True)
        elif verdict is Verdict.REPLACE or self._stream.is_stuck:
            self._open()

    def _open(self, *, in_pause: bool = False) -> None:
        """The next stream takes over: it owns everything after the last final."""
        old = self._stream
        again = self._sound.rotate(self._words.settled_ms, self._words.has_open_interim, in_pause=in_pause)
        self._words.new_stream(self._sound.base_ms)
        recognition = replace(self._recognition, language=self._languages.current)
        self._stream = stream = _Stream(self._wire, recognition, self._reason, self._silence)
        for piece in again:
            stream.put(piece)
        in_thread("recogniser", partial(self._read, stream, self._sound.base_ms), partial(self._broke, stream))
        if old is not None:
            old.end()

    def _words_within_s(self, voice_ms: int) -> float:
        stream = self._stream
        if not voice_ms or stream is None:
            return WORDS_WITHIN_S
        if stream.catches_up:
            return FIRST_WORDS_WITHIN_S
        if self._words.text:
            return WORDS_WITHIN_S
        return LATE_WORDS_WITHIN_S if stream.has_answered else FIRST_WORDS_WITHIN_S

    def _silence(self) -> bytes:
        """Nothing came for a while: the stream has to be fed, and the call's time goes on."""
        piece = g711.silence(PIECE_BYTES)
        with self._lock:
            self._sound.sent(piece, loud=False)
        return piece

    # -- a stream's thread ----------------------------------------------------------------------------------------

    def _read(self, stream: _Stream, base_ms: int) -> None:
        code, details = "OK", ""
        try:
            for response in stream.call:
                if response.error.code:
                    raise WireError(code_name(response.error.code), response.error.message)
                if not self._said(stream, response, base_ms):
                    return
        except WireError as error:
            code, details = error.code, error.details
        self._ended(stream, code, details)

    def _said(self, stream: _Stream, response: Any, base_ms: int) -> bool:
        """False when another stream has taken over."""
        heard = read_results(response.results, base_ms)
        with self._news:
            if stream is not self._stream:
                return False
            has_words = bool(heard.finals or heard.interim is not None)  # an event without words proves nothing
            if has_words:
                stream.has_answered = True
                self._unanswered.answered()
            before = self._words.text
            for final in heard.finals:
                self._words.final(final)
            if heard.interim is not None:
                self._words.interim(heard.interim)
            text, is_stable = self._words.text, self._words.is_stable
            self._news.notify_all()
        if text and (text != before or heard.finals):
            self._to.words(text, is_stable)
        if has_words:
            self._patience.answered()
        return True

    def _broke(self, stream: _Stream, what: str) -> None:
        """Its thread failed where nobody expected it."""
        stream.call.cancel()
        self._ended(stream, "INTERNAL", what)

    def _ended(self, stream: _Stream, code: str, details: str) -> None:
        """A stream is over. The next one begins at once, later, or never."""
        kind = kind_of(code, details)
        with self._lock:
            if stream is not self._stream or self._over.is_set():
                return
            stream.half_close()
            pause_s = self._patience.pause_s(kind, time.monotonic())
            if kind is Kind.LANGUAGE and not self._languages.next():
                pause_s = None
        if code != "OK":
            self._to.failed(code, details)
        if pause_s is None:
            self._to.gone(code, details)
        elif not self._over.wait(pause_s):
            with self._lock:
                if stream is self._stream:
                    self._open()
