"""Local end-of-turn detection: our VAD decides when the caller's turn is over, the engine is told to commit (X5, C5).

Where the engine tells words while they are said, they say how long a pause has to be. Pure: one call of `frame` is
20 ms of audio; `is_speech` already carries VAD_HANGOVER_MS.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from media.conversation.end_of_turn import Ending
from services.audio.g711 import FRAME_MS


class Edge(StrEnum):
    STARTED = "started"
    ENDED = "ended"
    WHOLE = "whole"  # a short answer, noticed when it was over


@dataclass(slots=True)
class LocalEndpoint:
    """MIN_UTT_SEC: shorter utterances wait longer for more, and then count too: "כן" is an answer.
    MAX_UTT_SEC: a monologue is cut there, the rest is the next turn. Words that are plainly unfinished wait longer
    still, plainly finished ones hardly at all."""

    min_frames: int = 1000 // FRAME_MS
    max_frames: int = 4500 // FRAME_MS
    start_frames: int = 3  # this much voice begins an utterance
    silence_frames: int = 300 // FRAME_MS  # after the hangover
    short_silence_frames: int = 500 // FRAME_MS  # … when the utterance is shorter than min_frames
    over_silence_frames: int = 100 // FRAME_MS  # … when the words have plainly ended
    open_extra_frames: int = 600 // FRAME_MS  # … and so much more when they plainly have not
    in_turn: bool = False
    _ending: Ending = Ending.UNKNOWN
    _voiced: int = 0
    _length: int = 0
    _quiet: int = 0

    def words(self, ending: Ending) -> None:
        """What the caller's words so far say about their end."""
        self._ending = ending

    def frame(self, is_speech: bool, short_answer: bool = False) -> Edge | None:
        """short_answer: with this frame a word is over that was too short for the detector's onset."""
        if not self.in_turn:
            if short_answer:
                self._voiced = 0
                return Edge.WHOLE
            self._voiced = self._voiced + 1 if is_speech else 0
            if self._voiced < self.start_frames:
                return None
            self.in_turn = True
            self._length = self._voiced
            self._quiet = 0
            self._ending = Ending.UNKNOWN
            return Edge.STARTED
        self._length += 1
        self._quiet = 0 if is_speech else self._quiet + 1
        spoken = self._length - self._quiet
        if self._quiet < self._patience(spoken) and self._length < self.max_frames:
            return None
        self.in_turn = False
        self._voiced = 0 if self._quiet else self.start_frames - 1  # cut in mid-word: the rest begins at once
        return Edge.ENDED

    def takes_over(self, length: int) -> None:
        """A turn of so many frames is under way, which somebody else was to end."""
        self.in_turn, self._length, self._quiet, self._ending = True, length, 0, Ending.UNKNOWN

    def rests(self) -> None:
        """Somebody else ends the turns."""
        self.in_turn, self._voiced = False, 0

    def _patience(self, spoken: int) -> int:
        """Frames of silence that end the turn after so many frames of it."""
        if self._ending is Ending.OVER:
            return self.over_silence_frames
        patience = self.silence_frames if spoken >= self.min_frames else self.short_silence_frames
        return patience + self.open_extra_frames if self._ending is Ending.OPEN else patience
