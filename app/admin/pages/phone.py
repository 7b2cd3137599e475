"""A telephone in the page: makes a test call, carries it on when its line is lost, and says what Twilio would do."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.admin.auth.access import business_pages, changers_only, here, required
from app.admin.auth.trail import note
from app.admin.forms.fields import bad_phone
from app.admin.pages.settings import load_settings_row
from app.admin.text.words import t
from app.context import worker
from app.public_url import MEDIA_PATH
from app.telephony.browser_call import mint_token, new_sid, open_test_call
from services.calls.lifecycle import finish_call, set_call_status
from services.calls.limits import exceeded
from services.calls.routing import Route, route_onward
from services.calls.workers import is_full
from services.db.models import AuditKind, Call, NextStep
from services.language.phone_numbers import as_e164


@business_pages.get("/phone")
@changers_only
def phone() -> ResponseReturnValue:
    row = here().read(load_settings_row)
    return render_template("phone.html", row=row, engine=worker().settings.engine)


@business_pages.post("/phone/call")
def place_test_call() -> ResponseReturnValue:
    """Open a test call; the answer tells the page how to connect it."""
    said, now, call_sid = request.form.get("caller", "").strip()[:40], datetime.now(UTC), new_sid()
    caller = as_e164(said) if said else ""
    if caller is None:
        return jsonify(error=bad_phone(said)), 422
    if worker().drain.begun:
        return _busy()
    place, me = here(), worker().presence.report()

    def open_it(s: Session) -> tuple[Call, str | None] | None:
        if is_full(s, me, now):
            return None
        note(s, AuditKind.TEST_CALL)
        call = open_test_call(s, place.business_id, call_sid, caller, now)
        refusal = exceeded(s, load_settings_row(s), call, now)
        if refusal is not None:
            finish_call(s, call.id, end_reason=refusal, metrics={}, now=now)
        return call, refusal

    done = place.write(open_it)
    if done is None:
        return _busy()
    opened, refusal = done
    if refusal is not None:
        return jsonify(error=t("הגעתם למגבלת השיחות של העסק.", "The business's limit on calls is reached.")), 429
    return jsonify(_connection(opened.id, call_sid, opened.stream_nonce, now))


@business_pages.post("/phone/<int:call_id>/next")
def after_test_call(call_id: int) -> ResponseReturnValue:
    """What Twilio asks when a stream has ended: another stream, a person, a message or the end (W9)."""
    now = datetime.now(UTC)

    def work(s: Session) -> tuple[str, Route]:
        call_sid = _test_call(s, call_id).call_sid
        route = route_onward(s, call_sid, {}, now, worker().settings.countries)
        if route.step is not NextStep.RESUME:  # nobody is dialled, nothing is recorded: the page says what would be
            set_call_status(s, call_sid, "completed", now)
        return call_sid, route

    call_sid, route = here().write(work)
    if route.step is NextStep.RESUME:
        return jsonify(_connection(call_id, call_sid, route.nonce, now))
    return jsonify(ended=_end_words(route))


@business_pages.post("/phone/<int:call_id>/hung-up")
def test_call_over(call_id: int) -> ResponseReturnValue:
    """The carrier's last word on a test call: the page was left, or its caller hung up."""
    now = datetime.now(UTC)
    here().write(lambda s: set_call_status(s, _test_call(s, call_id).call_sid, "completed", now) and None)
    return "", 204


def _busy() -> ResponseReturnValue:
    return jsonify(error=t("כל הקווים תפוסים כרגע.", "All lines are busy right now.")), 503


def _test_call(s: Session, call_id: int) -> Call:
    call = required(s.get(Call, call_id))
    return required(call if call.is_test else None)


def _connection(call_id: int, call_sid: str, nonce: str, now: datetime) -> dict[str, object]:
    token = mint_token(call_sid, here().business_id, nonce, now)
    return {"call_id": call_id, "call_sid": call_sid, "token": token, "path": MEDIA_PATH}


def _end_words(route: Route) -> str:
    """What a caller on the telephone would get now."""
    if route.step is NextStep.DIAL:
        return t("כאן השיחה הייתה עוברת אל {n}.", "Here the call would go to {n}.", n=route.number)
    if route.step is NextStep.VOICEMAIL:
        return t("כאן המתקשר היה משאיר הודעה.", "Here the caller would leave a message.")
    if route.step is NextStep.MESSAGE:
        return t("כאן המתקשר היה שומע שאין מענה.", "Here the caller would hear that nobody can answer.")
    return t("השיחה הסתיימה.", "The call is over.")
