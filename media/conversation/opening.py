"""How a call begins: the notice that an AI speaks, where the business wants one (D2), then the greeting (G1).

Both are protected: nobody interrupts them, and the model hears silence meanwhile (G3). What the ledger knows of the
notice goes into the record: that its end was heard, or how much of it was.
"""

from __future__ import annotations

from media.conversation import commands as do
from media.conversation.answers import Answer, Request
from media.conversation.inputs import StreamOver
from media.conversation.situation import Situation
from media.conversation.state import StateEvent
from media.conversation.turn_log import cut_of
from media.playout.queue import SpeechKind, Utterance


def begin(s: Situation) -> None:
    """The stream is up. What is recorded is on the line at once; what the model says is asked for."""
    settings = s.settings
    if not settings.greet and not settings.notice_text:
        s.move(StateEvent.READY)
        _without_greeting(s)
        return
    s.move(StateEvent.GREETING_BEGINS)
    s.log("info", "[GREETING PROTECT] Blocking audio input")
    if not settings.notice_text:
        _greet(s)
        return
    s.notice_open = True
    if settings.notice_clip:
        s.notice = s.play(SpeechKind.OPENING_NOTICE, settings.notice_clip)
        s.turn_log.audible(s.notice.item_id, s.at_ms)  # its turn comes before the greeting's
        if settings.greet:
            _greet(s)
    else:
        s.answers.want(Request(SpeechKind.OPENING_NOTICE, settings.notice_text, interruptible=False))


def recorded_notice_heard(s: Situation, utterance: Utterance) -> None:
    """The caller heard the end of the recorded notice; the greeting, if there is one, is on its way."""
    s.turn_log.heard(utterance, s.settings.notice_text, s.at_ms)
    s.answers.recorded(s.settings.notice_text)
    _record(s, utterance.total_ms, utterance.total_ms, ended=True)
    if not s.settings.greet:
        greeting_over(s)


def answer_over(s: Situation, answer: Answer | None) -> None:
    """What the model said in the opening was heard to its end, or came to nothing."""
    if answer is None or answer.request.kind is not SpeechKind.OPENING_NOTICE:
        greeting_over(s)
        return
    total_ms = _total_ms(answer)
    _record(s, total_ms, total_ms, ended=total_ms > 0)
    if s.settings.greet:
        _greet(s)
    else:
        greeting_over(s)


def notice_cut(s: Situation, utterance: Utterance, heard_ms: int) -> str:
    """Nothing more is said, because no model can be had: so much of the notice was heard. Its words, if recorded."""
    text = s.settings.notice_text if utterance is s.notice else ""
    _record(s, heard_ms, utterance.total_ms, ended=False)
    return text


def stream_over(s: Situation, event: StreamOver) -> None:
    """The stream is gone in the middle of the notice. A recorded one has no item of the model's, so no name."""
    answer = s.answers.current
    if s.notice is not None:
        total_ms, is_whole = s.notice.total_ms, True
        heard_ms = min(event.heard_ms.get(s.notice.item_id, 0), total_ms)
        s.turn_log.cut([cut_of(s.notice, s.settings.notice_text, heard_ms)])
    elif answer is not None and answer.request.kind is SpeechKind.OPENING_NOTICE:
        total_ms, is_whole = _total_ms(answer), answer.done
        heard = (min(event.heard_ms.get(item, 0), one.total_ms) for item, one in answer.utterances.items())
        heard_ms = sum(heard)
    else:
        heard_ms, total_ms, is_whole = 0, 0, False
    _record(s, heard_ms, total_ms, ended=is_whole and heard_ms >= total_ms > 0)


def greeting_over(s: Situation) -> None:
    """Heard, failed or stuck: the protection ends (G3)."""
    if not s.may(StateEvent.GREETING_OVER):
        return
    _record(s, 0, 0, ended=False)  # unless more is known of the notice already
    s.audible_answer = None
    s.move(StateEvent.GREETING_OVER)
    s.caller.forget_sound()
    s.do(do.RecordGreetingDone())
    s.log("info", "[GREETING PROTECT] Greeting done - resuming audio to OpenAI")
    s.log("info", "[GREETING] Barge-in now ENABLED for rest of call")
    if not s.settings.greet:
        _without_greeting(s)


def _greet(s: Situation) -> None:
    settings = s.settings
    if settings.greeting_clip:
        s.play(SpeechKind.GREETING, settings.greeting_clip)
    else:
        s.answers.want(Request(SpeechKind.GREETING, settings.greeting_text, interruptible=False))


def _without_greeting(s: Situation) -> None:
    """A resumed call goes on with its opening sentence; otherwise the caller speaks first."""
    if s.settings.resumed:
        s.do(do.FirstWords())
    if s.settings.opening_instructions:
        s.answers.want(Request(SpeechKind.SERVER, instructions=s.settings.opening_instructions))


def _record(s: Situation, heard_ms: int, total_ms: int, *, ended: bool) -> None:
    """Once: the first that is known of the notice's end."""
    if s.notice_open:
        s.notice_open, s.notice = False, None
        s.do(do.RecordNotice(heard_ms, total_ms, ended))


def _total_ms(answer: Answer) -> int:
    return sum(utterance.total_ms for utterance in answer.utterances.values())
