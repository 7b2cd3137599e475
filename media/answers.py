"""Answers: asking the model for one, holding it back, letting it be heard, throwing it away.

One answer at a time (B7): a request waits until the model is done with the previous one and the caller is not
hearing the agent. Sound and text are matched by response id; whatever arrives for a cancelled response is discarded.
Used under the conversation's lock; holds none of its own.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from media.playout import Playout
from media.tx_queue import QueueFull, Utterance
from services.engine import AgentText, AgentTextDelta, AudioDelta, AudioDone, Engine, ResponseDone

MAX_CONTINUATIONS = 2  # an answer cut off by the token limit is finished in at most this many follow-ups (R2)


@dataclass(slots=True)
class Request:
    """What to ask for. `instructions` replace the session's for this one answer (fixed sentences)."""

    kind: str  # answer | prompt | server | greeting | goodbye | continuation
    instructions: str | None = None
    interruptible: bool = True
    held_back: bool = False  # stays unheard until released
    cancelled: bool = False
    continuations: int = 0
    asked_at: float = 0.0
    number: int = 0  # of the request within the call; asking anew keeps it

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
    first_audio_at: float = 0.0

    def owns(self, utterance: Utterance) -> bool:
        return any(own is utterance for own in self.utterances.values())

    def text_of(self, utterance: Utterance) -> str:
        return self.texts.get(utterance.item_id, "")

    @property
    def has_sound(self) -> bool:
        return any(own.audio for own in self.utterances.values())


class Answers:
    """The one answer under way, and those wanted next."""

    def __init__(self, playout: Playout, now: Callable[[], float]) -> None:
        self.engine: Engine | None = None  # None while there is no connection
        self.current: Answer | None = None
        self.wanted: list[Request] = []
        self.requested: Request | None = None  # asked for, not begun yet
        self.active_response = ""  # the model is generating this one
        self._asked = 0
        self._playout = playout
        self._now = now
        self.heard: list[Utterance] = []
        self._last_text = ""  # of the answer before the one under way

    # -- asking ----------------------------------------------------------------------------------------------

    def want(self, request: Request) -> None:
        """Put a request in line. One plain answer covers all that happened, so a second one is not queued."""
        if request.instructions is None and any(other.instructions is None for other in self.wanted):
            return
        self.wanted.append(request)

    @property
    def busy(self) -> bool:
        """The model works on something, or an answer is on its way to the caller's ear."""
        return bool(self.active_response or self.requested or self.current)

    @property
    def recent_text(self) -> str:
        """The words of the answer under way and of the one before it: what may come back as an echo."""
        current = self.current.texts.values() if self.current is not None else ()
        return " ".join((self._last_text, *current))

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
        return any(request.kind == "answer" for request in (*self.wanted, made) if request is not None)

    def pump(self) -> Request | None:
        """Ask for the next wanted answer if nothing stands against it. Returns what was asked for."""
        if not self.wanted or self.busy or self.engine is None:
            return None
        request = self.wanted.pop(0)
        request.asked_at = self._now()
        if not request.number:
            self._asked += 1
            request.number = self._asked
        self.requested = request
        self.engine.answer(request.instructions)
        return request

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

    def sound(self, event: AudioDelta) -> Utterance | None:
        """Queue a piece of sound. Returns its utterance, None when it belongs to nothing that is wanted."""
        answer = self._of(event.response_id)
        if answer is None:
            return None
        utterance = answer.utterances.get(event.item_id)
        if utterance is None:
            utterance = self._open(answer, event.item_id)
        if not answer.first_audio_at:
            answer.first_audio_at = self._now()
        try:
            self._playout.append(utterance, base64.b64decode(event.payload))
        except QueueFull:
            self._cancel_active()  # what is queued is heard; the rest is not generated (T4)
        return utterance

    def _open(self, answer: Answer, item_id: str) -> Utterance:
        request = answer.request
        utterance = self._playout.open(
            request.kind,
            interruptible=request.interruptible,
            item_id=item_id,
            released=not request.held_back,
        )
        answer.utterances[item_id] = utterance
        return utterance

    def sound_done(self, event: AudioDone) -> None:
        answer = self._of(event.response_id)
        if answer is not None and event.item_id in answer.utterances:
            self._playout.complete(answer.utterances[event.item_id])

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
            self._playout.complete(utterance)
        request = answer.request
        cut = event.status == "incomplete" and event.reason == "max_output_tokens"
        if cut and request.continuations < MAX_CONTINUATIONS and self.engine is not None:
            request.continuations += 1  # let the model finish its sentence, heard without a gap (R2)
            self.requested = request
            self.engine.answer(None)
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
            self._playout.release(utterance)
        return self.current.has_sound

    def hold_back(self) -> None:
        """The caller goes on talking: the answer to their turn, if nothing of it was heard, waits again."""
        made = self.current.request if self.current is not None and not self.current.audible else None
        for request in (*self.wanted, self.requested, made):
            if request is not None and request.kind == "answer":
                request.held_back = True

    def cancel_unheard(self, kind: str | None = None) -> list[str]:
        """Throw away the answer (of this kind) if nobody heard anything of it yet; what is being heard goes on.
        Returns the items to be deleted from the conversation."""
        self.wanted = [request for request in self.wanted if kind and request.kind != kind]
        current = self.current
        under_way = self.requested or (current.request if current is not None else None)
        if under_way is None or (kind and under_way.kind != kind) or (current is not None and current.audible):
            return []
        answer = self.let_go()
        if answer is None:
            return []
        for utterance in answer.utterances.values():
            self._playout.drop(utterance)
        return list(answer.utterances)

    def let_go(self) -> Answer | None:
        """Stop generating, whatever it is; late sound finds nothing it belongs to. Returns the answer let go."""
        if self.requested is not None:
            self.requested.cancelled = True  # it may begin any moment: then it is cancelled by its id
        self._cancel_active()
        answer = self.current
        self.over()
        return answer

    def heard_end(self, utterance: Utterance) -> bool:
        """The caller heard the end of this utterance. True when with it the whole answer is over."""
        answer = self.current
        if answer is None or not answer.owns(utterance):
            return False
        self.heard.append(utterance)
        if not answer.done or any(own not in self.heard for own in answer.utterances.values()):
            return False
        self.over()
        return True

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
        if self.current is not None:
            self.current.done = True
            for utterance in self.current.utterances.values():
                self._playout.complete(utterance)

    def connection_lost(self) -> None:
        """Nothing more comes from the model; what was queued can still be heard."""
        self.engine = None
        self.active_response = ""
        if self.requested is not None and not self.requested.cancelled:
            self.wanted.insert(0, self.requested)
        self.requested = None
        if self.current is not None:
            self.current.done = True
            for utterance in self.current.utterances.values():
                self._playout.complete(utterance)

    # -- inside ------------------------------------------------------------------------------------------------

    def _of(self, response_id: str) -> Answer | None:
        answer = self.current
        return answer if answer is not None and response_id in answer.response_ids else None

    def _cancel_active(self) -> None:
        if self.engine is not None and self.active_response:
            self.engine.cancel(self.active_response)


def heard_part(text: str, heard_ms: int, total_ms: int) -> str:
    """The words of `text` that fit into what was heard, cut at a word boundary; speech is taken as even."""
    if heard_ms >= total_ms or total_ms <= 0:
        return text
    length = len(text) * heard_ms // total_ms
    if length >= len(text):
        return text
    cut = text.rfind(" ", 0, length + 1)
    return text[:cut].rstrip() if cut > 0 else ""
