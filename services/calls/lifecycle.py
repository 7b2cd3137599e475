"""A call's row from the first webhook to its one terminal state. Functions run in the calling code's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session, undefer

from services.accounts.businesses import new_secret, notice_of, own_voice_of, permissions_of, policy_of
from services.accounts.catalogue import catalogue_with
from services.calls import end_reasons
from services.calls.context import CallContext, LineSettings, TurnRecord
from services.calls.known_caller import KnownCaller, known_caller
from services.calls.resume import resume_state
from services.db.models import (
    AWAITED,
    Business,
    BusinessNumber,
    BusinessSettings,
    Call,
    CallStatus,
    NextStep,
    PromptVersion,
    Turn,
    TurnRole,
)
from services.db.tenancy import Rows, SessionRows, TenantError, bind_business, is_bound, unscoped
from services.db.text import storable_json, storable_text
from services.language.persona import languages_of

MAX_RESUMES = 3
# Steps with which the call goes on after its stream.
GOES_ON = frozenset({NextStep.DIAL, NextStep.VOICEMAIL})
# Twilio's words for a call that is over → the reason in its row.
CARRIER_ENDED = {
    "completed": end_reasons.CALLER_HANGUP,
    "canceled": end_reasons.CALLER_HANGUP,
    "busy": end_reasons.BUSY,
    "failed": end_reasons.CARRIER_FAILED,
    "no-answer": end_reasons.NO_ANSWER,
}
# What may still follow each of Twilio's statuses: webhooks arrive late and in any order.
_CARRIER_ORDER = ["queued", "initiated", "ringing", "in-progress", *CARRIER_ENDED]
# Read with a call, nowhere else.
_CLIPS = [getattr(BusinessSettings, f"{name}_clip") for name in ("greeting", "notice", "one_moment", "trouble")]


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
    attested: bool = False,
) -> Call:
    """The call's row with its one-time nonce; a repeated webhook gets the same row. attested: the carrier vouches for
    the caller's number.

    Raises TenantError when another business already has a call with this sid.
    """
    rows = SessionRows(bind_business(session, business_id))
    settings = session.scalars(select(BusinessSettings)).one()
    version = session.scalar(select(func.max(PromptVersion.id)))
    rows.insert_missing(
        Call,
        {
            "call_sid": call_sid,
            "caller": caller,
            "dialled": dialled,
            "is_test": is_test,
            "caller_attested": attested,
            "language": settings.language,
            "prompt_version_id": version,
            "started_at": now,
            "stream_nonce": new_secret(),
            "stream_issued_at": now,
        },
        key=["call_sid"],
    )
    call = session.scalars(select(Call).where(Call.call_sid == call_sid)).one_or_none()
    if call is None:
        raise TenantError(f"call {call_sid} belongs to another business")
    return call


def claim_stream(
    session: Session, *, call_sid: str, business_id: int, nonce: str, now: datetime, worker_id: str | None = None
) -> Call | None:
    """The call whose stream may start: the nonce works once. None when it is used, unknown or foreign. worker_id: of
    who carries the stream (services/calls/workers.py)."""
    bind_business(session, business_id)
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
            worker_id=worker_id,
            status=CallStatus.LIVE,
            answered_at=func.coalesce(Call.answered_at, now),
        )
        .returning(Call.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    return None if claimed is None else session.get(Call, claimed, populate_existing=True)


def renew_stream(session: Session, *, call_sid: str, now: datetime) -> Call | None:
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
    call.stream_issued_at = now
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
    settings = session.scalars(select(BusinessSettings).options(*map(undefer, _CLIPS))).one()
    known = known_caller(session, call.caller, call.started_at) if settings.greet_known_callers else KnownCaller()
    return CallContext(
        call_id=call.id,
        call_sid=call.call_sid,
        started_at=call.started_at,
        caller=call.caller,
        caller_name=known.name,
        coming_appointments=known.coming,
        is_test=call.is_test,
        business_id=business.id,
        business_name=business.name,
        language=settings.language,
        gender=settings.persona_gender.value,
        answer_languages=languages_of(settings.language, settings.answer_languages),
        enable_greeting=settings.enable_greeting,
        greeting_text=settings.greeting_text,
        notice_text=notice_of(settings),
        **_own_clips(settings),
        engine=settings.engine and settings.engine.value,
        voice=settings.voice,
        cascade_voice=settings.cascade_voice,
        speaking_rate=settings.speaking_rate_pct and settings.speaking_rate_pct / 100,
        model=settings.model,
        transcription_model=settings.transcription_model,
        transcription_language=settings.transcription_language,
        keywords=tuple(settings.transcription_keywords),
        max_output_tokens=settings.max_output_tokens,
        business_prompt=_prompt_of(session, call, settings),
        prompt_version_id=call.prompt_version_id,
        catalogue=catalogue_with(session, policy_of(settings)),
        line=LineSettings(
            barge_in=settings.barge_in.value,
            barge_in_action=settings.barge_in_action.value,
            vad_preset=settings.vad_preset.value,
            line_mode=settings.line_mode.value,
            soft_preprocess=settings.soft_preprocess,
            endpointing=settings.endpointing.value,
            eagerness=settings.eagerness.value,
            noise_reduction=settings.noise_reduction.value,
        ),
        may=permissions_of(settings),
        transfer_numbers=tuple(settings.transfer_numbers),
        fallback=settings.fallback.value,
        use_second_engine=settings.use_second_engine,
        max_call_s=settings.max_call_minutes * 60,
        silence_prompt_s=settings.silence_prompt_s,
        max_silence_prompts=settings.max_silence_prompts,
        caller_id_allowed=settings.caller_id_allowed,
        caller_id_trust=settings.caller_id_trust.value,
        caller_attested=call.caller_attested,
        sms_confirmation=settings.sms_confirmation,
        keep_recordings=settings.keep_recordings,
        resume=resume_state(session, call),
    )


def _own_clips(settings: BusinessSettings) -> dict[str, Any]:
    """The business's own sound; none of it when what it says, or in whose voice, has changed since (L7)."""
    made = settings.clips_made_of == own_voice_of(settings).fingerprint
    return {clip.key: getattr(settings, clip.key) if made else None for clip in _CLIPS}


def _prompt_of(session: Session, call: Call, settings: BusinessSettings) -> str:
    """The text of the version that the call's row names, through every resume: what is recorded was used (P4)."""
    version = None if call.prompt_version_id is None else session.get(PromptVersion, call.prompt_version_id)
    return str(settings.ai_prompt.get("calls", "")) if version is None else version.text


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
    call.transfer_status = AWAITED if step is NextStep.DIAL else None
    call.message_status = AWAITED if step is NextStep.VOICEMAIL else None


def set_call_status(session: Session, call_sid: str, carrier_status: str, now: datetime) -> Call | None:
    """Record what Twilio says about a call; a late report never takes back a later one. None: no such call.

    A report that the call is over ends the row, with a provisional reason until the leg's own `finish_call`.
    """
    call = _by_sid(session, call_sid, lock=True)
    if call is None or carrier_status not in _CARRIER_ORDER:
        return call
    known = call.carrier_status
    if known in CARRIER_ENDED or (
        known is not None and _CARRIER_ORDER.index(known) >= _CARRIER_ORDER.index(carrier_status)
    ):
        return call
    call.carrier_status = carrier_status
    reason = CARRIER_ENDED.get(carrier_status)
    if reason is not None and call.ended_at is None:
        call.status, call.ended_at = CallStatus.ENDED, now
        call.end_reason = call.end_reason or reason
    return call


def finish_call(
    session: Session,
    call_id: int,
    *,
    end_reason: str,
    metrics: Mapping[str, Any],
    now: datetime,
    settled: bool = True,
) -> bool:
    """The leg's last word: reason and metrics, once. False when it was said before. Raises UnknownCall.

    settled: False while the leg may still book; `settle_call` follows.
    The call is over, unless a transfer or a message follows: then it ends with that (services/calls/after_stream.py).
    """
    call = bind_call(session, call_id, lock=True)
    if call.finished_at is not None:
        return False
    if settled:
        call.finished_at = now
    call.end_reason, call.metrics = end_reason, storable_json(metrics)
    if call.next_step not in GOES_ON:
        call.ended_at = call.ended_at or now
    call.status = CallStatus.LIVE if call.ended_at is None else CallStatus.ENDED
    return True


def is_taken_over(session: Session, call_id: int, generation: int) -> bool:
    """Whether a later stream than this one carries the call, or did: then what this one says is not the call's end. The
    row is kept from others until the transaction ends. Raises UnknownCall."""
    call = bind_call(session, call_id, lock=True)
    return call.stream_generation > generation + (call.stream_claimed_at is None)


def settle_call(session: Session, call_id: int, now: datetime) -> None:
    """After `finish_call`: the leg writes nothing more, the call can be summed up. Raises UnknownCall."""
    call = bind_call(session, call_id, lock=True)
    call.finished_at = call.finished_at or now


def bind_call(session: Session, call_id: int, *, lock: bool = False) -> Call:
    """The call, and the session bound to its business. lock: until the transaction ends. Raises UnknownCall."""
    query = select(Call).where(Call.id == call_id)
    with unscoped(session, "a call id names its business"):
        call = session.scalars(_locked(query) if lock else query).one_or_none()
    if call is None:
        raise UnknownCall(f"no call {call_id}")
    bind_business(session, call.business_id)
    return call


def bind_by_call(session: Session, call_id: int) -> None:
    """Bind the session to the call's business, unless it serves one already. Raises UnknownCall."""
    if not is_bound(session):
        bind_call(session, call_id)


def change_call(rows: Rows, call_id: int, values: Mapping[str, Any]) -> None:
    """Write columns of the call's row without reading it. Raises UnknownCall."""
    if not rows.update(Call, call_id, values):
        raise UnknownCall(f"no call {call_id}")


def _by_sid(session: Session, call_sid: str, *, lock: bool = False) -> Call | None:
    query = select(Call).where(Call.call_sid == call_sid)
    with unscoped(session, "Twilio names a call by its sid only"):
        call = session.scalars(_locked(query) if lock else query).one_or_none()
    if call is not None:
        bind_business(session, call.business_id)
    return call


def _locked(query: Select[Call]) -> Select[Call]:
    """The row as it is once nobody else is changing it (SQLite has one writer anyway)."""
    return query.with_for_update(key_share=True).execution_options(populate_existing=True)
