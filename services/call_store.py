"""One call's rows, for the media threads: each method is one short transaction, safe to repeat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from services import call_log, calls, recordings
from services.business_policy import is_open
from services.call_context import CallContext, SoundChunk, TurnRecord
from services.database import Database
from services.end_reasons import HAND_OVER, MODEL_UNREACHABLE, STREAM_LOST
from services.models import Call, NextStep
from services.pricing import Cost
from services.storable import storable_json
from services.tenancy import Rows, Tenant

# How our side ends a call → what Twilio is told next. Everything else hangs up.
FALLBACK_REASONS = frozenset({MODEL_UNREACHABLE})
_CALLS = Call.__table__.c
# Of one call, until the transaction ends (SQLite has one writer anyway).
_STREAMS = (
    select(_CALLS.streams)
    .where(_CALLS.id == bindparam("call_id"), _CALLS.business_id == bindparam("owner_id"))
    .with_for_update(key_share=True)
)
# The desk tries again and again, and has the caller's wish to look after meanwhile.
DEADLINE_S = 1.0


class CallStore:
    """Bound to one stream of one call. Raises DatabaseUnavailable when the database cannot be reached.

    `price` says what a stream's metrics cost; None where there is no price.
    """

    def __init__(
        self,
        database: Database,
        context: CallContext,
        now: Callable[[], datetime],
        price: Callable[[Mapping[str, Any]], Cost | None],
    ) -> None:
        self._database = database
        self._context = context
        self._now = now
        self._price = price

    def add_turns(self, turns: Sequence[TurnRecord], measured: Mapping[str, Any] | None = None) -> None:
        """`measured`: what the stream counted so far, all that is known of it should its worker be killed."""
        cost = None if measured is None else self._price(measured)

        def work(rows: Rows, call_id: int) -> None:
            calls.add_turns(rows, call_id, turns, now=self._now())
            if measured is not None:
                save_stream(rows, call_id, self._context.resume.generation, measured, cost)

        self._write_rows(work)

    def add_sound(self, chunk: SoundChunk) -> None:
        self._write_rows(lambda rows, call_id: recordings.add_chunk(rows, call_id, chunk, now=self._now()))

    def greeting_done(self) -> None:
        self._write_rows(call_log.mark_greeting_done)

    def event(self, kind: str, detail: str, at_ms: int) -> None:
        extra = {"detail": detail} if detail else {}
        self._write_rows(
            lambda rows, call_id: call_log.add_call_event(
                rows, call_id, kind=kind, at_ms=at_ms, now=self._now(), detail=extra
            )
        )

    def finish(self, reason: str, metrics: Mapping[str, Any]) -> None:
        """The stream's last word: its metrics join those of the call's other streams. Unless the stream was lost,
        what Twilio is told next is decided and the row closed, in the same transaction."""
        cost = self._price(metrics)

        call_id = self._context.call_id

        def work(session: Session) -> None:
            tenant = Tenant(session, self._context.business_id)
            total = save_stream(tenant, call_id, self._context.resume.generation, metrics, cost)
            if reason == STREAM_LOST:
                return
            calls.set_next_step(session, call_id, *self._next_step(reason))
            calls.finish_call(session, call_id, end_reason=reason, metrics=total, now=self._now())

        self._database.write(work, deadline_s=DEADLINE_S)

    def _next_step(self, reason: str) -> tuple[NextStep, str | None]:
        numbers = self._context.transfer_numbers
        if reason == HAND_OVER:
            somebody_there = bool(numbers) and is_open(self._context.policy, self._now())
            return (NextStep.DIAL, numbers[0]) if somebody_there else (NextStep.VOICEMAIL, None)
        if reason in FALLBACK_REASONS and self._context.fallback == "forward" and numbers:
            return NextStep.DIAL, numbers[0]
        if reason in FALLBACK_REASONS:
            return (NextStep.MESSAGE if self._context.fallback == "message" else NextStep.VOICEMAIL), None
        return NextStep.HANG_UP, None

    def _write_rows(self, work: Callable[[Rows, int], object]) -> None:
        context = self._context
        self._database.write_rows(context.business_id, lambda rows: work(rows, context.call_id), deadline_s=DEADLINE_S)


def save_stream(
    rows: Rows, call_id: int, generation: int, metrics: Mapping[str, Any], cost: Cost | None
) -> dict[str, Any]:
    """Put a stream's metrics and cost in the place of what it said before; the call's metrics, all streams together."""
    stored = rows.execute(_STREAMS, {"call_id": call_id}).one_or_none()
    if stored is None:
        raise calls.UnknownCall(f"no call {call_id}")
    price = {} if cost is None else {"usd": str(cost.usd), "ils": str(cost.ils)}
    streams = {**(stored.streams or {}), str(generation): {"metrics": storable_json(metrics), **price}}
    total: dict[str, Any] = reduce(joined, (streams[key]["metrics"] for key in sorted(streams, key=int)))
    values: dict[str, Any] = {"streams": streams, "metrics": total}
    priced = [stream for stream in streams.values() if "usd" in stream]
    if priced:
        values |= {f"cost_{name}": sum(Decimal(each[name]) for each in priced) for name in ("usd", "ils")}
    calls.change_call(rows, call_id, values)
    return total


def joined(earlier: Mapping[str, Any], latest: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics of a call with several streams: counts add up, lists follow each other, the highest maximum stays."""
    total = dict(earlier)
    for name, value in latest.items():
        before = earlier.get(name)
        if before is None or type(before) is not type(value):
            total[name] = value
        elif isinstance(value, list):
            total[name] = [*before, *value]
        elif isinstance(value, int | float):
            total[name] = max(before, value) if name.endswith("_max") else before + value
        else:
            total[name] = value
    return total


def open_stream(
    database: Database, *, call_sid: str, business_id: int, nonce: str, now: datetime
) -> CallContext | None:
    """Claim the one-time token's nonce and load the call; None when it is used, unknown or foreign (W4)."""

    def work(session: Session) -> CallContext | None:
        call = calls.claim_stream(session, call_sid=call_sid, business_id=business_id, nonce=nonce, now=now)
        return None if call is None else calls.load_call_context(session, call.id)

    return database.write(work)
