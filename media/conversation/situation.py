"""All that is known of one conversation right now, and what is to be done about it. No decision is made here.

The modules above read and change it: from the bottom `opening` and `ending`,
`speech` (what the caller hears), `model_events` and `ticks`, `core`.
"""

from __future__ import annotations

from media.conversation import commands as do
from media.conversation.answers import Answer, Answers
from media.conversation.barge_in import BargeIn
from media.conversation.caller_turn import CallerSide
from media.conversation.cues import CallClosing, Next
from media.conversation.endpointing import LocalEndpoint
from media.conversation.settings import ConversationSettings, Phrases
from media.conversation.state import AUDIBLE, CallState, State, StateEvent
from media.conversation.timers import NoVoice, OpenTurn, SilenceWatch, Timeouts
from media.conversation.turn import TurnTaking
from media.conversation.turn_log import TurnLog
from media.log_lines import LogLevel
from media.metrics import CallMetrics
from media.playout.queue import SpeechKind, Utterance
from services.audio.g711 import FRAME_MS
from services.calls.kinds import CallEventKind
from services.engines.interface import Abilities
from services.language.spoken import AnswerLanguage


class EndPlan:
    """How the call is going to end, as far as that is known."""

    __slots__ = ("after_answer", "insisted", "last_words", "next", "offered", "offered_recording", "reason", "watch")

    def __init__(self) -> None:
        self.watch = CallClosing()
        self.next = Next.GO_ON  # what the last turn asks for, once it was heard to its end
        self.offered = False  # the agent offered to put the caller through: a yes is a wish (L3)
        self.offered_recording = False  # … or to record a message
        self.reason = ""
        self.last_words: str | None = None  # the goodbye
        self.after_answer = False
        self.insisted = False  # somebody of the business wants the end: an interruption does not put it off


class Unheard:
    """What of the caller no session of an engine has heard, while there is none (R4)."""

    __slots__ = ("since", "turn_over")

    def __init__(self) -> None:
        self.since: int | None = 0  # frame from which on; None: a session is up and has heard everything
        self.turn_over = False  # a turn in it ended, and no engine was told


class Situation:
    """One per call. Times are `frames` of 20 ms of the caller's sound; `now_s` is the input's, for latency only."""

    __slots__ = (
        "_state",
        "abilities",
        "agent_asked",
        "answers",
        "audible_answer",
        "barge_in",
        "caller",
        "end",
        "endpoint",
        "failures",
        "frames",
        "had_session",
        "key_frame",
        "language",
        "metrics",
        "no_voice",
        "notice",
        "notice_open",
        "now_s",
        "open_turn",
        "out",
        "pending_facts",
        "refractory_until",
        "settings",
        "silence",
        "timeouts",
        "turn_log",
        "turns",
        "unheard",
    )

    def __init__(self, settings: ConversationSettings, metrics: CallMetrics) -> None:
        self.settings = settings
        self.metrics = metrics
        self.out: list[do.Command] = []  # what is to be done, in order; the core hands it on
        self.frames = 0
        self.now_s = 0.0
        self.abilities = Abilities()  # of the engine that is up, or was last
        self.answers = Answers(self.do)
        self.turn_log = TurnLog(self.do, metrics)
        self.turns = TurnTaking(real=settings.resumed)
        self.caller = CallerSide()
        self.barge_in = BargeIn(settings.barge_in)
        self.endpoint = LocalEndpoint(settings.min_utt_frames, settings.max_utt_frames)
        self.unheard = Unheard()
        self.open_turn = OpenTurn(settings.open_turn_frames)
        self.silence = SilenceWatch(settings.silence_frames, settings.max_silence_prompts)
        self.no_voice = NoVoice()
        self.timeouts = Timeouts(settings.closing_ms)
        self.end = EndPlan()
        self.language = AnswerLanguage(settings.languages, settings.language)
        self.notice: Utterance | None = None  # the recorded notice, until its end was heard
        self.notice_open = False  # the notice is to be said, and how much of it was heard is not recorded yet
        self.pending_facts = list(settings.pending_facts)  # [SERVER] facts no model was told yet
        self.audible_answer: Answer | None = None
        self.agent_asked = False  # what was heard last of the agent ends in a question
        self.key_frame: int | None = None  # when the last key was pressed
        self.refractory_until = 0  # frame: before it the caller's turn is not answered (X5)
        self.had_session = False  # a model session was up, now or before
        self.failures = 0  # answers that failed unheard, in a row
        self._state = CallState()

    @property
    def state(self) -> State:
        return self._state.state

    @property
    def phrases(self) -> Phrases:
        """What the product says by itself, in the language of the answers (L11)."""
        return self.settings.translated.get(self.language.current, self.settings)

    @property
    def audible(self) -> bool:
        """The caller hears the agent, or would but for a candidate."""
        return self._state.state in AUDIBLE

    @property
    def closing(self) -> bool:
        """The last sentence is being said, or was."""
        return self._state.state in (State.CLOSING, State.ENDED)

    @property
    def at_ms(self) -> int:
        """The call's audio time."""
        return self.frames * FRAME_MS

    @property
    def greeting_sounds(self) -> bool:
        """Sound of the greeting, or of the notice before it, is queued or heard."""
        current = self.answers.current
        if current is not None and current.has_sound:
            return True
        return bool(self.settings.notice_clip if self.notice_open else self.settings.greeting_clip)

    def do(self, command: do.Command) -> None:
        self.out.append(command)

    def move(self, event: StateEvent) -> None:
        """Another state. Raises IllegalTransition where the table has none."""
        self.out.append(do.EnterState(self._state.apply(event)))

    def may(self, event: StateEvent) -> bool:
        return self._state.can(event)

    def log(self, level: LogLevel, text: str, **fields: object) -> None:
        self.out.append(do.Log(level, text, tuple(fields.items())))

    def note(self, kind: CallEventKind, detail: str = "") -> None:
        """A moment on the call's time line."""
        self.out.append(do.RecordEvent(kind, detail))

    def play(self, kind: SpeechKind, clip: bytes) -> Utterance:
        """A recorded sentence, whole; nobody interrupts it."""
        utterance = Utterance(kind, interruptible=False)
        self.out.append(do.PlayClip(utterance, clip))
        return utterance
