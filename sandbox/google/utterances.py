"""Where in a stream's sound somebody speaks. Pure: mu-law in, moments out; times are milliseconds of the stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from sandbox.realtime.detector import WINDOW_MS, EnergyDetector
from services.audio.g711 import BYTES_PER_MS, rms

Kind = Literal["began", "grew", "paused", "ended"]

_WINDOW_BYTES = WINDOW_MS * BYTES_PER_MS
_THRESHOLD = 0.5
_PAUSE_MS = 160.0  # quiet after which all words said so far are told


@dataclass(slots=True, eq=False)
class Utterance:
    """A stretch of speech, from its first sound to `end_ms`, which moves while it goes on."""

    start_ms: float
    end_ms: float
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """began: speech; grew: another `interim_ms` of it; paused: a breath, or its end; ended: `quiet_ms` of silence."""

    kind: Kind
    utterance: Utterance


@dataclass(slots=True)
class StreamSound:
    """The sound of one stream and the utterances in it."""

    quiet_ms: float
    interim_ms: float
    data: bytearray = field(default_factory=bytearray, repr=False)
    utterances: list[Utterance] = field(default_factory=list)
    ahead_ms: float = 0.0
    """How much more of it came than its age allows: it was said before the stream began."""
    _scanned: int = 0
    _told_ms: float = 0.0
    _ends: EnergyDetector = field(init=False)
    _pauses: EnergyDetector = field(init=False)

    def __post_init__(self) -> None:
        self._ends = EnergyDetector(_THRESHOLD, self.quiet_ms)
        self._pauses = EnergyDetector(_THRESHOLD, min(_PAUSE_MS, self.quiet_ms))

    @property
    def heard_ms(self) -> float:
        """How much sound there is."""
        return len(self.data) / BYTES_PER_MS

    @property
    def current(self) -> Utterance | None:
        """The utterance that is going on."""
        last = self.utterances[-1] if self.utterances else None
        return last if last and not last.is_over else None

    def feed(self, data: bytes) -> Iterator[Moment]:
        """Take more sound; what happens in it, in order."""
        self.data += data
        while self._scanned + _WINDOW_BYTES <= len(self.data):
            level = rms(self.data[self._scanned : self._scanned + _WINDOW_BYTES])
            self._scanned += _WINDOW_BYTES
            yield from self._window(level, self._scanned / BYTES_PER_MS)

    def finish(self) -> Iterator[Moment]:
        """No more sound comes: an utterance that is going on ends here."""
        if self.current:
            self.current.end_ms = min(self.current.end_ms, self.heard_ms)
            yield self._over(self.current)

    def of(self, utterance: Utterance, lead_ms: float = 100.0) -> bytes:
        """An utterance's sound, with a little of what was before it."""
        first = max(0, int(utterance.start_ms - lead_ms)) * BYTES_PER_MS
        return bytes(self.data[first : int(utterance.end_ms + lead_ms) * BYTES_PER_MS])

    def _window(self, level: float, now_ms: float) -> Iterator[Moment]:
        end, pause = self._ends.feed(level), self._pauses.feed(level)
        if end == "started":
            begun = Utterance(self._ends.onset_ms, now_ms)
            self.utterances.append(begun)
            self._told_ms = now_ms
            yield Moment("began", begun)
        current = self.current
        if current is None:
            return
        if end == "stopped":
            yield self._over(current)
        elif pause == "stopped":
            current.end_ms = now_ms - self._pauses.silence_ms
            self._told_ms = now_ms
            yield Moment("paused", current)
        elif self._pauses.is_speaking:
            current.end_ms = now_ms
            if now_ms - self._told_ms >= self.interim_ms:
                self._told_ms = now_ms
                yield Moment("grew", current)

    def _over(self, utterance: Utterance) -> Moment:
        utterance.is_over = True
        return Moment("ended", utterance)
