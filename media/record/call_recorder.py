"""`call_recorder`: both sides of a call as a person on the line hears them, in pieces on their way to the database.

The caller's side is what came in, counted in samples. The agent's side is placed where the far end plays it, and what a
`clear` kept from being played is taken out again. In memory are only the open piece and a few that wait for the
database.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

import structlog

from media.detection.input_gate import GateResult
from media.detection.listener import InboundFrame
from services.audio.g711 import BYTES_PER_MS, FRAME_BYTES, MULAW_SILENCE
from services.calls.context import ResumeState, SoundChunk

log = structlog.get_logger("media")

CHUNK_MS = 5000  # what a killed worker takes with it, at most, with SETTLED_MS
SETTLED_MS = 1000  # sound this old does not change any more: further ahead than this nothing is sent
WAITING_CHUNKS = 24  # two minutes of a database that is away; then the oldest sound goes
_SNAP_MS = 10  # a frame that begins this near to the end of the one before follows it

_CHUNK_BYTES = CHUNK_MS * BYTES_PER_MS
_SILENCE = bytes([MULAW_SILENCE])


class SoundListener(Protocol):
    """Who listens to both sides without a recorder (media/detection/listener.py)."""

    def hear(self, audio: bytes, measured: GateResult) -> InboundFrame:
        """media.twilio.reader.FrameListener."""

    def played(self, at_s: float, frame: bytes) -> None:
        """media.playout.playout.PlayedListener."""

    def cleared(self, at_s: float) -> None:
        """media.playout.playout.PlayedListener."""


class CallRecorder:
    """Stands before the call's listener and hears what it hears: the reader's frames, and those playout has played.

    `write` keeps a piece and may raise what the journal's records may; `put` queues a record at the journal; `now` is
    the clock of playout, in seconds.
    """

    def __init__(
        self,
        listener: SoundListener,
        write: Callable[[SoundChunk], None],
        put: Callable[[Callable[[], None]], None],
        now: Callable[[], float],
        resume: ResumeState,
    ) -> None:
        self._listener = listener
        self._write = write
        self._put = put
        self._now = now
        self._generation, self._begins_ms = resume.generation, resume.begins_ms
        self._lock = threading.Lock()
        self._caller, self._agent = bytearray(), bytearray()  # of the open piece
        self._closed = 0  # samples in pieces before it
        self._seq = 0
        self._zero_s: float | None = None  # when the caller's first sample was spoken, as the clock has it
        self._waiting: deque[SoundChunk] = deque(maxlen=WAITING_CHUNKS)

    def hear(self, audio: bytes, measured: GateResult) -> InboundFrame:
        with self._lock:
            self._caller += audio
            # Frames are late, never early: the earliest one seen so far is the nearest to the truth.
            zero_s = self._now() - (self._closed + len(self._caller)) / BYTES_PER_MS / 1000
            self._zero_s = zero_s if self._zero_s is None else min(self._zero_s, zero_s)
            if len(self._caller) >= _CHUNK_BYTES + SETTLED_MS * BYTES_PER_MS:
                self._close(_CHUNK_BYTES)
        return self._listener.hear(audio, measured)

    def played(self, at_s: float, frame: bytes) -> None:
        with self._lock:
            if self._zero_s is None:
                self._zero_s = self._now()
            gap = self._position(at_s) - len(self._agent)
            if gap > _SNAP_MS * BYTES_PER_MS:
                self._agent += _SILENCE * gap
            self._agent += frame
        self._listener.played(at_s, frame)

    def cleared(self, at_s: float) -> None:
        with self._lock:
            if self._zero_s is not None:
                # A frame that has begun is heard to its end.
                unheard = (len(self._agent) - self._position(at_s)) // FRAME_BYTES * FRAME_BYTES
                if unheard > 0:
                    del self._agent[-unheard:]
        self._listener.cleared(at_s)

    def close(self) -> None:
        """The stream is over: what is open goes to the journal."""
        with self._lock:
            while self._caller:
                self._close(min(len(self._caller), _CHUNK_BYTES))

    def _position(self, at_s: float) -> int:
        """Where in the open piece this moment is, in samples."""
        return round((at_s - (self._zero_s or 0.0)) * 1000 * BYTES_PER_MS) - self._closed

    def _close(self, samples: int) -> None:
        """Hand the first `samples` of both sides to the journal; silence at a side's end is left out."""
        sides = []
        for side in (self._caller, self._agent):
            sides.append(bytes(side[:samples]).rstrip(_SILENCE))
            del side[:samples]
        self._seq += 1
        start_ms = self._begins_ms + self._closed // BYTES_PER_MS
        self._closed += samples
        if len(self._waiting) == WAITING_CHUNKS:
            log.error("database away, sound lost", start_ms=self._waiting[0].start_ms)
        self._waiting.append(SoundChunk(self._generation, self._seq, start_ms, samples, *sides))
        self._put(self._write_oldest)

    def _write_oldest(self) -> None:
        """A record of the journal; it is run again when the database was away."""
        if not self._waiting:
            return  # what this record was for has been given up
        chunk = self._waiting[0]
        self._write(chunk)
        if self._waiting and self._waiting[0] is chunk:
            self._waiting.popleft()
