"""Answers: asking the model for one, holding it back, letting it be heard, throwing it away.

One answer at a time (B7): a request waits until the model is done with the previous one and the caller is not
hearing the agent. Sound and text are matched by response id; whatever arrives for a cancelled response is discarded.
Part of the core: what is to be done is handed on as commands, times are seconds of any steady clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from media.conversation import commands as do
from media.playout.queue import SpeechKind, Utterance
from services.engines.interface import AgentText, AgentTextDelta, AnswerParts, AudioDelta, AudioDone, ResponseDone

MAX_CONTINUATIONS = 2  # an answer cut off by the token limit is finished in at most this many follow-ups (R2)


@dataclass(slots=True)
class Request:
    """What to ask for: an answer of the model's own, one by `instructions` that replace the session's, or a fixed
    sentence, word for word."""

    kind: SpeechKind
    words: str | None = None
    instructions: str | None = None
    interruptible: bool = True
    held_back: bool = False  # stays unheard until released
    tells_fact: bool = False  # a [SERVER] fact is told with it: thrown away unheard, the fact is still to be told
    cancelled: bool = False
    continuations: int = 0
    asked_at: float = 0.0
    number: int = 0  # of the request within the call; asking anew keeps it

    @property
    def is_plain(self) -> bool:
        """What to say is left to the model."""
        return self.words is None and self.instructions is None

    def again(self) -> Request:
        """The same for another session, which has no transcript to wait for."""
        return replace(self, held_back=False, cancelled=False, continuations=0)


@dataclass(slots=True, eq=False)
class Answer:
    """What the caller hears as one answer: one utterance per output item, of one response or, when the token limit
    cut it, of its follow-ups too."""

    request: Request
    response_ids: set[str]
    utterances: dict[str, Utterance] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    done: bool = False
    audible: bool = False  # its sound is on the way to the caller
    has_sound: bool = False
    first_audio_at: float = 0.0
    parts: Mapping[str, float] = field(default_factory=dict)  # of the engine's time until then, in ms

    def owns(self, utterance: Utterance) -> bool:
        return any(own is utterance for own in self.utterances.values())

    def text_of(self, utterance: Utterance) -> str:
        return self.texts.get(utterance.item_id, "")


class Answers:
    """The one answer under way, and those wanted next. `emit` takes each command in its order."""

    def __init__(self, emit: Callable[[do.Command], None]) -> None:
        self._do = emit
        self.connected = False  # a model session is up
        self.current: Answer | None = None
        self.wanted: list[Request] = []
        self.requested: Request | None = None  # asked for, not begun yet
        self.active_response = ""  # the model is generating this one
        self._asked = 0
        self.heard: list[Utterance] = []
        self._last_text = ""  # of the answer before the one under way

    # -- asking ----------------------------------------------------------------------------------------------

    def want(self, request: Request) -> None:
        """Put a request in line. One plain answer covers all that happened, so a second one is not queued: that to the
        caller's turn tells a [SERVER] fact too."""
        waiting = [at for at, other in enumerate(self.wanted) if other.is_plain]
        if not request.is_plain or not waiting:
            self.wanted.append(request)
            return
        other = self.wanted[waiting[0]]
        if request.kind is SpeechKind.ANSWER and other.kind is SpeechKind.SERVER:
            self.wanted[waiting[0]] = replace(request, tells_fact=True)
        elif request.kind is SpeechKind.SERVER and other.kind is SpeechKind.ANSWER:
            other.tells_fact = True

    @property
    def busy(self) -> bool:
        """The model works on something, or an answer is on its way to the caller's ear."""
        return bool(self.active_response or self.requested or self.current)

    @property
    def recent_text(self) -> str:
        """The words of the answer under way and of the one before it: what may come back as an echo."""
        return f"{self._last_text} {self.current_text}"

    @property
    def current_text(self) -> str:
        """The words of the answer under way, as far as they are known."""
        return " ".join(self.current.texts.values()) if self.current is not None else ""

    @property
    def awaited(self) -> int:
        """Number of the request that was sent and has no sound yet, 0 when there is none. A connection that was lost
        meanwhile changes nothing for the caller who waits."""
        if self.requested is not None:
            return self.requested.number
        if self.current is not None:
            return 0 if self.current.has_sound else self.current.request.number
        return self.wanted[0].number if self.wanted else 0

    @property
    def acknowledged(self) -> bool:
        """The model said that it is at work on the request."""
        return self.requested is None and self.current is not None

    @property
    def turn_answer_unheard(self) -> bool:
        """An answer to the caller's turn is wanted or made, and nothing of it was heard."""
        current = self.current
        made = self.requested or (current.request if current is not None and not current.audible else None)
        return any(request.kind is SpeechKind.ANSWER for request in (*self.wanted, made) if request is not None)

    @property
    def next(self) -> Request | None:
        """What would be asked for now; None when nothing is wanted or something stands against it."""
        return self.wanted[0] if self.wanted and self.connected and not self.busy else None

    def still_awaited(self, request: Request) -> None:
        """What is wanted next is what this one, which failed, was to be: the caller has waited since then."""
        for other in self.wanted:
            other.number = other.number or request.number

    def ask(self, now_s: float) -> None:
        """Ask for the next wanted answer."""
        request = self.wanted.pop(0)
        request.asked_at = now_s
        if not request.number:
            self._asked += 1
            request.number = self._asked
        self.requested = request
        self._do(do.Ask(request.instructions) if request.words is None else do.Say(request.words))

    def refused(self) -> None:
        """The model was still busy with another response: the request waits again."""
        if self.requested is not None:
            self.wanted.insert(0, self.requested)
            self.requested = None

    # -- what the model sends ----------------------------------------------------------------------------------

    def started(self, response_id: str) -> None:
        """The model began to generate. One we did not ask for, or no longer want, is cancelled at once."""
        self.active_response = response_id
        request, self.requested = self.requested, None
        if request is None or request.cancelled:
            self._cancel_active()
        elif self.current is not None and self.current.request is request:
            self.current.response_ids.add(response_id)
        else:
            self.current = Answer(request, {response_id})

    def sound(self, event: AudioDelta, now_s: float) -> Utterance | None:
        """Queue a piece of sound. Returns its utterance, None when it belongs to nothing that is wanted."""
        answer = self._of(event.response_id)
        if answer is None:
            return None
        utterance = answer.utterances.get(event.item_id)
        if utterance is None:
            utterance = self._open(answer, event.item_id)
        if not answer.has_sound:
            answer.has_sound = True
            answer.first_audio_at = now_s
        self._do(do.Append(utterance, event.payload))
        return utterance

    def took(self, event: AnswerParts) -> None:
        """What the engine's time until the first sound was spent on."""
        answer = self._of(event.response_id)
        if answer is not None:
            answer.parts = event.parts

    def overflow(self) -> None:
        """What is queued is heard; the rest is not generated (T4)."""
        self._cancel_active()

    def _open(self, answer: Answer, item_id: str) -> Utterance:
        request = answer.request
        utterance = Utterance(
            request.kind, interruptible=request.interruptible, item_id=item_id, released=not request.held_back
        )
        answer.utterances[item_id] = utterance
        self._do(do.Open(utterance))
        return utterance

    def sound_done(self, event: AudioDone) -> None:
        answer = self._of(event.response_id)
        if answer is not None and event.item_id in answer.utterances:
            self._do(do.Complete(answer.utterances[event.item_id]))

    def text(self, event: AgentTextDelta | AgentText) -> None:
        answer = self._of(event.response_id)
        if answer is None:
            return
        before = "" if isinstance(event, AgentText) else answer.texts.get(event.item_id, "")
        answer.texts[event.item_id] = before + event.text

    def done(self, event: ResponseDone) -> Answer | None:
        """The model is done generating. Returns the answer it belongs to, if that is the one under way."""
        if self.active_response == event.response_id:
            self.active_response = ""
        answer = self._of(event.response_id)
        if answer is None:
            return None
        for utterance in answer.utterances.values():
            self._do(do.Complete(utterance))
        request = answer.request
        cut = event.status == "incomplete" and event.reason == "max_output_tokens"
        if cut and request.continuations < MAX_CONTINUATIONS and self.connected:
            request.continuations += 1  # let the model finish its sentence, heard without a gap (R2)
            self.requested = request
            self._do(do.Ask(None))
        else:
            answer.done = True
        return answer

    # -- letting go --------------------------------------------------------------------------------------------

    def release(self) -> bool:
        """Let the held-back answer be heard as soon as it has sound. True when it has some already."""
        for request in (*self.wanted, self.requested, self.current and self.current.request):
            if request:
                request.held_back = False
        if self.current is None:
            return False
        for utterance in self.current.utterances.values():
            self._do(do.Release(utterance))
        return self.current.has_sound

    def hold_back(self) -> None:
        """The caller goes on talking: the answer to their turn, if nothing of it was heard, waits again."""
        made = self.current.request if self.current is not None and not self.current.audible else None
        for request in (*self.wanted, self.requested, made):
            if request is not None and request.kind is SpeechKind.ANSWER:
                request.held_back = True

    def cancel_unheard(self, kind: SpeechKind | None = None) -> None:
        """Throw away the answer (of this kind) if nobody heard anything of it yet; what is being heard goes on. It
        leaves no trace in the model's conversation either. A fact that an answer to the caller would have told is
        still to be told."""
        gone = [request for request in self.wanted if not kind or request.kind == kind]
        self.wanted = [request for request in self.wanted if request not in gone]
        current = self.current
        under_way = self.requested or (current.request if current is not None else None)
        if under_way is None or (kind and under_way.kind != kind) or (current is not None and current.audible):
            self._fact_again(kind, gone)
            return
        answer = self.let_go()
        self._fact_again(kind, [*gone, under_way])
        if answer is None:
            return
        for item_id, utterance in answer.utterances.items():
            self._do(do.Drop(utterance))
            self._do(do.DeleteItem(item_id))

    def _fact_again(self, kind: SpeechKind | None, gone: list[Request]) -> None:
        if kind is SpeechKind.ANSWER and any(request.tells_fact for request in gone):
            self.want(Request(SpeechKind.SERVER))

    def let_go(self) -> Answer | None:
        """Stop generating, whatever it is; late sound finds nothing it belongs to. Returns the answer let go."""
        if self.requested is not None:
            self.requested.cancelled = True  # it may begin any moment: then it is cancelled by its id
        self._cancel_active()
        answer = self.current
        self.over()
        return answer

    def heard_end(self, utterance: Utterance) -> None:
        """The caller heard the end of this utterance of the answer under way."""
        self.heard.append(utterance)

    @property
    def heard_out(self) -> bool:
        """The answer under way is done, and the caller heard all of it."""
        answer = self.current
        if answer is None or not answer.done or not answer.has_sound:
            return False
        return all(own in self.heard for own in answer.utterances.values())

    def recorded(self, text: str) -> None:
        """These words were heard from a recording."""
        self._last_text = text

    def over(self) -> None:
        """The answer under way is over, whichever way."""
        if self.current is not None:
            self._last_text = " ".join(self.current.texts.values())
        self.current = None
        self.heard.clear()

    def presume_done(self) -> None:
        """All was heard and the model never said it was done: take it as done, its end mark follows."""
        self._cancel_active()
        self.active_response = ""
        self._complete_current()

    def connection_lost(self) -> None:
        """Nothing more comes from the model; what was queued can still be heard."""
        self.connected = False
        self.active_response = ""
        if self.requested is not None and not self.requested.cancelled:
            self.wanted.insert(0, self.requested)
        self.requested = None
        self._complete_current()

    # -- inside ------------------------------------------------------------------------------------------------

    def _of(self, response_id: str) -> Answer | None:
        answer = self.current
        return answer if answer is not None and response_id in answer.response_ids else None

    def _complete_current(self) -> None:
        if self.current is not None:
            self.current.done = True
            for utterance in self.current.utterances.values():
                self._do(do.Complete(utterance))

    def _cancel_active(self) -> None:
        if self.connected and self.active_response:
            self._do(do.CancelResponse(self.active_response))
