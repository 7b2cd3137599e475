"""How a call ends from our side: what is said last, when the line is closed, and who may not put it off (W6, W7, W12).

Called under the conversation's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from media.answers import Request
from media.call_state import AUDIBLE, Event
from services import end_reasons
from services.call_closing import CallClosing, Next
from services.hand_over import promises_transfer

if TYPE_CHECKING:
    from media.conversation import Conversation


class CallEnd:
    """One call's. `on_end(reason)` is called when the call is over."""

    def __init__(self, talk: Conversation, on_end: Callable[[str], None]) -> None:
        self._talk = talk
        self._on_end = on_end
        self._watch = CallClosing()
        self._next = Next.GO_ON  # what the last turn asks for, once it was heard to its end
        self._reason = ""
        self._last_words: str | None = None  # instructions of the goodbye
        self._after_answer = False
        self._insisted = False  # somebody of the business wants the end: an interruption does not put it off

    def close_with(self, instructions: str | None, reason: str) -> None:
        """End the call after one last sentence; without one, after what is being said now."""
        talk = self._talk
        if talk.state.closing.is_set():
            return
        self._reason = reason
        self._last_words = instructions
        if talk.state.state in AUDIBLE and talk.answers.current is not None:
            self._after_answer = True
        else:
            self._close_now()

    def asked(self, action: str) -> None:
        """What somebody wants who watches the call: "hand_over" after what is being said now, or an end at once."""
        if self._talk.state.closing.is_set():
            return
        if action == end_reasons.HAND_OVER:
            self._insisted = True
            self._hand_over("staff")
        else:
            self._reason, self._last_words = end_reasons.ENDED_BY_STAFF, None
            self._close_now()

    def apologise(self) -> None:
        """The model cannot be had: a recorded apology, then the business's fallback (W8)."""
        if self._without_model() and not self._talk.play("apology", self._talk.settings.trouble):
            self.finish()

    def hand_on(self) -> None:
        """The model cannot be had, and the caller has waited long enough: the fallback's own words are next (W8)."""
        if self._without_model():
            self.finish()

    def finish(self) -> None:
        """Nothing more is said."""
        self._talk.state.apply(Event.END)
        self._on_end(self._reason)

    # -- what was said ---------------------------------------------------------------------------------------

    def caller_said(self, text: str) -> None:
        self._watch.caller_said(text)

    def caller_wants_human(self) -> None:
        self._hand_over("caller")

    def agent_said(self, text: str) -> None:
        """A goodbye ends the call once it was heard; a promise to transfer is kept; a loop is broken (W7, W12)."""
        self._next = self._watch.agent_said(text)
        if promises_transfer(text):
            self._next = Next.HAND_OVER

    def answer_over(self) -> bool:
        """An answer was heard to its end. True when the call ends with it."""
        follows, self._next = self._next, Next.GO_ON
        if self._after_answer:
            self._close_now()
        elif follows is Next.HANG_UP and not self._talk.turns.unanswered:
            self.close_with(None, end_reasons.GOODBYE)
        elif follows is Next.HAND_OVER:
            self._hand_over("agent")
        else:
            return False
        return True

    def interrupted(self) -> bool:
        """The caller cut the answer: they have more to say, so the goodbye can wait. True when it does not."""
        if self._insisted:
            self._close_now()
        else:
            self._after_answer = False
        return self._insisted

    # -- inside ----------------------------------------------------------------------------------------------

    def _without_model(self) -> bool:
        """Close the call for want of a model; False when it is closing already."""
        talk = self._talk
        if talk.state.closing.is_set():
            return False
        self._reason = end_reasons.MODEL_UNREACHABLE
        talk.playout.interrupt()
        talk.answers.let_go()
        talk.answers.wanted.clear()
        talk.state.apply(Event.CLOSE)
        return True

    def _hand_over(self, wanted_by: str) -> None:
        self._talk.journal.event("hand_over", wanted_by)
        self.close_with(self._talk.settings.handing_over, end_reasons.HAND_OVER)

    def _close_now(self) -> None:
        talk = self._talk
        self._after_answer = False
        talk.answers.cancel_unheard()
        talk.state.apply(Event.CLOSE)
        if self._last_words is None or talk.answers.engine is None:
            self.finish()
            return
        talk.answers.want(Request("goodbye", self._last_words, interruptible=False))
        talk.pump()
