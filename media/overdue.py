"""What a call does when something takes too long: looked at every 200 ms of audio, under the conversation's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from media.answers import Request
from media.call_state import AUDIBLE, State
from media.patience import Alarm, Facts
from media.silence import Nudge
from services import end_reasons

if TYPE_CHECKING:
    from media.conversation import Conversation

log = structlog.get_logger("media")


def look(talk: Conversation, *, talking: bool) -> None:
    """Ends that were never reported, commits that never came, a model or a caller that says nothing, a call without
    end. `talking`: the caller is, right now."""
    for utterance in talk.playout.overdue_ends():
        talk.heard_end(utterance)
    if talk.caller.commit_missing(talk.frames):
        talk.act(talk.turns.set_speaking(False))
    idle = talk.state.state is State.LISTENING and not talking and not talk.answers.busy
    what = talk.silence.tick(idle and talk.settings.may_prompt(talk.turns.real))
    if what is not None:
        _nudge(talk, what)
    for alarm in talk.patience.tick(_facts(talk)):
        _alarm(talk, alarm)
    if talk.frames >= talk.settings.max_call_frames:
        talk.ending.close_with(talk.settings.goodbye_length, end_reasons.MAX_LENGTH)


def _nudge(talk: Conversation, what: Nudge) -> None:
    """The caller has been silent for long (G4)."""
    if what is Nudge.END:
        talk.ending.close_with(talk.settings.goodbye_silent, end_reasons.SILENCE)
        return
    talk.metrics.silence_prompts += 1
    talk.answers.want(Request("prompt", talk.settings.silence_prompt))
    talk.pump()


def _facts(talk: Conversation) -> Facts:
    answers, current = talk.answers, talk.answers.current
    dry = current is not None and current.audible and not current.done and talk.playout.buffered_ms() == 0
    return Facts(
        state=talk.state.state,
        connected=answers.engine is not None,
        greeting_sounds=_greeting_sounds(talk),
        awaited_request=answers.awaited,
        acknowledged=answers.acknowledged,
        run_dry=dry and not talk.state.hold.is_set(),
        lingering=bool(answers.active_response) and current is None,
    )


def _greeting_sounds(talk: Conversation) -> bool:
    current = talk.answers.current
    return (current is not None and current.has_sound) or bool(talk.settings.greeting_clip)


def _alarm(talk: Conversation, alarm: Alarm) -> None:
    """Nobody waits on a silent line for what may never come."""
    log.warning("patience is over", alarm=alarm.value, state=talk.state.state.value)
    if alarm is Alarm.GREETING_STUCK:
        talk.answers.cancel_unheard()
        talk.greeting_over()
    elif alarm is Alarm.CLOSING_STUCK:
        talk.ending.finish()
    elif alarm is Alarm.ONE_MOMENT:
        _one_moment(talk)
    elif alarm is Alarm.UNREACHABLE:
        talk.ending.hand_on()
    elif alarm is Alarm.RENEW:
        if talk.answers.engine is not None:
            talk.answers.engine.close()  # the realtime thread opens the next one; the request waits for it
    elif alarm is Alarm.PRESUME_DONE:
        talk.answers.presume_done()
        talk.pump()
    else:
        talk.answers.active_response = ""
        talk.pump()


def _one_moment(talk: Conversation) -> None:
    """A short recorded sentence, whatever the model does. It moves no state and cannot be interrupted."""
    state = talk.state.state
    if state in (*AUDIBLE, State.CLOSING) or (state is State.GREETING and _greeting_sounds(talk)):
        return
    talk.journal.event("one_moment", "")
    talk.play("notice", talk.settings.one_moment)
