"""A caller who says nothing: one short sentence per 8 s, a limited number of times, then a polite end (G4). Pure.

Looked at every 200 ms of audio: whatever the caller says is longer, with its hangover.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from media.audio_config import FRAME_MS, TICK_FRAMES


class Nudge(StrEnum):
    PROMPT = "prompt"
    END = "end"


@dataclass(slots=True)
class SilenceWatch:
    """Counts how long nobody speaks and nothing is being prepared."""

    every_frames: int = 8000 // FRAME_MS
    max_prompts: int = 3
    prompts: int = 0
    _quiet: int = 0

    def tick(self, idle: bool) -> Nudge | None:
        """TICK_FRAMES more; `idle`: it is the caller's turn and the caller is not talking."""
        if not idle:
            self._quiet = 0
            return None
        self._quiet += TICK_FRAMES
        if self._quiet < self.every_frames:
            return None
        self._quiet = 0
        if self.prompts >= self.max_prompts:
            return Nudge.END
        self.prompts += 1
        return Nudge.PROMPT

    def caller_spoke(self) -> None:
        """Real words: patience starts anew."""
        self.prompts = 0
        self._quiet = 0
