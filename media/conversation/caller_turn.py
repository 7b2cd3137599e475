"""What is known of the caller's utterance under way and of those just committed. Pure: frames and items, no clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from media.audio_config import AUDIO_CONFIG
from media.conversation.cues import Rejected, echoes, is_phantom, is_valid_transcript
from media.conversation.floor import acknowledges, is_to_others
from media.conversation.turn import CallerItem
from services.audio.g711 import FRAME_MS
from services.language.hums import hums_yes, words_of

COMMIT_PATIENCE_FRAMES = 500 // FRAME_MS  # speech stopped and nothing was committed: nobody is talking any more
ONSET_FRAMES = 200 // FRAME_MS  # speech is noticed about this long after it began
ECHO_FRAMES = 1000 // FRAME_MS  # speech noticed so soon after the agent's last sound may be its echo
MIN_VOICE_FRAMES = 3  # fewer may be the net's mistake
MIN_ECHO_FRAMES = 3  # of the agent's own sound, before anything is called an echo
FAR_SHARE = 4  # somebody else in the room: of their voice no more than one frame in so many is as near as the caller


class AgentNow(NamedTuple):
    """What the caller's words meet. `words`: of this answer and the one before; `asked`: it waits for an answer;
    `audible`: it is talking, and `stating` that nothing in this talk, or before it, can be answered with a yes."""

    words: str
    asked: bool = False
    audible: bool = False
    stating: bool = False


@dataclass(slots=True)
class _CallerUtterance:
    began: int | None = None  # frame
    over_agent: bool = False  # … while the agent was audible
    into_agent: bool = False  # … and already talking
    after_agent: bool = False  # … or a moment after
    loud_frames: int = 0  # loud ones
    voice_frames: int = 0  # in which our own listening heard a voice
    near_frames: int = 0  # … as loud as the caller's
    echo_frames: int = 0  # the agent's own sound come back
    sound_frames: int = 0  # loud, or a voice
    energy: int = 0  # sum of their squared RMS

    @property
    def rms(self) -> float:
        return math.sqrt(self.energy / self.sound_frames) if self.sound_frames else 0.0

    @property
    def is_far(self) -> bool:
        """Voices, and hardly one as near as the caller; where the agent's echo is about, levels say nothing."""
        heard = self.voice_frames >= MIN_VOICE_FRAMES and self.echo_frames < MIN_ECHO_FRAMES
        return heard and FAR_SHARE * self.near_frames <= self.voice_frames

    def is_echo(self, text: str, agent_text: str) -> bool:
        """Whether this is the agent and not the caller. Over the agent, its own words say so; after it they may well
        be the caller's, who repeats what was offered: then the sound has to say so too."""
        if self.over_agent:
            return echoes(text, agent_text)
        if not self.after_agent or self.echo_frames < MIN_ECHO_FRAMES:
            return False
        nothing_else = 4 * self.loud_frames <= self.echo_frames
        return nothing_else or (self.loud_frames <= 2 * self.echo_frames and echoes(text, agent_text))


@dataclass(slots=True)
class CallerSide:
    """Counts voice since the last commit and remembers how each item began."""

    _open: _CallerUtterance = field(default_factory=_CallerUtterance)
    _items: dict[str, _CallerUtterance] = field(default_factory=dict)
    _commit_due: int = 0
    _agent_ended: int = -ECHO_FRAMES

    def sound_frame(self, rms: int, loud: bool, voice: bool, near: bool) -> None:
        """The caller's sound: loud by the preset, or a voice by our own listening, or both; near: as loud as theirs."""
        utterance = self._open
        utterance.loud_frames += loud
        utterance.voice_frames += voice
        utterance.near_frames += near
        utterance.sound_frames += 1
        utterance.energy += rms * rms

    def echo_frame(self) -> None:
        """The agent's own sound came back."""
        self._open.echo_frames += 1

    def forget_sound(self) -> None:
        """What was heard so far belongs to no utterance (it was during the greeting)."""
        self._open = _CallerUtterance()

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
            utterance.into_agent = agent_audible
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
        return max(0, frame - self._open.loud_frames) if began is None else began

    def committed(self, item_id: str) -> CallerItem:
        """The utterance under way became this item of the model's conversation."""
        self._commit_due = 0
        utterance, self._open = self._open, _CallerUtterance()
        self._items[item_id] = utterance
        return CallerItem(item_id, utterance.loud_frames, utterance.over_agent)

    def was_over_agent(self, item_id: str) -> bool:
        utterance = self._items.get(item_id)
        return utterance is not None and utterance.over_agent

    def loud_enough(self, item_id: str) -> bool:
        """By the utterance's RMS: the caller, and not a voice in the room's far corner (G2)."""
        utterance = self._items.get(item_id)
        return utterance is not None and utterance.rms >= AUDIO_CONFIG.min_speech_rms

    def rejected(self, item_id: str, text: str, agent: AgentNow) -> Rejected | None:
        """Why these words are no turn; None when they are one. Not the agent's own words come back (B9), no sounds but
        a hum that answers a question of the agent's, no words for a silence (X2, L1), and over the agent none that
        leave it the floor."""
        return _why_no_turn(self._items.get(item_id), text, agent)

    def takes_the_floor(self, text: str, agent: AgentNow) -> bool:
        """Whether the words of the utterance under way, as far as they are known, are a reason to stop the agent. Where
        most of it is the agent's own sound, that waits for all of them."""
        utterance = self._open
        is_callers = utterance.began is not None and utterance.echo_frames <= utterance.loud_frames
        return is_callers and utterance.over_agent and _why_no_turn(utterance, text, agent) is None

    def settled(self, item_id: str) -> None:
        """Nothing more is expected of this item."""
        self._items.pop(item_id, None)


def _why_no_turn(utterance: _CallerUtterance | None, text: str, agent: AgentNow) -> Rejected | None:
    if not words_of(text):
        return Rejected.EMPTY
    if utterance is not None and utterance.is_echo(text, agent.words):
        return Rejected.ECHO
    if utterance is not None and utterance.voice_frames < MIN_VOICE_FRAMES and is_phantom(text):
        return Rejected.PHANTOM
    over_agent = utterance is not None and utterance.over_agent
    if not is_valid_transcript(text) and not (agent.asked and not over_agent and hums_yes(text)):
        return Rejected.FILLER
    if utterance is not None and utterance.into_agent and agent.audible:
        return _leaves_the_floor(utterance, text, agent)
    return None


def _leaves_the_floor(utterance: _CallerUtterance, text: str, agent: AgentNow) -> Rejected | None:
    """Whether words over the agent's speech are a reason to stop it (B3); None when they are."""
    if utterance.is_far:
        return Rejected.FAR
    if is_to_others(text):
        return Rejected.TO_OTHERS
    return Rejected.BACKCHANNEL if agent.stating and acknowledges(text) else None
