"""What the caller hears of the agent: an answer becomes audible, is heard to its end, is held, resumed or cut.

And what a decision about the caller's turn means for the answer. Each function changes the situation and asks for
commands; `core` then does what follows from the state.
"""

from __future__ import annotations

from media.conversation import commands as do
from media.conversation import ending, opening
from media.conversation.answers import Answer, Request
from media.conversation.barge_in import BargeInDecision
from media.conversation.cues import asks
from media.conversation.inputs import HeardEnd, Interrupted, StreamOver
from media.conversation.situation import Situation
from media.conversation.state import State, StateEvent
from media.conversation.turn import Act, TurnDecision
from media.conversation.turn_log import cut_of
from media.playout.queue import SpeechKind, Utterance
from services.calls.kinds import CallEventKind

# -- the answer's way to the caller ---------------------------------------------------------------------------------


def answer_becomes_audible(s: Situation) -> None:
    """The answer under way is reaching the caller."""
    answer = s.answers.current
    if answer is None:
        return
    for item_id in answer.utterances:
        s.turn_log.audible(item_id, s.at_ms)
    if answer is s.audible_answer:
        return
    s.audible_answer = answer
    answer.audible = True
    s.failures = 0
    if s.may(StateEvent.AUDIO_BEGINS):
        s.move(StateEvent.AUDIO_BEGINS)
        s.barge_in.answer_begins()
        s.barge_in.words_expected = s.caller.agent_begins()  # the caller may have begun before
    if answer.request.kind is SpeechKind.ANSWER:
        s.turns.answer_released()
        s.turn_log.measure(answer, s.now_s)


def heard_end(s: Situation, event: HeardEnd) -> None:
    """The mark at an utterance's end is back: the proof that the caller heard all of it (T5)."""
    utterance, name, back_after_ms, round_trip_ms = event.mark
    s.log(
        "info",
        "[MARK] ACK",
        mark=name,
        kind=utterance.kind.value,
        item=utterance.item_id,
        sent_ms=utterance.total_ms,
        back_after_ms=round(back_after_ms),
        round_trip_ms=round(round_trip_ms),
    )
    utterance_finished(s, utterance)


def mark_missing(s: Situation, utterance: Utterance) -> None:
    """The mark never came back: by the clock the caller has heard all of it."""
    s.log("warning", "[MARK] Missing", kind=utterance.kind.value, item=utterance.item_id, sent_ms=utterance.total_ms)
    utterance_finished(s, utterance)


def utterance_finished(s: Situation, utterance: Utterance) -> None:
    """The caller heard the end of this utterance."""
    s.caller.agent_ended(s.frames)
    answer = s.answers.current
    if answer is not None and answer.owns(utterance):
        text = answer.text_of(utterance)
        s.agent_asked = asks(text)
        s.turn_log.heard(utterance, text, s.at_ms)
        if answer.request.kind in (SpeechKind.ANSWER, SpeechKind.SERVER):
            agent_said(s, text)
        s.answers.heard_end(utterance)
    elif utterance.kind is SpeechKind.GREETING:
        s.turn_log.heard(utterance, s.settings.greeting_text, s.at_ms)
        s.agent_asked = asks(s.settings.greeting_text)
        s.answers.recorded(s.settings.greeting_text)
        opening.greeting_over(s)
    elif utterance.kind is SpeechKind.OPENING_NOTICE:
        opening.recorded_notice_heard(s, utterance)
    elif utterance.kind is SpeechKind.APOLOGY:
        ending.finish(s)


def answer_finished(s: Situation) -> None:
    """The caller heard the whole answer, and no more comes of it."""
    answer, s.audible_answer = s.audible_answer, None
    s.answers.over()
    if s.state is State.GREETING:
        opening.answer_over(s, answer)
        return
    if s.state is State.CLOSING:
        ending.finish(s)
        return
    if s.state is State.HELD:
        s.barge_in.answer_begins()
        s.move(StateEvent.RESUMED)
        s.do(do.Resume())
    if s.may(StateEvent.AUDIO_OVER):
        s.move(StateEvent.AUDIO_OVER)
    if answer is not None and answer.request.kind is SpeechKind.ANSWER:
        s.refractory_until = s.frames + s.settings.refractory_frames
    if not ending.after_answer(s):
        turn_answered(s, answer)


def turn_answered(s: Situation, answer: Answer | None) -> None:
    """The answer is over; only one that answered the caller's turn settles the turn."""
    s.audible_answer = None
    if answer is not None and answer.request.kind is SpeechKind.ANSWER:
        apply_turn_decisions(s, s.turns.answer_over())


def stream_over(s: Situation, event: StreamOver) -> None:
    """The stream is gone: what of the last answer was heard until then still belongs to the record (X7)."""
    opening.stream_over(s, event)
    answer = s.answers.current
    if answer is None:
        return
    for item_id, utterance in answer.utterances.items():
        heard_ms = min(event.heard_ms.get(item_id, 0), utterance.total_ms)
        if utterance not in s.answers.heard and heard_ms > 0:
            s.turn_log.cut([cut_of(utterance, answer.text_of(utterance), heard_ms)])


# -- barge-in -------------------------------------------------------------------------------------------------------


def apply_barge_in(s: Situation, decision: BargeInDecision | None) -> None:
    """Hold, resume or cut the answer (B2, B3)."""
    if decision is BargeInDecision.HOLD:
        s.metrics.barge_in_candidates += 1
        s.move(StateEvent.CANDIDATE)
        s.do(do.Duck() if s.settings.duck else do.Hold())
        s.log("info", "[BARGE-IN] Ducked" if s.settings.duck else "[BARGE-IN] Held")
        s.note(CallEventKind.BARGE_IN_CANDIDATE)
    elif decision is BargeInDecision.RESUME:
        s.metrics.barge_in_resumed += 1
        s.move(StateEvent.RESUMED)
        s.do(do.Resume())
        s.log("info", "[BARGE-IN] Resumed")
        s.note(CallEventKind.BARGE_IN_RESUMED)
    elif decision is BargeInDecision.INTERRUPT:
        s.log("info", "[BARGE-IN] User speaking while AI speaking - sending response.cancel")
        s.metrics.barge_in_events += 1
        s.do(do.Interrupt())  # its result, `interrupted`, comes before anything else


def interrupted(s: Situation, event: Interrupted) -> None:
    """Playout was cut and what was heard is known: cancel → truncate → only then another state (B6).

    Harmless when called twice: the second time nothing is queued, nothing is active and the state stays.
    """
    answer = s.answers.let_go()
    cuts = []
    for utterance, heard_ms in event.cuts:
        whole = heard_ms >= utterance.total_ms and (answer is None or answer.done)
        if s.answers.connected and utterance.item_id and not whole:
            s.do(do.Truncate(utterance.item_id, min(heard_ms, utterance.total_ms)))
        text = answer.text_of(utterance) if answer is not None else ""
        if utterance.kind is SpeechKind.OPENING_NOTICE:
            text = opening.notice_cut(s, utterance, heard_ms) or text
        cuts.append(cut_of(utterance, text, heard_ms))
    by_the_caller = s.may(StateEvent.INTERRUPTED)
    if by_the_caller:
        s.move(StateEvent.INTERRUPTED)
    s.turn_log.cut(cuts)
    if by_the_caller:
        s.agent_asked = False
        heard_ms, total_ms = sum(cut.heard_ms for cut in cuts), sum(cut.total_ms for cut in cuts)
        s.log("info", "[BARGE-IN] Stopped", heard_ms=heard_ms, total_ms=total_ms)
        s.note(CallEventKind.BARGE_IN)
        if not ending.after_interruption(s):
            turn_answered(s, s.audible_answer)


# -- what the caller's turn means for the answer --------------------------------------------------------------------


def apply_turn_decisions(s: Situation, decisions: list[TurnDecision]) -> None:
    """Carry out what turn taking decided."""
    for act, item_id in decisions:
        _apply_turn_decision(s, act, item_id)


def _apply_turn_decision(s: Situation, act: Act, item_id: str) -> None:
    if act is Act.ASK:
        if s.may(StateEvent.TURN_ENDED):
            s.move(StateEvent.TURN_ENDED)
        s.answers.want(Request(SpeechKind.ANSWER, held_back=True))
    elif act is Act.SKIP:
        s.log("info", "[REALTIME] Skipping AI response - no real user utterance yet")
    elif act is Act.HOLD_BACK:
        s.answers.hold_back()
    elif act is Act.RELEASE:
        if s.answers.release():
            answer_becomes_audible(s)
    elif act is Act.CANCEL:
        s.answers.cancel_unheard(SpeechKind.ANSWER)
    elif act is Act.DELETE:
        s.turn_log.forget(item_id)
        s.do(do.DeleteItem(item_id))
    elif act is Act.DROPPED:
        if s.may(StateEvent.TURN_DROPPED):
            s.move(StateEvent.TURN_DROPPED)
    else:
        s.answers.want(Request(SpeechKind.PROMPT, s.phrases.ask_again))


def caller_begins(s: Situation) -> None:
    """Speech of the caller was noticed."""
    s.caller.started(s.audible, s.frames)
    s.open_turn.begins()
    if s.audible:
        s.barge_in.words_expected = True
    else:
        s.answers.cancel_unheard(SpeechKind.PROMPT)  # "are you still there?" is no longer asked
    apply_turn_decisions(s, s.turns.set_speaking(True))


def agent_said(s: Situation, text: str) -> None:
    """The agent's turn was heard to its end; a promise that leads nowhere is taken back."""
    if ending.agent_said(s, text):
        no_transfer(s, "agent")


def wants_human(s: Situation) -> None:
    """The caller asked for a person: handed over, or told what is possible instead (W7, L9)."""
    if s.phrases.no_transfer:
        no_transfer(s, "caller")
    else:
        ending.caller_wants_human(s)


def no_transfer(s: Situation, wished_by: str) -> None:
    s.note(CallEventKind.NO_TRANSFER, wished_by)
    server_fact(s, s.phrases.no_transfer, speak=True)


def server_fact(s: Situation, text: str, speak: bool) -> None:
    """A [SERVER] fact; `speak` asks for an answer that knows it: instead of the one nobody has heard yet, else as
    soon as nobody speaks."""
    if s.answers.connected:
        s.do(do.SayServer(text))
    else:
        s.pending_facts.append(text)
    if not speak or s.closing:
        return
    if s.turns.answer_pending and s.answers.turn_answer_unheard:
        s.answers.cancel_unheard(SpeechKind.ANSWER)
        s.answers.want(Request(SpeechKind.ANSWER, held_back=not s.turns.releasable, tells_fact=True))
    else:
        s.answers.want(Request(SpeechKind.SERVER))
