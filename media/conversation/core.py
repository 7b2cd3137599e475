"""The conversation's core: what happens goes in, what is to be done comes out. No lock, log, playout, engine or clock.

`receive` takes one input (media.conversation.inputs, or an event of the model) and returns the commands that follow
from it, in order. `frame` takes 20 ms of the caller's sound; on nearly all of them nothing happens, and it returns
the same empty tuple. After each input `_settle` applies the rules that follow from the state, to a fixed point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from media.conversation import commands as do
from media.conversation import ending, model_events, opening, speech, ticks
from media.conversation import inputs as happens
from media.conversation.answers import Request
from media.conversation.endpointing import Edge
from media.conversation.settings import ConversationSettings
from media.conversation.situation import Situation
from media.conversation.state import State
from media.detection.input_gate import GateResult
from media.detection.listener import InboundFrame
from media.metrics import CallMetrics
from media.playout.queue import SpeechKind, Utterance
from services.realtime_prompt_builder import answer_language

NOTHING: Sequence[do.Command] = ()
# In these states only these kinds may be asked for; in the others any, once the agent is silent (B7).
_MAY_ASK = {
    State.GREETING: (SpeechKind.OPENING_NOTICE, SpeechKind.GREETING),
    State.CLOSING: (SpeechKind.GOODBYE,),
}


class Core:
    """One per call, used by one thread at a time."""

    def __init__(self, settings: ConversationSettings, metrics: CallMetrics) -> None:
        self.situation = Situation(settings, metrics)

    @property
    def frames(self) -> int:
        """20 ms frames of the caller's sound so far."""
        return self.situation.frames

    @property
    def nobody_speaks(self) -> bool:
        """A moment in which another worker can take the call over unnoticed."""
        s = self.situation
        waiting = s.state is State.LISTENING and not s.turns.speaking and not s.turns.unanswered
        return waiting and not s.answers.busy and not s.answers.wanted

    @property
    def connected(self) -> bool:
        """A session with the model is up."""
        return self.situation.answers.connected

    @property
    def under_way(self) -> list[Utterance]:
        """What the caller is hearing, or will."""
        notice, answer = self.situation.notice, self.situation.answers.current
        said = [] if answer is None else list(answer.utterances.values())
        return said if notice is None else [notice, *said]

    def receive(self, event: happens.Input, now_s: float) -> Sequence[do.Command]:
        """What is to be done about it. now_s: seconds of any steady clock, for latencies."""
        s = self.situation
        s.now_s = now_s
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(s, event)
        return self._settled()

    def frame(self, gate: GateResult, heard: InboundFrame, now_s: float) -> Sequence[do.Command]:
        """20 ms of the caller's sound, as the gate has measured it; heard: what barge-in goes by."""
        s = self.situation
        s.frames = frames = s.frames + 1
        if heard.echo:
            s.caller.echo_frame()
        elif gate.above or gate.voiced:
            s.caller.sound_frame(gate.rms, gate.above, gate.voiced or heard.voice, heard.voice)
            if gate.above:
                s.turn_log.voice(s.at_ms, now_s)
        if s.audible:
            decision = s.barge_in.frame(heard.loud, heard.voice, heard.musical)
            if decision is not None:
                speech.apply_barge_in(s, decision)
        if not s.abilities.ends_turns or not s.answers.connected:
            if s.state is not State.GREETING:
                _local_endpoint(s, gate, now_s)
        elif s.turns.speaking and s.open_turn.frame(gate.is_speech or heard.voice):
            s.log("info", "turn left open by the model, ended by our own listening")
            _end_turn(s, now_s)
        if s.turns.waiting:
            speech.apply_turn_decisions(s, s.turns.frame())
        # With the frame `refractory_until` the pause after an answer ends: the next one may be asked for.
        if not s.out and frames != s.refractory_until:
            return NOTHING
        s.now_s = now_s
        return self._settled()

    def _settled(self) -> Sequence[do.Command]:
        s = self.situation
        _settle(s)
        if not s.out:
            return NOTHING
        commands = s.out[:]
        s.out.clear()
        return commands


def _settle(s: Situation) -> None:
    """What follows from the state, whatever led to it, until nothing does."""
    while True:
        if s.answers.heard_out:
            speech.answer_finished(s)
        elif _may_ask(s):
            s.answers.ask(s.now_s)
        else:
            return


def _may_ask(s: Situation) -> bool:
    """Nobody speaks (B7), and the pause after the last answer is over (X5)."""
    request = s.answers.next
    if request is None or s.audible or s.state is State.ENDED:
        return False
    if s.state in _MAY_ASK and request.kind not in _MAY_ASK[s.state]:
        return False
    if request.kind is SpeechKind.SERVER and s.turns.speaking:
        return False  # a fact is not told into the caller's words
    return request.kind is not SpeechKind.ANSWER or s.frames >= s.refractory_until


# -- the caller's sound ---------------------------------------------------------------------------------------------


def _local_endpoint(s: Situation, gate: GateResult, now_s: float) -> None:
    edge = s.endpoint.frame(gate.is_speech, gate.short_answer)
    if edge in (Edge.STARTED, Edge.WHOLE) and not s.abilities.ends_turns:
        speech.caller_begins(s)
    if edge in (Edge.ENDED, Edge.WHOLE):
        _end_turn(s, now_s)


def _end_turn(s: Situation, now_s: float) -> None:
    """By our own listening the caller's turn is over."""
    if not s.answers.connected:
        s.unheard.turn_over = True
        speech.apply_turn_decisions(s, s.turns.set_speaking(False))
        return
    s.turn_log.turn_over(now_s)
    s.do(do.CommitTurn())
    s.caller.stopped(s.frames)


# -- start and end --------------------------------------------------------------------------------------------------


def _engine_up(s: Situation, event: happens.EngineUp) -> None:
    s.abilities = event.abilities
    if event.abilities.ends_turns:
        s.endpoint.rests()
        s.unheard.turn_over = False  # it hears for itself where a turn ends
    elif s.endpoint.in_turn:
        speech.caller_begins(s)
    s.turns.hears_sound = event.abilities.hears_sound
    s.answers.connected = True
    s.metrics.reconnects += s.had_session
    s.had_session = True
    if s.settings.notice_clip and s.settings.notice_text:
        s.do(do.RememberAgent(s.settings.notice_text))
    if s.settings.greeting_clip and s.settings.greet:
        s.do(do.RememberAgent(s.settings.greeting_text))
    if not s.language.is_own:  # a new session would begin in the business's own language
        s.do(do.SayServer(answer_language(s.language.current)))
    for text in s.pending_facts:
        s.do(do.SayServer(text))
    s.pending_facts.clear()


def _caught_up(s: Situation, _event: happens.CaughtUp) -> None:
    """A turn that ended while nobody heard it is a turn now; one that goes on ends later."""
    s.unheard.since = None
    if s.unheard.turn_over and not s.endpoint.in_turn:
        s.answers.cancel_unheard(SpeechKind.PROMPT)  # "say that again" is no longer asked: they did
        _end_turn(s, s.now_s)
    s.unheard.turn_over = False


def _engine_down(s: Situation, _event: happens.EngineDown) -> None:
    s.answers.connection_lost()
    s.turns.waiting.clear()
    _keep_turn(s)
    answer = s.answers.current
    if answer is not None and not answer.audible:
        s.answers.cancel_unheard()
        s.answers.want(answer.request.again())
    if s.state is State.THINKING and not s.answers.wanted:
        s.answers.want(Request(SpeechKind.PROMPT, s.phrases.ask_again))  # their last words went with the session


def _keep_turn(s: Situation) -> None:
    """The turn under way went with its session: the next one hears it from its beginning. Whoever was to end it, until
    then our own listening does."""
    under_way = s.turns.speaking
    began = s.caller.began(s.frames) if under_way else s.frames
    s.unheard.since = began if s.unheard.since is None else min(began, s.unheard.since)
    if s.abilities.ends_turns and under_way:
        s.endpoint.takes_over(s.frames - began)
    elif under_way and not s.endpoint.in_turn:
        s.unheard.turn_over = True  # ended, and not yet an item
    s.turns.speaking = s.endpoint.in_turn and not s.abilities.ends_turns


_HANDLERS: dict[type, Callable[[Situation, Any], None]] = {
    happens.StreamUp: lambda s, _event: opening.begin(s),
    happens.StreamOver: speech.stream_over,
    happens.EngineUp: _engine_up,
    happens.EngineDown: _engine_down,
    happens.CaughtUp: _caught_up,
    happens.ModelUnreachable: lambda s, _event: ending.apologise(s),
    happens.HeardEnd: speech.heard_end,
    happens.Interrupted: speech.interrupted,
    happens.QueueOverflow: lambda s, _event: s.answers.overflow(),
    happens.ServerFact: lambda s, event: speech.server_fact(s, event.text, event.speak),
    happens.StaffRequest: lambda s, event: ending.staff_asked(s, event.action),
    happens.Key: lambda s, _event: ticks.key(s),
    happens.Tick: ticks.tick,
    **model_events.HANDLERS,
}
