"""What each event of the model means for the conversation. The dialect is services/'s business; the deciding is the
conversation's and its deciders'. Called under the conversation's lock, in the order the events came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from media.answers import Answer, Request
from media.audio_config import FRAME_MS
from media.call_state import AUDIBLE, Event
from media.transcript_filter import is_filler_only
from services import engine as e
from services.hand_over import wants_human

if TYPE_CHECKING:
    from media.conversation import Conversation

log = structlog.get_logger("media")

MAX_FAILURES = 2  # answers that failed unheard, in a row


def handle(talk: Conversation, event: e.EngineEvent) -> None:
    """One typed event; those that mean nothing to a call are ignored."""
    handler = _HANDLERS.get(type(event))
    if handler is not None:
        handler(talk, event)


def _speech_started(talk: Conversation, event: e.SpeechStarted) -> None:
    if talk.settings.local_endpointing:
        return
    talk.speech_started()


def _speech_stopped(talk: Conversation, event: e.SpeechStopped) -> None:
    talk.turn_log.turn_over()
    talk.caller.stopped(talk.frames)


def _committed(talk: Conversation, event: e.TurnCommitted) -> None:
    """The caller's turn is an item now; its words follow, or do not."""
    began = talk.caller.began(talk.frames)
    item = talk.caller.committed(event.item_id)
    talk.turn_log.committed(item.item_id, began * FRAME_MS)
    if talk.state.can(Event.TURN_ENDED):
        talk.state.apply(Event.TURN_ENDED)
    decisions = talk.turns.turn_ended(item)
    talks_on = talk.settings.local_endpointing and talk.endpoint.in_turn  # cut in a monologue
    talk.act([*decisions, *talk.turns.set_speaking(talks_on)])


def _transcript(talk: Conversation, event: e.CallerTranscript) -> None:
    item_id, text = event.item_id, event.text
    talk.metrics.transcript(text, is_filler_only(text))
    talk.metrics.transcribed_seconds += event.seconds
    valid = talk.caller.has_words(item_id, text, talk.answers.recent_text)
    if valid and not talk.turns.real:
        valid = _first_words(talk, item_id)
    over_agent = talk.caller.was_over_agent(item_id) and talk.state.state in AUDIBLE
    talk.caller.settled(item_id)
    talk.turn_log.words_came()
    if valid:
        talk.turn_log.caller(item_id, text)
        talk.silence.caller_spoke()
        talk.ending.caller_said(text)
    talk.act(talk.turns.words(item_id, valid))
    if over_agent:
        talk.barge(talk.barge_in.words(valid))
    if valid and wants_human(text):
        talk.ending.caller_wants_human()


def _first_words(talk: Conversation, item_id: str) -> bool:
    if not talk.caller.loud_enough(item_id):
        return False
    log.info("[NLP] First real user utterance detected - has_real_user_utterance=True")
    talk.state.has_real_user_utterance.set()
    talk.turns.real = True
    return True


def _transcript_failed(talk: Conversation, event: e.TranscriptFailed) -> None:
    log.warning("transcription failed", item=event.item_id, error=event.message)
    talk.metrics.stt_failed_count += 1
    talk.caller.settled(event.item_id)
    talk.act(talk.turns.failed(event.item_id))


def _response_started(talk: Conversation, event: e.ResponseStarted) -> None:
    talk.answers.started(event.response_id)


def _sound(talk: Conversation, event: e.AudioDelta) -> None:
    utterance = talk.answers.sound(event)
    if utterance is None:
        talk.metrics.frames_late_discarded += 1
    elif utterance.released:
        talk.audible()


def _sound_done(talk: Conversation, event: e.AudioDone) -> None:
    talk.answers.sound_done(event)


def _text(talk: Conversation, event: e.AgentTextDelta | e.AgentText) -> None:
    talk.answers.text(event)


def _response_done(talk: Conversation, event: e.ResponseDone) -> None:
    usage, m = event.usage, talk.metrics
    m.input_text_tokens += usage.input_text_tokens
    m.input_audio_tokens += usage.input_audio_tokens
    m.cached_text_tokens += usage.cached_text_tokens
    m.cached_audio_tokens += usage.cached_audio_tokens
    m.output_text_tokens += usage.output_text_tokens
    m.output_audio_tokens += usage.output_audio_tokens
    answer = talk.answers.done(event)
    if answer is not None and answer.done:
        if not answer.has_sound:
            _came_to_nothing(talk, answer, event)
        elif all(own in talk.answers.heard for own in answer.utterances.values()):
            talk.answer_over()  # the end was heard before the model said it was done
    talk.pump()


def _came_to_nothing(talk: Conversation, answer: Answer, event: e.ResponseDone) -> None:
    """The model finished without a sound: an empty answer, or a failure."""
    failed = event.status == "failed"
    talk.answers.over()
    if answer.request.kind == "greeting":
        talk.greeting_over()
        return
    if answer.request.kind == "goodbye":
        talk.ending.finish()
        return
    if failed:
        talk.failures += 1
        log.warning("answer failed", code=event.error_code, failures=talk.failures)
        if talk.failures > MAX_FAILURES:
            talk.ending.apologise()
            return
        if answer.request.kind == "server":
            talk.answers.want(Request("server", answer.request.instructions))
    elif answer.request.kind == "answer":
        talk.turns.answer_released()
    talk.turn_answered(answer)
    if not talk.answers.wanted and not talk.answers.busy and talk.state.can(Event.TURN_DROPPED):
        talk.state.apply(Event.TURN_DROPPED)


def _error(talk: Conversation, event: e.EngineError) -> None:
    talk.metrics.engine_errors += 1
    log.warning("model error", code=event.code, error=event.message)
    if event.code == "conversation_already_has_active_response" and talk.answers.requested is not None:
        talk.answers.wanted.insert(0, talk.answers.requested)  # asked too early: again after response.done
        talk.answers.requested = None


_HANDLERS: dict[type, Callable[..., None]] = {
    e.SpeechStarted: _speech_started,
    e.SpeechStopped: _speech_stopped,
    e.TurnCommitted: _committed,
    e.CallerTranscript: _transcript,
    e.TranscriptFailed: _transcript_failed,
    e.ResponseStarted: _response_started,
    e.AudioDelta: _sound,
    e.AudioDone: _sound_done,
    e.AgentTextDelta: _text,
    e.AgentText: _text,
    e.ResponseDone: _response_done,
    e.EngineError: _error,
}
