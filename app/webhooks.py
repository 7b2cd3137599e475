"""What Twilio asks by HTTP. Signatures were checked before any of this runs (app/twilio_signature.py)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app import prometheus, stream_token, twiml
from app.context import public_url, worker
from app.next_step import (
    OVERLOAD,
    Answer,
    Step,
    decide_next_step,
    is_after_stream,
    note,
    stream_step,
    take_fallback,
)
from app.twilio_form import BadForm, IncomingCall, read_call_sid, read_incoming_call, read_number, read_word
from services.call_limits import LIMITS, exceeded
from services.calls import find_business_by_number, find_call, first_number, open_call, set_call_status
from services.database import DatabaseUnavailable
from services.tenancy import TenantError

log = structlog.get_logger(__name__)

# From the TwiML to the socket's start message. Twilio needs a second or two.
TOKEN_LIFE = timedelta(seconds=120)

# While the database is away: how long one question may take, and how often it is asked again, about every 4 s.
RESUME_DEADLINE_S = 2.0
RESUME_TRIES = 8

# A call that was refused stays refused when its webhook is repeated.
REFUSALS = LIMITS | {OVERLOAD}

webhooks = Blueprint("webhooks", __name__, url_prefix="/webhook")


@webhooks.post("/incoming_call")
def incoming_call() -> ResponseReturnValue:
    """Find the business, record the call once, connect it to the media socket (W1)."""
    call = read_incoming_call(request.form)
    if worker().drain.begun:
        return _xml(twiml.ask_again(public_url()))
    now = datetime.now(UTC)
    step = worker().database.write(lambda session: _receive(session, call, now))
    answer = step.answer.name.lower() if step else "unknown number"
    log.info("incoming call", call_sid=call.call_sid, answer=answer, reason=step.reason if step else "")
    return _xml(_render(step, call.call_sid))


@webhooks.get("/incoming_call_preview")
def incoming_call_preview() -> ResponseReturnValue:
    """The TwiML a call to `?To=` would get, the token masked; nothing is recorded (W5)."""
    asked = read_number(request.args.get("To", ""))

    def known(session: Session) -> bool:
        number = asked or first_number(session)
        return number is not None and find_business_by_number(session, number) is not None

    if not worker().database.read(known):
        return _xml(twiml.unknown_number())
    return _xml(twiml.stream(public_url(), stream_token.MASKED))


@webhooks.post("/resume_call")
def resume_call() -> ResponseReturnValue:
    """What comes after <Connect>, <Dial> or <Record>: another stream, a person, a message or the end (W9)."""
    call_sid, form, now = read_call_sid(request.form), request.form, datetime.now(UTC)
    step = worker().database.write(
        lambda session: decide_next_step(session, call_sid, form, now), deadline_s=RESUME_DEADLINE_S
    )
    log.info("after the stream", call_sid=call_sid, answer=step.answer.name.lower(), reason=step.reason)
    return _xml(_render(step, call_sid))


@webhooks.post("/call_status")
def call_status() -> ResponseReturnValue:
    """Twilio's word on how the call stands (W6)."""
    call_sid, status, now = read_call_sid(request.form), read_word(request.form, "CallStatus"), datetime.now(UTC)

    def record(session: Session) -> None:
        set_call_status(session, call_sid, status, now)

    return _later("call_status", record)


@webhooks.post("/stream_status")
@webhooks.post("/stream_ended")
def stream_status() -> ResponseReturnValue:
    """The media stream started, stopped or failed: a step on the call's time line."""
    call_sid, event, now = read_call_sid(request.form), read_word(request.form, "StreamEvent"), datetime.now(UTC)
    error = request.form.get("StreamError", "")[:200]
    (log.warning if error else log.info)("stream status", call_sid=call_sid, stream_event=event, error=error)

    def record(session: Session) -> None:
        call = find_call(session, call_sid)
        if call is not None:
            note(session, call, event, now, {"error": error} if error else {})

    return _later("stream_status", record)


@webhooks.errorhandler(BadForm)
def bad_form(error: BadForm) -> ResponseReturnValue:
    prometheus.REFUSED.labels("form").inc()
    return Response(f"{error}: missing or not acceptable\n", 400, mimetype="text/plain")


@webhooks.errorhandler(DatabaseUnavailable)
def database_unavailable(_error: DatabaseUnavailable) -> ResponseReturnValue:
    """The caller hears a sentence instead of Twilio's "an application error has occurred". A call that is under way is
    not given up at once: what became of it is asked again (W9)."""
    log.error("the database is not available", path=request.path)
    tries = request.args.get("tries", 0, type=int)
    if request.endpoint == "webhooks.resume_call" and is_after_stream(request.form) and tries < RESUME_TRIES:
        return _xml(twiml.resume_later(public_url(), "he", tries + 1))
    prometheus.FALLBACKS.labels("database").inc()
    return _xml(twiml.unavailable("he"))


@webhooks.errorhandler(TenantError)
def foreign_call(_error: TenantError) -> ResponseReturnValue:
    """A call id that already belongs to another business is not Twilio's doing."""
    prometheus.REFUSED.labels("foreign_call").inc()
    return Response("CallSid: belongs to another call\n", 409, mimetype="text/plain")


@webhooks.before_request
def start_clock() -> None:
    g.webhook_started = time.perf_counter()


@webhooks.after_request
def count(response: Response) -> Response:
    endpoint = request.path.rpartition("/")[2]
    prometheus.WEBHOOKS.labels(endpoint, str(response.status_code)).inc()
    if "webhook_started" in g:  # not when the signature was refused before
        prometheus.WEBHOOK_SECONDS.labels(endpoint).observe(time.perf_counter() - g.webhook_started)
    return response


def _receive(session: Session, incoming: IncomingCall, now: datetime) -> Step | None:
    """The step for a new call; None for a number that is nobody's."""
    business = find_business_by_number(session, incoming.dialled)
    if business is None:
        return None
    call = open_call(
        session,
        business_id=business.id,
        call_sid=incoming.call_sid,
        caller=incoming.caller,
        dialled=incoming.dialled,
        now=now,
    )
    refusal = call.end_reason if call.end_reason in REFUSALS else None
    if call.started_at == now:
        overload = OVERLOAD if worker().live_calls.full else None
        refusal = overload or exceeded(session, business.settings, call, now)
    if refusal is not None:
        return take_fallback(session, call, refusal, now)
    return stream_step(call, call.started_at)


def _render(step: Step | None, call_sid: str) -> str:
    public = public_url()
    if step is None:
        prometheus.CALLS.labels("unknown_number").inc()
        return twiml.unknown_number()
    if step.reason:
        prometheus.FALLBACKS.labels(step.reason).inc()
    if step.answer is Answer.STREAM:
        expires_at = step.issued_at + TOKEN_LIFE
        token = stream_token.mint(worker().signing_key, call_sid, step.business_id, step.nonce, expires_at)
        return twiml.stream(public, token)
    others: dict[Answer, Callable[[], str]] = {
        Answer.HANG_UP: twiml.hang_up,
        Answer.DIAL: lambda: twiml.dial(public, step.language, step.number, step.caller_id),
        Answer.VOICEMAIL: lambda: twiml.voicemail(public, step.language),
        Answer.UNAVAILABLE: lambda: twiml.unavailable(step.language),
        Answer.THANKS: lambda: twiml.thanks(step.language),
    }
    return others[step.answer]()


def _later(name: str, change: Callable[[Session], None]) -> ResponseReturnValue:
    """204 now, the database work behind it; 503 when there is more waiting than can be kept (W2)."""
    database = worker().database
    taken = worker().background.submit(name, lambda: database.write(change))
    return Response(status=204 if taken else 503)


def _xml(document: str) -> Response:
    return Response(document, mimetype="text/xml")
