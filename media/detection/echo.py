"""Is this the agent's own voice coming back? (SPEC B9)

What was played is kept as the low band (0-1000 Hz, 2000 samples a second) of the last second and a half. A loud
inbound frame is looked for in it: once over all delays, then only around the delay that was found. The share of the
frame's energy that the delayed copy explains says echo or not; a caller talking over an echo leaves a rest that it
does not explain. The coupling is learned from frames that were echo. Pure; the time line is the caller of the guard's.
"""

from __future__ import annotations

import audioop
import threading
from collections import deque
from typing import NamedTuple

from services.audio.g711 import FRAME_MS

LOW_PER_MS = 2  # low-band samples a millisecond, two bytes each
EARLIEST_MS = -60  # the two time lines may disagree a little
SPAN_MS = 600  # lead at the far end and delay of the way back together
KEPT_MS = 1400
NEAR_MS = 20  # how far the delay may have moved since it was last seen
FOUND = 0.65  # share of energy explained that makes a delay worth a second look
SAME_MS = 4  # two looks agree
EXPLAINED = 0.6  # share of energy explained by the copy that makes a frame echo
# A room smears the echo. Where it does (its frames are explained less clearly than this on average), a rest of so
# much explained, at no more than the level the echo usually has, is echo too.
CLEAR = 0.88
SMEARED = 0.15
HEADROOM = 1.4
PEAK_TO_RMS = 3.0  # of speech, over 20-60 ms
DOUBT_FRAMES = 15  # loud frames in a row that the known delay does not explain: look for another
SEARCH_EVERY = 2  # such frames between two looks over all delays
FAINT = 30  # RMS of the reference's low band below which nothing can come back

_BYTES_PER_MS = 2 * LOW_PER_MS
_NOTHING = b"\x01\x00"  # a low-band sample of silence, see `low_band`


def low_band(pcm16: bytes) -> bytes:
    """0-1000 Hz of linear samples, every fourth one kept; a rest of up to three is left out.

    Raised by one step, because `findfit` never gets past a stretch of zeros.
    """
    whole = pcm16[: len(pcm16) // 8 * 8]
    return audioop.bias(audioop.tomono(audioop.tomono(whole, 2, 0.5, 0.5), 2, 0.5, 0.5), 2, 1)


class Match(NamedTuple):
    """How a stretch of inbound sound is found again in what was played."""

    explained: float  # share of its energy, 0..1
    delay_ms: float
    played: float  # level of what was played there and around


NO_MATCH = Match(0.0, 0.0, 0.0)


class EchoGuard:
    """One call's. `sent` for every frame played, `is_echo` for every inbound frame, on one time line in ms."""

    __slots__ = (
        "_before",
        "_candidate_ms",
        "_clarity",
        "_end_ms",
        "_lock",
        "_missed",
        "_reference",
        "_sent",
        "_until_search",
        "coupling",
        "delay_ms",
    )

    def __init__(self) -> None:
        self.delay_ms: float | None = None
        self.coupling = 0.0  # level of the echo against what was played, once known
        self._reference = _NOTHING * (KEPT_MS * LOW_PER_MS)
        self._end_ms = 0.0
        self._before = (0.0, b"")
        self._candidate_ms: float | None = None
        self._clarity = 0.9
        self._missed = DOUBT_FRAMES
        self._until_search = 0
        self._sent: deque[tuple[float, bytes]] = deque(maxlen=KEPT_MS // FRAME_MS + 1)  # not in the reference yet
        self._lock = threading.Lock()

    def sent(self, at_ms: float, frame: bytes) -> None:
        """A mu-law frame begins to play at the far end at `at_ms`, or when the one before it is over.

        It is only noted: while the caller is quiet nobody asks.
        """
        self._sent.append((at_ms, frame))

    def _catch_up(self) -> None:
        with self._lock:  # asked by the reader, cleared by anyone
            while self._sent:
                self._follow(*self._sent.popleft())

    def _follow(self, at_ms: float, frame: bytes) -> None:
        low = low_band(audioop.ulaw2lin(frame, 2))
        pause = min(KEPT_MS, max(0.0, at_ms - self._end_ms))
        if self._end_ms and pause < FRAME_MS:
            pause = 0.0  # the sender's jitter; the far end plays on without a gap
        silence = _NOTHING * int(pause * LOW_PER_MS)
        self._end_ms = max(self._end_ms + pause, at_ms - KEPT_MS) + len(low) / _BYTES_PER_MS
        self._reference = (self._reference + silence + low)[-KEPT_MS * _BYTES_PER_MS :]

    def cleared(self, at_ms: float) -> None:
        """What had not begun to play by `at_ms` never will."""
        self._catch_up()
        unplayed = int(max(0.0, self._end_ms - at_ms) * LOW_PER_MS) * 2
        if unplayed:
            self._reference = _NOTHING * (unplayed // 2) + self._reference[: -min(unplayed, len(self._reference))]
            self._end_ms -= unplayed / _BYTES_PER_MS

    def is_echo(self, at_ms: float, frame: bytes) -> bool:
        """Whether this loud inbound mu-law frame, beginning at `at_ms`, is mostly the agent's own voice."""
        self._catch_up()
        if at_ms - self._end_ms > SPAN_MS:
            return False  # nothing was played that could come back
        low = low_band(audioop.ulaw2lin(frame, 2))
        level = audioop.rms(low, 2)
        before, self._before = self._before, (at_ms, low)
        if not level:
            return False
        if self._missed >= DOUBT_FRAMES and before[0] + FRAME_MS == at_ms:
            self._acquire(at_ms - FRAME_MS, before[1] + low)
        if self.delay_ms is None:
            return False
        match = self._look(at_ms, low, level, self.delay_ms - NEAR_MS, self.delay_ms + NEAR_MS)
        if match.explained >= EXPLAINED:
            self._learn(match, level)
            return True
        self._missed += 1
        expected = HEADROOM * self.coupling * match.played
        if self._clarity > CLEAR or match.explained < SMEARED or level > expected:
            return False
        self._clarity += (match.explained - self._clarity) / 32
        return True

    def _learn(self, match: Match, level: int) -> None:
        self.delay_ms = match.delay_ms
        self._missed = 0
        self._clarity += (match.explained - self._clarity) / 32
        seen = level / match.played
        self.coupling += (seen - self.coupling) / 16 if self.coupling else seen

    def _acquire(self, at_ms: float, sound: bytes) -> None:
        """Look over all delays; two looks that agree are a delay."""
        self._until_search -= 1
        if self._until_search > 0:
            return
        self._until_search = SEARCH_EVERY
        level = audioop.rms(sound, 2)
        candidate, self._candidate_ms = self._candidate_ms, None
        if candidate is not None:
            match = self._look(at_ms, sound, level, candidate - SAME_MS, candidate + SAME_MS)
            if match.explained >= FOUND:
                self.delay_ms = match.delay_ms
                self._missed = 0
                return
        match = self._look(at_ms, sound, level, EARLIEST_MS, SPAN_MS)
        if match.explained >= FOUND:
            self._candidate_ms = match.delay_ms

    def _look(self, at_ms: float, low: bytes, level: int, least_ms: float, most_ms: float) -> Match:
        """The best copy of `low` among what was played between these delays before it."""
        begin = self._byte_at(at_ms - most_ms)
        end = self._byte_at(at_ms - least_ms) + len(low)
        played = self._reference[begin:end]
        if len(played) < len(low) or audioop.rms(played, 2) < FAINT:
            return NO_MATCH
        offset, factor = audioop.findfit(played, low)
        copy = audioop.rms(played[2 * offset : 2 * offset + len(low)], 2)
        if copy < FAINT:
            return NO_MATCH
        explained = (factor * level / copy) ** 2
        return Match(explained, at_ms - self._ms_at(begin + 2 * offset), audioop.max(played, 2) / PEAK_TO_RMS)

    def _byte_at(self, ms: float) -> int:
        """Where in the reference this moment is; its ends for moments outside."""
        byte = len(self._reference) + int((ms - self._end_ms) * LOW_PER_MS) * 2
        return max(0, min(len(self._reference), byte))

    def _ms_at(self, byte: int) -> float:
        return self._end_ms - (len(self._reference) - byte) / _BYTES_PER_MS
