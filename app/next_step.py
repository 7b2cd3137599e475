"""What a caller gets next when <Connect>, <Dial> or <Record> has ended: the question of /webhook/resume_call.

The call's row decides, never the process that happens to answer: any worker can (SPEC W9).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from sqlalchemy.orm import Session

from app.twilio_form import CALL_OVER, DIAL_ANSWERED
from services.call_limits import CALLER_LIMIT
from services.call_log import add_call_event
from services.calls import find_call, finish_call, renew_stream
from services.models import Business, BusinessSettings, Call, Fallback, NextStep
from services.tenancy import Tenant

# Why a call went to its fallback; stored as its end_reason.
OVERLOAD = "overload"
STREAM_LOST = "stream_lost"


class Answer(Enum):
    STREAM = auto()
    HANG_UP = auto()
    DIAL = auto()
    VOICEMAIL = auto()
    UNAVAILABLE = auto()
    THANKS = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """`number` for DIAL; `business_id`, `nonce` and its time for STREAM; `reason` says why a fallback was taken."""

    answer: Answer
    language: str = "he"
    number: str = ""
    caller_id: str = ""
    business_id: int = 0
    nonce: str = ""
    issued_at: datetime = datetime.min
    reason: str = ""


def decide_next_step(session: Session, call_sid: str, form: Mapping[str, str], now: datetime) -> Step:
    """Answer the question and write down what follows from it. May run more than once."""
    call = find_call(session, call_sid)
    if call is None:
        return Step(Answer.HANG_UP)
    if "DialCallStatus" in form:
        return _after_dial(session, call, form["DialCallStatus"], now)
    if "RecordingUrl" in form:
        return _after_message(session, call, form, now)
    if form.get("CallStatus") in CALL_OVER:
        return Step(Answer.HANG_UP)
    return _after_stream(session, call, now)


def is_after_stream(form: Mapping[str, str]) -> bool:
    """Whether it was the media stream that ended, of a call that is still there: then the question can be repeated."""
    return not {"DialCallStatus", "RecordingUrl"} & set(form) and form.get("CallStatus") not in CALL_OVER


def take_fallback(session: Session, call: Call, reason: str, now: datetime) -> Step:
    """Send the call where its business wants those that the assistant cannot take (W8, W11)."""
    business = session.get(Business, call.business_id)
    if business is None:
        return Step(Answer.HANG_UP)
    if finish_call(session, call.id, end_reason=reason, metrics={}, now=now):
        note(session, call, "fallback", now, {"reason": reason})
    return _fallback_step(business.settings, call, reason)


def stream_step(call: Call, issued_at: datetime) -> Step:
    """Connect the call to a media stream with its current nonce."""
    return Step(Answer.STREAM, business_id=call.business_id, nonce=call.stream_nonce, issued_at=issued_at)


def note(session: Session, call: Call, kind: str, now: datetime, detail: Mapping[str, str]) -> None:
    """A step on the call's time line."""
    at_ms = int((now - call.started_at).total_seconds() * 1000)
    add_call_event(Tenant(session, call.business_id), call.id, kind=kind, at_ms=at_ms, now=now, detail=detail)


def _after_stream(session: Session, call: Call, now: datetime) -> Step:
    if call.next_step is not NextStep.RESUME:
        return _decided_step(call)
    if call.ended_at is not None:
        return Step(Answer.HANG_UP)
    renewed = renew_stream(session, call_sid=call.call_sid)
    if renewed is None:
        return take_fallback(session, call, STREAM_LOST, now)
    return stream_step(renewed, now)


def _decided_step(call: Call) -> Step:
    """What the call itself had settled before its stream ended."""
    if call.next_step is NextStep.DIAL and call.next_number:
        return Step(Answer.DIAL, call.language, call.next_number, call.dialled)
    answers = {NextStep.VOICEMAIL: Answer.VOICEMAIL, NextStep.MESSAGE: Answer.UNAVAILABLE}
    return Step(answers.get(call.next_step, Answer.HANG_UP), call.language)


def _after_dial(session: Session, call: Call, status: str, now: datetime) -> Step:
    note(session, call, "dial_ended", now, {"status": status[:20]})
    if status in DIAL_ANSWERED:
        return Step(Answer.HANG_UP)
    return Step(Answer.VOICEMAIL, call.language)


def _after_message(session: Session, call: Call, form: Mapping[str, str], now: datetime) -> Step:
    detail = {"url": form["RecordingUrl"][:500], "seconds": form.get("RecordingDuration", "")[:8]}
    note(session, call, "voicemail", now, detail)
    return Step(Answer.THANKS, call.language)


def _fallback_step(settings: BusinessSettings, call: Call, reason: str) -> Step:
    if reason == CALLER_LIMIT:  # whoever calls again and again does not ring the owner's telephone instead
        return Step(Answer.UNAVAILABLE, settings.language, reason=reason)
    if settings.fallback is Fallback.FORWARD and settings.transfer_numbers:
        number = settings.transfer_numbers[0]
        return Step(Answer.DIAL, settings.language, number, call.dialled, reason=reason)
    answer = Answer.UNAVAILABLE if settings.fallback is Fallback.MESSAGE else Answer.VOICEMAIL
    return Step(answer, settings.language, reason=reason)
