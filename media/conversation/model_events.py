"""What each event of the model means for the conversation. The dialect is the engine's business. In the order the
events came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from media.conversation import ending, opening, speech
from media.conversation.answers import Answer, Request
from media.conversation.caller_turn import AgentNow
from media.conversation.commands import FirstWords, RecordLanguage, SayServer
from media.conversation.cues import Rejected, is_doubtful, says_yes, wants_human, wants_recording
from media.conversation.end_of_turn import ending_of
from media.conversation.floor import leaves_open
from media.conversation.situation import Situation
from media.conversation.state import State, StateEvent
from media.conversation.turn import TurnDecision
from media.playout.queue import SpeechKind
from services.audio.g711 import FRAME_MS
from services.calls.kinds import CallEventKind
from services.engines import interface as e
from services.language.hums import hums_yes
from services.realtime_prompt_builder import answer_language

MAX_FAILURES = 2  # answers that failed unheard, in a row


def _speech_started(s: Situation, event: e.SpeechStarted) -> None:
    if s.abilities.ends_turns:
        speech.caller_begins(s)


def _speech_stopped(s: Situation, event: e.SpeechStopped) -> None:
    s.turn_log.turn_over(s.now_s)
    s.caller.stopped(s.frames)


def _committed(s: Situation, event: e.TurnCommitted) -> None:
    """The caller's turn is an item now; its words follow, or do not."""
    began = s.caller.began(s.frames)
    item = s.caller.committed(event.item_id)
    s.turn_log.committed(item.item_id, began * FRAME_MS)
    if s.may(StateEvent.TURN_ENDED):
        s.move(StateEvent.TURN_ENDED)
    decisions = s.turns.turn_ended(item)
    talks_on = not s.abilities.ends_turns and s.endpoint.in_turn  # cut in a monologue
    speech.apply_turn_decisions(s, [*decisions, *s.turns.set_speaking(talks_on)])


def _partial(s: Situation, event: e.CallerPartial) -> None:
    """Words while they are said: how long a pause may be (C5), and that a candidate over the agent is one (C4)."""
    s.metrics.stt_partials += 1
    s.endpoint.words(ending_of(event.text))
    held = s.state is State.HELD and event.is_stable
    if held and s.caller.takes_the_floor(event.text, _agent_now(s)):
        speech.apply_barge_in(s, s.barge_in.words(valid=True))


def _transcript(s: Situation, event: e.CallerTranscript) -> None:
    item_id, text = event.item_id, event.text
    reason = _why_no_turn(s, event)
    valid = reason is None
    s.metrics.count_transcript(text, reason is Rejected.FILLER)
    s.metrics.transcribed_seconds += event.seconds
    over_agent = s.caller.was_over_agent(item_id) and s.audible
    s.caller.settled(item_id)
    s.turn_log.words_came(s.now_s)
    if valid:
        _follow_language(s, text)
        s.turn_log.caller(item_id, text)
        s.silence.caller_spoke()
        s.end.watch.caller_said(text)
        s.agent_asked = False
    else:
        s.log("info", "[TRANSCRIPT FILTER]", reason=str(reason), item=item_id)
    speech.apply_turn_decisions(s, _settled(s, item_id, reason))
    if over_agent:
        speech.apply_barge_in(s, s.barge_in.words(valid))
    if valid:
        _follow_wishes(s, text)


def _follow_wishes(s: Situation, text: str) -> None:
    """A person, or a recorded message, is asked for, or the offer of it accepted."""
    offered, s.end.offered = s.end.offered, False
    offered_recording, s.end.offered_recording = s.end.offered_recording, False
    yes = says_yes(text) or hums_yes(text)
    if (s.settings.takes_messages and wants_recording(text)) or (offered_recording and yes):
        ending.caller_wants_recording(s)
    elif wants_human(text) or (offered and yes):
        speech.wants_human(s)


def _settled(s: Situation, item_id: str, reason: Rejected | None) -> list[TurnDecision]:
    """What a turn whose words are known means for the answer."""
    if reason is Rejected.TOO_QUIET:
        return s.turns.too_quiet(item_id)
    if reason is Rejected.UNCLEAR:
        s.metrics.stt_unclear_count += 1
        return s.turns.unclear(item_id)
    if reason is Rejected.EMPTY and not s.abilities.hears_sound:
        return s.turns.failed(item_id)  # somebody may have spoken: our own listening knows
    return s.turns.words(item_id, reason is None)


def _follow_language(s: Situation, text: str) -> None:
    """The caller's words may change the language of what follows (L11). Before the turn itself is recorded: whatever
    comes of it is told in that language."""
    if not s.language.heard(text):
        return
    language = s.language.current
    s.note(CallEventKind.LANGUAGE, language)
    s.do(RecordLanguage(language))
    if s.answers.connected:
        s.do(SayServer(answer_language(language)))


def _why_no_turn(s: Situation, event: e.CallerTranscript) -> Rejected | None:
    """None when the caller said something; the first such words open the conversation (G2)."""
    item_id, text = event.item_id, event.text
    reason = s.caller.rejected(item_id, text, _agent_now(s))
    if reason is None and not s.audible and not s.turns.doubted and is_doubtful(text, event.confidence):
        return Rejected.UNCLEAR
    if reason is not None or s.turns.real:
        return reason
    if not s.caller.loud_enough(item_id):
        return Rejected.TOO_QUIET
    s.log("info", "[NLP] First real user utterance detected - has_real_user_utterance=True")
    s.do(FirstWords())
    s.turns.real = True
    return None


def _agent_now(s: Situation) -> AgentNow:
    stating = s.audible and not s.agent_asked and not leaves_open(s.answers.current_text)
    return AgentNow(s.answers.recent_text, s.agent_asked and s.turns.real, s.audible, stating)


def _transcript_failed(s: Situation, event: e.TranscriptFailed) -> None:
    s.log("warning", "transcription failed", item=event.item_id, error=event.message)
    s.metrics.stt_failed_count += 1
    s.caller.settled(event.item_id)
    speech.apply_turn_decisions(s, s.turns.failed(event.item_id))


def _response_started(s: Situation, event: e.ResponseStarted) -> None:
    s.answers.started(event.response_id)


def _parts(s: Situation, event: e.AnswerParts) -> None:
    s.answers.took(event)


def _sound(s: Situation, event: e.AudioDelta) -> None:
    utterance = s.answers.sound(event, s.now_s)
    if utterance is None:
        s.metrics.frames_late_discarded += 1
    elif utterance.released:
        speech.answer_becomes_audible(s)


def _sound_done(s: Situation, event: e.AudioDone) -> None:
    s.answers.sound_done(event)


def _text(s: Situation, event: e.AgentTextDelta | e.AgentText) -> None:
    s.answers.text(event)


def _response_done(s: Situation, event: e.ResponseDone) -> None:
    usage, m = event.usage, s.metrics
    m.input_text_tokens += usage.input_text_tokens
    m.input_audio_tokens += usage.input_audio_tokens
    m.cached_text_tokens += usage.cached_text_tokens
    m.cached_audio_tokens += usage.cached_audio_tokens
    m.output_text_tokens += usage.output_text_tokens
    m.output_audio_tokens += usage.output_audio_tokens
    m.spoken_characters += usage.spoken_characters
    answer = s.answers.done(event)
    if answer is not None and answer.done and not answer.has_sound:
        _came_to_nothing(s, answer, event)


def _came_to_nothing(s: Situation, answer: Answer, event: e.ResponseDone) -> None:
    """The model finished without a sound: an empty answer, or a failure."""
    failed = event.status == "failed"
    s.answers.over()
    if answer.request.kind in (SpeechKind.OPENING_NOTICE, SpeechKind.GREETING):
        opening.answer_over(s, answer)
        return
    if answer.request.kind is SpeechKind.GOODBYE:
        ending.finish(s)
        return
    if failed:
        s.failures += 1
        s.log("warning", "answer failed", code=event.error_code, failures=s.failures)
        if s.failures > MAX_FAILURES:
            ending.apologise(s)
            return
        if answer.request.kind is SpeechKind.SERVER:
            s.answers.want(Request(SpeechKind.SERVER, instructions=answer.request.instructions))
    elif answer.request.kind is SpeechKind.ANSWER:
        s.turns.answer_released()
    speech.turn_answered(s, answer)
    if failed:
        s.answers.still_awaited(answer.request)
    if not s.answers.wanted and not s.answers.busy and s.may(StateEvent.TURN_DROPPED):
        s.move(StateEvent.TURN_DROPPED)


def _error(s: Situation, event: e.EngineError) -> None:
    s.metrics.engine_errors += 1
    s.log("warning", "model error", code=event.code, error=event.message)
    if event.code == "conversation_already_has_active_response":
        s.answers.refused()


HANDLERS: dict[type, Callable[[Situation, Any], None]] = {
    e.SpeechStarted: _speech_started,
    e.SpeechStopped: _speech_stopped,
    e.TurnCommitted: _committed,
    e.CallerPartial: _partial,
    e.CallerTranscript: _transcript,
    e.TranscriptFailed: _transcript_failed,
    e.ResponseStarted: _response_started,
    e.AnswerParts: _parts,
    e.AudioDelta: _sound,
    e.AudioDone: _sound_done,
    e.AgentTextDelta: _text,
    e.AgentText: _text,
    e.ResponseDone: _response_done,
    e.EngineError: _error,
}
