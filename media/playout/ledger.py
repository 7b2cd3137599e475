"""What the caller has really heard, to the millisecond, from pacing and marks (T5).

Twilio plays what we send in order. The model here: a frame sent at time t starts playing at max(t, end of what was
sent before). Transport delay needs no correction when we `clear`: the clear is under way exactly as long as the sound
was. What does need one is a far end that plays later than it could; marks show that: an echo later than the model's
time by more than the round trip of a mark on an empty buffer (a probe). Single late echoes are ignored (echoes get
lost and delayed in practice), only a whole run of them moves the estimate by more than a frame.

Pure: times are monotonic seconds given as arguments; audio positions are milliseconds or bytes as named.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from media.playout.queue import Utterance
from services.audio.g711 import BYTES_PER_MS, FRAME_MS

_RUN_OF_MARKS = 6  # this many echoes in a row (a good second) must agree before the far end counts as late
_PROBES = 4  # the shortest of so many round trips counts: one may have met a busy moment
_EDGE_MS = 1.0  # a frame that should have begun this short a time ago may not have


@dataclass(slots=True)
class _Segment:
    utterance: Utterance | None  # None: the silence that ends an answer
    start_byte: int
    end_byte: int
    end_ms: float  # position on the line of everything ever sent


@dataclass(slots=True)
class Mark:
    """One mark on its way: `end_of` names the utterance whose end it tells, else it is only a yardstick."""

    name: str
    position_ms: float
    sent_at: float
    expected_at: float  # when the model says this position has been played
    end_of: Utterance | None = None
    probe: bool = False  # nothing was left to play as it was sent: its echo is a pure round trip


class EndMark(NamedTuple):
    """The mark at an utterance's end is back. back_after_ms: since it was sent; round_trip_ms: of that, without the
    sound that was still to be played as it was sent."""

    utterance: Utterance
    name: str
    back_after_ms: float
    round_trip_ms: float


class PlaybackLedger:
    """Sent, heard, outstanding."""

    def __init__(self) -> None:
        self.sent_ms = 0.0
        self.play_end = 0.0  # model time at which everything sent has been played
        self.marks_lost = 0
        self._segments: deque[_Segment] = deque()
        self._marks: dict[str, Mark] = {}
        self._round_trips: deque[float] = deque(maxlen=_PROBES)
        self._usual_delay: float | None = None
        self._run_delays: deque[float] = deque(maxlen=_RUN_OF_MARKS)
        self._delays_seen = 0

    # -- sending ---------------------------------------------------------------------------------------------

    def buffered_ms(self, now: float) -> float:
        """Milliseconds the far end still has to play if it plays on time."""
        return max(0.0, (self.play_end - now) * 1000)

    def sent(self, utterance: Utterance | None, start_byte: int, end_byte: int, frame_ms: int, now: float) -> float:
        """One frame was handed to the socket: bytes start..end of the utterance, padded to frame_ms. Returns the model
        time at which it begins to play."""
        if now > self.play_end:
            self.play_end = now
            self._run_delays.clear()  # the buffer ran dry: whatever delay it had is gone
        begins = self.play_end
        self.play_end = begins + frame_ms / 1000
        self.sent_ms += frame_ms
        last = self._segments[-1] if self._segments else None
        if last is not None and last.utterance is utterance and last.end_byte == start_byte:
            last.end_byte = end_byte
            last.end_ms = self.sent_ms
        else:
            self._segments.append(_Segment(utterance, start_byte, end_byte, self.sent_ms))
        return begins

    def mark_sent(self, name: str, now: float, end_of: Utterance | None = None) -> None:
        """A mark follows everything sent so far."""
        self._marks[name] = Mark(name, self.sent_ms, now, max(self.play_end, now), end_of, probe=self.play_end <= now)

    # -- hearing ---------------------------------------------------------------------------------------------

    def mark_echoed(self, name: str, now: float) -> Mark | None:
        """The far end says it played up to this mark. None for unknown, cleared and repeated marks."""
        mark = self._marks.pop(name, None)
        if mark is None:
            return None
        for earlier in [m for m in self._marks.values() if m.position_ms < mark.position_ms]:
            if earlier.end_of is None:  # never came, and is of no use any more; end marks wait for their timeout
                del self._marks[earlier.name]
                self.marks_lost += 1
        self._learn_delay(mark, now)
        return mark

    def _learn_delay(self, mark: Mark, now: float) -> None:
        delay = now - mark.expected_at
        if mark.probe:
            self._round_trips.append(delay)
            return
        self._run_delays.append(delay)
        self._delays_seen += 1
        if self._usual_delay is None or delay < self._usual_delay:
            self._usual_delay = delay

    def late_s(self) -> float:
        """How much later than the model the far end plays. Up to a frame is its own clock, which one mark shows and
        which is another after each `clear`; more than that is believed only of a run of marks."""
        usual = self._usual_delay
        if usual is None:
            return 0.0
        round_trip = min(self._round_trips, default=usual)
        late = max(0.0, min(self._run_delays, default=usual) - round_trip)
        if len(self._run_delays) == _RUN_OF_MARKS or late < FRAME_MS / 1000:
            return late
        return max(0.0, usual - round_trip) if self._delays_seen >= _RUN_OF_MARKS else 0.0

    def heard_line_ms(self, now: float) -> float:
        """Position on the line of everything ever sent that the caller has heard up to now: whole frames, because
        the network plays packets of 20 ms, and one that has begun is heard to its end whatever we send."""
        remaining = (self.play_end + self.late_s() - now) * 1000
        if remaining <= 0:
            return self.sent_ms
        begun = ceil((self.sent_ms - remaining - _EDGE_MS) / FRAME_MS) * FRAME_MS
        return min(self.sent_ms, max(0.0, begun))

    def heard_bytes(self, utterance: Utterance, now: float) -> int:
        """Bytes of this utterance that the caller has heard: 0 before it began, all once it is over."""
        heard_ms = self.heard_line_ms(now)
        heard, seen = 0, False
        for segment in self._segments:
            if segment.utterance is not utterance:
                continue
            if not seen:
                heard, seen = segment.start_byte, True
            heard = max(heard, _heard_of(segment, heard_ms))
        return heard if seen else utterance.sent_bytes

    def forget_heard(self, now: float) -> None:
        """Drop book-keeping of what is over; keeps memory flat on long calls."""
        heard_ms = self.heard_line_ms(now) - 1000
        while self._segments and self._segments[0].end_ms < heard_ms:
            self._segments.popleft()

    def cleared(self, now: float) -> list[tuple[Utterance, int]]:
        """The far end's buffer was emptied. Returns each utterance that had unheard bytes or an end mark there,
        with the byte up to which it was heard, oldest first. Outstanding marks are void: their echo will not
        mean heard."""
        heard_ms = self.heard_line_ms(now)
        unheard = {
            id(mark.end_of): (mark.end_of, len(mark.end_of.audio)) for mark in self._marks.values() if mark.end_of
        }
        partly: set[int] = set()
        for segment in self._segments:
            utterance = segment.utterance
            if utterance is not None and segment.end_ms > heard_ms and id(utterance) not in partly:
                partly.add(id(utterance))
                unheard[id(utterance)] = (utterance, _heard_of(segment, heard_ms))
        self._segments.clear()
        self._marks.clear()
        self._run_delays.clear()
        self.sent_ms = heard_ms
        self.play_end = now
        return list(unheard.values())

    def overdue_ends(self, now: float, patience_s: float) -> list[Utterance]:
        """Utterances whose end mark should have come back long ago: they count as heard (marks do get lost)."""
        late = [m for m in self._marks.values() if m.end_of is not None and now > m.expected_at + patience_s]
        for mark in late:
            del self._marks[mark.name]
            self.marks_lost += 1
        return [mark.end_of for mark in late if mark.end_of is not None]


def _heard_of(segment: _Segment, heard_ms: float) -> int:
    unheard_ms = segment.end_ms - heard_ms
    if unheard_ms <= 0:
        return segment.end_byte
    return max(segment.start_byte, segment.end_byte - round(unheard_ms * BYTES_PER_MS))
