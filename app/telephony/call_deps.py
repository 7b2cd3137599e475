"""What this worker gives to a call it carries: admission, a model session, the call's rows, its share of /metrics."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog

from app.context import Worker
from app.model import answers_with, endpoint, session_defaults
from app.telemetry import prometheus
from app.telemetry.traces import StreamTrace
from app.telephony import stream_token
from app.worker.live_calls import Slot
from media.conversation.settings import MediaTuning
from media.media_ws_ai import NotAdmitted, QueueSizes
from media.metrics import CallMetrics
from media.twilio.pace_clock import Clock
from services.appointment_nlp import AppointmentNlp
from services.booking.choice import offering_of
from services.booking.dialogue import BookingDialogue
from services.calls.context import CallContext, TurnRecord
from services.calls.end_reasons import MODEL_UNREACHABLE
from services.calls.pricing import Cost, EngineModels
from services.calls.store import CallStore, open_stream
from services.db.database import DatabaseUnavailable
from services.db.models import AnsweringEngine
from services.engines.interface import Engine
from services.engines.realtime.session import models_of, session_config
from services.nlp.topics import topics_of
from services.openai_realtime_client import OpenAIRealtime

log = structlog.get_logger(__name__)


class WorkerDeps:
    """media.media_ws_ai.CallDeps for one media socket, whose place is `slot`."""

    def __init__(self, worker: Worker, clock: Clock, slot: Slot) -> None:
        settings = worker.settings
        self.clock = clock
        self.tuning = MediaTuning(
            barge_in=settings.barge_in,
            barge_in_voice_frames=settings.barge_in_voice_frames,
            min_utt_sec=settings.min_utt_sec,
            max_utt_sec=settings.max_utt_sec,
            reply_refractory_ms=settings.reply_refractory_ms,
            vad_hangover_ms=settings.vad_hangover_ms,
        )
        self._defaults = session_defaults(settings)
        self._worker = worker
        self._slot = slot
        self._trace: StreamTrace | None = None

    def draining(self) -> bool:
        return self._worker.drain.calls_leave

    def opened(self, context: CallContext, queue_sizes: Callable[[], QueueSizes], asked: Callable[[str], None]) -> None:
        self._slot.call = context.call_id, context.resume.generation
        self._slot.queue_sizes, self._slot.asked = queue_sizes, asked

    def admit(self, call_sid: str, parameters: dict[str, str]) -> CallContext:
        """The token's signature first, then a place (W11), then its one use in the database (W4). Raises NotAdmitted.

        The webhook may have been answered by a worker with more room. The token stays unused then: Twilio asks for the
        next stream, which another worker may take, and after a few tries the business's fallback follows.
        """
        now = datetime.now(UTC)
        token = stream_token.verify(self._worker.signing_key, parameters.get("token", ""), call_sid, now)
        if token is None:
            raise self._refusal("token")
        if not self._worker.live_calls.take(self._slot):
            raise self._refusal("full")
        try:
            context = open_stream(
                self._worker.database,
                call_sid=token.call_sid,
                business_id=token.business_id,
                nonce=token.nonce,
                worker_id=self._worker.presence.worker_id,
                carried=len(self._worker.live_calls),
                now=now,
            )
        except DatabaseUnavailable:
            raise self._refusal("database") from None
        if context is None:
            raise self._refusal("token_used")
        log.info("stream admitted", call_sid=call_sid, generation=context.resume.generation, worker=os.getpid())
        prometheus.CALLS.labels("resumed" if context.resume.generation else "new").inc()
        if self._worker.traces is not None:
            self._trace = self._worker.traces.stream(context)
        return context

    def engines(self, context: CallContext) -> Sequence[Callable[[], Engine]]:
        return [make for make, _ in self._engines(context)]

    def _engines(self, context: CallContext) -> list[tuple[Callable[[], Engine], EngineModels]]:
        """What makes a session of each, and what it is paid by."""
        cascade, settings = self._worker.cascade, self._worker.settings
        today = datetime.now(UTC).date()
        models = models_of(context, self._defaults, today)
        realtime = partial(self._realtime, context), EngineModels(models.realtime.name, models.transcription.name)
        if cascade is None:
            return [realtime]
        ours = partial(cascade.for_call, context), cascade.priced(context)
        if answers_with(settings, cascade, context.engine) == AnsweringEngine.GOOGLE:
            return [ours]
        return [realtime, ours] if context.use_second_engine else [realtime]

    def _realtime(self, context: CallContext) -> Engine:
        config = session_config(context, self._defaults, datetime.now(UTC))
        return OpenAIRealtime(endpoint(self._worker.settings), config)

    def store(self, context: CallContext) -> CallStore:
        return CallStore(self._worker.database, context, lambda: datetime.now(UTC), self._price(context))

    def booking(self, context: CallContext) -> BookingDialogue:
        """With a key the chat model reads along; without one the built-in parser reads alone (A1)."""
        topics = topics_of(context.keywords, context.business_name)
        offering = offering_of(context.catalogue)
        nlp = AppointmentNlp(context.policy, self._worker.model_parser, topics=topics, offering=offering)
        return BookingDialogue(self._worker.database, context, nlp, lambda: datetime.now(UTC))

    def turn_over(self, record: TurnRecord) -> None:
        """For the call's trace."""
        if self._trace is not None:
            self._trace.turn(record)

    def finished(self, context: CallContext, metrics: CallMetrics, reason: str) -> None:
        """Add the call to the worker's numbers, and end its trace."""
        if self._trace is not None:
            self._trace.ended(metrics, reason)
        prometheus.observe_call(metrics, reason, self._price(context)(metrics.as_dict()))
        if reason == MODEL_UNREACHABLE:
            prometheus.FALLBACKS.labels(reason).inc()

    def _price(self, context: CallContext) -> Callable[[Mapping[str, Any]], Cost | None]:
        """What usage of this call's models costs."""
        pricing, models = self._worker.settings.pricing, [models for _, models in self._engines(context)]
        return lambda usage: pricing.of_stream(usage, models)

    def _refusal(self, reason: str) -> NotAdmitted:
        self._slot.free()
        prometheus.REFUSED.labels(reason).inc()
        return NotAdmitted(reason)
