"""What a call does when something takes too long: looked at every 200 ms of audio."""

from __future__ import annotations

from media.conversation import commands as do
from media.conversation import ending, opening, speech
from media.conversation.answers import Request
from media.conversation.inputs import Tick
from media.conversation.situation import Situation
from media.conversation.state import State
from media.conversation.timers import KEY_PAUSE_FRAMES, Alarm, Nudge, TimeoutFacts
from media.playout.queue import SpeechKind
from services.calls import end_reasons
from services.calls.kinds import CallEventKind


def tick(s: Situation, event: Tick) -> None:
    """Ends that were never reported, commits that never came, a model or a caller that says nothing, a call without
    end."""
    for utterance in event.overdue:
        speech.mark_missing(s, utterance)
    if s.caller.commit_missing(s.frames):
        speech.apply_turn_decisions(s, s.turns.set_speaking(False))
    idle = s.state is State.LISTENING and not event.talking and not s.answers.busy
    what = s.silence.tick(idle and s.settings.may_prompt(s.turns.real))
    if what is not None:
        _nudge(s, what)
    waits_for_words = not s.settings.may_prompt(s.turns.real)
    if s.no_voice.tick(event.talking or s.turns.speaking or not waits_for_words):
        ending.close_with(s, None, end_reasons.NO_VOICE)
    for alarm in s.timeouts.tick(_facts(s, event.buffered_ms)):
        _alarm(s, alarm)
    if s.frames >= s.settings.max_call_frames:
        ending.close_with(s, s.phrases.goodbye_length, end_reasons.MAX_LENGTH)


def key(s: Situation) -> None:
    """The caller keys something in: that is no silence (L5)."""
    s.silence.key()
    s.no_voice.key()
    s.answers.cancel_unheard(SpeechKind.PROMPT)
    if s.key_frame is None or s.frames - s.key_frame > KEY_PAUSE_FRAMES:
        s.note(CallEventKind.KEYS)
    s.key_frame = s.frames


def _nudge(s: Situation, what: Nudge) -> None:
    """The caller has been silent for long (G4)."""
    if what is Nudge.END:
        ending.close_with(s, s.phrases.goodbye_silent, end_reasons.SILENCE)
        return
    s.metrics.silence_prompts += 1
    s.answers.want(Request(SpeechKind.PROMPT, s.phrases.silence_prompt))


def _facts(s: Situation, buffered_ms: float) -> TimeoutFacts:
    answers, current = s.answers, s.answers.current
    return TimeoutFacts(
        state=s.state,
        connected=answers.connected,
        greeting_sounds=s.greeting_sounds,
        notice_open=s.notice_open,
        awaited_request=answers.awaited,
        acknowledged=answers.acknowledged,
        run_dry=current is not None
        and current.audible
        and not current.done
        and buffered_ms == 0
        and s.state is not State.HELD,
        unwanted_response_active=bool(answers.active_response) and current is None,
    )


def _alarm(s: Situation, alarm: Alarm) -> None:
    """Nobody waits on a silent line for what may never come."""
    s.log("warning", "waited too long", alarm=alarm.value, state=s.state.value)
    if alarm is Alarm.GREETING_STUCK:
        s.answers.cancel_unheard()
        opening.greeting_over(s)
    elif alarm is Alarm.CLOSING_STUCK:
        ending.finish(s)
    elif alarm is Alarm.ONE_MOMENT:
        _one_moment(s)
    elif alarm is Alarm.UNREACHABLE:
        ending.give_up(s)
    elif alarm is Alarm.RENEW:
        s.do(do.RenewSession())  # the request waits for the next one
    elif alarm is Alarm.PRESUME_DONE:
        s.answers.presume_done()
    else:
        s.answers.active_response = ""


def _one_moment(s: Situation) -> None:
    """A short recorded sentence, whatever the model does. It moves no state and cannot be interrupted."""
    if s.audible or s.closing or (s.state is State.GREETING and s.greeting_sounds) or not s.phrases.one_moment:
        return
    s.note(CallEventKind.ONE_MOMENT)
    s.play(SpeechKind.NOTICE, s.phrases.one_moment)
