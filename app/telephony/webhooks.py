"""What Twilio asks by HTTP about calls. Signatures were checked before (app/telephony/signature.py)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from flask import Blueprint, Response, abort, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.context import public_url, worker
from app.http_rules import small_number
from app.operators import may_look_inside
from app.telemetry import prometheus
from app.telephony import stream_token, twiml
from app.telephony.form import BadForm, read_call_sid, read_incoming_call, read_number, read_word
from services.calls.after_stream import recording_sid
from services.calls.events import note
from services.calls.lifecycle import find_business_by_number, find_call, first_number, set_call_status
from services.calls.routing import Route, is_after_stream, message_recorded, route_incoming, route_onward
from services.db.database import DatabaseUnavailable
from services.db.models import NextStep
from services.db.tenancy import TenantError
from services.language.persona import Persona

log = structlog.get_logger(__name__)

# From the TwiML to the socket's start message. Twilio needs a second or two.
TOKEN_LIFE = timedelta(seconds=120)

# While the database is away: how long one question may take, and how often it is asked again, about every 4 s.
RESUME_DEADLINE_S = 2.0
RESUME_TRIES = 8

webhooks = Blueprint("webhooks", __name__, url_prefix="/webhook")


@webhooks.post("/incoming_call")
def incoming_call() -> ResponseReturnValue:
    """Find the business, record the call once, connect it to the media socket (W1)."""
    call = read_incoming_call(request.form)
    if worker().drain.begun:
        return _xml(twiml.ask_again(public_url()))
    now = datetime.now(UTC)
    receive = partial(
        route_incoming,
        call_sid=call.call_sid,
        caller=call.caller,
        dialled=call.dialled,
        now=now,
        worker=worker().presence.report(),
        countries=worker().settings.countries,
        attested=call.attested,
    )
    route = worker().database.write(receive)
    answer = route.step.value if route else "unknown number"
    log.info("incoming call", call_sid=call.call_sid, answer=answer, reason=route.reason if route else "")
    return _xml(_render(route, call.call_sid))


@webhooks.get("/incoming_call_preview")
def incoming_call_preview() -> ResponseReturnValue:
    """The TwiML a call to `?To=` would get, the token masked; nothing is recorded (W5). Not for everybody."""
    if not may_look_inside():
        abort(404)
    asked = read_number(request.args.get("To", ""))

    def known(session: Session) -> bool:
        number = asked or first_number(session)
        return number is not None and find_business_by_number(session, number) is not None

    if not worker().database.read(known):
        return _xml(twiml.unknown_number(public_url()))
    return _xml(twiml.stream(public_url(), stream_token.MASKED))


@webhooks.post("/resume_call")
def resume_call() -> ResponseReturnValue:
    """What comes after <Connect>, <Dial> or <Record>: another stream, a person, a message or the end (W9)."""
    call_sid, form, now = read_call_sid(request.form), request.form, datetime.now(UTC)
    countries = worker().settings.countries
    route = worker().database.write(
        lambda session: route_onward(session, call_sid, form, now, countries), deadline_s=RESUME_DEADLINE_S
    )
    log.info("after the stream", call_sid=call_sid, answer=route.step.value, reason=route.reason)
    return _xml(_render(route, call_sid))


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


@webhooks.post("/recording_status")
def recording_status() -> ResponseReturnValue:
    """The sound of a message can be fetched (L10)."""
    call_sid, form, now = read_call_sid(request.form), dict(request.form), datetime.now(UTC)
    if not recording_sid(form):
        raise BadForm("RecordingSid")

    def record(session: Session) -> None:
        call = find_call(session, call_sid)
        if call is not None:
            message_recorded(session, call, form, now)

    return _later("recording_status", record)


@webhooks.errorhandler(BadForm)
def bad_form(error: BadForm) -> ResponseReturnValue:
    prometheus.REFUSED.labels("form").inc()
    return Response(f"{error}: missing or not acceptable\n", 400, mimetype="text/plain")


@webhooks.errorhandler(DatabaseUnavailable)
def database_unavailable(_error: DatabaseUnavailable) -> ResponseReturnValue:
    """The caller hears a sentence instead of Twilio's "an application error has occurred". A call that is under way is
    not given up at once: what became of it is asked again (W9)."""
    log.error("the database is not available", path=request.path)
    tries = request.args.get("tries", 0, type=small_number)
    if request.endpoint == "webhooks.resume_call" and not is_after_stream(request.form):
        _keep_for_later(dict(request.form))
    if request.endpoint == "webhooks.resume_call" and is_after_stream(request.form) and tries < RESUME_TRIES:
        return _xml(twiml.resume_later(public_url(), Persona(), tries + 1))
    prometheus.FALLBACKS.labels("database").inc()
    return _xml(twiml.unavailable(public_url(), Persona()))


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


def _render(route: Route | None, call_sid: str) -> str:
    public = public_url()
    if route is None:
        prometheus.CALLS.labels("unknown_number").inc()
        return twiml.unknown_number(public)
    if route.reason:
        prometheus.FALLBACKS.labels(route.reason).inc()
    if route.step is NextStep.RESUME:
        expires_at = route.issued_at + TOKEN_LIFE
        token = stream_token.mint(worker().signing_key, call_sid, route.business_id, route.nonce, expires_at)
        return twiml.stream(public, token)
    others: dict[NextStep, Callable[[], str]] = {
        NextStep.HANG_UP: twiml.hang_up,
        NextStep.DIAL: lambda: twiml.dial(public, route.persona, route.number, route.caller_id),
        NextStep.VOICEMAIL: lambda: twiml.voicemail(public, route.persona),
        NextStep.MESSAGE: lambda: twiml.unavailable(public, route.persona),
        NextStep.THANKS: lambda: twiml.thanks(public, route.persona),
    }
    return others[route.step]()


def _later(name: str, change: Callable[[Session], None]) -> ResponseReturnValue:
    """204 now, the database work behind it; 503 when there is more waiting than can be kept (W2)."""
    database = worker().database
    taken = worker().background.submit(name, lambda: database.write(change))
    return Response(status=204 if taken else 503)


def _keep_for_later(form: dict[str, str]) -> None:
    """How a transfer or a message ended is told once: it is written down when the database is back."""
    database, countries, now = worker().database, worker().settings.countries, datetime.now(UTC)
    call_sid = read_call_sid(form)

    def record(session: Session) -> None:
        route_onward(session, call_sid, form, now, countries)

    worker().background.submit("resume_call", lambda: database.write(record))


def _xml(document: str) -> Response:
    return Response(document, mimetype="text/xml")
