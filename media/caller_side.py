"""What is known of the caller's utterance under way and of those just committed. Pure: frames and items, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from media.audio_config import AUDIO_CONFIG, FRAME_MS
from media.transcript_filter import echoes, is_valid_transcript
from media.turn import CallerItem

COMMIT_PATIENCE_FRAMES = 500 // FRAME_MS  # speech stopped and nothing was committed: nobody is talking any more
ONSET_FRAMES = 200 // FRAME_MS  # speech is noticed about this long after it began
_UNNAMED = ""  # local endpointing notices speech before the model has an item for it


@dataclass(slots=True)
class CallerSide:
    """Counts voice since the last commit and remembers which items began over the agent."""

    voiced_frames: int = 0
    peak_rms: int = 0
    _began: int | None = None  # frame
    _commit_due: int = 0
    _over_agent: set[str] = field(default_factory=set)
    _peaks: dict[str, int] = field(default_factory=dict)

    def loud_frame(self, rms: int) -> None:
        self.voiced_frames += 1
        self.peak_rms = max(self.peak_rms, rms)

    def forget_sound(self) -> None:
        """What was heard so far belongs to no utterance (it was during the greeting)."""
        self.voiced_frames = 0
        self.peak_rms = 0
        self._began = None

    def started(self, item_id: str, agent_audible: bool, frame: int) -> None:
        """Speech was noticed at this frame."""
        self._commit_due = 0
        if self._began is None:
            self._began = max(0, frame - ONSET_FRAMES)
        if agent_audible:
            self._over_agent.add(item_id)

    def stopped(self, frame: int) -> None:
        """Speech ended at this frame; its commit should follow at once."""
        self._commit_due = frame + COMMIT_PATIENCE_FRAMES

    def commit_missing(self, frame: int) -> bool:
        """True once, when an utterance ended and was never committed."""
        if not self._commit_due or frame < self._commit_due:
            return False
        self._commit_due = 0
        self._began = None
        return True

    def began(self, frame: int) -> int:
        """The frame at which the utterance began that is committed at this one."""
        return max(0, frame - self.voiced_frames) if self._began is None else self._began

    def committed(self, item_id: str) -> CallerItem:
        """The utterance under way became this item of the model's conversation."""
        self._commit_due = 0
        if _UNNAMED in self._over_agent:
            self._over_agent.discard(_UNNAMED)
            self._over_agent.add(item_id)
        item = CallerItem(item_id, self.voiced_frames, item_id in self._over_agent)
        self._peaks[item_id] = self.peak_rms
        self.forget_sound()
        return item

    def was_over_agent(self, item_id: str) -> bool:
        return item_id in self._over_agent

    def loud_enough(self, item_id: str) -> bool:
        """G2: the caller, and not a voice in the room's far corner."""
        return self._peaks.get(item_id, 0) >= AUDIO_CONFIG.min_speech_rms

    def has_words(self, item_id: str, text: str, agent_text: str) -> bool:
        """A meaningful word, and not the agent's own words come back over the line (X2, B9)."""
        if self.was_over_agent(item_id) and echoes(text, agent_text):
            return False
        return is_valid_transcript(text)

    def settled(self, item_id: str) -> None:
        """Nothing more is expected of this item."""
        self._over_agent.discard(item_id)
        self._peaks.pop(item_id, None)
