"""How a call ends from our side: what is said last, when the line is closed, who may put it off (W6, W7, W12)."""

from __future__ import annotations

from media.conversation import commands as do
from media.conversation.answers import Request
from media.conversation.cues import Next, offers_recording
from media.conversation.situation import Situation
from media.conversation.state import StateEvent
from media.playout.queue import SpeechKind
from services.calls import end_reasons
from services.calls.kinds import CallEventKind, RequestedAction
from services.claims.reading import offers_transfer, promises_transfer


def close_with(s: Situation, words: str | None, reason: str) -> None:
    """End the call after one last sentence; without one, after what is being said now."""
    if s.closing:
        return
    s.end.reason = reason
    s.end.last_words = words
    if s.audible and s.answers.current is not None:
        s.end.after_answer = True
    else:
        _close_now(s)


def staff_asked(s: Situation, action: str) -> None:
    """What somebody wants who watches the call: a hand-over after what is being said now, or an end at once."""
    if s.closing:
        return
    if action == RequestedAction.HAND_OVER:
        s.end.insisted = True
        _hand_over(s, "staff")
    else:
        s.end.reason, s.end.last_words = end_reasons.ENDED_BY_STAFF, None
        _close_now(s)


def apologise(s: Situation) -> None:
    """Every try to reach the model failed: a recorded apology, then the business's fallback (W8)."""
    if s.closing:
        return
    _without_model(s)
    if s.phrases.trouble:
        s.play(SpeechKind.APOLOGY, s.phrases.trouble)
    else:
        finish(s)


def give_up(s: Situation) -> None:
    """The caller has waited too long for the model: no apology any more, the fallback speaks next (W8)."""
    if not s.closing:
        _without_model(s)
        finish(s)


def finish(s: Situation) -> None:
    """Nothing more is said."""
    s.move(StateEvent.END)
    s.do(do.EndCall(s.end.reason))


def caller_wants_human(s: Situation) -> None:
    _hand_over(s, "caller")


def caller_wants_recording(s: Situation) -> None:
    """A message in the caller's own voice: that is what the call goes on with."""
    close_with(s, s.phrases.handing_over, end_reasons.RECORD_MESSAGE)


def agent_said(s: Situation, text: str) -> bool:
    """A goodbye ends the call once it was heard; a promise to transfer is kept, an offer waits for a yes; a loop is
    broken (W7, W12, L3, L4). True when a transfer was promised that the business does not make (L9)."""
    s.end.next = s.end.watch.agent_said(text)
    s.end.offered = offers_transfer(text)
    s.end.offered_recording = s.settings.takes_messages and offers_recording(text)
    if not promises_transfer(text):
        return False
    if s.phrases.no_transfer:
        return True
    s.end.next = Next.HAND_OVER
    return False


def after_answer(s: Situation) -> bool:
    """An answer was heard to its end. True when the call ends with it."""
    follows, s.end.next = s.end.next, Next.GO_ON
    if s.end.after_answer:
        _close_now(s)
    elif follows is Next.HANG_UP and not s.turns.unanswered:
        close_with(s, None, end_reasons.GOODBYE)
    elif follows is Next.HAND_OVER:
        _hand_over(s, "agent")
    else:
        return False
    return True


def after_interruption(s: Situation) -> bool:
    """The caller cut the answer: they have more to say, so the goodbye can wait. True when it does not."""
    if s.end.insisted:
        _close_now(s)
    else:
        s.end.after_answer = False
    return s.end.insisted


def _without_model(s: Situation) -> None:
    """Close the call for want of a model; what is being said now is cut."""
    s.end.reason = end_reasons.MODEL_UNREACHABLE
    s.do(do.Interrupt())
    s.answers.wanted.clear()
    s.move(StateEvent.CLOSE)


def _hand_over(s: Situation, wanted_by: str) -> None:
    s.note(CallEventKind.HAND_OVER, wanted_by)
    close_with(s, s.phrases.handing_over, end_reasons.HAND_OVER)


def _close_now(s: Situation) -> None:
    s.end.after_answer = False
    s.answers.cancel_unheard()
    s.move(StateEvent.CLOSE)
    if s.end.last_words is None or not s.answers.connected:
        finish(s)
    else:
        s.answers.want(Request(SpeechKind.GOODBYE, s.end.last_words, interruptible=False))
