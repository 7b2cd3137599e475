"""Traces: a call is one, each of its streams and turns a span of it, nothing per frame (O4).

Ids are made of the call's id, so that the streams of a call that went on elsewhere meet in one trace without a word
between their workers. A span is a few numbers (D4): no words, no names, nobody's telephone number. It is put in line
and forgotten by the call; one thread of the worker sends what is in line. When the line is full, spans are lost, and
counted.
"""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from app.telemetry.prometheus import SPANS_LOST, SPANS_SENT
from media.metrics import CallMetrics
from services.calls.context import CallContext, TurnRecord
from services.calls.end_reasons import MODEL_UNREACHABLE, STREAM_LOST

log = structlog.get_logger(__name__)

QUEUE_SPANS = 2000  # about 100 calls of 20 turns
# Making a request of a span takes some 60 µs of the loop that carries the calls: 32 of them about two milliseconds.
BATCH_SPANS = 32
GATHER_S = 1.0
NS_PER_MS = 1_000_000

Value = str | int | float | bool
Send = Callable[[Sequence["Span"]], bool]


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of a trace; times in nanoseconds since 1970."""

    trace_id: bytes
    span_id: bytes
    parent_id: bytes | None
    name: str
    begins_ns: int
    ends_ns: int
    attributes: Mapping[str, Value]
    failed: bool = False


def trace_id(call_sid: str) -> bytes:
    """A call's trace: whoever has the call's id finds it, and nobody the other way round."""
    return _digest("trace", call_sid)[:16]


class Traces:
    """One per worker, made after forking. `send` gives spans to a collector and says whether it took them."""

    def __init__(self, send: Send, now_ns: Callable[[], int] = time.time_ns, capacity: int = QUEUE_SPANS) -> None:
        self._send = send
        self._now_ns = now_ns
        self._spans: queue.Queue[Span | None] = queue.Queue(capacity)  # None ends the thread
        self._away = False
        self._thread = threading.Thread(target=self._loop, name="traces", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stream(self, context: CallContext) -> StreamTrace:
        """What this worker tells of a call that it carries from now on."""
        return StreamTrace(context, self._now_ns(), self._now_ns, self._put)

    def stop(self, timeout_s: float) -> None:
        """Send what is in line, within `timeout_s`."""
        if self._thread.is_alive():
            with suppress(queue.Full):
                self._spans.put(None, timeout=timeout_s)
            self._thread.join(timeout_s)

    def _put(self, span: Span) -> None:
        """Any thread, also under a call's lock: never waits."""
        try:
            self._spans.put_nowait(span)
        except queue.Full:
            SPANS_LOST.inc()

    def _loop(self) -> None:
        goes_on = True
        while goes_on:
            batch, goes_on = self._gather()
            if batch:
                self._deliver(batch)

    def _gather(self) -> tuple[list[Span], bool]:
        """What is in line after a moment, and whether more will come."""
        batch: list[Span] = []
        until_s: float | None = None  # the first one is waited for
        while len(batch) < BATCH_SPANS:
            left_s = None if until_s is None else until_s - time.monotonic()
            try:
                span = self._spans.get(timeout=left_s) if left_s is None or left_s > 0 else self._spans.get_nowait()
            except queue.Empty:
                break
            if span is None:
                return batch, False
            batch.append(span)
            until_s = until_s or time.monotonic() + GATHER_S
        return batch, True

    def _deliver(self, batch: Sequence[Span]) -> None:
        try:
            taken = self._send(batch)
        except Exception:  # outermost level of one request: those after it may be taken
            log.exception("spans cannot be sent")
            taken = False
        (SPANS_SENT if taken else SPANS_LOST).inc(len(batch))
        if taken == self._away:  # told once, not with each request
            self._away = not taken
            if taken:
                log.info("the collector of traces takes them again")
            else:
                log.warning("the collector of traces takes none: they are lost until it does")


class StreamTrace:
    """The spans of one stream of a call; owned by the call, whatever thread speaks."""

    def __init__(
        self, context: CallContext, begins_ns: int, now_ns: Callable[[], int], put: Callable[[Span], None]
    ) -> None:
        self._sid = context.call_sid
        self._generation = context.resume.generation
        self._begins_ns = begins_ns
        # Turns are placed by the call's time line of sound; this stream continues it.
        self._answered_ns = begins_ns - context.resume.begins_ms * NS_PER_MS
        self._now_ns = now_ns
        self._put = put
        self._trace_id = trace_id(self._sid)
        self._root_id = self._span_id("call", 0)
        self._span = self._span_id("stream", self._generation) if self._generation else self._root_id
        self._told: set[int] = set()
        self._of_call: dict[str, Value] = {
            "business.id": context.business_id,
            "call.id_hash": self._trace_id.hex(),
            "call.stream": self._generation,
        }
        self._language = context.spoken_language
        self._is_test = context.is_test
        log.info("traced", trace=self._trace_id.hex(), call_sid=self._sid)

    def turn(self, record: TurnRecord) -> None:
        """One side's turn. A transcript that comes late repeats it: the first one counts."""
        if record.seq in self._told:
            return
        self._told.add(record.seq)
        begins_ns = self._answered_ns + record.started_ms * NS_PER_MS
        attributes: dict[str, Value] = {
            **self._of_call,
            "turn.seq": record.seq,
            "turn.role": record.role,
            "turn.heard_ms": record.heard_ms,
            "turn.total_ms": record.total_ms,
            "turn.interrupted": record.interrupted,
            **{f"answer.{part}_ms": float(ms) for part, ms in record.latency.items()},
        }
        ends_ns = begins_ns + record.heard_ms * NS_PER_MS
        span_id = self._span_id("turn", self._generation, record.seq)
        name = f"turn {record.role}"
        self._put(Span(self._trace_id, span_id, self._span, name, begins_ns, ends_ns, attributes))

    def ended(self, metrics: CallMetrics, reason: str) -> None:
        """The stream is over: the call's own span, or below it that of a stream which took the call over."""
        attributes: dict[str, Value] = {
            **self._of_call,
            "call.is_test": self._is_test,
            "call.language": self._language,
            "call.end_reason": reason,
            "call.seconds": round(metrics.seconds, 1),
            "call.turns": len(self._told),
            "call.interruptions": metrics.barge_in_events,
            "call.interruptions_taken_back": metrics.barge_in_resumed,
            "call.model_errors": metrics.engine_errors,
            "call.model_reconnects": metrics.reconnects,
            "call.sound_gaps": metrics.underruns,
            "call.sound_late_ms_max": metrics.pacing_late_ms_max,
            "call.false_claims": metrics.false_claims,
        }
        resumed = self._generation > 0
        self._put(
            Span(
                self._trace_id,
                self._span,
                self._root_id if resumed else None,
                "call resumed" if resumed else "call",
                self._begins_ns,
                self._now_ns(),
                attributes,
                failed=reason in (MODEL_UNREACHABLE, STREAM_LOST),
            )
        )

    def _span_id(self, kind: str, *numbers: int) -> bytes:
        return _digest(kind, self._sid, *map(str, numbers))[:8]


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\n".join(parts).encode()).digest()
