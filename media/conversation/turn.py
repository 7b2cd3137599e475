"""Turn taking: when to ask for an answer, when it may be heard, when it must be thrown away (X4–X6, G2).

The answer is asked for the moment the caller's turn ends and held back until the transcript shows that there were
words; so certainty costs no time. Transcripts come late, twice, out of order, failed or never: they are matched by
item and none is waited for without end.

Pure: items and frames in, decisions out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from services.audio.g711 import FRAME_MS

WORDS_PATIENCE_FRAMES = 1500 // FRAME_MS  # without words by then, the sound itself decides
GIVE_UP_FRAMES = 3000 // FRAME_MS  # neither words nor enough sound: it was nothing
TRUSTED_VOICE_FRAMES = 400 // FRAME_MS  # that much voice is taken for a turn even without a transcript


class Act(StrEnum):
    ASK = "ask"  # ask the model for an answer; it stays unheard until RELEASE
    SKIP = "skip"  # no real utterance yet: wait for the words before asking (G2)
    HOLD_BACK = "hold_back"  # the caller talks again before anything was heard: keep the answer until they stop
    RELEASE = "release"  # let the answer be heard
    CANCEL = "cancel"  # throw the unheard answer away
    DELETE = "delete"  # take the stray item out of the model's conversation
    DROPPED = "dropped"  # nothing is left to answer: back to listening
    ASK_AGAIN = "ask_again"  # somebody spoke and no words came of it: ask the caller to repeat


TurnDecision = tuple[Act, str]  # the item id belongs to DELETE, else it is empty


@dataclass(slots=True)
class CallerItem:
    """One turn of the caller as the model's conversation knows it."""

    item_id: str
    loud_frames: int = 0  # loud frames we counted while it lasted
    over_agent: bool = False  # it began while the agent was audible
    age_frames: int = 0  # since it was committed


@dataclass(slots=True)
class _Plan:
    """The answer under way. `covers`: items the model had when it was asked."""

    covers: set[str]
    known: bool = False  # at least one covered item is known to hold words
    released: bool = False


@dataclass(slots=True)
class TurnTaking:
    """One per call. `real` is has_real_user_utterance; `speaking` means the caller is talking right now."""

    real: bool = False
    speaking: bool = False
    hears_sound: bool = True  # the model can answer a turn without a transcript
    waiting: dict[str, CallerItem] = field(default_factory=dict)  # committed, words unknown
    unanswered: list[str] = field(default_factory=list)  # words known, not yet in an answer that was released
    doubted: bool = False  # the last turn was not understood well enough, and the caller was asked again
    _plan: _Plan | None = None
    _settled: set[str] = field(default_factory=set)  # decided without words or by them: a repeat changes nothing
    _dropped: set[str] = field(default_factory=set)  # given up; late words revive them

    @property
    def answer_pending(self) -> bool:
        """An answer was asked for and nothing of it may be heard yet."""
        return self._plan is not None and not self._plan.released

    @property
    def releasable(self) -> bool:
        """The answer under way may be heard as soon as there is sound of it."""
        return bool(self._try_release())

    def turn_ended(self, item: CallerItem) -> list[TurnDecision]:
        """The caller's turn became an item of the model's conversation."""
        self.waiting[item.item_id] = item
        if self._plan is not None:
            return []  # words of this item will show whether the answer under way is out of date
        if not self.real:
            return [(Act.SKIP, "")]
        self._plan = _Plan(covers=self._known_items())
        return [(Act.ASK, "")]

    def words(self, item_id: str, valid: bool) -> list[TurnDecision]:
        """The transcript of an item is there (or failed: then `valid` is False and nothing was understood)."""
        known = self.waiting.pop(item_id, None) is not None
        if not known and item_id in self._settled and item_id not in self._dropped:
            return []
        self._settled.add(item_id)
        if not valid:
            return [(Act.DELETE, item_id), *self._nothing_in_it()] if known else []
        self._dropped.discard(item_id)
        self.doubted = False
        return self._has_words(item_id)

    def unclear(self, item_id: str) -> list[TurnDecision]:
        """Words that the recogniser itself doubts: nothing is made of them, the caller is asked to repeat (C4)."""
        if self.waiting.pop(item_id, None) is None:
            return []
        self._settled.add(item_id)
        self.doubted = True
        return [(Act.DELETE, item_id), *self._not_understood()]

    def too_quiet(self, item_id: str) -> list[TurnDecision]:
        """Words, but so soft that they open no conversation (G2): not answered, and kept in the model's memory."""
        known = self.waiting.pop(item_id, None) is not None
        self._settled.add(item_id)
        return self._nothing_in_it() if known else []

    def failed(self, item_id: str) -> list[TurnDecision]:
        """No transcript will ever come: what was heard decides (X1)."""
        item = self.waiting.pop(item_id, None)
        if item is None:
            return []
        self._settled.add(item_id)
        return self._by_sound(item)

    def set_speaking(self, speaking: bool) -> list[TurnDecision]:
        """The caller began or stopped talking; an answer is never released into their words."""
        self.speaking = speaking
        if not speaking:
            return self._try_release()
        return [(Act.HOLD_BACK, "")] if self.answer_pending else []

    def frame(self) -> list[TurnDecision]:
        """20 ms later: items whose words do not come are settled by their sound."""
        decisions: list[TurnDecision] = []
        for item in list(self.waiting.values()):
            item.age_frames += 1
            trusted = item.loud_frames >= TRUSTED_VOICE_FRAMES
            patience = WORDS_PATIENCE_FRAMES if trusted and not self.speaking else GIVE_UP_FRAMES
            if item.age_frames >= patience:
                del self.waiting[item.item_id]
                self._settled.add(item.item_id)
                decisions += self._by_sound(item)
                if item.item_id not in self.unanswered:
                    self._dropped.add(item.item_id)
        return decisions

    def answer_released(self) -> None:
        """The caller is hearing the answer: everything it covers is answered."""
        plan = self._plan
        if plan is not None:
            plan.released = True
            self.unanswered = [item for item in self.unanswered if item not in plan.covers]

    def answer_over(self) -> list[TurnDecision]:
        """The answer was heard to its end, interrupted, or failed. Asks again when words came meanwhile."""
        self._plan = None
        if not self.unanswered:
            return []
        self._plan = _Plan(covers=self._known_items(), known=True)
        return [(Act.ASK, ""), *self._try_release()]

    # -- inside ----------------------------------------------------------------------------------------------

    def _known_items(self) -> set[str]:
        return set(self.waiting) | set(self.unanswered)

    def _has_words(self, item_id: str) -> list[TurnDecision]:
        if item_id not in self.unanswered:
            self.unanswered.append(item_id)
        plan = self._plan
        if plan is None:
            self._plan = _Plan(covers=self._known_items() | {item_id}, known=True)
            return [(Act.ASK, ""), *self._try_release()]
        if plan.released:
            return []  # heard already; answer_over asks for what is still unanswered
        if item_id not in plan.covers:
            self._plan = _Plan(covers=self._known_items(), known=True)
            return [(Act.CANCEL, ""), (Act.ASK, ""), *self._try_release()]
        plan.known = True
        return self._try_release()

    def _nothing_in_it(self) -> list[TurnDecision]:
        """An item turned out to be no turn."""
        if self.waiting or self.unanswered:
            return self._try_release()
        if self._plan is not None and not self._plan.released:
            self._plan = None
            return [(Act.CANCEL, ""), (Act.DROPPED, "")]
        return [(Act.DROPPED, "")] if self._plan is None else []

    def _by_sound(self, item: CallerItem) -> list[TurnDecision]:
        if item.loud_frames >= TRUSTED_VOICE_FRAMES and not item.over_agent:
            return self._has_words(item.item_id) if self.real and self.hears_sound else self._not_understood()
        return self._nothing_in_it()

    def _not_understood(self) -> list[TurnDecision]:
        """Somebody spoke, and what they said is not known."""
        if self.speaking or self.waiting or self.unanswered:
            return self._nothing_in_it()  # there is more to understand, or enough to answer
        return [*self._nothing_in_it(), (Act.ASK_AGAIN, "")]

    def _try_release(self) -> list[TurnDecision]:
        plan = self._plan
        if plan is None or plan.released or not plan.known or self.speaking:
            return []
        if self.waiting.keys() - plan.covers:
            return []  # a newer item is still to be understood: the answer may be out of date
        return [(Act.RELEASE, "")]
