"""Playout: queue, ledger and pacing behind one lock; the sender asks `step` what to write now.

Whoever speaks opens an utterance here and appends sound; only `audio_tx_loop` turns it into Twilio messages. No
method touches a socket, so the lock is never held across the network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from media.playout.ledger import EndMark, PlaybackLedger
from media.playout.queue import QueueFull, TxQueue, Utterance
from services.audio import g711
from services.audio.g711 import BYTES_PER_MS, FRAME_MS, SILENCE_FRAME
from services.sockets.locks import fast_lock

LEAD_MS = 100  # sound kept at the far end: enough for network jitter, little enough to stop at once (T2)
TAIL_FRAMES = 10  # about 200 ms of silence ends each answer (T5)
MARK_EVERY_FRAMES = 10  # a yardstick mark every 200 ms of an utterance
END_MARK_PATIENCE_S = 1.5  # an end mark this late will not come
DUCKED_GAIN = 0.2  # about -14 dB


class Messages(Protocol):
    """Builders of the three messages Twilio accepts (media/twilio/protocol.py): pure, any thread."""

    def media(self, mulaw: bytes) -> bytes:
        """A piece of sound, 8,000 mu-law bytes a second."""

    def mark(self, name: str) -> bytes:
        """A mark that Twilio echoes once everything before it was heard or cleared."""

    def clear(self) -> bytes:
        """What Twilio has not played yet is to be dropped."""


class PlayedListener(Protocol):
    """Told what the far end plays and when (seconds of the same clock): it may come back as an echo (B9)."""

    def played(self, at_s: float, frame: bytes) -> None:
        """This mu-law frame begins to play there then. The sender's thread, under playout's lock: it must not wait."""

    def cleared(self, at_s: float) -> None:
        """What it had not begun to play by then never will. The interrupting or the sender's thread; must not wait."""


@dataclass(slots=True)
class PlayoutCounters:
    frames_sent: int = 0
    clears_sent: int = 0
    marks_sent: int = 0
    underruns: int = 0  # times the far end ran dry in the middle of an utterance
    discarded_bytes: int = 0  # late sound of a cancelled answer
    overflows: int = 0
    lead_ms_max: float = field(default=0.0)


class Playout:
    """What the caller hears. `now` is any monotonic clock in seconds; `wake` tells the sender to look again."""

    def __init__(
        self,
        now: Callable[[], float],
        wake: Callable[[], None],
        lead_ms: int = LEAD_MS,
        far_end: PlayedListener | None = None,
    ) -> None:
        self.counters = PlayoutCounters()
        self._far_end = far_end
        self._now = now
        self._wake = wake
        self._enough_s = (lead_ms - FRAME_MS) / 1000  # so much at the far end leaves no room for another frame
        self._lock = fast_lock()
        self._queue = TxQueue()
        self._ledger = PlaybackLedger()
        self._clear_wanted = False
        self._rewind_wanted = False  # clear the far end, and take back what it had not played by then
        self._probe_wanted = True  # a mark on the empty buffer, before each utterance, measures the round trip
        self._held = False
        self._gain = 1.0
        self._tail_left = 0
        self._mark_number = 0
        self._frames_since_mark = 0
        self._idle = True
        self._dry = False  # the model is behind: an utterance has begun and its next frame is not there

    # -- filling ---------------------------------------------------------------------------------------------

    def open(self, utterance: Utterance) -> None:
        """Begin an utterance; it is heard after everything opened before it."""
        with self._lock:
            self._queue.open(utterance)

    def append(self, utterance: Utterance, sound: bytes) -> bool:
        """Add mu-law. False when it was discarded (late audio of a cancelled answer). Raises QueueFull (T4)."""
        with self._lock:
            try:
                taken = self._queue.append(utterance, sound)
            except QueueFull:
                self.counters.overflows += 1
                raise
            if not taken:
                self.counters.discarded_bytes += len(sound)
            wake = taken and self._idle and utterance.released
        if wake:
            self._wake()
        return taken

    def complete(self, utterance: Utterance) -> None:
        """No more sound will come for this utterance."""
        with self._lock:
            utterance.complete = True
        self._wake()

    def release(self, utterance: Utterance) -> None:
        """Let an answer be heard that was kept back until the caller's words were known (X6)."""
        with self._lock:
            utterance.released = True
        self._wake()

    def drop(self, utterance: Utterance) -> None:
        """Throw away an utterance nobody has heard anything of."""
        with self._lock:
            self._queue.drop(utterance)

    # -- interrupting ----------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Silence at once; everything not yet heard is kept for `resume` (B2)."""
        with self._lock:
            self._rewind_wanted = self._held = True
        self._wake()

    def duck(self) -> None:
        """Instead of silence: go on quietly from the same place."""
        with self._lock:
            self._rewind_wanted = True
            self._gain = DUCKED_GAIN
        self._wake()

    def resume(self) -> None:
        """Go on from the sample where the caller's ear was left."""
        with self._lock:
            # Soft sound that is at the far end already is rewound and played again at full level; where its clear was
            # not sent yet, the clear is not wanted any more.
            self._rewind_wanted = self._gain != 1.0 and not self._rewind_wanted
            self._gain = 1.0
            self._held = False
        self._wake()

    def interrupt(self) -> list[tuple[Utterance, int]]:
        """Clear the far end and forget everything unheard. Returns (utterance, heard_ms) of each one cut off.

        Order of B6: what was heard is read first, then everything unsent goes. The sender's next write is the clear: no
        frame that is queued from now on leaves before it.
        """
        with self._lock:
            heard_there = self._clear_far_end(self._now())
            self._clear_wanted = True
            queued = self._queue.flush()
            for utterance, heard in heard_there:
                utterance.sent_bytes = heard
                utterance.dropped = utterance.complete = True
                if utterance not in queued:
                    queued.insert(0, utterance)
            self._rewind_wanted = self._held = False
            self._gain = 1.0
            self._tail_left = 0
        self._wake()
        return [(utterance, utterance.sent_bytes // BYTES_PER_MS) for utterance in queued]

    def _rewind_to_heard(self, now: float) -> None:
        """Called as the `clear` goes out and not before: until then the far end plays on."""
        for utterance, heard in reversed(self._clear_far_end(now)):
            self._queue.rewind(utterance, heard)
        self._rewind_wanted = False
        self._clear_wanted = self._probe_wanted = True
        self._tail_left = 0

    def _clear_far_end(self, now: float) -> list[tuple[Utterance, int]]:
        if self._far_end is not None:
            self._far_end.cleared(now)
        return self._ledger.cleared(now)

    # -- hearing ---------------------------------------------------------------------------------------------

    def mark_echoed(self, name: str) -> EndMark | None:
        """Returns which end the caller has now heard, if this mark says so."""
        with self._lock:
            now = self._now()
            mark = self._ledger.mark_echoed(name, now)
            if mark is None or mark.end_of is None:
                return None
            return EndMark(mark.end_of, name, (now - mark.sent_at) * 1000, (now - mark.expected_at) * 1000)

    def overdue_ends(self) -> list[Utterance]:
        """Utterances to be taken as heard although their end mark never came back."""
        with self._lock:
            now = self._now()
            self._ledger.forget_heard(now)
            return self._ledger.overdue_ends(now, END_MARK_PATIENCE_S)

    def heard_ms(self, utterance: Utterance) -> int:
        """Milliseconds of this utterance in the caller's ear up to now."""
        with self._lock:
            return self._ledger.heard_bytes(utterance, self._now()) // BYTES_PER_MS

    def buffered_ms(self) -> float:
        """Sound at the far end that is not heard yet."""
        with self._lock:
            return self._ledger.buffered_ms(self._now())

    @property
    def queued_ms(self) -> int:
        """Sound that was not sent yet."""
        return self._queue.unsent_bytes // BYTES_PER_MS

    @property
    def frames_enqueued(self) -> int:
        return self._queue.frames_enqueued

    @property
    def marks_lost(self) -> int:
        return self._ledger.marks_lost

    # -- sending (audio_tx_loop only) -------------------------------------------------------------------------

    def step(self, messages: Messages) -> tuple[list[bytes], float | None]:
        """Messages to write now, and when to ask again (None: when woken)."""
        out: list[bytes] = []
        ledger = self._ledger
        with self._lock:
            now = self._now()
            if self._rewind_wanted:
                self._rewind_to_heard(now)
            if self._clear_wanted:
                self._clear_wanted = False
                self.counters.clears_sent += 1
                out.append(messages.clear())
            if self._probe_wanted and not ledger.buffered_ms(now):
                self._probe_wanted = False
                self._mark(out, messages, now, None)
            while (due := ledger.play_end - self._enough_s) <= now:
                if not self._next(out, messages, now):
                    self._idle = True
                    return out, None
            self._idle = False
            return out, due

    def _next(self, out: list[bytes], messages: Messages, now: float) -> bool:
        """Put out one frame, or what follows the last of an utterance. False when there is nothing to send.

        Written as one piece: every outbound frame of every call comes through here.
        """
        ledger, counters = self._ledger, self.counters
        utterance: Utterance | None
        if self._tail_left:
            self._tail_left -= 1
            utterance, start, end, frame = None, 0, 0, SILENCE_FRAME
        elif self._held:
            return False
        elif (taken := self._queue.take_frame()) is not None:
            utterance, start, end, frame = taken
            self._frames_since_mark += 1
            if self._dry:
                self._dry = False
                counters.underruns += now > ledger.play_end
            if self._gain != 1.0:
                frame = g711.scale(frame, self._gain)
        else:
            return self._end_of_head(out, messages, now)
        out.append(messages.media(frame))
        begins = ledger.sent(utterance, start, end, FRAME_MS, now)
        if self._far_end is not None:
            self._far_end.played(begins, frame)
        counters.frames_sent += 1
        if (lead_ms := (ledger.play_end - now) * 1000) > counters.lead_ms_max:
            counters.lead_ms_max = lead_ms
        if self._frames_since_mark >= MARK_EVERY_FRAMES:
            self._mark(out, messages, now, None)
        return True

    def _end_of_head(self, out: list[bytes], messages: Messages, now: float) -> bool:
        """The head was sent whole: mark its end, then the silence that ends each answer."""
        done = self._queue.pop_exhausted()
        if done is None:
            head = self._queue.head()
            self._dry = head is not None and head.released and head.sent_bytes > 0
            return False
        if not done.end_marked:
            done.end_marked = self._probe_wanted = True
            self._mark(out, messages, now, done)
            self._tail_left = TAIL_FRAMES if done.audio else 0
        return True

    def _mark(self, out: list[bytes], messages: Messages, now: float, end_of: Utterance | None) -> None:
        self._mark_number += 1
        self._frames_since_mark = 0
        name = f"f{self._queue.flushes}.{self._mark_number}{'e' if end_of else ''}"
        self._ledger.mark_sent(name, now, end_of)
        self.counters.marks_sent += 1
        out.append(messages.mark(name))
