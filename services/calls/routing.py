"""What follows for a call: a media stream, a person, voicemail, a sentence or the end (W7-W9, W11). It is decided here
and nowhere else.

The call's row decides, never the process that happens to answer: any worker can. Every function runs in the
transaction of the calling code and may run more than once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.businesses import permissions_of
from services.accounts.reach import why_no_transfer
from services.calls import end_reasons
from services.calls.after_stream import (
    REFUSED,
    begin_message,
    end_call,
    message_left,
    read_seconds,
    recording_sid,
    transfer_ended,
)
from services.calls.events import note
from services.calls.kinds import CallEventKind
from services.calls.lifecycle import (
    CARRIER_ENDED,
    GOES_ON,
    bind_call,
    find_business_by_number,
    find_call,
    finish_call,
    open_call,
    renew_stream,
    set_next_step,
)
from services.calls.limits import exceeded
from services.calls.workers import WorkerReport, is_full
from services.db.models import Business, BusinessSettings, Call, Fallback, NextStep
from services.language.persona import Persona
from services.policy.permissions import Permissions

# Ends after which a call goes where its business wants those that the assistant cannot take.
_FALLBACK_REASONS = frozenset({end_reasons.MODEL_UNREACHABLE, end_reasons.STREAM_LOST, *end_reasons.REFUSALS})


@dataclass(frozen=True, slots=True)
class Route:
    """`persona`: as whom a sentence is said; `number` and `caller_id` for DIAL; `business_id`, `nonce` and its time for
    RESUME; `reason` says why a fallback was taken."""

    step: NextStep
    persona: Persona = field(default_factory=Persona)
    number: str = ""
    caller_id: str = ""
    business_id: int = 0
    nonce: str = ""
    issued_at: datetime = datetime.min
    reason: str = ""


def step_after(
    reason: str, fallback: Fallback, transfer_numbers: Sequence[str], may: Permissions, *, is_open: bool
) -> tuple[NextStep, str | None]:
    """What follows a call that ends from our side for this reason, and the number to dial. `may` (L9) says what a
    hand-over leads to; for a call that the assistant cannot take, only `fallback` counts."""
    number = transfer_numbers[0] if transfer_numbers else None
    if reason == end_reasons.HAND_OVER:
        if may.transfer and number and is_open:
            return NextStep.DIAL, number
        return (NextStep.VOICEMAIL if may.take_messages else NextStep.MESSAGE), None
    if reason == end_reasons.RECORD_MESSAGE:
        return (NextStep.VOICEMAIL if may.take_messages else NextStep.HANG_UP), None
    if reason == end_reasons.CALLER_LIMIT:  # whoever calls again and again does not ring the owner's telephone instead
        return NextStep.MESSAGE, None
    if reason not in _FALLBACK_REASONS:
        return NextStep.HANG_UP, None
    if fallback is Fallback.FORWARD and number:
        return NextStep.DIAL, number
    return (NextStep.MESSAGE if fallback is Fallback.MESSAGE else NextStep.VOICEMAIL), None


def route_incoming(
    session: Session,
    *,
    call_sid: str,
    caller: str,
    dialled: str,
    now: datetime,
    worker: WorkerReport,
    countries: Collection[str],
    attested: bool = False,
) -> Route | None:
    """Record a new call once, and where it goes; None for a number that is nobody's. `worker`: the one that asks; any
    of them may get the call (O1). `countries`: where the installation allows calls to go (S6). `attested`: the carrier
    vouches for the number. Raises TenantError when the sid is another business's."""
    business = find_business_by_number(session, dialled)
    if business is None:
        return None
    full = is_full(session, worker, now)
    call = open_call(
        session,
        business_id=business.id,
        call_sid=call_sid,
        caller=caller,
        dialled=dialled,
        now=now,
        attested=attested,
    )
    refusal = call.end_reason if call.end_reason in end_reasons.REFUSALS else None
    if call.started_at == now:  # this request made the row; Twilio may ask again for a call that was let in
        refusal = end_reasons.OVERLOAD if full else exceeded(session, business.settings, call, now)
    if refusal is not None:
        return _to_fallback(session, call, refusal, now, countries)
    return _stream(call, call.started_at)


def route_onward(
    session: Session, call_sid: str, form: Mapping[str, str], now: datetime, countries: Collection[str]
) -> Route:
    """Answer Twilio's question, by its fields, what comes after <Connect>, <Dial> or <Record>; and write down what it
    tells of them. `countries`: where the installation allows calls to go (S6)."""
    known = find_call(session, call_sid)
    if known is None:
        return Route(NextStep.HANG_UP)
    call = bind_call(session, known.id, lock=True)  # Twilio tells of a verb's end and of the call's at the same time
    if "DialCallStatus" in form:
        return _after_dial(session, call, form, now)
    if "RecordingUrl" in form:
        return _after_message(session, call, form, now)
    if form.get("CallStatus") in CARRIER_ENDED:
        return Route(NextStep.HANG_UP)
    return _after_stream(session, call, now, countries)


def message_recorded(session: Session, call: Call, form: Mapping[str, str], now: datetime) -> None:
    """Keep the message that a caller left. Twilio tells of it when it was recorded and when it can be fetched."""
    seconds = read_seconds(form, "RecordingDuration")
    if message_left(session, call, recording_sid(form), seconds, now):
        note(session, call, CallEventKind.VOICEMAIL, now, {"seconds": str(seconds)})


def is_after_stream(form: Mapping[str, str]) -> bool:
    """Whether the media stream ended, of a call that is still there: then Twilio can be told to ask again."""
    return not {"DialCallStatus", "RecordingUrl"} & set(form) and form.get("CallStatus") not in CARRIER_ENDED


def _after_stream(session: Session, call: Call, now: datetime, countries: Collection[str]) -> Route:
    if call.next_step is not NextStep.RESUME:
        return _decided(session, call, now, countries)
    if call.ended_at is not None:
        return Route(NextStep.HANG_UP)
    renewed = renew_stream(session, call_sid=call.call_sid, now=now)
    if renewed is None:
        return _to_fallback(session, call, end_reasons.STREAM_LOST, now, countries)
    return _stream(renewed, now)


def _decided(session: Session, call: Call, now: datetime, countries: Collection[str]) -> Route:
    """What was settled for the time after the stream. A number is looked at once more before it is dialled (S6)."""
    if call.ended_at is not None and call.next_step in GOES_ON:
        return Route(NextStep.HANG_UP)
    if call.next_step is not NextStep.DIAL:
        return Route(call.next_step, _persona(session, call))
    settings = session.scalars(select(BusinessSettings)).one()
    refusal = why_no_transfer(session, settings, call.next_number or "", countries)
    if not refusal:
        return Route(NextStep.DIAL, _persona(session, call), call.next_number or "", call.dialled)
    note(session, call, CallEventKind.TRANSFER_REFUSED, now, {"reason": refusal})
    transfer_ended(call, REFUSED, 0)
    return _nobody_there(session, call, now)


def _after_dial(session: Session, call: Call, form: Mapping[str, str], now: datetime) -> Route:
    status = form["DialCallStatus"][:20]
    if transfer_ended(call, status, read_seconds(form, "DialCallDuration")):
        note(session, call, CallEventKind.DIAL_ENDED, now, {"status": status})
    if status in end_reasons.TRANSFER_ANSWERED or form.get("CallStatus") in CARRIER_ENDED:
        end_call(call, now)
        return Route(NextStep.HANG_UP)
    return _nobody_there(session, call, now)


def _nobody_there(session: Session, call: Call, now: datetime) -> Route:
    """A transfer came to nothing: a message, or where none are taken (L9) a sentence and the end."""
    if session.scalars(select(BusinessSettings.may_take_messages)).one():
        begin_message(call)
    else:
        call.next_step = NextStep.MESSAGE
        end_call(call, now)
    return Route(call.next_step, _persona(session, call))


def _after_message(session: Session, call: Call, form: Mapping[str, str], now: datetime) -> Route:
    message_recorded(session, call, form, now)
    end_call(call, now)
    return Route(NextStep.THANKS, _persona(session, call))


def _to_fallback(session: Session, call: Call, reason: str, now: datetime, countries: Collection[str]) -> Route:
    """Send the call where its business wants those that the assistant cannot take (W8, W11)."""
    business = session.get(Business, call.business_id)
    if business is None:
        return Route(NextStep.HANG_UP)
    if call.finished_at is None:
        settings = business.settings
        may = permissions_of(settings)
        step, number = step_after(reason, settings.fallback, settings.transfer_numbers, may, is_open=False)
        set_next_step(session, call.id, step, number)
        finish_call(session, call.id, end_reason=reason, metrics={}, now=now)
        note(session, call, CallEventKind.FALLBACK, now, {"reason": reason})
    return replace(_decided(session, call, now, countries), reason=reason)


def _persona(session: Session, call: Call) -> Persona:
    """The business's, in the language that the caller was answered in (L11, L12)."""
    gender = session.scalars(select(BusinessSettings.persona_gender)).one()
    return Persona(call.answer_language or call.language, gender.value)


def _stream(call: Call, issued_at: datetime) -> Route:
    """Connect the call to a media stream with its current nonce."""
    return Route(NextStep.RESUME, business_id=call.business_id, nonce=call.stream_nonce, issued_at=issued_at)
