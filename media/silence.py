"""A caller who says nothing: one short sentence per 8 s, a limited number of times, then a polite end (G4). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from media.audio_config import FRAME_MS


class Nudge(StrEnum):
    PROMPT = "prompt"
    END = "end"


@dataclass(slots=True)
class SilenceWatch:
    """Counts frames in which nobody speaks and nothing is being prepared."""

    every_frames: int = 8000 // FRAME_MS
    max_prompts: int = 3
    prompts: int = 0
    _quiet: int = 0

    def frame(self, idle: bool) -> Nudge | None:
        """One inbound frame; `idle`: it is the caller's turn and the caller is not talking."""
        if not idle:
            self._quiet = 0
            return None
        self._quiet += 1
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
