"""`tx_queue`: what the caller is going to hear, in order, bounded, with nothing thrown away before it was heard.

Every sound (greeting, answer, recorded sentence, cascade speech) is an Utterance. Its bytes stay until they were
heard, so holding and resuming is only moving a cursor back. An interruption flushes the queue; late audio of an answer
that was flushed finds its utterance closed and is discarded (B6).

Pure: no clock, no lock, no socket. media/playout/playout.py puts the lock around it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from services.audio.g711 import BYTES_PER_MS, FRAME_BYTES, MULAW_SILENCE

# 60 s of unheard audio: far above any answer of 300 tokens; a runaway answer is cut there (T4).
MAX_UNSENT_BYTES = 60_000 * BYTES_PER_MS
_PAD = bytes([MULAW_SILENCE])


class SpeechKind(StrEnum):
    """Why the agent says something."""

    OPENING_NOTICE = "opening_notice"  # before the greeting: an AI speaks, the call is recorded (D2)
    GREETING = "greeting"
    ANSWER = "answer"  # to the caller's turn
    PROMPT = "prompt"  # a fixed sentence to a caller who is silent or was not understood
    SERVER = "server"  # a [SERVER] fact
    NOTICE = "notice"  # a recorded sentence: it takes a moment
    APOLOGY = "apology"  # … no model can be had
    GOODBYE = "goodbye"  # the last sentence


@dataclass(slots=True, eq=False)
class Utterance:
    """One thing the agent says. Byte positions count mu-law bytes from the utterance's own start."""

    kind: SpeechKind
    interruptible: bool = True
    item_id: str = ""
    released: bool = True  # an answer may wait, complete but unheard, until words are known (X6)
    complete: bool = False  # no more bytes will come
    dropped: bool = False  # flushed; whatever still arrives for it is discarded
    audio: bytearray = field(default_factory=bytearray)
    sent_bytes: int = 0
    end_marked: bool = False

    @property
    def total_ms(self) -> int:
        return len(self.audio) // BYTES_PER_MS

    @property
    def exhausted(self) -> bool:
        """Complete, and every byte was handed to the sender."""
        return self.complete and self.sent_bytes >= len(self.audio)


class QueueFull(Exception):
    """The bound is reached: the bytes were not taken and the utterance is complete as it stands."""


class TxQueue:
    """Utterances in the order they will be heard."""

    def __init__(self, max_unsent_bytes: int = MAX_UNSENT_BYTES) -> None:
        self.flushes = 0
        self.max_unsent_bytes = max_unsent_bytes
        self.unsent_bytes = 0
        self.frames_enqueued = 0  # counts whole 20 ms frames' worth of bytes taken in
        self._bytes_enqueued = 0
        self._waiting: deque[Utterance] = deque()

    def open(self, utterance: Utterance) -> None:
        """Put a new utterance at the end of the line."""
        self._waiting.append(utterance)

    def append(self, utterance: Utterance, mulaw: bytes) -> bool:
        """Add sound. False when it was discarded because the utterance was flushed or is already complete.

        Raises QueueFull at the bound; the utterance then ends where it is, and the caller of this cancels the rest.
        """
        if utterance.dropped or utterance.complete:
            return False
        if self.unsent_bytes + len(mulaw) > self.max_unsent_bytes:
            utterance.complete = True
            raise QueueFull(f"{self.unsent_bytes // BYTES_PER_MS} ms unheard")
        utterance.audio += mulaw
        self.unsent_bytes += len(mulaw)
        self._bytes_enqueued += len(mulaw)
        self.frames_enqueued = -(-self._bytes_enqueued // FRAME_BYTES)
        return True

    def head(self) -> Utterance | None:
        """The utterance that plays now or next; None when nothing is waiting."""
        return self._waiting[0] if self._waiting else None

    def take_frame(self) -> tuple[Utterance, int, int, bytes] | None:
        """(utterance, its first byte in this frame, its first after it, the frame of 160 bytes) to send next; the tail
        of a complete utterance is padded with silence. None when nothing is ready: empty, held back, or waiting for
        more bytes."""
        if not self._waiting or not (head := self._waiting[0]).released:
            return None
        audio, start = head.audio, head.sent_bytes
        end = start + FRAME_BYTES
        short = end - len(audio)
        if short <= 0:
            frame = bytes(audio[start:end])
        elif short < FRAME_BYTES and head.complete:
            end -= short
            frame = bytes(audio[start:]) + _PAD * short
        else:
            return None
        head.sent_bytes = end
        self.unsent_bytes -= end - start
        return head, start, end, frame

    def pop_exhausted(self) -> Utterance | None:
        """Remove and return the head once all of it was handed to the sender (an empty one too)."""
        head = self.head()
        if head is not None and head.released and head.exhausted:
            return self._waiting.popleft()
        return None

    def rewind(self, utterance: Utterance, to_byte: int) -> None:
        """Put the cursor back to what was heard, so that resuming loses and repeats nothing (B3)."""
        to_byte = max(0, min(to_byte, utterance.sent_bytes))
        self.unsent_bytes += utterance.sent_bytes - to_byte
        utterance.sent_bytes = to_byte
        utterance.end_marked = False
        if utterance not in self._waiting:
            self._waiting.appendleft(utterance)

    def flush(self) -> list[Utterance]:
        """Drop everything; later marks carry another number. Returns what was dropped."""
        dropped = list(self._waiting)
        self._waiting.clear()
        for utterance in dropped:
            utterance.dropped = True
            utterance.complete = True
        self.unsent_bytes = 0
        self.flushes += 1
        return dropped

    def drop(self, utterance: Utterance) -> None:
        """Drop one utterance that nobody heard yet (a held answer to a mere filler)."""
        utterance.dropped = True
        utterance.complete = True
        if utterance in self._waiting:
            self._waiting.remove(utterance)
            self.unsent_bytes -= len(utterance.audio) - utterance.sent_bytes

    def __len__(self) -> int:
        return len(self._waiting)
