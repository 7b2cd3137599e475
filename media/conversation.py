"""The conversation of one call: facts come in from the reader, the model and the desk; decisions go out.

It owns the call state and asks the pure deciders (turn, barge_in, silence, endpointing) what each fact means. Every
public method is called under `lock`; nothing here sleeps, reads a clock for a decision, or touches the database.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import ClassVar

import structlog

from media.answers import Answer, Answers, Request
from media.audio_config import FRAME_MS
from media.barge_in import BargeIn
from media.barge_in import Decision as BargeDecision
from media.call_state import CallState, Event, State
from media.caller_side import CallerSide
from media.conversation_settings import ConversationSettings
from media.endpointing import Edge, LocalEndpoint
from media.interruption import cut_of, interrupt
from media.metrics import CallMetrics
from media.playout import Playout
from media.silence import Nudge, SilenceWatch
from media.transcript_filter import is_filler_only
from media.turn import Act, Decision, TurnTaking
from media.turn_log import Journal, TurnLog
from media.tx_queue import Utterance
from services import engine as e
from services.call_closing import CallClosing, Next
from services.hand_over import promises_transfer, wants_human

log = structlog.get_logger("media")

HAND_OVER = "hand_over"  # the end reason that leads to the business's own number
AUDIBLE = (State.SPEAKING, State.HELD)
SLOW_TICK_FRAMES = 10
GREETING_SOUND_FRAMES = 6000 // FRAME_MS  # no sound of the greeting by then: let the caller speak
GREETING_MAX_FRAMES = 45_000 // FRAME_MS  # no greeting is longer; a stuck one lets go
MAX_FAILURES = 2  # answers that failed unheard, in a row


class Conversation:
    """See the module's words. `on_end(reason)` is called once, when the call should end from our side."""

    def __init__(
        self,
        settings: ConversationSettings,
        playout: Playout,
        journal: Journal,
        metrics: CallMetrics,
        now: Callable[[], float],
        on_end: Callable[[str], None],
    ) -> None:
        self.lock = threading.RLock()
        self.settings = settings
        self.state = CallState()
        self.playout = playout
        self.answers = Answers(playout, now)
        self.turns = TurnTaking(real=settings.resumed)
        self.barge_in = BargeIn(settings.barge_in)
        self.silence = SilenceWatch(settings.silence_frames, settings.max_silence_prompts)
        self.endpoint = LocalEndpoint(settings.min_utt_frames, settings.max_utt_frames)
        self.metrics = metrics
        self.frames = 0
        self._journal = journal
        self._log = TurnLog(journal, metrics, now)
        self._on_end = on_end
        self._watch = CallClosing()
        self._next = Next.GO_ON  # what the last turn asks for, once it was heard to its end
        self._end_reason = ""
        self._last_words: str | None = None  # instructions of the goodbye
        self._close_after_answer = False
        self._closing_frames = 0
        self._greeting_frames = 0
        self._pending_facts = list(settings.pending_facts)  # [SERVER] facts no model was told yet
        self._caller = CallerSide()
        self._refractory = 0
        self._failures = 0
        self._audible_answer: Answer | None = None
        if settings.resumed:
            self.state.has_real_user_utterance.set()

    # -- start and end ---------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The stream is up. The greeting's protection starts here; a recorded one is on the line at once (G1)."""
        s = self.settings
        if not s.greet:
            self.state.apply(Event.READY)
            if s.opening_instructions:
                self.answers.want(Request("server", s.opening_instructions))
            return
        self.state.apply(Event.GREETING_BEGINS)
        log.info("[GREETING PROTECT] Blocking audio input")
        if s.greeting_clip:
            utterance = self.playout.open("greeting", interruptible=False)
            self.playout.append(utterance, s.greeting_clip)
            self.playout.complete(utterance)
        else:
            self.answers.want(Request("greeting", s.greeting_instructions, interruptible=False))

    def engine_ready(self, engine: e.Engine) -> None:
        """The model session is configured."""
        self.answers.engine = engine
        if self.settings.greeting_clip and self.settings.greet:
            engine.remember("assistant", self.settings.greeting_text)
        facts, self._pending_facts = self._pending_facts, []
        for text in facts:
            engine.say_server(text)
        self._pump()

    def engine_lost(self) -> None:
        """The connection to the model is gone; what is queued is still heard."""
        self.answers.connection_lost()
        self.turns.waiting.clear()
        self.turns.speaking = False
        answer = self.answers.current
        if answer is not None and not answer.audible:
            self.answers.cancel_unheard()
            self.answers.want(Request("answer"))
        if self.state.state is State.THINKING and not self.answers.wanted:
            self.answers.want(Request("prompt", self.settings.ask_again))  # their last words went with the session

    def close_with(self, instructions: str | None, reason: str) -> None:
        """End the call after one last sentence; without one, after what is being said now."""
        if self.state.closing.is_set():
            return
        self._end_reason = reason
        self._last_words = instructions
        if self.state.state in AUDIBLE and self.answers.current is not None:
            self._close_after_answer = True
        else:
            self._close_now()

    def _close_now(self) -> None:
        self._close_after_answer = False
        self._closing_frames = 0
        self.answers.cancel_unheard()
        self.state.apply(Event.CLOSE)
        if self._last_words is None or self.answers.engine is None:
            self._finish()
            return
        self.answers.want(Request("goodbye", self._last_words, interruptible=False))
        self._pump()

    def stream_over(self) -> None:
        """The stream is gone: what of the last answer was heard until then still belongs to the record (X7)."""
        answer = self.answers.current
        if answer is None:
            return
        for utterance in answer.utterances.values():
            heard_ms = min(self.playout.heard_ms(utterance), utterance.total_ms)
            if utterance not in self.answers.heard and heard_ms > 0:
                self._log.cut([cut_of(utterance, answer.text_of(utterance), heard_ms)])

    def _finish(self) -> None:
        self.state.apply(Event.END)
        self._on_end(self._end_reason)

    # -- the caller's sound ----------------------------------------------------------------------------------

    def caller_frame(self, rms: int, above: bool, is_speech: bool, loud: bool, speechlike: bool) -> None:
        """One inbound frame of 20 ms. above/is_speech: the gate's VAD without and with onset and hangover;
        loud/speechlike: what barge-in goes by."""
        self.frames += 1
        state = self.state.state
        if above:
            self._caller.loud_frame(rms)
            self._log.voice()
        if state in AUDIBLE:
            self._barge(self.barge_in.frame(loud, speechlike))
        if self.settings.local_endpointing and state is not State.GREETING:
            self._local_endpoint(is_speech)
        if self.turns.waiting:
            self._act(self.turns.frame())
        idle = state is State.LISTENING and not is_speech and not self.answers.busy
        nudge = self.silence.frame(idle and self.settings.may_prompt(self.turns.real))
        if nudge is not None:
            self._nudge(nudge)
        if self._refractory:
            self._refractory -= 1
            if not self._refractory:
                self._pump()
        if self.frames % SLOW_TICK_FRAMES == 0:
            self._slow_tick()

    def _slow_tick(self) -> None:
        for utterance in self.playout.overdue_ends():
            self.heard_end(utterance)
        if self.state.state is State.GREETING:
            self._greeting_frames += SLOW_TICK_FRAMES
            silent = self.answers.current is None and not self.settings.greeting_clip
            if self._greeting_frames > (GREETING_SOUND_FRAMES if silent else GREETING_MAX_FRAMES):
                log.warning("greeting is stuck, protection released")
                self.answers.cancel_unheard()
                self._greeting_over()
        if self._caller.commit_missing(self.frames):
            self._act(self.turns.set_speaking(False))
        if self.state.state is State.CLOSING:
            self._closing_frames += SLOW_TICK_FRAMES
            if self._closing_frames > self.settings.closing_frames:
                self._finish()
        elif self.frames >= self.settings.max_call_frames:
            self.close_with(self.settings.goodbye_length, "max_length")

    def _nudge(self, nudge: Nudge) -> None:
        if nudge is Nudge.END:
            self.close_with(self.settings.goodbye_silent, "silence")
            return
        self.metrics.silence_prompts += 1
        self.answers.want(Request("prompt", self.settings.silence_prompt))
        self._pump()

    def _local_endpoint(self, is_speech: bool) -> None:
        edge = self.endpoint.frame(is_speech)
        if edge is Edge.STARTED:
            self._speech_started("")
        elif edge is Edge.ENDED and self.answers.engine is not None:
            self._log.turn_over()
            self.answers.engine.commit_turn()
            self._caller.stopped(self.frames)

    # -- barge-in --------------------------------------------------------------------------------------------

    def _barge(self, decision: BargeDecision | None) -> None:
        if decision is BargeDecision.HOLD:
            self.metrics.barge_in_candidates += 1
            self.state.apply(Event.CANDIDATE)
            (self.playout.duck if self.settings.duck else self.playout.hold)()
            self._journal.event("barge_in_candidate", "")
        elif decision is BargeDecision.RESUME:
            self.metrics.barge_in_resumed += 1
            self.state.apply(Event.RESUMED)
            self.playout.resume()
            self._journal.event("barge_in_resumed", "")
        elif decision is BargeDecision.INTERRUPT:
            self._interrupt()

    def _interrupt(self) -> None:
        log.info("[BARGE-IN] User speaking while AI speaking - sending response.cancel")
        self.metrics.barge_in_events += 1
        cuts = interrupt(self.playout, self.answers, self.state)
        self._log.cut(cuts)
        self._journal.event("barge_in", "")
        self._close_after_answer = False  # the caller has more to say: the goodbye can wait
        self._turn_answered(self._audible_answer)

    # -- the model -------------------------------------------------------------------------------------------

    def engine_event(self, event: e.EngineEvent) -> None:
        """One typed event of the model, in the order it came."""
        handler = self._HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)

    def _on_speech_started(self, event: e.SpeechStarted) -> None:
        if self.settings.local_endpointing:
            return
        self._speech_started(event.item_id)

    def _speech_started(self, item_id: str) -> None:
        audible = self.state.state in AUDIBLE
        self._caller.started(item_id, audible)
        if audible:
            self.barge_in.words_expected = True
        self._act(self.turns.set_speaking(True))

    def _on_speech_stopped(self, event: e.SpeechStopped) -> None:
        self._log.turn_over()
        self._caller.stopped(self.frames)

    def _on_committed(self, event: e.TurnCommitted) -> None:
        """The caller's turn is an item now; its words follow, or do not."""
        item = self._caller.committed(event.item_id)
        self._log.committed(item.item_id, max(0, self.frames - item.voiced_frames) * FRAME_MS)
        if self.state.can(Event.TURN_ENDED):
            self.state.apply(Event.TURN_ENDED)
        decisions = self.turns.turn_ended(item)
        self._act([*decisions, *self.turns.set_speaking(False)])

    def _on_transcript(self, event: e.CallerTranscript) -> None:
        item_id, text = event.item_id, event.text
        self.metrics.transcript(text, is_filler_only(text))
        answer = self.answers.current
        agent_text = " ".join(answer.texts.values()) if answer is not None else ""
        valid = self._caller.has_words(item_id, text, agent_text)
        if valid and not self.turns.real:
            valid = self._first_words(item_id)
        over_agent = self._caller.was_over_agent(item_id) and self.state.state in AUDIBLE
        self._caller.settled(item_id)
        self._log.words_came()
        if valid:
            self._log.caller(item_id, text)
            self.silence.caller_spoke()
            self._watch.caller_said(text)
        self._act(self.turns.words(item_id, valid))
        if over_agent:
            self._barge(self.barge_in.words(valid))
        if valid and wants_human(text):
            self._journal.event("hand_over", "caller")
            self.close_with(self.settings.handing_over, HAND_OVER)

    def _first_words(self, item_id: str) -> bool:
        if not self._caller.loud_enough(item_id):
            return False
        log.info("[NLP] First real user utterance detected - has_real_user_utterance=True")
        self.state.has_real_user_utterance.set()
        self.turns.real = True
        return True

    def _on_transcript_failed(self, event: e.TranscriptFailed) -> None:
        log.warning("transcription failed", item=event.item_id, error=event.message)
        self.metrics.stt_failed_count += 1
        self._caller.settled(event.item_id)
        self._act(self.turns.failed(event.item_id))

    def _on_response_started(self, event: e.ResponseStarted) -> None:
        self.answers.started(event.response_id)

    def _on_sound(self, event: e.AudioDelta) -> None:
        utterance = self.answers.sound(event)
        if utterance is None:
            self.metrics.frames_late_discarded += 1
        elif utterance.released:
            self._audible()

    def _on_sound_done(self, event: e.AudioDone) -> None:
        self.answers.sound_done(event)

    def _on_text(self, event: e.AgentTextDelta | e.AgentText) -> None:
        self.answers.text(event)

    def _on_response_done(self, event: e.ResponseDone) -> None:
        usage, m = event.usage, self.metrics
        m.input_text_tokens += usage.input_text_tokens
        m.input_audio_tokens += usage.input_audio_tokens
        m.cached_tokens += usage.cached_tokens
        m.output_text_tokens += usage.output_text_tokens
        m.output_audio_tokens += usage.output_audio_tokens
        answer = self.answers.done(event)
        if answer is not None and answer.done:
            if not answer.has_sound:
                self._came_to_nothing(answer, event)
            elif all(own in self.answers.heard for own in answer.utterances.values()):
                self._answer_over()  # the end was heard before the model said it was done
        self._pump()

    def _came_to_nothing(self, answer: Answer, event: e.ResponseDone) -> None:
        """The model finished without a sound: an empty answer, or a failure."""
        failed = event.status == "failed"
        self.answers.over()
        if answer.request.kind == "greeting":
            self._greeting_over()
            return
        if answer.request.kind == "goodbye":
            self._finish()
            return
        if failed:
            self._failures += 1
            log.warning("answer failed", code=event.error_code, failures=self._failures)
            if self._failures > MAX_FAILURES:
                self._end_reason = "model_unreachable"
                self.state.apply(Event.CLOSE)
                self._finish()
                return
        elif answer.request.kind == "answer":
            self.turns.answer_released()
        self._turn_answered(answer)
        if not self.answers.wanted and not self.answers.busy and self.state.can(Event.TURN_DROPPED):
            self.state.apply(Event.TURN_DROPPED)

    def _on_error(self, event: e.EngineError) -> None:
        self.metrics.engine_errors += 1
        log.warning("model error", code=event.code, error=event.message)
        if event.code == "conversation_already_has_active_response" and self.answers.requested is not None:
            self.answers.wanted.insert(0, self.answers.requested)  # asked too early: again after response.done
            self.answers.requested = None

    _HANDLERS: ClassVar[dict[type, Callable]] = {
        e.SpeechStarted: _on_speech_started,
        e.SpeechStopped: _on_speech_stopped,
        e.TurnCommitted: _on_committed,
        e.CallerTranscript: _on_transcript,
        e.TranscriptFailed: _on_transcript_failed,
        e.ResponseStarted: _on_response_started,
        e.AudioDelta: _on_sound,
        e.AudioDone: _on_sound_done,
        e.AgentTextDelta: _on_text,
        e.AgentText: _on_text,
        e.ResponseDone: _on_response_done,
        e.EngineError: _on_error,
    }

    # -- what the caller hears -------------------------------------------------------------------------------

    def _audible(self) -> None:
        """The answer under way is reaching the caller."""
        answer = self.answers.current
        if answer is None:
            return
        for item_id in answer.utterances:
            self._log.audible(item_id, self.frames * FRAME_MS)
        if answer is self._audible_answer:
            return
        self._audible_answer = answer
        answer.audible = True
        self._failures = 0
        if self.state.can(Event.AUDIO_BEGINS):
            self.state.apply(Event.AUDIO_BEGINS)
            self.barge_in.answer_begins()
        if answer.request.kind == "answer":
            self.turns.answer_released()
            self._log.measure(answer)

    def mark_echoed(self, name: str) -> None:
        """Twilio says it played up to this mark."""
        utterance = self.playout.mark_echoed(name)
        if utterance is not None:
            self.heard_end(utterance)

    def heard_end(self, utterance: Utterance) -> None:
        """The caller heard the end of this utterance."""
        answer = self.answers.current
        if answer is not None and answer.owns(utterance):
            text = answer.text_of(utterance)
            self._log.heard(utterance, text, self.frames * FRAME_MS)
            if answer.request.kind in ("answer", "server"):
                self._agent_said(text)
            if self.answers.heard_end(utterance):
                self._answer_over()
        elif utterance.kind == "greeting":
            self._log.heard(utterance, self.settings.greeting_text, self.frames * FRAME_MS)
            self._greeting_over()

    def _agent_said(self, text: str) -> None:
        """A goodbye ends the call once it was heard; a promise to transfer is kept; a loop is broken (W7, W12)."""
        self._next = self._watch.agent_said(text)
        if promises_transfer(text):
            self._next = Next.HAND_OVER

    def _answer_over(self) -> None:
        answer, self._audible_answer = self._audible_answer, None
        self.answers.over()
        if self.state.state is State.GREETING:
            self._greeting_over()
            return
        if self.state.state is State.CLOSING:
            self._finish()
            return
        if self.state.state is State.HELD:
            self.barge_in.answer_begins()
            self.state.apply(Event.RESUMED)
            self.playout.resume()
        if self.state.can(Event.AUDIO_OVER):
            self.state.apply(Event.AUDIO_OVER)
        if answer is not None and answer.request.kind == "answer":
            self._refractory = self.settings.refractory_frames
        follows, self._next = self._next, Next.GO_ON
        if self._close_after_answer:
            self._close_now()
        elif follows is Next.HANG_UP and not self.turns.unanswered:
            self.close_with(None, "goodbye")
        elif follows is Next.HAND_OVER:
            self._journal.event("hand_over", "agent")
            self.close_with(self.settings.handing_over, HAND_OVER)
        else:
            self._turn_answered(answer)

    def _turn_answered(self, answer: Answer | None) -> None:
        """The answer is over; only one that answered the caller's turn settles the turn."""
        self._audible_answer = None
        if answer is not None and answer.request.kind == "answer":
            self._act(self.turns.answer_over())
        self._pump()

    def _greeting_over(self) -> None:
        if not self.state.can(Event.GREETING_OVER):
            return
        self._audible_answer = None
        self.state.apply(Event.GREETING_OVER)
        self._caller.forget_sound()
        self._journal.greeting_done()
        log.info("[GREETING PROTECT] Greeting done - resuming audio to OpenAI")
        log.info("[GREETING] Barge-in now ENABLED for rest of call")
        self._pump()

    # -- carrying out ----------------------------------------------------------------------------------------

    def server_fact(self, text: str, speak: bool) -> bool:
        """A [SERVER] fact from the desk; `speak` asks for an answer that knows it: instead of the one nobody has
        heard yet, else as soon as the floor is free. False when no model could be told yet."""
        engine = self.answers.engine
        if engine is None:
            self._pending_facts.append(text)
        else:
            engine.say_server(text)
        if speak and not self.state.closing.is_set():
            stale = self.turns.answer_pending and self.answers.turn_answer_unheard
            if stale:
                self._one(Act.CANCEL, "")
            self.answers.want(Request("answer", held_back=not self.turns.releasable) if stale else Request("server"))
            self._pump()
        return engine is not None

    def _act(self, decisions: list[Decision]) -> None:
        for act, item_id in decisions:
            self._one(act, item_id)
        if decisions:
            self._pump()

    def _one(self, act: Act, item_id: str) -> None:
        engine = self.answers.engine
        if act is Act.ASK:
            if self.state.can(Event.TURN_ENDED):
                self.state.apply(Event.TURN_ENDED)
            self.answers.want(Request("answer", held_back=True))
        elif act is Act.SKIP:
            log.info("[REALTIME] Skipping AI response - no real user utterance yet")
        elif act is Act.RELEASE:
            if self.answers.release():
                self._audible()
        elif act is Act.CANCEL:
            for unheard in self.answers.cancel_unheard("answer"):
                if engine is not None:
                    engine.delete_item(unheard)
        elif act is Act.DELETE:
            self._log.forget(item_id)
            if engine is not None:
                engine.delete_item(item_id)
        elif act is Act.DROPPED:
            if self.state.can(Event.TURN_DROPPED):
                self.state.apply(Event.TURN_DROPPED)
        else:
            self.answers.want(Request("prompt", self.settings.ask_again))

    def _pump(self) -> None:
        """Ask for the next answer when the floor is free (B7) and the pause after the last one is over (X5)."""
        state = self.state.state
        if state in AUDIBLE or state is State.ENDED or not self.answers.wanted:
            return
        kind = self.answers.wanted[0].kind
        allowed = {State.GREETING: kind == "greeting", State.CLOSING: kind == "goodbye"}.get(state, True)
        if allowed and not (self._refractory and kind == "answer"):
            self.answers.pump()
