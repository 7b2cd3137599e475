"""One call's rows, for the media threads: each method is one short transaction, safe to repeat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from services.business_policy import is_open
from services.calls import events as call_log
from services.calls import lifecycle, recordings
from services.calls.context import CallContext, SoundChunk, TurnRecord
from services.calls.end_reasons import STREAM_LOST
from services.calls.pricing import Cost
from services.calls.routing import step_after
from services.calls.workers import note_carried
from services.db.database import Database
from services.db.models import Call, Fallback
from services.db.tenancy import Rows, SessionRows, bind_business
from services.db.text import storable_json
from services.deadlines import RECORD_S

_CALLS = Call.__table__.c
# Of one call, until the transaction ends (SQLite has one writer anyway).
_STREAMS = (
    select(_CALLS.streams)
    .where(_CALLS.id == bindparam("call_id"), _CALLS.business_id == bindparam("owner_id"))
    .with_for_update(key_share=True)
)


class CallStore:
    """Bound to one stream of one call. Raises DatabaseUnavailable when the database cannot be reached within RECORD_S:
    the journal then tries again.

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
            lifecycle.add_turns(rows, call_id, turns, now=self._now())
            if measured is not None:
                save_stream(rows, call_id, self._context.resume.generation, measured, cost)

        self._write_rows(work)

    def add_sound(self, chunk: SoundChunk) -> None:
        self._write_rows(lambda rows, call_id: recordings.add_chunk(rows, call_id, chunk, now=self._now()))

    def greeting_done(self) -> None:
        self._write_rows(call_log.mark_greeting_done)

    def answer_language(self, language: str) -> None:
        self._write_rows(lambda rows, call_id: call_log.save_answer_language(rows, call_id, language))

    def notice(self, heard_ms: int, total_ms: int, ended_at_ms: int | None) -> None:
        values = {"notice_heard_ms": heard_ms, "notice_total_ms": total_ms, "notice_ended_at_ms": ended_at_ms}
        self._write_rows(lambda rows, call_id: lifecycle.change_call(rows, call_id, values))

    def event(self, kind: str, detail: str, at_ms: int) -> None:
        extra = {"detail": detail} if detail else {}
        self._write_rows(
            lambda rows, call_id: call_log.add_call_event(
                rows, call_id, kind=kind, at_ms=at_ms, now=self._now(), detail=extra
            )
        )

    def finish(self, reason: str, metrics: Mapping[str, Any]) -> None:
        """The stream's final record: its metrics join those of the call's other streams. Unless the stream was lost, or
        a later one carries the call, what Twilio is told next is decided and the row closed, in the same transaction.
        """
        context, now = self._context, self._now()
        there = is_open(context.policy, now)

        def work(session: Session) -> None:
            total = self._save_stream(session, metrics)
            if reason == STREAM_LOST or self._is_taken_over(session):
                return
            step, number = step_after(
                reason, Fallback(context.fallback), context.transfer_numbers, context.may, is_open=there
            )
            lifecycle.set_next_step(session, context.call_id, step, number)
            lifecycle.finish_call(session, context.call_id, end_reason=reason, metrics=total, now=now, settled=False)

        self._database.write(work, deadline_s=RECORD_S)

    def settle(self, reason: str, metrics: Mapping[str, Any]) -> None:
        """The booking side has ended too: the metrics once more, and the call may be summed up."""

        def work(session: Session) -> None:
            self._save_stream(session, metrics)
            if reason != STREAM_LOST and not self._is_taken_over(session):
                lifecycle.settle_call(session, self._context.call_id, self._now())

        self._database.write(work, deadline_s=RECORD_S)

    def _is_taken_over(self, session: Session) -> bool:
        """A worker that was cut off from the others for a while may come late with the end of a call that went on."""
        return lifecycle.is_taken_over(session, self._context.call_id, self._context.resume.generation)

    def _save_stream(self, session: Session, metrics: Mapping[str, Any]) -> dict[str, Any]:
        context = self._context
        rows = SessionRows(bind_business(session, context.business_id))
        return save_stream(rows, context.call_id, context.resume.generation, metrics, self._price(metrics))

    def _write_rows(self, work: Callable[[Rows, int], object]) -> None:
        context = self._context
        self._database.write_rows(context.business_id, lambda rows: work(rows, context.call_id), deadline_s=RECORD_S)


def save_stream(
    rows: Rows, call_id: int, generation: int, metrics: Mapping[str, Any], cost: Cost | None
) -> dict[str, Any]:
    """Put a stream's metrics and cost in the place of what it said before; the call's metrics, all streams together."""
    stored = rows.execute(_STREAMS, {"call_id": call_id}).one_or_none()
    if stored is None:
        raise lifecycle.UnknownCall(f"no call {call_id}")
    price = {} if cost is None else {"usd": str(cost.usd), "ils": str(cost.ils)}
    streams = {**(stored.streams or {}), str(generation): {"metrics": storable_json(metrics), **price}}
    total: dict[str, Any] = reduce(joined, (streams[key]["metrics"] for key in sorted(streams, key=int)))
    values: dict[str, Any] = {"streams": streams, "metrics": total}
    priced = [stream for stream in streams.values() if "usd" in stream]
    if priced:
        values |= {f"cost_{name}": sum(Decimal(each[name]) for each in priced) for name in ("usd", "ils")}
    lifecycle.change_call(rows, call_id, values)
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
    database: Database, *, call_sid: str, business_id: int, nonce: str, worker_id: str, carried: int, now: datetime
) -> CallContext | None:
    """Claim the one-time token's nonce and load the call; None when it is used, unknown or foreign (W4). worker_id: who
    carries it; carried: how many that worker carries with it, which the others know from then on."""

    def work(session: Session) -> CallContext | None:
        call = lifecycle.claim_stream(
            session, call_sid=call_sid, business_id=business_id, nonce=nonce, now=now, worker_id=worker_id
        )
        if call is None:
            return None
        note_carried(session, worker_id, carried)
        return lifecycle.load_call_context(session, call.id)

    return database.write(work)
