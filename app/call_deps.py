"""What this worker gives to a call it carries: admission, a model session, the call's rows, its share of /metrics."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog

from app import prometheus, stream_token
from app.context import Worker
from app.live_calls import Slot
from app.settings import Settings
from media.conversation_settings import MediaTuning
from media.media_ws_ai import Depths, NotAdmitted
from media.metrics import CallMetrics
from media.pace_clock import Clock
from services.appointment_nlp import AppointmentNlp
from services.booking_desk import BookingDesk
from services.call_context import CallContext
from services.call_store import FALLBACK_REASONS, CallStore, open_stream
from services.database import DatabaseUnavailable
from services.engine import Engine
from services.nlp_topics import topics_of
from services.openai_realtime_client import Endpoint, OpenAIRealtime
from services.pricing import Cost
from services.session_settings import SessionDefaults, models_of, session_config

log = structlog.get_logger(__name__)

# The sandbox takes any key; OpenAI's address cannot be reached without a real one (app/settings.py).
SANDBOX_KEY = "sandbox"


def endpoint(settings: Settings) -> Endpoint:
    """Where the configured model is."""
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else SANDBOX_KEY
    return Endpoint(settings.openai_realtime_url, key, settings.lean_sockets)


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
        self._defaults = SessionDefaults(settings.openai_realtime_model, settings.openai_transcription_model)
        self._worker = worker
        self._slot = slot

    def draining(self) -> bool:
        return self._worker.drain.handing_on

    def opened(self, call_id: int, depths: Callable[[], Depths], asked: Callable[[str], None]) -> None:
        self._slot.call_id, self._slot.depths, self._slot.asked = call_id, depths, asked

    def admit(self, call_sid: str, parameters: dict[str, str]) -> CallContext:
        """The token's signature first, then its one use in the database (W4). Raises NotAdmitted."""
        now = datetime.now(UTC)
        token = stream_token.verify(self._worker.signing_key, parameters.get("token", ""), call_sid, now)
        if token is None:
            raise self._refusal("token")
        try:
            context = open_stream(
                self._worker.database,
                call_sid=token.call_sid,
                business_id=token.business_id,
                nonce=token.nonce,
                now=now,
            )
        except DatabaseUnavailable:
            raise self._refusal("database") from None
        if context is None:
            raise self._refusal("token_used")
        self._slot.take()
        log.info("stream admitted", call_sid=call_sid, generation=context.resume.generation, worker=os.getpid())
        prometheus.CALLS.labels("resumed" if context.resume.generation else "new").inc()
        return context

    def make_engine(self, context: CallContext) -> Engine:
        config = session_config(context, self._defaults, datetime.now(UTC))
        return OpenAIRealtime(endpoint(self._worker.settings), config)

    def store(self, context: CallContext) -> CallStore:
        return CallStore(self._worker.database, context, lambda: datetime.now(UTC), self._price(context))

    def booking(self, context: CallContext) -> BookingDesk:
        """With a key the chat model reads along; without one the built-in parser reads alone (A1)."""
        topics = topics_of(context.keywords, context.business_name)
        nlp = AppointmentNlp(context.policy, self._worker.model_parser, topics=topics)
        return BookingDesk(self._worker.database, context, nlp, lambda: datetime.now(UTC))

    def finished(self, context: CallContext, metrics: CallMetrics, reason: str) -> None:
        """Add the call to the worker's numbers."""
        prometheus.observe_call(metrics, reason, self._price(context)(metrics.as_dict()))
        if reason in FALLBACK_REASONS:
            prometheus.FALLBACKS.labels(reason).inc()

    def _price(self, context: CallContext) -> Callable[[Mapping[str, Any]], Cost | None]:
        """What usage of this call's models costs."""
        models = models_of(context, self._defaults, datetime.now(UTC).date())
        cost = self._worker.settings.pricing.cost
        return partial(cost, realtime=models.realtime.name, transcription=models.transcription.name)

    def _refusal(self, reason: str) -> NotAdmitted:
        prometheus.REFUSED.labels(reason).inc()
        return NotAdmitted(reason)
