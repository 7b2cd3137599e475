"""A turn that the model does not end: by our own listening it is over, so it is committed from here (X5, X6).

Its detector may take a noise for a voice that never stops. An answer that waits for the end of the caller's words
would wait with it, and the caller on a silent line. Pure: one call of `frame` is 20 ms of audio.
"""

from __future__ import annotations

from dataclasses import dataclass

from media.audio_config import FRAME_MS

LONGEST_FRAMES = 15_000 // FRAME_MS  # whoever talks so long without a pause is the radio, or can be cut short


@dataclass(slots=True)
class OpenTurn:
    """One per call. `quiet_frames`: more than the model's own detector waits."""

    quiet_frames: int = 1500 // FRAME_MS
    _length: int = 0
    _quiet: int = 0

    def begins(self) -> None:
        """The model hears the caller."""
        self._length = self._quiet = 0

    def frame(self, is_speech: bool) -> bool:
        """A frame of a turn the model has not ended. True once, when it should be ended for it."""
        self._length += 1
        self._quiet = 0 if is_speech else self._quiet + 1
        return self._quiet == self.quiet_frames or self._length == LONGEST_FRAMES
