"""The conversation as it was heard, turn by turn, for the journal (X7), and how long each answer took (M).

A turn gets its number when it happens; its words may come later and are written under that number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from media.conversation.answers import Answer
from media.conversation.commands import Command, Log, RecordTurn
from media.metrics import CallMetrics, TurnLatency
from media.playout.queue import Utterance
from services.calls.context import TurnRecord


@dataclass(slots=True, frozen=True)
class Cut:
    """What became of one utterance: how much of it, and which words, reached the caller."""

    item_id: str
    heard_ms: int
    total_ms: int
    text: str
    heard_text: str


def cut_of(utterance: Utterance, text: str, heard_ms: int) -> Cut:
    """What stays of an utterance of which so much was heard."""
    heard_text = heard_part(text, heard_ms, utterance.total_ms)
    return Cut(utterance.item_id, heard_ms, utterance.total_ms, text, heard_text)


def heard_part(text: str, heard_ms: int, total_ms: int) -> str:
    """The words of `text` that fit into what was heard, cut at a word boundary; speech is taken as even."""
    if heard_ms >= total_ms or total_ms <= 0:
        return text
    length = len(text) * heard_ms // total_ms
    if length >= len(text):
        return text
    cut = text.rfind(" ", 0, length + 1)
    return text[:cut].rstrip() if cut > 0 else ""


class TurnLog:
    """`at_ms` is the call's audio time. `now_s` serves latency only: seconds of any steady clock. `emit` takes each
    finished turn as a command."""

    def __init__(self, emit: Callable[[Command], None], metrics: CallMetrics) -> None:
        self._do = emit
        self._metrics = metrics
        self._seq = 0
        self._open: dict[str, tuple[int, int]] = {}  # item → (seq, started_ms)
        self._spoken_ms: dict[str, int] = {}  # of the caller's items
        self._last_voice_ms = 0
        self._last_voice_at = 0.0
        self._turn_over_at = 0.0
        self._words_at = 0.0
        self._latency: dict[str, float] = {}

    # -- the caller ------------------------------------------------------------------------------------------

    def voice(self, at_ms: int, now_s: float) -> None:
        """A loud frame of the caller."""
        self._last_voice_ms = at_ms
        self._last_voice_at = now_s

    def turn_over(self, now_s: float) -> None:
        """The end of the caller's turn was noticed."""
        self._turn_over_at = now_s

    def committed(self, item_id: str, started_ms: int) -> None:
        self._begin(item_id, started_ms)
        self._spoken_ms[item_id] = max(0, self._last_voice_ms - started_ms)

    def words_came(self, now_s: float) -> None:
        self._words_at = now_s

    def caller(self, item_id: str, text: str) -> None:
        """The caller's words; late and repeated ones are written once."""
        seq, started_ms = self._open.pop(item_id, (0, 0))
        ms = self._spoken_ms.pop(item_id, 0)
        if seq:
            self._record(TurnRecord(seq, "caller", text.strip(), item_id, "", ms, ms, started_ms))

    def forget(self, item_id: str) -> None:
        """A stray item: no turn after all."""
        self._open.pop(item_id, None)
        self._spoken_ms.pop(item_id, None)

    # -- the agent -------------------------------------------------------------------------------------------

    def audible(self, item_id: str, at_ms: int) -> None:
        """The first sound of this item is on its way to the caller."""
        if item_id not in self._open:
            self._begin(item_id, at_ms)

    def measure(self, answer: Answer, now_s: float) -> None:
        """Called as the answer to a caller's turn becomes audible."""
        if not self._turn_over_at or not self._last_voice_at:
            return
        ready = max(answer.first_audio_at, min(self._words_at, now_s))
        latency = TurnLatency(
            total_ms=(now_s - self._last_voice_at) * 1000,
            endpointing_ms=max(0.0, (self._turn_over_at - self._last_voice_at) * 1000),
            model_ms=max(0.0, (ready - answer.request.asked_at) * 1000),
        )
        self._latency = {**latency.parts(), **answer.parts}
        self._metrics.latencies.append(self._latency)
        self._turn_over_at = 0.0

    def heard(self, utterance: Utterance, text: str, at_ms: int) -> None:
        """The caller heard this utterance to its end."""
        ms = utterance.total_ms
        seq, started_ms = self._open.pop(utterance.item_id, (0, 0))
        if not seq:
            self._seq += 1
            seq, started_ms = self._seq, max(0, at_ms - ms)
        latency, self._latency = self._latency, {}
        self._record(TurnRecord(seq, "agent", text, utterance.item_id, "", ms, ms, started_ms, latency=latency))

    def cut(self, cuts: Iterable[Cut]) -> None:
        """An interruption: what was heard of each utterance, and what was not."""
        latency, self._latency = self._latency, {}
        for cut in cuts:
            seq, started_ms = self._open.pop(cut.item_id, (0, 0))
            if not seq or cut.heard_ms <= 0:
                continue
            unheard = cut.text[len(cut.heard_text) :].strip()
            self._record(
                TurnRecord(
                    seq,
                    "agent",
                    cut.heard_text,
                    cut.item_id,
                    unheard,
                    cut.heard_ms,
                    cut.total_ms,
                    started_ms,
                    interrupted=cut.heard_ms < cut.total_ms,
                    latency=latency,
                )
            )

    def _record(self, turn: TurnRecord) -> None:
        """One row, and one line of the log: never the words (L14)."""
        self._do(RecordTurn(turn))
        fields = {"seq": turn.seq, "role": turn.role, "heard_ms": turn.heard_ms, "interrupted": turn.interrupted}
        latency = {f"{part}_ms": ms for part, ms in turn.latency.items()}
        self._do(Log("info", "[TURN]", tuple({**fields, **latency}.items())))

    def _begin(self, item_id: str, started_ms: int) -> None:
        self._seq += 1
        self._open[item_id] = (self._seq, started_ms)
