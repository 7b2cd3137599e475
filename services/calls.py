"""A call's row from the first webhook to its one terminal state. Every function runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, undefer

from services.businesses import new_secret, policy_of
from services.call_context import CallContext, LineSettings, ResumeState, TurnRecord
from services.models import (
    Business,
    BusinessNumber,
    BusinessSettings,
    Call,
    CallStatus,
    NextStep,
    PromptVersion,
    ServerEvent,
    Turn,
    TurnRole,
)
from services.storable import storable_json, storable_text
from services.tenancy import Rows, Tenant, TenantError, business_of, is_bound, unscoped

MAX_RESUMES = 3
# Twilio's words for a call that is over.
_CARRIER_ENDED = {
    "completed": "caller_hangup",
    "canceled": "caller_hangup",
    "busy": "busy",
    "failed": "carrier_failed",
    "no-answer": "no_answer",
}
# What may still follow each of Twilio's statuses: webhooks arrive late and in any order.
_CARRIER_ORDER = ["queued", "initiated", "ringing", "in-progress", *_CARRIER_ENDED]
# Read with a call, nowhere else.
_CLIPS = [
    undefer(clip)
    for clip in (BusinessSettings.greeting_clip, BusinessSettings.one_moment_clip, BusinessSettings.trouble_clip)
]


class UnknownCall(Exception):
    """No call has this id."""


def find_business_by_number(session: Session, e164: str) -> Business | None:
    """The active business that answers this number."""
    with unscoped(session, "a dialled number says which business a call belongs to"):
        return session.scalars(
            select(Business)
            .join(BusinessNumber, BusinessNumber.business_id == Business.id)
            .where(BusinessNumber.e164 == e164, Business.is_active)
        ).one_or_none()


def first_number(session: Session) -> str | None:
    """The oldest number of the installation: what a preview shows when none is asked for."""
    with unscoped(session, "a preview of whichever business is there"):
        return session.scalar(select(BusinessNumber.e164).order_by(BusinessNumber.id).limit(1))


def find_call(session: Session, call_sid: str) -> Call | None:
    """The call with this sid, and the session bound to its business."""
    return _by_sid(session, call_sid, lock=False)


def open_call(
    session: Session,
    *,
    business_id: int,
    call_sid: str,
    caller: str,
    dialled: str,
    now: datetime,
    is_test: bool = False,
) -> Call:
    """The call's row with its one-time nonce; a repeated webhook gets the same row.

    Raises TenantError when another business already has a call with this sid.
    """
    tenant = Tenant(session, business_id)
    settings = session.scalars(select(BusinessSettings)).one()
    version = session.scalar(select(func.max(PromptVersion.id)))
    tenant.insert_missing(
        Call,
        {
            "call_sid": call_sid,
            "caller": caller,
            "dialled": dialled,
            "is_test": is_test,
            "language": settings.language,
            "prompt_version_id": version,
            "started_at": now,
            "stream_nonce": new_secret(),
        },
        key=["call_sid"],
    )
    call = session.scalars(select(Call).where(Call.call_sid == call_sid)).one_or_none()
    if call is None:
        raise TenantError(f"call {call_sid} belongs to another business")
    return call


def claim_stream(session: Session, *, call_sid: str, business_id: int, nonce: str, now: datetime) -> Call | None:
    """The call whose stream may start: the nonce works once. None when it is used, unknown or foreign."""
    Tenant(session, business_id)
    claimed = session.execute(
        update(Call)
        .where(
            Call.call_sid == call_sid,
            Call.stream_nonce == nonce,
            Call.stream_claimed_at.is_(None),
            Call.ended_at.is_(None),
        )
        .values(
            stream_claimed_at=now,
            status=CallStatus.LIVE,
            answered_at=func.coalesce(Call.answered_at, now),
        )
        .returning(Call.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    return None if claimed is None else session.get(Call, claimed, populate_existing=True)


def renew_stream(session: Session, *, call_sid: str) -> Call | None:
    """A call whose media stream was lost, ready for another with a new nonce; a repeated webhook gets the same.

    None when there is no such call, it has ended, something else was decided as its next step, or it was resumed
    MAX_RESUMES times already. A stream that never came counts too: a socket that cannot be opened is not tried
    for ever.
    """
    call = _by_sid(session, call_sid, lock=True)
    if call is None or call.ended_at is not None or call.next_step is not NextStep.RESUME:
        return None
    if call.resume_count >= MAX_RESUMES:
        return None
    if call.stream_claimed_at is None:
        call.resume_count += 1
        return call
    call.stream_nonce = new_secret()
    call.stream_claimed_at = None
    call.stream_generation += 1
    call.resume_count += 1
    call.status = CallStatus.RESUMING
    return call


def load_call_context(session: Session, call_id: int) -> CallContext:
    """Everything media needs. Raises UnknownCall."""
    call = bind_call(session, call_id)
    business = session.scalars(select(Business)).one()
    settings = session.scalars(select(BusinessSettings).options(*_CLIPS)).one()
    return CallContext(
        call_id=call.id,
        call_sid=call.call_sid,
        started_at=call.started_at,
        caller=call.caller,
        is_test=call.is_test,
        business_id=business.id,
        business_name=business.name,
        language=settings.language,
        enable_greeting=settings.enable_greeting,
        greeting_text=settings.greeting_text,
        greeting_clip=settings.greeting_clip,
        one_moment_clip=settings.one_moment_clip,
        trouble_clip=settings.trouble_clip,
        voice=settings.voice,
        model=settings.model,
        transcription_model=settings.transcription_model,
        transcription_language=settings.transcription_language,
        keywords=tuple(settings.transcription_keywords),
        business_prompt=str(settings.ai_prompt.get("calls", "")),
        prompt_version_id=call.prompt_version_id,
        policy=policy_of(settings),
        line=LineSettings(
            barge_in=settings.barge_in.value,
            barge_in_action=settings.barge_in_action.value,
            vad_preset=settings.vad_preset.value,
            line_mode=settings.line_mode.value,
            endpointing=settings.endpointing.value,
        ),
        transfer_numbers=tuple(settings.transfer_numbers),
        fallback=settings.fallback.value,
        max_call_s=settings.max_call_minutes * 60,
        silence_prompt_s=settings.silence_prompt_s,
        max_silence_prompts=settings.max_silence_prompts,
        caller_id_allowed=settings.caller_id_allowed,
        sms_confirmation=settings.sms_confirmation,
        keep_recordings=settings.keep_recordings,
        resume=_resume_state(session, call),
    )


def _resume_state(session: Session, call: Call) -> ResumeState:
    turns = session.scalars(select(Turn).where(Turn.call_id == call.id).order_by(Turn.generation, Turn.seq))
    pending = session.scalars(
        select(ServerEvent.text)
        .where(ServerEvent.call_id == call.id, ServerEvent.delivered.is_(False))
        .order_by(ServerEvent.id)
    )
    return ResumeState(
        generation=call.stream_generation,
        begins_ms=_since_answered_ms(call),
        resume_count=call.resume_count,
        turns=tuple(_record(turn) for turn in turns),
        draft_booking=dict(call.draft_booking),
        greeting_done=call.greeting_done,
        pending_server=tuple(pending),
    )


def _since_answered_ms(call: Call) -> int:
    if call.stream_claimed_at is None or call.answered_at is None:
        return 0
    return max(0, (call.stream_claimed_at - call.answered_at) // timedelta(milliseconds=1))


def _record(turn: Turn) -> TurnRecord:
    return TurnRecord(
        seq=turn.seq,
        role=turn.role.value,
        text=turn.text,
        item_id=turn.item_id,
        text_unheard=turn.text_unheard,
        heard_ms=turn.heard_ms,
        total_ms=turn.total_ms,
        started_ms=turn.started_ms,
        interrupted=turn.interrupted,
        latency=dict(turn.latency),
        generation=turn.generation,
    )


def add_turns(rows: Rows, call_id: int, turns: Iterable[TurnRecord], *, now: datetime) -> None:
    """Store turns; one with a known (generation, seq) replaces what was stored."""
    for turn in turns:
        rows.upsert(
            Turn,
            {
                "call_id": call_id,
                "generation": turn.generation,
                "seq": turn.seq,
                "role": TurnRole(turn.role),
                "item_id": storable_text(turn.item_id, 64),
                "text": storable_text(turn.text),
                "text_unheard": storable_text(turn.text_unheard),
                "heard_ms": turn.heard_ms,
                "total_ms": turn.total_ms,
                "started_ms": turn.started_ms,
                "interrupted": turn.interrupted,
                "latency": dict(turn.latency),
                "created_at": now,
            },
            key=["call_id", "generation", "seq"],
            keep=["created_at"],
        )


def set_next_step(session: Session, call_id: int, step: NextStep, number: str | None = None) -> None:
    """Decide what Twilio is told when the media stream ends. Raises UnknownCall."""
    call = bind_call(session, call_id)
    call.next_step, call.next_number = step, number


def set_call_status(session: Session, call_sid: str, carrier_status: str, now: datetime) -> Call | None:
    """Record what Twilio says about a call; a late report never takes back a later one. None: no such call.

    A report that the call is over ends the row, with a provisional reason until the leg's own `finish_call`.
    """
    call = _by_sid(session, call_sid, lock=True)
    if call is None or carrier_status not in _CARRIER_ORDER:
        return call
    known = call.carrier_status
    if known in _CARRIER_ENDED or (
        known is not None and _CARRIER_ORDER.index(known) >= _CARRIER_ORDER.index(carrier_status)
    ):
        return call
    call.carrier_status = carrier_status
    reason = _CARRIER_ENDED.get(carrier_status)
    if reason is not None and call.ended_at is None:
        call.status, call.ended_at, call.end_reason = CallStatus.ENDED, now, reason
    return call


def finish_call(
    session: Session,
    call_id: int,
    *,
    end_reason: str,
    metrics: Mapping[str, Any],
    now: datetime,
) -> bool:
    """The leg's last word: reason and metrics, once. False when it was said before. Raises UnknownCall."""
    call = bind_call(session, call_id, lock=True)
    if call.finished_at is not None:
        return False
    call.finished_at = now
    call.status, call.end_reason, call.metrics = CallStatus.ENDED, end_reason, storable_json(metrics)
    call.ended_at = call.ended_at or now
    return True


def any_stale_calls(session: Session, *, older_than: timedelta, now: datetime) -> bool:
    """Whether `close_stale_calls` would close any."""
    with unscoped(session, "stale calls of every business are closed by one sweep"):
        return bool(session.execute(select(exists().where(_is_stale(now - older_than)))).scalar())


def close_stale_calls(session: Session, *, older_than: timedelta, now: datetime) -> int:
    """End calls that nothing was heard of for so long that they cannot be going on; how many."""
    with unscoped(session, "stale calls of every business are closed by one sweep"):
        closed = session.execute(
            update(Call)
            .where(_is_stale(now - older_than))
            .values(status=CallStatus.ENDED, end_reason="lost", ended_at=now)
            .returning(Call.id)
            .execution_options(synchronize_session=False)
        )
        return len(closed.all())


def _is_stale(since: datetime) -> ColumnElement[bool]:
    unheard = or_(Call.stream_claimed_at.is_(None), Call.stream_claimed_at < since)
    return and_(Call.ended_at.is_(None), Call.wrapped_up_at.is_(None), Call.started_at < since, unheard)


def bind_call(session: Session, call_id: int, *, lock: bool = False) -> Call:
    """The call, and the session bound to its business. lock: until the transaction ends. Raises UnknownCall."""
    query = select(Call).where(Call.id == call_id)
    with unscoped(session, "a call id names its business"):
        call = session.scalars(_locked(query) if lock else query).one_or_none()
    if call is None:
        raise UnknownCall(f"no call {call_id}")
    Tenant(session, call.business_id)
    return call


def bind_business(session: Session, call_id: int) -> Tenant:
    """The call's business. A session that serves one already is not asked about the call. Raises UnknownCall."""
    if is_bound(session):
        return Tenant(session, business_of(session))
    return Tenant(session, bind_call(session, call_id).business_id)


def change_call(rows: Rows, call_id: int, values: Mapping[str, Any]) -> None:
    """Write columns of the call's row without reading it. Raises UnknownCall."""
    if not rows.update(Call, call_id, values):
        raise UnknownCall(f"no call {call_id}")


def _by_sid(session: Session, call_sid: str, *, lock: bool = False) -> Call | None:
    query = select(Call).where(Call.call_sid == call_sid)
    with unscoped(session, "Twilio names a call by its sid only"):
        call = session.scalars(_locked(query) if lock else query).one_or_none()
    if call is not None:
        Tenant(session, call.business_id)
    return call


def _locked(query: Select[Call]) -> Select[Call]:
    """The row as it is once nobody else is changing it (SQLite has one writer anyway)."""
    return query.with_for_update(key_share=True).execution_options(populate_existing=True)
