"""What is known of the caller's utterance under way and of those just committed. Pure: frames and items, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from media.audio_config import AUDIO_CONFIG, FRAME_MS
from media.transcript_filter import echoes, is_valid_transcript
from media.turn import CallerItem

COMMIT_PATIENCE_FRAMES = 500 // FRAME_MS  # speech stopped and nothing was committed: nobody is talking any more
ONSET_FRAMES = 200 // FRAME_MS  # speech is noticed about this long after it began
ECHO_FRAMES = 1000 // FRAME_MS  # speech noticed so soon after the agent's last sound may be its echo
MIN_ECHO_FRAMES = 3  # of the agent's own sound, before anything is called an echo


@dataclass(slots=True)
class _Utterance:
    began: int | None = None  # frame
    over_agent: bool = False  # … while the agent was audible
    after_agent: bool = False  # … or a moment after
    voiced_frames: int = 0
    echo_frames: int = 0  # the agent's own sound come back
    peak_rms: int = 0

    def is_echo(self, text: str, agent_text: str) -> bool:
        """Whether this is the agent and not the caller. Over the agent, its own words say so; after it they may well
        be the caller's, who repeats what was offered: then the sound has to say so too."""
        if self.over_agent:
            return echoes(text, agent_text)
        if not self.after_agent or self.echo_frames < MIN_ECHO_FRAMES:
            return False
        nothing_else = 4 * self.voiced_frames <= self.echo_frames
        return nothing_else or (self.voiced_frames <= 2 * self.echo_frames and echoes(text, agent_text))


@dataclass(slots=True)
class CallerSide:
    """Counts voice since the last commit and remembers how each item began."""

    _open: _Utterance = field(default_factory=_Utterance)
    _items: dict[str, _Utterance] = field(default_factory=dict)
    _commit_due: int = 0
    _agent_ended: int = -ECHO_FRAMES

    def loud_frame(self, rms: int) -> None:
        self._open.voiced_frames += 1
        self._open.peak_rms = max(self._open.peak_rms, rms)

    def echo_frame(self) -> None:
        """The agent's own sound came back."""
        self._open.echo_frames += 1

    def forget_sound(self) -> None:
        """What was heard so far belongs to no utterance (it was during the greeting)."""
        self._open = _Utterance()

    def agent_ended(self, frame: int) -> None:
        """The caller heard the agent's last sound; its echo may still be on the way."""
        self._agent_ended = frame
        self._open.echo_frames = 0

    def started(self, agent_audible: bool, frame: int) -> None:
        """Speech was noticed at this frame."""
        self._commit_due = 0
        utterance = self._open
        if utterance.began is None:
            utterance.began = max(0, frame - ONSET_FRAMES)
            utterance.after_agent = frame - self._agent_ended <= ECHO_FRAMES
        utterance.over_agent = utterance.over_agent or agent_audible

    def agent_begins(self) -> bool:
        """The agent becomes audible; whether it talks into an utterance under way."""
        if self._open.began is None:
            return False
        self._open.over_agent = True
        return True

    def stopped(self, frame: int) -> None:
        """Speech ended at this frame; its commit should follow at once."""
        self._commit_due = frame + COMMIT_PATIENCE_FRAMES

    def commit_missing(self, frame: int) -> bool:
        """True once, when an utterance ended and was never committed."""
        if not self._commit_due or frame < self._commit_due:
            return False
        self._commit_due = 0
        self._open.began = None
        self._open.over_agent = False
        return True

    def began(self, frame: int) -> int:
        """The frame at which the utterance began that is committed at this one."""
        began = self._open.began
        return max(0, frame - self._open.voiced_frames) if began is None else began

    def committed(self, item_id: str) -> CallerItem:
        """The utterance under way became this item of the model's conversation."""
        self._commit_due = 0
        utterance, self._open = self._open, _Utterance()
        self._items[item_id] = utterance
        return CallerItem(item_id, utterance.voiced_frames, utterance.over_agent)

    def was_over_agent(self, item_id: str) -> bool:
        utterance = self._items.get(item_id)
        return utterance is not None and utterance.over_agent

    def loud_enough(self, item_id: str) -> bool:
        """G2: the caller, and not a voice in the room's far corner."""
        utterance = self._items.get(item_id)
        return utterance is not None and utterance.peak_rms >= AUDIO_CONFIG.min_speech_rms

    def has_words(self, item_id: str, text: str, agent_text: str) -> bool:
        """A meaningful word, and not the agent's own words come back over the line (X2, B9)."""
        utterance = self._items.get(item_id)
        if utterance is not None and utterance.is_echo(text, agent_text):
            return False
        return is_valid_transcript(text)

    def settled(self, item_id: str) -> None:
        """Nothing more is expected of this item."""
        self._items.pop(item_id, None)
