"""A call on a virtual clock: real conversation, playout, gate; a Twilio and a model that live in the same minute.

Nothing sleeps: `run(ms)` moves time in steps of 5 ms, so fifteen minutes of call take seconds.
"""

from __future__ import annotations

import audioop
import base64
import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import orjson

from bench.level_listener import LevelListener
from media.conversation.inputs import StreamUp
from media.conversation.settings import ConversationSettings
from media.conversation.shell import Conversation
from media.detection.input_gate import InputGate
from media.detection.vad import PRESETS
from media.metrics import CallMetrics
from media.playout.playout import Playout
from media.twilio.protocol import OutboundMessages
from sandbox import coded_audio
from sandbox.twilio.playback import PlaybackBuffer
from services.calls.context import TurnRecord
from services.engines import interface as e

STEP_S = 0.005
SILENCE = b"\xff" * 160


def tone(rms: int) -> bytes:
    """20 ms of a 400 Hz square wave of that RMS."""
    pcm = b"".join((rms if (i // 10) % 2 else -rms).to_bytes(2, "little", signed=True) for i in range(160))
    return audioop.lin2ulaw(pcm, 2)


LOUD = tone(1500)
# Ten different words each: an agent that repeats itself would be taken for a loop (W12).
NUMBERS = [" ".join(f"w{n}x{i}" for i in range(10)) for n in range(90)]


@dataclass
class Plan:
    """What the model does with one request for an answer."""

    length_ms: int = 3000
    think_ms: int = 300
    ack_ms: int | None = None  # when it says that it began; with the first sound unless given
    rate: float = 8.0  # sound comes this many times faster than it plays
    status: str = "completed"
    reason: str = ""
    text: str = ""
    never_done: bool = False


@dataclass
class FakeEngine:
    """A model with perfect manners on the virtual clock. Answers are coded sound, numbered from 1."""

    call: VirtualCall
    plans: list[Plan] = field(default_factory=list)
    said: list[tuple[str, object]] = field(default_factory=list)
    answers: int = 0
    active: str = ""
    generated_ms: dict[str, int] = field(default_factory=dict)
    asked_while_active: int = 0
    abilities: e.Abilities = field(default_factory=e.Abilities)

    def connect(self, within_s: float = e.CONNECTS_WITHIN_S) -> None:
        pass

    def events(self) -> Iterator[e.EngineEvent]:
        return iter(())

    def hear(self, payload: str) -> None:
        pass

    def commit_turn(self) -> None:
        self.said.append(("commit", ""))

    def answer(self, instructions: str | None = None) -> None:
        self.said.append(("answer", instructions))
        if self.active:
            self.asked_while_active += 1
            return
        self.answers += 1
        number, plan = self.answers, self.plans.pop(0) if self.plans else Plan()
        rid, item = f"resp_{number}", f"item_{number}"
        self.active = rid
        ack_ms = plan.think_ms if plan.ack_ms is None else plan.ack_ms
        self.call.at(ack_ms, lambda: self.call.event(e.ResponseStarted(rid)))
        self.call.at(plan.think_ms, lambda: self._begin(rid, item, number, plan))

    def _begin(self, rid: str, item: str, number: int, plan: Plan) -> None:
        chunk = 130  # ms, and its bytes are no multiple of a frame
        for start in range(0, plan.length_ms, chunk):
            length = min(chunk, plan.length_ms - start)
            self.call.at(start / plan.rate, partial(self._sound, rid, item, number, start, length))
        self.call.at(plan.length_ms / plan.rate + 1, lambda: self._done(rid, item, plan))

    def _sound(self, rid: str, item: str, number: int, start: int, length: int) -> None:
        if self.active == rid:
            self.generated_ms[item] = start + length
            payload = base64.b64encode(coded_audio.encode(number, start, length)).decode()
            self.call.event(e.AudioDelta(rid, item, payload))

    def _done(self, rid: str, item: str, plan: Plan) -> None:
        if self.active != rid or plan.never_done:
            return
        self.active = ""
        if plan.length_ms:
            self.call.event(e.AgentText(rid, item, f"{plan.text} {rid}" if plan.text else NUMBERS[len(self.said) % 90]))
            self.call.event(e.AudioDone(rid, item))
        self.call.event(e.ResponseDone(rid, plan.status, plan.reason))

    def say(self, words: str) -> None:
        self.answer(words)

    def cancel(self, response_id: str) -> None:
        self.said.append(("cancel", response_id))
        if self.active == response_id:
            self.active = ""
            self.call.at(20, lambda: self.call.event(e.ResponseDone(response_id, "cancelled", "client_cancelled")))

    def truncate(self, item_id: str, audio_end_ms: int) -> None:
        assert audio_end_ms <= self.generated_ms.get(item_id, 0), "truncate beyond what was generated"
        self.said.append(("truncate", (item_id, audio_end_ms)))

    def delete_item(self, item_id: str) -> None:
        self.said.append(("delete", item_id))

    def say_server(self, text: str) -> None:
        self.said.append(("server", text))

    def remember(self, role: str, text: str) -> None:
        self.said.append(("remember", (role, text)))

    def close(self) -> None:
        """The realtime thread notices and opens the next session, which takes a moment."""
        self.active = ""
        self.call.at(0, self.call.talk.engine_down)
        if self.call.sessions:
            self.call.engine = self.call.sessions.pop(0)
            self.call.at(300, self.call.connect)

    def count(self, what: str) -> int:
        return sum(1 for kind, _ in self.said if kind == what)


@dataclass
class FakeJournal:
    turns: dict[int, TurnRecord] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    greeted: bool = False
    languages: list[str] = field(default_factory=list)
    notices: list[tuple[int, int, bool]] = field(default_factory=list)

    def turn(self, record: TurnRecord) -> None:
        self.turns[record.seq] = record

    def greeting_done(self) -> None:
        self.greeted = True

    def language(self, language: str) -> None:
        self.languages.append(language)

    def notice(self, heard_ms: int, total_ms: int, ended: bool) -> None:
        self.notices.append((heard_ms, total_ms, ended))

    def event(self, kind: str, detail: str) -> None:
        self.events.append(kind)


class VirtualCall:
    """`latency_ms` is one way between us and Twilio. `mark_fate` may delay (ms) or lose (None) an echo. The sender gets
    to run `sender_late_ms` after it should."""

    def __init__(
        self,
        settings: ConversationSettings | None = None,
        *,
        latency_ms: float = 30,
        mark_fate: Callable[[str], float | None] = lambda name: 0.0,
        plans: list[Plan] | None = None,
        sender_late_ms: float = 0,
    ) -> None:
        self.now = 100.0
        self.sender_late_s = sender_late_ms / 1000
        self.latency_s = latency_ms / 1000
        self.mark_fate = mark_fate
        self.heard = bytearray()
        self.sent_at: list[float] = []
        self.buffered_max_ms = 0.0
        self.ended = ""
        self.journal = FakeJournal()
        self.metrics = CallMetrics()
        self.buffer = PlaybackBuffer()
        self._tasks: list[tuple[float, int, Callable[[], None]]] = []
        self._ids = itertools.count()
        self._items = itertools.count(1)
        self._looks_at: float | None = self.now  # when the sender runs next
        self._next_play = self._next_frame = self.now
        self._mic = SILENCE
        self.playout = Playout(lambda: self.now, self._wake)
        settings = settings or ConversationSettings()
        self.talk = Conversation(settings, self.playout, self.journal, self.metrics, lambda: self.now, self._end)
        self.engine = FakeEngine(self, plans or [])
        self.sessions: list[FakeEngine] = []  # the next ones, should this one be closed
        self._gate = InputGate(preset=PRESETS["hebrew"])  # its callers are tones
        self._listener = LevelListener(self._gate)
        self._messages = OutboundMessages("MZ1")
        self.talk.post(StreamUp())

    def connect(self) -> None:
        self.talk.engine_up(self.engine)
        self.at(20, partial(self.talk.caught_up, self.engine))

    def _end(self, reason: str) -> None:
        self.ended = reason

    def _wake(self) -> None:
        at = self.now + self.sender_late_s
        self._looks_at = at if self._looks_at is None else min(self._looks_at, at)

    def at(self, delay_ms: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._tasks, (self.now + delay_ms / 1000, next(self._ids), action))

    def event(self, event: e.EngineEvent) -> None:
        self.talk.post(event)

    # -- the caller ------------------------------------------------------------------------------------------

    def sound(self, ms: int, frame: bytes = LOUD) -> None:
        """Something is heard on the line for that long; the model's VAD does not react."""
        self._mic = frame
        self.run(ms)
        self._mic = SILENCE

    def say(self, text: str | None, ms: int = 800, *, words_after_ms: int = 300, stop_ms: int = 500) -> str:
        """A turn the model's VAD hears: started, stopped, committed; then its transcript (None: failed)."""
        item = f"user_{next(self._items)}"
        self.at(60, lambda: self.event(e.SpeechStarted(item, 0)))
        self.sound(ms)

        def stopped() -> None:
            self.event(e.SpeechStopped(item, 0))
            self.event(e.TurnCommitted(item))

        self.at(stop_ms, stopped)
        self.at(stop_ms + words_after_ms, lambda: self.words(item, text))
        return item

    def words(self, item: str, text: str | None) -> None:
        self.event(e.TranscriptFailed(item, "x") if text is None else e.CallerTranscript(item, text))

    # -- time ------------------------------------------------------------------------------------------------

    def run(self, ms: float) -> None:
        end = self.now + ms / 1000
        while self.now < end - 1e-9:
            self._step()

    def run_until(self, condition: Callable[[], bool], within_ms: float = 20_000) -> None:
        end = self.now + within_ms / 1000
        while not condition():
            assert self.now < end, "did not happen in time"
            self._step()

    def _step(self) -> None:
        self.now += STEP_S
        while self._tasks and self._tasks[0][0] <= self.now:
            heapq.heappop(self._tasks)[2]()
        if self.now >= self._next_play:
            self._next_play += 0.02
            frame, marks = self.buffer.tick()
            self.heard += frame
            self._echo(marks)
        if self.now >= self._next_frame and not self.ended:
            self._next_frame += 0.02
            result = self._gate.process(self._mic)
            heard = self._listener.hear(self._mic, result)
            self.talk.frame(result, heard)
        if self._looks_at is not None and self.now >= self._looks_at:
            out, due = self.playout.step(self._messages)
            self._looks_at = None if due is None else max(due, self.now) + self.sender_late_s
            for message in out:
                self.at(self.latency_s * 1000, partial(self._arrives, message))

    def _arrives(self, message: bytes) -> None:
        parsed = orjson.loads(message)
        if parsed["event"] == "media":
            self.buffer.append(base64.b64decode(parsed["media"]["payload"]))
            self.buffered_max_ms = max(self.buffered_max_ms, self.buffer.buffered_bytes / 8)
            self.sent_at.append(self.now)
        elif parsed["event"] == "mark":
            self._echo(self.buffer.mark(parsed["mark"]["name"]))
        else:
            self._echo(self.buffer.clear())

    def _echo(self, names: list[str]) -> None:
        for name in names:
            fate = self.mark_fate(name)
            if fate is not None:
                self.at(self.latency_s * 1000 + fate, partial(self.talk.mark_echoed, name))

    # -- what was heard ----------------------------------------------------------------------------------------

    def runs(self) -> list[tuple[int, int, int]]:
        """Unbroken stretches heard: (answer, from_ms, to_ms)."""
        return [(run.answer, run.start_ms, run.end_ms) for run in coded_audio.runs(bytes(self.heard))]

    def heard_of(self, answer: int) -> list[int]:
        """Every millisecond of an answer in the order it was heard."""
        found = coded_audio.decode(bytes(self.heard))
        return [word[1] for word in found if word is not None and word[0] == answer]
