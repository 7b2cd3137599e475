"""Which words belong to which turn: every word of a call to one turn, once (C3, C4). Pure.

Words come as interims that grow and change, and as finals, on the call's time line. A turn is ended by our own
listening and does not wait for a final: the interim's words are taken, and the final that follows later, perhaps with
the next turn's beginning behind them, is rid of them. A new stream begins a little before the last final of the old
one: words that were final already are dropped at this seam.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from services.engines.google.results import Final, Interim, Word

# Times of finals differ by as much from one stream to the next.
JITTER_MS = 120
SEAM_MS = 40  # a word whose middle is so long before the last final's end is in it
COVERS_MS = 250  # words up to so long before the voice's end are all of them
OWED_FOR_MS = 4000  # after a turn's end: the final of words that were taken has come by then, or never comes
_BARE = re.compile(r"[^\w'\"׳״]+")


@dataclass(frozen=True, slots=True)
class TurnText:
    """A turn's words. confidence: of its finals, by their length; None when no final was among them."""

    text: str
    confidence: float | None = None


@dataclass(slots=True)
class TurnWords:
    """One per call. Times are milliseconds of the call's sound."""

    settled_ms: int = 0  # up to here every word is final
    _finals: list[Final] = field(default_factory=list)  # not yet in a turn
    _interim: Interim = field(default_factory=Interim)
    _owed: list[str] = field(default_factory=list)  # in a turn already, their final is to come
    _cut_ms: int = 0  # where that turn ended
    _seam_ms: int | None = None  # a stream that began before it has said nothing final yet
    _last_word: str = ""  # of the last final

    @property
    def has_open_interim(self) -> bool:
        return bool(self._interim.text)

    @property
    def text(self) -> str:
        """The words since the last turn, as far as they are known."""
        return " ".join(part for part in (*(final.text for final in self._finals), self._open_text()) if part)

    @property
    def is_stable(self) -> bool:
        """The recogniser does not expect to change them."""
        return not self._interim.text or self._interim.is_stable

    def covers(self, voice_end_ms: int) -> bool:
        """Words are known up to the end of the caller's voice, and stay."""
        known_to = max(self.settled_ms, self._interim.end_ms)
        return bool(self.text) and self.is_stable and known_to >= voice_end_ms - COVERS_MS

    # -- what the recogniser says ---------------------------------------------------------------------------------

    def new_stream(self, begins_ms: int) -> None:
        """The next stream owns everything after the last final; what the old one had not settled it says again. One
        that begins later than that says nothing twice."""
        self._interim = Interim()
        self._seam_ms = self.settled_ms if begins_ms < self.settled_ms + JITTER_MS else None

    def interim(self, interim: Interim) -> None:
        if self._seam_ms is not None:
            first, _, rest = interim.text.partition(" ")
            if self._last_word and _same(first, self._last_word):
                interim = replace(interim, text=rest)
        self._interim = interim

    def final(self, final: Final) -> None:
        """Words that will not change."""
        if 0 < final.end_ms <= self.settled_ms:
            return  # said before
        self._interim = Interim()
        final = self._after_seam(final)
        self.settled_ms = max(self.settled_ms, final.end_ms)
        if final.text:
            self._last_word = final.text.split()[-1]
        final = self._without_owed(final)
        if final.text:
            self._finals.append(final)

    # -- a turn ends ----------------------------------------------------------------------------------------------

    def take(self, turn_end_ms: int) -> TurnText:
        """Everything since the last turn is this turn's."""
        text, confidence = self.text, _confidence(self._finals)
        opened = self._open_text()
        if opened:
            self._owed += opened.split()
            self._cut_ms = turn_end_ms
            confidence = None  # not all of it is final
        self._finals.clear()
        return TurnText(text, confidence)

    # -- inside ---------------------------------------------------------------------------------------------------

    def _open_text(self) -> str:
        """The interim without what is in a turn already."""
        words = self._interim.text.split()
        match = self._match(words, self._interim.end_ms)
        return " ".join(words[match.length :]) if match else self._interim.text

    def _match(self, words: list[str], end_ms: int) -> _Match | None:
        """The owed words at the beginning of these, which end there; None when it is not them that are said here."""
        if not self._owed:
            return None
        match = _matched(self._owed, words)
        is_other = not match.is_alike and end_ms - self._cut_ms > OWED_FOR_MS
        return None if is_other else match

    def _after_seam(self, final: Final) -> Final:
        """Without the words that the stream before had settled."""
        seam_ms, self._seam_ms = self._seam_ms, None
        if seam_ms is None:
            return final
        if final.words:
            return _of_words(final, [word for word in final.words if not self._was_settled(word, seam_ms)])
        first, _, rest = final.text.partition(" ")
        return replace(final, text=rest) if self._last_word and _same(first, self._last_word) else final

    def _was_settled(self, word: Word, seam_ms: int) -> bool:
        if (word.start_ms + word.end_ms) / 2 < seam_ms - SEAM_MS:
            return True
        return word.start_ms < seam_ms + JITTER_MS and _same(word.text, self._last_word)

    def _without_owed(self, final: Final) -> Final:
        """The final of words that are in a turn already, with only what was said after that turn."""
        words = final.text.split()
        match = self._match(words, final.end_ms)
        if match is None:
            self._owed = []
            return final
        count = match.length
        if final.end_ms < self._cut_ms - COVERS_MS and len(words) < len(self._owed):
            self._owed = self._owed_after(words)  # the rest of them is in the next final
        else:
            self._owed = []
            if not match.is_alike and final.end_ms <= self._cut_ms:
                count = len(words)  # other words for the same sound: it was answered as it was understood then
        return replace(final, text=" ".join(words[count:]))

    def _owed_after(self, words: list[str]) -> list[str]:
        """What is owed still once these came. They may begin in the middle: a stream that failed took the first ones
        with it."""
        bare, last = [_bare(word) for word in self._owed], _bare(words[-1]) if words else ""
        if last in bare:
            return self._owed[len(bare) - bare[::-1].index(last) :]
        return self._owed[len(words) :]


class _Match(NamedTuple):
    """length: so many words are the owed ones. is_alike: most of them are the same words."""

    length: int
    is_alike: bool


def _matched(owed: list[str], words: list[str]) -> _Match:
    """The owed words may have been corrected: by one word more or less."""
    wanted, said = [_bare(word) for word in owed], [_bare(word) for word in words]
    longest = min(len(said), len(wanted) + 1)
    counts = range(min(longest, max(0, len(wanted) - 1)), longest + 1)
    distances = {count: _distance(wanted, said[:count]) for count in counts}
    best = min(counts, key=lambda count: (distances[count], abs(count - len(wanted))))
    return _Match(best, distances[best] - max(0, len(wanted) - len(said)) <= min(len(wanted), len(said)) / 2)


def _distance(one: list[str], other: list[str]) -> int:
    """Words to change, add or leave out."""
    row = list(range(len(other) + 1))
    for i, word in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, against in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (word != against))
    return row[-1]


def _of_words(final: Final, words: list[Word]) -> Final:
    if len(words) == len(final.words):
        return final
    return replace(final, text=" ".join(word.text for word in words), words=tuple(words))


def _confidence(finals: list[Final]) -> float | None:
    told = [(final.confidence, len(final.text)) for final in finals if final.confidence is not None]
    length = sum(each for _, each in told)
    return sum(confidence * each for confidence, each in told) / length if length else None


def _same(one: str, other: str) -> bool:
    return _bare(one) == _bare(other)


def _bare(word: str) -> str:
    return _BARE.sub("", word).lower()
