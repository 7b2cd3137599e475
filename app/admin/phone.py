"""A telephone in the page: makes a test call, carries it on when its line is lost, and says what Twilio would do."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.admin.access import business_pages, changers_only, here, required
from app.admin.forms import as_e164, bad_phone
from app.admin.settings_pages import load_settings_row
from app.admin.words import t
from app.browser_call import mint_token, new_sid, open_test_call
from app.context import worker
from app.next_step import Answer, Step, decide_next_step
from app.public_url import MEDIA_PATH
from services.calls import set_call_status
from services.models import Call


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
    if worker().live_calls.full or worker().drain.begun:
        return jsonify(error=t("כל הקווים תפוסים כרגע.", "All lines are busy right now.")), 503
    place = here()
    opened = place.write(lambda s: open_test_call(s, place.business_id, call_sid, caller, now))
    return jsonify(_connection(opened.id, call_sid, opened.stream_nonce, now))


@business_pages.post("/phone/<int:call_id>/next")
def after_test_call(call_id: int) -> ResponseReturnValue:
    """What Twilio asks when a stream has ended: another stream, a person, a message or the end (W9)."""
    now = datetime.now(UTC)

    def work(s: Session) -> tuple[str, Step]:
        call_sid = _test_call(s, call_id).call_sid
        return call_sid, decide_next_step(s, call_sid, {}, now)

    call_sid, step = here().write(work)
    if step.answer is Answer.STREAM:
        return jsonify(_connection(call_id, call_sid, step.nonce, now))
    return jsonify(ended=_end_words(step))


@business_pages.post("/phone/<int:call_id>/hung-up")
def test_call_over(call_id: int) -> ResponseReturnValue:
    """The carrier's last word on a test call: the page was left, or its caller hung up."""
    now = datetime.now(UTC)
    here().write(lambda s: set_call_status(s, _test_call(s, call_id).call_sid, "completed", now) and None)
    return "", 204


def _test_call(s: Session, call_id: int) -> Call:
    call = required(s.get(Call, call_id))
    return required(call if call.is_test else None)


def _connection(call_id: int, call_sid: str, nonce: str, now: datetime) -> dict[str, object]:
    token = mint_token(call_sid, here().business_id, nonce, now)
    return {"call_id": call_id, "call_sid": call_sid, "token": token, "path": MEDIA_PATH}


def _end_words(step: Step) -> str:
    """What a caller on the telephone would get now."""
    if step.answer is Answer.DIAL:
        return t("כאן השיחה הייתה עוברת אל {n}.", "Here the call would go to {n}.", n=step.number)
    if step.answer is Answer.VOICEMAIL:
        return t("כאן המתקשר היה משאיר הודעה.", "Here the caller would leave a message.")
    if step.answer is Answer.UNAVAILABLE:
        return t("כאן המתקשר היה שומע שאין מענה.", "Here the caller would hear that nobody can answer.")
    return t("השיחה הסתיימה.", "The call is over.")
