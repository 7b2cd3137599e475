"""The conversation of one call: facts come in from the reader, the model and the desk; decisions go out.

It owns the call state and asks the pure deciders (turn, barge_in, silence, endpointing) what each fact means. Every
public method is called under `lock`; nothing here sleeps, reads a clock for a decision, or touches the database.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from media import model_events, overdue
from media.answers import Answer, Answers, Request
from media.audio_config import FRAME_MS, TICK_FRAMES
from media.barge_in import BargeIn
from media.barge_in import Decision as BargeDecision
from media.call_end import CallEnd
from media.call_state import AUDIBLE, CallState, Event, State
from media.caller_side import CallerSide
from media.conversation_settings import ConversationSettings
from media.endpointing import Edge, LocalEndpoint
from media.input_gate import GateResult
from media.interruption import cut_of, interrupt
from media.listener import Heard
from media.metrics import CallMetrics
from media.open_turn import OpenTurn
from media.patience import Patience
from media.playout import Playout
from media.silence import SilenceWatch
from media.turn import Act, Decision, TurnTaking
from media.turn_log import Journal, TurnLog
from media.tx_queue import Utterance
from services import engine as e
from services.lean_lock import lean_lock

log = structlog.get_logger("media")


class Conversation:
    """See the module's words. `on_end(reason)` is called when the call should end from our side."""

    def __init__(
        self,
        settings: ConversationSettings,
        playout: Playout,
        journal: Journal,
        metrics: CallMetrics,
        now: Callable[[], float],
        on_end: Callable[[str], None],
    ) -> None:
        self.lock = lean_lock()  # what holds it never takes it again
        self.settings = settings
        self.state = CallState()
        self.playout = playout
        self.answers = Answers(playout, now)
        self.turns = TurnTaking(real=settings.resumed)
        self.barge_in = BargeIn(settings.barge_in)
        self.silence = SilenceWatch(settings.silence_frames, settings.max_silence_prompts)
        self.endpoint = LocalEndpoint(settings.min_utt_frames, settings.max_utt_frames)
        self.open_turn = OpenTurn(settings.open_turn_frames)
        self.metrics = metrics
        self.frames = 0
        self.journal = journal
        self.turn_log = TurnLog(journal, metrics, now)
        self.ending = CallEnd(self, on_end)
        self.patience = Patience(settings.closing_ms)
        self._pending_facts = list(settings.pending_facts)  # [SERVER] facts no model was told yet
        self.caller = CallerSide()
        self._local_endpointing = settings.local_endpointing
        self._refractory_until = 0  # frame
        self.failures = 0
        self.audible_answer: Answer | None = None
        if settings.resumed:
            self.state.has_real_user_utterance.set()

    @property
    def nobody_speaks(self) -> bool:
        """A moment in which the call can change hands unnoticed."""
        waiting = self.state.state is State.LISTENING and not self.turns.speaking and not self.turns.unanswered
        return waiting and not self.answers.busy and not self.answers.wanted

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
        if not (s.greeting_clip and self.play("greeting", s.greeting_clip)):
            self.answers.want(Request("greeting", s.greeting_instructions, interruptible=False))

    def engine_ready(self, engine: e.Engine) -> None:
        """The model session is configured."""
        self.answers.engine = engine
        if self.settings.greeting_clip and self.settings.greet:
            engine.remember("assistant", self.settings.greeting_text)
        facts, self._pending_facts = self._pending_facts, []
        for text in facts:
            engine.say_server(text)
        self.pump()

    def engine_lost(self) -> None:
        """The connection to the model is gone; what is queued is still heard."""
        self.answers.connection_lost()
        self.turns.waiting.clear()
        self.turns.speaking = False
        answer = self.answers.current
        if answer is not None and not answer.audible:
            self.answers.cancel_unheard()
            self.answers.want(answer.request.again())
        if self.state.state is State.THINKING and not self.answers.wanted:
            self.answers.want(Request("prompt", self.settings.ask_again))  # their last words went with the session

    def stream_over(self) -> None:
        """The stream is gone: what of the last answer was heard until then still belongs to the record (X7)."""
        answer = self.answers.current
        if answer is None:
            return
        for utterance in answer.utterances.values():
            heard_ms = min(self.playout.heard_ms(utterance), utterance.total_ms)
            if utterance not in self.answers.heard and heard_ms > 0:
                self.turn_log.cut([cut_of(utterance, answer.text_of(utterance), heard_ms)])

    # -- the caller's sound ----------------------------------------------------------------------------------

    def caller_frame(self, gate: GateResult, heard: Heard) -> None:
        """One inbound frame of 20 ms, as the gate has measured it; heard: what barge-in goes by."""
        self.frames = frames = self.frames + 1
        if heard.echo:
            self.caller.echo_frame()
        elif gate.above:
            self.caller.loud_frame(gate.rms)
            self.turn_log.voice(frames * FRAME_MS)
        if self.state.state in AUDIBLE:
            decision = self.barge_in.frame(heard.loud, heard.voice, heard.musical)
            if decision is not None:
                self.barge(decision)
        if self._local_endpointing:
            if self.state.state is not State.GREETING:
                self._local_endpoint(gate)
        elif self.turns.speaking and self.open_turn.frame(gate.is_speech or heard.voice):
            log.info("turn left open by the model, ended by our own listening")
            self._end_turn()
        if self.turns.waiting:
            self.act(self.turns.frame())
        if frames == self._refractory_until:
            self.pump()
        if not frames % TICK_FRAMES:
            overdue.look(self, talking=gate.is_speech)

    def play(self, kind: str, clip: bytes) -> bool:
        """Queue recorded sound; False when there is none."""
        if not clip:
            return False
        utterance = self.playout.open(kind, interruptible=False)
        self.playout.append(utterance, clip)
        self.playout.complete(utterance)
        return True

    def _local_endpoint(self, gate: GateResult) -> None:
        edge = self.endpoint.frame(gate.is_speech, gate.short_answer)
        if edge in (Edge.STARTED, Edge.WHOLE):
            self.speech_started()
        if edge in (Edge.ENDED, Edge.WHOLE):
            self._end_turn()

    def _end_turn(self) -> None:
        if self.answers.engine is None:
            return
        self.turn_log.turn_over()
        self.answers.engine.commit_turn()
        self.caller.stopped(self.frames)

    # -- barge-in --------------------------------------------------------------------------------------------

    def barge(self, decision: BargeDecision | None) -> None:
        if decision is BargeDecision.HOLD:
            self.metrics.barge_in_candidates += 1
            self.state.apply(Event.CANDIDATE)
            (self.playout.duck if self.settings.duck else self.playout.hold)()
            self.journal.event("barge_in_candidate", "")
        elif decision is BargeDecision.RESUME:
            self.metrics.barge_in_resumed += 1
            self.state.apply(Event.RESUMED)
            self.playout.resume()
            self.journal.event("barge_in_resumed", "")
        elif decision is BargeDecision.INTERRUPT:
            self._interrupt()

    def _interrupt(self) -> None:
        log.info("[BARGE-IN] User speaking while AI speaking - sending response.cancel")
        self.metrics.barge_in_events += 1
        cuts = interrupt(self.playout, self.answers, self.state)
        self.turn_log.cut(cuts)
        self.journal.event("barge_in", "")
        if not self.ending.interrupted():
            self.turn_answered(self.audible_answer)

    # -- the model -------------------------------------------------------------------------------------------

    def engine_event(self, event: e.EngineEvent) -> None:
        """One typed event of the model, in the order it came."""
        model_events.handle(self, event)

    def speech_started(self) -> None:
        audible = self.state.state in AUDIBLE
        self.caller.started(audible, self.frames)
        self.open_turn.begins()
        if audible:
            self.barge_in.words_expected = True
        else:
            self._throw_away("prompt")  # "are you still there?" is no longer asked
        self.act(self.turns.set_speaking(True))

    # -- what the caller hears -------------------------------------------------------------------------------

    def audible(self) -> None:
        """The answer under way is reaching the caller."""
        answer = self.answers.current
        if answer is None:
            return
        for item_id in answer.utterances:
            self.turn_log.audible(item_id, self.frames * FRAME_MS)
        if answer is self.audible_answer:
            return
        self.audible_answer = answer
        answer.audible = True
        self.failures = 0
        if self.state.can(Event.AUDIO_BEGINS):
            self.state.apply(Event.AUDIO_BEGINS)
            self.barge_in.answer_begins()
            self.barge_in.words_expected = self.caller.agent_begins()  # the caller may have begun before
        if answer.request.kind == "answer":
            self.turns.answer_released()
            self.turn_log.measure(answer)

    def mark_echoed(self, name: str) -> None:
        """Twilio says it played up to this mark."""
        utterance = self.playout.mark_echoed(name)
        if utterance is not None:
            self.heard_end(utterance)

    def heard_end(self, utterance: Utterance) -> None:
        """The caller heard the end of this utterance."""
        self.caller.agent_ended(self.frames)
        answer = self.answers.current
        if answer is not None and answer.owns(utterance):
            text = answer.text_of(utterance)
            self.turn_log.heard(utterance, text, self.frames * FRAME_MS)
            if answer.request.kind in ("answer", "server"):
                self.ending.agent_said(text)
            if self.answers.heard_end(utterance):
                self.answer_over()
        elif utterance.kind == "greeting":
            self.turn_log.heard(utterance, self.settings.greeting_text, self.frames * FRAME_MS)
            self.answers.recorded(self.settings.greeting_text)
            self.greeting_over()
        elif utterance.kind == "apology":
            self.ending.finish()

    def answer_over(self) -> None:
        answer, self.audible_answer = self.audible_answer, None
        self.answers.over()
        if self.state.state is State.GREETING:
            self.greeting_over()
            return
        if self.state.state is State.CLOSING:
            self.ending.finish()
            return
        if self.state.state is State.HELD:
            self.barge_in.answer_begins()
            self.state.apply(Event.RESUMED)
            self.playout.resume()
        if self.state.can(Event.AUDIO_OVER):
            self.state.apply(Event.AUDIO_OVER)
        if answer is not None and answer.request.kind == "answer":
            self._refractory_until = self.frames + self.settings.refractory_frames
        if not self.ending.answer_over():
            self.turn_answered(answer)

    def turn_answered(self, answer: Answer | None) -> None:
        """The answer is over; only one that answered the caller's turn settles the turn."""
        self.audible_answer = None
        if answer is not None and answer.request.kind == "answer":
            self.act(self.turns.answer_over())
        self.pump()

    def greeting_over(self) -> None:
        if not self.state.can(Event.GREETING_OVER):
            return
        self.audible_answer = None
        self.state.apply(Event.GREETING_OVER)
        self.caller.forget_sound()
        self.journal.greeting_done()
        log.info("[GREETING PROTECT] Greeting done - resuming audio to OpenAI")
        log.info("[GREETING] Barge-in now ENABLED for rest of call")
        self.pump()

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
            self.pump()
        return engine is not None

    def act(self, decisions: list[Decision]) -> None:
        for act, item_id in decisions:
            self._one(act, item_id)
        if decisions:
            self.pump()

    def _one(self, act: Act, item_id: str) -> None:
        engine = self.answers.engine
        if act is Act.ASK:
            if self.state.can(Event.TURN_ENDED):
                self.state.apply(Event.TURN_ENDED)
            self.answers.want(Request("answer", held_back=True))
        elif act is Act.SKIP:
            log.info("[REALTIME] Skipping AI response - no real user utterance yet")
        elif act is Act.HOLD_BACK:
            self.answers.hold_back()
        elif act is Act.RELEASE:
            if self.answers.release():
                self.audible()
        elif act is Act.CANCEL:
            self._throw_away("answer")
        elif act is Act.DELETE:
            self.turn_log.forget(item_id)
            if engine is not None:
                engine.delete_item(item_id)
        elif act is Act.DROPPED:
            if self.state.can(Event.TURN_DROPPED):
                self.state.apply(Event.TURN_DROPPED)
        else:
            self.answers.want(Request("prompt", self.settings.ask_again))

    def _throw_away(self, kind: str) -> None:
        """An answer nobody heard anything of leaves no trace in the model's conversation either."""
        for unheard in self.answers.cancel_unheard(kind):
            if self.answers.engine is not None:
                self.answers.engine.delete_item(unheard)

    def pump(self) -> None:
        """Ask for the next answer when the floor is free (B7) and the pause after the last one is over (X5)."""
        state = self.state.state
        if state in AUDIBLE or state is State.ENDED or not self.answers.wanted:
            return
        kind = self.answers.wanted[0].kind
        allowed = {State.GREETING: kind == "greeting", State.CLOSING: kind == "goodbye"}.get(state, True)
        if allowed and not (self.frames < self._refractory_until and kind == "answer"):
            self.answers.pump()
