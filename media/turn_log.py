"""The conversation as it was heard, turn by turn, for the journal (X7), and how long each answer took (M).

A turn gets its number when it happens; its words may come later and are written under that number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from media.answers import Answer
from media.interruption import Cut
from media.metrics import CallMetrics, TurnLatency
from media.tx_queue import Utterance
from services.call_context import TurnRecord


class Journal(Protocol):
    """Where what happened goes; never blocks (the desk's queue)."""

    def turn(self, record: TurnRecord) -> None: ...
    def greeting_done(self) -> None: ...
    def event(self, kind: str, detail: str) -> None: ...


class TurnLog:
    """`at_ms` is the call's audio time. `now` serves latency only."""

    def __init__(self, journal: Journal, metrics: CallMetrics, now: Callable[[], float]) -> None:
        self._journal = journal
        self._metrics = metrics
        self._now = now
        self._seq = 0
        self._open: dict[str, tuple[int, int]] = {}  # item → (seq, started_ms)
        self._spoken_ms: dict[str, int] = {}  # of the caller's items
        self._last_voice_ms = 0
        self._last_voice_at = 0.0
        self._turn_over_at = 0.0
        self._words_at = 0.0
        self._latency: dict[str, float] = {}

    # -- the caller ------------------------------------------------------------------------------------------

    def voice(self, at_ms: int) -> None:
        """A loud frame of the caller."""
        self._last_voice_ms = at_ms
        self._last_voice_at = self._now()

    def turn_over(self) -> None:
        """The end of the caller's turn was noticed."""
        self._turn_over_at = self._now()

    def committed(self, item_id: str, started_ms: int) -> None:
        self._begin(item_id, started_ms)
        self._spoken_ms[item_id] = max(0, self._last_voice_ms - started_ms)

    def words_came(self) -> None:
        self._words_at = self._now()

    def caller(self, item_id: str, text: str) -> None:
        """The caller's words; late and repeated ones are written once."""
        seq, started_ms = self._open.pop(item_id, (0, 0))
        ms = self._spoken_ms.pop(item_id, 0)
        if seq:
            self._journal.turn(TurnRecord(seq, "caller", text.strip(), item_id, "", ms, ms, started_ms))

    def forget(self, item_id: str) -> None:
        """A stray item: no turn after all."""
        self._open.pop(item_id, None)
        self._spoken_ms.pop(item_id, None)

    # -- the agent -------------------------------------------------------------------------------------------

    def audible(self, item_id: str, at_ms: int) -> None:
        """The first sound of this item is on its way to the caller."""
        if item_id not in self._open:
            self._begin(item_id, at_ms)

    def measure(self, answer: Answer) -> None:
        """Called as the answer to a caller's turn becomes audible."""
        if not self._turn_over_at or not self._last_voice_at:
            return
        now = self._now()
        ready = max(answer.first_audio_at, min(self._words_at, now))
        latency = TurnLatency(
            total_ms=(now - self._last_voice_at) * 1000,
            endpointing_ms=max(0.0, (self._turn_over_at - self._last_voice_at) * 1000),
            model_ms=max(0.0, (ready - answer.request.asked_at) * 1000),
        )
        self._latency = latency.parts()
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
        self._journal.turn(TurnRecord(seq, "agent", text, utterance.item_id, "", ms, ms, started_ms, latency=latency))

    def cut(self, cuts: Iterable[Cut]) -> None:
        """An interruption: what was heard of each utterance, and what was not."""
        latency, self._latency = self._latency, {}
        for cut in cuts:
            seq, started_ms = self._open.pop(cut.item_id, (0, 0))
            if not seq or cut.heard_ms <= 0:
                continue
            unheard = cut.text[len(cut.heard_text) :].strip()
            self._journal.turn(
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

    def _begin(self, item_id: str, started_ms: int) -> None:
        self._seq += 1
        self._open[item_id] = (self._seq, started_ms)
